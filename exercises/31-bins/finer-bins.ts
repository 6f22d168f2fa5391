// Finer bins.
// Kind: change. Minutes: 25.
//
// From 256 bytes on, malloc gives four bins to each doubling of the size. A
// bin's largest chunk is then up to a quarter larger than its smallest.
// Give each doubling eight bins:
//
//   bin     2 ... 31    32    33  ...    39    40  ...    47    48  ...
//   from   16 ... 248   256   288 ...   480   512 ...   960  1024 ...
//   to     16 ... 248   287   319 ...   511   575 ...  1023  1151 ...
//
// Below 256 nothing changes: one bin for each multiple of 8. The last bin
// is 160. It takes all sizes from 2^24 on.
//
// bin_index(sz) returns the bin of a chunk of sz bytes.
// smallest(i) returns the least size that belongs to bin i, 2 <= i <= 160.
//
// Sizes are multiples of 8, from 16 to 2^30. largebin_index of notebook 31
// is a good model: how many doublings above 256, and the bits behind the
// highest one.

/** The bin of a chunk of sz bytes. */
export function bin_index(sz: number): number {
  throw new Error(`TODO: the bin of ${sz} bytes`);
}

/** The least size in bin i. */
export function smallest(i: number): number {
  throw new Error(`TODO: the least size in bin ${i}`);
}
