// Memory pools: a few elements kept back, so that work can go on.
//
// Follows Linux 2.6.11 mm/mempool.c. To free memory the kernel may have to
// write a page to disk, and for that the block layer allocates a request.
// If it waited for free memory there, nobody would ever free any. Idea:
// keep min_nr elements in a pool before they are needed. When the allocator
// fails, take one; who finds none waits for one that is in use, and that
// one comes back, because the work that holds it does not need memory.
//
// An element is an address, 0 is none, as with kmalloc.
//
// 1. elements has curr_nr entries, and curr_nr <= min_nr.
// 2. The pool is emptied last, and filled first: mempool_alloc tries the
//    allocator before, mempool_free gives to it only what the full pool
//    does not take.
// 3. Who has __GFP_WAIT in the mask never gets 0.
//
// Left out: interrupts that are disabled with the lock; memory barriers.
// The lock is a mutex, for a condition variable to wait with; both stand
// for a spin lock and a wait queue. Line numbers are the original's.
import { cv_broadcast, cv_wait, kcondvar_t } from '../sys/condvar.js';
import { kmutex_t, mutex_enter, mutex_exit } from '../sys/mutex.js';
import { onReboot } from '../sys/reboot.js';
import {
  __GFP_FS, __GFP_IO, __GFP_NOWARN, __GFP_WAIT, GFP_KERNEL,
} from './gfp.js';
import { kfree, kmalloc } from './kmalloc.js';
import { BUG, might_sleep, goesToSleep } from './sched.js';
import { kmem_cache_alloc, kmem_cache_free } from './slab_alloc.js';
import {
  BYTES_PER_WORD, CONFIG_SMP, type kmem_cache_t,
} from './slab_layout.js';

const FILE = 'mm/mempool.c';

/** Allocates an element: its address, or 0. */
export type mempool_alloc_t<T> = (gfp_mask: number, pool_data: T) => number;
export type mempool_free_t<T> = (element: number, pool_data: T) => void;

/** A pool over an allocator; T is what that one wants to be told. */
export class mempool_t<T> {
  lock = new kmutex_t('mempool lock');
  min_nr: number; // elements to keep
  curr_nr = 0; // elements in the pool
  elements: number[] = []; // the last one in goes out first
  wait = new kcondvar_t('mempool wait'); // for an element to come back

  /**
   * @param self where the structure itself is: kmalloc's answer
   * @param array where the array of elements is
   */
  constructor(
    readonly self: number,
    public array: number,
    min_nr: number,
    readonly alloc: mempool_alloc_t<T>,
    readonly free: mempool_free_t<T>,
    readonly pool_data: T,
  ) {
    this.min_nr = min_nr;
  }
}

/** Two counters, four pointers, a list, and on SMP two locks. */
const sizeof_mempool_t = () =>
  8 + 6 * BYTES_PER_WORD + (CONFIG_SMP() ? 2 * BYTES_PER_WORD : 0);

/** Wakes the threads that write dirty pages to disk: handed in. */
export const writeback = { wakeup_bdflush: (_nr_pages: number) => {} };

onReboot(() => {
  writeback.wakeup_bdflush = () => {};
});

function add_element<T>(pool: mempool_t<T>, element: number): void {
  if (pool.curr_nr >= pool.min_nr) {
    const call = `add_element(0x${element.toString(16)})`;
    BUG(`${FILE}:20`, 'pool->curr_nr >= pool->min_nr', { call });
  }
  pool.elements[pool.curr_nr++] = element;
}

function remove_element<T>(pool: mempool_t<T>): number {
  if (pool.curr_nr <= 0) {
    BUG(`${FILE}:26`, 'pool->curr_nr <= 0', { call: 'remove_element()' });
  }
  pool.curr_nr--;
  return pool.elements.pop()!;
}

function free_pool<T>(pool: mempool_t<T>): void {
  while (pool.curr_nr !== 0) pool.free(remove_element(pool), pool.pool_data);
  kfree(pool.array);
  kfree(pool.self);
}

/**
 * Makes a pool, and fills it.
 * @returns the pool, or null when there is not enough memory
 */
export function mempool_create<T>(
  min_nr: number,
  alloc_fn: mempool_alloc_t<T>,
  free_fn: mempool_free_t<T>,
  pool_data: T,
): mempool_t<T> | null {
  const self = kmalloc(sizeof_mempool_t(), GFP_KERNEL);
  if (self === 0) return null;
  const array = kmalloc(min_nr * BYTES_PER_WORD, GFP_KERNEL);
  if (array === 0) {
    kfree(self);
    return null;
  }
  const pool = new mempool_t(self, array, min_nr, alloc_fn, free_fn, pool_data);
  while (pool.curr_nr < pool.min_nr) {
    const element = pool.alloc(GFP_KERNEL, pool.pool_data);
    if (element === 0) {
      free_pool(pool);
      return null;
    }
    add_element(pool, element);
  }
  return pool;
}

/** Gives back what a smaller pool does not keep. */
function shrinkTo<T>(pool: mempool_t<T>, new_min_nr: number): void {
  mutex_enter(pool.lock);
  while (pool.curr_nr > new_min_nr) {
    const element = remove_element(pool);
    mutex_exit(pool.lock);
    pool.free(element, pool.pool_data);
    mutex_enter(pool.lock);
  }
  pool.min_nr = new_min_nr;
  mutex_exit(pool.lock);
}

/**
 * Makes a pool keep more elements, or fewer. It may be in use meanwhile.
 * @returns 0, also when it could not be filled: frees will do that; or
 *   -ENOMEM when there is no room for the array
 */
export function mempool_resize<T>(
  pool: mempool_t<T>,
  new_min_nr: number,
  gfp_mask: number,
): number {
  if (new_min_nr <= 0) {
    const call = `mempool_resize(${new_min_nr})`;
    BUG(`${FILE}:114`, 'new_min_nr <= 0', { call, new_min_nr });
  }
  if (new_min_nr < pool.min_nr) {
    shrinkTo(pool, new_min_nr);
    return 0;
  }
  const array = kmalloc(new_min_nr * BYTES_PER_WORD, gfp_mask);
  if (array === 0) return -12;
  mutex_enter(pool.lock);
  kfree(pool.array);
  pool.array = array;
  pool.min_nr = new_min_nr;
  while (pool.curr_nr < pool.min_nr) {
    // To allocate may take long; others can fill the pool in the meantime.
    mutex_exit(pool.lock);
    const element = pool.alloc(gfp_mask, pool.pool_data);
    if (element === 0) return 0;
    mutex_enter(pool.lock);
    if (pool.curr_nr < pool.min_nr) {
      add_element(pool, element);
    } else {
      mutex_exit(pool.lock);
      pool.free(element, pool.pool_data);
      mutex_enter(pool.lock);
    }
  }
  mutex_exit(pool.lock);
  return 0;
}

/** Unmakes a pool. @throws Panic BUG while elements of it are in use */
export function mempool_destroy<T>(pool: mempool_t<T>): void {
  const { curr_nr, min_nr } = pool;
  if (curr_nr !== min_nr) {
    const facts = { call: 'mempool_destroy()', curr_nr, min_nr };
    BUG(`${FILE}:174`, 'pool->curr_nr != pool->min_nr', facts);
  }
  free_pool(pool);
}

/** Sleeps until an element may be there. */
function waitForElement<T>(pool: mempool_t<T>): void {
  mutex_enter(pool.lock);
  if (pool.curr_nr === 0) {
    goesToSleep();
    cv_wait(pool.wait, pool.lock);
  }
  mutex_exit(pool.lock);
}

/**
 * Allocates an element: from the allocator, if that does not take long;
 * from the pool; or from whoever gives one back.
 * @returns its address, or 0: only without __GFP_WAIT
 */
export function mempool_alloc<T>(pool: mempool_t<T>, gfp_mask: number): number {
  const gfp_nowait = gfp_mask & ~(__GFP_WAIT | __GFP_IO);
  if ((gfp_mask & __GFP_WAIT) !== 0) might_sleep(`${FILE}:197`);
  for (;;) {
    let element = pool.alloc(gfp_nowait | __GFP_NOWARN, pool.pool_data);
    if (element !== 0) return element;

    // Half empty, and allowed to reclaim all sorts of pages: try harder.
    const canFree = (gfp_mask & __GFP_FS) !== 0 && gfp_mask !== gfp_nowait;
    if (canFree && pool.curr_nr <= pool.min_nr >> 1) {
      element = pool.alloc(gfp_mask, pool.pool_data);
      if (element !== 0) return element;
    }

    writeback.wakeup_bdflush(0);
    mutex_enter(pool.lock);
    if (pool.curr_nr !== 0) element = remove_element(pool);
    mutex_exit(pool.lock);
    if (element !== 0) return element;
    if ((gfp_mask & __GFP_WAIT) === 0) return 0;
    waitForElement(pool);
  }
}

/** Gives an element back: to the pool if it is not full, and to who waits. */
export function mempool_free<T>(element: number, pool: mempool_t<T>): void {
  if (pool.curr_nr < pool.min_nr) {
    mutex_enter(pool.lock);
    if (pool.curr_nr < pool.min_nr) {
      add_element(pool, element);
      mutex_exit(pool.lock);
      cv_broadcast(pool.wait);
      return;
    }
    mutex_exit(pool.lock);
  }
  pool.free(element, pool.pool_data);
}

/** For pools of slab objects: pool_data is the cache. */
export const mempool_alloc_slab = (gfp_mask: number, mem: kmem_cache_t) =>
  kmem_cache_alloc(mem, gfp_mask);
export const mempool_free_slab = (element: number, mem: kmem_cache_t) =>
  kmem_cache_free(mem, element);

/** Which invariants does a pool break? By their numbers. */
export function checkMempool<T>(pool: mempool_t<T>): string[] {
  const { curr_nr, min_nr, elements } = pool;
  const faults: string[] = [];
  if (elements.length !== curr_nr) {
    faults.push(`1: curr_nr is ${curr_nr}, not ${elements.length}`);
  }
  if (curr_nr > min_nr) faults.push(`1: ${curr_nr} elements, of ${min_nr}`);
  if (new Set(elements).size !== elements.length) {
    faults.push('1: an element is in the pool twice');
  }
  return faults;
}
