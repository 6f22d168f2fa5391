// Best fit loses.
//
// The decision: a low hole that is larger than the high one. A request that
// fits into both then goes low under first fit and high under best fit. If
// all of the high hole is asked for, first fit has broken the large one for
// nothing. Best fit loses with three requests: it breaks the high hole, then
// has to break the low one too, and the third would just have fitted into
// the high one. For next fit the last piece before must end with the range:
// its rotor then leads to the low end, and it does as first fit does.
// Where the rotor stays in the middle, next fit breaks the high hole, and
// loses if that is the larger one.

type Op = ['alloc', id: number, size: number] | ['free', id: number];

/** A hole of `low` units, 1 unit in use, and the rest above it free. */
function twoHoles(low: number): Op[] {
  return [['alloc', 0, low], ['alloc', 1, 1], ['free', 0]];
}

export function firstLoses(units: number): Op[] {
  const high = Math.floor((units - 1) / 3);
  const low = units - 1 - high;
  return [...twoHoles(low), ['alloc', 2, high], ['alloc', 3, low]];
}

export function nextLoses(units: number): Op[] {
  const low = Math.floor((units - 1) / 3);
  const high = units - 1 - low;
  return [...twoHoles(low), ['alloc', 2, low], ['alloc', 3, high]];
}

export function bestLoses(units: number, times: number): Op[] {
  const high = Math.floor((2 * units) / 5);
  const low = units - 1 - high;
  // first + second fill the low hole; third fits into the high one alone.
  const first = Math.ceil(high / 2);
  const second = low - first;
  const third = high;
  const ops: Op[] = [];
  for (let round = 0; round < times; round++) {
    const id = 6 * round;
    ops.push(
      ['alloc', id, low], ['alloc', id + 1, 1], ['alloc', id + 2, high],
      ['free', id], ['free', id + 2],
      ['alloc', id + 3, first], ['alloc', id + 4, second], ['alloc', id + 5, third],
    );
    if (round === times - 1) break;
    ops.push(['free', id + 1], ['free', id + 3], ['free', id + 4], ['free', id + 5]);
  }
  return ops;
}
