// A patient rmfree.
// Kind: design. Minutes: 50.
//
// illumos' rmfree panics where old callers were used to be served. Put an
// arena behind rmalloc and rmfree that serves them, for the units 1 to
// `units`. At first none of them is free.
//
// - rmalloc(size), size 1 or more, returns the first of `size` units in a
//   row that were all free, and are not any more. It returns 0 if and only
//   if there are not so many in a row. Which of several is up to you.
// - rmfree(size, addr) frees [addr, addr + size). It does so if all these
//   units lie in 1 to `units` and none of them is free. Then it is no
//   matter whether they were given out as one piece, as several, as a part
//   of one, or never: that is how a map is filled. All units that are free
//   and lie in a row are one piece then. It returns true.
// - In all other cases rmfree returns false, and nothing has changed.
//
// Write make, rmalloc and rmfree. All that is known stands in the arena:
// keep no list of your own. run makes calls, ['rmalloc', size] or
// ['rmfree', size, addr], and tells what they returned and what is free in
// the end, as pieces [first, end] by address.
//
// Decide first what a unit is, in the arena, that nobody has freed yet.
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
import { vmem_add } from '../../lib/opensolaris/vmem_walk.js';
import { reboot } from '../../lib/sys/reboot.js';

type Op = ['rmalloc', number] | ['rmfree', number, number];

/** An arena for the units 1 to `units`, none of which is free. */
function make(units: number): vmem_t {
  // These may serve you, here and below; not all are needed.
  void [vmem_add, vmem_alloc, vmem_create, vmem_free, vmem_xalloc];
  void [VM_BESTFIT, VM_NOSLEEP, VM_SLEEP, segments];
  throw new Error(`TODO: an arena for ${units} units`);
}

/** The first of `size` units, or 0. */
function rmalloc(vmp: vmem_t, size: number): number {
  throw new Error(`TODO: ${size} units of ${vmp.vm_name}`);
}

/** Frees [addr, addr + size), or returns false. */
function rmfree(vmp: vmem_t, size: number, addr: number): boolean {
  throw new Error(`TODO: free ${size} units at ${addr} of ${vmp.vm_name}`);
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
