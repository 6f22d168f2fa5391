// Grow in place.
//
// The decision: first find how far the block can reach, then cut. Growing
// and shrinking end alike, and what is left is handled once: too little,
// a new top, or a free chunk, which joins the one behind it. Nothing is
// written before it is clear that the block can stay. The PREV_INUSE in its
// own tag is about somebody else, and is kept.

interface Heap {
  words: number[];
  top: number; // offset of the last chunk
}

export function resize(heap: Heap, mem: number, bytes: number): number {
  const { words, top } = heap;
  const head = (p: number): number => words[p / 4 + 1];
  const size = (p: number): number => head(p) & ~7;
  const free = (p: number): boolean =>
    p !== top && (head(p + size(p)) & 1) === 0;

  const p = mem - 8;
  const nb = Math.max(16, (bytes + 11) & ~7);
  const keeps = head(p) & 1;
  const next = p + size(p);

  // What the block can have: up to `end`.
  let end = next;
  if (nb > size(p)) {
    if (next === top || free(next)) end += size(next);
    if (end - p < (next === top ? nb + 16 : nb)) return 0;
  }
  const rest = p + nb;
  if (end - rest < 16) {
    words[p / 4 + 1] = (end - p) | keeps;
    words[end / 4 + 1] |= 1;
    return mem;
  }

  // The rest, and with it what is free behind, if that is not in it yet.
  words[p / 4 + 1] = nb | keeps;
  if (end === next && (next === top || free(next))) end += size(next);
  words[rest / 4 + 1] = (end - rest) | 1;
  if (next === top) {
    heap.top = rest;
  } else {
    words[end / 4] = end - rest;
    words[end / 4 + 1] &= ~1;
  }
  return mem;
}
