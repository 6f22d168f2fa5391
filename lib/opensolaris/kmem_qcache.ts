// KMEM and VMEM: quantum caches, and a circle opened.
//
// Follows what vmem.c calls of kmem.c, in the version of 2007. VMEM is
// asked again and again for ranges of a few quanta, and takes one lock for
// each; KMEM has layers for just that. So an arena can have quantum caches,
// one for each small multiple of its quantum: object caches whose objects
// are ranges. Their slabs are cut from the arena itself. Idea: KMEM is
// built on VMEM, and here VMEM on KMEM. VMEM cannot import what imports it,
// and need not: KMEM hands its functions over when it starts, as whoever
// creates an arena hands over afunc and ffunc.
//
// 1. A quantum cache writes to nothing that it gives out (KMC_NOTOUCH): the
//    ranges may be ids, or addresses with nothing behind them.
// 2. All quantum caches of an arena have slabs of one size, the power of 2
//    above 3 * qcache_max (KMC_QCACHE). So slabs in a row leave no gaps of
//    odd sizes in the arena, and at least three of the largest fit.
// 3. To give out a slab vmem is asked for more than qcache_max, so that it
//    does not ask the cache again.
//
// Left out: nothing.
import { KMC_IDENTIFIER, KMC_NOTOUCH, KMC_QCACHE } from './kmem.js';
import { kmem_cache_create } from './kmem_create.js';
import { kmem_cache_destroy } from './kmem_depot.js';
import type { kmem_cache_t } from './kmem_impl.js';
import { kmem_cache_alloc, kmem_cache_free } from './kmem_layers.js';
import {
  kmem_cache_reap_now, kmem_reap, kmem_reap_idspace,
} from './kmem_reap.js';
import {
  type Kmem, statics as vmem, VMC_IDENTIFIER, type vmem_t,
} from './vmem_impl.js';

/** A cache of ranges of `size`, out of vmp. */
function createQcache(
  name: string,
  size: number,
  align: number,
  vmp: vmem_t,
): kmem_cache_t {
  const ids = (vmp.vm_cflags & VMC_IDENTIFIER) !== 0 ? KMC_IDENTIFIER : 0;
  return kmem_cache_create(
    name, size, align, null, null, null, null, vmp,
    KMC_QCACHE | KMC_NOTOUCH | ids,
  );
}

/** KMEM as VMEM sees it. */
export const kmemForVmem: Kmem = {
  create: createQcache,
  destroy: (cache) => kmem_cache_destroy(cache as kmem_cache_t),
  alloc: (cache, kmflag) => kmem_cache_alloc(cache as kmem_cache_t, kmflag),
  free: (cache, vaddr) => kmem_cache_free(cache as kmem_cache_t, vaddr),
  reap: (cache) => kmem_cache_reap_now(cache as kmem_cache_t),
  kmem_reap,
  kmem_reap_idspace,
};

/** Hands KMEM over to VMEM. */
export function joinVmem(): void {
  vmem.kmem = kmemForVmem;
}
