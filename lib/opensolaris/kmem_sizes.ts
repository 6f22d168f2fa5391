// KMEM: how large is a chunk, and how large a slab?
//
// Follows OpenSolaris common/os/kmem.c of 2007: what kmem_cache_create
// computes, and the table behind kmem_alloc. Idea: memory is lost inside a
// buffer (its size was rounded up) and at the end of a slab (no whole
// buffer fits any more). The first is kept small by many sizes, the second
// by trying slabs of up to eight buffers: if eight fit, less than one of
// eight is lost.
//
// 1. A chunk is at least the buffer, and a multiple of align.
// 2. A small slab is one quantum, with kmem_slab_t at its end; a chunk is
//    less than 1/8 of it. All others have a hash table, and the whole slab
//    is chunks.
// 3. What is left over in a slab, maxcolor, is where colours come from.
//
// Left out: nothing of these rules.
import { P2ALIGN, P2PHASE, P2ROUNDUP } from '../sys/sysmacros.js';
import {
  KMC_NODEBUG, KMC_NOHASH, KMC_NOMAGAZINE, KMC_NOTOUCH, KMC_QCACHE,
  KMEM_ALIGN, KMEM_BUFTAG_LITE_SIZE, KMEM_VOID_FRACTION, KMF_AUDIT,
  KMF_BUFTAG, KMF_CONTENTS, KMF_DEADBEEF, KMF_DEBUG, KMF_FIREWALL, KMF_HASH,
  KMF_LITE, KMF_NOMAGAZINE, KMF_REDZONE, KMF_TOUCH, sizeofBuftag, sizeofSlab,
} from './kmem.js';
import { statics, tunables } from './kmem_impl.js';
import { VMEM_QCACHE_SLABSIZE } from './vmem_impl.js';

/**
 * The sizes behind kmem_alloc. Up to 64 bytes every multiple of 8; then
 * four a power of 2; then what leaves little of 8 KB over, k to a slab.
 */
export const kmem_alloc_sizes: readonly number[] = [
  1 * 8, 2 * 8, 3 * 8, 4 * 8, 5 * 8, 6 * 8, 7 * 8,
  4 * 16, 5 * 16, 6 * 16, 7 * 16,
  4 * 32, 5 * 32, 6 * 32, 7 * 32,
  4 * 64, 5 * 64, 6 * 64, 7 * 64,
  4 * 128, 5 * 128, 6 * 128, 7 * 128,
  P2ALIGN(Math.floor(8192 / 7), 64),
  P2ALIGN(Math.floor(8192 / 6), 64),
  P2ALIGN(Math.floor(8192 / 5), 64),
  P2ALIGN(Math.floor(8192 / 4), 64),
  P2ALIGN(Math.floor(8192 / 3), 64),
  P2ALIGN(Math.floor(8192 / 2), 64),
  P2ALIGN(Math.floor(8192 / 1), 64),
  4096 * 3, 8192 * 2, 8192 * 3, 8192 * 4,
];

/** How buffers of such a size are aligned: to a cache line, or a page. */
export function allocAlign(size: number, PAGESIZE: number): number {
  if (size % PAGESIZE === 0) return PAGESIZE;
  return size % 64 === 0 ? 64 : KMEM_ALIGN;
}

/** What a cache is to be. */
export interface Wanted {
  bufsize: number;
  align: number; // not 0 any more
  cflags: number; // KMC_
  quantum: number; // of the arena
  qcache_max: number; // of the arena, for KMC_QCACHE
  firewall: boolean; // is it kmem_default, and is there kmem_firewall?
}

/** What debugging a cache gets: kmem_flags, less what makes no sense. */
export function debugFlags(
  { bufsize, align, cflags, firewall }: Wanted,
  kmem_flags: number,
): number {
  let flags = kmem_flags & KMF_DEBUG;
  if ((flags & KMF_LITE) !== 0) {
    const { kmem_lite_minsize, kmem_lite_maxalign } = tunables;
    const fits =
      bufsize >= kmem_lite_minsize &&
      align <= kmem_lite_maxalign &&
      P2PHASE(bufsize, kmem_lite_maxalign) !== 0;
    if (fits) flags = (flags | KMF_BUFTAG) & ~(KMF_AUDIT | KMF_FIREWALL);
    else flags &= ~KMF_DEBUG;
  }
  if ((flags & KMF_DEADBEEF) !== 0) flags |= KMF_REDZONE;
  if ((cflags & KMC_QCACHE) !== 0 && (flags & KMF_AUDIT) !== 0) {
    flags |= KMF_NOMAGAZINE;
  }
  if ((cflags & KMC_NODEBUG) !== 0) flags &= ~KMF_DEBUG;
  if ((cflags & KMC_NOTOUCH) !== 0) flags &= ~KMF_TOUCH;
  if ((cflags & KMC_NOHASH) !== 0) flags &= ~(KMF_AUDIT | KMF_FIREWALL);
  if ((cflags & KMC_NOMAGAZINE) !== 0) flags |= KMF_NOMAGAZINE;
  if ((flags & KMF_AUDIT) !== 0 && (cflags & KMC_NOTOUCH) === 0) {
    flags |= KMF_REDZONE;
  }
  if ((flags & KMF_AUDIT) === 0) flags &= ~KMF_CONTENTS;

  // A large buffer has a wall of hardware in place of a tag.
  if (
    (flags & KMF_BUFTAG) !== 0 &&
    bufsize >= half(tunables.kmem_minfirewall) &&
    (flags & KMF_LITE) === 0 &&
    (cflags & KMC_NOHASH) === 0
  ) {
    flags |= KMF_FIREWALL;
  }
  if (!firewall) flags &= ~KMF_FIREWALL;
  if ((flags & KMF_FIREWALL) !== 0) {
    flags = (flags & ~KMF_BUFTAG) | KMF_NOMAGAZINE;
  }
  return flags;
}

/** A tunable whose 0 stands for half a page. */
const half = (tunable: number): number =>
  tunable !== 0 ? tunable : statics.PAGESIZE / 2;

/** Where things lie in a chunk, and how large it is. */
export interface Chunk {
  cache_bufctl: number;
  cache_buftag: number;
  cache_verify: number;
  cache_contents: number;
  cache_chunksize: number;
}

/** Lays out a chunk. */
export function chunkOf({ bufsize, align }: Wanted, flags: number): Chunk {
  let chunksize = bufsize;
  let cache_bufctl = 0;
  let cache_buftag = 0;
  let cache_verify = 0;

  // The link takes the last word of a free buffer.
  if (align >= KMEM_ALIGN) {
    chunksize = P2ROUNDUP(chunksize, KMEM_ALIGN);
    cache_bufctl = chunksize - KMEM_ALIGN;
  }

  // A tag takes room of its own, and the link moves into it: what is wrong
  // in a free buffer then does not hurt the list.
  if ((flags & KMF_BUFTAG) !== 0) {
    cache_bufctl = chunksize;
    cache_buftag = chunksize;
    chunksize +=
      (flags & KMF_LITE) !== 0
        ? KMEM_BUFTAG_LITE_SIZE(tunables.kmem_lite_pcs)
        : sizeofBuftag;
  }
  if ((flags & KMF_DEADBEEF) !== 0) {
    cache_verify = Math.min(cache_buftag, half(tunables.kmem_maxverify));
    if ((flags & KMF_LITE) !== 0) cache_verify = 8;
  }
  const { kmem_content_maxsave } = tunables;
  return {
    cache_bufctl,
    cache_buftag,
    cache_verify,
    cache_contents: Math.min(cache_bufctl, kmem_content_maxsave),
    cache_chunksize: P2ROUNDUP(chunksize, align),
  };
}

/** A slab that could be. */
export interface Trial {
  slabsize: number;
  chunks: number; // that fit into it
  waste: number; // bytes that each of them bears of what is left over
}

/**
 * The slabs that are tried: the least for one chunk, for two, up to eight.
 * A slab is a multiple of the quantum; if more chunks fit into it than were
 * asked for, the search goes on behind what fits.
 */
export function trials(chunksize: number, quantum: number): Trial[] {
  const tried: Trial[] = [];
  for (let chunks = 1; chunks <= KMEM_VOID_FRACTION; chunks++) {
    const slabsize = P2ROUNDUP(chunksize * chunks, quantum);
    chunks = Math.floor(slabsize / chunksize);
    const waste = Math.floor((slabsize % chunksize) / chunks);
    tried.push({ slabsize, chunks, waste });
  }
  return tried;
}

/** The slab that loses least; of several, the smallest. */
export function bestSlab(chunksize: number, quantum: number): number {
  let bestfit = 0;
  let minwaste = Infinity;
  for (const { slabsize, waste } of trials(chunksize, quantum)) {
    if (waste >= minwaste) continue;
    minwaste = waste;
    bestfit = slabsize;
  }
  return bestfit;
}

/** How large a slab is, and how far it can be shifted. */
export interface SlabSize {
  cache_slabsize: number;
  cache_mincolor: number;
  cache_maxcolor: number;
  hash: boolean;
}

/** Chooses the slab for a chunk. */
export function slabOf(
  { cflags, quantum, qcache_max }: Wanted,
  flags: number,
  chunksize: number,
): SlabSize {
  let cache_slabsize: number;
  let cache_mincolor = 0;
  let cache_maxcolor: number;
  let hash = true;
  if ((flags & KMF_FIREWALL) !== 0) {
    // The object ends where its last page ends.
    cache_slabsize = P2ROUNDUP(chunksize, quantum);
    cache_mincolor = cache_slabsize - chunksize;
    cache_maxcolor = cache_mincolor;
  } else if (isSmall(cflags, flags, chunksize, quantum)) {
    cache_slabsize = quantum;
    cache_maxcolor = (cache_slabsize - sizeofSlab) % chunksize;
    hash = false;
  } else {
    cache_slabsize =
      (cflags & KMC_QCACHE) !== 0
        ? VMEM_QCACHE_SLABSIZE(qcache_max)
        : bestSlab(chunksize, quantum);
    cache_maxcolor = cache_slabsize % chunksize;
  }
  if (cache_maxcolor >= quantum) cache_maxcolor = quantum - 1;
  return { cache_slabsize, cache_mincolor, cache_maxcolor, hash };
}

/** Is kmem_slab_t to lie in the slab, and the links in the buffers? */
function isSmall(
  cflags: number,
  flags: number,
  chunksize: number,
  quantum: number,
): boolean {
  if ((cflags & KMC_NOHASH) !== 0) return true;
  const asked = (cflags & KMC_NOTOUCH) !== 0 || (flags & KMF_AUDIT) !== 0;
  return !asked && chunksize < quantum / KMEM_VOID_FRACTION;
}

/** All that follows from what a cache is to be. */
export type Geometry = { cache_flags: number } & Chunk & SlabSize;

/**
 * Computes what kmem_cache_create would choose. Nothing is created.
 * @param kmem_flags the administrator's
 */
export function geometry(
  wanted: Wanted,
  kmem_flags = tunables.kmem_flags,
): Geometry {
  const flags = debugFlags(wanted, kmem_flags);
  const chunk = chunkOf(wanted, flags);
  const slab = slabOf(wanted, flags, chunk.cache_chunksize);
  const cache_flags = slab.hash ? flags | KMF_HASH : flags;
  return { cache_flags, ...chunk, ...slab };
}
