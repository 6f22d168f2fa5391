// The lists that segments stand in, and the pool that they come from.
//
// Follows illumos common/os/vmem.c, VMEM_INSERT to vmem_hash_delete. Idea:
// with two neighbours in the arena list and two among its kin, a segment
// is put in and taken out without a search. Only a free begins with one:
// of the hash table, by address. All this is called with vm_lock held, and
// never waits: the structures that it needs were put aside before.
//
// 1. A freelist is last in, first out, and so is a hash chain.
// 2. Each freelist is between two heads of the one chain, which vs_start 0
//    tells from segments.
// 3. A bad free is found by the hash table, not by the arena list: what is
//    not in it is not allocated.
//
// Left out: ASSERTs on what only this file could break; vmem_check says
// more. Where C would follow a null pointer, the panic is "trap".
import { cv_broadcast } from '../sys/condvar.js';
import { mutex_enter, mutex_exit } from '../sys/mutex.js';
import { type Facts, panic } from '../sys/panic.js';
import { highbit } from '../sys/sysmacros.js';
import {
  statics,
  VMEM_ALLOC,
  VMEM_FREE,
  VMEM_HASH_INDEX,
  type vmem_seg_t,
  type vmem_t,
  VS_SIZE,
} from './vmem_impl.js';

/** An address as %p and %lx write it. */
export const hex = (addr: number): string => addr.toString(16);

/**
 * Stops the kernel in the middle of an operation. In C nobody takes a lock
 * after that; here a caller may go on, so vm_lock is given back.
 */
export function lockedPanic(
  vmp: vmem_t,
  message: string,
  facts: Facts,
): never {
  mutex_exit(vmp.vm_lock);
  return panic(message, { ...facts, arena: vmp.vm_name });
}

/** ASSERT where vm_lock is held. Call it only if debug is on. */
export function lockedAssert(vmp: vmem_t, cond: boolean, text: string): void {
  if (cond) return;
  lockedPanic(vmp, `assertion failed: ${text}`, { call: `ASSERT(${text})` });
}

/** Puts vsp behind vprev in the arena: VMEM_INSERT(vprev, vsp, a). */
export function insertA(vprev: vmem_seg_t, vsp: vmem_seg_t): void {
  const vnext = vprev.vs_anext;
  vsp.vs_anext = vnext;
  vsp.vs_aprev = vprev;
  vprev.vs_anext = vsp;
  vnext.vs_aprev = vsp;
}

/** The same in the list of its kin: VMEM_INSERT(vprev, vsp, k). */
export function insertK(vprev: vmem_seg_t, vsp: vmem_seg_t): void {
  const vnext = vprev.vs_knext;
  vsp.vs_knext = vnext;
  vsp.vs_kprev = vprev;
  vprev.vs_knext = vsp;
  vnext.vs_kprev = vsp;
}

/** Takes vsp out of the arena: VMEM_DELETE(vsp, a). */
export function deleteA(vsp: vmem_seg_t): void {
  const vprev = vsp.vs_aprev;
  const vnext = vsp.vs_anext;
  vprev.vs_anext = vnext;
  vnext.vs_aprev = vprev;
}

/** Takes vsp out of the list of its kin: VMEM_DELETE(vsp, k). */
export function deleteK(vsp: vmem_seg_t): void {
  const vprev = vsp.vs_kprev;
  const vnext = vsp.vs_knext;
  vprev.vs_knext = vnext;
  vnext.vs_kprev = vprev;
}

/**
 * Takes a structure from the global pool. @returns null if it is empty
 * @internal static in vmem.c
 */
export function vmem_getseg_global(): vmem_seg_t | null {
  mutex_enter(statics.vmem_segfree_lock);
  const vsp = statics.vmem_segfree;
  if (vsp !== null) statics.vmem_segfree = vsp.vs_knext;
  mutex_exit(statics.vmem_segfree_lock);
  return vsp;
}

/**
 * Puts a structure into the global pool.
 * @internal static in vmem.c
 */
export function vmem_putseg_global(vsp: vmem_seg_t): void {
  mutex_enter(statics.vmem_segfree_lock);
  vsp.vs_knext = statics.vmem_segfree!;
  statics.vmem_segfree = vsp;
  mutex_exit(statics.vmem_segfree_lock);
}

/**
 * Takes a structure from the arena's own pool.
 * @internal static in vmem.c
 */
export function vmem_getseg(vmp: vmem_t): vmem_seg_t {
  const vsp = vmp.vm_segfree;
  if (vsp === null) {
    return lockedPanic(vmp, 'trap', { call: `vmem_getseg(${vmp.vm_name})` });
  }
  vmp.vm_segfree = vsp.vs_knext;
  vmp.vm_nsegfree--;
  return vsp;
}

/**
 * Puts a structure into the arena's own pool.
 * @internal static in vmem.c
 */
export function vmem_putseg(vmp: vmem_t, vsp: vmem_seg_t): void {
  vsp.vs_knext = vmp.vm_segfree!;
  vmp.vm_segfree = vsp;
  vmp.vm_nsegfree++;
}

/** A free segment of size 0, which no freelist takes. */
function noFreelist(vmp: vmem_t, { vs_start }: vmem_seg_t): never {
  const call = `vmem_freelist_insert(${vmp.vm_name})`;
  return lockedPanic(vmp, 'trap', { call, addr: vs_start, size: 0 });
}

/**
 * Makes vsp free: at the head of its list. Whoever waits is woken.
 * @internal static in vmem.c
 */
export function vmem_freelist_insert(vmp: vmem_t, vsp: vmem_seg_t): void {
  const flist = highbit(vsp.vs_end - vsp.vs_start) - 1;
  if (flist < 0) noFreelist(vmp, vsp);
  vsp.vs_type = VMEM_FREE;
  vmp.vm_freemap[flist >> 5] |= 1 << flist;
  insertK(vmp.vm_freelist[flist], vsp);
  cv_broadcast(vmp.vm_cv);
}

/**
 * Takes vsp from its freelist.
 * @internal static in vmem.c
 */
export function vmem_freelist_delete(vmp: vmem_t, vsp: vmem_seg_t): void {
  const vprev = vsp.vs_kprev;
  const vnext = vsp.vs_knext;
  if (vnext.vs_start === 0 && vprev.vs_start === 0) {
    // Between two heads: it is the last of its list, whose number is in
    // the head before it.
    const flist = vprev.vs_end;
    vmp.vm_freemap[flist >> 5] ^= 1 << flist;
  }
  vprev.vs_knext = vnext;
  vnext.vs_kprev = vprev;
}

/** Bucket of an address: VMEM_HASH(vmp, addr), as an index. */
export function hashIndex(vmp: vmem_t, addr: number): number {
  const { vm_hash_shift, vm_qshift, vm_hash_mask } = vmp;
  return VMEM_HASH_INDEX(addr, vm_hash_shift, vm_qshift, vm_hash_mask);
}

/**
 * Makes vsp allocated: at the head of its hash chain.
 * @internal static in vmem.c
 */
export function vmem_hash_insert(vmp: vmem_t, vsp: vmem_seg_t): void {
  const { vm_hash_table, vm_kstat } = vmp;
  const bucket = hashIndex(vmp, vsp.vs_start);
  vsp.vs_type = VMEM_ALLOC;
  vsp.vs_knext = vm_hash_table[bucket]!;
  vm_hash_table[bucket] = vsp;
  vm_kstat.vk_alloc++;
  vm_kstat.vk_mem_inuse += vsp.vs_end - vsp.vs_start;
}

/** The two panics of vmem_hash_delete. */
function badFree(
  vmp: vmem_t,
  addr: number,
  size: number,
  vsp: vmem_seg_t | null,
): never {
  const args = `(${vmp.vm_name}, ${hex(addr)}, ${size})`;
  const call = `vmem_free(${vmp.vm_name}, 0x${hex(addr)}, ${size})`;
  const facts = { call, addr, size };
  if (vsp === null) {
    return lockedPanic(vmp, `vmem_hash_delete${args}: bad free`, facts);
  }
  const expect = VS_SIZE(vsp);
  const what = `wrong size (expect ${expect})`;
  return lockedPanic(vmp, `vmem_hash_delete${args}: ${what}`, {
    ...facts,
    expect,
  });
}

/**
 * Takes the segment that starts at addr out of the hash table.
 * @throws Panic "bad free" if there is none; "wrong size" if it has not
 *   this one, but then it is out of the table already
 * @internal static in vmem.c
 */
export function vmem_hash_delete(
  vmp: vmem_t,
  addr: number,
  size: number,
): vmem_seg_t {
  const { vm_hash_table, vm_kstat } = vmp;
  const bucket = hashIndex(vmp, addr);
  let vsp = vm_hash_table[bucket];
  if (vsp !== null && vsp.vs_start === addr) {
    vm_hash_table[bucket] = vsp.vs_knext;
  } else {
    vsp = furtherDown(vmp, vsp, addr);
  }
  if (vsp === null || vsp.vs_end - vsp.vs_start !== size) {
    return badFree(vmp, addr, size, vsp);
  }
  vm_kstat.vk_free++;
  vm_kstat.vk_mem_inuse -= size;
  return vsp;
}

/** The same behind the first of a chain. Each one passed is counted. */
function furtherDown(
  vmp: vmem_t,
  first: vmem_seg_t | null,
  addr: number,
): vmem_seg_t | null {
  let lookups = 0;
  let vsp = first;
  for (let vprev = vsp; vprev !== null; vprev = vsp) {
    lookups++;
    vsp = vprev.vs_knext;
    if (vsp !== null && vsp.vs_start === addr) {
      vprev.vs_knext = vsp.vs_knext;
      break;
    }
  }
  vmp.vm_kstat.vk_lookup += lookups;
  return vsp;
}
