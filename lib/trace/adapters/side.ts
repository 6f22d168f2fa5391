// Seven systems side by side: what each occupies, and whom it locks out.
//
// The interface of all allocators asks what a request gets. To choose among
// systems two more questions matter: how much memory can nobody else have
// while it runs, and how often must a CPU take a lock that the others want?
// Idea: ask below the system, not in it. What it occupies is what has gone
// from its pool, whatever it is used for.
//
// 1. now() counts what the system needs itself: headers, descriptors,
//    free objects that it keeps. What it had at boot does not count.
// 2. A map, an arena and a buddy system keep their records elsewhere; these
//    do not count. A map or an arena occupies all up to its last piece.
// 3. locks() counts entries into locks that all CPUs share. V7's map and
//    Doug Lea's malloc have none; one lock a call is what Solaris 7 gave
//    the map, and what malloc's MALLOC_PREACTION is for. So it is counted.
//
// Only the system that was made last can be asked.
import { GFP_KERNEL } from '../../linux/gfp.js';
import { contig_page_data, ZONE_NORMAL } from '../../linux/mmzone.js';
import { nr_free_pages } from '../../linux/page_alloc.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../linux/slab_alloc.js';
import { kmem_cache_create } from '../../linux/slab_create.js';
import { cache_chain, type kmem_cache_t } from '../../linux/slab_layout.js';
import { caches } from '../../opensolaris/kmem_reap.js';
import { arenas } from '../../opensolaris/vmem_check.js';
import { reboot } from '../../sys/reboot.js';
import type { Allocator } from '../allocator.js';
import { inBytes } from '../bytes.js';
import { vmemArena } from './arena.js';
import { buddy } from './buddy.js';
import { dlHeap } from './heap.js';
import { kmallocAllocator } from './kmalloc.js';
import { kmemAllocator } from './kmembytes.js';
import { v7Map } from './maps.js';

/** An allocator of bytes that can be compared with the others. */
export interface Contender extends Allocator {
  now(): number; // bytes that nobody else can have
  peak(): number; // the most that ever was
  locks(): number; // entries into shared locks, so far
}

const PAGE = 4096; // bytes
const PAGES = 4096; // 16 MB
const UNIT = 16; // bytes of a map's unit, and an arena's quantum
const SLOTS = 5000; // of the map: more holes than this it cannot list

const sum = <T>(all: readonly T[], of: (one: T) => number): number =>
  all.reduce((total, one) => total + of(one), 0);

/** What is asked below a system. */
interface Below {
  occupied(): number; // bytes that have gone from the pool, with boot
  peak?(): number; // the most that ever was, if it knows
  entered?(): number; // entries into its locks; absent: one a call
}

/** Adds the answers to an allocator. */
function contender(
  name: string,
  allocator: Allocator,
  below: Below,
): Contender {
  let [calls, peak] = [0, 0];
  const { occupied, entered = () => calls } = below;
  const [atBoot, lockedAtBoot] = [occupied(), entered()];
  const now = (): number => occupied() - atBoot;
  return {
    ...allocator,
    name,
    alloc(size) {
      calls++;
      const addr = allocator.alloc(size);
      if (below.peak === undefined) peak = Math.max(peak, now());
      return addr;
    },
    free(addr, size) {
      calls++;
      allocator.free(addr, size);
    },
    now,
    peak: below.peak ?? (() => peak),
    locks: () => entered() - lockedAtBoot,
  };
}

/** Bytes up to the end of the last piece: what lies behind it is a hole. */
function toLastPiece({ range, holes }: Allocator): number {
  const [start, end] = range;
  const last = holes().at(-1);
  return (last?.end === end ? last.start : end) - start;
}

/** Bytes that have gone from the pages; a CPU's own lists are free, too. */
function pagesGone(): number {
  const { pageset } = contig_page_data.node_zones[ZONE_NORMAL];
  const waiting = sum(pageset[0].pcp, ({ count }) => count);
  return PAGE * (PAGES - nr_free_pages() - waiting);
}

/** Entries into the locks of all slab caches, and of the pages. */
const linuxLocks = (): number =>
  sum(cache_chain, ({ spinlock }) => spinlock.taken) +
  contig_page_data.node_zones[ZONE_NORMAL].lock.taken;

/** Entries into the locks of all arenas, and of all caches but the CPUs'. */
const solarisLocks = (): number =>
  sum(arenas(), ({ vm_lock }) => vm_lock.entered) +
  sum(caches(), ({ cache_lock, cache_depot_lock }) =>
    cache_lock.entered + cache_depot_lock.entered);

/** A Linux with a slab cache for each of these sizes, and for no other. */
function slabCaches(sizes: readonly number[]): Allocator {
  const kernel = kmallocAllocator(PAGES);
  const bySize = new Map(sizes.map((size) => [
    size,
    kmem_cache_create(`own-${size}`, size) as kmem_cache_t,
  ]));
  let looked = 0;
  return {
    ...kernel,
    alloc(size) {
      const cachep = bySize.get(size);
      if (cachep === undefined) return null;
      const [ac] = cachep.array;
      const before = ac!.avail;
      const addr = kmem_cache_alloc(cachep, GFP_KERNEL);
      looked = before > 0 ? 1 : 1 + ac!.avail;
      return addr || null;
    },
    free: (addr, size) => kmem_cache_free(bySize.get(size)!, addr),
    given: (_addr, size) => bySize.get(size)!.objsize,
    steps: () => looked,
  };
}

const ofPages: Below = { occupied: pagesGone, entered: linuxLocks };

/** What makes each of them. Slab caches have to be told all sizes. */
const makers = {
  map() {
    const map = inBytes(v7Map((PAGES * PAGE) / UNIT, 1, SLOTS), UNIT);
    const { taken: peak } = map;
    return contender('map', map, { occupied: () => toLastPiece(map), peak });
  },
  malloc() {
    const heap = dlHeap();
    const occupied = (): number => heap.av.brk - heap.range[0];
    return contender('malloc', heap, { occupied, peak: heap.taken });
  },
  buddy: () => contender('buddy', inBytes(buddy(PAGES), PAGE), ofPages),
  kmalloc: () => contender('kmalloc', kmallocAllocator(PAGES), ofPages),
  'slab caches': (sizes: readonly number[]) =>
    contender('slab caches', slabCaches(sizes), ofPages),
  KMEM() {
    const kmem = kmemAllocator();
    const { vm_kstat } = arenas().find(({ vm_name }) => vm_name === 'heap')!;
    return contender('KMEM', kmem, {
      occupied: () => vm_kstat.vk_mem_inuse,
      entered: solarisLocks,
    });
  },
  VMEM() {
    const units = PAGES * PAGE;
    const arena = vmemArena({ start: UNIT, units, quantum: UNIT });
    return contender('VMEM', arena, {
      occupied: () => toLastPiece(arena),
      peak: arena.taken,
      entered: solarisLocks,
    });
  },
};

export type System = keyof typeof makers;

export const contenders = Object.keys(makers) as System[];

/** Powers on, and makes one; sizes: all that will be asked for. */
export function contend(name: System, sizes: readonly number[]): Contender {
  reboot();
  return makers[name](sizes);
}
