// What one call leaves.
//
// The decision: for each call go through the places in order, and file at
// once whatever the search meets. Calls 3 and 4 are small: the first cuts a
// bin's chunk and so sets the last remainder, the second goes on in it. Call
// 5 is large. It leaves a rest as well, but no last remainder, so call 6
// files that rest before it is cut. 590 bytes need 600; the 8 left of 608
// stay. For the last one the only free chunk is too small: top.

interface Row {
  chunk: [offset: number, size: number] | '?';
  unsorted: [offset: number, size: number][];
  bins: [bin: number, offset: number, size: number][];
}

export function trace(): Row[] {
  return [
    {
      chunk: [128, 208],
      unsorted: [[792, 608], [360, 408]],
      bins: [[13, 0, 104]],
    },
    {
      chunk: [0, 104],
      unsorted: [],
      bins: [[34, 360, 408], [36, 792, 608]],
    },
    {
      chunk: [360, 24],
      unsorted: [[384, 384]],
      bins: [[36, 792, 608]],
    },
    {
      chunk: [384, 24],
      unsorted: [[408, 360]],
      bins: [[36, 792, 608]],
    },
    {
      chunk: [408, 304],
      unsorted: [[712, 56]],
      bins: [[36, 792, 608]],
    },
    {
      chunk: [712, 24],
      unsorted: [[736, 32]],
      bins: [[36, 792, 608]],
    },
    {
      chunk: [792, 608],
      unsorted: [],
      bins: [[4, 736, 32]],
    },
    {
      chunk: [1424, 104],
      unsorted: [],
      bins: [[4, 736, 32]],
    },
  ];
}
