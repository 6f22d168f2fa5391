// What an arena knows.
// Kind: predict. Minutes: 15.
//
// Arena a: base 0x4000, which is 16384, size 4096, quantum 64, no source.
// Three calls, with VM_NOSLEEP: vmem_alloc of 100, then 64, then 300.
//   third      the address that the third call returns
//   inuse      vmem_size(a, VMEM_ALLOC) after the three
//   free       vmem_size(a, VMEM_FREE) after the three
// Then vmem_free of the second piece:
//   tags       how many segments the span has now, free and allocated
//
// Others, each fresh:
//   shifted    a with base 0x4040, and the same three calls: how far behind
//              the base is the third address?
//   ids        base 1, size 10, quantum 1: vmem_alloc of 1, 1 and 1;
//              what does the third call return?
//   spans      spans [4096, 8192) and [12288, 16384), quantum 64, all free:
//              what does vmem_alloc of 6000 return? null is an answer.
//
// Return { third: 0, inuse: '?', ... }; '?' is no answer yet.

type Answer = number | null | '?';

/** Seven values. */
export function predict(): {
  third: Answer;
  inuse: Answer;
  free: Answer;
  tags: Answer;
  shifted: Answer;
  ids: Answer;
  spans: Answer;
} {
  throw new Error('TODO: seven values');
}
