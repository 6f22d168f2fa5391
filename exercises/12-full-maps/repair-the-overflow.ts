// Repair the overflow.
// Kind: bug. Minutes: 35.
//
// V7's mfree never asks whether the array has a slot left. Two tasks:
//
// 1. failing(slots) returns a list of pieces, each as [size, address]. They
//    are given back one after the other to an empty map of so many slots
//    (2 or more), and V7's mfree below writes behind the array. No unit is
//    given back twice. For the last point, the list is as short as can be.
//
// 2. Repair mfree, which now knows its slots. The delimiter needs one of
//    them, so that slots - 1 entries are possible. What touches an entry is
//    joined, as before, whether the map is full or not. A piece that touches
//    nothing, in a full map, costs something:
//
//    - Of the freed piece and all entries the smallest is given up. The
//      others are in the map afterwards.
//    - Among equals the freed piece goes, if it is one of them; else the
//      entry with the lowest address.
//    - mfree returns how many units are lost: the size of what was given
//      up, and 0 if that is nothing.
//
//    What lies behind the slots is neither written nor taken for a part of
//    the map.
import { type map } from '../../lib/bsd/malloc.js';

type Piece = [size: number, addr: number];

/** Pieces with which V7's mfree writes behind an array of slots. */
export function failing(slots: number): Piece[] {
  throw new Error(`TODO: a list of pieces for ${slots} slots`);
}

/** Frees [addr, addr + size). @returns the number of units lost */
export function mfree(
  mp: map[],
  slots: number,
  size: number,
  addr: number,
): number {
  let bp = 0;
  while (mp[bp].m_addr <= addr && mp[bp].m_size !== 0) bp++;
  const touchesAbove = addr + size === mp[bp].m_addr;

  if (bp > 0 && mp[bp - 1].m_addr + mp[bp - 1].m_size === addr) {
    mp[bp - 1].m_size += size;
    if (touchesAbove) {
      mp[bp - 1].m_size += mp[bp].m_size;
      if (mp[bp].m_size !== 0) closeUp(mp, bp);
    }
  } else if (touchesAbove && mp[bp].m_size !== 0) {
    mp[bp].m_addr -= size;
    mp[bp].m_size += size;
  } else if (size !== 0) {
    openUp(mp, bp, size, addr);
  }
  return 0;
}

/** Closes the gap at bp: all that follows moves one slot down. */
function closeUp(mp: map[], bp: number): void {
  do {
    bp++;
    mp[bp - 1].m_addr = mp[bp].m_addr;
  } while ((mp[bp - 1].m_size = mp[bp].m_size) !== 0);
}

/** Opens a gap at bp for a new entry: all that follows moves one up. */
function openUp(mp: map[], bp: number, size: number, addr: number): void {
  while (size !== 0) {
    const slot = mp[bp++];
    const { m_size, m_addr } = slot;
    slot.m_size = size;
    slot.m_addr = addr;
    size = m_size;
    addr = m_addr;
  }
}
