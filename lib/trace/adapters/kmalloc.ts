// Linux' kmalloc, as an allocator like any other.
//
// A small kernel: pages of one zone, the slab caches, nobody else in them.
// It is a Keeper: an object is given out when its slab says that it is in
// use and it lies in no array. The kernel's own objects (arrays of the
// CPUs, descriptors of slabs) look the same; they are told apart by their
// addresses, and are neither held nor holes.
//
// Holes are of two kinds: free objects, and free blocks of pages. The
// blocks are put in order before the first request, the lowest first, so
// that `taken` says how far up memory was needed.
//
// The kernel's statics exist once. To make a second allocator is to boot
// the machine anew; the first is refused from then on.
import { __GFP_NORETRY, __GFP_NOWARN, GFP_KERNEL } from '../../linux/gfp.js';
import { kfree, kmalloc, ksize, malloc_sizes } from '../../linux/kmalloc.js';
import { PAGE_SIZE } from '../../linux/mm.js';
import { high_memory, mem_map, PAGE_OFFSET } from '../../linux/mmzone.js';
import { bootMemory } from '../../linux/page_alloc_boot.js';
import { kmem_cache_init } from '../../linux/slab_create.js';
import {
  type array_cache, cache_chain, CFLGS_OFF_SLAB, configure,
  type kmem_cache_t, type slab,
} from '../../linux/slab_layout.js';
import { chainOf, slabsOf } from '../../linux/slabcheck.js';
import type { FreeList, Keeper, Piece } from '../allocator.js';
import { lowestFirst, pageLists } from './zone.js';

/** Never waits for memory that nobody can free, and does not complain. */
const GFP = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;

const byStart = (a: Piece, b: Piece): number => a.start - b.start;

/** One object, from its address on. */
const object = ({ objsize }: kmem_cache_t, objp: number): Piece => ({
  start: objp,
  end: objp + objsize,
});

/** The free objects of slabs, slab by slab, as they would be taken. */
const onChains = (cachep: kmem_cache_t, slabs: slab[]): Piece[] =>
  slabs.flatMap((slabp) =>
    chainOf(slabp, cachep.num).map((i) =>
      object(cachep, slabp.s_mem + i * cachep.objsize),
    ),
  );

/** The array of the one CPU that there is. */
const arrayOf = ({ array }: kmem_cache_t): array_cache => array[0]!;

/** The objects in the CPU's array, the next one first. */
function inArray(cachep: kmem_cache_t): Piece[] {
  const { avail, entry } = arrayOf(cachep);
  const objects = Array.from(entry.subarray(0, avail)).reverse();
  return objects.map((objp) => object(cachep, objp));
}

/** The caches that requests are served from. */
const general = (): kmem_cache_t[] =>
  malloc_sizes.map(({ cs_cachep }) => cs_cachep!);

/** The free lists of a cache, in the order in which they are looked at. */
function listsOf(cachep: kmem_cache_t): FreeList[] {
  const { name, lists } = cachep;
  return [
    { name: `${name} array`, pieces: inArray(cachep) },
    {
      name: `${name} partial`,
      pieces: onChains(cachep, slabsOf(lists.slabs_partial)),
    },
    {
      name: `${name} free`,
      pieces: onChains(cachep, slabsOf(lists.slabs_free)),
    },
  ];
}

/** The free lists of the page allocator, in bytes. */
const pagesInBytes = (): FreeList[] =>
  pageLists().map(({ name, pieces }) => ({
    name: name === 'hot' ? 'hot pages' : name,
    pieces: pieces.map(({ start, end }) => ({
      start: PAGE_OFFSET + start * PAGE_SIZE,
      end: PAGE_OFFSET + end * PAGE_SIZE,
    })),
  }));

/** All slabs of a cache. */
const allSlabs = ({ lists }: kmem_cache_t): slab[] => [
  ...slabsOf(lists.slabs_full),
  ...slabsOf(lists.slabs_partial),
  ...slabsOf(lists.slabs_free),
];

/** Where the kernel keeps what it needs itself. */
function kernelsOwn(): Set<number> {
  const own = new Set<number>();
  for (const cachep of cache_chain) {
    for (const ac of [...cachep.array, cachep.lists.shared]) {
      if (ac) own.add(ac.addr);
    }
    if ((cachep.flags & CFLGS_OFF_SLAB) === 0) continue;
    for (const { addr } of allSlabs(cachep)) own.add(addr);
  }
  return own;
}

/** Objects of a cache in callers' hands. */
function heldOf(cachep: kmem_cache_t, own: Set<number>): Piece[] {
  const { num, objsize } = cachep;
  const waiting = new Set(inArray(cachep).map(({ start }) => start));
  return allSlabs(cachep).flatMap((slabp) => {
    const free = new Set(chainOf(slabp, num));
    const held: Piece[] = [];
    for (let i = 0; i < num; i++) {
      const objp = slabp.s_mem + i * objsize;
      if (free.has(i) || waiting.has(objp) || own.has(objp)) continue;
      held.push(object(cachep, objp));
    }
    return held;
  });
}

/** Objects that the next allocation of this size has to move or look at. */
function movedBy(size: number, f: () => number): number {
  const cachep = general().find(({ objsize }) => size <= objsize);
  if (cachep === undefined) return 0;
  const before = arrayOf(cachep).avail;
  if (f() === 0) return 0;
  return before > 0 ? 1 : 1 + arrayOf(cachep).avail;
}

/**
 * A machine of so many pages, a multiple of 1,024, all of them free but
 * for what kmem_cache_init takes.
 */
export function kmallocAllocator(pages = 4096): Keeper {
  if (!Number.isInteger(pages) || pages < 1024 || pages % 1024 !== 0) {
    throw new RangeError(
      `kmallocAllocator(${pages}): want a multiple of 1024 pages`,
    );
  }
  configure();
  bootMemory({ zones: [0, pages, 0] });
  lowestFirst(GFP);
  kmem_cache_init();
  const mine = mem_map;
  const start = PAGE_OFFSET;
  const end = high_memory;
  let highest = start;
  let looked = 0;

  /** @throws Error when this kernel is no longer there */
  const here = (): void => {
    if (mem_map === mine) return;
    throw new Error(
      'the machine was booted anew since this kmalloc was made: make another',
    );
  };
  const lists = (): FreeList[] => {
    here();
    return [...general().flatMap(listsOf), ...pagesInBytes()];
  };

  return {
    name: 'kmalloc',
    unit: 'bytes',
    range: [start, end],
    alloc(size) {
      here();
      let addr = 0;
      looked = movedBy(size, () => (addr = kmalloc(size, GFP)));
      if (addr === 0) return null;
      highest = Math.max(highest, addr + ksize(addr));
      return addr;
    },
    free(addr) {
      here();
      kfree(addr);
    },
    given: (addr) => ksize(addr),
    holes: () => lists().flatMap(({ pieces }) => pieces).sort(byStart),
    lists,
    held() {
      here();
      const own = kernelsOwn();
      return general().flatMap((cachep) => heldOf(cachep, own)).sort(byStart);
    },
    taken: () => highest - start,
    steps: () => looked,
  };
}
