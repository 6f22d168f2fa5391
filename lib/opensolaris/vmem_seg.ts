// Segments and spans: made, cut and unmade.
//
// Follows illumos common/os/vmem.c, vmem_seg_create to vmem_seg_alloc.
// Idea: to allocate is to cut a free segment in up to three. What is
// allocated keeps its structure for as long as it is; the rests are free
// segments like any other. All this is called with vm_lock held.
//
// 1. A segment that shrinks at its low end and still belongs to the same
//    freelist keeps its place there. All others that change go to the head
//    of theirs.
// 2. Of two rests the left one is put in last, so it is found first.
// 3. vs_end of an allocated segment is as it was asked for; it is rounded
//    up to the quantum when it is freed.
//
// Left out: most ASSERTs, as in vmem_lists.ts. Ours: a request that leaves
// its segment, where C would make one of negative size, is a RangeError.
import { mutex_exit } from '../sys/mutex.js';
import { debug } from '../sys/panic.js';
import { P2PHASE, P2ROUNDUP, P2SAMEHIGHBIT } from '../sys/sysmacros.js';
import {
  VMEM_FREE,
  VMEM_SPAN,
  type vmem_seg_t,
  type vmem_t,
  VS_SIZE,
} from './vmem_impl.js';
import {
  deleteA,
  deleteK,
  hex,
  insertA,
  insertK,
  lockedAssert,
  lockedPanic,
  vmem_freelist_delete,
  vmem_freelist_insert,
  vmem_getseg,
  vmem_hash_insert,
  vmem_putseg,
} from './vmem_lists.js';

/**
 * A new segment [start, end) behind vprev; of no type yet.
 * @internal static in vmem.c
 */
export function vmem_seg_create(
  vmp: vmem_t,
  vprev: vmem_seg_t,
  start: number,
  end: number,
): vmem_seg_t {
  const newseg = vmem_getseg(vmp);
  newseg.vs_start = start;
  newseg.vs_end = end;
  newseg.vs_type = 0;
  newseg.vs_import = 0;
  insertA(vprev, newseg);
  return newseg;
}

/**
 * Takes vsp out of the arena, and its structure back into the pool.
 * @internal static in vmem.c
 */
export function vmem_seg_destroy(vmp: vmem_t, vsp: vmem_seg_t): void {
  deleteA(vsp);
  vmem_putseg(vmp, vsp);
}

/**
 * Adds a span at the end of both rings, with one free segment in it.
 * @throws Panic "misaligned" unless both ends are multiples of the quantum
 * @throws RangeError for an end that needs more than 53 bits
 * @returns the free segment
 * @internal static in vmem.c
 */
export function vmem_span_create(
  vmp: vmem_t,
  vaddr: number,
  size: number,
  vs_import: number,
): vmem_seg_t {
  const { vm_seg0, vm_quantum, vm_kstat } = vmp;
  const start = vaddr;
  const end = start + size;
  const args = `${vmp.vm_name}, ${hex(vaddr)}, ${size}`;
  if (end > Number.MAX_SAFE_INTEGER) {
    mutex_exit(vmp.vm_lock);
    throw new RangeError(`vmem_span_create(${args}): ends behind 2^53`);
  }
  if (P2PHASE(start, vm_quantum) !== 0 || P2PHASE(end, vm_quantum) !== 0) {
    const call = `vmem_span_create(${args})`;
    lockedPanic(vmp, `${call}: misaligned`, { call, addr: vaddr, size });
  }

  const span = vmem_seg_create(vmp, vm_seg0.vs_aprev, start, end);
  span.vs_type = VMEM_SPAN;
  span.vs_import = vs_import;
  insertK(vm_seg0.vs_kprev, span);

  const newseg = vmem_seg_create(vmp, span, start, end);
  vmem_freelist_insert(vmp, newseg);

  if (vs_import !== 0) vm_kstat.vk_mem_import += size;
  vm_kstat.vk_mem_total += size;
  return newseg;
}

/**
 * Removes the span that vsp fills, and vsp, which is on no list.
 * @internal static in vmem.c
 */
export function vmem_span_destroy(vmp: vmem_t, vsp: vmem_seg_t): void {
  const span = vsp.vs_aprev;
  const size = VS_SIZE(vsp);
  if (span.vs_import !== 0) vmp.vm_kstat.vk_mem_import -= size;
  vmp.vm_kstat.vk_mem_total -= size;
  deleteK(span);
  vmem_seg_destroy(vmp, vsp);
  vmem_seg_destroy(vmp, span);
}

/** A request that leaves the segment: what C would do next fits nowhere. */
function outside(
  vmp: vmem_t,
  vsp: vmem_seg_t,
  addr: number,
  size: number,
): never {
  mutex_exit(vmp.vm_lock);
  throw new RangeError(
    `vmem_seg_alloc(${vmp.vm_name}): ${size} at 0x${hex(addr)} leave the ` +
      `free segment [0x${hex(vsp.vs_start)}, 0x${hex(vsp.vs_end)})`,
  );
}

/**
 * Allocates [addr, addr + size) from the free segment vsp. Rests on either
 * side become free segments.
 * @returns the allocated segment
 * @internal static in vmem.c
 */
export function vmem_seg_alloc(
  vmp: vmem_t,
  vsp: vmem_seg_t,
  addr: number,
  size: number,
): vmem_seg_t {
  const { vs_start, vs_end } = vsp;
  const vs_size = vs_end - vs_start;
  const realsize = P2ROUNDUP(size, vmp.vm_quantum);
  const addr_end = addr + realsize;
  if (debug) assertSegAlloc(vmp, vsp, addr, addr_end);
  if (addr < vs_start || addr_end > vs_end) outside(vmp, vsp, addr, size);

  if (addr === vs_start && P2SAMEHIGHBIT(vs_size, vs_size - realsize)) {
    // From the low end, and what is left stays on the same list: it need
    // not move.
    vsp.vs_start = addr_end;
    vsp = vmem_seg_create(vmp, vsp.vs_aprev, addr, addr + size);
  } else {
    vmem_freelist_delete(vmp, vsp);
    if (vs_end !== addr_end) {
      const right = vmem_seg_create(vmp, vsp, addr_end, vs_end);
      vmem_freelist_insert(vmp, right);
    }
    if (vs_start !== addr) {
      const left = vmem_seg_create(vmp, vsp.vs_aprev, vs_start, addr);
      vmem_freelist_insert(vmp, left);
    }
    vsp.vs_start = addr;
    vsp.vs_end = addr + size;
  }
  vmem_hash_insert(vmp, vsp);
  return vsp;
}

/** What a caller of vmem_seg_alloc can break, in a DEBUG kernel. */
function assertSegAlloc(
  vmp: vmem_t,
  { vs_start, vs_end, vs_type }: vmem_seg_t,
  addr: number,
  addr_end: number,
): void {
  const { vm_quantum: q } = vmp;
  const check = (cond: boolean, text: string) => lockedAssert(vmp, cond, text);
  check(P2PHASE(vs_start, q) === 0, 'P2PHASE(vs_start, vmp->vm_quantum) == 0');
  check(P2PHASE(addr, q) === 0, 'P2PHASE(addr, vmp->vm_quantum) == 0');
  check(vs_type === VMEM_FREE, 'vsp->vs_type == VMEM_FREE');
  check(
    addr >= vs_start && addr_end <= vs_end,
    'addr >= vs_start && addr_end - 1 <= vs_end - 1',
  );
}
