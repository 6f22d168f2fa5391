// Your own malloc.
// Kind: design. Minutes: 150.
//
// Write an allocator from nothing, over a heap of words: how chunks look,
// how a free one is found, which one is taken, when they join. It is scored
// as the malloc lab is: is it right, how little memory does it need, how
// few steps.
//
//   heap.words   the memory: words[i] is the word at offset 4 * i. All is 0
//                at the start, and it never becomes longer.
//   heap.brk     the end of what you use, in bytes; 0 at the start. Raise it
//                when you need more, up to 4 * words.length, by any multiple
//                of 4. It never goes down. Beyond it, write nothing.
//   heap.steps   counts the words that you look at or write. get and put,
//                below, do that. Use nothing else to reach the words.
//
// The three functions:
//
//   init(heap)          called once, before the first malloc
//   malloc(heap, size)  the offset of a block of at least size bytes, a
//                       multiple of 8 and not 0; or 0 if there is no room.
//                       size is at least 1
//   free(heap, block)   gives back a block; always one that malloc gave and
//                       that is still in use
//
// All that you know must be in the heap: variables of your own may not
// outlive a call. What a program has written into a block stays there until
// it frees the block, and a free block's bytes are yours.
//
// How it is scored: a program of some 190 calls runs. Its blocks hold, at
// the moment when they are most, so many bytes that were asked for: the
// peak. Utilisation is the peak divided by the brk at the end. Yours is
// compared with that of three allocators:
//
//   bump         takes the next bytes, and never uses any again
//   first fit    8 bytes of tags for each block: a header and a footer. The
//                lowest free chunk that is large enough; neighbours join
//   best fit     4 bytes of tags: a chunk in use has no footer. The smallest
//                free chunk that is large enough; neighbours join
//
// The programs differ: random sizes; small and large in turn; a heap that
// grows, shrinks and grows again. A good plan is to get the first two tests
// with the simplest thing that works, and to improve from there.

interface Heap {
  words: Int32Array;
  brk: number;
  steps: number;
}

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
  put(heap, 0, get(heap, 0));
  throw new Error('TODO: the first tags');
}

export function malloc(heap: Heap, size: number): number {
  throw new Error(`TODO: ${size} bytes, brk at ${heap.brk}`);
}

export function free(heap: Heap, block: number): void {
  throw new Error(`TODO: give back ${block}, brk at ${heap.brk}`);
}
