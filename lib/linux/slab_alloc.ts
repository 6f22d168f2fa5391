// Slabs: growing a cache, taking an object, giving it back.
//
// Follows Linux 2.6.11 mm/slab.c, from kmem_getpages to kmem_cache_free.
// Three layers: each CPU's own array of objects; the array that all CPUs
// share; the slabs, under a lock. Idea to carry away: objects travel
// between the layers in batches, so the lock is taken once for many, and
// what was freed last is given out next, while the CPU's cache has it.
//
//   alloc: array -> (empty) shared -> (empty) slabs -> (none free) grow
//   free:  array -> (full) shared -> (full) slabs -> (too many free) pages
//
// It is one file because it is one circle: a slab's descriptor may come
// from another cache, so growing may allocate, and allocating may grow.
// Invariants 1 to 7 of slab_layout.ts hold before and after every call.
//
// Left out: shutting interrupts out while an array is worked on (none comes
// here); NUMA nodes; the wait for readers of SLAB_DESTROY_BY_RCU.
import { CPU } from '../sys/cpu.js';
import { panic } from '../sys/panic.js';
import { onReboot } from '../sys/reboot.js';
import {
  __GFP_DMA, __GFP_NO_GROW, __GFP_WAIT, GFP_LEVEL_MASK,
} from './gfp.js';
import { shortsAt } from './memory.js';
import { PageSlab, PG_slab } from './mm.js';
import {
  mem_map, page_address, page_state, virt_to_page,
} from './mmzone.js';
import { alloc_pages, free_pages } from './page_alloc.js';
import { BUG, might_sleep, spin_lock, spin_unlock } from './sched.js';
import {
  cache_alloc_debugcheck_after, cache_free_debugcheck, check_slabp,
  checkConstructed, checkDestroyed, doubleFree, kmem_flagcheck,
} from './slab_debug.js';
import { frame } from './slab_frame.js';
import {
  type array_cache, BUFCTL_END, BUFCTL_FREE, CFLGS_OFF_SLAB, DEBUG,
  type kmem_cache_t, type kmem_list3, list_add, list_add_tail, list_del,
  list_empty, SET_PAGE_CACHE, SET_PAGE_SLAB, sizeofSlab, slab,
  SLAB_CTOR_ATOMIC, SLAB_CTOR_CONSTRUCTOR, SLAB_POISON, SLAB_RECLAIM_ACCOUNT,
  slabOf, watch,
} from './slab_layout.js';

/** An array that was not used since the last reap gets this many at most. */
export const BATCHREFILL_LIMIT = 16;

/** Pages in slabs of caches with SLAB_RECLAIM_ACCOUNT: could be freed. */
export let slab_reclaim_pages = 0;

onReboot(() => {
  slab_reclaim_pages = 0;
});

/** This CPU's array. @internal static in slab.c */
export const ac_data = (cachep: kmem_cache_t): array_cache =>
  cachep.array[CPU.cpu_seqid]!;

const offSlab = (cachep: kmem_cache_t): boolean =>
  (cachep.flags & CFLGS_OFF_SLAB) !== 0;

/** Takes a run of pages for a slab. @returns its address, or 0 */
function kmem_getpages(cachep: kmem_cache_t, flags: number): number {
  const first = alloc_pages(flags | cachep.gfpflags, cachep.gfporder);
  if (first === null) return 0;
  const addr = page_address(first);
  const n = 1 << cachep.gfporder;
  if ((cachep.flags & SLAB_RECLAIM_ACCOUNT) !== 0) slab_reclaim_pages += n;
  page_state.nr_slab += n;
  for (let i = 0; i < n; i++) mem_map[first.pfn + i].flags |= 1 << PG_slab;
  watch.getpages?.(cachep, addr);
  return addr;
}

/** Gives a run of pages back. */
function kmem_freepages(cachep: kmem_cache_t, addr: number): void {
  watch.freepages?.(cachep, addr);
  const { pfn } = virt_to_page(addr);
  const n = 1 << cachep.gfporder;
  for (let i = 0; i < n; i++) {
    const pg = mem_map[pfn + i];
    if (!PageSlab(pg)) {
      const call = `kmem_freepages(${cachep.name})`;
      BUG('mm/slab.c:926', '!TestClearPageSlab(page)', { call, addr });
    }
    // In C the two are the page's list pointers, and lost from here on.
    pg.flags &= ~(1 << PG_slab);
    SET_PAGE_CACHE(pg, null);
    SET_PAGE_SLAB(pg, null);
  }
  page_state.nr_slab -= n;
  free_pages(addr, cachep.gfporder);
  if ((cachep.flags & SLAB_RECLAIM_ACCOUNT) !== 0) slab_reclaim_pages -= n;
}

/**
 * Destructs the objects of a slab that is on no list; frees its pages.
 * @internal static in slab.c
 */
export function slab_destroy(cachep: kmem_cache_t, slabp: slab): void {
  const addr = slabp.s_mem - slabp.colouroff;
  const { num, objsize, dtor } = cachep;
  // Objects that are poisoned when free were destructed when freed.
  const destruct = dtor !== null && (cachep.flags & SLAB_POISON) === 0;
  for (let i = 0; i < num && (DEBUG || destruct); i++) {
    const objp = slabp.s_mem + i * objsize;
    if (DEBUG) checkDestroyed(cachep, objp);
    if (destruct) dtor(objp + cachep.dbghead, cachep, 0);
  }
  kmem_freepages(cachep, addr);
  if (offSlab(cachep)) kmem_cache_free(cachep.slabp_cache!, slabp.addr);
}

/**
 * Finds room for the descriptor of the slab at objp: in the slab, behind
 * the colour, or in a general cache.
 * @returns the descriptor, or null when the general cache has none
 */
function alloc_slabmgmt(
  cachep: kmem_cache_t,
  objp: number,
  colour_off: number,
  local_flags: number,
): slab | null {
  let addr = objp + colour_off;
  if (offSlab(cachep)) {
    addr = kmem_cache_alloc(cachep.slabp_cache!, local_flags);
    if (addr === 0) return null;
  } else {
    colour_off += cachep.slab_size;
  }
  // A debugging kernel has the bufctls in memory, where a stray write can
  // hit them.
  const bufctl = DEBUG
    ? shortsAt(addr + sizeofSlab, cachep.num)
    : new Uint16Array(cachep.num);
  const slabp = new slab(bufctl);
  slabp.colouroff = colour_off;
  slabp.s_mem = objp + colour_off;
  slabp.addr = addr;
  return slabp;
}

/** Constructs all objects of a new slab, and chains them in order. */
function cache_init_objs(
  cachep: kmem_cache_t,
  slabp: slab,
  ctor_flags: number,
): void {
  const { num, objsize, ctor } = cachep;
  const { bufctl, s_mem } = slabp;
  // Objects that are poisoned when free are constructed when given out.
  const construct = ctor !== null && (cachep.flags & SLAB_POISON) === 0;
  for (let i = 0; i < num; i++) {
    const objp = s_mem + i * objsize;
    if (DEBUG) frame(cachep, objp);
    if (construct) ctor(objp + cachep.dbghead, cachep, ctor_flags);
    if (DEBUG) checkConstructed(cachep, objp);
    bufctl[i] = i + 1;
  }
  bufctl[num - 1] = BUFCTL_END;
  slabp.free = 0;
}

/** Lets every page of the run know its cache and its slab (7). */
function set_slab_attr(cachep: kmem_cache_t, slabp: slab, objp: number): void {
  const { pfn } = virt_to_page(objp);
  for (let i = 0; i < 1 << cachep.gfporder; i++) {
    const pg = mem_map[pfn + i];
    SET_PAGE_CACHE(pg, cachep);
    SET_PAGE_SLAB(pg, slabp);
  }
}

/** The offset of the next slab's descriptor. The colours take turns. */
function nextColour(cachep: kmem_cache_t): number {
  const offset = cachep.colour_next * cachep.colour_off;
  cachep.colour_next++;
  if (cachep.colour_next >= cachep.colour) cachep.colour_next = 0;
  return offset;
}

/**
 * Adds a slab to the cache, all of it free. It may sleep if flags say so.
 * @returns whether there is one more slab
 * @throws Panic BUG for a mask that no slab may be asked with, or one that
 *   is for DMA when the cache is not, and the other way round
 */
function cache_grow(cachep: kmem_cache_t, flags: number): boolean {
  // Here and not at the start of every allocation: it is the rare case.
  const known = __GFP_DMA | GFP_LEVEL_MASK | __GFP_NO_GROW;
  if ((flags & ~known) !== 0) {
    const call = `cache_grow(${cachep.name}, 0x${flags.toString(16)})`;
    const check = 'flags & ~(SLAB_DMA|SLAB_LEVEL_MASK|SLAB_NO_GROW)';
    BUG('mm/slab.c:1792', check, { call });
  }
  if ((flags & __GFP_NO_GROW) !== 0) return false;

  // A constructor must know that it may not sleep.
  const local_flags = flags & GFP_LEVEL_MASK;
  const atomic = (local_flags & __GFP_WAIT) === 0 ? SLAB_CTOR_ATOMIC : 0;

  spin_lock(cachep.spinlock);
  const offset = nextColour(cachep);
  spin_unlock(cachep.spinlock);
  kmem_flagcheck(cachep, flags);

  const objp = kmem_getpages(cachep, flags);
  if (objp === 0) return false;
  const slabp = alloc_slabmgmt(cachep, objp, offset, local_flags);
  if (slabp === null) {
    kmem_freepages(cachep, objp);
    return false;
  }
  set_slab_attr(cachep, slabp, objp);
  cache_init_objs(cachep, slabp, SLAB_CTOR_CONSTRUCTOR | atomic);

  // From here on others can see it.
  spin_lock(cachep.spinlock);
  list_add_tail(slabp, cachep.lists.slabs_free);
  if (DEBUG) cachep.grown++;
  cachep.lists.free_objects += cachep.num;
  spin_unlock(cachep.spinlock);
  return true;
}

/** The slab that the next object comes from, or null when all are full. */
function slabWithRoom(l3: kmem_list3): slab | null {
  if (!list_empty(l3.slabs_partial)) return l3.slabs_partial.next;
  l3.free_touched = 1;
  return list_empty(l3.slabs_free) ? null : l3.slabs_free.next;
}

/** Moves objects from a slab's chain to an array. @returns how many */
function take(
  cachep: kmem_cache_t,
  slabp: slab,
  ac: array_cache,
  batchcount: number,
): number {
  const { num, objsize } = cachep;
  const { s_mem, bufctl } = slabp;
  let taken = 0;
  while (slabp.inuse < num && taken < batchcount) {
    const objnr = slabp.free;
    ac.entry[ac.avail++] = s_mem + objnr * objsize;
    slabp.inuse++;
    slabp.free = bufctl[objnr];
    if (DEBUG) bufctl[objnr] = BUFCTL_FREE;
    taken++;
  }
  return taken;
}

/** Fills an empty array from the slabs, as far as they have objects. */
function takeFromSlabs(
  cachep: kmem_cache_t,
  ac: array_cache,
  batchcount: number,
): void {
  const l3 = cachep.lists;
  while (batchcount > 0) {
    const slabp = slabWithRoom(l3);
    if (slabp === null) break;
    if (DEBUG) check_slabp(cachep, slabp);
    const taken = take(cachep, slabp, ac, batchcount);
    if (taken === 0) goesRound(cachep);
    if (DEBUG) {
      countAllocations(cachep, taken);
      check_slabp(cachep, slabp);
    }
    batchcount -= taken;

    // First of its list, so that it is taken from until it is full.
    list_del(slabp);
    const full = slabp.free === BUFCTL_END;
    list_add(slabp, full ? l3.slabs_full : l3.slabs_partial);
  }
  l3.free_objects -= ac.avail;
}

/** A slab that is listed as having room, and has none: 1 is broken. */
function goesRound(cachep: kmem_cache_t): never {
  const call = `cache_alloc_refill(${cachep.name})`;
  const text = 'a slab with nothing to give: the loop would never end';
  return panic(text, { call });
}

function countAllocations(cachep: kmem_cache_t, n: number): void {
  cachep.num_allocations += n;
  cachep.num_active += n;
  cachep.high_mark = Math.max(cachep.high_mark, cachep.num_active);
}

/** Fills an empty array from the top of the shared one; the order stays. */
function takeShared(
  ac: array_cache,
  shared: array_cache,
  batchcount: number,
): void {
  const n = Math.min(batchcount, shared.avail);
  shared.avail -= n;
  for (let i = 0; i < n; i++) ac.entry[i] = shared.entry[shared.avail + i];
  ac.avail = n;
  shared.touched = 1;
}

/**
 * This CPU has no object left: fetches some, and gives out the last one.
 * @returns the object, or 0 when the cache cannot grow
 */
function cache_alloc_refill(cachep: kmem_cache_t, flags: number): number {
  for (;;) {
    let ac = ac_data(cachep);
    if (ac.avail > 0) {
      const call = `cache_alloc_refill(${cachep.name})`;
      BUG('mm/slab.c:2002', 'ac->avail > 0', { call });
    }

    // After a quiet time a whole batch would only have to go back.
    let { batchcount } = ac;
    if (ac.touched === 0) batchcount = Math.min(batchcount, BATCHREFILL_LIMIT);

    spin_lock(cachep.spinlock);
    const { shared } = cachep.lists;
    if (shared !== null && shared.avail > 0) takeShared(ac, shared, batchcount);
    else takeFromSlabs(cachep, ac, batchcount);
    spin_unlock(cachep.spinlock);

    if (ac.avail === 0) {
      const grown = cache_grow(cachep, flags);
      // It may have slept, and woken on another CPU, where there are some.
      ac = ac_data(cachep);
      if (ac.avail === 0) {
        if (!grown) return 0;
        continue;
      }
    }
    ac.touched = 1;
    return ac.entry[--ac.avail];
  }
}

/** Takes an object, without the checks of a debugging kernel. */
function __cache_alloc(cachep: kmem_cache_t, flags: number): number {
  const ac = ac_data(cachep);
  if (ac.avail === 0) return cache_alloc_refill(cachep, flags);
  ac.touched = 1;
  return ac.entry[--ac.avail];
}

/** Takes an object as a debugging kernel does. */
function allocAndCheck(cachep: kmem_cache_t, flags: number): number {
  kmem_flagcheck(cachep, flags);
  if (ac_data(cachep).avail > 0) cachep.allochit++;
  else cachep.allocmiss++;
  const objp = __cache_alloc(cachep, flags);
  return cache_alloc_debugcheck_after(cachep, flags, objp);
}

/**
 * Allocates an object of the cache. flags matter when the cache must grow.
 * @returns its address, or 0 when there is no memory
 * @throws Panic BUG for flags that cache_grow does not take
 * @see Linux 2.6.11 mm/slab.c, kmem_cache_alloc
 */
export function kmem_cache_alloc(cachep: kmem_cache_t, flags: number): number {
  if ((flags & __GFP_WAIT) !== 0) might_sleep('mm/slab.c:2082');
  return DEBUG ? allocAndCheck(cachep, flags) : __cache_alloc(cachep, flags);
}

/** Puts one object back on its slab's chain, first. */
function putBack(cachep: kmem_cache_t, slabp: slab, objp: number): void {
  const objnr = Math.floor((objp - slabp.s_mem) / cachep.objsize);
  if (DEBUG) {
    check_slabp(cachep, slabp);
    if (slabp.bufctl[objnr] !== BUFCTL_FREE) doubleFree(cachep, objp);
    cachep.num_active--;
  }
  slabp.bufctl[objnr] = slabp.free;
  slabp.free = objnr;
  slabp.inuse = (slabp.inuse - 1) >>> 0; // unsigned: 0 - 1 is a lot
  if (DEBUG) check_slabp(cachep, slabp);
}

/** What the original would take for a slab here is none. */
function noObject(cachep: kmem_cache_t, objp: number): never {
  const call = `free_block(${cachep.name})`;
  const text = 'Oops: an address that is in no slab';
  return panic(text, { call, objp_addr: objp });
}

/**
 * Gives nr_objects objects of objpp back to their slabs. A slab that has
 * become free goes to the page allocator if the cache has enough.
 * @internal static in slab.c
 */
export function free_block(
  cachep: kmem_cache_t,
  objpp: Float64Array,
  nr_objects: number,
): void {
  const l3 = cachep.lists;
  l3.free_objects += nr_objects;
  for (let i = 0; i < nr_objects; i++) {
    const objp = objpp[i];
    const slabp = slabOf(objp);
    if (slabp === null) noObject(cachep, objp);
    list_del(slabp);
    putBack(cachep, slabp, objp);

    if (slabp.inuse !== 0) {
      // Last of its list: that gives its other objects the longest time
      // to come back too, before it is allocated from again.
      list_add_tail(slabp, l3.slabs_partial);
    } else if (l3.free_objects > cachep.free_limit) {
      l3.free_objects -= cachep.num;
      slab_destroy(cachep, slabp);
    } else {
      list_add(slabp, l3.slabs_free);
    }
  }
}

/** Drops the n oldest objects of an array; the others move down. */
export function dropOldest(ac: array_cache, n: number): void {
  ac.avail -= n;
  ac.entry.copyWithin(0, n, n + ac.avail);
}

/** Slabs on slabs_free; a debugging kernel notes the most there ever were. */
function countFreeable(cachep: kmem_cache_t): void {
  const { slabs_free } = cachep.lists;
  let i = 0;
  for (let s = slabs_free.next; s !== slabs_free; s = s.next) i++;
  cachep.max_freeable = Math.max(cachep.max_freeable, i);
}

/** This CPU's array is full: a batch, the oldest, goes one layer down. */
function cache_flusharray(cachep: kmem_cache_t, ac: array_cache): void {
  let { batchcount } = ac;
  spin_lock(cachep.spinlock);
  const { shared } = cachep.lists;
  const max = shared === null ? 0 : shared.limit - shared.avail;
  if (max > 0) {
    batchcount = Math.min(batchcount, max);
    for (let i = 0; i < batchcount; i++) {
      shared!.entry[shared!.avail++] = ac.entry[i];
    }
  } else {
    free_block(cachep, ac.entry, batchcount);
  }
  if (DEBUG) countFreeable(cachep);
  spin_unlock(cachep.spinlock);
  dropOldest(ac, batchcount);
}

/** Gives an object back; its state must be the constructed one. */
function __cache_free(cachep: kmem_cache_t, objp: number): void {
  const ac = ac_data(cachep);
  if (ac.avail >= ac.limit) cache_flusharray(cachep, ac);
  ac.entry[ac.avail++] = objp;
}

/** Gives an object back as a debugging kernel does. */
function checkAndFree(cachep: kmem_cache_t, objp: number): void {
  const checked = cache_free_debugcheck(cachep, objp);
  const ac = ac_data(cachep);
  if (ac.avail < ac.limit) cachep.freehit++;
  else cachep.freemiss++;
  __cache_free(cachep, checked);
}

/**
 * Frees an object of the cache. Nothing is checked, unless the kernel is
 * a debugging one.
 * @see Linux 2.6.11 mm/slab.c, kmem_cache_free
 */
export function kmem_cache_free(cachep: kmem_cache_t, objp: number): void {
  if (DEBUG) checkAndFree(cachep, objp);
  else __cache_free(cachep, objp);
}
