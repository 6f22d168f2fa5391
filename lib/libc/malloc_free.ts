// Free: the neighbours join.
//
// Follows Doug Lea's malloc 2.7.2, malloc.c: sYSTRIm, fREe,
// malloc_consolidate, mTRIm, mALLOPt. Idea: the free of a small chunk is
// two stores, onto a fastbin; joining it with its neighbours waits until
// someone wants much. The free of any other chunk joins at once, in a few
// steps, however large the heap: the tags say where the neighbours are.
//
// What free checks of its argument: nothing. It believes the tag. A block
// freed twice, a pointer into a block, a tag that was written over: each
// does what the bytes say, and often shows later, and elsewhere.
//
// A function gets av, the state, as ptmalloc's do; the original has one.
//
// Left out: TRIM_FASTBINS, which is 0 by default, and munmap. A fault: with
// M_MXFAST 0 the original's loop over the fastbins has its end before its
// beginning, so that malloc_trim and the next mallopt run wild. Here they
// find nothing to do.
import { MORECORE_FAILURE } from './malloc_core.js';
import {
  DEFAULT_TRIM_THRESHOLD,
  type malloc_state,
  MAX_FAST_SIZE,
} from './malloc_bins.js';

/** A chunk freed in one piece that is worth emptying the fastbins for. */
export const FASTBIN_CONSOLIDATION_THRESHOLD = DEFAULT_TRIM_THRESHOLD >> 1;

/**
 * Gives the end of top back to the system, in whole pages; keeps pad bytes
 * and the rest of a page.
 * @returns 1 if anything was given back, else 0
 */
export function sYSTRIm(pad: number, av: malloc_state): number {
  const top_size = av.chunksize(av.top);
  const spare = top_size - pad - av.MINSIZE + (av.pagesize - 1);
  const extra = (Math.floor(spare / av.pagesize) - 1) * av.pagesize;
  if (extra <= 0) return 0;

  // Only if the break is where top ends: others may have moved it.
  const current_brk = av.MORECORE(0);
  if (current_brk !== av.top + top_size) return 0;
  if (av.MORECORE(-extra) === MORECORE_FAILURE) return 0;
  av.sbrked_mem -= extra;
  av.setHeadP(av.top, top_size - extra);
  return 1;
}

/**
 * Joins chunk p with what is free on either side. The result goes to the
 * front of the unsorted list, or becomes top. (In the original this stands
 * twice; malloc_consolidate's copy stores the four links in another order,
 * which shows only if p is in that list already.)
 * @param size the length of p
 * @returns the length of the result
 */
function coalesce(av: malloc_state, p: number, size: number): number {
  const nextchunk = av.chunk_at_offset(p, size);
  const nextsize = av.chunksize(nextchunk);

  // Backward: a bit in our own tag says whether, prev_size how far.
  if (!av.prev_inuse(p)) {
    const prevsize = av.prev_size(p);
    size += prevsize;
    p = av.chunk_at_offset(p, -prevsize);
    av.unlink(p);
  }

  if (nextchunk === av.top) {
    size = (size + nextsize) >>> 0;
    av.setHeadP(p, size);
    av.top = p;
    return size;
  }

  // Forward: whether the next chunk is in use stands in the one behind it.
  // The next one's own tag loses PREV_INUSE; that bit was about us.
  const nextinuse = av.inuse_bit_at_offset(nextchunk, nextsize);
  av.set_head(nextchunk, nextsize);
  if (!nextinuse) {
    av.unlink(nextchunk);
    size += nextsize;
  }

  const bck = av.unsorted_chunks;
  av.link(bck, p, av.first(bck));
  av.setHeadP(p, size);
  av.set_foot(p, size);
  return size >>> 0;
}

/**
 * Empties the fastbins. Each chunk joins its neighbours, as free had put
 * off: the smallest size first, each list from its front. At the very
 * first call it sets up av instead.
 */
export function malloc_consolidate(av: malloc_state): void {
  if (av.max_fast === 0) return av.malloc_init_state();
  av.clear_fastchunks();

  const maxfb = av.fastbins + av.SIZE_SZ * av.fastbin_index(av.max_fast);
  for (let fb = av.fastbins; fb <= maxfb; fb += av.SIZE_SZ) {
    let p = av.load(fb);
    if (p !== 0) av.store(fb, 0);
    for (let n = 0; p !== 0; n++) {
      if (n > av.longest) av.hang(p);
      av.at(p);
      const nextp = av.fd(p); // joining overwrites it
      coalesce(av, p, av.next_chunk(p) - p);
      p = nextp;
    }
  }
}

/**
 * Frees the block at mem; nothing if mem is 0. How long it is, only its
 * tag knows.
 * @see malloc-2.7.2.c, fREe
 */
export function free(av: malloc_state, mem: number): void {
  if (mem === 0) return;
  const p = av.mem2chunk(mem);
  const size = av.chunksize(p);

  // The flags in max_fast do no harm: sizes are multiples of 8.
  if (size <= av.max_fast) {
    av.set_fastchunks();
    av.pushFastbin(p, size);
  } else if (!av.chunk_is_mmapped(p)) {
    // A destroyed tag with IS_MMAPPED set: not even this much happens.
    av.set_anychunks();
    const joined = coalesce(av, p, size);
    if (joined >= FASTBIN_CONSOLIDATION_THRESHOLD) freedMuch(av);
  }
}

/** Much has become free in one piece: perhaps the system can have some. */
function freedMuch(av: malloc_state): void {
  // Chunks in fastbins may be all that parts free memory from top.
  if (av.have_fastchunks()) malloc_consolidate(av);
  if (av.chunksize(av.top) >= av.trim_threshold) sYSTRIm(av.top_pad, av);
}

/**
 * Gives back to the system what it can, except pad bytes.
 * @returns 1 if anything was given back, else 0
 * @see malloc-2.7.2.c, mTRIm
 */
export function malloc_trim(av: malloc_state, pad: number): number {
  malloc_consolidate(av);
  return sYSTRIm(av.size_t(pad), av);
}

/** The parameters of mallopt, as SVID and the original number them. */
export const M_MXFAST = 1;
export const M_TRIM_THRESHOLD = -1;
export const M_TOP_PAD = -2;

/**
 * Changes a parameter; empties the fastbins first.
 * @returns 1 when done, 0 for a parameter or a value that it refuses
 * @see malloc-2.7.2.c, mALLOPt
 */
export function mallopt(
  av: malloc_state,
  param_number: number,
  value: number,
): number {
  malloc_consolidate(av);
  switch (param_number) {
    case M_MXFAST:
      if (value < 0 || value > MAX_FAST_SIZE) return 0;
      av.set_max_fast(value);
      return 1;
    case M_TRIM_THRESHOLD:
      av.trim_threshold = av.size_t(value);
      return 1;
    case M_TOP_PAD:
      av.top_pad = av.size_t(value);
      return 1;
    default:
      return 0;
  }
}
