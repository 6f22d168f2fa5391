// A patient rmfree.
//
// The decision: a unit that nobody has freed yet is allocated. So there is
// one span, all of it allocated as one piece at first, and to fill the map
// is to free a part of that piece: no second case. A part is freed by
// freeing the whole and taking back what stays, with limits for which only
// one place is left. Nothing is freed before all has been checked.
import {
  vmem_alloc,
  vmem_free,
  vmem_xalloc,
} from '../../lib/opensolaris/vmem_alloc.js';
import { segments } from '../../lib/opensolaris/vmem_check.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import {
  VM_BESTFIT,
  VM_NOSLEEP,
  VM_SLEEP,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import { reboot } from '../../lib/sys/reboot.js';

type Op = ['rmalloc', number] | ['rmfree', number, number];

/** An arena for the units 1 to `units`, none of which is free. */
function make(units: number): vmem_t {
  const vmp = vmem_create(
    'rmap', 1, units, 1, null, null, null, 0, VM_SLEEP,
  )!;
  vmem_alloc(vmp, units, VM_NOSLEEP); // nobody has freed them yet
  return vmp;
}

/** The first of `size` units, or 0. */
function rmalloc(vmp: vmem_t, size: number): number {
  return vmem_alloc(vmp, size, VM_NOSLEEP) ?? 0;
}

/** Takes [start, end), which is free. */
function take(vmp: vmem_t, start: number, end: number): void {
  const vmflag = VM_NOSLEEP | VM_BESTFIT;
  if (start < end) vmem_xalloc(vmp, end - start, 1, 0, 0, start, end, vmflag);
}

/** Frees [addr, addr + size), or returns false. */
function rmfree(vmp: vmem_t, size: number, addr: number): boolean {
  const last = addr + size;
  const hit = segments(vmp).filter(({ type, start, end }) =>
    type === 'alloc' && start < last && addr < end);
  const covered = hit.reduce((sum, { start, end }) =>
    sum + Math.min(end, last) - Math.max(start, addr), 0);
  if (size < 1 || covered !== size) return false;
  for (const { start, end } of hit) vmem_free(vmp, start, end - start);
  for (const { start, end } of hit) {
    take(vmp, start, Math.min(end, addr));
    take(vmp, Math.max(start, last), end);
  }
  return true;
}

/** What the calls returned, and what is free in the end. */
export function run(
  units: number,
  ops: Op[],
): { returned: (number | boolean)[]; free: [number, number][] } {
  reboot();
  vmem_init();
  const vmp = make(units);
  const returned = ops.map((op) =>
    op[0] === 'rmalloc' ? rmalloc(vmp, op[1]) : rmfree(vmp, op[1], op[2]));
  const free = segments(vmp)
    .filter(({ type }) => type === 'free')
    .map(({ start, end }): [number, number] => [start, end])
    .sort(([a], [b]) => a - b);
  return { returned, free };
}
