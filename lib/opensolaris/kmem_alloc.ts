// KMEM for who wants bytes, not objects: kmem_alloc.
//
// Follows OpenSolaris common/os/kmem.c of 2007, kmem_zalloc to
// kmem_alloc_tryhard. Idea: a request is rounded up to one of 34 sizes, and
// each size is a cache. A table with an entry for every 8 bytes leads from
// the size to the cache; so nothing is searched, and whoever frees must say
// the size again.
//
// 1. kmem_alloc_table[(size - 1) >> 3] is the least cache that will do.
// 2. Above KMEM_MAXBUF it is vmem's: the arena kmem_oversize.
// 3. With a buftag, what was asked for is noted in it: KMEM_REDZONE_BYTE
//    just behind, and the size in the second half of bt_redzone.
//
// Left out: nothing.
import { P2ROUNDUP } from '../sys/sysmacros.js';
import {
  KM_NOSLEEP, KM_PANIC, KM_VMFLAGS, KMEM_ALIGN, KMEM_ALIGN_SHIFT, KMEM_MAXBUF,
  KMF_BUFTAG, KMF_LITE,
} from './kmem.js';
import { KMEM_BUFTAG_LITE_ENTER } from './kmem_debug.js';
import {
  kmem_error, KMEM_FREE_PATTERN, KMEM_REDZONE_BYTE, KMEM_REDZONE_PATTERN,
  KMEM_SIZE_ENCODE, KMEM_SIZE_VALID, KMERR_BADSIZE, KMERR_DUPFREE,
  KMERR_REDZONE,
} from './kmem_error.js';
import { KMEM_BUFTAG, type kmem_cache_t, statics } from './kmem_impl.js';
import { kmem_cache_alloc, kmem_cache_free } from './kmem_layers.js';
import { kmem_log_event } from './kmem_log.js';
import {
  bzero, copy_pattern, isPattern, load32, loadByte, store32, storeByte,
} from './memory.js';
import { vmem_alloc, vmem_free } from './vmem_alloc.js';

/** Is it a size that C could be asked for? */
function checkSize(size: number, call: string): void {
  if (Number.isSafeInteger(size) && size >= 0) return;
  throw new RangeError(`${call}: want a whole number of bytes`);
}

/**
 * Is it no cache's business? Size 0 neither: as an unsigned number, 0 - 1
 * is large. What is no whole number is left to checkSize.
 */
function isOversize(size: number): boolean {
  return size >>> 0 !== size || (size - 1) >>> 0 >= KMEM_MAXBUF;
}

/** Notes in the buftag how much was asked for. */
function noteSize(cp: kmem_cache_t, buf: number, size: number): void {
  const btp = KMEM_BUFTAG(cp, buf);
  storeByte(buf + size, KMEM_REDZONE_BYTE);
  store32(btp + 4, KMEM_SIZE_ENCODE(size));
  if ((cp.cache_flags & KMF_LITE) !== 0) KMEM_BUFTAG_LITE_ENTER(btp);
}

/** What no cache is large enough for. */
function allocOversize(size: number, kmflag: number): number | null {
  checkSize(size, `kmem_alloc(${size})`);
  if (size === 0) return null;
  const arena = statics.kmem_oversize_arena!;
  const buf = vmem_alloc(arena, size, kmflag & KM_VMFLAGS);
  if (buf === null) kmem_log_event(statics.kmem_failure_log, null, null, size);
  return buf;
}

/**
 * Allocates bytes; what they hold is anybody's.
 * @returns the address; null for size 0, or if there is no memory and
 *   kmflag allows to fail
 */
export function kmem_alloc(size: number, kmflag: number): number | null {
  if (isOversize(size)) return allocOversize(size, kmflag);
  const cp = statics.kmem_alloc_table[(size - 1) >> KMEM_ALIGN_SHIFT];
  const buf = kmem_cache_alloc(cp, kmflag);
  if ((cp.cache_flags & KMF_BUFTAG) !== 0 && buf !== null) {
    noteSize(cp, buf, size);
  }
  return buf;
}

/** Allocates bytes, all 0. */
export function kmem_zalloc(size: number, kmflag: number): number | null {
  const buf = kmem_alloc(size, kmflag);
  if (buf !== null) bzero(buf, size);
  return buf;
}

/**
 * Is what noteSize noted still there, and is it this size? Reports it if
 * not. Afterwards the tag is as kmem_cache_free wants it.
 */
function isNoted(cp: kmem_cache_t, buf: number, size: number): boolean {
  const btp = KMEM_BUFTAG(cp, buf);
  const noted = load32(btp + 4);
  if (noted !== KMEM_SIZE_ENCODE(size)) {
    if (isPattern(KMEM_FREE_PATTERN, buf)) {
      kmem_error(KMERR_DUPFREE, cp, buf);
    } else if (KMEM_SIZE_VALID(noted)) {
      store32(btp, KMEM_SIZE_ENCODE(size));
      kmem_error(KMERR_BADSIZE, cp, buf);
    } else {
      kmem_error(KMERR_REDZONE, cp, buf);
    }
    return false;
  }
  if (loadByte(buf + size) !== KMEM_REDZONE_BYTE) {
    kmem_error(KMERR_REDZONE, cp, buf);
    return false;
  }
  copy_pattern(KMEM_REDZONE_PATTERN, btp, 8);
  if ((cp.cache_flags & KMF_LITE) !== 0) KMEM_BUFTAG_LITE_ENTER(btp);
  return true;
}

/** Frees what no cache had. */
function freeOversize(buf: number | null, size: number): void {
  checkSize(size, `kmem_free(${size})`);
  if (buf === null && size === 0) return;
  vmem_free(statics.kmem_oversize_arena!, buf, size);
}

/** Frees bytes; the size is the one that was asked for. */
export function kmem_free(buf: number | null, size: number): void {
  if (isOversize(size)) {
    freeOversize(buf, size);
    return;
  }
  const cp = statics.kmem_alloc_table[(size - 1) >> KMEM_ALIGN_SHIFT];
  const at = buf ?? 0;
  if ((cp.cache_flags & KMF_BUFTAG) !== 0 && !isNoted(cp, at, size)) return;
  kmem_cache_free(cp, at);
}

/**
 * Allocates without waiting, if need be a little more than was asked for,
 * up to a page; only then it waits, if kmflag allows to.
 * @param asize is told the size that it is freed with
 */
export function kmem_alloc_tryhard(
  size: number,
  asize: { size: number },
  kmflag: number,
): number | null {
  asize.size = P2ROUNDUP(size, KMEM_ALIGN);
  do {
    const may = (kmflag | KM_NOSLEEP) & ~KM_PANIC;
    const p = kmem_alloc(asize.size, may);
    if (p !== null) return p;
    asize.size += KMEM_ALIGN;
  } while (asize.size <= statics.PAGESIZE);
  asize.size = P2ROUNDUP(size, KMEM_ALIGN);
  return kmem_alloc(asize.size, kmflag);
}
