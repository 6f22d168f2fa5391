// Down to which mark.
//
// The decision: first the step that refuses, which names the mark, then the
// cuts, then the reserve. Normal: 147, so 146 for GFP_KERNEL; 147 less 73
// is 74, less 18 is 56. DMA: 73 less 36 is 37, less 9 is 28, and 32 more
// for who was meant for Normal. A block of 4 needs more than 150 free
// pages. kswapd is woken after step 1 has failed in both zones: at 183, and
// at 91 and 32 in DMA.

type Answer = number | '?';

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
  return {
    kernel: 146,
    atomic: 56,
    atomicInDma: 60,
    dmaOnly: 73,
    interrupt: 56,
    freeing: 0,
    blocks: 148,
    wokenNormal: 182,
    wokenDma: 123,
  };
}
