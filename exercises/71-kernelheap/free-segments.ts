// Free segments.
// Kind: predict. Minutes: 20.
//
// kernelheap_init runs, with a core heap. After each of its seven steps,
// how many free segments are there in all arenas together? And how many
// bytes are free in vmem_vmem after the fifth? An arena's structure has
// 3640 bytes, VMEM_INITIAL is 10.
//
//   heap            after vmem_init: five arenas
//   heap_core
//   first_avail     after vmem_xalloc has taken the heap's first page
//   heaptext
//   static          after the arena of this name
//   static_alloc
//   hat_memload
//   left            bytes free in vmem_vmem after the arena `static`
//
// Return { heap: 0, heap_core: '?', ... }; '?' is no answer yet.

type Answer = number | '?';

/** Seven counts, and a number of bytes. */
export function predict(): {
  heap: Answer;
  heap_core: Answer;
  first_avail: Answer;
  heaptext: Answer;
  static: Answer;
  static_alloc: Answer;
  hat_memload: Answer;
  left: Answer;
} {
  throw new Error('TODO: seven counts and a number of bytes');
}
