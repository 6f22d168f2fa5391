// Slabs: what a cache of objects is made of, and how many fit into a slab.
//
// Follows Linux 2.6.11 mm/slab.c and include/linux/slab.h (Mark Hemment
// 1996, Manfred Spraul 2000; the idea is Jeff Bonwick's, 1994). A cache
// gives out objects of one size. It takes memory from the page allocator
// in runs of 2^gfporder pages, and a run, once cut up, is a slab. Idea to
// carry away: a slab's free objects are a list, but the list is kept
// beside the objects, as indexes in an array of 16-bit numbers. A free
// object is not touched, so what its constructor built survives.
//
// A slab is the run [addr, addr + PAGE_SIZE * 2^gfporder), cut into
//
//   colour | descriptor, bufctl[num] | object 0 .. object num - 1 | rest
//
// with the descriptor elsewhere (off slab) when objects are large.
//
// 1. slabs_full holds slabs with inuse = num, slabs_free those with 0,
//    slabs_partial all others.
// 2. From `free` along bufctl to BUFCTL_END there are num - inuse objects
//    of the slab, none of them twice.
// 3. free_objects is the sum of num - inuse over the cache's slabs.
// 4. What lies in an array_cache is in use for its slab: it is on no
//    chain, and it lies in one array, once.
// 5. 0 <= avail <= limit in every array_cache.
// 6. Object i is [s_mem + i * objsize, s_mem + (i + 1) * objsize), inside
//    the run; s_mem lies colouroff above the run's start.
// 7. Every page of the run names the cache and the slab, and is PG_slab.
//
// The callers keep 4: an object freed twice breaks it, and nothing here
// notices unless CONFIG_DEBUG_SLAB is on (slab_debug.ts).
//
// Left out: NUMA; CPUs that come and go (cpuup_callback); the wait for
// readers that SLAB_DESTROY_BY_RCU asks for; memory that descriptors and
// arrays occupy: it is allocated, at the original's addresses, but their
// fields live in objects of ours.
import { max_ncpus } from '../sys/cpu.js';
import { onReboot } from '../sys/reboot.js';
import { type page, PAGE_SIZE } from './mm.js';
import { virt_to_page } from './mmzone.js';
import { spinlock_t } from './sched.js';

// What kmem_cache_create can be asked for.
export const SLAB_DEBUG_INITIAL = 0x00000200; // call the ctor to verify
export const SLAB_RED_ZONE = 0x00000400; // guard words around objects
export const SLAB_POISON = 0x00000800; // fill objects that are free
export const SLAB_NO_REAP = 0x00001000; // cache_reap leaves it alone
export const SLAB_HWCACHE_ALIGN = 0x00002000; // align to cache lines
export const SLAB_CACHE_DMA = 0x00004000; // pages from zone DMA
export const SLAB_MUST_HWCACHE_ALIGN = 0x00008000; // accepted, no effect
export const SLAB_STORE_USER = 0x00010000; // remember the last caller
export const SLAB_RECLAIM_ACCOUNT = 0x00020000; // pages count as freeable
export const SLAB_PANIC = 0x00040000; // no cache, no kernel
export const SLAB_DESTROY_BY_RCU = 0x00080000; // pages outlive their slab
/** Internal: the descriptors of this cache's slabs lie in another cache. */
export const CFLGS_OFF_SLAB = 0x80000000;

// What a constructor is told.
export const SLAB_CTOR_CONSTRUCTOR = 1; // else it is a destructor's call
export const SLAB_CTOR_ATOMIC = 2; // it must not sleep
export const SLAB_CTOR_VERIFY = 4; // it is to check, not to build

// The chain of free objects: indexes of 16 bits, so these three are taken.
export const BUFCTL_END = 0xffff; // no object follows
export const BUFCTL_FREE = 0xfffe; // handed out; set by a debugging kernel
export const SLAB_LIMIT = 0xfffd; // objects in a slab, at most

/** Pages of the largest object, as an order, and of the largest slab. */
export const MAX_OBJ_ORDER = 5;
export const MAX_GFP_ORDER = 5;

/** What the kernel was compiled for; in C these are constants. */
export interface Build {
  BITS_PER_LONG: 32 | 64;
  L1_CACHE_BYTES: number; // of a cache line: a power of two
  CONFIG_DEBUG_SLAB: boolean; // DEBUG, STATS and FORCED_DEBUG of mm/slab.c
}

/** A Pentium III: what the course uses if nothing else is said. */
export const i386: Readonly<Build> = {
  BITS_PER_LONG: 32,
  L1_CACHE_BYTES: 32,
  CONFIG_DEBUG_SLAB: false,
};

export let L1_CACHE_BYTES = 0;
export let BYTES_PER_WORD = 0;
export let DEBUG = false;

/** A kernel for more than one CPU: it has locks, and shared arrays. */
export const CONFIG_SMP = (): boolean => max_ncpus > 1;

// Bytes that the original's structures take.
export const sizeofBufctl = 2;
export const sizeofArrayCache = 16; // without its entries
export let sizeofSlab = 0;

/** The least multiple of a >= x; a is a power of two. */
export const ALIGN = (x: number, a: number): number => (x + a - 1) & ~(a - 1);

/** Compiles the kernel anew. Has to be done before kmem_cache_init. */
export function configure(build: Partial<Build> = {}): void {
  const full = { ...i386, ...build };
  BYTES_PER_WORD = full.BITS_PER_LONG / 8;
  L1_CACHE_BYTES = full.L1_CACHE_BYTES;
  DEBUG = full.CONFIG_DEBUG_SLAB;
  // list.next, list.prev, colouroff, s_mem; inuse: 4 bytes; free: 2.
  sizeofSlab = ALIGN(4 * BYTES_PER_WORD + 6, BYTES_PER_WORD);
}

/** A cache's descriptor: the pointers to arrays make it grow with CPUs. */
export function sizeofCache(): number {
  // Counters are 8 words and 4 ints, dbghead and reallen 2 ints. A lock is
  // an int, or nothing when there is nobody to lock out.
  const words = max_ncpus + 16 + (DEBUG ? 8 : 0);
  const ints = 13 + (DEBUG ? 6 : 0) + (CONFIG_SMP() || DEBUG ? 1 : 0);
  // Where words have 8 bytes, the int before next_reap leaves a gap.
  const gap = BYTES_PER_WORD === 8 ? 4 : 0;
  return ALIGN(words * BYTES_PER_WORD + ints * 4 + gap, BYTES_PER_WORD);
}

/** A slab's descriptor, and the head of a list of them: one shape. */
export class slab {
  next: slab = this; // struct list_head list
  prev: slab = this;
  colouroff = 0; // from the start of the run to the first object
  s_mem = 0; // the first object
  inuse = 0; // objects not on the chain
  free = 0; // where the chain starts
  bufctl: Uint16Array; // bufctl[i]: the free object after object i
  addr = 0; // ours: where the descriptor lies

  constructor(bufctl: Uint16Array) {
    this.bufctl = bufctl;
  }
}

const noBufctl = new Uint16Array(0);

/** Puts entry behind head: first of the list. */
export function list_add(entry: slab, head: slab): void {
  const { next } = head;
  entry.next = next;
  entry.prev = head;
  next.prev = entry;
  head.next = entry;
}

/** Puts entry before head: last of the list. */
export function list_add_tail(entry: slab, head: slab): void {
  list_add(entry, head.prev);
}

/** Takes entry out of the list that it is in. */
export function list_del(entry: slab): void {
  entry.next.prev = entry.prev;
  entry.prev.next = entry.next;
}

export const list_empty = (head: slab): boolean => head.next === head;

/** Objects at hand, the last one next: one CPU's, or all CPUs' (shared). */
export class array_cache {
  avail = 0; // entry[0 .. avail - 1] are objects
  touched = 0; // has been used since the last reap
  entry: Float64Array; // addresses; in C they follow the struct

  /**
   * @param limit      entries
   * @param batchcount how many come or go at once
   * @param addr       ours: where it lies
   */
  constructor(
    readonly limit: number,
    readonly batchcount: number,
    readonly addr: number,
  ) {
    this.entry = new Float64Array(limit);
  }
}

/** The slabs of a cache, by how full they are. */
export class kmem_list3 {
  slabs_partial = new slab(noBufctl);
  slabs_full = new slab(noBufctl);
  slabs_free = new slab(noBufctl);
  free_objects = 0; // on the chains of all slabs
  free_touched = 0; // slabs_free was needed since the last reap
  next_reap = 0; // the tick from which slabs_free may be reaped
  shared: array_cache | null = null;

  /** @param addr ours: where it lies; the heads are what it begins with */
  constructor(addr: number) {
    this.slabs_partial.addr = addr;
    this.slabs_full.addr = addr + 2 * BYTES_PER_WORD;
    this.slabs_free.addr = addr + 4 * BYTES_PER_WORD;
  }
}

/** A constructor or destructor: gets the object, its cache, the reason. */
export type Ctor = (
  objp: number,
  cachep: kmem_cache_t,
  flags: number,
) => void;

/** A cache: objects of one size. */
export class kmem_cache_t {
  array: (array_cache | null)[] = []; // one for each CPU
  batchcount = 0; // of each CPU's array
  limit = 0;
  lists: kmem_list3;
  objsize = 0; // from one object to the next
  flags = 0;
  num = 0; // objects in a slab
  free_limit = 0; // more free objects than this: give slabs back
  spinlock: spinlock_t; // guards lists, and the arrays' changing
  gfporder = 0; // a slab is 2^gfporder pages
  gfpflags = 0; // added to every request for pages
  colour = 0; // colours: offsets that a slab may start with
  colour_off = 0; // from one colour to the next
  colour_next = 0; // the next slab's
  slabp_cache: kmem_cache_t | null = null; // where descriptors come from
  slab_size = 0; // descriptor and bufctls
  ctor: Ctor | null = null;
  dtor: Ctor | null = null;

  // Counted by a debugging kernel only (STATS).
  num_active = 0;
  num_allocations = 0;
  high_mark = 0;
  grown = 0;
  reaped = 0;
  errors = 0;
  max_freeable = 0;
  node_allocs = 0;
  allochit = 0;
  allocmiss = 0;
  freehit = 0;
  freemiss = 0;

  // A debugging kernel: the object proper is [dbghead, dbghead + reallen)
  // of its objsize bytes.
  dbghead = 0;
  reallen = 0;

  /** @param addr ours: where the descriptor lies */
  constructor(
    readonly name: string,
    readonly addr: number,
  ) {
    // In front of it: array, batchcount, limit.
    this.lists = new kmem_list3(addr + max_ncpus * BYTES_PER_WORD + 8);
    this.spinlock = new spinlock_t(`${name} spinlock`);
  }
}

// Both are static in slab.c; here they can be looked at.
/** The cache of the descriptors of all caches but itself. */
export let cache_cache = new kmem_cache_t('kmem_cache', 0);

/** All caches, newest first; in C a list through their field `next`. */
export let cache_chain: kmem_cache_t[] = [];

/** Ours: called when a cache has got a run of pages, and before one goes. */
export const watch: {
  getpages: ((cachep: kmem_cache_t, addr: number) => void) | null;
  freepages: ((cachep: kmem_cache_t, addr: number) => void) | null;
} = { getpages: null, freepages: null };

/** No cache yet: kmem_cache_init begins with this. */
export function forgetCaches(): void {
  cache_cache = new kmem_cache_t('kmem_cache', 0);
  cache_chain = [];
}

onReboot(() => {
  configure();
  forgetCaches();
  watch.getpages = watch.freepages = null;
});

configure();

/**
 * How many objects fit into 2^gfporder pages, and what is left over.
 * The descriptor and one bufctl an object take room as well, unless the
 * cache is CFLGS_OFF_SLAB.
 */
export function cache_estimate(
  gfporder: number,
  size: number,
  align: number,
  flags: number,
): { num: number; left_over: number } {
  const onSlab = (flags & CFLGS_OFF_SLAB) === 0;
  const base = onSlab ? sizeofSlab : 0;
  const extra = onSlab ? sizeofBufctl : 0;
  const room = PAGE_SIZE * 2 ** gfporder;
  const used = (i: number) => i * size + ALIGN(base + i * extra, align);

  // One more object can push the first object up by more than a bufctl,
  // to the next multiple of align; so count, do not divide.
  let num = 0;
  while (used(num + 1) <= room) num++;
  if (num > SLAB_LIMIT) num = SLAB_LIMIT;
  return { num, left_over: room - used(num) };
}

// The page that an object lies in knows the rest. A page in a slab is on
// no list, so its two list pointers are free for cache and slab.
export function SET_PAGE_CACHE(pg: page, cachep: kmem_cache_t | null): void {
  pg.cache = cachep;
}
export const GET_PAGE_CACHE = (pg: page): kmem_cache_t =>
  pg.cache as kmem_cache_t;
export function SET_PAGE_SLAB(pg: page, slabp: slab | null): void {
  pg.slab = slabp;
}
export const GET_PAGE_SLAB = (pg: page): slab => pg.slab as slab;

/** Ours: the slab that an address lies in, or null when it is in none. */
export function slabOf(objp: number): slab | null {
  const pg: page | undefined = virt_to_page(objp);
  return pg === undefined ? null : GET_PAGE_SLAB(pg);
}
