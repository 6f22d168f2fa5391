// Slabs: the arrays of the CPUs, and how large they should be.
//
// Follows Linux 2.6.11 mm/slab.c, from alloc_arraycache to enable_cpucache.
// Between a cache's users and its slabs stands an array of objects for each
// CPU, and one that they share. Idea to carry away: the arrays are changed
// while the cache is in use. Each CPU swaps its own for the new one, and
// what was in the old one goes back to the slabs.
//
// After do_tune_cpucache, and not before for a new cache,
//
// 1. each CPU that runs has an array, and limit >= batchcount >= 1 in it;
// 2. shared has batchcount * (the factor asked for) entries; that may be
//    none at all;
// 3. free_limit = (1 + CPUs) * batchcount + num: so many free objects may
//    stay in the slabs.
//
// Left out: cpuup_callback (all CPUs are there from the start); an array
// of more than 128 KB, at which the original falls over.
import { printf } from '../sys/cons.js';
import { CPU, cpu, ncpus, onCpu } from '../sys/cpu.js';
import { GFP_KERNEL } from './gfp.js';
import { kfree, kmalloc } from './kmalloc.js';
import { PAGE_SIZE } from './mm.js';
import { spin_lock, spin_unlock } from './sched.js';
import { free_block } from './slab_alloc.js';
import {
  array_cache, BYTES_PER_WORD, CONFIG_SMP, DEBUG, type kmem_cache_t,
  sizeofArrayCache,
} from './slab_layout.js';

/**
 * Allocates an array of so many entries, for a CPU or, for -1, to share.
 * @returns the array, or null
 */
function alloc_arraycache(
  cpuid: number,
  entries: number,
  batchcount: number,
): array_cache | null {
  const memsize = entries * BYTES_PER_WORD + sizeofArrayCache;
  // A CPU's own is first sought near that CPU: here all memory is near.
  let addr = cpuid === -1 ? 0 : kmalloc(memsize, GFP_KERNEL);
  if (addr === 0) addr = kmalloc(memsize, GFP_KERNEL);
  return addr === 0 ? null : new array_cache(entries, batchcount, addr);
}

/** A cache that is idle may keep this many free objects in its slabs. */
export function setFreeLimit(cachep: kmem_cache_t): void {
  cachep.free_limit = (1 + ncpus) * cachep.batchcount + cachep.num;
}

/** Runs func on this CPU, then on all others. @internal static in slab.c */
export function smp_call_function_all_cpus(func: () => void): void {
  const here = CPU;
  func();
  for (const { cpu_seqid } of cpu) {
    if (cpu_seqid !== here.cpu_seqid) onCpu(cpu_seqid, func);
  }
}

/** -ENOMEM: no memory for the arrays. */
const ENOMEM = 12;

/**
 * Gives a cache new arrays. What is in the old ones goes back to the slabs.
 * @returns 0, or -ENOMEM: then nothing has changed
 * @internal static in slab.c
 */
export function do_tune_cpucache(
  cachep: kmem_cache_t,
  limit: number,
  batchcount: number,
  shared: number,
): number {
  const fresh: (array_cache | null)[] = [];
  for (let i = 0; i < ncpus; i++) {
    const nc = alloc_arraycache(i, limit, batchcount);
    if (nc === null) {
      while (--i >= 0) kfree(fresh[i]!.addr);
      return -ENOMEM;
    }
    fresh.push(nc);
  }

  // Each CPU changes its own, so none has to be locked out.
  smp_call_function_all_cpus(() => {
    const i = CPU.cpu_seqid;
    const old = cachep.array[i] ?? null;
    cachep.array[i] = fresh[i];
    fresh[i] = old;
  });
  spin_lock(cachep.spinlock);
  cachep.batchcount = batchcount;
  cachep.limit = limit;
  setFreeLimit(cachep);
  spin_unlock(cachep.spinlock);
  for (const old of fresh) release(cachep, old);

  const new_shared = alloc_arraycache(-1, batchcount * shared, 0xbaadf00d);
  if (new_shared !== null) {
    spin_lock(cachep.spinlock);
    const old = cachep.lists.shared;
    cachep.lists.shared = new_shared;
    spin_unlock(cachep.spinlock);
    release(cachep, old);
  }
  return 0;
}

/** Empties an array that has been replaced, and frees it. */
function release(cachep: kmem_cache_t, old: array_cache | null): void {
  if (old === null) return;
  spin_lock(cachep.spinlock);
  free_block(cachep, old.entry, old.avail);
  spin_unlock(cachep.spinlock);
  kfree(old.addr);
}

/**
 * Gives a cache arrays that suit the size of its objects.
 * @internal static in slab.c
 */
export function enable_cpucache(cachep: kmem_cache_t): void {
  const { objsize } = cachep;
  let limit = 120;
  if (objsize > 131072) limit = 1;
  else if (objsize > PAGE_SIZE) limit = 8;
  else if (objsize > 1024) limit = 24;
  else if (objsize > 256) limit = 54;

  // Where one CPU allocates and another frees, objects must find their way
  // back. The source says: this replaces Bonwick's magazine layer.
  const shared = CONFIG_SMP() && objsize <= PAGE_SIZE ? 8 : 0;

  // Checking a long batch would keep interrupts out for long.
  if (DEBUG && limit > 32) limit = 32;
  const err = do_tune_cpucache(
    cachep, limit, Math.floor((limit + 1) / 2), shared,
  );
  if (err !== 0) {
    const { name } = cachep;
    printf(`enable_cpucache failed for ${name}, error ${-err}.`);
  }
}
