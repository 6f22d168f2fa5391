// Trace the map.
//
// The decision: for malloc, walk the entries from the left and stop at the
// first that is large enough, whatever comes behind. For mfree, ask two
// questions: which entry ends where the piece begins, and which begins
// where it ends? Rows 4, 5, 7 and 8 are the four answers: above, neither,
// both, below.

interface Row {
  returned: number | null | '?';
  entries: [size: number, addr: number][];
}

export function trace(): Row[] {
  return [
    { returned: 130, entries: [[10, 100], [8, 142], [6, 170]] },
    { returned: 100, entries: [[4, 106], [8, 142], [6, 170]] },
    { returned: 106, entries: [[8, 142], [6, 170]] },
    { returned: null, entries: [[20, 130], [6, 170]] },
    { returned: null, entries: [[4, 106], [20, 130], [6, 170]] },
    { returned: 0, entries: [[4, 106], [20, 130], [6, 170]] },
    { returned: null, entries: [[44, 106], [6, 170]] },
    { returned: null, entries: [[49, 106], [6, 170]] },
  ];
}
