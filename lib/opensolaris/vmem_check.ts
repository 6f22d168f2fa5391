// What an arena looks like inside, and whether it is sound.
//
// The name and the thought of vmem_check are NetBSD's (subr_vmem.c,
// VMEM_SANITY); illumos has no such function. Idea: whoever changes lists
// states what must hold in them, and has it checked after every operation.
// The numbers are those of the invariants in vmem_impl.ts.
//
// 1. Nothing here changes an arena or takes a lock, so it may be called at
//    any time, also in the middle of a walk.
//
// Left out: spans that overlap. vmem_add takes them, so they are legal.
import { highbit, P2PHASE, P2ROUNDUP } from '../sys/sysmacros.js';
import {
  statics,
  VMEM_ALLOC,
  VMEM_FREE,
  VMEM_FREELISTS,
  VMEM_ROTOR,
  vmem_seg_t,
  VMEM_SPAN,
  vmem_t,
  VMEM_WALKER,
  VS_SIZE,
} from './vmem_impl.js';
import { hashIndex, hex } from './vmem_lists.js';

/** A segment as plain data: [start, end) of some type. */
export interface Segment {
  type: 'alloc' | 'free' | 'span' | 'rotor' | 'walker';
  start: number;
  end: number;
  imported: boolean; // of a span
}

const typeNames: { [vs_type: number]: Segment['type'] } = {
  [VMEM_ALLOC]: 'alloc',
  [VMEM_FREE]: 'free',
  [VMEM_SPAN]: 'span',
  [VMEM_ROTOR]: 'rotor',
  [VMEM_WALKER]: 'walker',
};

/** Kin from first on, up to but without end; no further than once round. */
function kin(first: vmem_seg_t | null, end: vmem_seg_t | null): vmem_seg_t[] {
  const found = new Set<vmem_seg_t>();
  for (let vsp = first; vsp !== end && vsp !== null; vsp = vsp.vs_knext) {
    if (found.has(vsp)) break;
    found.add(vsp);
  }
  return [...found];
}

/** All in the arena list but seg0, in its order. */
function inArena({ vm_seg0 }: vmem_t): vmem_seg_t[] {
  const found: vmem_seg_t[] = [];
  for (let vsp = vm_seg0.vs_anext; vsp !== vm_seg0; vsp = vsp.vs_anext) {
    found.push(vsp);
  }
  return found;
}

/** The arena list, seg0 aside. */
export function segments(vmp: vmem_t): Segment[] {
  return inArena(vmp).map(({ vs_type, vs_start, vs_end, vs_import }) => ({
    type: typeNames[vs_type],
    start: vs_start,
    end: vs_end,
    imported: vs_import !== 0,
  }));
}

/** The members of freelist n, head to tail. */
function onList({ vm_freelist }: vmem_t, n: number): vmem_seg_t[] {
  return kin(vm_freelist[n].vs_knext, vm_freelist[n + 1]);
}

/** The freelists that are not empty: n, and its segments, head to tail. */
export function freelists(vmp: vmem_t): { n: number; pieces: Segment[] }[] {
  const lists = [];
  for (let n = 0; n < VMEM_FREELISTS; n++) {
    const pieces = onList(vmp, n).map((vsp) => ({
      type: 'free' as const,
      start: vsp.vs_start,
      end: vsp.vs_end,
      imported: false,
    }));
    if (pieces.length > 0) lists.push({ n, pieces });
  }
  return lists;
}

/** The hash table: the start addresses of each bucket, first to last. */
export function buckets({ vm_hash_table }: vmem_t): number[][] {
  return vm_hash_table.map((first) =>
    kin(first, null).map(({ vs_start }) => vs_start),
  );
}

/** All arenas, oldest first. */
export function arenas(): vmem_t[] {
  const found: vmem_t[] = [];
  for (let vmp = statics.vmem_list; vmp !== null; vmp = vmp.vm_next) {
    found.push(vmp);
  }
  return found;
}

/**
 * Which invariants does this arena break? Each fault begins with its
 * number. Sound arenas give an empty list.
 */
export function vmem_check(vmp: vmem_t): string[] {
  const faults = new Faults();
  if (checkRing(vmp, faults)) {
    checkTiling(vmp, faults);
    checkFreelists(vmp, faults);
    checkHash(vmp, faults);
    checkSpans(vmp, faults);
    checkCounters(vmp, faults);
    checkPool(vmp, faults);
  }
  return faults.list;
}

/** The faults so far, and the segments that they name. */
class Faults {
  readonly list: string[] = [];

  add(invariant: number, fault: string): void {
    this.list.push(`${invariant}: ${fault}`);
  }

  /** Unless ok. */
  unless(ok: boolean, invariant: number, fault: string): void {
    if (!ok) this.add(invariant, fault);
  }
}

/** "the free segment [0x1000, 0x1400)" */
function the({ vs_type, vs_start, vs_end }: vmem_seg_t): string {
  const type = typeNames[vs_type] ?? `type ${vs_type}`;
  return `the ${type} segment [0x${hex(vs_start)}, 0x${hex(vs_end)})`;
}

/** 1. @returns whether the ring can be walked at all */
function checkRing({ vm_seg0, vm_rotor }: vmem_t, faults: Faults): boolean {
  const before = faults.list.length;
  const seen = new Set<vmem_seg_t>();
  let vsp = vm_seg0;
  do {
    const { vs_anext } = vsp;
    faults.unless(vs_anext.vs_aprev === vsp, 1, `vs_aprev behind ${the(vsp)}`);
    seen.add(vsp);
    vsp = vs_anext;
  } while (!seen.has(vsp));
  faults.unless(vsp === vm_seg0, 1, `the ring closes at ${the(vsp)}`);
  faults.unless(seen.has(vm_rotor), 1, 'the rotor is not in the ring');
  return faults.list.length === before;
}

const isMarker = ({ vs_type }: vmem_seg_t): boolean =>
  vs_type === VMEM_ROTOR || vs_type === VMEM_WALKER;

/** 2, 3, 9 and 11. */
function checkTiling(vmp: vmem_t, faults: Faults): void {
  const { vm_quantum: q, vm_seg0 } = vmp;
  let span: vmem_seg_t | null = null;
  let at = 0; // where the next segment has to start
  let vprev: vmem_seg_t = vm_seg0; // the last that was no rotor or walker

  const close = (): void => {
    if (span === null) return;
    const full = at === span.vs_end;
    faults.unless(full, 2, `${the(span)} is tiled up to 0x${hex(at)} only`);
  };

  for (const vsp of inArena(vmp)) {
    if (isMarker(vsp)) continue;
    const { vs_type, vs_start, vs_end } = vsp;
    faults.unless(P2PHASE(vs_start, q) === 0, 9, `${the(vsp)} starts askew`);
    faults.unless(vs_start !== 0, 9, `${the(vsp)} starts at 0`);
    if (vs_type !== VMEM_ALLOC) {
      faults.unless(P2PHASE(vs_end, q) === 0, 9, `${the(vsp)} ends askew`);
      faults.unless(vs_end > vs_start, 2, `${the(vsp)} is empty`);
    }
    if (vs_type === VMEM_SPAN) {
      close();
      span = vsp;
      at = vs_start;
    } else {
      faults.unless(span !== null, 2, `${the(vsp)} stands before all spans`);
      faults.unless(vs_start === at, 2, `${the(vsp)} is not at 0x${hex(at)}`);
      at = vs_start + P2ROUNDUP(vs_end - vs_start, q);
      if (vs_type === VMEM_FREE) checkFree(vmp, vprev, vsp, faults);
    }
    vprev = vsp;
  }
  close();
}

/** 3 and 11, of one free segment; vprev is the one before it. */
function checkFree(
  vmp: vmem_t,
  vprev: vmem_seg_t,
  vsp: vmem_seg_t,
  faults: Faults,
): void {
  const apart = vsp.vs_aprev !== vprev; // something stands in between
  const two = vprev.vs_type === VMEM_FREE && !apart;
  faults.unless(!two, 3, `${the(vsp)} touches ${the(vprev)}`);
  const alone =
    vsp.vs_aprev.vs_type === VMEM_SPAN && vsp.vs_anext.vs_type === VMEM_SPAN;
  const kept = alone && vsp.vs_aprev.vs_import !== 0 && vmp.vm_source_free;
  faults.unless(!kept, 11, `${the(vsp)} fills an imported span`);
}

/** 4 and 5. */
function checkFreelists(vmp: vmem_t, faults: Faults): void {
  const { vm_freelist, vm_freemap } = vmp;
  const left = new Set(inArena(vmp).filter((s) => s.vs_type === VMEM_FREE));
  for (let n = 0; n < VMEM_FREELISTS; n++) {
    const list = onList(vmp, n);
    let vprev = vm_freelist[n];
    for (const vsp of list) {
      const fits = left.delete(vsp) && highbit(VS_SIZE(vsp)) - 1 === n;
      faults.unless(fits, 4, `${the(vsp)} is on freelist ${n}`);
      faults.unless(vsp.vs_kprev === vprev, 4, `vs_kprev of ${the(vsp)}`);
      vprev = vsp;
    }
    const next = vm_freelist[n + 1];
    const chained = vprev.vs_knext === next && next.vs_kprev === vprev;
    faults.unless(chained, 4, `the chain is broken behind freelist ${n}`);
    const bit = (vm_freemap[n >> 5] >>> n) & 1;
    faults.unless(bit === Number(list.length > 0), 5, `bit ${n} is ${bit}`);
  }
  for (const vsp of left) faults.add(4, `${the(vsp)} is on no freelist`);
}

/** 6. */
function checkHash(vmp: vmem_t, faults: Faults): void {
  const { vm_hash_table } = vmp;
  const left = new Set(inArena(vmp).filter((s) => s.vs_type === VMEM_ALLOC));
  vm_hash_table.forEach((first, bucket) => {
    for (const vsp of kin(first, null)) {
      const right = hashIndex(vmp, vsp.vs_start) === bucket;
      const fits = left.delete(vsp) && right;
      faults.unless(fits, 6, `${the(vsp)} is in bucket ${bucket}`);
    }
  });
  for (const vsp of left) faults.add(6, `${the(vsp)} is in no bucket`);
}

/** 7. */
function checkSpans(vmp: vmem_t, faults: Faults): void {
  const { vm_seg0 } = vmp;
  const spans = inArena(vmp).filter((s) => s.vs_type === VMEM_SPAN);
  let vprev = vm_seg0;
  for (const vsp of [...spans, vm_seg0]) {
    const linked = vprev.vs_knext === vsp && vsp.vs_kprev === vprev;
    faults.unless(linked, 7, `the kin of ${the(vprev)}`);
    vprev = vsp;
  }
}

/** 8. */
function checkCounters(vmp: vmem_t, faults: Faults): void {
  const k = vmp.vm_kstat;
  const all = inArena(vmp);
  const sum = (which: (vsp: vmem_seg_t) => boolean): number =>
    all.filter(which).reduce((total, vsp) => total + VS_SIZE(vsp), 0);
  const isSpan = (vsp: vmem_seg_t) => vsp.vs_type === VMEM_SPAN;
  const isAlloc = (vsp: vmem_seg_t) => vsp.vs_type === VMEM_ALLOC;
  const expect: [string, number, number][] = [
    ['mem_inuse', k.vk_mem_inuse, sum(isAlloc)],
    ['mem_total', k.vk_mem_total, sum(isSpan)],
    [
      'mem_import',
      k.vk_mem_import,
      sum((vsp) => isSpan(vsp) && vsp.vs_import !== 0),
    ],
    ['alloc - free', k.vk_alloc - k.vk_free, all.filter(isAlloc).length],
  ];
  for (const [name, counted, found] of expect) {
    faults.unless(counted === found, 8, `${name} is ${counted}, not ${found}`);
  }
}

/** 10. */
function checkPool({ vm_segfree, vm_nsegfree }: vmem_t, faults: Faults): void {
  const { length } = kin(vm_segfree, null);
  const right = length === vm_nsegfree;
  faults.unless(right, 10, `vm_nsegfree is ${vm_nsegfree}, not ${length}`);
}
