// Malloc: the best fit, by way of what was just freed.
//
// Follows Doug Lea's malloc 2.7.2, malloc.c: sYSMALLOc and mALLOc. Idea: a
// request goes from the cheapest answer to the dearest. A chunk of just
// this size, just freed; one of this size from its bin; on the way through
// the unsorted list, one that happens to fit; then the smallest that is
// large enough; then top; then the system.
//
// The unsorted list is where all filing happens: what is freed gets one
// chance to be used as it is before anyone sorts it.
//
// malloc and sYSMALLOc call each other, so they stand in one file.
//
// Left out: mmap, for large requests and where MORECORE fails; a MORECORE
// whose memory does not ascend; errno, since 0 says it all.
import { MORECORE_FAILURE, pageUp, segv } from './malloc_core.js';
import type { malloc_state } from './malloc_bins.js';
import { free, malloc_consolidate } from './malloc_free.js';

/**
 * Cuts nb bytes off the low end of victim, which is in no list. The rest
 * becomes the unsorted list, which is empty by then; a rest smaller than
 * MINSIZE stays with victim.
 * @param small is the request small, so that the next ones may go on here?
 */
function carve(
  av: malloc_state,
  victim: number,
  size: number,
  nb: number,
  small: boolean,
): number {
  const remainder_size = (size - nb) >>> 0;
  if (remainder_size < av.MINSIZE) {
    av.set_inuse_bit_at_offset(victim, size);
  } else {
    const remainder = av.chunk_at_offset(victim, nb);
    av.onlyUnsorted(remainder);
    if (small) av.last_remainder = remainder;
    av.setHeadP(victim, nb);
    av.setHeadP(remainder, remainder_size);
    av.set_foot(remainder, remainder_size);
  }
  return av.chunk2mem(victim);
}

/** Cuts nb bytes off the low end of top; 0 if that would use it up. */
function carveTop(av: malloc_state, nb: number): number {
  const victim = av.top;
  const size = av.chunksize(victim);
  av.steps++;
  if (size < nb + av.MINSIZE) return 0;
  const remainder = av.chunk_at_offset(victim, nb);
  av.top = remainder;
  av.setHeadP(victim, nb);
  av.setHeadP(remainder, size - nb);
  return av.chunk2mem(victim);
}

/** Files victim, of this size, into its bin. */
function fileChunk(av: malloc_state, victim: number, size: number): void {
  const i = av.bin_index(size);
  let bck = av.bin_at(i);
  let fwd = av.first(bck);
  if (fwd !== bck && !av.in_smallbin_range(size)) {
    fwd = placeInBin(av, bck, fwd, size);
    bck = av.last(fwd);
  }
  av.mark_bin(i);
  av.link(bck, victim, fwd);
}

/**
 * Finds a place in a large bin that is not empty; fwd is its first chunk.
 * @returns the chunk to go before; the bin itself for the very end
 */
function placeInBin(
  av: malloc_state,
  bin: number,
  fwd: number,
  size: number,
): number {
  // Sizes are compared with whole size words. A free chunk's has PREV_INUSE
  // (5), and so even one as small as the last counts as smaller: it goes
  // behind that, and will be used first. With a bit of its own, one equal
  // to any other goes before it.
  if (size < av.head(av.last(bin)) >>> 0) return bin;
  let n = 0;
  while (size + 1 < av.head(fwd) >>> 0) {
    if (++n > av.longest) av.hang(fwd);
    fwd = av.first(fwd);
  }
  av.steps += n;
  return fwd;
}

/**
 * Goes through the unsorted list, oldest first: takes a chunk of exactly
 * nb bytes, and files all others that it meets.
 * @returns the block, or 0 when the list has come to its end
 */
function searchUnsorted(av: malloc_state, nb: number): number {
  const unsorted = av.unsorted_chunks;
  const small = av.in_smallbin_range(nb);
  let victim: number;
  for (let n = 0; (victim = av.last(unsorted)) !== unsorted; n++) {
    if (n > av.longest) av.hang(victim);
    av.steps++;
    const size = av.chunksize(victim);

    // Nothing but what the last small request left: go on in that. What is
    // asked for together lies together. The one exception to best fit.
    if (
      small &&
      victim === av.last_remainder &&
      av.bk(victim) === unsorted &&
      size > nb + av.MINSIZE
    ) {
      return carve(av, victim, size, nb, true);
    }

    av.unlinkLast(unsorted, victim);
    if (size === nb) {
      av.set_inuse_bit_at_offset(victim, size);
      return av.chunk2mem(victim);
    }
    fileChunk(av, victim, size);
  }
  return 0;
}

/**
 * Searches the bin of a large request from its small end: the first chunk
 * that is large enough is the best.
 */
function searchOwnBin(av: malloc_state, nb: number, idx: number): number {
  const bin = av.bin_at(idx);
  let victim = av.last(bin);
  for (let n = 0; victim !== bin; n++) {
    if (n > av.longest) av.hang(victim);
    av.steps++;
    const size = av.chunksize(victim);
    if (size >= nb) {
      av.unlink(victim);
      return carve(av, victim, size, nb, false);
    }
    victim = av.last(victim);
  }
  return 0;
}

/** Takes the smallest chunk of the first bin from idx on that has any. */
function searchLargerBins(av: malloc_state, nb: number, idx: number): number {
  for (let i = av.nextMarked(idx); i !== 0; i = av.nextMarked(i + 1)) {
    const bin = av.bin_at(i);
    const victim = av.last(bin);
    if (victim === bin) {
      av.unmark_bin(i); // a false alarm (9)
      continue;
    }

    av.steps++;
    const size = av.chunksize(victim);
    av.unlinkLast(bin, victim);
    // Only lp64 comes here with such a request, and with a chunk that is
    // too small: largebin_index has seen 32 bits of it. The rest would
    // begin where no memory is.
    if (nb > 0x7fffffff) segv('malloc', victim + nb);
    return carve(av, victim, size, nb, av.in_smallbin_range(nb));
  }
  return 0;
}

/**
 * Makes a new top of memory that does not follow the old one: at the first
 * call, or because someone else has called sbrk in between.
 */
function newTop(av: malloc_state, brk: number, size: number): void {
  const old_top = av.top;
  let old_size = av.chunksize(old_top);
  if (old_size !== 0) av.sbrked_mem += brk - (old_top + old_size);

  // Align the first block; make up for the old top; end with a page.
  const front_misalign = av.chunk2mem(brk) & av.MALLOC_ALIGN_MASK;
  let correction =
    front_misalign > 0 ? av.MALLOC_ALIGNMENT - front_misalign : 0;
  const aligned_brk = brk + correction;
  correction += old_size;
  const end = brk + size + correction;
  correction += pageUp(end) - end;
  let snd_brk = av.MORECORE(correction);
  if (snd_brk === MORECORE_FAILURE) {
    correction = 0;
    snd_brk = av.MORECORE(0);
  }
  av.top = aligned_brk;
  av.starts.push(aligned_brk);
  av.setHeadP(aligned_brk, snd_brk - aligned_brk + correction);
  av.sbrked_mem += correction;
  if (old_size === 0) return;

  // The old top ends with two fenceposts: in use, and too small to be
  // chunks. So nothing ever joins across memory that is not ours.
  old_size = (old_size - 3 * av.SIZE_SZ) & ~av.MALLOC_ALIGN_MASK;
  av.setHeadP(old_top, old_size);
  av.setHeadP(old_top + old_size, av.SIZE_SZ);
  av.setHeadP(old_top + old_size + av.SIZE_SZ, av.SIZE_SZ);
  if (old_size < av.MINSIZE) return;
  const tt = av.trim_threshold;
  av.trim_threshold = Infinity; // nothing is trimmed from in here
  free(av, av.chunk2mem(old_top));
  av.trim_threshold = tt;
}

/**
 * Serves a request for which top is too small: gets more memory.
 * @returns the block, or 0 when MORECORE has none
 */
function sYSMALLOc(nb: number, av: malloc_state): number {
  // Chunks in fastbins may do once they are joined: start again. Small
  // requests come here so; large ones have seen to it before.
  if (av.have_fastchunks()) {
    malloc_consolidate(av);
    return malloc(av, nb - av.MALLOC_ALIGN_MASK);
  }

  const old_top = av.top;
  const old_size = av.chunksize(old_top);
  let wanted = nb + av.top_pad + av.MINSIZE - old_size;
  if (av.SIZE_SZ === 4) wanted |= 0; // C's sum wraps around
  if (wanted <= 0 || wanted > av.limit) return 0;
  const size = pageUp(wanted);
  const brk = av.MORECORE(size);
  if (brk === MORECORE_FAILURE) return 0;

  av.sbrked_mem += size;
  if (brk === old_top + old_size) {
    av.setHeadP(old_top, size + old_size);
  } else {
    newTop(av, brk, size);
  }
  av.max_sbrked_mem = Math.max(av.max_sbrked_mem, av.sbrked_mem);
  return carveTop(av, nb);
}

/** A small request: its own bin, then whatever is larger. */
function mallocSmall(av: malloc_state, nb: number): number {
  const idx = av.smallbin_index(nb);
  const bin = av.bin_at(idx);
  const victim = av.last(bin);
  if (victim !== bin) {
    av.steps++;
    av.set_inuse_bit_at_offset(victim, nb);
    av.unlinkLast(bin, victim);
    return av.chunk2mem(victim);
  }
  return (
    searchUnsorted(av, nb) ||
    searchLargerBins(av, nb, idx + 1) ||
    carveTop(av, nb) ||
    sYSMALLOc(nb, av)
  );
}

/** A large one: no fastbin may hold back a part of what would fit. */
function mallocLarge(av: malloc_state, nb: number): number {
  if (av.have_fastchunks()) malloc_consolidate(av);
  const idx = av.largebin_index(nb);
  return (
    searchUnsorted(av, nb) ||
    searchOwnBin(av, nb, idx) ||
    searchLargerBins(av, nb, idx + 1) ||
    carveTop(av, nb) ||
    sYSMALLOc(nb, av)
  );
}

/**
 * Allocates bytes; for 0 bytes, a least chunk.
 * @returns the block's address, a multiple of two words, or 0 when there
 *   is no room; what the search has sorted by then stays sorted
 * @see malloc-2.7.2.c, mALLOc
 */
export function malloc(av: malloc_state, bytes: number): number {
  av.steps = 0;
  const nb = av.checked_request2size(bytes);
  if (nb === 0) return 0;

  // Nothing was ever freed, so there is nothing to search.
  if (!av.have_anychunks()) {
    if (av.max_fast === 0) malloc_consolidate(av);
    return carveTop(av, nb) || sYSMALLOc(nb, av);
  }

  if (nb <= av.max_fast) {
    const victim = av.popFastbin(nb);
    if (victim !== 0) {
      av.steps++;
      return av.chunk2mem(victim);
    }
  }
  return av.in_smallbin_range(nb) ? mallocSmall(av, nb) : mallocLarge(av, nb);
}
