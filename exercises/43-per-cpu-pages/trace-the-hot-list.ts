// Trace the hot list.
// Kind: trace. Minutes: 20.
//
// A machine has one CPU and one zone of 1,024 pages, all free in one block.
// The CPU's lists are empty. Their numbers are smaller than Linux's own:
//
//          low   high   batch
//   hot      1      4       2
//   cold     0      4       2
//
// Ten calls, one after the other. "take" asks for one page, "give 1" gives
// page 1 back.
//
//    1  take
//    2  take
//    3  take
//    4  take
//    5  give 1
//    6  give 3
//    7  give 0
//    8  take a block of two pages (order 1)
//    9  take one page with __GFP_COLD
//   10  drain_local_pages()
//
// For each, write down what comes back (a page's number; of a block, its
// first; null if nothing comes back), the pages on the hot list, front
// first, and free_pages, which the zone counts as free. Return one row for
// each call, for instance (this is not row 1)
//
//   return [
//     { returned: 9, hot: [8, 7], free: 1000 },
//     …
//   ];
//
// '?' in the place of `returned` stands for a row that is still open.

interface Row {
  returned: number | null | '?';
  hot: number[]; // front first
  free: number; // what the zone counts
}

/** Ten rows. */
export function trace(): Row[] {
  throw new Error('TODO: ten rows');
}
