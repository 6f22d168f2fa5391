// The maps of V7 and 4.3BSD, as allocators like any other.
//
// A map is an Allocator and no Keeper: it records what is free, and cannot
// say who has what. Slots are watched while a call runs, so that steps()
// is what the original's search really reads: slots, the delimiter among
// them, up to the first change of the array.
import * as bsd43 from '../../bsd/subr_rmap.js';
import * as v7 from '../../bsd/malloc.js';
import type { Allocator, Piece } from '../allocator.js';
import { watch } from '../record.js';

/** The calls of a map of either system. */
interface Calls {
  malloc(size: number): number;
  mfree(size: number, addr: number): void;
  entries(): [m_size: number, m_addr: number][];
  /** Runs f: slots that it read before it changed one. */
  searched(f: () => void): number;
}

function overMap(
  name: string,
  [start, end]: readonly [number, number],
  { malloc, mfree, entries, searched }: Calls,
): Allocator {
  let highest = start;
  let looked = 0;
  const holes = (): Piece[] =>
    entries().map(([m_size, m_addr]) => ({
      start: m_addr,
      end: m_addr + m_size,
    }));
  return {
    name,
    unit: 'units',
    range: [start, end],
    alloc(size) {
      let addr = 0;
      looked = searched(() => (addr = malloc(size)));
      if (addr === 0) return null;
      highest = Math.max(highest, addr + size);
      return addr;
    },
    free: (addr, size) => mfree(size, addr),
    given: (_addr, size) => size,
    holes,
    lists: () => [{ name: 'map', pieces: holes() }],
    taken: () => highest - start,
    steps: () => looked,
  };
}

/**
 * V7's map over [start, start + units). Behind the last slot is the trap,
 * and not somebody else's memory: a search that gets there panics.
 */
export function v7Map(units: number, start: number, slots: number): Allocator {
  const array = v7.newMap(slots, []);
  const { mp, searched } = watch(array);
  v7.mfree(array, units, start);
  return overMap('v7', [start, start + units], {
    malloc: (size) => v7.malloc(mp, size),
    mfree: (size, addr) => v7.mfree(array, size, addr),
    entries: () => v7.entries(array),
    searched,
  });
}

/**
 * 4.3BSD's map over the same. Its header takes one slot more; `slots` are
 * for entries and the delimiter, as V7's are. When they are full, space is
 * lost, and the console says so.
 */
export function bsd43Map(
  units: number,
  start: number,
  slots: number,
): Allocator {
  const map = bsd43.newMap(slots + 1);
  bsd43.rminit(map, units, start, 'pool', slots + 1);
  const { mp, searched } = watch(map.mapent);
  const watched = { ...map, mapent: mp };
  return overMap('43bsd', [start, start + units], {
    malloc: (size) => bsd43.rmalloc(watched, size),
    mfree: (size, addr) => bsd43.rmfree(map, size, addr),
    entries: () => bsd43.entries(map),
    searched,
  });
}
