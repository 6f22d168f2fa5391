// VMEM starts, and looks after itself.
//
// Follows illumos common/os/vmem.c, vmem_hash_rescale to vmem_init. Idea:
// VMEM lives on what it gives out. Its segment structures, hash tables and
// arenas lie in arenas whose addresses come from the first one, the heap;
// until that stands, 200 structures and 10 arenas in static memory do.
//
//   heap <- vmem_metadata <- vmem_seg, vmem_hash, vmem_vmem
//
// 1. After vmem_init, what lies in static memory is allocated in vmem_vmem
//    like all that comes later.
// 2. A hash table is resized by vmem_update only, never by an allocation:
//    to about one bucket a segment, if it is off by more than twice that.
//
// Left out: that vmem_metadata's children get pages too. heap_alloc is
// the caller's; seg_kmem.c has it.
import { cv_broadcast } from '../sys/condvar.js';
import { hz, timeout } from '../sys/clock.js';
import { mutex_enter, mutex_exit } from '../sys/mutex.js';
import { highbit } from '../sys/sysmacros.js';
import { vmem_alloc, vmem_free, vmem_xalloc } from './vmem_alloc.js';
import { vmem_create } from './vmem_create.js';
import {
  sizeofPointer,
  sizeofVmem,
  statics,
  VM_BESTFIT,
  VM_NOSLEEP,
  VM_PANIC,
  VM_SLEEP,
  vmem0,
  VMC_NO_QCACHE,
  VMC_POPULATOR,
  type vmem_alloc_t,
  type vmem_free_t,
  VMEM_HASH_INITIAL,
  VMEM_INITIAL,
  vmem_seg_t,
  VMEM_SEG_INITIAL,
  type vmem_t,
} from './vmem_impl.js';
import { hashIndex, vmem_putseg_global } from './vmem_lists.js';

/** Buckets for nseg segments: a power of 2, about as many. */
export function hashSizeFor(nseg: number): number {
  return Math.max(VMEM_HASH_INITIAL, 2 ** (highbit(3 * nseg + 4) - 2));
}

/** Gives vmp a hash table of a better size, if there is room for one. */
function vmem_hash_rescale(vmp: vmem_t): void {
  const { vk_alloc, vk_free } = vmp.vm_kstat;
  const new_size = hashSizeFor(vk_alloc - vk_free);
  const old_size = vmp.vm_hash_mask + 1;
  if (old_size / 2 <= new_size && new_size <= old_size * 2) return;

  const { vmem_hash_arena } = statics;
  const at = vmem_alloc(vmem_hash_arena!, new_size * sizeofPointer, VM_NOSLEEP);
  if (at === null) return;
  const new_table = Array.from({ length: new_size }, () => null);

  mutex_enter(vmp.vm_lock);
  const old_table = vmp.vm_hash_table;
  const old_at = vmp.hashAt;
  vmp.vm_hash_mask = new_size - 1;
  vmp.vm_hash_table = new_table;
  vmp.vm_hash_shift = highbit(vmp.vm_hash_mask);
  vmp.hashAt = at;
  rehash(vmp, old_table);
  mutex_exit(vmp.vm_lock);

  if (old_table !== vmp.vm_hash0) {
    vmem_free(vmem_hash_arena!, old_at, old_table.length * sizeofPointer);
  }
}

/** Moves all segments, chain by chain, to the heads of their new chains. */
function rehash(vmp: vmem_t, old_table: (vmem_seg_t | null)[]): void {
  const { vm_hash_table } = vmp;
  for (const first of old_table) {
    for (let vsp = first; vsp !== null; ) {
      const next_vsp: vmem_seg_t | null = vsp.vs_knext;
      const bucket = hashIndex(vmp, vsp.vs_start);
      vsp.vs_knext = vm_hash_table[bucket]!;
      vm_hash_table[bucket] = vsp;
      vsp = next_vsp;
    }
  }
}

/**
 * Looks after all arenas: wakes who waits, so that they reap again, and
 * resizes hash tables. Comes back every 15 seconds of the simulated clock.
 */
export function vmem_update(dummy: unknown): void {
  const { vmem_list_lock, vmem_update_interval } = statics;
  mutex_enter(vmem_list_lock);
  for (let vmp = statics.vmem_list; vmp !== null; vmp = vmp.vm_next) {
    cv_broadcast(vmp.vm_cv);
    vmem_hash_rescale(vmp);
  }
  mutex_exit(vmem_list_lock);
  timeout(vmem_update, dummy, vmem_update_interval * hz);
}

/** Makes the arena's quantum caches give back what they do not need. */
export function vmem_qcache_reap(vmp: vmem_t): void {
  for (const cache of vmp.vm_qcache) statics.kmem!.reap(cache);
}

/**
 * Starts VMEM on the heap [heap_start, heap_start + heap_size).
 * @param heap_alloc as vmem_alloc, and puts memory behind the addresses;
 *   by default there are only addresses
 * @returns the heap
 */
export function vmem_init(
  heap_name = 'heap',
  heap_start = 0x20000000,
  heap_size = 0x20000000,
  heap_quantum = 4096,
  heap_alloc: vmem_alloc_t = vmem_alloc,
  heap_free: vmem_free_t = vmem_free,
): vmem_t {
  for (let nseg = 0; nseg < VMEM_SEG_INITIAL; nseg++) {
    vmem_putseg_global(new vmem_seg_t());
  }
  const flags = VM_SLEEP | VMC_POPULATOR;
  const heap = vmem_create(
    heap_name, heap_start, heap_size, heap_quantum,
    null, null, null, 0, flags,
  )!;
  const metadata = vmem_create(
    'vmem_metadata', null, 0, heap_quantum,
    vmem_alloc, vmem_free, heap, 8 * heap_quantum, flags | VMC_NO_QCACHE,
  )!;
  statics.vmem_metadata_arena = metadata;
  statics.vmem_seg_arena = vmem_create(
    'vmem_seg', null, 0, heap_quantum,
    heap_alloc, heap_free, metadata, 0, flags,
  );
  statics.vmem_hash_arena = vmem_create(
    'vmem_hash', null, 0, 8,
    heap_alloc, heap_free, metadata, 0, VM_SLEEP,
  );
  const arena = vmem_create(
    'vmem_vmem', vmem0, VMEM_INITIAL * sizeofVmem, 1,
    heap_alloc, heap_free, metadata, 0, VM_SLEEP,
  )!;
  statics.vmem_vmem_arena = arena;

  // The arenas so far lie in static memory: enter them as allocated.
  for (let id = 0; id < statics.vmem_id; id++) {
    const at = vmem0 + id * sizeofVmem;
    const must = VM_NOSLEEP | VM_BESTFIT | VM_PANIC;
    vmem_xalloc(arena, sizeofVmem, 1, 0, 0, at, at + sizeofVmem, must);
  }
  return heap;
}
