// Good enough.
// Kind: change. Minutes: 20.
//
// bestSlab takes the slab that loses least, though it may be eight times as
// large as another. A cache with few objects pays for that with memory that
// nobody uses. Write the other rule: take the smallest slab of which no
// more than an eighth is left over.
//
// A slab is a multiple of the quantum, and holds at least one chunk. What is
// left over is what no whole chunk fits into. It is an eighth of the *slab*
// that counts, and exactly an eighth is good enough. All chunks lie in the
// slab, and no record does. Chunks may be larger than the quantum.

/** @returns the bytes of a slab */
export function goodEnough(chunksize: number, quantum: number): number {
  throw new Error(`TODO: a slab of ${quantum}s for chunks of ${chunksize}`);
}
