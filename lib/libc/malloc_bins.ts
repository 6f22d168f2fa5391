// Bins: free chunks, sorted by size.
//
// Follows Doug Lea's malloc 2.7.2, malloc.c: bins and their indices, the
// bin map, fastbins, struct malloc_state. Idea: a free chunk's own payload
// holds its links, so any number of free lists costs no memory; with one
// list a size, or a narrow range of sizes, best fit is the first chunk of
// the first list that has one.
//
//      bin 1          unsorted: what was freed or split off, not filed yet
//      bins 2 to 31   small: one size each, 8 bytes apart, below 256
//      bins 32 to 95  large: four to each doubling, from 256, 320, 384,
//                     448, 512, 640 ..., each in order of size; 95 takes
//                     all from 16 MB on
//      fastbins       small chunks just freed: last in, first out
//
// A bin's head is two words, fd and bk. bin_at takes them for the fields
// of a chunk that begins two words earlier, so a list is a ring through
// its head, and one code links chunks and heads. Chunks go in at fd and
// are taken at bk. A fastbin is one word; its chunks know only the next.
//
// 7. A free chunk stands in one list, and its neighbours there know it:
//    fd(bk(p)) = bk(fd(p)) = p.
// 8. A chunk in bins 2 to 95 has a size of that bin; in a large bin sizes
//    descend from fd to bk.
// 9. A bin that holds a chunk has its bit in binmap set. An empty one may
//    have it set too, until a search finds that out.
// 10. A fastbin's chunks have its size, at most max_fast, and look in use
//    to both sides.
// 11. FASTCHUNKS_BIT is set while a fastbin holds a chunk, ANYCHUNKS_BIT
//    since the first chunk went into any list.
// 12. top is no smaller than MINSIZE, in no list, and ends at the break,
//    if nobody else has moved that.
//
// Left out: nothing of these structures. The comment in the original that
// counts 128 bins is older than its macros, which say what stands above.
import { dataStart, heapStart, type Model, pageBytes } from './malloc_core.js';
import { Chunks } from './malloc_chunk.js';

export const NBINS = 96;
export const NSMALLBINS = 32;
export const SMALLBIN_WIDTH = 8; // also: large bins begin at 2^8
export const MIN_LARGE_SIZE = 256;

/** Bits of binmap in a word, whatever the model: 2^5. */
export const BINMAPSHIFT = 5;
export const BINMAPSIZE = NBINS >> BINMAPSHIFT;

/** The largest request that a fastbin may take, and that it does take. */
export const MAX_FAST_SIZE = 80;
export const DEFAULT_MXFAST = 64;

/** A top of this size is trimmed. */
export const DEFAULT_TRIM_THRESHOLD = 256 * 1024;

/** Bits of max_fast: there may be chunks in a list, in a fastbin (11). */
export const ANYCHUNKS_BIT = 1;
export const FASTCHUNKS_BIT = 2;

/**
 * The state of a malloc, and its memory. What the original's av_ has up to
 * binmap lies in memory, at dataStart: max_fast, fastbins, top, last_remainder,
 * bins, binmap. So a wild store can reach it. What follows are fields.
 */
export class malloc_state extends Chunks {
  readonly fastbins: number = 0; // address of the first one
  readonly bins: number = 0; // where bin 0 would be, as a chunk
  readonly unsorted_chunks: number = 0; // bin 1: what is not filed yet
  readonly initial_top: number = 0; // stands for top, with a size of 0
  trim_threshold = 0; // size of top from which free gives memory back
  top_pad = 0; // bytes to get, and to keep, beyond what is needed
  pagesize = 0;
  sbrked_mem = 0; // bytes from MORECORE
  max_sbrked_mem = 0; // the most that it was
  steps = 0; // ours: chunks that the last malloc looked at
  readonly starts: number[] = []; // ours: first chunks, see newTop
  private readonly shift: number = 0; // entries in a word: 1 << shift
  private readonly fastAt: number = 0; // entries of heap
  private readonly topAt: number = 0;
  private readonly lastAt: number = 0;
  private readonly mapAt: number = 0;

  constructor(model: Model, limit: number) {
    super(model, limit);
    const { SIZE_SZ } = this;
    this.shift = SIZE_SZ === 4 ? 0 : 1;
    const NFASTBINS = this.fastbin_index(this.request2size(MAX_FAST_SIZE)) + 1;
    this.fastbins = dataStart + SIZE_SZ;
    const top = this.fastbins + SIZE_SZ * NFASTBINS;
    this.bins = top;
    this.fastAt = (this.fastbins - dataStart) >> 2;
    this.unsorted_chunks = this.bin_at(1);
    this.initial_top = this.unsorted_chunks;
    this.topAt = (top - dataStart) >> 2;
    this.lastAt = (top + SIZE_SZ - dataStart) >> 2;
    this.mapAt = (top + 2 * SIZE_SZ * (1 + NBINS) - dataStart) >> 2;
  }

  /** The largest chunk for a fastbin; its two low bits are flags. */
  get max_fast(): number {
    return this.heap[0];
  }

  set max_fast(value: number) {
    this.heap[0] = value;
  }

  /** The chunk at the end of the heap, which grows and shrinks. */
  get top(): number {
    return this.heap[this.topAt];
  }

  set top(p: number) {
    this.heap[this.topAt] = p;
  }

  /** What the last split for a small request left; it may be long gone. */
  get last_remainder(): number {
    return this.heap[this.lastAt];
  }

  set last_remainder(p: number) {
    this.heap[this.lastAt] = p;
  }

  /**
   * The first bin from i on that may hold something, by the bin map.
   * @returns its number, or 0
   */
  nextMarked(i: number): number {
    let from = i & 31; // the bits from here up, then those of the next word
    for (let block = i >> BINMAPSHIFT; block < BINMAPSIZE; block++) {
      const map = this.heap[this.mapAt + block] & (-1 << from);
      if (map !== 0) {
        return (block << BINMAPSHIFT) + 31 - Math.clz32(map & -map);
      }
      from = 0;
    }
    return 0;
  }

  /** Notes that bin i is not empty. */
  mark_bin(i: number): void {
    this.heap[this.mapAt + (i >> BINMAPSHIFT)] |= 1 << (i & 31);
  }

  /** Notes that it is. */
  unmark_bin(i: number): void {
    this.heap[this.mapAt + (i >> BINMAPSHIFT)] &= ~(1 << (i & 31));
  }

  have_anychunks(): boolean {
    return (this.max_fast & ANYCHUNKS_BIT) !== 0;
  }

  set_anychunks(): void {
    this.max_fast |= ANYCHUNKS_BIT;
  }

  have_fastchunks(): boolean {
    return (this.max_fast & FASTCHUNKS_BIT) !== 0;
  }

  set_fastchunks(): void {
    this.max_fast |= FASTCHUNKS_BIT | ANYCHUNKS_BIT;
  }

  clear_fastchunks(): void {
    this.max_fast &= ~FASTCHUNKS_BIT;
  }

  /** Sets the largest request for fastbins; 0 switches them off. */
  set_max_fast(s: number): void {
    const size = s === 0 ? SMALLBIN_WIDTH : this.request2size(s);
    const flags = this.max_fast & (FASTCHUNKS_BIT | ANYCHUNKS_BIT);
    this.max_fast = size | flags;
  }

  /** Bin i as a chunk, of which only fd and bk exist. */
  bin_at(i: number): number {
    return this.bins + (i << (this.shift + 3));
  }

  /** The front of list b; of a chunk, the one behind it in its list. */
  first(b: number): number {
    return this.at(this.fd(b));
  }

  /** Its end, where chunks are taken; of a chunk, the one before it. */
  last(b: number): number {
    return this.at(this.bk(b));
  }

  /** Does this size have a bin to itself? */
  in_smallbin_range(sz: number): boolean {
    return sz < MIN_LARGE_SIZE;
  }

  /** The bin of a small size. In lp64 every other one stays empty. */
  smallbin_index(sz: number): number {
    return sz >>> 3;
  }

  /**
   * The bin of a large size: how many doublings above 256, and the next
   * two bits. Only the low 32 bits of a size count, so that sizes from 4 GB
   * on, in lp64, get a wrong bin; as in the original.
   */
  largebin_index(sz: number): number {
    const x = sz >>> SMALLBIN_WIDTH;
    if (x >= 0x10000) return NBINS - 1;
    const m = 31 - Math.clz32(x);
    return NSMALLBINS + (m << 2) + ((sz >> (m + 6)) & 3);
  }

  /** The bin of any size. */
  bin_index(sz: number): number {
    return this.in_smallbin_range(sz)
      ? this.smallbin_index(sz)
      : this.largebin_index(sz);
  }

  /** The fastbin of a size: 0 for 16 bytes, then one every 8. */
  fastbin_index(sz: number): number {
    return (sz >>> 3) - 2;
  }

  /**
   * Takes p out of its list, wherever in it p stands. No questions asked:
   * p's links are believed (7), and a word is written at either end.
   */
  unlink(p: number): void {
    const FD = this.first(p);
    const BK = this.last(p);
    this.setBk(FD, BK);
    this.setFd(BK, FD);
  }

  /** Takes victim off the end of list b; victim's fd is not asked. */
  unlinkLast(b: number, victim: number): void {
    const bck = this.last(victim);
    this.setBk(b, bck);
    this.setFd(bck, b);
  }

  /** Puts p between two neighbours in a list. */
  link(bck: number, p: number, fwd: number): void {
    this.setBk(p, bck);
    this.setFd(p, fwd);
    this.setBk(fwd, p);
    this.setFd(bck, p);
  }

  /** Makes p all that the unsorted list holds. */
  onlyUnsorted(p: number): void {
    const b = this.unsorted_chunks;
    this.setBk(b, p);
    this.setFd(b, p);
    this.setBk(p, b);
    this.setFd(p, b);
  }

  /** The entry of heap that is the fastbin of this size. */
  private fastbin(sz: number): number {
    return this.fastAt + (this.fastbin_index(sz) << this.shift);
  }

  /** Takes the first chunk off the fastbin of this size; 0: it is empty. */
  popFastbin(sz: number): number {
    const fb = this.fastbin(sz);
    const victim = this.heap[fb] ?? this.fault(dataStart + 4 * fb);
    if (victim !== 0) this.heap[fb] = this.fd(this.at(victim));
    return victim;
  }

  /**
   * Puts p in front of the fastbin of its size. A size below 16, out of a
   * destroyed tag, has none: the word before fastbins is taken for one, and
   * that is max_fast.
   */
  pushFastbin(p: number, sz: number): void {
    const fb = this.fastbin(sz);
    this.setFd(p, this.heap[fb] ?? this.fault(dataStart + 4 * fb));
    this.heap[fb] = p;
  }

  /** Makes empty lists, and no top yet. */
  malloc_init_state(): void {
    for (let i = 1; i < NBINS; i++) {
      const b = this.bin_at(i);
      this.link(b, b, b);
    }
    this.top_pad = 0;
    this.trim_threshold = DEFAULT_TRIM_THRESHOLD;
    this.set_max_fast(DEFAULT_MXFAST);
    this.top = this.initial_top;
    this.pagesize = pageBytes;
  }
}

/** With words of 8 bytes: what is stored has an upper half as well. */
class Lp64 extends malloc_state {
  override set_head(p: number, s: number): void {
    this.put(p + 8, s);
  }

  override setPrevSize(p: number, s: number): void {
    this.put(p, s);
  }

  override setFd(p: number, to: number): void {
    this.put(p + 16, to);
  }

  override setBk(p: number, to: number): void {
    this.put(p + 24, to);
  }

  private put(a: number, v: number): void {
    const i = (a + this.footAt) >> 2;
    this.heap[i] = v;
    this.heap[i + 1] = v >> 31;
  }
}

/**
 * A process that has not called malloc yet.
 * @param limit bytes that its heap may grow to
 */
export function newProcess(
  model: Model = 'ilp32',
  limit = 0x100000,
): malloc_state {
  const State = model === 'lp64' ? Lp64 : malloc_state;
  return new State(model, limit);
}

/** An address as bytes from the start of the heap; how traces write it. */
export const offset = (addr: number): number => addr - heapStart;
