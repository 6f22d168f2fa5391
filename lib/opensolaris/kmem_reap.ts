// KMEM looks after itself: every 15 seconds, and when memory is short.
//
// Follows OpenSolaris common/os/kmem.c of 2007: kmem_cache_reap to
// kmem_reap_idspace, kmem_cache_update, kmem_update, kmem_cpu_setup, and
// what kstat(1M) shows. Idea: nothing is computed ahead. The caches are
// watched, and what proves wrong (magazines that are too short, a hash
// table that is too small, memory that lies idle) is put right later, by a
// thread that holds no lock.
//
// 1. kmem_update only looks, and asks for the work; kmem_taskq does it.
// 2. kmem_reap may be called by whoever finds no memory, whatever he holds.
//    It does nothing while a reap is under way or was less than an interval
//    ago.
// 3. The next interval begins when the work of the last is done.
//
// Left out: segkp's cache, which kmem_reap empties too.
import { timeout } from '../sys/clock.js';
import { MUTEX_HELD, mutex_enter, mutex_exit } from '../sys/mutex.js';
import {
  KMC_IDENTIFIER, KMEM_HASH_INITIAL, KMF_HASH, KMF_NOMAGAZINE,
} from './kmem.js';
import { kmem_cache_magazine_enable } from './kmem_create.js';
import {
  kmem_cache_magazine_purge, kmem_cache_magazine_resize,
  kmem_depot_ws_reap, kmem_depot_ws_update, kmem_hash_rescale,
} from './kmem_depot.js';
import { type kmem_cache_t, statics, tunables } from './kmem_impl.js';
import { type taskq_t, taskq_dispatch, taskq_wait } from './taskq.js';

/** Ours: the caches that there are, oldest first. */
export function caches(): kmem_cache_t[] {
  const found: kmem_cache_t[] = [];
  const head = statics.kmem_null_cache;
  let cp = head === null ? null : head.cache_next;
  while (cp !== null && cp !== head) {
    found.push(cp);
    cp = cp.cache_next;
  }
  return found;
}

/**
 * Calls func for every cache, or, with a queue, asks for that.
 * @internal static in kmem.c
 */
export function kmem_cache_applyall(
  func: (cp: kmem_cache_t) => void,
  tq: taskq_t | null,
  which: (cp: kmem_cache_t) => boolean = () => true,
): void {
  mutex_enter(statics.kmem_cache_lock);
  for (const cp of caches()) {
    if (!which(cp)) continue;
    if (tq !== null) taskq_dispatch(tq, func, cp);
    else func(cp);
  }
  mutex_exit(statics.kmem_cache_lock);
}

/** The same for caches of ids. */
function kmem_cache_applyall_id(
  func: (cp: kmem_cache_t) => void,
  tq: taskq_t | null,
): void {
  const isId = ({ cache_cflags }: kmem_cache_t): boolean =>
    (cache_cflags & KMC_IDENTIFIER) !== 0;
  kmem_cache_applyall(func, tq, isId);
}

/**
 * Frees what a cache can do without: first what its owner can spare, then
 * what lies outside the working set.
 * @internal static in kmem.c
 */
export function kmem_cache_reap(cp: kmem_cache_t): void {
  cp.cache_reclaim?.(cp.cache_private);
  kmem_depot_ws_reap(cp);
}

/** Frees all magazines of the depot, at once. */
export function kmem_cache_reap_now(cp: kmem_cache_t): void {
  kmem_depot_ws_update(cp);
  kmem_depot_ws_update(cp);
  const tq = statics.kmem_taskq;
  if (tq === null) {
    kmem_depot_ws_reap(cp);
    return;
  }
  taskq_dispatch(tq, kmem_depot_ws_reap, cp);
  taskq_wait(tq);
}

/** The flags that say a reap is not long ago. */
type Flag = 'kmem_reaping' | 'kmem_reaping_idspace';

/** The interval is over. */
function kmem_reap_done(flag: Flag): void {
  statics[flag] = 0;
}

/** All is reaped: now the interval begins. */
function kmem_reap_timeout(flag: Flag): void {
  timeout(kmem_reap_done, flag, tunables.kmem_reap_interval);
}

/** Asks for each cache, and behind them all for the interval. */
function kmem_reap_start(flag: Flag): void {
  const tq = statics.kmem_taskq!;
  if (flag === 'kmem_reaping') kmem_cache_applyall(kmem_cache_reap, tq);
  else kmem_cache_applyall_id(kmem_cache_reap, tq);
  taskq_dispatch(tq, kmem_reap_timeout, flag);
}

/** Begins a reap, unless one is not long ago, or the caller is in the way. */
function kmem_reap_common(flag: Flag): void {
  const { kmem_cache_lock, kmem_taskq } = statics;
  if (MUTEX_HELD(kmem_cache_lock) || kmem_taskq === null) return;
  if (statics[flag] !== 0) return;
  statics[flag] = 1;
  taskq_dispatch(kmem_taskq, kmem_reap_start, flag);
}

/** Asks all caches for memory that they do not need; returns at once. */
export function kmem_reap(): void {
  kmem_reap_common('kmem_reaping');
}

/** The same for ids. */
export function kmem_reap_idspace(): void {
  kmem_reap_common('kmem_reaping_idspace');
}

/** Has the cache far more buffers than buckets, or far fewer? */
function needsRescale(cp: kmem_cache_t): boolean {
  const { cache_flags, cache_buftotal, cache_hash_mask } = cp;
  if ((cache_flags & KMF_HASH) === 0) return false;
  if (cache_buftotal > cache_hash_mask << 1) return true;
  const tooLarge = cache_buftotal < cache_hash_mask >> 1;
  return tooLarge && cache_hash_mask > KMEM_HASH_INITIAL;
}

/** Was the depot's lock waited for too often? Counts anew. */
function needsResize(cp: kmem_cache_t): boolean {
  const { cache_depot_contention, cache_depot_contention_prev } = cp;
  const more = (cache_depot_contention - cache_depot_contention_prev) | 0;
  cp.cache_depot_contention_prev = cache_depot_contention;
  const mayGrow = cp.cache_chunksize < cp.cache_magtype.mt_maxbuf;
  return mayGrow && more > tunables.kmem_depot_contention;
}

/**
 * An interval is over for this cache.
 * @internal static in kmem.c
 */
export function kmem_cache_update(cp: kmem_cache_t): void {
  mutex_enter(cp.cache_lock);
  const need_hash_rescale = needsRescale(cp);
  mutex_exit(cp.cache_lock);

  kmem_depot_ws_update(cp);

  mutex_enter(cp.cache_depot_lock);
  const need_magazine_resize = needsResize(cp);
  mutex_exit(cp.cache_depot_lock);

  const tq = statics.kmem_taskq;
  if (tq === null) return;
  if (need_hash_rescale) taskq_dispatch(tq, kmem_hash_rescale, cp);
  if (need_magazine_resize) {
    taskq_dispatch(tq, kmem_cache_magazine_resize, cp);
  }
}

/**
 * The next update comes in an interval.
 * @internal static in kmem.c
 */
export function kmem_update_timeout(dummy: unknown): void {
  timeout(kmem_update, dummy, tunables.kmem_reap_interval);
}

/** Looks after all caches; comes back when the work is done. */
export function kmem_update(dummy: unknown): void {
  kmem_cache_applyall(kmem_cache_update, null);
  const tq = statics.kmem_taskq;
  if (tq === null) kmem_update_timeout(dummy);
  else taskq_dispatch(tq, kmem_update_timeout, dummy);
}

/** What happens to a CPU: of these, only the last matters here. */
export type cpu_setup_t = 'CPU_INIT' | 'CPU_CONFIG' | 'CPU_UNCONFIG';

/** Told of CPUs that come and go. One that goes leaves magazines behind. */
export function kmem_cpu_setup(what: cpu_setup_t): void {
  if (what !== 'CPU_UNCONFIG') return;
  const tq = statics.kmem_taskq;
  kmem_cache_applyall(kmem_cache_magazine_purge, tq);
  kmem_cache_applyall(kmem_cache_magazine_enable, tq);
}

/** The counters of a cache, as kstat(1M) shows them. */
export interface kmem_cache_kstat {
  kmc_buf_size: number;
  kmc_align: number;
  kmc_chunk_size: number;
  kmc_slab_size: number;
  kmc_alloc: number; // too many: those that came with a full magazine, twice
  kmc_alloc_fail: number;
  kmc_free: number; // the same of empty magazines
  kmc_depot_alloc: number; // full magazines taken
  kmc_depot_free: number; // empty ones
  kmc_depot_contention: number;
  kmc_slab_alloc: number;
  kmc_slab_free: number;
  kmc_buf_constructed: number; // objects in magazines
  kmc_buf_avail: number; // these, and free buffers in slabs
  kmc_buf_inuse: number; // in callers' hands
  kmc_buf_total: number;
  kmc_buf_max: number;
  kmc_slab_create: number;
  kmc_slab_destroy: number;
  kmc_vmem_source: number; // vm_id of the arena
  kmc_hash_size: number;
  kmc_hash_lookup_depth: number;
  kmc_hash_rescale: number;
  kmc_full_magazines: number;
  kmc_empty_magazines: number;
  kmc_magazine_size: number;
}

/** Objects in the magazines of all CPUs. */
function inCpus({ cache_cpu }: kmem_cache_t): number {
  let avail = 0;
  for (const { cc_rounds, cc_prounds } of cache_cpu) {
    avail += Math.max(cc_rounds, 0) + Math.max(cc_prounds, 0);
  }
  return avail;
}

/** Free buffers in slabs. */
function inSlabs({ cache_freelist, cache_nullslab }: kmem_cache_t): number {
  let avail = 0;
  let sp = cache_freelist;
  for (; sp !== cache_nullslab; sp = sp.slab_next) {
    avail += sp.slab_chunks - sp.slab_refcnt;
  }
  return avail;
}

/** Reads the counters of a cache. In C this takes its locks. */
export function kmem_cache_kstat_update(cp: kmem_cache_t): kmem_cache_kstat {
  const { cache_full: full, cache_empty: empty, cache_magtype, cache_cpu } = cp;
  const { mt_magsize } = cache_magtype;
  const sum = (field: 'cc_alloc' | 'cc_free'): number =>
    cache_cpu.reduce((total, ccp) => total + ccp[field], 0);
  const constructed = inCpus(cp) + full.ml_total * mt_magsize;
  const avail = constructed + inSlabs(cp);
  const off = (cp.cache_flags & KMF_NOMAGAZINE) !== 0;
  return {
    kmc_buf_size: cp.cache_bufsize,
    kmc_align: cp.cache_align,
    kmc_chunk_size: cp.cache_chunksize,
    kmc_slab_size: cp.cache_slabsize,
    kmc_alloc: cp.cache_slab_alloc + sum('cc_alloc') + full.ml_alloc,
    kmc_alloc_fail: cp.cache_alloc_fail,
    kmc_free: cp.cache_slab_free + sum('cc_free') + empty.ml_alloc,
    kmc_depot_alloc: full.ml_alloc,
    kmc_depot_free: empty.ml_alloc,
    kmc_depot_contention: cp.cache_depot_contention,
    kmc_slab_alloc: cp.cache_slab_alloc,
    kmc_slab_free: cp.cache_slab_free,
    kmc_buf_constructed: constructed,
    kmc_buf_avail: avail,
    kmc_buf_inuse: cp.cache_buftotal - avail,
    kmc_buf_total: cp.cache_buftotal,
    kmc_buf_max: cp.cache_bufmax,
    kmc_slab_create: cp.cache_slab_create,
    kmc_slab_destroy: cp.cache_slab_destroy,
    kmc_vmem_source: cp.cache_arena.vm_id,
    kmc_hash_size: cp.cache_hash_table?.length ?? 0,
    kmc_hash_lookup_depth: cp.cache_lookup_depth,
    kmc_hash_rescale: cp.cache_rescale,
    kmc_full_magazines: full.ml_total,
    kmc_empty_magazines: empty.ml_total,
    kmc_magazine_size: off ? 0 : mt_magsize,
  };
}
