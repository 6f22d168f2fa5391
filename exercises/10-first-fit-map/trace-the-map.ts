// Trace the map.
// Kind: trace. Minutes: 15.
//
// Eight calls, one after the other, on one map of V7. For each, write down
// what comes back and the entries afterwards, each as [size, address]. The
// entries before the first call are
//
//   [10, 100] [20, 130] [6, 170]
//
// The units between them are in use. What is given back was given out
// before, by these calls or earlier.
//
//   1  malloc(mp, 12)
//   2  malloc(mp, 6)
//   3  malloc(mp, 4)
//   4  mfree(mp, 12, 130)
//   5  mfree(mp, 4, 106)
//   6  malloc(mp, 21)
//   7  mfree(mp, 20, 110)
//   8  mfree(mp, 5, 150)
//
// Return one row for each call, for instance (this is not row 1)
//
//   return [
//     { returned: 500, entries: [[7, 100], [2, 130]] },
//     …
//   ];
//
// mfree returns nothing: write null. '?' in the place of `returned` stands
// for a row that is still open. A mistake counts once: each row is held
// against your own row above it, if that can be a map.

interface Row {
  returned: number | null | '?';
  entries: [size: number, addr: number][];
}

export function trace(): Row[] {
  throw new Error('TODO: eight rows');
}
