// Which free segment? The lists to look at, and what fits.
//
// Follows illumos common/os/vmem.c: vmem_canalloc, and of vmem_xalloc what
// comes before it has found a segment. Idea: a list from which any member
// will do needs no search. Whoever does search walks one list after the
// other, upwards, and can stop at the first that has what he wants.
//
// 1. vmem_canalloc names the first non-empty list whose members all are
//    large enough. List n has sizes from 2^n, so it is the first with
//    2^n >= size: 1000 units come from list 10, not from list 9.
// 2. A search starts there; at the list below if that is asked for
//    (VM_BESTFIT, VM_FIRSTFIT) or if there is no other. It never goes down.
// 3. It ends at the first that fits; with VM_BESTFIT at the end of the
//    first list with one that fits, or at an exact fit. Of equals the
//    first one is taken.
//
// So a request with constraints may fail although a segment two lists down
// would do. The original has it so.
//
// Left out: nothing.
import { ASSERT, panic } from '../sys/panic.js';
import {
  highbit,
  P2CROSS,
  P2NPHASE,
  P2PHASE,
  P2ROUNDUP,
} from '../sys/sysmacros.js';
import {
  VM_BESTFIT,
  VM_FIRSTFIT,
  type vmem_seg_t,
  type vmem_t,
} from './vmem_impl.js';
import { hex } from './vmem_lists.js';

/**
 * The first freelist from number k on that is not empty, plus 1; or 0.
 * In C: lowbit(P2ALIGN(vm_freemap, 1UL << k)).
 */
function listFrom({ vm_freemap }: vmem_t, k: number): number {
  let word = k >> 5;
  let lists = (vm_freemap[word] >> k) << k; // shifts count modulo 32
  if (lists === 0 && word === 0) lists = vm_freemap[(word = 1)];
  return lists === 0 ? 0 : 32 * word + 32 - Math.clz32(lists & -lists);
}

/**
 * The first freelist whose members all hold size, plus 1; or 0. List n
 * has sizes from 2^n: so n is the least with 2^n >= size.
 * @internal static in vmem.c
 */
export function vmem_canalloc(vmp: vmem_t, size: number): number {
  return size === 0 ? 0 : listFrom(vmp, highbit(size - 1));
}

/** Where vmem_xalloc starts: there, or at the list below. */
function firstList(vmp: vmem_t, size: number, vmflag: number): number {
  const flist = vmem_canalloc(vmp, size);
  const hb = highbit(size);
  // 2^n itself needs no list below n: none there has it.
  if (size === 0 || hb !== highbit(size - 1)) return flist;
  const lower = flist === 0 || (vmflag & (VM_BESTFIT | VM_FIRSTFIT)) !== 0;
  return lower ? listFrom(vmp, hb - 1) : flist;
}

/** What a request demands of its addresses. */
export interface Constraints {
  align: number;
  phase: number;
  nocross: number;
  min: number;
  max: number;
}

/** The arguments of vmem_xalloc, which its panics show. */
export type XallocArgs = [
  vmp: vmem_t,
  size: number,
  align: number,
  phase: number,
  nocross: number,
  minaddr: number | null,
  maxaddr: number | null,
  vmflag: number,
];

/** A panic of vmem_xalloc. */
export function xallocPanic(args: XallocArgs, what: string): never {
  const [vmp, size, align, phase, nocross, minaddr, maxaddr, vmflag] = args;
  const { vm_name: arena } = vmp;
  const numbers = [size, align, phase, nocross].join(', ');
  const [min, max] = [hex(minaddr ?? 0), hex(maxaddr ?? 0)];
  const flags = hex(vmflag);
  return panic(
    `vmem_xalloc(${arena}, ${numbers}, ${min}, ${max}, ${flags}): ${what}`,
    {
      call: `vmem_xalloc(${arena}, ${numbers}, 0x${min}, 0x${max}, 0x${flags})`,
      arena,
      size,
      align,
      phase,
      nocross,
      minaddr: minaddr ?? 0,
      maxaddr: maxaddr ?? 0,
    },
  );
}

/** @throws RangeError unless x is an integer from 0 to 2^53 - 1 */
export function checkWord(x: number, call: string): void {
  if (Number.isSafeInteger(x) && x >= 0) return;
  throw new RangeError(`${call}: ${x} is no integer from 0 to 2^53 - 1`);
}

/** x | y of 64 bits. */
function or(x: number, y: number): number {
  const high = Math.floor(x / 2 ** 32) | Math.floor(y / 2 ** 32);
  return high * 2 ** 32 + ((x | y) >>> 0);
}

const powerOf2 = (x: number): boolean => highbit(x) !== highbit(x - 1);

/**
 * The constraints of a request, if they agree with each other.
 * @throws Panic with one of three texts
 */
export function constrain(args: XallocArgs): Constraints {
  const [vmp, size, align_arg, phase, nocross, minaddr, maxaddr] = args;
  const { vm_quantum } = vmp;
  const align = align_arg !== 0 ? align_arg : vm_quantum;
  for (const x of [align, phase, nocross, minaddr ?? 0, maxaddr ?? 0]) {
    checkWord(x, `vmem_xalloc(${vmp.vm_name})`);
  }
  if ([align, phase, nocross].some((x) => P2PHASE(x, vm_quantum) !== 0)) {
    xallocPanic(args, 'parameters not vm_quantum aligned');
  }
  // P2ROUNDUP as C has it, for align may still be no power of 2.
  const needs = or(phase + size - 1, align - 1) + 1;
  if (nocross !== 0 && (align > nocross || needs > nocross)) {
    xallocPanic(args, 'overconstrained allocation');
  }
  const sound = powerOf2(align) && (nocross === 0 || powerOf2(nocross));
  if (phase >= align || !sound) {
    xallocPanic(args, 'parameters inconsistent or invalid');
  }
  const [min, max] = [minaddr || 0, maxaddr || Infinity];
  return { align, phase, nocross, min, max };
}

/** The lowest address in vsp that the constraints allow. */
export function addrIn(
  vsp: vmem_seg_t,
  size: number,
  { align, phase, nocross, min }: Constraints,
): number {
  const start = Math.max(vsp.vs_start, min);
  const up = P2PHASE(phase - start, align);
  const taddr = start + (up < 0 ? up + align : up); // P2PHASEUP
  if (nocross === 0 || !P2CROSS(taddr, taddr + size - 1, nocross)) return taddr;
  return taddr + P2ROUNDUP(P2NPHASE(taddr, nocross), align);
}

/** Does size fit into vsp under the constraints? */
function fits(vsp: vmem_seg_t, size: number, c: Constraints): boolean {
  if (vsp.vs_end <= c.min || vsp.vs_start >= c.max) return false;
  const start = Math.max(vsp.vs_start, c.min);
  const end = Math.min(vsp.vs_end, c.max);
  // Sizes have no sign in C: an end below start is far above it.
  if (end < start) return true;
  return addrIn(vsp, size, c) - start + size <= end - start;
}

/**
 * The free segment to take, by VM_BESTFIT the smallest of its freelist,
 * otherwise the first that fits; null if there is none.
 */
export function search(
  vmp: vmem_t,
  size: number,
  c: Constraints | null,
  vmflag: number,
): vmem_seg_t | null {
  let flist = firstList(vmp, size, vmflag);
  if (flist === 0) return null;
  const best = (vmflag & VM_BESTFIT) !== 0;
  let vbest: vmem_seg_t | null = null;
  let least = Infinity; // size of vbest
  let searched = 0;

  let vsp: vmem_seg_t | null = vmp.vm_freelist[flist - 1];
  while ((vsp = vsp.vs_knext) !== null) {
    searched++;
    if (vsp.vs_start === 0) {
      // The head of the next list: nothing in it is better than vbest.
      if (vbest !== null) break;
      flist = listFrom(vmp, vsp.vs_end);
      if (flist === 0) break;
      vsp = vmp.vm_freelist[flist - 1];
      continue;
    }
    const vs_size = vsp.vs_end - vsp.vs_start;
    if (vs_size >= least) continue;
    if (c === null ? vs_size < size : !fits(vsp, size, c)) continue;
    vbest = vsp;
    least = vs_size;
    if (!best || vs_size === size) break;
  }
  vmp.vm_kstat.vk_search += searched;
  return vbest;
}

/** What vmem_xalloc promises, in a DEBUG kernel. */
export function assertXalloc(addr: number, size: number, c: Constraints): void {
  const { align, phase, nocross, min, max } = c;
  ASSERT(P2PHASE(addr, align) === phase, 'P2PHASE(addr, align) == phase');
  ASSERT(
    nocross === 0 || !P2CROSS(addr, addr + size - 1, nocross),
    '!P2BOUNDARY(addr, size, nocross)',
  );
  ASSERT(addr >= min, 'addr >= (uintptr_t)minaddr');
  ASSERT(addr + size <= max, 'addr + size - 1 <= (uintptr_t)maxaddr - 1');
}
