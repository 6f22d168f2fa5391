// Predict the picture.
//
// The decision: draw one rectangle for each answer with an address. A lies
// at 1, B at 6, C at 9, D at 1 again, E at 13, since only 3 units are free
// in front of B. F finds 3, 4 and 2 units and gets nothing, so it has no
// bar. A bar begins with the operation that allocated and ends with the one
// that freed; what was never freed ends with the run, at 8. A map knows no
// clients: B, C and E touch, and are one rectangle until cuts part them.

type Bar = number[] | '?';

export function predict(): {
  bars: number | '?';
  barC: Bar;
  barE: Bar;
  narrow: number | '?';
  unknown: number | '?';
  known: number | '?';
  free: number | '?';
  largest: number | '?';
} {
  return {
    bars: 5,
    barC: [9, 13, 2, 6],
    barE: [13, 19, 5, 8],
    narrow: 3,
    unknown: 4,
    known: 6,
    free: 9,
    largest: 4,
  };
}
