// Realloc: a block grows where it stands, if it can.
//
// Follows Doug Lea's malloc 2.7.2, malloc.c: rEALLOc, mEMALIGn, cALLOc,
// vALLOc, mUSABLe. Idea: what stands behind a block decides what growing
// costs. Top or a large enough free chunk: a few stores. Anything else: a
// new block, a copy, a free.
//
// What is cut off, at the end of a block that shrinks or around one that
// is aligned, becomes a chunk in use for a moment, and is freed like any.
//
// Left out: realloc to 0 bytes frees nothing, as in the original's usual
// configuration. calloc multiplies without a look at the result, as the
// original does (2.8 checks). Not here: pvalloc, cfree, malloc_stats,
// mallinfo, and independent_calloc and _comalloc, which cut one malloc's
// chunk into many.
import type { malloc_state } from './malloc_bins.js';
import { free, malloc_consolidate } from './malloc_free.js';
import { malloc } from './malloc_malloc.js';

/**
 * Cuts the chunk p, which is of size bytes, to nb, and frees the rest. A
 * rest smaller than MINSIZE stays.
 */
function cutEnd(av: malloc_state, p: number, size: number, nb: number): void {
  const remainder_size = (size - nb) >>> 0;
  if (remainder_size < av.MINSIZE) {
    av.set_head_size(p, size);
    av.set_inuse_bit_at_offset(p, size);
    return;
  }
  const remainder = av.chunk_at_offset(p, nb);
  av.set_head_size(p, nb);
  av.setHeadP(remainder, remainder_size);
  av.set_inuse_bit_at_offset(remainder, remainder_size);
  free(av, av.chunk2mem(remainder));
}

/** Gives the block p a new place of nb bytes. @returns it, or 0 */
function move(
  av: malloc_state,
  p: number,
  oldsize: number,
  nb: number,
): number {
  const newmem = malloc(av, nb - av.MALLOC_ALIGN_MASK);
  if (newmem === 0) return 0;
  const newp = av.mem2chunk(newmem);

  // By chance the new chunk is the one behind: no copy, they become one.
  if (newp === p + oldsize) {
    cutEnd(av, p, oldsize + av.chunksize(newp), nb);
    return av.chunk2mem(p);
  }
  const oldmem = av.chunk2mem(p);
  const payload = oldsize - av.SIZE_SZ; // with the word that it borrows
  av.span(newmem, payload).set(av.span(oldmem, payload));
  free(av, oldmem);
  return newmem;
}

/**
 * Changes the length of the block at oldmem to bytes; what fits into both
 * lengths keeps its value. realloc(av, 0, n) is malloc(av, n).
 * @returns the block, in its old place or a new one; or 0, and then the
 *   old one stays as it was
 * @see malloc-2.7.2.c, rEALLOc
 */
export function realloc(
  av: malloc_state,
  oldmem: number,
  bytes: number,
): number {
  if (oldmem === 0) return malloc(av, bytes);
  const nb = av.checked_request2size(bytes);
  if (nb === 0) return 0;
  av.steps = 0;

  const oldp = av.mem2chunk(oldmem);
  if (av.chunk_is_mmapped(oldp)) return 0; // a destroyed tag
  const oldsize = av.chunksize(oldp);
  if (oldsize >= nb) {
    cutEnd(av, oldp, oldsize, nb);
    return oldmem;
  }

  const next = av.chunk_at_offset(oldp, oldsize);
  const newsize = (oldsize + av.chunksize(next)) >>> 0;
  if (next === av.top) {
    if (newsize < nb + av.MINSIZE) return move(av, oldp, oldsize, nb);
    av.set_head_size(oldp, nb);
    av.top = av.chunk_at_offset(oldp, nb);
    av.setHeadP(av.top, newsize - nb);
    return oldmem;
  }
  if (!av.inuse(next) && newsize >= nb) {
    av.unlink(next);
    cutEnd(av, oldp, newsize, nb);
    return oldmem;
  }
  return move(av, oldp, oldsize, nb);
}

/** The power of two that memalign uses for what it is asked. */
function powerOf2(av: malloc_state, alignment: number): number {
  if (alignment <= av.MINSIZE) return av.MINSIZE;
  let a = 2 * av.MALLOC_ALIGNMENT;
  while (a < alignment) {
    a *= 2;
    if (a === 2 ** (8 * av.SIZE_SZ)) av.hang(alignment); // C: 0
  }
  return a;
}

/**
 * Allocates bytes at a multiple of alignment: a block so large that there
 * is such a place in it, less what is before and behind.
 * @param alignment anything; what is no power of two is rounded up to one
 * @see malloc-2.7.2.c, mEMALIGn
 */
export function memalign(
  av: malloc_state,
  alignment: number,
  bytes: number,
): number {
  const least = av.size_t(alignment);
  if (least <= av.MALLOC_ALIGNMENT) return malloc(av, bytes);
  const align = powerOf2(av, least);
  const nb = av.checked_request2size(bytes);
  if (nb === 0) return 0;
  const m = malloc(av, av.size_t(nb + align + av.MINSIZE));
  if (m === 0) return 0;

  let p = av.mem2chunk(m);
  if (m % align !== 0) {
    // What is left in front has to be a chunk: if the first aligned place
    // leaves less than that, the next one is taken.
    let brk = ((m + align - 1) & -align) - 2 * av.SIZE_SZ;
    if (brk - p < av.MINSIZE) brk += align;
    const newp = av.at(brk | 0);
    const leadsize = brk - p;
    const newsize = av.chunksize(p) - leadsize;
    av.setHeadP(newp, newsize);
    av.set_inuse_bit_at_offset(newp, newsize);
    av.set_head_size(p, leadsize);
    free(av, m);
    p = newp;
  }

  const size = av.chunksize(p);
  if (size > nb + av.MINSIZE) {
    const remainder = av.chunk_at_offset(p, nb);
    av.setHeadP(remainder, size - nb);
    av.set_head_size(p, nb);
    free(av, av.chunk2mem(remainder));
  }
  return av.chunk2mem(p);
}

/** A block that starts a page. @see malloc-2.7.2.c, vALLOc */
export function valloc(av: malloc_state, bytes: number): number {
  if (av.max_fast === 0) malloc_consolidate(av);
  return memalign(av, av.pagesize, bytes);
}

/**
 * Allocates n elements and fills the whole block with zeros. A product too
 * large for a size_t wraps around, and the block is too small.
 * @see malloc-2.7.2.c, cALLOc
 */
export function calloc(
  av: malloc_state,
  n_elements: number,
  elem_size: number,
): number {
  const n = BigInt(av.size_t(n_elements)) * BigInt(av.size_t(elem_size));
  const mem = malloc(av, Number(BigInt.asUintN(8 * av.SIZE_SZ, n)));
  if (mem !== 0) av.span(mem, malloc_usable_size(av, mem)).fill(0);
  return mem;
}

/**
 * The bytes of the block at mem that its program may use, some more than
 * it asked for; 0 for a block that is not in use.
 * @see malloc-2.7.2.c, mUSABLe
 */
export function malloc_usable_size(av: malloc_state, mem: number): number {
  if (mem === 0) return 0;
  const p = av.mem2chunk(mem);
  const size = av.chunksize(p);
  if (av.chunk_is_mmapped(p)) return av.size_t(size - 2 * av.SIZE_SZ);
  return av.inuse(p) ? av.size_t(size - av.SIZE_SZ) : 0;
}
