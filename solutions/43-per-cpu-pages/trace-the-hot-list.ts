// Trace the hot list.
//
// The decision: look at the count before each call. Rows 1, 2 and 4 find
// low pages or fewer and fetch two; row 3 finds two and fetches none. Row 7
// finds four, so 5 and then 4 go back. There they join 6 and 7, and row 8
// takes the lower half of that block. Row 9 fetches 6 and 7 for the cold
// list. After the drain, 2, 4, 5 and 6 are in use.

interface Row {
  returned: number | null | '?';
  hot: number[];
  free: number;
}

export function trace(): Row[] {
  return [
    { returned: 0, hot: [1], free: 1022 },
    { returned: 1, hot: [2, 3], free: 1020 },
    { returned: 2, hot: [3], free: 1020 },
    { returned: 3, hot: [4, 5], free: 1018 },
    { returned: null, hot: [1, 4, 5], free: 1018 },
    { returned: null, hot: [3, 1, 4, 5], free: 1018 },
    { returned: null, hot: [0, 3, 1], free: 1020 },
    { returned: 4, hot: [0, 3, 1], free: 1018 },
    { returned: 6, hot: [0, 3, 1], free: 1016 },
    { returned: null, hot: [], free: 1020 },
  ];
}
