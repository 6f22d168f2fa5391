// Where the bytes come from.
// Kind: trace. Minutes: 20.
//
// A fresh machine with one CPU, pages of 4,096 bytes, no debugging. These
// calls are made one after the other; no request fails for want of memory.
//
//   1  a = kmem_alloc(100, KM_SLEEP)
//   2  b = kmem_alloc(113, KM_SLEEP)
//      kmem_free(b, 113); kmem_free(a, 100)
//   3  c = kmem_alloc(104, KM_SLEEP)
//   4  d = kmem_alloc(96, KM_SLEEP)
//   5  e = kmem_alloc(897, KM_SLEEP)
//   6  f = kmem_alloc(0, KM_SLEEP)
//   7  g = kmem_alloc(40000, KM_SLEEP)
//      kmem_free(d, 96); kmem_free(c, 112)
//   8  h = kmem_alloc(112, KM_SLEEP)
//
// For each of the eight requests return one row
//
//   { from: 'magazine' | 'slab' | 'arena' | 'none', room: number }
//
// `from` says where the memory was before: in a magazine of the CPU, in a
// slab, or free in the arena kmem_oversize; 'none' if no memory is given
// out. `room` is the size of the buffer: bufsize of the cache, or, from the
// arena, what was taken there in whole pages; 0 if there is none. So the
// first row begins { from: …, room: … } for a. Each row is held against the
// right one, not against your row above.

interface Row {
  from: 'magazine' | 'slab' | 'arena' | 'none' | '?';
  room: number | '?';
}

export function trace(): Row[] {
  throw new Error('TODO: eight rows');
}
