// Grow in place.
// Kind: change. Minutes: 50.
//
// Write `realloc` for a small heap. It has the tags of Doug Lea's malloc,
// in ilp32, and no lists: no bins and no fastbins, so there is nothing to
// unlink. Offsets count bytes, and words[i] is the word at offset 4 * i.
//
//   chunk p        [p, p + size); its size word is at p + 4
//   size word      size | PREV_INUSE; sizes are multiples of 8, at least 16
//   block          begins at p + 8, and ends where the next size word is
//   PREV_INUSE     the bit 1: the chunk before is in use
//   free chunk     its length stands at its end too, in prev_size of the
//                  chunk behind it, whose PREV_INUSE is clear
//   top            the last chunk, at heap.top; free, but nothing is behind
//                  it; it keeps at least 16 bytes
//
// Two free chunks never touch, and no free chunk touches top. The first
// chunk is at 0, and has PREV_INUSE set.
//
// resize(heap, mem, bytes) gives the block at mem a chunk of
//
//   max(16, bytes + 4 rounded up to a multiple of 8)
//
// bytes without moving it. It shrinks, or it grows into top or into the free
// chunk behind it. What is left over, of the block or of that free chunk,
// becomes a free chunk if it has at least 16 bytes, and joins the free chunk
// or top behind it. A smaller rest stays with the block. When the block has
// grown into top, top begins where the block ends. The bytes of the block
// stay as they are, as far as both lengths go; no other block is touched.
//
// It returns mem. Where the block would have to move it returns 0 and
// changes nothing.

interface Heap {
  words: number[];
  top: number; // offset of the last chunk
}

export function resize(heap: Heap, mem: number, bytes: number): number {
  throw new Error(
    `TODO: the block at ${mem}, ${bytes} bytes, top at ${heap.top}`);
}
