// KMEM against the clock: the CPU layer alone.
//
// Pair: an object is taken and given back at once. Batch: 64 are taken,
// then 64 given back, the last one first, which exchanges magazines and
// asks the depot. One object is held all the time, so that a slab stays.
// Steps are locks taken, of all layers, for one pair.
import { kmem_cache_create } from '../opensolaris/kmem_create.js';
import type { kmem_cache_t } from '../opensolaris/kmem_impl.js';
import { bootKmem } from '../opensolaris/kmem_init.js';
import {
  kmem_cache_alloc, kmem_cache_free,
} from '../opensolaris/kmem_layers.js';
import { KM_SLEEP } from '../opensolaris/kmem.js';
import { reboot } from '../sys/reboot.js';
import { fnv, fnvStart, type Bench, type Round } from './bench.js';

const SIZE = 200; // bytes: magazines of 7
const BATCH = 64;

/** A cache on a new machine, with an object out. */
function newCache(): kmem_cache_t {
  reboot();
  bootKmem();
  const cp = kmem_cache_create('bench', SIZE, 0);
  kmem_cache_alloc(cp, KM_SLEEP);
  return cp;
}

/** All locks of a cache that were taken so far. */
function locks(cp: kmem_cache_t): number {
  const { cache_cpu, cache_depot_lock, cache_lock } = cp;
  const { entered } = cache_cpu[0].cc_lock;
  return entered + cache_depot_lock.entered + cache_lock.entered;
}

/** Takes one and gives it back, again and again. */
function pairs(cp: kmem_cache_t, times: number): Round {
  let sum = fnvStart;
  for (let i = 0; i < times; i++) {
    const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
    sum = fnv(sum, buf);
    kmem_cache_free(cp, buf);
  }
  return { ops: times, checksum: sum >>> 0 };
}

/** Takes 64, then gives them back. */
function batches(cp: kmem_cache_t, times: number): Round {
  let sum = fnvStart;
  const held = new Int32Array(BATCH);
  for (let i = 0; i < times; i++) {
    for (let k = 0; k < BATCH; k++) {
      held[k] = kmem_cache_alloc(cp, KM_SLEEP)!;
      sum = fnv(sum, held[k]);
    }
    for (let k = BATCH - 1; k >= 0; k--) kmem_cache_free(cp, held[k]);
  }
  return { ops: times * BATCH, checksum: sum >>> 0 };
}

/** Does so many pairs or batches. */
type Work = (cp: kmem_cache_t, times: number) => Round;

/** A cache that has the magazines that the work needs. */
function warmCache(work: Work): kmem_cache_t {
  const cp = newCache();
  work(cp, 10);
  return cp;
}

/** A workload whose steps are the locks taken for a pair. */
function counted(
  what: Omit<Bench, 'per' | 'repetitions' | 'prepare' | 'countSteps'>,
  times: number,
  work: Work,
): Bench {
  return {
    ...what,
    per: 'pair',
    repetitions: 5,
    prepare() {
      const cp = warmCache(work);
      return () => work(cp, times);
    },
    countSteps() {
      const cp = warmCache(work);
      const before = locks(cp);
      const { ops } = work(cp, 1000);
      return (locks(cp) - before) / ops;
    },
  };
}

export const kmemBenches: Bench[] = [
  counted(
    {
      name: 'kmem-pair',
      what: 'take an object of 200 bytes and give it back',
      checksum: 3079689157,
      steps: 2,
    },
    6_000_000,
    pairs,
  ),
  counted(
    {
      name: 'kmem-batch64',
      what: 'take 64 objects of 200 bytes, then give them back',
      checksum: 3122820549,
      steps: 2.5,
    },
    120_000,
    batches,
  ),
];
