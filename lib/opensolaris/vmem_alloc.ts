// VMEM's two verbs, and what they may have to do first.
//
// Follows illumos common/os/vmem.c, vmem_is_populator to vmem_free. The
// functions of this file call each other in a circle: to allocate takes
// segment structures, these are allocated from an arena, and that takes
// segment structures. Idea: who may not fail half-way puts aside all that
// it can need before it starts, and the circle is cut by a reserve.
//
// 1. Whatever an operation needs of structures it has when it starts:
//    VMEM_MINFREE, or, while this thread populates, the reserve.
// 2. vm_lock is held while an arena is read or changed, and never while
//    another arena's function runs: afunc, ffunc, kmem_reap, populating.
// 3. Whoever got vm_lock again looks again: all may be different.
// 4. A function here that throws holds no lock any more. (After a panic C
//    does not go on. A Deadlock leaves the waiter where it waits.)
//
// Left out: nothing of these functions.
import { cv_wait } from '../sys/condvar.js';
import { gethrtime } from '../sys/clock.js';
import {
  type kmutex_t,
  mutex_enter,
  mutex_exit,
  mutex_owner,
} from '../sys/mutex.js';
import { ASSERT, debug, panic } from '../sys/panic.js';
import {
  P2NPHASE,
  P2PHASE,
  P2ROUNDUP,
  P2SAMEHIGHBIT,
} from '../sys/sysmacros.js';
import { curthread } from '../sys/threads.js';
import {
  addrIn,
  assertXalloc,
  checkWord,
  constrain,
  search,
  vmem_canalloc,
  xallocPanic,
} from './vmem_fit.js';
import {
  statics,
  VM_ABORT,
  VM_BESTFIT,
  VM_ENDALLOC,
  VM_FIRSTFIT,
  VM_KMFLAGS,
  VM_NEXTFIT,
  VM_NOSLEEP,
  VM_PANIC,
  VM_PUSHPAGE,
  VMC_IDENTIFIER,
  VMC_POPULATOR,
  VMC_XALIGN,
  VMC_XALLOC,
  type vmem_alloc_t,
  VMEM_FREE,
  VMEM_MINFREE,
  VMEM_POPULATE_RESERVE,
  vmem_seg_t,
  VMEM_SEGS_PER_EXACT_ALLOC,
  VMEM_SEGS_PER_LEFT_ALLOC,
  VMEM_SEGS_PER_MIDDLE_ALLOC,
  VMEM_SEGS_PER_SPAN_CREATE,
  VMEM_SPAN,
  type vmem_t,
  type vmem_ximport_t,
  VS_SIZE,
} from './vmem_impl.js';
import {
  deleteA,
  insertA,
  lockedAssert,
  lockedPanic,
  vmem_freelist_delete,
  vmem_freelist_insert,
  vmem_getseg_global,
  vmem_hash_delete,
  vmem_hash_insert,
  vmem_putseg,
  vmem_putseg_global,
} from './vmem_lists.js';
import {
  vmem_seg_alloc,
  vmem_seg_create,
  vmem_seg_destroy,
  vmem_span_create,
  vmem_span_destroy,
} from './vmem_seg.js';

/**
 * Is this thread populating? The HAT asks, to prevent recursion.
 */
export function vmem_is_populator(): boolean {
  return (
    mutex_owner(statics.vmem_sleep_lock) === curthread ||
    mutex_owner(statics.vmem_nosleep_lock) === curthread ||
    mutex_owner(statics.vmem_pushpage_lock) === curthread ||
    mutex_owner(statics.vmem_panic_lock) === curthread
  );
}

/** The lock to populate under. Nobody waits behind one who may wait longer. */
function populateLock(vmflag: number): kmutex_t {
  if (statics.panic_thread === curthread) return statics.vmem_panic_lock;
  if ((vmflag & VM_NOSLEEP) !== 0) return statics.vmem_nosleep_lock;
  if ((vmflag & VM_PUSHPAGE) !== 0) return statics.vmem_pushpage_lock;
  return statics.vmem_sleep_lock;
}

/**
 * Allocates room for structures, and fills up the arenas that may have used
 * their reserve for that.
 * @returns the structures that are left, or null if there is no room
 */
function newSegments(vmflag: number): vmem_seg_t[] | null {
  const { vmem_populator, vmem_seg_size, vmem_seg_arena } = statics;
  if (vmem_seg_arena === null) {
    panic('trap', { call: 'vmem_populate()', remedy: 'call vmem_init first' });
  }
  const least = VMEM_MINFREE + vmem_populator.length * VMEM_POPULATE_RESERVE;
  const { vm_quantum } = vmem_seg_arena;
  const size = P2ROUNDUP(least * vmem_seg_size, vm_quantum);
  const p = vmem_alloc(vmem_seg_arena, size, vmflag & VM_KMFLAGS);
  if (p === null) return null;

  const nseg = Math.floor(size / vmem_seg_size);
  const segs = Array.from({ length: nseg }, () => new vmem_seg_t());
  for (const populator of vmem_populator) {
    mutex_enter(populator.vm_lock);
    while (populator.vm_nsegfree < VMEM_POPULATE_RESERVE) {
      vmem_putseg(populator, segs.pop()!);
    }
    mutex_exit(populator.vm_lock);
  }
  return segs;
}

/**
 * Sees to it that vmp has VMEM_MINFREE segment structures. May give up
 * vm_lock meanwhile.
 * @returns false if there is no memory for them
 * @internal static in vmem.c
 */
export function vmem_populate(vmp: vmem_t, vmflag: number): boolean {
  while (vmp.vm_nsegfree < VMEM_MINFREE) {
    const vsp = vmem_getseg_global();
    if (vsp === null) break;
    vmem_putseg(vmp, vsp);
  }
  if (vmp.vm_nsegfree >= VMEM_MINFREE) return true;

  // Already populating: this is the recursion. Tap the reserve.
  if (vmem_is_populator()) {
    if (debug) {
      const is = (vmp.vm_cflags & VMC_POPULATOR) !== 0;
      lockedAssert(vmp, is, 'vmp->vm_cflags & VMC_POPULATOR');
    }
    return true;
  }

  mutex_exit(vmp.vm_lock);
  const lp = populateLock(vmflag);
  let segs: vmem_seg_t[] | null;
  mutex_enter(lp);
  try {
    segs = newSegments(vmflag);
  } finally {
    mutex_exit(lp);
  }
  mutex_enter(vmp.vm_lock);
  if (segs === null) {
    vmp.vm_kstat.vk_populate_fail++;
    return false;
  }

  // First vmp's own, then the rest for everybody.
  while (vmp.vm_nsegfree < VMEM_MINFREE) vmem_putseg(vmp, segs.pop()!);
  while (segs.length > 0) vmem_putseg_global(segs.pop()!);
  return true;
}

/** Does the free segment vsp fill an imported span that can go back? */
function isWholeImport(vmp: vmem_t, vsp: vmem_seg_t): boolean {
  return (
    vsp.vs_aprev.vs_import !== 0 &&
    vmp.vm_source_free !== null &&
    vsp.vs_aprev.vs_type === VMEM_SPAN &&
    vsp.vs_anext.vs_type === VMEM_SPAN
  );
}

/** Gives the span that vsp fills back to the source; drops vm_lock. */
function returnImport(vmp: vmem_t, vsp: vmem_seg_t): void {
  const { vs_start } = vsp;
  const size = VS_SIZE(vsp);
  vmem_span_destroy(vmp, vsp);
  mutex_exit(vmp.vm_lock);
  vmp.vm_source_free!(vmp.vm_source!, vs_start, size);
}

/**
 * Moves a walker or the rotor behind afterme, or out of the arena. May
 * give up vm_lock meanwhile.
 * @internal static in vmem.c
 */
export function vmem_advance(
  vmp: vmem_t,
  walker: vmem_seg_t,
  afterme: vmem_seg_t | null,
): void {
  const vprev = walker.vs_aprev;
  const vnext = walker.vs_anext;
  let vsp: vmem_seg_t | null = null;
  deleteA(walker);
  if (afterme !== null) insertA(afterme, walker);

  // It may have kept its neighbours from being one: they are now.
  if (vprev.vs_type === VMEM_FREE) {
    if (vnext.vs_type === VMEM_FREE) {
      vmem_freelist_delete(vmp, vnext);
      vmem_freelist_delete(vmp, vprev);
      vprev.vs_end = vnext.vs_end;
      vmem_freelist_insert(vmp, vprev);
      vmem_seg_destroy(vmp, vnext);
    }
    vsp = vprev;
  } else if (vnext.vs_type === VMEM_FREE) {
    vsp = vnext;
  }

  // And it may have kept an imported span from going back.
  if (vsp !== null && isWholeImport(vmp, vsp)) {
    vmem_freelist_delete(vmp, vsp);
    returnImport(vmp, vsp);
    mutex_enter(vmp.vm_lock);
  }
}

/** Is it free, and large enough? */
function holds(vsp: vmem_seg_t, size: number): boolean {
  return vsp.vs_type === VMEM_FREE && VS_SIZE(vsp) >= size;
}

/**
 * The next free segment of size or more in the arena list, from the rotor
 * on and round to it.
 * @returns null when vmem_xalloc shall see to it
 */
function nextFree(
  vmp: vmem_t,
  size: number,
  vmflag: number,
): vmem_seg_t | null {
  const { vm_rotor: rotor, vm_kstat } = vmp;
  let vsp = rotor.vs_anext;
  for (;;) {
    vm_kstat.vk_search++;
    if (holds(vsp, size)) return vsp;
    vsp = vsp.vs_anext;
    if (vsp !== rotor) continue;

    // Round. Perhaps the rotor itself lies between two free segments that
    // are large enough together: move it on, and look.
    vmem_advance(vmp, rotor, rotor.vs_anext);
    vsp = rotor.vs_aprev;
    if (holds(vsp, size)) return vsp;
    if (vmp.vm_source_alloc !== null || (vmflag & VM_NOSLEEP) !== 0) {
      return null;
    }
    vm_kstat.vk_wait++;
    cv_wait(vmp.vm_cv, vmp.vm_lock);
    vsp = rotor.vs_anext;
  }
}

/** Allocates behind the last allocation: VM_NEXTFIT. */
function vmem_nextfit_alloc(
  vmp: vmem_t,
  size: number,
  vmflag: number,
): number | null {
  const realsize = P2ROUNDUP(size, vmp.vm_quantum);
  mutex_enter(vmp.vm_lock);
  if (vmp.vm_nsegfree < VMEM_MINFREE && !vmem_populate(vmp, vmflag)) {
    mutex_exit(vmp.vm_lock);
    return null;
  }

  // The usual case: behind the rotor is a free segment that stays on its
  // list. The new one is put before the rotor, which need not move then.
  const rotor = vmp.vm_rotor;
  let vsp: vmem_seg_t | null = rotor.vs_anext;
  const vs_size = VS_SIZE(vsp);
  if (
    vsp.vs_type === VMEM_FREE &&
    vs_size > realsize &&
    P2SAMEHIGHBIT(vs_size, vs_size - realsize)
  ) {
    const addr = vsp.vs_start;
    vsp.vs_start = addr + realsize;
    vsp = vmem_seg_create(vmp, rotor.vs_aprev, addr, addr + size);
    vmem_hash_insert(vmp, vsp);
    mutex_exit(vmp.vm_lock);
    return addr;
  }

  vsp = nextFree(vmp, size, vmflag);
  if (vsp === null) {
    mutex_exit(vmp.vm_lock);
    const { vm_quantum } = vmp;
    const kmflag = vmflag & VM_KMFLAGS;
    return vmem_xalloc(vmp, size, vm_quantum, 0, 0, null, null, kmflag);
  }
  const addr = vsp.vs_start;
  vsp = vmem_seg_alloc(vmp, vsp, addr, size);
  vmem_advance(vmp, rotor, vsp);
  mutex_exit(vmp.vm_lock);
  return addr;
}

/** Does this allocation fail on purpose? */
function fails(vmp: vmem_t, vmflag: number): boolean {
  const mtbf = (statics.vmem_mtbf | vmp.vm_mtbf) >>> 0;
  if (mtbf === 0 || gethrtime() % mtbf !== 0) return false;
  return (vmflag & (VM_NOSLEEP | VM_PANIC)) === VM_NOSLEEP;
}

/** P2ROUNDUP; may leave the exact integers, which the caller must see. */
function roundUp(x: number, align: number): number {
  return x + P2NPHASE(x, align);
}

/** What to import so that the request fits, however it comes. */
function importSize(
  vmp: vmem_t,
  size: number,
  align: number,
  phase: number,
): number {
  const { vm_quantum, vm_source, vm_min_import, vm_cflags } = vmp;
  const aquantum = Math.max(vm_quantum, vm_source!.vm_quantum);
  let aphase = phase;
  if (align > aquantum && (vm_cflags & VMC_XALIGN) === 0) {
    const odd = P2PHASE(phase, aquantum) !== 0;
    aphase = align - (odd ? vm_quantum : aquantum);
  }
  return roundUp(Math.max(size + aphase, vm_min_import), aquantum);
}

/** What an import brought: [vaddr, vaddr + asize), or nothing. */
interface Import {
  vaddr: number | null;
  asize: number;
}

/**
 * Imports from the source; drops vm_lock meanwhile. The structures for the
 * new span are set aside, so that nobody else takes them then.
 */
function importFrom(
  vmp: vmem_t,
  size: number,
  asize: number,
  align: number,
  phase: number,
  vmflag: number,
): Import {
  const { vm_source, vm_source_alloc, vm_cflags } = vmp;
  const xalloc = (vm_cflags & VMC_XALLOC) !== 0;
  let cut = VMEM_SEGS_PER_MIDDLE_ALLOC;
  if (size === asize && !xalloc) {
    cut = VMEM_SEGS_PER_EXACT_ALLOC;
  } else if (phase === 0 && align <= vm_source!.vm_quantum) {
    cut = VMEM_SEGS_PER_LEFT_ALLOC;
  }
  const resv = VMEM_SEGS_PER_SPAN_CREATE + cut;

  vmp.vm_nsegfree -= resv;
  mutex_exit(vmp.vm_lock);
  const kmflag = vmflag & VM_KMFLAGS;
  try {
    if (!xalloc) {
      const afunc = vm_source_alloc as vmem_alloc_t;
      return { vaddr: afunc(vm_source!, asize, kmflag), asize };
    }
    const sizep = { size: asize };
    const afunc = vm_source_alloc as vmem_ximport_t;
    const vaddr = afunc(vm_source!, sizep, align, kmflag);
    if (debug) assertImport(vmp, sizep.size, asize, vaddr, align);
    return { vaddr, asize: sizep.size };
  } finally {
    vmp.vm_nsegfree += resv;
  }
}

/** What a vmem_ximport_t owes, in a DEBUG kernel. */
function assertImport(
  vmp: vmem_t,
  asize: number,
  oasize: number,
  vaddr: number | null,
  align: number,
): void {
  ASSERT(asize >= oasize, 'asize >= oasize');
  ASSERT(
    P2PHASE(asize, vmp.vm_source!.vm_quantum) === 0,
    'P2PHASE(asize, vmp->vm_source->vm_quantum) == 0',
  );
  ASSERT(
    (vmp.vm_cflags & VMC_XALIGN) === 0 || P2PHASE(vaddr ?? 0, align) === 0,
    '!(vmp->vm_cflags & VMC_XALIGN) || IS_P2ALIGNED(vaddr, align)',
  );
}

/** Asks all caches for what they do not need: of memory, or of ids. */
function reap({ vm_cflags }: vmem_t): void {
  if ((vm_cflags & VMC_IDENTIFIER) !== 0) statics.kmem?.kmem_reap_idspace();
  else statics.kmem?.kmem_reap();
}

/**
 * Allocates size so that [addr, addr + size) lies in [minaddr, maxaddr),
 * addr lies phase above a multiple of align, and no multiple of nocross
 * is crossed. 0 or null: no such limit; align 0: the quantum.
 * @returns addr; or null, if vmflag allows to fail
 */
export function vmem_xalloc(
  vmp: vmem_t,
  size: number,
  align_arg: number,
  phase: number,
  nocross: number,
  minaddr: number | null,
  maxaddr: number | null,
  vmflag: number,
): number | null {
  checkWord(size, 'vmem_xalloc');
  const anywhere = nocross === 0 && !minaddr && !maxaddr;
  const align = align_arg !== 0 ? align_arg : vmp.vm_quantum;
  const plain = anywhere && align === vmp.vm_quantum && phase === 0;
  const c = plain
    ? null
    : constrain([
        vmp, size, align_arg, phase, nocross, minaddr, maxaddr, vmflag,
      ]);
  if (fails(vmp, vmflag)) return null;

  let vbest: vmem_seg_t | null = null;
  let excess: Import | null = null; // imported, and not needed
  let stocked = false; // has structures set aside already
  mutex_enter(vmp.vm_lock);
  for (;;) {
    const short = vmp.vm_nsegfree < VMEM_MINFREE && !stocked;
    if (short && !vmem_populate(vmp, vmflag)) break;
    stocked = false;

    vbest = search(vmp, size, c, vmflag);
    if (vbest !== null) break;
    if (size === 0) {
      const call = `vmem_xalloc(${vmp.vm_name}, 0)`;
      lockedPanic(vmp, 'vmem_xalloc(): size == 0', { call });
    }

    if (vmp.vm_source_alloc !== null && anywhere) {
      const asize = importSize(vmp, size, align, phase);
      if (asize > Number.MAX_SAFE_INTEGER) return overflow(vmp, size, vmflag);
      const got = importFrom(vmp, size, asize, align, phase, vmflag);
      mutex_enter(vmp.vm_lock);

      // Meanwhile others may have brought or freed enough. Then the import
      // is not needed, or not missed.
      const { vm_quantum } = vmp;
      const needed = roundUp(size + align - vm_quantum, vm_quantum);
      if (got.vaddr === null) {
        stocked = vmem_canalloc(vmp, needed) !== 0;
      } else if (
        got.asize > needed &&
        vmp.vm_source_free !== null &&
        vmem_canalloc(vmp, needed) !== 0
      ) {
        excess = got;
        stocked = true;
      } else {
        vbest = vmem_span_create(vmp, got.vaddr, got.asize, 1);
        break;
      }
      if (stocked) continue;
    }

    // Nothing. Perhaps caches hold what they do not need; then wait.
    if ((vmflag & VM_ABORT) !== 0) break;
    mutex_exit(vmp.vm_lock);
    reap(vmp);
    mutex_enter(vmp.vm_lock);
    if ((vmflag & VM_NOSLEEP) !== 0) break;
    vmp.vm_kstat.vk_wait++;
    cv_wait(vmp.vm_cv, vmp.vm_lock);
  }

  if (vbest === null) {
    vmp.vm_kstat.vk_fail++;
    mutex_exit(vmp.vm_lock);
    if ((vmflag & VM_PANIC) !== 0) {
      xallocPanic(
        [vmp, size, align_arg, phase, nocross, minaddr, maxaddr, vmflag],
        'cannot satisfy mandatory allocation',
      );
    }
    return null;
  }

  let addr = c === null ? vbest.vs_start : addrIn(vbest, size, c);
  if ((vmflag & VM_ENDALLOC) !== 0) {
    // To the high end of the segment, wherever maxaddr is.
    addr += Math.floor((vbest.vs_end - (addr + size)) / align) * align;
  }
  vmem_seg_alloc(vmp, vbest, addr, size);
  mutex_exit(vmp.vm_lock);
  if (excess !== null) {
    vmp.vm_source_free!(vmp.vm_source!, excess.vaddr!, excess.asize);
  }
  if (debug && c !== null) assertXalloc(addr, size, c);
  return addr;
}

/** Sizes whose sum with the rounding is too large for a word. */
function overflow(vmp: vmem_t, size: number, vmflag: number): null {
  const call = `vmem_xalloc(${vmp.vm_name}, ${size})`;
  if ((vmflag & (VM_NOSLEEP | VM_PANIC)) !== VM_NOSLEEP) {
    lockedPanic(vmp, 'vmem_xalloc(): size overflow', { call, size });
  }
  mutex_exit(vmp.vm_lock);
  return null;
}

/**
 * Frees [vaddr, vaddr + size): what vmem_xalloc gave, or vmem_alloc where
 * there are no quantum caches.
 * @throws Panic for a range that is not allocated, or not as a whole
 */
export function vmem_xfree(
  vmp: vmem_t,
  vaddr: number | null,
  size: number,
): void {
  mutex_enter(vmp.vm_lock);
  let vsp = vmem_hash_delete(vmp, vaddr ?? 0, size);
  vsp.vs_end = vsp.vs_start + P2ROUNDUP(size, vmp.vm_quantum);

  const vnext = vsp.vs_anext;
  if (vnext.vs_type === VMEM_FREE) {
    vmem_freelist_delete(vmp, vnext);
    vsp.vs_end = vnext.vs_end;
    vmem_seg_destroy(vmp, vnext);
  }

  const vprev = vsp.vs_aprev;
  if (vprev.vs_type === VMEM_FREE) {
    vmem_freelist_delete(vmp, vprev);
    vprev.vs_end = vsp.vs_end;
    vmem_seg_destroy(vmp, vsp);
    vsp = vprev;
  }

  if (vsp.vs_aprev.vs_import !== 0 && isWholeImport(vmp, vsp)) {
    returnImport(vmp, vsp);
  } else {
    vmem_freelist_insert(vmp, vsp);
    mutex_exit(vmp.vm_lock);
  }
}

/** The quantum cache for a size: number i has (i * quantum, ... + quantum]. */
function qcache(vmp: vmem_t, size: number): unknown {
  return vmp.vm_qcache[Math.floor((size - 1) / vmp.vm_quantum)];
}

/**
 * Allocates size, a multiple of the quantum or not: instant fit, or as
 * vmflag says.
 * @returns the address; or null, if vmflag allows to fail
 */
export function vmem_alloc(
  vmp: vmem_t,
  size: number,
  vmflag: number,
): number | null {
  if (size >>> 0 !== size) checkWord(size, 'vmem_alloc');
  if (size <= vmp.vm_qcache_max && size !== 0) {
    return statics.kmem!.alloc(qcache(vmp, size), vmflag & VM_KMFLAGS);
  }
  if ((statics.vmem_mtbf | vmp.vm_mtbf) !== 0 && fails(vmp, vmflag)) {
    return null;
  }
  if ((vmflag & VM_NEXTFIT) !== 0) return vmem_nextfit_alloc(vmp, size, vmflag);
  if ((vmflag & (VM_BESTFIT | VM_FIRSTFIT)) !== 0) {
    return vmem_xalloc(vmp, size, vmp.vm_quantum, 0, 0, null, null, vmflag);
  }

  // Instant fit: the first of a list whose members all are large enough.
  mutex_enter(vmp.vm_lock);
  let flist = 0;
  if (vmp.vm_nsegfree >= VMEM_MINFREE || vmem_populate(vmp, vmflag)) {
    flist = vmem_canalloc(vmp, size);
  }
  if (flist === 0) {
    mutex_exit(vmp.vm_lock);
    return vmem_xalloc(vmp, size, vmp.vm_quantum, 0, 0, null, null, vmflag);
  }
  const vsp = vmp.vm_freelist[flist - 1].vs_knext;
  let addr = vsp.vs_start;
  if ((vmflag & VM_ENDALLOC) !== 0) addr = vsp.vs_end - size;
  vmem_seg_alloc(vmp, vsp, addr, size);
  mutex_exit(vmp.vm_lock);
  return addr;
}

/** Frees [vaddr, vaddr + size), as vmem_alloc gave it. */
export function vmem_free(
  vmp: vmem_t,
  vaddr: number | null,
  size: number,
): void {
  if (size <= vmp.vm_qcache_max && size > 0) {
    statics.kmem!.free(qcache(vmp, size), vaddr ?? 0);
  } else {
    vmem_xfree(vmp, vaddr, size);
  }
}
