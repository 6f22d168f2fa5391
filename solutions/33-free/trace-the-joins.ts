// Trace the joins.
//
// The decision: for each chunk, remember two things: what its program
// knows, and what its neighbours see. B and D are free for the program from
// rows 2 and 4 on, and in use for A, C and E up to row 8. So A, C and E
// stay three chunks. Row 8 is a large request: D is consolidated first,
// because it is in front, and joins C and E; then B joins A and all that.
// 376 bytes are one chunk, of which 256 are taken.

interface Row {
  fast: number[] | '?';
  unsorted: [offset: number, size: number][];
}

export function trace(): Row[] {
  return [
    { fast: [], unsorted: [[136, 104]] },
    { fast: [104], unsorted: [[136, 104]] },
    { fast: [104], unsorted: [[0, 104], [136, 104]] },
    { fast: [240, 104], unsorted: [[0, 104], [136, 104]] },
    { fast: [240, 104], unsorted: [[272, 104], [0, 104], [136, 104]] },
    { fast: [104], unsorted: [[272, 104], [0, 104], [136, 104]] },
    { fast: [240, 104], unsorted: [[272, 104], [0, 104], [136, 104]] },
    { fast: [], unsorted: [[256, 120]] },
  ];
}
