// Are the slab caches whole? Their invariants, checked one by one.
//
// There is no such file in Linux: a production kernel notices a broken
// cache when it falls over it. Idea: what must hold stands in
// slab_layout.ts, with numbers, so a program can look at every slab and
// every array, and say which of them fails.
//
// 1. Each fault begins with the number of the invariant that is broken,
//    and names the cache.
// 2. Nothing is changed. A chain or a list is followed no further than it
//    can be long, so that a ring ends here too.
import { PAGE_SIZE, PageSlab } from './mm.js';
import { virt_to_page } from './mmzone.js';
import {
  type array_cache, BUFCTL_END, cache_chain, CFLGS_OFF_SLAB, GET_PAGE_CACHE,
  GET_PAGE_SLAB, type kmem_cache_t, type slab, slabOf,
} from './slab_layout.js';

/** More slabs than a list can have: then it is a ring without its head. */
const tooMany = 1 << 20;

/** The slabs of a list, first to last. */
export function slabsOf(head: slab): slab[] {
  const slabs: slab[] = [];
  for (let s = head.next; s !== head && slabs.length < tooMany; s = s.next) {
    slabs.push(s);
  }
  return slabs;
}

/** The objects on a slab's chain, in the order in which they are taken. */
export function chainOf({ free, bufctl }: slab, num: number): number[] {
  const chain: number[] = [];
  for (let i = free; i < num && chain.length <= num; i = bufctl[i]) {
    chain.push(i);
  }
  return chain;
}

/** What is wrong with one cache. */
class Inspection {
  readonly faults: string[] = [];
  private readonly free = new Set<number>(); // objects on chains
  private readonly slabs = new Set<slab>();
  private free_objects = 0;

  constructor(private readonly cachep: kmem_cache_t) {}

  private fault(number: number, text: string): void {
    this.faults.push(`${number}: ${this.cachep.name}: ${text}`);
  }

  /** A list, and whether a slab with so many objects in use belongs there. */
  list(name: string, head: slab, belongs: (inuse: number) => boolean): void {
    for (const slabp of slabsOf(head)) {
      const { inuse, s_mem } = slabp;
      const where = `the slab with s_mem 0x${s_mem.toString(16)}`;
      if (!belongs(inuse)) {
        this.fault(1, `${where}, ${inuse} in use, is in ${name}`);
      }
      if (slabp.next.prev !== slabp || slabp.prev.next !== slabp) {
        this.fault(1, `${where} is badly linked in ${name}`);
      }
      this.slabs.add(slabp);
      this.chain(slabp, where);
      this.place(slabp, where);
    }
  }

  private chain(slabp: slab, where: string): void {
    const { num, objsize } = this.cachep;
    const chain = chainOf(slabp, num);
    this.free_objects += num - slabp.inuse;
    for (const i of chain) this.free.add(slabp.s_mem + i * objsize);
    const last = chain.length === 0 ? slabp.free : slabp.bufctl[chain.at(-1)!];
    if (chain.length !== num - slabp.inuse || last !== BUFCTL_END) {
      const count = `${chain.length} on the chain, ${slabp.inuse} in use`;
      this.fault(2, `${where} has ${num} objects: ${count}`);
    }
    if (new Set(chain).size !== chain.length) {
      this.fault(2, `${where} has an object on its chain twice`);
    }
  }

  /** Layout, and the pages. */
  private place(slabp: slab, where: string): void {
    const { num, objsize, gfporder, flags, slab_size } = this.cachep;
    const start = slabp.s_mem - slabp.colouroff;
    const end = start + PAGE_SIZE * 2 ** gfporder;
    const least = (flags & CFLGS_OFF_SLAB) === 0 ? slab_size : 0;
    if (slabp.colouroff < least || slabp.s_mem + num * objsize > end) {
      this.fault(6, `${where} has an object outside its pages`);
    }
    for (let addr = start; addr < end; addr += PAGE_SIZE) {
      const pg = virt_to_page(addr);
      const mine = GET_PAGE_CACHE(pg) === this.cachep;
      if (!PageSlab(pg) || !mine || GET_PAGE_SLAB(pg) !== slabp) {
        this.fault(7, `page ${pg.pfn} does not know ${where}`);
      }
    }
  }

  counts(): void {
    const { free_objects } = this.cachep.lists;
    if (free_objects !== this.free_objects) {
      const count = `the slabs have ${this.free_objects}`;
      this.fault(3, `free_objects is ${free_objects}; ${count}`);
    }
  }

  /** The arrays: what is in them must be in use, and in them once. */
  arrays(arrays: readonly (array_cache | null)[]): void {
    const seen = new Set<number>();
    for (const ac of arrays) {
      if (ac === null) continue;
      if (ac.avail < 0 || ac.avail > ac.limit) {
        this.fault(5, `an array has ${ac.avail} of ${ac.limit} entries`);
      }
      for (const objp of ac.entry.subarray(0, ac.avail)) {
        this.entry(objp, seen);
        seen.add(objp);
      }
    }
  }

  private entry(objp: number, seen: Set<number>): void {
    const { num, objsize } = this.cachep;
    const object = `object 0x${objp.toString(16)}`;
    const slabp = slabOf(objp);
    const i = slabp === null ? -1 : (objp - slabp.s_mem) / objsize;
    if (slabp === null || !this.slabs.has(slabp)) {
      this.fault(4, `${object} is in an array, and in no slab of the cache`);
    } else if (!Number.isInteger(i) || i < 0 || i >= num) {
      this.fault(4, `an array has 0x${objp.toString(16)}: no object`);
    } else if (this.free.has(objp)) {
      this.fault(4, `${object} is in an array and on its slab's chain`);
    }
    if (seen.has(objp)) this.fault(4, `${object} is in arrays twice`);
  }
}

/** Which invariants does this cache break? */
export function checkCache(cachep: kmem_cache_t): string[] {
  const { lists, num, array } = cachep;
  const inspection = new Inspection(cachep);
  inspection.list('slabs_full', lists.slabs_full, (inuse) => inuse === num);
  inspection.list(
    'slabs_partial', lists.slabs_partial, (inuse) => inuse > 0 && inuse < num,
  );
  inspection.list('slabs_free', lists.slabs_free, (inuse) => inuse === 0);
  inspection.counts();
  inspection.arrays([...array, lists.shared]);
  return inspection.faults;
}

/** Which invariants does any cache break? */
export const checkCaches = (): string[] => cache_chain.flatMap(checkCache);
