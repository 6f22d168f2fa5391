// Who gets the structures.
// Kind: predict. Minutes: 15.
//
// VMEM has been started: the populators are heap, vmem_metadata and
// vmem_seg. A segment structure takes 232 bytes, vmem_seg gives out whole
// pages of 4096, and vmem_metadata has memory already. Now
//
//   the global pool            is empty
//   each populator's own pool  has 12 structures
//   the arena `ids`            has 5
//
// and somebody calls vmem_alloc(ids, 1, VM_NOSLEEP), where one id of many
// is free. It succeeds. To populate takes 2 structures of vmem_seg (a span
// marker, a segment that fills it), 1 of vmem_metadata (the rest behind
// what it gives), none of heap.
//
//   bytes      taken from vmem_seg by this call
//   made       structures that they hold
//   metadata   structures in vmem_metadata's own pool, after the call
//   own        structures in the pool of `ids`, after the call
//   charity    structures in the global pool, after the call
//
// Then, in the same state but with five populators in place of three:
//   bytes5     taken from vmem_seg
//
// Return { bytes: 0, made: '?', ... }; '?' is no answer yet.

type Answer = number | '?';

/** Six numbers. */
export function predict(): {
  bytes: Answer;
  made: Answer;
  metadata: Answer;
  own: Answer;
  charity: Answer;
  bytes5: Answer;
} {
  throw new Error('TODO: six numbers');
}
