// KMEM: what an object cache is made of.
//
// Follows OpenSolaris sys/kmem.h, sys/kmem_impl.h and the statics of
// common/os/kmem.c, in the version of 2007, before the consolidator; the
// model is a 64-bit kernel. KMEM gives out objects of one size a cache.
// Idea: most of the time an object goes back where the next one is taken
// from, so three layers stand in its way, each asked less than the one
// above it, and each with a lock that fewer want.
//
//   CPU layer    two magazines a CPU, loaded and previous     cc_lock
//   depot        full and empty magazines, of all CPUs        cache_depot_lock
//   slab layer   slabs, cut into chunks                       cache_lock
//   vmem         the arena that slabs come from
//
// A magazine is an array of M objects, all constructed. A slab is
// [slab, slab + slabsize): the colour, then chunks one behind the other,
// then, in a small slab, kmem_slab_t. A chunk is a buffer, padding, and
// with debugging a buftag. A free buffer of a small slab has the address of
// the next one in its last word: the link lies in the memory that is free.
//
// 1. The slabs of a cache are a ring through cache_nullslab: first those
//    with no free buffer, then those with some; cache_freelist is the first
//    of the latter, or cache_nullslab.
// 2. slab_refcnt is the number of buffers that are not on the slab's list
//    of free ones; it is never 0 for long: such a slab is destroyed.
// 3. cache_buftotal is the sum of slab_chunks. cache_slab_alloc less
//    cache_slab_free is the sum of slab_refcnt, or more: it counts also
//    those who came in vain, as no slab could be made; cache_alloc_fail
//    counts them too.
// 4. Buffers lie in their slab: from slab_base on, a chunksize apart; and
//    slab_base is colour above the slab's start.
// 5. In a cache with a hash table each buffer that is out is in it once, in
//    the bucket of its address; no other is.
// 6. A buffer in a magazine is out of its slab, and in one magazine only.
// 7. cc_rounds is -1 when there is no loaded magazine, else from 0 to
//    cc_magsize; cc_prounds the same of the previous one, which is full or
//    empty.
// 8. cache_full has full magazines, cache_empty empty ones; ml_total is
//    their number, and ml_min is not more.
// 9. A colour is a multiple of align above mincolor, and at most maxcolor.
// 10. cache_flags has KMF_HASH exactly if there is a hash table; its size
//    is a power of 2, at least 64.
//
// Left out: kstat_create, kstat(1M)'s way in (the counters are there);
// large pages (segkmem_lp); 32-bit kernels; the memory of kernel dumps.
import { hz } from '../sys/clock.js';
import { kmutex_t } from '../sys/mutex.js';
import { onReboot } from '../sys/reboot.js';
import {
  type Constructor, type Destructor, type Reclaim, sizeofSlab,
} from './kmem.js';
import type { kmem_log_header_t } from './kmem_log.js';
import type { taskq_t } from './taskq.js';
import type { vmem_t } from './vmem_impl.js';

/** A buffer of a cache with a hash table. */
export class kmem_bufctl_t {
  bc_next: kmem_bufctl_t | null = null; // in slab_head's or a bucket's chain
  bc_addr = 0; // the buffer
  bc_slab: kmem_slab_t = null!; // its slab

  /** @param at where the structure lies: in C, the pointer to it */
  constructor(readonly at: number) {}
}

/** The same with KMF_AUDIT. */
export class kmem_bufctl_audit_t extends kmem_bufctl_t {
  bc_cache: kmem_cache_t | null = null; // whose buffer it is
  bc_timestamp = 0; // of the last transaction
  bc_thread = ''; // who made it, by name
  bc_lastlog: number | null = null; // its record in a log
  bc_contents: number | null = null; // what was in the buffer then
  bc_depth = 0; // callers noted
  bc_stack: string[] = [];
}

/** A slab. */
export class kmem_slab_t {
  slab_cache: kmem_cache_t = null!; // whose it is
  slab_base = 0; // the first buffer
  slab_next: kmem_slab_t = this; // in the cache's ring
  slab_prev: kmem_slab_t = this;
  slab_head: kmem_bufctl_t | null = null; // free buffers, with a hash table
  firstLink = 0; // ours: the same without one, the address of a link, or 0
  slab_refcnt = 0; // buffers that are out
  slab_chunks = 0; // all buffers

  /** @param at where the structure lies: in C, the pointer to it */
  constructor(readonly at: number) {}
}

/** An array of constructed objects. */
export class kmem_magazine_t {
  mag_next: kmem_magazine_t | null = null; // in the depot
  mag_round: number[];

  constructor(
    readonly at: number,
    magsize: number,
  ) {
    this.mag_round = [];
    for (let i = 0; i < magsize; i++) this.mag_round.push(0);
  }
}

/** Magazines of one length, and where they come from. */
export class kmem_magtype_t {
  mt_cache: kmem_cache_t = null!;

  /**
   * @param mt_magsize rounds
   * @param mt_align of the magazine
   * @param mt_minbuf chunks must be larger to start with these
   * @param mt_maxbuf chunks must be smaller to go on to the next longer
   */
  constructor(
    readonly mt_magsize: number,
    readonly mt_align: number,
    readonly mt_minbuf: number,
    readonly mt_maxbuf: number,
  ) {}
}

/** A list of magazines in the depot: last in, first out. */
export class kmem_maglist_t {
  ml_list: kmem_magazine_t | null = null;
  ml_total = 0; // how many there are
  ml_min = 0; // the fewest there were since the last update
  ml_reaplimit = 0; // the fewest in the interval before it: may be reaped
  ml_alloc = 0; // taken so far
}

/** What a CPU has of a cache. */
export class kmem_cpu_cache_t {
  cc_alloc = 0; // objects given out of magazines
  cc_free = 0; // objects taken back into magazines
  cc_loaded: kmem_magazine_t | null = null; // the one in use
  cc_ploaded: kmem_magazine_t | null = null; // the one in use before
  cc_rounds = -1; // objects in cc_loaded; -1: there is none
  cc_prounds = -1; // objects in cc_ploaded; -1: there is none
  cc_magsize = 0; // of a full one; 0: the layer is switched off
  cc_flags: number; // cache_flags: here, so that they are near
  readonly cc_lock: kmutex_t;

  constructor(name: string, cache_flags: number) {
    this.cc_lock = new kmutex_t(name);
    this.cc_flags = cache_flags;
  }
}

/** A cache of objects of one size. */
export class kmem_cache_t {
  // Statistics.
  cache_slab_create = 0; // slabs that came
  cache_slab_destroy = 0; // slabs that went
  cache_slab_alloc = 0; // buffers that slabs were asked for, also in vain
  cache_slab_free = 0; // buffers that they got back
  cache_alloc_fail = 0; // allocations that failed
  cache_buftotal = 0; // buffers in all slabs
  cache_bufmax = 0; // the most that it ever was
  cache_rescale = 0; // new hash tables
  cache_lookup_depth = 0; // others passed in hash chains
  cache_depot_contention = 0; // times that the depot's lock was taken
  cache_depot_contention_prev = 0; // the same at the last update

  // Properties.
  cache_align = 0;
  cache_constructor: Constructor | null = null;
  cache_destructor: Destructor | null = null;
  cache_reclaim: Reclaim | null = null;
  cache_private: unknown = null; // what these three are told
  cache_arena: vmem_t = null!; // where slabs come from
  cache_cflags = 0; // KMC_
  cache_flags = 0; // KMF_
  cache_mtbf = 0; // one in so many allocations fails, on purpose
  cache_next: kmem_cache_t | null = null; // newer, in the ring of caches
  cache_prev: kmem_cache_t | null = null; // older

  // Slab layer.
  cache_chunksize = 0; // from buffer to buffer
  cache_slabsize = 0;
  cache_bufctl = 0; // where in a chunk the link lies
  cache_buftag = 0; // where in a chunk the tag lies
  cache_verify = 0; // bytes of a buffer that are filled and checked
  cache_contents = 0; // bytes of a buffer that are kept in a log
  cache_color = 0; // of the last slab
  cache_mincolor = 0;
  cache_maxcolor = 0;
  cache_hash_shift = 0; // log2 of a chunk, about
  cache_hash_mask = 0; // buckets less one
  cache_freelist: kmem_slab_t; // first slab with a free buffer
  cache_nullslab = new kmem_slab_t(0); // where the ring begins and ends
  cache_bufctl_cache: kmem_cache_t | null = null; // bufctls come from it
  cache_hash_table: (kmem_bufctl_t | null)[] | null = null;
  hashAt = 0; // ours: where the table lies in kmem_hash
  readonly cache_lock: kmutex_t; // guards all that

  // Depot.
  cache_magtype: kmem_magtype_t = null!;
  cache_full = new kmem_maglist_t();
  cache_empty = new kmem_maglist_t();
  readonly cache_depot_lock: kmutex_t; // guards all that

  // CPU layer.
  cache_cpu: kmem_cpu_cache_t[] = [];

  /** @param at where the structure lies: in C, the pointer to it */
  constructor(
    readonly cache_name: string,
    readonly cache_bufsize: number, // as it was asked for
    readonly at: number,
  ) {
    this.cache_lock = new kmutex_t(`${cache_name} cache_lock`);
    this.cache_depot_lock = new kmutex_t(`${cache_name} cache_depot_lock`);
    this.cache_freelist = this.cache_nullslab;
    this.cache_nullslab.slab_cache = this;
    this.cache_nullslab.slab_refcnt = -1;
  }
}

/** What an administrator can set in /etc/system, read by kmem_init. */
const defaults = () => ({
  kmem_flags: 0, // 0xf in a DEBUG kernel
  kmem_panic: 1, // 1: an error stops the machine; else it goes on
  kmem_mtbf: 0, // cache_mtbf of all caches
  kmem_depot_contention: 3, // more in an interval: longer magazines
  kmem_reap_interval: 15 * hz, // ticks
  kmem_transaction_log_size: 0, // bytes; 0: 2 % of memory
  kmem_content_log_size: 0,
  kmem_failure_log_size: 65536,
  kmem_slab_log_size: 65536,
  kmem_content_maxsave: 256, // bytes kept of a buffer, at most
  kmem_lite_minsize: 0, // KMF_LITE is for buffers from here on
  kmem_lite_maxalign: 1024, // ... aligned to no more than this
  kmem_lite_pcs: 4, // callers that KMF_LITE keeps
  kmem_maxverify: 0, // bytes filled and checked; 0: half a page
  kmem_minfirewall: 0, // firewalls from here on; 0: half a page
});

export const tunables = defaults();

/** The statics of kmem.c. */
const powerOn = () => ({
  PAGESIZE: 4096, // the heap's quantum, see kmem_init
  kmem_null_cache: null as kmem_cache_t | null, // head of the ring of caches
  kmem_cache_lock: new kmutex_t('kmem_cache_lock'), // guards that ring
  kmem_flags_lock: new kmutex_t('kmem_flags_lock'), // guards kmem_flags
  kmem_magtype: magtypes(),
  kmem_alloc_table: [] as kmem_cache_t[], // by (size - 1) >> 3
  kmem_slab_cache: null as kmem_cache_t | null,
  kmem_bufctl_cache: null as kmem_cache_t | null,
  kmem_bufctl_audit_cache: null as kmem_cache_t | null,
  kmem_ready: false, // magazines are on
  kmem_logging: true, // off once something is wrong
  kmem_reaping: 0, // 1: a reap is not long ago
  kmem_reaping_idspace: 0, // the same of ids
  kmem_taskq: null as taskq_t | null, // what does the slow things
  kmem_metadata_arena: null as vmem_t | null, // see kmem_init
  kmem_msb_arena: null as vmem_t | null,
  kmem_cache_arena: null as vmem_t | null,
  kmem_hash_arena: null as vmem_t | null,
  kmem_log_arena: null as vmem_t | null,
  kmem_oversize_arena: null as vmem_t | null,
  kmem_va_arena: null as vmem_t | null,
  kmem_default_arena: null as vmem_t | null,
  kmem_firewall_va_arena: null as vmem_t | null,
  kmem_firewall_arena: null as vmem_t | null,
  kmem_transaction_log: null as kmem_log_header_t | null,
  kmem_content_log: null as kmem_log_header_t | null,
  kmem_failure_log: null as kmem_log_header_t | null,
  kmem_slab_log: null as kmem_log_header_t | null,
  slabAt: new Map<number, kmem_slab_t>(), // ours: small slabs, by address
  bufctlAt: new Map<number, kmem_bufctl_t>(), // ours: those buftags point at
});

/** From short to long. A small buffer starts with more of them. */
function magtypes(): kmem_magtype_t[] {
  return [
    new kmem_magtype_t(1, 8, 3200, 65536),
    new kmem_magtype_t(3, 16, 256, 32768),
    new kmem_magtype_t(7, 32, 64, 16384),
    new kmem_magtype_t(15, 64, 0, 8192),
    new kmem_magtype_t(31, 64, 0, 4096),
    new kmem_magtype_t(47, 64, 0, 2048),
    new kmem_magtype_t(63, 64, 0, 1024),
    new kmem_magtype_t(95, 64, 0, 512),
    new kmem_magtype_t(143, 64, 0, 0),
  ];
}

export const statics = powerOn();

onReboot(() => {
  Object.assign(tunables, defaults());
  Object.assign(statics, powerOn());
});

/** Where the link of a free buffer lies; of no use with a hash table. */
export function KMEM_BUFCTL(cp: kmem_cache_t, buf: number): number {
  return buf + cp.cache_bufctl;
}

/** The buffer of a link. */
export function KMEM_BUF(cp: kmem_cache_t, bcp: number): number {
  return bcp - cp.cache_bufctl;
}

/** Where a small slab has its kmem_slab_t: at the end of [slab, ...). */
export function KMEM_SLAB(cp: kmem_cache_t, buf: number): number {
  const { cache_slabsize } = cp;
  // Small slabs are as large as a quantum, a power of 2, and aligned to it.
  if (buf <= 0x7fffffff - cache_slabsize) {
    return (buf | (cache_slabsize - 1)) + 1 - sizeofSlab;
  }
  return buf - (buf % cache_slabsize) + cache_slabsize - sizeofSlab;
}

/** Is buf in the slab? A slab's colour counts as the next one's. */
export function KMEM_SLAB_MEMBER(sp: kmem_slab_t, buf: number): boolean {
  const offset = buf - sp.slab_base;
  return offset >= 0 && offset < sp.slab_cache.cache_slabsize;
}

/** Where the tag of a buffer lies. */
export function KMEM_BUFTAG(cp: kmem_cache_t, buf: number): number {
  return buf + cp.cache_buftag;
}

/** The bucket of an address in cache_hash_table. */
export function KMEM_HASH(cp: kmem_cache_t, buf: number): number {
  const { cache_hash_shift, cache_hash_mask } = cp;
  if (buf <= 0x7fffffff) return (buf >> cache_hash_shift) & cache_hash_mask;
  return Math.floor(buf / 2 ** cache_hash_shift) & cache_hash_mask;
}
