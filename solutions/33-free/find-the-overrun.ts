// Find the overrun.
//
// The decision: the wreck shows where a tag is wrong; the culprit is who
// writes upwards to it, the block before. So walk the blocks of the log by
// address, and look at the one word behind each. What it must be needs no
// trust in the heap: a chunk of the log has the size of its request, and a
// gap is as long as the log says, up to the next chunk or the end. And
// PREV_INUSE must be set behind each block that is in use.

interface Block {
  mem: number; // offset of the block
  size: number; // bytes asked for
}

interface Wreck {
  tag: number | '?';
  was: number | '?';
  block: number | '?';
  beyond: number | '?';
}

export function wreck(): Wreck {
  // b has 28 bytes, 56 to 83. 30 letters and the 0 byte are 31.
  return { tag: 84, was: 65, block: 56, beyond: 3 };
}

const chunkOf = (size: number): number => Math.max(16, (size + 11) & ~7);

export function culprit(words: number[], log: Block[]): number {
  const blocks = [...log].sort((a, b) => a.mem - b.mem);
  for (const [i, { mem, size }] of blocks.entries()) {
    const tag = mem - 8 + chunkOf(size);
    const next = blocks[i + 1];
    const after = next === undefined ? 4 * words.length : next.mem - 8;
    const length = after === tag ? chunkOf(next.size) : after - tag;
    if (words[tag / 4 + 1] !== (length | 1)) return mem;
  }
  return 0;
}
