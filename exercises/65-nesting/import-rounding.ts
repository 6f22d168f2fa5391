// Import rounding.
// Kind: predict. Minutes: 20.
//
// The source of all arenas here is `pages`: [0x10000, 0x50000), quantum
// 4096, nothing allocated yet. Each child begins with null and 0, and has
// vmem_alloc and vmem_free. No request sleeps or fails. How many bytes are
// imported *by this call*? 0 if none are.
//
// Arena a, quantum 64, three calls one after the other:
//   small      vmem_alloc(a, 100, VM_SLEEP)
//   large      vmem_alloc(a, 4000, VM_SLEEP)
//   between    vmem_alloc(a, 3000, VM_SLEEP)
// Then all three pieces are freed:
//   kept       bytes in the spans of a, after the last free
// Others, each with a fresh `pages`:
//   coarse     quantum 8192: vmem_alloc(b, 9000, VM_SLEEP)
//   bulk       quantum 512, qcache_max 3000, VMC_NO_QCACHE:
//              vmem_alloc(c, 100, VM_SLEEP)
//   aligned    quantum 64: vmem_xalloc(d, 100, 16384, 0, 0, null, null,
//              VM_SLEEP), so that the address is a multiple of 16384
//
// Return { small: 0, large: '?', ... }; '?' is no answer yet.

type Answer = number | '?';

/** Seven numbers of bytes. */
export function predict(): {
  small: Answer;
  large: Answer;
  between: Answer;
  kept: Answer;
  coarse: Answer;
  bulk: Answer;
  aligned: Answer;
} {
  throw new Error('TODO: seven numbers of bytes');
}
