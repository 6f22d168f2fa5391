// Slabs: giving memory back, in time or at once.
//
// Follows Linux 2.6.11 mm/slab.c: kmem_cache_shrink, kmem_cache_destroy,
// cache_reap. Objects lie in arrays because they will soon be wanted again.
// Idea to carry away: an array or a cache that was used since the last look
// keeps what it has; one that was not loses a fifth of it, each time.
//
// Each CPU runs cache_reap every two seconds. In each cache
//
// 1. this CPU's array loses its oldest objects, a fifth of its limit,
//    unless it was touched;
// 2. every four seconds the shared array does too, and of the slabs that
//    are free a fifth of what free_limit allows goes to the page
//    allocator, unless slabs_free was touched.
//
// kmem_cache_shrink does all this at once, without asking; what then is
// left is in somebody's hands.
//
// Left out: the semaphore cache_chain_sem, without which cache_reap gives
// up and comes again; the wait for readers of SLAB_DESTROY_BY_RCU.
import { hz, timeout } from '../sys/clock.js';
import { cpu, onCpu } from '../sys/cpu.js';
import { kfree } from './kmalloc.js';
import { BUG, HZ, in_interrupt, spin_lock, spin_unlock } from './sched.js';
import {
  ac_data, dropOldest, free_block, kmem_cache_free, slab_destroy,
} from './slab_alloc.js';
import { smp_call_function_all_cpus } from './slab_cpucache.js';
import { jiffies, REAPTIMEOUT_LIST3 } from './slab_create.js';
import { slab_error } from './slab_frame.js';
import {
  type array_cache, cache_cache, cache_chain, DEBUG, type kmem_cache_t,
  list_del, list_empty, type slab, SLAB_NO_REAP,
} from './slab_layout.js';

/** From one cache_reap of a CPU to the next. */
export const REAPTIMEOUT_CPUC = 2 * HZ;

/**
 * Frees the oldest objects of an array: with force all of them, else a
 * fifth of its limit (half of what it has, if that is less), and none
 * when it was touched.
 */
function drain_array_locked(
  cachep: kmem_cache_t,
  ac: array_cache,
  force: boolean,
): void {
  if (ac.touched !== 0 && !force) {
    ac.touched = 0;
  } else if (ac.avail > 0) {
    let tofree = force ? ac.avail : Math.floor((ac.limit + 4) / 5);
    if (tofree > ac.avail) tofree = Math.floor((ac.avail + 1) / 2);
    free_block(cachep, ac.entry, tofree);
    dropOldest(ac, tofree);
  }
}

/** Empties this CPU's array. */
function do_drain(cachep: kmem_cache_t): void {
  const ac = ac_data(cachep);
  spin_lock(cachep.spinlock);
  free_block(cachep, ac.entry, ac.avail);
  spin_unlock(cachep.spinlock);
  ac.avail = 0;
}

/** Empties all arrays of a cache. */
function drain_cpu_caches(cachep: kmem_cache_t): void {
  smp_call_function_all_cpus(() => do_drain(cachep));
  spin_lock(cachep.spinlock);
  const { shared } = cachep.lists;
  if (shared !== null) drain_array_locked(cachep, shared, true);
  spin_unlock(cachep.spinlock);
}

/** Takes a free slab off its list and frees its pages. */
function giveUp(cachep: kmem_cache_t, slabp: slab): void {
  list_del(slabp);
  cachep.lists.free_objects -= cachep.num;
  // Nobody can find it any more: no lock needed.
  spin_unlock(cachep.spinlock);
  slab_destroy(cachep, slabp);
  spin_lock(cachep.spinlock);
}

/** Frees all that can be freed. @returns 1 when objects are in use, else 0 */
function __cache_shrink(cachep: kmem_cache_t): number {
  drain_cpu_caches(cachep);
  spin_lock(cachep.spinlock);
  const { slabs_full, slabs_partial, slabs_free } = cachep.lists;
  while (!list_empty(slabs_free)) {
    const slabp = slabs_free.prev;
    if (DEBUG && slabp.inuse !== 0) {
      const call = `__cache_shrink(${cachep.name})`;
      BUG('mm/slab.c:1580', 'slabp->inuse', { call, inuse: slabp.inuse });
    }
    giveUp(cachep, slabp);
  }
  spin_unlock(cachep.spinlock);
  return list_empty(slabs_full) && list_empty(slabs_partial) ? 0 : 1;
}

/**
 * Frees all slabs in which no object is in use.
 * @returns 0 when that was all slabs, else 1
 * @throws Panic BUG in an interrupt
 * @see Linux 2.6.11 mm/slab.c, kmem_cache_shrink
 */
export function kmem_cache_shrink(cachep: kmem_cache_t): number {
  const call = `kmem_cache_shrink(${cachep.name})`;
  if (in_interrupt()) BUG('mm/slab.c:1605', 'in_interrupt()', { call });
  return __cache_shrink(cachep);
}

/**
 * Removes a cache; all its objects must have been freed. If not, it says
 * so and the cache stays, as the newest of all.
 * @returns 0, or 1 when it stays
 * @throws Panic BUG in an interrupt
 * @see Linux 2.6.11 mm/slab.c, kmem_cache_destroy
 */
export function kmem_cache_destroy(cachep: kmem_cache_t): number {
  const call = `kmem_cache_destroy(${cachep.name})`;
  if (in_interrupt()) BUG('mm/slab.c:1634', 'in_interrupt()', { call });
  cache_chain.splice(cache_chain.indexOf(cachep), 1);
  if (__cache_shrink(cachep) !== 0) {
    slab_error('kmem_cache_destroy', cachep, "Can't free all objects");
    cache_chain.unshift(cachep);
    return 1;
  }
  for (const ac of cachep.array) kfree(ac?.addr ?? 0);
  kfree(cachep.lists.shared?.addr ?? 0);
  cachep.lists.shared = null;
  kmem_cache_free(cache_cache, cachep.addr);
  return 0;
}

/** Frees a fifth of the slabs that free_limit allows a cache to keep. */
function reapSlabs(cachep: kmem_cache_t): void {
  const { free_limit, num, lists } = cachep;
  let tofree = Math.floor((free_limit + 5 * num - 1) / (5 * num));
  while (tofree-- > 0 && !list_empty(lists.slabs_free)) {
    if (DEBUG) cachep.reaped++;
    giveUp(cachep, lists.slabs_free.next);
  }
}

/** What every four seconds brings: the shared array, and free slabs. */
function reapList3(cachep: kmem_cache_t): void {
  const { lists } = cachep;
  if (lists.next_reap > jiffies()) return;
  lists.next_reap = jiffies() + REAPTIMEOUT_LIST3;
  if (lists.shared !== null) drain_array_locked(cachep, lists.shared, false);
  if (lists.free_touched !== 0) lists.free_touched = 0;
  else reapSlabs(cachep);
}

/**
 * Looks at all caches, for this CPU, and takes from each what it did not
 * use since the last time.
 * @see Linux 2.6.11 mm/slab.c, cache_reap
 */
export function cache_reap(): void {
  for (const searchp of cache_chain) {
    if ((searchp.flags & SLAB_NO_REAP) !== 0) continue;
    spin_lock(searchp.spinlock);
    drain_array_locked(searchp, ac_data(searchp), false);
    reapList3(searchp);
    spin_unlock(searchp.spinlock);
  }
}

/** Calls f(cpuid) on a CPU when so many jiffies have passed. */
function schedule_delayed_work_on(cpuid: number, jiffies: number): void {
  timeout(reapAndRearm, cpuid, Math.ceil((jiffies * hz) / HZ));
}

/** Reaps on this CPU, and once more in two seconds. */
function reapAndRearm(cpuid: number): void {
  onCpu(cpuid, cache_reap);
  schedule_delayed_work_on(cpuid, REAPTIMEOUT_CPUC + cpuid);
}

/**
 * Starts the reaping, on each CPU; a little later on each, so that they do
 * not all want the same locks.
 * @see Linux 2.6.11 mm/slab.c, cpucache_init
 */
export function cpucache_init(): void {
  for (const { cpu_seqid } of cpu) {
    schedule_delayed_work_on(cpu_seqid, HZ + 3 * cpu_seqid);
  }
}
