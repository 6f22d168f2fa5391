// Trace the free lists.
// Kind: trace. Minutes: 15.
//
// A zone has 16 pages, all free, in one block of order 4. No CPU keeps pages
// of its own: what is given back reaches the buddy system at once. Eight
// calls, one after the other. "take order 1" asks for a block of two pages,
// and "give 4, order 1" gives the block back that starts at page 4.
//
//   1  take order 1
//   2  take order 1
//   3  take order 1
//   4  take order 0
//   5  give 0, order 1
//   6  give 4, order 1
//   7  give 6, order 0
//   8  give 2, order 1
//
// For each, write down the five free lists after the call, order 0 first. A
// list has the first page of each of its blocks, front first. Return one row
// for each call, for instance (this is not row 1)
//
//   return [
//     [[5], [12, 2], [], [], []],
//     …
//   ];
//
// A row that is still open may be '?'.

/** The lists of the orders 0 to 4. */
type Lists = number[][];

/** Eight rows. */
export function trace(): (Lists | '?')[] {
  throw new Error('TODO: eight rows');
}
