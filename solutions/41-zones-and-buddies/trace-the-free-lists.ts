// Trace the free lists.
//
// The decision: look at each order by itself. Row 4 cuts 6, since order 1 is
// the lowest list with a block. In rows 5 and 6 the buddies 2 and 6 head no
// free block, so nothing is joined, and 4 stands before 0. In row 7 page 6
// joins 7, and both join 4; but 0 is a block of order 1, so it is no buddy of
// a block of order 2. Row 8 joins three times: with 0, 4 and 8.

type Lists = number[][];

export function trace(): (Lists | '?')[] {
  return [
    [[], [2], [4], [8], []],
    [[], [], [4], [8], []],
    [[], [6], [], [8], []],
    [[7], [], [], [8], []],
    [[7], [0], [], [8], []],
    [[7], [4, 0], [], [8], []],
    [[], [0], [4], [8], []],
    [[], [], [], [], [0]],
  ];
}
