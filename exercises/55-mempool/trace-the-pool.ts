// Trace the pool.
// Kind: trace. Minutes: 20.
//
// A mempool keeps three elements: 1, 2 and 3, of which 3 is on top. Its
// allocator hands out 4, then 5, as long as it works. Twelve steps, one after
// the other:
//
//    1  take, GFP_NOIO
//       The allocator fails from here on.
//    2  take, GFP_NOIO
//    3  take, GFP_KERNEL
//    4  take, GFP_KERNEL
//    5  take, GFP_ATOMIC
//    6  give 4
//    7  take, GFP_NOFS
//    8  thread A: take, GFP_NOIO
//    9  give 2
//       The allocator works again.
//   10  take, GFP_ATOMIC
//   11  give 1
//   12  give 5, give 3, give 2, in this order
//
// For each, write down what comes back: an element, 0 for NULL, 'sleeps' if
// the caller goes to sleep, '-' if nothing is asked for. In row 9 it is what
// A gets. Then the pool after the step, its top last, and how often the
// allocator was asked for an element in this step, with or without success.
// Return one row for each step, for instance (this is not row 1)
//
//   return [
//     { returned: 7, pool: [8, 9], asked: 3 },
//     …
//   ];
//
// '?' in the place of `returned` stands for a row that is still open.

interface Row {
  returned: number | 'sleeps' | '-' | '?';
  pool: number[]; // the top last
  asked: number;
}

/** Twelve rows. */
export function trace(): Row[] {
  throw new Error('TODO: twelve rows');
}
