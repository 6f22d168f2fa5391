// Grow in order.
//
// The decision: ask of each line what it needs and who can see what it
// does. The colour and the lists belong to all CPUs, so the lock is held
// twice, each time for a moment. Between the two everything may sleep, and
// nothing of the slab can be seen yet. What fails there gives back what it
// has. Only when the slab is complete does it go on a list.

export function order(): number[] {
  return [
    11, // mask
    5, 9, 10, // colour
    4, 12, // pages
    13, 2, // descriptor
    3, 8, // owners, build
    5, 6, 14, 10, // list
    15,
  ];
}
