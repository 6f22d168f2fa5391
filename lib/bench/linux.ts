// Linux' allocators against the clock: blocks of pages, a cache of objects,
// and kmalloc.
//
// A machine of 256 MB with one CPU. Churn: 4,096 slots; one of them by
// chance is freed if something is in it, and allocated into if not. Burst:
// 2,000 objects are taken, and given back in the same order, so that the
// CPU's array runs empty, and then full, again and again.
//
// Steps of the page allocator are lists of free blocks looked at, for
// watermarks too; steps of slabs are locks taken: one for each batch that
// comes or goes.
import { GFP_KERNEL } from '../linux/gfp.js';
import { kfree, kmalloc, malloc_sizes } from '../linux/kmalloc.js';
import type { page } from '../linux/mm.js';
import { contig_page_data } from '../linux/mmzone.js';
import { alloc_pages } from '../linux/page_alloc.js';
import { bootMemory } from '../linux/page_alloc_boot.js';
import { init_per_zone_pages_min } from '../linux/page_alloc_marks.js';
import { __free_pages } from '../linux/page_alloc_pcp.js';
import { kmem_cache_alloc, kmem_cache_free } from '../linux/slab_alloc.js';
import { kmem_cache_create, kmem_cache_init } from '../linux/slab_create.js';
import type { kmem_cache_t } from '../linux/slab_layout.js';
import { reboot } from '../sys/reboot.js';
import { fnv, fnvStart, type Bench, type Round } from './bench.js';
import { freeOrFill, type Requests } from './requests.js';

const SLOTS = 4096;
const OPERATIONS = 2_000_000;
const BURST = 2000;

/** Boots the machine, with its slab caches or without. */
function boot(caches: boolean): void {
  reboot();
  bootMemory({ zones: [4096, 61440, 0], reserved: [[0, 1], [256, 768]] });
  if (caches) kmem_cache_init();
  init_per_zone_pages_min();
}

/** By chance an order of 1 to 4, the small ones more often. */
function orders1to4(next: () => number): number {
  const r = next() & 15;
  if (r < 8) return 1;
  if (r < 12) return 2;
  return r < 14 ? 3 : 4;
}

function pageChurn({ slot, want }: Requests): Round {
  // Not in a bundle, an imported name is looked up at every use.
  const [take, give] = [alloc_pages, __free_pages];
  const blocks = new Array<page | null>(SLOTS).fill(null);
  const orders = new Int32Array(SLOTS);
  let sum = fnvStart;
  for (let i = 0; i < slot.length; i++) {
    const j = slot[i];
    const block = blocks[j];
    if (block !== null) {
      give(block, orders[j]);
      blocks[j] = null;
    } else {
      const taken = take(GFP_KERNEL, want[i])!;
      blocks[j] = taken;
      orders[j] = want[i];
      sum = fnv(sum, taken.pfn);
    }
  }
  return { ops: slot.length, checksum: sum >>> 0 };
}

/** Lets every zone count how often one of its lists is read. */
function watchLists(): () => number {
  let reads = 0;
  for (const z of contig_page_data.node_zones) {
    z.free_area = new Proxy(z.free_area, {
      get(areas, order) {
        reads++;
        return areas[Number(order)];
      },
    });
  }
  return () => reads;
}

function buddy(
  orders: '0' | '1-4',
  seed: number,
  order: (next: () => number) => number,
  checksum: number,
  steps: number,
): Bench {
  const requests = (operations: number) =>
    freeOrFill(seed, SLOTS, operations, order);
  return {
    name: `buddy-churn-${orders}`,
    what: `free a block of pages or allocate one, order ${orders}`,
    per: 'operation',
    repetitions: 4,
    checksum,
    steps,
    prepare() {
      const drawn = requests(OPERATIONS);
      boot(false);
      return () => pageChurn(drawn);
    },
    countSteps() {
      boot(false);
      const reads = watchLists();
      const { ops } = pageChurn(requests(200_000));
      return reads() / ops;
    },
  };
}

function bursts(cachep: kmem_cache_t, times: number): Round {
  const [take, give] = [kmem_cache_alloc, kmem_cache_free];
  const objects = new Float64Array(BURST);
  let sum = fnvStart;
  for (let n = 0; n < times; n++) {
    for (let i = 0; i < BURST; i++) {
      objects[i] = take(cachep, GFP_KERNEL);
      sum = fnv(sum, objects[i]);
    }
    for (let i = 0; i < BURST; i++) give(cachep, objects[i]);
  }
  return { ops: 2 * BURST * times, checksum: sum >>> 0 };
}

function kmallocChurn({ slot, want }: Requests): Round {
  const [take, give] = [kmalloc, kfree];
  const objects = new Float64Array(SLOTS);
  let sum = fnvStart;
  for (let i = 0; i < slot.length; i++) {
    const j = slot[i];
    if (objects[j] !== 0) {
      give(objects[j]);
      objects[j] = 0;
    } else {
      objects[j] = take(want[i], GFP_KERNEL);
      sum = fnv(sum, objects[j]);
    }
  }
  return { ops: slot.length, checksum: sum >>> 0 };
}

/** A workload on slabs, whose steps are the locks that it takes. */
function slabs(
  what: Pick<Bench, 'name' | 'what' | 'checksum' | 'steps'>,
  setUp: () => { caches: kmem_cache_t[]; timed: () => Round },
): Bench {
  const booted = () => {
    boot(true);
    return setUp();
  };
  return {
    ...what,
    per: 'operation',
    repetitions: 4,
    prepare: () => booted().timed,
    countSteps() {
      const { caches, timed } = booted();
      const taken = () =>
        caches.reduce((sum, { spinlock }) => sum + spinlock.taken, 0);
      const before = taken();
      const { ops } = timed();
      return (taken() - before) / ops;
    },
  };
}

export const linuxBenches: Bench[] = [
  slabs(
    {
      name: 'slab-burst2000',
      what: 'allocate 2000 objects of 128 bytes, free them in this order',
      checksum: 3202891973,
      steps: 0.065765,
    },
    () => {
      const cachep = kmem_cache_create('burst', 128)!;
      const times = OPERATIONS / (2 * BURST);
      return { caches: [cachep], timed: () => bursts(cachep, times) };
    },
  ),
  slabs(
    {
      name: 'kmalloc-churn',
      what: 'kfree a held slot of 4096 or kmalloc 1 to 1024 bytes into it',
      checksum: 2790334109,
      steps: 0.0015895,
    },
    () => {
      const requests = freeOrFill(
        777, SLOTS, OPERATIONS, (next) => 1 + (next() & 1023),
      );
      return {
        caches: malloc_sizes.map(({ cs_cachep }) => cs_cachep!),
        timed: () => kmallocChurn(requests),
      };
    },
  ),
  buddy('0', 4242, () => 0, 3840400779, 0.064035),
  buddy('1-4', 999, orders1to4, 2593396215, 2.48918),
];
