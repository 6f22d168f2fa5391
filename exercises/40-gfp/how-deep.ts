// How deep may it go.
// Kind: predict. Minutes: 15.
//
// A machine has one zone of 1,024 pages, and its pages_min is 100. Somebody
// asks for single pages with one mask, again and again, until he gets no
// more; nothing can be reclaimed. How many pages are free then?
//
//   kernel      GFP_KERNEL
//   user        GFP_USER
//   atomic      GFP_ATOMIC
//   noWait      GFP_KERNEL & ~__GFP_WAIT
//   mixed       GFP_ATOMIC | __GFP_WAIT
//   realtime    GFP_KERNEL, asked by a real-time task
//   freeing     GFP_KERNEL, asked by a task with PF_MEMALLOC
//
// Requests are granted as long as more pages are free than must stay. The
// kernel computes in whole numbers: from what must stay it takes away the
// half, rounded down, and then from the rest a quarter, rounded down; each
// only if it applies.
//
// Return { kernel: 1000, user: '?', ... }; '?' is no answer yet.

type Answer = number | '?';

/** Seven numbers of pages. */
export function predict(): {
  kernel: Answer;
  user: Answer;
  atomic: Answer;
  noWait: Answer;
  mixed: Answer;
  realtime: Answer;
  freeing: Answer;
} {
  throw new Error('TODO: seven numbers of pages');
}
