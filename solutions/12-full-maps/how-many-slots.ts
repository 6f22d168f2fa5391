// Count the slots.
//
// The decision: count the gaps around k pieces. In the worst case one lies
// below each and one above the last, k + 1; with the delimiter that is
// k + 2. But can it be reached? If pieces come and go whole, no. The last
// call is a malloc, and then the new piece was cut from the low end of a
// gap: nothing is free right below it. Or it is an mfree, and then there
// are k - 1 pieces. So k entries are the most. Who shrinks makes a gap
// above himself without going, and k + 1 it is. In a stack all that is free
// lies above: one entry.
//
// For the lists: one unit is freed at the bottom, and no later request is
// so small that it fits into a gap again. 'whole' makes each gap by a piece
// that goes (there the sizes must grow), 'shrinking' by a unit given back.

type Load = 'stack' | 'whole' | 'shrinking';
type Op = ['malloc', number] | ['mfree', number, number];

export function slots(load: Load, k: number): number {
  return load === 'stack' ? 2 : load === 'whole' ? k + 1 : k + 2;
}

export function fullest(load: Load, k: number): Op[] {
  const ops: Op[] = [['malloc', 1]];
  let top = 2; // above it nothing has been given out yet
  const take = (size: number): number => {
    ops.push(['malloc', size]);
    top += size;
    return top - size;
  };
  let last = take(2);
  ops.push(['mfree', 1, 1]);
  for (let n = 3; n <= k + (load === 'whole' ? 0 : 1); n++) {
    if (load === 'shrinking') {
      const next = take(2);
      ops.push(['mfree', 1, last + 1]);
      last = next;
    } else {
      const between = take(n);
      take(n);
      ops.push(['mfree', n, between]);
    }
  }
  return ops;
}
