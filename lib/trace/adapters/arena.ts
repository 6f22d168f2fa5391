// A VMEM arena as an allocator like any other.
//
// An arena is a Keeper: it knows what is allocated. steps() is what its
// own counter says: nodes looked at in freelists, or in the arena list for
// next fit. Instant fit looks at none as long as a list of large enough
// segments has one.
import { P2ROUNDUP } from '../../sys/sysmacros.js';
import { vmem_alloc, vmem_free } from '../../opensolaris/vmem_alloc.js';
import { freelists, segments } from '../../opensolaris/vmem_check.js';
import { vmem_create } from '../../opensolaris/vmem_create.js';
import {
  statics,
  VM_BESTFIT,
  VM_FIRSTFIT,
  VM_NEXTFIT,
  VM_NOSLEEP,
  VM_SLEEP,
  type vmem_t,
} from '../../opensolaris/vmem_impl.js';
import { vmem_init, vmem_update } from '../../opensolaris/vmem_init.js';
import type { Keeper, Piece } from '../allocator.js';

/** Which flag asks for which policy; instant fit is what no flag asks for. */
const flagOf = {
  instant: 0,
  best: VM_BESTFIT,
  first: VM_FIRSTFIT,
  next: VM_NEXTFIT,
};

export type Policy = keyof typeof flagOf;

export const policies = Object.keys(flagOf) as Policy[];

export interface ArenaOptions {
  policy?: Policy;
  start?: number; // the first unit; not 0
  units?: number; // how many
  quantum?: number; // what sizes are rounded up to; divides both
}

/** The arena's segments of a type, by address. */
function pieces(vmp: vmem_t, wanted: 'alloc' | 'free'): Piece[] {
  const { vm_quantum } = vmp;
  return segments(vmp)
    .filter(({ type }) => type === wanted)
    .map(({ start, end }) => ({
      start,
      end: start + P2ROUNDUP(end - start, vm_quantum),
    }));
}

/**
 * An arena over [start, start + units), on VMEM as it has been started, or
 * on a VMEM that is started for it.
 */
export function vmemArena({
  policy = 'instant',
  start = 1,
  units = 1 << 20,
  quantum = 1,
}: ArenaOptions = {}): Keeper {
  if (statics.vmem_list === null) vmem_init();
  const name = `${policy} fit`;
  const vmp = vmem_create(
    name, start, units, quantum, null, null, null, 0, VM_SLEEP,
  )!;
  const { vm_kstat } = vmp;
  const vmflag = VM_NOSLEEP | flagOf[policy];
  const given = (size: number): number => P2ROUNDUP(size, quantum);
  let highest = start;
  let looked = 0;
  return {
    name,
    unit: 'units',
    range: [start, start + units],
    alloc(size) {
      const before = vm_kstat.vk_search;
      const addr = vmem_alloc(vmp, size, vmflag);
      looked = vm_kstat.vk_search - before;
      if (addr === null) return null;
      highest = Math.max(highest, addr + given(size));
      // In place of the clock, which stands still here: a hash table that
      // has become too small is replaced.
      const live = vm_kstat.vk_alloc - vm_kstat.vk_free;
      if (live > 2 * vmp.vm_hash_table.length) vmem_update(null);
      return addr;
    },
    free: (addr, size) => vmem_free(vmp, addr, size),
    given: (_addr, size) => given(size),
    holes: () => pieces(vmp, 'free'),
    lists: () =>
      freelists(vmp).map(({ n, pieces: list }) => ({
        name: `freelist ${n}`,
        pieces: list.map(({ start, end }) => ({ start, end })),
      })),
    taken: () => highest - start,
    steps: () => looked,
    held: () => pieces(vmp, 'alloc'),
  };
}
