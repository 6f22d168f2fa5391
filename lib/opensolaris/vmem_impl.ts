// VMEM: what an arena is made of.
//
// Follows illumos sys/vmem.h, sys/vmem_impl.h and the statics of
// common/os/vmem.c, in the version of commit f35c5cf; the model is a
// 64-bit kernel. VMEM gives out ranges of integers: addresses, or ids.
// Idea: what is known of a range stands beside it, in a segment structure
// (a boundary tag out of band), because a range need not be memory.
//
// An arena has spans, ranges that were added or imported. A span is cut
// into segments [vs_start, vs_end), allocated or free. All of them stand
// in one ring, the arena list: seg0, a span marker, the segments of that
// span in ascending order, the next marker, and so on. Two markers that
// take no space may stand anywhere in it: the rotor, and a walker. Each
// segment is in a second list too, of its kin: free segments in freelists
// by size, allocated ones in a hash table by address, span markers in a
// ring through seg0.
//
// 1. The arena list is a ring, and vs_aprev undoes vs_anext.
// 2. The segments behind a span marker tile its span: the first starts
//    where it starts, each where the one before it ends, rounded up to
//    the quantum; the last ends where the span ends.
// 3. Two free segments touch only if the rotor or a walker is in between.
// 4. A free segment of size [2^n, 2^(n+1)) is on freelist n, no other is;
//    the freelists are one chain, a head before each.
// 5. Bit n of vm_freemap is set if and only if freelist n is not empty.
// 6. The hash table holds the allocated segments, each in its bucket.
// 7. The ring of kin through seg0 has the span markers, in arena order.
// 8. mem_inuse is the sum of the allocated sizes as they were asked for,
//    mem_total that of the spans, mem_import that of the imported ones;
//    alloc - free is the number of allocated segments.
// 9. Every start is a multiple of the quantum, every end of a span or a
//    free segment too, and no start is 0: that marks the head of a list.
// 10. vm_segfree has vm_nsegfree structures, and while an import goes on
//    those that are set aside for it.
// 11. An imported span with nothing in it goes back at once, if there is
//    a function for it, and if no rotor or walker was in the way.
//
// Left out: auditing (vs_thread, vs_timestamp, vs_stack, vs_depth; sizeofSeg
// counts their room); vm_ksp, kstat(1M)'s way in; 32-bit kernels.
import { kcondvar_t } from '../sys/condvar.js';
import { kmutex_t } from '../sys/mutex.js';
import { onReboot } from '../sys/reboot.js';
import { highbit } from '../sys/sysmacros.js';
import type { kthread_t } from '../sys/threads.js';

// What an allocation may do, and how it searches: bits of vmflag.
export const VM_SLEEP = 0x00000000; // may wait, so never fails
export const VM_NOSLEEP = 0x00000001; // may fail
export const VM_PANIC = 0x00000002; // with VM_NOSLEEP: must not fail
export const VM_PUSHPAGE = 0x00000004; // may wait, in the way of no other
export const VM_KMFLAGS = 0x000000ff; // the bits an import hands on
export const VM_BESTFIT = 0x00000100; // the smallest that is large enough
export const VM_FIRSTFIT = 0x00000200; // the first that is large enough
export const VM_NEXTFIT = 0x00000400; // the next behind the last one
export const VM_MEMLOAD = 0x00000800; // for those who import: not read here
export const VM_NORELOC = 0x00001000; // for those who import: not read here
export const VM_ABORT = 0x00002000; // fails without reaping and waiting
export const VM_ENDALLOC = 0x00004000; // from the high end of the segment
export const VM_FLAGS = 0x0000ffff;

// What an arena is: more bits, for vmem_create.
export const VMC_POPULATOR = 0x00010000; // takes part in populating
export const VMC_NO_QCACHE = 0x00020000; // imports more, in place of caches
export const VMC_IDENTIFIER = 0x00040000; // holds ids, not addresses
export const VMC_XALLOC = 0x00080000; // its afunc is a vmem_ximport_t
export const VMC_XALIGN = 0x00100000; // ... and aligns what it brings
export const VMC_FLAGS = 0xffff0000;

// Types of segments, and a bit for vmem_walk.
export const VMEM_ALLOC = 0x01;
export const VMEM_FREE = 0x02;
export const VMEM_SPAN = 0x10; // a span marker; seg0 too
export const VMEM_ROTOR = 0x20; // where VM_NEXTFIT goes on
export const VMEM_WALKER = 0x40; // where a vmem_walk has come to
export const VMEM_REENTRANT = 0x80000000; // the callback may use the arena

export const VMEM_NAMELEN = 30; // bytes of vm_name, with the 0 at its end
export const VMEM_HASH_INITIAL = 16; // buckets of the first hash table
export const VMEM_NQCACHE_MAX = 16; // quantum caches an arena can have
export const VMEM_FREELISTS = 64; // bits of a size

export const VMEM_INITIAL = 10; // arenas in static memory
export const VMEM_SEG_INITIAL = 200; // segment structures in static memory

// Segment structures that one operation uses up: a span needs a marker and
// a free segment; an allocation leaves nothing, a left or right rest, or
// both.
export const VMEM_SEGS_PER_SPAN_CREATE = 2;
export const VMEM_SEGS_PER_EXACT_ALLOC = 0;
export const VMEM_SEGS_PER_LEFT_ALLOC = 1;
export const VMEM_SEGS_PER_RIGHT_ALLOC = 1;
export const VMEM_SEGS_PER_MIDDLE_ALLOC = 2;
export const VMEM_SEGS_PER_ALLOC_MAX =
  VMEM_SEGS_PER_SPAN_CREATE + VMEM_SEGS_PER_MIDDLE_ALLOC;

/** At most 3 structures an arena, at most 4 threads at it at once. */
export const VMEM_POPULATE_RESERVE = 12;

/** What an arena has before it starts: the reserve, and its own worst. */
export const VMEM_MINFREE = VMEM_POPULATE_RESERVE + VMEM_SEGS_PER_ALLOC_MAX;

// What the structures take in C, in bytes: our objects have no size, but
// room is taken for them in arenas.
export const sizeofVmem = 3640; // sizeof (vmem_t)
export const sizeofSeg = 232; // sizeof (vmem_seg_t), with audit fields
export const sizeofPointer = 8;

/** A segment, a span marker, the head of a freelist, rotor or walker. */
export class vmem_seg_t {
  vs_start = 0; // first; 0 in a head
  vs_end = 0; // first that is not in it; in the head of list n, n
  vs_knext: vmem_seg_t = null!; // next of kin; null where a list ends
  vs_kprev: vmem_seg_t = null!; // unused in a hash chain
  vs_anext: vmem_seg_t = null!; // next in the arena
  vs_aprev: vmem_seg_t = null!;
  vs_type = 0; // VMEM_ALLOC, VMEM_FREE, VMEM_SPAN, VMEM_ROTOR, VMEM_WALKER
  vs_import = 0; // in a span marker: 1 if the span was imported
}

/** What it spans. */
export function VS_SIZE(vsp: vmem_seg_t): number {
  return vsp.vs_end - vsp.vs_start;
}

/** Bucket of address a: table of 2^s, quantum 2^q, mask 2^s - 1. */
export function VMEM_HASH_INDEX(
  a: number,
  s: number,
  q: number,
  m: number,
): number {
  if (a > 0x7fffffff || q > 31) return bigHashIndex(a, s, q, m);
  return ((a + (a >> s) + (a >> s >> s)) >>> q) & m;
}

/** The same where 32 bits are too few: shifts are divisions. */
function bigHashIndex(a: number, s: number, q: number, m: number): number {
  const once = Math.floor(a / (1 << s));
  const sum = a + once + Math.floor(once / (1 << s));
  const quantum = q < 31 ? 1 << q : 2 ** q; // a power costs more than a shift
  if (sum <= Number.MAX_SAFE_INTEGER) return (sum / quantum) & m;
  const [big, shift] = [BigInt(a), BigInt(s)];
  const exact = big + (big >> shift) + (big >> shift >> shift);
  return Number((exact >> BigInt(q)) & BigInt(m));
}

/** Size of a slab of quantum caches up to max. */
export function VMEM_QCACHE_SLABSIZE(max: number): number {
  return Math.max(2 ** highbit(3 * max), 64);
}

/** Gives a range of vmp, or null: vmem_alloc, and what stands for it. */
export type vmem_alloc_t = (
  vmp: vmem_t,
  size: number,
  vmflag: number,
) => number | null;

/** Takes a range back: vmem_free, and what stands for it. */
export type vmem_free_t = (vmp: vmem_t, vaddr: number, size: number) => void;

/** Like vmem_alloc_t, but may raise the size: in C, a size_t pointer. */
export type vmem_ximport_t = (
  vmp: vmem_t,
  sizep: { size: number },
  align: number,
  vmflag: number,
) => number | null;

/** The counters of an arena, as kstat(1M) shows them. */
export class vmem_kstat_t {
  vk_mem_inuse = 0; // allocated, as asked for
  vk_mem_import = 0; // in imported spans
  vk_mem_total = 0; // in all spans
  vk_source_id = 0; // vm_id of the source
  vk_alloc = 0; // allocations
  vk_free = 0; // frees
  vk_wait = 0; // times that an allocation waited
  vk_fail = 0; // allocations that failed
  vk_lookup = 0; // other segments passed in hash chains
  vk_search = 0; // nodes passed in searches for a free segment
  vk_populate_wait = 0; // never counted, in the original neither
  vk_populate_fail = 0; // populates that failed
  vk_contains = 0; // calls of vmem_contains
  vk_contains_search = 0; // spans that these passed
}

/** An arena. */
export class vmem_t {
  readonly vm_name: string;
  readonly vm_cv: kcondvar_t; // where allocations wait
  readonly vm_lock: kmutex_t; // guards all that follows
  vm_id = 0; // number, from 1 on
  vm_mtbf = 0; // one in so many allocations fails, on purpose
  vm_cflags = 0; // VMC_ flags
  vm_qshift = 0; // log2 of vm_quantum
  vm_quantum = 0; // the least that is given out
  vm_qcache_max = 0; // up to here, quantum caches serve
  vm_min_import = 0; // the least that is imported
  vm_source_alloc: vmem_alloc_t | vmem_ximport_t | null = null; // afunc
  vm_source_free: vmem_free_t | null = null; // ffunc
  vm_source: vmem_t | null = null; // what these two are called with
  vm_next: vmem_t | null = null; // in vmem_list
  vm_nsegfree = 0; // structures on vm_segfree, less those set aside
  vm_segfree: vmem_seg_t | null = null; // linked by vs_knext
  vm_hash_table: (vmem_seg_t | null)[]; // buckets, linked by vs_knext
  vm_hash_mask = VMEM_HASH_INITIAL - 1;
  vm_hash_shift = highbit(VMEM_HASH_INITIAL - 1); // log2 of the table's size
  vm_freemap = new Int32Array(3); // lists 0 to 31, 32 to 63, and none
  vm_seg0 = new vmem_seg_t(); // where both rings begin and end
  vm_rotor = new vmem_seg_t();
  vm_hash0: (vmem_seg_t | null)[]; // the first hash table
  vm_qcache: unknown[] = []; // quantum caches
  vm_freelist: vmem_seg_t[] = []; // heads, and an end marker behind them
  vm_kstat = new vmem_kstat_t();
  hashAt = 0; // where the hash table lies in vmem_hash; 0: in the arena

  /** @param at where the structure lies in vmem_vmem: in C, vmp itself */
  constructor(
    name: string,
    readonly at: number,
  ) {
    this.vm_name = name.slice(0, VMEM_NAMELEN - 1);
    this.vm_cv = new kcondvar_t(`${this.vm_name} vm_cv`);
    this.vm_lock = new kmutex_t(`${this.vm_name} vm_lock`);
    this.vm_hash0 = Array.from({ length: VMEM_HASH_INITIAL }, () => null);
    this.vm_hash_table = this.vm_hash0;
  }
}

/**
 * What vmem asks of kmem, which comes later and is built on vmem: so it is
 * not imported but handed over. kmem puts its functions here when it
 * starts; until then no arena can have quantum caches, and to reap does
 * nothing. A quantum cache is a kmem cache whose slabs come from vmp.
 */
export interface Kmem {
  create(name: string, size: number, align: number, vmp: vmem_t): unknown;
  destroy(cache: unknown): void;
  alloc(cache: unknown, kmflag: number): number | null;
  free(cache: unknown, vaddr: number): void;
  reap(cache: unknown): void; // kmem_cache_reap_now
  kmem_reap(): void; // asks all caches for what they do not need
  kmem_reap_idspace(): void; // the same, of ids
}

/** Where C's static array vmem0 lies; any address would do. */
export const vmem0 = 0x00bc0000;

/** The statics of vmem.c. Those with a lock beside them are guarded by it. */
const powerOn = () => ({
  vmem_populator: [] as vmem_t[], // arenas that populate; vmem_populators
  vmem_id: 0, // arenas created so far
  vmem_segfree: null as vmem_seg_t | null, // the global pool of structures
  vmem_segfree_lock: new kmutex_t('vmem_segfree_lock'),
  vmem_list: null as vmem_t | null, // all arenas, oldest first
  vmem_list_lock: new kmutex_t('vmem_list_lock'),
  vmem_sleep_lock: new kmutex_t('vmem_sleep_lock'), // who populates, and
  vmem_nosleep_lock: new kmutex_t('vmem_nosleep_lock'), // how it may wait
  vmem_pushpage_lock: new kmutex_t('vmem_pushpage_lock'),
  vmem_panic_lock: new kmutex_t('vmem_panic_lock'),
  vmem_metadata_arena: null as vmem_t | null, // see vmem_init
  vmem_seg_arena: null as vmem_t | null,
  vmem_hash_arena: null as vmem_t | null,
  vmem_vmem_arena: null as vmem_t | null,
  vmem_update_interval: 15, // seconds
  vmem_mtbf: 0, // vm_mtbf of all arenas
  vmem_seg_size: sizeofSeg, // kmem makes it smaller when it does not audit
  panic_thread: null as kthread_t | null, // writes the crash dump
  kmem: null as Kmem | null,
});

export const statics = powerOn();

onReboot(() => {
  Object.assign(statics, powerOn());
});
