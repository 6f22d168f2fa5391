// KMEM: the working set, and a cache's end.
//
// Follows OpenSolaris common/os/kmem.c of 2007: kmem_depot_ws_update to
// kmem_cache_magazine_purge, kmem_hash_rescale, kmem_cache_magazine_resize,
// and kmem_cache_destroy. Idea: what has lain in the depot untouched for a
// whole interval was not needed in it. The fewest magazines that there were
// is the number that nobody would have missed.
//
// 1. What may be reaped was not used in the last interval that is over, nor
//    in this one so far: the less of the two minima.
// 2. Two updates in a row, with nothing in between, let everything be
//    reaped: the working set is empty then.
// 3. Magazines only get longer. For that the layer is switched off, and
//    everything in it freed, because a magazine of the old length would be
//    taken for one of the new.
// 4. The contention during that is not counted: it is not for the length.
//
// Left out: that the purge runs on every CPU in turn.
import { printf } from '../sys/cons.js';
import { mutex_enter, mutex_exit } from '../sys/mutex.js';
import { panic } from '../sys/panic.js';
import { highbit } from '../sys/sysmacros.js';
import { KMEM_CACHE_SIZE, KMEM_HASH_INITIAL } from './kmem.js';
import { kmem_cache_magazine_enable } from './kmem_create.js';
import {
  type kmem_bufctl_t, type kmem_cache_t, KMEM_HASH, type kmem_maglist_t,
  statics,
} from './kmem_impl.js';
import { kmem_depot_alloc, kmem_magazine_destroy } from './kmem_layers.js';
import { taskq_wait } from './taskq.js';
import { vmem_alloc, vmem_free, vmem_xfree } from './vmem_alloc.js';
import { sizeofPointer, VM_NOSLEEP } from './vmem_impl.js';

/** The largest int: added to a count, no difference to it is positive. */
const INT_MAX = 0x7fffffff;

/**
 * An interval is over: its fewest magazines are what may be reaped.
 * @internal static in kmem.c
 */
export function kmem_depot_ws_update(cp: kmem_cache_t): void {
  const { cache_full, cache_empty } = cp;
  mutex_enter(cp.cache_depot_lock);
  cache_full.ml_reaplimit = cache_full.ml_min;
  cache_full.ml_min = cache_full.ml_total;
  cache_empty.ml_reaplimit = cache_empty.ml_min;
  cache_empty.ml_min = cache_empty.ml_total;
  mutex_exit(cp.cache_depot_lock);
}

/** Destroys what may be reaped of a list of magazines with so many rounds. */
function reapList(
  cp: kmem_cache_t,
  mlp: kmem_maglist_t,
  nrounds: number,
): void {
  const reap = Math.min(mlp.ml_reaplimit, mlp.ml_min);
  for (let i = 0; i < reap; i++) {
    const mp = kmem_depot_alloc(cp, mlp);
    if (mp === null) return;
    kmem_magazine_destroy(cp, mp, nrounds);
  }
}

/**
 * Frees what lies outside the working set.
 * @internal static in kmem.c
 */
export function kmem_depot_ws_reap(cp: kmem_cache_t): void {
  reapList(cp, cp.cache_full, cp.cache_magtype.mt_magsize);
  reapList(cp, cp.cache_empty, 0);
}

/**
 * Switches the magazines off, and frees all that is in them, in the CPUs
 * and in the depot.
 * @internal static in kmem.c
 */
export function kmem_cache_magazine_purge(cp: kmem_cache_t): void {
  for (const ccp of cp.cache_cpu) {
    mutex_enter(ccp.cc_lock);
    const { cc_loaded, cc_ploaded, cc_rounds, cc_prounds } = ccp;
    ccp.cc_loaded = null;
    ccp.cc_ploaded = null;
    ccp.cc_rounds = -1;
    ccp.cc_prounds = -1;
    ccp.cc_magsize = 0;
    mutex_exit(ccp.cc_lock);
    if (cc_loaded !== null) kmem_magazine_destroy(cp, cc_loaded, cc_rounds);
    if (cc_ploaded !== null) kmem_magazine_destroy(cp, cc_ploaded, cc_prounds);
  }
  kmem_depot_ws_update(cp);
  kmem_depot_ws_update(cp);
  kmem_depot_ws_reap(cp);
}

/**
 * Goes over to the next longer magazines.
 * @internal static in kmem.c
 */
export function kmem_cache_magazine_resize(cp: kmem_cache_t): void {
  const { kmem_magtype } = statics;
  if (cp.cache_chunksize >= cp.cache_magtype.mt_maxbuf) return;
  kmem_cache_magazine_purge(cp);
  mutex_enter(cp.cache_depot_lock);
  cp.cache_magtype = kmem_magtype[kmem_magtype.indexOf(cp.cache_magtype) + 1];
  cp.cache_depot_contention_prev = cp.cache_depot_contention + INT_MAX;
  mutex_exit(cp.cache_depot_lock);
  kmem_cache_magazine_enable(cp);
}

/** Buckets for so many buffers: a power of 2, about as many. */
export function hashSizeFor(buffers: number): number {
  return Math.max(KMEM_HASH_INITIAL, 2 ** (highbit(3 * buffers + 4) - 2));
}

/**
 * Gives a cache a hash table of a better size, if there is room for one.
 * @internal static in kmem.c
 */
export function kmem_hash_rescale(cp: kmem_cache_t): void {
  const arena = statics.kmem_hash_arena!;
  const new_size = hashSizeFor(cp.cache_buftotal);
  const old_size = cp.cache_hash_mask + 1;
  if (old_size / 2 <= new_size && new_size <= old_size * 2) return;
  const at = vmem_alloc(arena, new_size * sizeofPointer, VM_NOSLEEP);
  if (at === null) return;
  const new_table = Array.from({ length: new_size }, () => null);

  mutex_enter(cp.cache_lock);
  const old_table = cp.cache_hash_table!;
  const oldAt = cp.hashAt;
  cp.cache_hash_mask = new_size - 1;
  cp.cache_hash_table = new_table;
  cp.hashAt = at;
  cp.cache_rescale++;
  rehash(cp, old_table);
  mutex_exit(cp.cache_lock);
  vmem_free(arena, oldAt, old_table.length * sizeofPointer);
}

/** Moves all bufctls, chain by chain, to the heads of their new chains. */
function rehash(cp: kmem_cache_t, old_table: (kmem_bufctl_t | null)[]): void {
  const table = cp.cache_hash_table!;
  for (const first of old_table) {
    for (let bcp = first; bcp !== null; ) {
      const next_bcp: kmem_bufctl_t | null = bcp.bc_next;
      const bucket = KMEM_HASH(cp, bcp.bc_addr);
      bcp.bc_next = table[bucket];
      table[bucket] = bcp;
      bcp = next_bcp;
    }
  }
}

/** Takes a cache out of the ring. @throws Panic "trap" if it is not in it */
function delist(cp: kmem_cache_t): void {
  mutex_enter(statics.kmem_cache_lock);
  const { cache_next, cache_prev } = cp;
  if (cache_next !== null) cache_next.cache_prev = cache_prev;
  if (cache_prev !== null) cache_prev.cache_next = cache_next;
  cp.cache_next = null;
  cp.cache_prev = null;
  mutex_exit(statics.kmem_cache_lock);
  if (cache_next === null) {
    const { cache_name: cache } = cp;
    panic('trap', { call: `kmem_cache_destroy(${cache})`, cache });
  }
}

/** A land mine: who calls a dead cache's function steps on it. */
const mine = (cp: kmem_cache_t, which: string) => (buf: number): never =>
  panic('trap', {
    call: `${cp.cache_name}.${which}(0x${buf.toString(16)})`,
    what: 'the cache is destroyed',
  });

/**
 * Destroys a cache. Says so on the console if an object is still out; its
 * slab then stays allocated for ever.
 * @throws Panic "trap" for a cache that is not there (any more)
 */
export function kmem_cache_destroy(cp: kmem_cache_t): void {
  // First nobody can ask for tasks on its behalf any more, then those that
  // were asked for are waited for.
  delist(cp);
  if (statics.kmem_taskq !== null) taskq_wait(statics.kmem_taskq);
  kmem_cache_magazine_purge(cp);

  mutex_enter(cp.cache_lock);
  if (cp.cache_buftotal !== 0) {
    const { cache_name, at } = cp;
    const pointer = at.toString(16);
    printf(
      `WARNING: kmem_cache_destroy: '${cache_name}' (${pointer}) not empty`,
    );
  }
  cp.cache_constructor = mine(cp, 'cache_constructor');
  cp.cache_destructor = mine(cp, 'cache_destructor');
  mutex_exit(cp.cache_lock);

  if (cp.cache_hash_table !== null) {
    const bytes = (cp.cache_hash_mask + 1) * sizeofPointer;
    vmem_free(statics.kmem_hash_arena!, cp.hashAt, bytes);
  }
  const size = KMEM_CACHE_SIZE(cp.cache_cpu.length);
  vmem_xfree(statics.kmem_cache_arena!, cp.at, size);
}
