// Chunks: memory that carries its own description.
//
// Follows Doug Lea's malloc 2.7.2 (17 August 2002), malloc.c: the chunk,
// its sizes and its flag bits. Idea to carry away: every piece of the heap
// begins with a tag that says how long it is and whether its left
// neighbour is in use, and a free piece says its length at its end too. So
// a free finds both neighbours with a few additions, and searches nothing.
//
//      p      -> prev_size   length of the chunk before, if that is free
//                size        length of this one, and two flags
//      mem    -> fd          the next chunk in its list, if this is free
//                bk          the one before it in its list
//                ...
//      p+size -> prev_size   length of this one, if it is free;
//                size        otherwise the last word of its payload
//
// A chunk is [p, p + size), but what is used of it goes from its own size
// word up to the size word of the next one: a chunk in use borrows the
// word prev_size of the chunk behind it, which means nothing just then. So
// a block costs one word, 4 bytes in ilp32 and 8 in lp64.
//
// 1. Chunks lie end to end from the first one to top, the last one; but
//    two fenceposts end such a row where someone else has called sbrk.
// 2. A size is a multiple of two words, and so is every address that
//    malloc returns; no chunk but a fencepost is smaller than MINSIZE. (The
//    size of top need not be one, where someone else has called sbrk.)
// 3. PREV_INUSE is clear exactly when the chunk before is free. Nothing is
//    before the first chunk: it has the bit set, and so has top.
// 4. The chunk behind a free chunk has its length in prev_size.
// 5. A free chunk touches no free chunk, and not top.
// 6. IS_MMAPPED is set nowhere.
//
// Free means here: in a bin. A chunk in a fastbin is free for the program
// and in use for its neighbours. malloc_bins.ts goes on with 7.
//
// The macros of malloc.c that look into a chunk are methods here. An
// address computed from what memory says passes through at().
//
// Left out: chunks of their own by mmap, which begin at requests of 128 KB
// in the original's usual configuration (IS_MMAPPED stays, because a
// program that destroys a tag can set it). Debugging assertions: the
// production malloc has none; malloc_check.ts looks from outside.
import { dataStart, Memory, type Model } from './malloc_core.js';

/** In a size word: the chunk before this one is in use. */
export const PREV_INUSE = 1;

/** In a size word: the chunk came from mmap, alone. */
export const IS_MMAPPED = 2;

/** The bits of a size word that are no size. */
export const SIZE_BITS = PREV_INUSE | IS_MMAPPED;

/** Memory, read as chunks. */
export class Chunks extends Memory {
  readonly MALLOC_ALIGNMENT: number = 0; // every block's address is a multiple
  readonly MALLOC_ALIGN_MASK: number = 0; // the bits that are clear in it
  readonly MINSIZE: number = 0; // the smallest chunk: it has all four fields
  protected readonly footAt: number = 0; // bytes from the start of heap to the
  private readonly sizeAt: number = 0; // fields of a chunk, less its address
  private readonly fdAt: number = 0;
  private readonly bkAt: number = 0;

  constructor(model: Model, limit: number) {
    super(model, limit);
    const { SIZE_SZ } = this;
    this.MALLOC_ALIGNMENT = 2 * SIZE_SZ;
    this.MALLOC_ALIGN_MASK = 2 * SIZE_SZ - 1;
    this.MINSIZE = 4 * SIZE_SZ;
    this.footAt = -dataStart;
    this.sizeAt = SIZE_SZ - dataStart;
    this.fdAt = 2 * SIZE_SZ - dataStart;
    this.bkAt = 3 * SIZE_SZ - dataStart;
  }

  /** From a chunk to what its owner gets. */
  chunk2mem(p: number): number {
    return p + 2 * this.SIZE_SZ;
  }

  /** And back. @throws Killed when no chunk can be there */
  mem2chunk(mem: number): number {
    return this.at(mem - 2 * this.SIZE_SZ);
  }

  /**
   * A number as C passes it to a size_t: a negative one is very large.
   * @throws RangeError for what C could not pass at all
   */
  size_t(n: number): number {
    if (!Number.isInteger(n)) throw new RangeError(`${n} is no size`);
    if (this.SIZE_SZ === 4) return n >>> 0;
    return n < 0 ? 2 ** 64 + n : n;
  }

  /** The chunk that a request needs: one word more, rounded up to two. */
  request2size(req: number): number {
    const padded = req + this.SIZE_SZ + this.MALLOC_ALIGN_MASK;
    return padded < this.MINSIZE
      ? this.MINSIZE
      : padded & ~this.MALLOC_ALIGN_MASK;
  }

  /** The same for what a program asks; 0 when it asks for too much. */
  checked_request2size(req: number): number {
    return req >>> 0 === req && req < 0x7fffff00
      ? this.request2size(req)
      : this.hugeRequest(req);
  }

  /** Sizes beyond 31 bits, for which masks do not work. */
  private hugeRequest(req: number): number {
    const bytes = this.size_t(req);
    if (bytes < 0x7fffff00) return this.request2size(bytes);
    if (this.REQUEST_OUT_OF_RANGE(bytes)) return 0;
    const padded = bytes + this.SIZE_SZ + this.MALLOC_ALIGN_MASK;
    return padded - (padded % this.MALLOC_ALIGNMENT);
  }

  /**
   * Is a request so large that a size computed from it might wrap around?
   * The bound lies two least chunks below the end of the numbers: 2^32 in
   * ilp32; in lp64 2^53 here and 2^64 in C, where what lies between fails
   * a little later.
   */
  REQUEST_OUT_OF_RANGE(req: number): boolean {
    return req >= (this.SIZE_SZ === 4 ? 2 ** 32 : 2 ** 53) - 2 * this.MINSIZE;
  }

  /** The size word of chunk p, flags and all. */
  head(p: number): number {
    return this.heap[(p + this.sizeAt) >> 2];
  }

  /** Writes the size word: size and flags together. */
  set_head(p: number, s: number): void {
    this.heap[(p + this.sizeAt) >> 2] = s;
  }

  /** Writes size s, and that the chunk before p is in use. */
  setHeadP(p: number, s: number): void {
    this.set_head(p, s | PREV_INUSE);
  }

  /** Writes the length of p and leaves its PREV_INUSE as it is. */
  set_head_size(p: number, s: number): void {
    this.set_head(p, (this.head(p) & PREV_INUSE) | s);
  }

  /** The length of the chunk before p; means something if that is free. */
  prev_size(p: number): number {
    return this.heap[(p + this.footAt) >> 2];
  }

  setPrevSize(p: number, s: number): void {
    this.heap[(p + this.footAt) >> 2] = s;
  }

  /** Writes the length of a free chunk behind it. */
  set_foot(p: number, s: number): void {
    this.setPrevSize(this.chunk_at_offset(p, s), s);
  }

  /** The link forward, of a chunk or of a bin. */
  fd(p: number): number {
    return this.heap[(p + this.fdAt) >> 2];
  }

  setFd(p: number, to: number): void {
    this.heap[(p + this.fdAt) >> 2] = to;
  }

  /** The link back. */
  bk(p: number): number {
    return this.heap[(p + this.bkAt) >> 2];
  }

  setBk(p: number, to: number): void {
    this.heap[(p + this.bkAt) >> 2] = to;
  }

  /** The length of p without the flags; unsigned, so never negative. */
  chunksize(p: number): number {
    return (this.head(p) & ~SIZE_BITS) >>> 0;
  }

  /** Is the chunk before p in use? If so, prev_size is someone's payload. */
  prev_inuse(p: number): boolean {
    return (this.head(p) & PREV_INUSE) !== 0;
  }

  /** Does p claim to come from mmap? */
  chunk_is_mmapped(p: number): boolean {
    return (this.head(p) & IS_MMAPPED) !== 0;
  }

  /**
   * What lies s bytes behind p, as a chunk. The sum wraps around, as in C:
   * a size near 2^32 leads backwards.
   */
  chunk_at_offset(p: number, s: number): number {
    return this.at((p + s) | 0);
  }

  /** The chunk behind p. Masks one flag only: an mmapped p has none. */
  next_chunk(p: number): number {
    return this.chunk_at_offset(p, this.head(p) & ~PREV_INUSE);
  }

  /** The chunk before p, when that is free. */
  prev_chunk(p: number): number {
    return this.chunk_at_offset(p, -this.prev_size(p));
  }

  /** Is p in use? Only the chunk behind it knows. */
  inuse(p: number): boolean {
    return this.prev_inuse(this.next_chunk(p));
  }

  /** The same when the size of p is known to be s. */
  inuse_bit_at_offset(p: number, s: number): boolean {
    return this.prev_inuse(this.chunk_at_offset(p, s));
  }

  /** Says so: the chunk that ends s bytes behind p is in use. */
  set_inuse_bit_at_offset(p: number, s: number): void {
    const next = this.chunk_at_offset(p, s);
    this.set_head(next, this.head(next) | PREV_INUSE);
  }
}
