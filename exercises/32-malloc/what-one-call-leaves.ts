// What one call leaves.
// Kind: trace. Minutes: 30.
//
// ilp32, fastbins as usual. Blocks of 100, 200, 400 and 600 bytes were
// asked for, each followed by one of 20 that stays. Then the four were
// freed, the smallest first. So this is free, at these offsets:
//
//   104 bytes at 0    208 bytes at 128    408 bytes at 360    608 bytes at 792
//
// All four are unsorted, and top begins at 1424. Now eight calls:
//
//   1  malloc(200)      3  malloc(20)      5  malloc(300)      7  malloc(590)
//   2  malloc(90)       4  malloc(20)      6  malloc(20)       8  malloc(100)
//
// Return a row for each call, for instance (this is not row 1)
//
//   return [
//     {
//       chunk: [5000, 56],
//       unsorted: [[6000, 512], [5056, 80]],
//       bins: [[13, 7000, 104], [13, 7200, 104], [34, 8000, 408]],
//     },
//     …
//   ];
//
// chunk: offset and size of the chunk that the program got.
// unsorted: what is in the unsorted list after the call, as [offset, size],
//   front first.
// bins: what is in bins 2 to 95 after the call, as [bin, offset, size]: bin
//   by bin, and within a bin front first.
//
// '?' in the place of chunk stands for a row that is still open. Each row is
// held against the right one, not against your row above.

interface Row {
  chunk: [offset: number, size: number] | '?';
  unsorted: [offset: number, size: number][];
  bins: [bin: number, offset: number, size: number][];
}

export function trace(): Row[] {
  throw new Error('TODO: eight rows');
}
