// Free segments.
//
// The decision: count arenas that brought a range, one free segment each.
// These are heap and vmem_vmem, then heap_core, then heaptext. The first
// page comes off an end, so the heap keeps one. static, static_alloc and
// hat_memload have no span. And the tenth arena's structure uses up what
// was free in vmem_vmem. After the eighth two are left: 2 * 3640 bytes.

type Answer = number | '?';

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
  return {
    heap: 2,
    heap_core: 3,
    first_avail: 3,
    heaptext: 4,
    static: 4,
    static_alloc: 4,
    hat_memload: 3,
    left: 7280,
  };
}
