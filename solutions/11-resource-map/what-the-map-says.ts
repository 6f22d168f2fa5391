// What the map says.
//
// The decision: order the entries by address before you look for the lost
// one. [5, 20] goes into the middle; of the four, the last but one is
// [9, 40], which is the largest. For the panics, compare every range with
// [10, 20) and [40, 50): to touch is no overlap, and what was given out may
// come back in parts. For the state after a panic, follow rmfree: on the
// left it looks before it writes, on the right after it has written.

type Piece = [size: number, addr: number];

export function predict(): {
  lost: Piece | '?';
  panics: number[] | '?';
  afterLeft: Piece[] | '?';
  afterRight: Piece[] | '?';
  given: number[] | '?';
  twice: number | '?';
} {
  return {
    lost: [9, 40],
    panics: [2, 4, 7, 8],
    afterLeft: [[10, 10], [10, 40]],
    afterRight: [[35, 10], [10, 40]],
    given: [10, 40],
    twice: 5,
  };
}
