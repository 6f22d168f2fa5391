// An arena looked at and extended: contains, add, walk, size.
//
// Follows illumos common/os/vmem.c, vmem_contains to vmem_size. Idea: a
// walk that lets go of the lock cannot remember a segment, for it may be
// gone when the lock is back. So it leaves a marker in the arena list and
// goes on from there.
//
// 1. A walk visits segments in arena order: spans by age, not by address.
// 2. A walker takes no space, but keeps its neighbours from becoming one
//    until it moves on. Nor does an empty imported span go back meanwhile.
//
// Left out: nothing of these functions.
import { mutex_enter, mutex_exit } from '../sys/mutex.js';
import { ASSERT, debug, panic } from '../sys/panic.js';
import { vmem_advance, vmem_populate } from './vmem_alloc.js';
import {
  VMEM_ALLOC,
  VMEM_FREE,
  VMEM_REENTRANT,
  vmem_seg_t,
  type vmem_t,
  VMEM_WALKER,
  VS_SIZE,
} from './vmem_impl.js';
import { hex, insertA } from './vmem_lists.js';
import { vmem_span_create } from './vmem_seg.js';

/** Does one span of the arena hold [vaddr, vaddr + size)? */
export function vmem_contains(
  vmp: vmem_t,
  vaddr: number,
  size: number,
): boolean {
  const { vm_seg0: seg0, vm_kstat } = vmp;
  const end = vaddr + size;
  mutex_enter(vmp.vm_lock);
  vm_kstat.vk_contains++;
  let vsp = seg0.vs_knext;
  for (; vsp !== seg0; vsp = vsp.vs_knext) {
    vm_kstat.vk_contains_search++;
    if (vaddr >= vsp.vs_start && end <= vsp.vs_end) break;
  }
  mutex_exit(vmp.vm_lock);
  return vsp !== seg0;
}

/**
 * Adds the span [vaddr, vaddr + size). Nothing keeps a caller from adding
 * the same range twice, except in a DEBUG kernel.
 * @returns vaddr; or null if there is no room for its structures
 * @throws Panic "bad arguments", "misaligned"
 */
export function vmem_add(
  vmp: vmem_t,
  vaddr: number | null,
  size: number,
  vmflag: number,
): number | null {
  if (!vaddr || size === 0) {
    const { vm_name: arena } = vmp;
    const call = `vmem_add(${arena}, ${hex(vaddr ?? 0)}, ${size})`;
    const facts = { call, arena, addr: vaddr ?? 0, size };
    return panic(`${call}: bad arguments`, facts);
  }
  if (!(Number.isSafeInteger(vaddr + size) && vaddr > 0 && size > 0)) {
    throw new RangeError(`vmem_add: ${size} at ${vaddr} is no range`);
  }
  if (debug) {
    const is = vmem_contains(vmp, vaddr, size);
    ASSERT(!is, '!vmem_contains(vmp, vaddr, size)');
  }

  mutex_enter(vmp.vm_lock);
  const populated = vmem_populate(vmp, vmflag);
  if (populated) vmem_span_create(vmp, vaddr, size, 0);
  mutex_exit(vmp.vm_lock);
  return populated ? vaddr : null;
}

/**
 * Calls func(arg, start, size) for each segment whose type is in typemask.
 * With VMEM_REENTRANT the callback may use the arena, and the arena may
 * change under the walk; without it the arena is locked for all of it.
 */
export function vmem_walk<T>(
  vmp: vmem_t,
  typemask: number,
  func: (arg: T, start: number, size: number) => void,
  arg: T,
): void {
  if ((typemask & VMEM_WALKER) !== 0) return;
  const seg0 = vmp.vm_seg0;
  const walker = new vmem_seg_t();
  walker.vs_type = VMEM_WALKER;

  mutex_enter(vmp.vm_lock);
  insertA(seg0, walker);
  try {
    for (let vsp = seg0.vs_anext; vsp !== seg0; vsp = vsp.vs_anext) {
      if ((vsp.vs_type & typemask) === 0) continue;
      const { vs_start } = vsp;
      const size = VS_SIZE(vsp);
      if ((typemask & VMEM_REENTRANT) === 0) {
        func(arg, vs_start, size);
        continue;
      }
      vmem_advance(vmp, walker, vsp);
      mutex_exit(vmp.vm_lock);
      try {
        func(arg, vs_start, size);
      } finally {
        mutex_enter(vmp.vm_lock);
      }
      vsp = walker;
    }
  } finally {
    // A callback of C cannot throw; after one of ours all is tidy again.
    vmem_advance(vmp, walker, null);
    mutex_exit(vmp.vm_lock);
  }
}

/** What is allocated (VMEM_ALLOC), free (VMEM_FREE), or both, in sum. */
export function vmem_size({ vm_kstat }: vmem_t, typemask: number): number {
  const { vk_mem_inuse, vk_mem_total } = vm_kstat;
  let size = 0;
  if ((typemask & VMEM_ALLOC) !== 0) size += vk_mem_inuse;
  if ((typemask & VMEM_FREE) !== 0) size += vk_mem_total - vk_mem_inuse;
  return size;
}
