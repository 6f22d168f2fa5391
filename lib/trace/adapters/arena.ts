// A VMEM arena as an allocator like any other, and illumos' map on one.
//
// An arena is a Keeper: it knows what is allocated. steps() is what its
// own counter says: nodes looked at in freelists, or in the arena list for
// next fit. Instant fit looks at none as long as a list of large enough
// segments has one.
import { P2ROUNDUP } from '../../sys/sysmacros.js';
import { rmalloc, rmallocmap, rmfree } from '../../opensolaris/rmap.js';
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

/** How an arena is asked: by vmem's own calls, or by older ones. */
interface Calls {
  alloc(size: number): number | null;
  free(addr: number, size: number): void;
}

/** An arena with one span, asked by these calls, as a Keeper. */
function overArena(
  vmp: vmem_t,
  name: string,
  [start, end]: readonly [number, number],
  { alloc, free }: Calls,
): Keeper {
  const { vm_kstat, vm_quantum } = vmp;
  const given = (size: number): number => P2ROUNDUP(size, vm_quantum);
  let highest = start;
  let looked = 0;
  return {
    name,
    unit: 'units',
    range: [start, end],
    alloc(size) {
      const before = vm_kstat.vk_search;
      const addr = alloc(size);
      looked = vm_kstat.vk_search - before;
      if (addr === null) return null;
      highest = Math.max(highest, addr + given(size));
      // In place of the clock, which stands still here: a hash table that
      // has become too small is replaced.
      const live = vm_kstat.vk_alloc - vm_kstat.vk_free;
      if (live > 2 * vmp.vm_hash_table.length) vmem_update(null);
      return addr;
    },
    free,
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
  const vmflag = VM_NOSLEEP | flagOf[policy];
  return overArena(vmp, name, [start, start + units], {
    alloc: (size) => vmem_alloc(vmp, size, vmflag),
    free: (addr, size) => vmem_free(vmp, addr, size),
  });
}

/**
 * illumos' map over [start, start + units): the old calls, on an arena.
 * It knows what is allocated, which no map of the room bsd does.
 * @param slots not of use: nothing can be full
 */
export function rmapShim(units: number, start: number, slots = 0): Keeper {
  if (statics.vmem_list === null) vmem_init();
  const mp = rmallocmap(slots)!;
  rmfree(mp, units, start);
  return overArena(mp, 'rmap', [start, start + units], {
    alloc: (size) => rmalloc(mp, size) || null,
    free: (addr, size) => rmfree(mp, size, addr),
  });
}
