// A full map, Linux ia64's answer: lose what is being freed.
//
// Follows arch/ia64/sn/io/ate_utils.c (SGI; in Linux 2.4, and in 2.5 until
// July 2003), the file of the SCO slide. It gave out registers of an I/O
// chip ("address translation entries"), not memory. Its header's diagram
// is System V's, so it came down that line and not from V7. Idea: the same
// count of free slots as Solaris', and the laziest use of it.
//
// An entry is a free piece [m_addr, m_addr + m_size), in the map's units.
//
// 1. Entries stand in ascending order, do not overlap and do not touch.
// 2. Before the delimiter, sizes and addresses are greater than 0.
// 3. mapsize + the number of entries = mapsiz - 1. (See atefree for one
//    case that breaks it.)
//
// Left out: the spin lock, and the wake-up that is commented out in the
// original; atemapfree; the map's address in the message; the registers
// themselves; ASSERT(size >= 0), which cannot fail, since size is unsigned
// (so a negative one is larger than any piece); wrap-around at 2^64.
import { printf } from '../sys/cons.js';
import { ASSERT } from '../sys/panic.js';

/** One slot: a free piece, or the delimiter. */
export interface mapent {
  m_size: number; // free units from m_addr on; 0 in the delimiter
  m_addr: number; // first free unit
}

/** The map: two header slots in C, fields here, and the slots behind. */
export interface map {
  mapsize: number; // slots that no entry uses
  mapstart: mapent[];
}

/** A map of mapsiz slots, one of them the delimiter's; null for none. */
export function atemapalloc(mapsiz: number): map | null {
  if (mapsiz === 0) return null;
  const slots = Array.from({ length: mapsiz }, () => ({
    m_size: 0,
    m_addr: 0,
  }));
  return { mapsize: mapsiz - 1, mapstart: slots };
}

/** Closes the gap at bp: all that follows moves one slot down. */
function closeUp(ep: mapent[], bp: number): void {
  do {
    bp++;
    ep[bp - 1].m_addr = ep[bp].m_addr;
    ep[bp - 1].m_size = ep[bp].m_size;
  } while (ep[bp].m_size !== 0);
}

/** Opens a gap at bp for a new entry: all that follows moves one slot up. */
function openUp(ep: mapent[], bp: number, size: number, addr: number): void {
  while (size !== 0) {
    const slot = ep[bp++];
    // What is picked up passes through an unsigned int: an address of
    // more than 32 bits loses its upper half on the way.
    const m_size = slot.m_size >>> 0;
    const m_addr = slot.m_addr >>> 0;
    slot.m_size = size;
    slot.m_addr = addr;
    size = m_size;
    addr = m_addr;
  }
}

/**
 * Allocates size units, first fit, from the low end of the piece.
 * @returns the first unit; 0 for size 0 or when no piece is large enough
 * @see Linux 2.4 arch/ia64/sn/io/ate_utils.c, atealloc
 */
export function atealloc(mp: map, size: number): number {
  const ep = mp.mapstart;
  if (size <= 0) return 0;

  for (let bp = 0; ep[bp].m_size !== 0; bp++) {
    if (ep[bp].m_size >= size) {
      const a = ep[bp].m_addr >>> 0; // an unsigned int, too
      ep[bp].m_addr += size;
      ep[bp].m_size -= size;
      if (ep[bp].m_size === 0) {
        closeUp(ep, bp);
        mp.mapsize++;
      } else {
        ASSERT(ep[bp].m_size < 0x80000000, 'bp->m_size < 0x80000000');
      }
      return a;
    }
  }
  return 0;
}

/**
 * Frees [a, a + size). When it needs an entry and no slot is left, that
 * range is lost and the map stays as it is.
 * Not checked, except by ASSERT: overlap on the right after a join below.
 * @see Linux 2.4 arch/ia64/sn/io/ate_utils.c, atefree
 */
export function atefree(mp: map, size: number, a: number): void {
  const ep = mp.mapstart;
  if (size === 0) return;

  let bp = 0;
  while (ep[bp].m_addr <= a && ep[bp].m_size !== 0) bp++;
  const above = ep[bp];

  if (bp > 0 && ep[bp - 1].m_addr + ep[bp - 1].m_size === a) {
    const below = ep[bp - 1];
    below.m_size += size;
    if (above.m_addr === 0) return;
    ASSERT(a + size <= above.m_addr, 'a+size <= bp->m_addr');
    if (a + size === above.m_addr) {
      // Also true of a delimiter with an old address in it. Then nothing
      // is joined, and a slot is counted that was never used.
      below.m_size += above.m_size;
      if (above.m_size !== 0) closeUp(ep, bp);
      mp.mapsize++;
    }
  } else if (a + size === above.m_addr && above.m_size !== 0) {
    above.m_addr -= size;
    above.m_size += size;
  } else if (mp.mapsize === 0) {
    const lost = `0x${size.toString(16)} items at 0x${a.toString(16)}`;
    printf(`atefree : map overflow. Lost ${lost}`);
  } else {
    openUp(ep, bp, size, a);
    mp.mapsize--;
  }
}
