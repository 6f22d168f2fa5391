// Three policies over one map: first fit, best fit, next fit.
//
// V7's map knows first fit alone. Here the same array of free pieces is
// searched in three ways; how a piece is cut, and how one that comes back
// is joined, stays V7's. Idea: a policy is a search and nothing else. What
// differs between two runs of the same requests is then its doing.
//
// 1. Whatever entry is chosen, the request is cut from its low end.
// 2. Next fit keeps a rotor, the address behind the last piece given out.
//    It goes on at the first entry that ends above the rotor, up to the
//    delimiter, then from slot 0. An entry that has vanished or moved to
//    another slot does not matter: the rotor is an address, not a slot.
//    Slots that are read to find that entry count as steps.
// 3. If the piece below the rotor is freed and joins the entry that the
//    rotor stands at, the search goes on with the joined entry, and cuts
//    below the rotor.
//
// Left out: who has what, and a limit. There must be slots for all holes
// and the delimiter; behind the last one is a trap.
import { entries, mfree, newMap, type map } from '../../bsd/malloc.js';
import type { Allocator } from '../allocator.js';
import { watch } from '../record.js';

export type Policy = 'first' | 'best' | 'next';

export interface FitMap {
  policy: Policy;
  units: number; // free in the beginning: [start, start + units)
  start: number; // at least 1
  slots: number; // for entries and the delimiter
}

/** The first entry from bp on that is large enough, or the delimiter. */
function firstFit(mp: map[], size: number, bp = 0): number {
  while (mp[bp].m_size !== 0 && mp[bp].m_size < size) bp++;
  return bp;
}

/** The smallest entry that is large enough; of equal ones the lowest. */
function bestFit(mp: map[], size: number): number {
  let best = -1;
  let bp = 0;
  for (; mp[bp].m_size !== 0; bp++) {
    const { m_size } = mp[bp];
    if (m_size >= size && (best === -1 || m_size < mp[best].m_size)) best = bp;
  }
  return best === -1 ? bp : best;
}

/** The first entry that ends above addr, or the delimiter. */
function endsAbove(mp: map[], addr: number, bp: number): number {
  const isBelow = ({ m_size, m_addr }: map) => m_addr + m_size <= addr;
  // A few calls have come since bp was right: it is near, up or down.
  while (bp > 0 && (mp[bp - 1].m_size === 0 || !isBelow(mp[bp - 1]))) bp--;
  while (mp[bp].m_size !== 0 && isBelow(mp[bp])) bp++;
  return bp;
}

/**
 * The first entry from bp on that is large enough; none up to the end of
 * the map, the first one of all.
 */
function nextFit(mp: map[], size: number, bp: number): number {
  const found = firstFit(mp, size, bp);
  return mp[found].m_size !== 0 ? found : firstFit(mp, size);
}

/** Cuts size units from the low end of entry bp, as V7's malloc does. */
function cut(mp: map[], size: number, bp: number): number {
  const addr = mp[bp].m_addr;
  mp[bp].m_addr += size;
  if ((mp[bp].m_size -= size) === 0) {
    // Nothing is left: all that follows moves one slot down.
    do {
      bp++;
      mp[bp - 1].m_addr = mp[bp].m_addr;
    } while ((mp[bp - 1].m_size = mp[bp].m_size) !== 0);
  }
  return addr;
}

/** A map that is searched as the policy says. */
export function fitMap({ policy, units, start, slots }: FitMap): Allocator {
  const array = newMap(slots, []);
  mfree(array, units, start);
  const { mp, searched } = watch(array); // the same slots, with counters
  let highest = start;
  let looked = 0;
  let rotor = start;
  let near = 0; // the slot where the rotor was seen last

  const search = {
    first: (size: number) => firstFit(mp, size),
    best: (size: number) => bestFit(mp, size),
    next: (size: number) => nextFit(mp, size, endsAbove(mp, rotor, near)),
  }[policy];

  const holes = () =>
    entries(array).map(([m_size, m_addr]) => ({
      start: m_addr,
      end: m_addr + m_size,
    }));

  return {
    name: `${policy} fit`,
    unit: 'units',
    range: [start, start + units],
    alloc(size) {
      let bp = 0;
      looked = searched(() => (bp = search(size)));
      if (array[bp].m_size === 0) return null;
      const addr = cut(array, size, bp);
      near = bp;
      rotor = addr + size;
      highest = Math.max(highest, rotor);
      return addr;
    },
    free: (addr, size) => mfree(array, size, addr),
    given: (_addr, size) => size,
    holes,
    lists: () => [{ name: 'map', pieces: holes() }],
    taken: () => highest - start,
    steps: () => looked,
  };
}
