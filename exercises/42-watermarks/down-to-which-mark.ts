// Down to which mark.
// Kind: predict. Minutes: 20.
//
// A machine of 48 MB has two zones, and nothing can be reclaimed:
//
//   zone     pages   pages_min   pages_low   pages_high   lowmem_reserve
//   DMA      4,096       73          91          109      [0, 32]
//   Normal   8,192      147         183          220      [0, 0]
//
// (The first number of the reserve is against requests for DMA, the second
// against requests for Normal.) Single pages leave DMA one at a time. They
// leave Normal two at a time, because a CPU fetches two. So the number of
// free pages in Normal is always even.
//
// Each question begins with all pages free. One requester asks for single
// pages again and again, until he is refused. How many pages are free then?
//
//   kernel       in Normal, after GFP_KERNEL
//   atomic       in Normal, after GFP_ATOMIC
//   atomicInDma  in DMA, after GFP_ATOMIC
//   dmaOnly      in DMA, after GFP_KERNEL | GFP_DMA
//   interrupt    in Normal, after GFP_ATOMIC in an interrupt that has
//                stopped a task with PF_MEMALLOC
//   freeing      in DMA, after GFP_KERNEL, by a task with PF_MEMALLOC
//   blocks       in Normal, after GFP_KERNEL that asks for blocks of 4 pages
//
// And how many are free at the moment when kswapd is woken for the first
// time, while somebody takes single pages with GFP_KERNEL?
//
//   wokenNormal  in Normal
//   wokenDma     in DMA
//
// Return { kernel: 1000, atomic: '?', ... }; '?' is no answer yet.

type Answer = number | '?';

/** Nine numbers of pages. */
export function predict(): {
  kernel: Answer;
  atomic: Answer;
  atomicInDma: Answer;
  dmaOnly: Answer;
  interrupt: Answer;
  freeing: Answer;
  blocks: Answer;
  wokenNormal: Answer;
  wokenDma: Answer;
} {
  throw new Error('TODO: nine numbers of pages');
}
