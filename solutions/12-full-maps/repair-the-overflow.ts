// Repair the overflow.
//
// The decision: ask before anything is changed. Joining needs no slot, so
// the question stands where a piece touches nothing. Counting the entries
// costs one walk; Solaris keeps the number instead. If the freed piece is
// the smallest, the map is not touched at all. Else the entry that goes
// makes the room: close it up, and free again. The second time there is a
// slot, and the search finds the place anew, which may have moved.
//
// For the list: slots pieces fill the array, and then the delimiter is read
// from the neighbour's memory. It is the next piece that is written there.
import { type map } from '../../lib/bsd/malloc.js';

type Piece = [size: number, addr: number];

export function failing(slots: number): Piece[] {
  return Array.from({ length: slots + 1 }, (_, i): Piece => [1, 2 * i + 1]);
}

export function mfree(
  mp: map[],
  slots: number,
  size: number,
  addr: number,
): number {
  let bp = 0;
  while (mp[bp].m_addr <= addr && mp[bp].m_size !== 0) bp++;
  const touchesAbove = mp[bp].m_size !== 0 && addr + size === mp[bp].m_addr;

  if (bp > 0 && mp[bp - 1].m_addr + mp[bp - 1].m_size === addr) {
    mp[bp - 1].m_size += size;
    if (touchesAbove) {
      mp[bp - 1].m_size += mp[bp].m_size;
      closeUp(mp, bp);
    }
    return 0;
  }
  if (touchesAbove) {
    mp[bp].m_addr -= size;
    mp[bp].m_size += size;
    return 0;
  }

  let count = 0;
  let least = 0;
  for (; mp[count].m_size !== 0; count++) {
    if (mp[count].m_size < mp[least].m_size) least = count;
  }
  if (count < slots - 1) {
    openUp(mp, bp, size, addr);
    return 0;
  }
  if (count === 0 || size <= mp[least].m_size) return size;
  const lost = mp[least].m_size;
  closeUp(mp, least);
  mfree(mp, slots, size, addr);
  return lost;
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
