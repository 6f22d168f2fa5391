// Arenas made and unmade.
//
// Follows illumos common/os/vmem.c, vmem_create_common to vmem_destroy.
// Idea: an arena is given, at its creation, the function that brings it
// more and the arena to call it with. Neither is called then: a range that
// is not needed is not imported.
//
// 1. Only base and size make a span at creation; afunc is not called.
// 2. All arenas stand in vmem_list, oldest first, until destroyed.
// 3. The structure of an arena comes from vmem_vmem, and before there is
//    one from static memory.
// 4. A destroyed arena gives back its structures. What it had imported
//    stays allocated in its source.
//
// Left out: kstat_create and kstat_delete (vmem_impl.ts). Ours: a quantum
// that is no power of 2, where C goes wrong silently, is a RangeError.
import { printf } from '../sys/cons.js';
import { mutex_enter, mutex_exit } from '../sys/mutex.js';
import { ASSERT, debug, panic } from '../sys/panic.js';
import { highbit } from '../sys/sysmacros.js';
import { vmem_alloc, vmem_free, vmem_populate } from './vmem_alloc.js';
import {
  sizeofPointer,
  sizeofVmem,
  statics,
  VM_KMFLAGS,
  VM_NOSLEEP,
  VM_PANIC,
  vmem0,
  VMC_IDENTIFIER,
  VMC_NO_QCACHE,
  VMC_POPULATOR,
  VMC_XALIGN,
  VMC_XALLOC,
  VMEM_ALLOC,
  type vmem_alloc_t,
  type vmem_free_t,
  VMEM_FREELISTS,
  VMEM_INITIAL,
  VMEM_NQCACHE_MAX,
  VMEM_QCACHE_SLABSIZE,
  VMEM_ROTOR,
  vmem_seg_t,
  VMEM_SPAN,
  vmem_t,
  type vmem_ximport_t,
} from './vmem_impl.js';
import {
  deleteA,
  insertA,
  vmem_getseg,
  vmem_putseg_global,
} from './vmem_lists.js';
import { vmem_add, vmem_size } from './vmem_walk.js';

/** The heads of the freelists, in one chain, and the marker at its end. */
function newFreelists(): vmem_seg_t[] {
  const heads: vmem_seg_t[] = [];
  for (let i = 0; i <= VMEM_FREELISTS; i++) {
    const head = new vmem_seg_t();
    head.vs_end = i;
    if (i > 0) {
      head.vs_kprev = heads[i - 1];
      heads[i - 1].vs_knext = head;
    }
    heads.push(head);
  }
  return heads;
}

/** Seg0 alone in both rings, and the rotor behind it. */
function startRings({ vm_seg0, vm_rotor }: vmem_t): void {
  vm_seg0.vs_anext = vm_seg0.vs_aprev = vm_seg0;
  vm_seg0.vs_knext = vm_seg0.vs_kprev = vm_seg0;
  vm_seg0.vs_type = VMEM_SPAN;
  vm_rotor.vs_type = VMEM_ROTOR;
  insertA(vm_seg0, vm_rotor);
}

/** Room for the structure of arena number id. @returns null: there is none */
function newVmem(id: number, vmflag: number): number | null {
  const { vmem_vmem_arena } = statics;
  if (vmem_vmem_arena !== null) {
    return vmem_alloc(vmem_vmem_arena, sizeofVmem, vmflag & VM_KMFLAGS);
  }
  ASSERT(id <= VMEM_INITIAL, 'id <= VMEM_INITIAL');
  return vmem0 + (id - 1) * sizeofVmem;
}

/** A quantum cache for each multiple of the quantum up to nqcache times. */
function createQcaches(vmp: vmem_t, nqcache: number): void {
  const { vm_name, vm_quantum } = vmp;
  const { kmem } = statics;
  if (kmem === null) {
    throw new RangeError(
      `vmem_create(${vm_name}): quantum caches are kmem's, and kmem has not ` +
        'started; use qcache_max 0',
    );
  }
  vmp.vm_qcache_max = nqcache * vm_quantum; // the size of slabs depends on it
  for (let i = 1; i <= nqcache; i++) {
    const name = `${vm_name}_${i * vm_quantum}`;
    vmp.vm_qcache.push(kmem.create(name, i * vm_quantum, vm_quantum, vmp));
  }
}

/** Puts vmp at the end of vmem_list. */
function enlist(vmp: vmem_t): void {
  mutex_enter(statics.vmem_list_lock);
  let last = statics.vmem_list;
  while (last !== null && last.vm_next !== null) last = last.vm_next;
  if (last === null) statics.vmem_list = vmp;
  else last.vm_next = vmp;
  mutex_exit(statics.vmem_list_lock);
}

/** Takes vmp out of vmem_list. @throws Panic "trap" if it is not in it */
function delist(vmp: vmem_t): void {
  mutex_enter(statics.vmem_list_lock);
  let vprev: vmem_t | null = null;
  let cur = statics.vmem_list;
  while (cur !== null && cur !== vmp) {
    vprev = cur;
    cur = cur.vm_next;
  }
  if (cur !== null && vprev !== null) vprev.vm_next = vmp.vm_next;
  else if (cur !== null) statics.vmem_list = vmp.vm_next;
  mutex_exit(statics.vmem_list_lock);
  if (cur === null) {
    const { vm_name: arena } = vmp;
    panic('trap', { call: `vmem_destroy(${arena})`, arena });
  }
}

/** The constructor behind both of the public ones. */
function vmem_create_common(
  name: string,
  base: number | null,
  size: number,
  quantum: number,
  afunc: vmem_alloc_t | vmem_ximport_t | null,
  ffunc: vmem_free_t | null,
  source: vmem_t | null,
  qcache_max: number,
  cflags: number,
): vmem_t | null {
  if (!(quantum >= 1) || 2 ** (highbit(quantum) - 1) !== quantum) {
    throw new RangeError(`vmem_create(${name}): quantum ${quantum} is no 2^n`);
  }
  const id = ++statics.vmem_id;
  const at = newVmem(id, cflags);
  if (debug) {
    const same = ((source?.vm_cflags ?? cflags) ^ cflags) & VMC_IDENTIFIER;
    ASSERT(
      same === 0,
      'source == NULL || ((source->vm_cflags & VMC_IDENTIFIER) == ' +
        '(vmflag & VMC_IDENTIFIER))',
    );
  }
  if (at === null) return null;

  const vmp = new vmem_t(name, at);
  const vmflag = cflags & VM_KMFLAGS;
  vmp.vm_cflags = cflags;
  vmp.vm_quantum = quantum;
  vmp.vm_qshift = highbit(quantum) - 1;
  vmp.vm_freelist = newFreelists();
  startRings(vmp);
  vmp.vm_id = id;
  vmp.vm_kstat.vk_source_id = source?.vm_id ?? 0;
  vmp.vm_source = source;
  vmp.vm_source_alloc = afunc;
  vmp.vm_source_free = ffunc;

  // Caches, or imports as large as the slabs of these caches would be.
  const nqcache = Math.min(Math.floor(qcache_max / quantum), VMEM_NQCACHE_MAX);
  if ((cflags & VMC_NO_QCACHE) !== 0) {
    vmp.vm_min_import = VMEM_QCACHE_SLABSIZE(nqcache * quantum);
  } else if (nqcache !== 0) {
    if (debug) ASSERT((vmflag & VM_NOSLEEP) === 0, '!(vmflag & VM_NOSLEEP)');
    createQcaches(vmp, nqcache);
  }

  enlist(vmp);
  if ((cflags & VMC_POPULATOR) !== 0) {
    statics.vmem_populator.push(vmp);
    mutex_enter(vmp.vm_lock);
    vmem_populate(vmp, vmflag | VM_PANIC);
    mutex_exit(vmp.vm_lock);
  }

  const initial = base || size;
  if (initial && vmem_add(vmp, base, size, vmflag) === null) {
    vmem_destroy(vmp);
    return null;
  }
  return vmp;
}

/**
 * Creates an arena whose afunc is a vmem_ximport_t: it is told the
 * alignment, and may bring more than it was asked for.
 */
export function vmem_xcreate(
  name: string,
  base: number | null,
  size: number,
  quantum: number,
  afunc: vmem_ximport_t | null,
  ffunc: vmem_free_t | null,
  source: vmem_t | null,
  qcache_max: number,
  vmflag: number,
): vmem_t | null {
  const not = VMC_POPULATOR | VMC_XALLOC;
  ASSERT((vmflag & not) === 0, '!(vmflag & (VMC_POPULATOR | VMC_XALLOC))');
  const cflags = (vmflag & ~not) | VMC_XALLOC;
  return vmem_create_common(
    name, base, size, quantum, afunc, ffunc, source, qcache_max, cflags,
  );
}

/**
 * Creates an arena.
 * @param base the initial span is [base, base + size); null and 0: none
 * @param quantum all it gives out are multiples of it; a power of 2
 * @param afunc called with source when more is needed; null: never
 * @param ffunc called with source when a span of these is empty again
 * @param qcache_max sizes up to here are served by quantum caches
 * @returns null if there is no room for it, and vmflag has VM_NOSLEEP
 */
export function vmem_create(
  name: string,
  base: number | null,
  size: number,
  quantum: number,
  afunc: vmem_alloc_t | null,
  ffunc: vmem_free_t | null,
  source: vmem_t | null,
  qcache_max: number,
  vmflag: number,
): vmem_t | null {
  const not = VMC_XALLOC | VMC_XALIGN;
  ASSERT((vmflag & not) === 0, '!(vmflag & (VMC_XALLOC | VMC_XALIGN))');
  const cflags = vmflag & ~not;
  return vmem_create_common(
    name, base, size, quantum, afunc, ffunc, source, qcache_max, cflags,
  );
}

/**
 * Destroys an arena; says so on the console if something in it is still
 * allocated. Spans that it had imported are not given back.
 * @throws Panic "trap" for an arena that is not there (any more)
 */
export function vmem_destroy(vmp: vmem_t): void {
  delist(vmp);
  for (const cache of vmp.vm_qcache) statics.kmem!.destroy(cache);

  const leaked = vmem_size(vmp, VMEM_ALLOC);
  if (leaked !== 0) {
    const ids = (vmp.vm_cflags & VMC_IDENTIFIER) !== 0;
    const what = ids ? 'identifiers' : 'bytes';
    // The ! sends it to the log only.
    printf(`!vmem_destroy('${vmp.vm_name}'): leaked ${leaked} ${what}`);
  }

  if (vmp.vm_hash_table !== vmp.vm_hash0) {
    const bytes = (vmp.vm_hash_mask + 1) * sizeofPointer;
    vmem_free(statics.vmem_hash_arena!, vmp.hashAt, bytes);
  }

  // Segments first, then those in reserve.
  const { vm_seg0: seg0, vm_rotor } = vmp;
  deleteA(vm_rotor);
  for (let vsp = seg0.vs_anext; vsp !== seg0; ) {
    const { vs_anext } = vsp;
    vmem_putseg_global(vsp);
    vsp = vs_anext;
  }
  while (vmp.vm_nsegfree > 0) vmem_putseg_global(vmem_getseg(vmp));
  vmem_free(statics.vmem_vmem_arena!, vmp.at, sizeofVmem);
}
