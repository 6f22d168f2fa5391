// Your own malloc.
//
// The decision: an implicit list, with two flags in each header. One says
// that this chunk is in use, so a search can walk from header to header.
// The other says that the chunk before is in use, so only a free chunk needs
// a footer, and a block costs one word. The last header, of size 0, ends
// the walk; a new chunk begins there, or at a free chunk just before it.
// Best fit costs a whole walk and leaves small rests only.
//
// A header is at an offset of 4 modulo 8, so blocks are multiples of 8. A
// free chunk of 8 bytes has room for header and footer; so even rests of 8
// bytes are chunks.

interface Heap {
  words: Int32Array;
  brk: number;
  steps: number;
}

const USED = 1; // this chunk is in use
const PREV = 2; // so is the one before it

/** The word at an offset. */
function get(heap: Heap, at: number): number {
  heap.steps++;
  return heap.words[at >> 2];
}

/** Makes value the word at an offset. */
function put(heap: Heap, at: number, value: number): void {
  heap.steps++;
  heap.words[at >> 2] = value;
}

export function init(heap: Heap): void {
  heap.brk = 8;
  put(heap, 4, USED | PREV);
}

/** Makes [p, p + size) a free chunk; the one before it is in use. */
function release(heap: Heap, p: number, size: number): void {
  put(heap, p, size | PREV);
  put(heap, p + size - 4, size);
  put(heap, p + size, get(heap, p + size) & ~PREV);
}

/** The smallest free chunk of at least n bytes; 0: there is none. */
function search(heap: Heap, n: number): { best: number; size: number } {
  let best = 0;
  let size = 0;
  for (let p = 4; ; ) {
    const head = get(heap, p);
    const s = head & ~7;
    if (s === 0) return { best, size };
    if ((head & USED) === 0 && s >= n && (best === 0 || s < size)) {
      best = p;
      size = s;
      if (s === n) return { best, size };
    }
    p += s;
  }
}

/** Room for n bytes at the end. @returns where; 0: there is none */
function extend(heap: Heap, n: number): number {
  const end = heap.brk - 4;
  const flags = get(heap, end);
  const p = (flags & PREV) !== 0 ? end : end - get(heap, end - 4);
  if (p + n + 4 > 4 * heap.words.length) return 0;
  heap.brk = p + n + 4;
  put(heap, p + n, USED);
  put(heap, p, n | PREV);
  return p;
}

export function malloc(heap: Heap, size: number): number {
  const n = (size + 11) & ~7;
  let { best: p, size: had } = search(heap, n);
  if (p === 0) {
    p = extend(heap, n);
    if (p === 0) return 0;
    had = n;
  }
  put(heap, p, n | USED | PREV);
  if (had > n) release(heap, p + n, had - n);
  else put(heap, p + n, get(heap, p + n) | PREV);
  return p + 4;
}

export function free(heap: Heap, block: number): void {
  let p = block - 4;
  const head = get(heap, p);
  let size = head & ~7;
  const behind = get(heap, p + size);
  if ((behind & USED) === 0) size += behind & ~7;
  if ((head & PREV) === 0) {
    const before = get(heap, p - 4);
    p -= before;
    size += before;
  }
  release(heap, p, size);
}
