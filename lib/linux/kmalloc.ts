// kmalloc: memory by size, out of general caches.
//
// Follows Linux 2.6.11 mm/slab.c and include/linux/kmalloc_sizes.h. Idea
// to carry away: kmalloc is no allocator of its own. It is a row of slab
// caches, 32 bytes to 128 KB, and takes an object from the first one that
// is large enough; kfree finds the cache by the page that the object is in.
//
// A request of `size` bytes gets [objp, objp + ksize(objp)), and
//
// 1. ksize(objp) is the least cs_size >= size.
// 2. The row ascends, and each size has two caches: one for all memory,
//    one for memory that DMA can reach.
//
// Left out: the inline part of kmalloc, which finds the cache of a constant
// size while the kernel is compiled, and does not link when there is none
// (__you_cannot_kmalloc_that_much); kzalloc, which came in 2.6.14.
import { panic } from '../sys/panic.js';
import { onReboot } from '../sys/reboot.js';
import { __GFP_DMA } from './gfp.js';
import { memset } from './memory.js';
import type { page } from './mm.js';
import { virt_to_page } from './mmzone.js';
import { kmem_cache_alloc, kmem_cache_free } from './slab_alloc.js';
import { kfree_debugcheck } from './slab_debug.js';
import {
  DEBUG, GET_PAGE_CACHE, type kmem_cache_t, L1_CACHE_BYTES,
} from './slab_layout.js';

/** One size, and its caches; null until kmem_cache_init has made them. */
export interface cache_sizes {
  cs_size: number;
  cs_cachep: kmem_cache_t | null;
  cs_dmacachep: kmem_cache_t | null;
}

/** The sizes, ascending. */
export let malloc_sizes: cache_sizes[] = [];

onReboot(() => {
  malloc_sizes = [];
});

/** The largest number of the C type int. */
const INT_MAX = 0x7fffffff;

/**
 * The sizes on this machine: powers of two, and two in between where a
 * cache line is short enough for a multiple of it to fall there.
 * @see Linux 2.6.11 include/linux/kmalloc_sizes.h
 */
export function kmallocSizes(): number[] {
  const sizes = [32, 64];
  if (L1_CACHE_BYTES < 64) sizes.push(96);
  sizes.push(128);
  if (L1_CACHE_BYTES < 128) sizes.push(192);
  for (let size = 256; size <= 131072; size *= 2) sizes.push(size);
  return sizes;
}

/** Lists the sizes; the caches are still to be made. */
export function declareSizes(): void {
  malloc_sizes = kmallocSizes().map((cs_size) => ({
    cs_size,
    cs_cachep: null,
    cs_dmacachep: null,
  }));
}

/** The cache for size bytes, or null when there is none so large. */
export function kmem_find_general_cachep(
  size: number,
  gfpflags: number,
): kmem_cache_t | null {
  const dma = (gfpflags & __GFP_DMA) !== 0;
  for (let i = 0; i < malloc_sizes.length; i++) {
    const csizep = malloc_sizes[i];
    if (size > csizep.cs_size) continue;
    return dma ? csizep.cs_dmacachep : csizep.cs_cachep;
  }
  return null;
}

/**
 * Allocates size bytes; 0 bytes get the smallest object.
 * @returns the address, or 0: no memory, or more than 128 KB
 * @see Linux 2.6.11 mm/slab.c, __kmalloc
 */
export function kmalloc(size: number, flags: number): number {
  const cachep = kmem_find_general_cachep(size, flags);
  return cachep === null ? 0 : kmem_cache_alloc(cachep, flags);
}

/**
 * Allocates an array of n elements of size bytes, all zero.
 * @returns the address, or 0; also when n * size does not fit into an int
 * @see Linux 2.6.11 mm/slab.c, kcalloc
 */
export function kcalloc(n: number, size: number, flags: number): number {
  if (n !== 0 && size > Math.floor(INT_MAX / n)) return 0;
  const ret = kmalloc(n * size, flags);
  if (ret !== 0) memset(ret, 0, n * size);
  return ret;
}

/** The cache of the page that an object lies in. */
function cacheOf(objp: number, call: string): kmem_cache_t {
  const pg: page | undefined = virt_to_page(objp);
  const cachep = pg === undefined ? null : GET_PAGE_CACHE(pg);
  // What the original would follow here is no pointer to a cache.
  if (cachep === null) {
    panic('Oops: an address that is in no slab', { call, objp_addr: objp });
  }
  return cachep;
}

/**
 * Frees what kmalloc gave; nothing when objp is 0.
 * @throws Panic BUG, in a debugging kernel, when it is no object
 * @see Linux 2.6.11 mm/slab.c, kfree
 */
export function kfree(objp: number): void {
  if (objp === 0) return;
  if (DEBUG) kfree_debugcheck(objp);
  kmem_cache_free(cacheOf(objp, 'kfree'), objp);
}

/** The bytes of an object that its owner may use. */
export const kmem_cache_size = (cachep: kmem_cache_t): number =>
  DEBUG ? cachep.reallen : cachep.objsize;

/** How many bytes kmalloc gave at objp: as many as asked for, or more. */
export function ksize(objp: number): number {
  return objp === 0 ? 0 : kmem_cache_size(cacheOf(objp, 'ksize'));
}
