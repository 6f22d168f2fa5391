// The resource map: the same array, with a name, a limit and a conscience.
//
// Follows 4.3BSD sys/subr_rmap.c 7.1 (5 June 1986). Still first fit over a
// sorted array of free pieces. New since V7: wrong calls panic, a full map
// loses space and says how much, rmget takes a given address, and swap
// space interleaved over several disks is cut at disk boundaries. Idea: an
// allocator whose records can run out must decide what it loses then.
//
// An entry is a free piece [m_addr, m_addr + m_size), in the map's units.
//
// 1. Entries stand in ascending order and do not overlap.
// 2. No two entries touch.
// 3. Before the delimiter, sizes and addresses are greater than 0.
// 4. The delimiter is below m_limit: at most mapsize - 2 entries.
// 5. Every slot after the delimiter has size 0.
//
// A panic may leave 1 broken: rmfree grows the entry on the left before it
// looks to the right.
//
// Left out: C's lay-out, where struct map is the first slot of the array
// (here mapent[0] is C's second slot, and m_limit counts from there); the
// width of long; the lock that later systems take.
import { printf } from '../sys/cons.js';
import { panic } from '../sys/panic.js';
import { onReboot } from '../sys/reboot.js';
import { wakeup } from '../sys/slp.js';

/** One slot: a free piece, or the delimiter. */
export interface mapent {
  m_size: number; // free units from m_addr on; 0 in the delimiter
  m_addr: number; // first free unit
}

/** A resource map: the header, and the slots that follow it. */
export interface map {
  m_limit: number; // index of the first slot that does not exist
  m_name: string; // what the overflow message calls it
  mapent: mapent[]; // the slots; one fewer than mapsize
}

/** The statics of the kernel that this file looks at. */
export const kernel = {
  kernelmap: null as map | null, // kernel page table entries
  swapmap: null as map | null, // swap space, in disk blocks
  kmapwnt: 0, // does someone wait for kernelmap?
  dmmax: 0, // blocks in a stripe: on one disk, before the next one's turn
  nswdev: 1, // disks that share the swap space
  CLSIZE: 2, // pages in a cluster: a #define of the VAX
};

onReboot(() => {
  Object.assign(kernel, {
    kernelmap: null,
    swapmap: null,
    kmapwnt: 0,
    dmmax: 0,
    nswdev: 1,
    CLSIZE: 2,
  });
});

/**
 * Memory for a map of mapsize slots, all zero. The header takes one and
 * the delimiter one, so that mapsize - 2 free pieces can be recorded.
 * @throws RangeError for fewer than 3 slots, where C would run wild
 */
export function newMap(mapsize: number): map {
  if (mapsize < 3) throw new RangeError(`a map of ${mapsize} slots is useless`);
  const slots = Array.from({ length: mapsize - 1 }, () => ({
    m_size: 0,
    m_addr: 0,
  }));
  return { m_limit: 0, m_name: '', mapent: slots };
}

/** The entries before the delimiter as [m_size, m_addr], to look at. */
export function entries(mp: map): [m_size: number, m_addr: number][] {
  const end = mp.mapent.findIndex((ent) => ent.m_size === 0);
  const used = mp.mapent.slice(0, end === -1 ? undefined : end);
  return used.map(({ m_size, m_addr }) => [m_size, m_addr]);
}

/** Which invariants does this map break? Each fault begins with its number. */
export function checkMap(mp: map): string[] {
  const faults: string[] = [];
  const found = entries(mp);
  found.forEach(([m_size, m_addr], i) => {
    if (m_size <= 0 || m_addr <= 0) {
      faults.push(`3: entry ${i} has size ${m_size}, address ${m_addr}`);
    }
    if (i === 0) return;
    const [size, addr] = found[i - 1];
    if (addr + size > m_addr) faults.push(`1: entry ${i} overlaps its left`);
    if (addr + size === m_addr) faults.push(`2: entry ${i} touches its left`);
  });
  if (found.length >= mp.m_limit) faults.push('4: no slot for the delimiter');
  for (let i = found.length + 1; i < mp.m_limit; i++) {
    if (mp.mapent[i].m_size !== 0) faults.push(`5: slot ${i} is not empty`);
  }
  return faults;
}

/**
 * Makes mp a map called name with [addr, addr + size) free, or with nothing
 * free when size is 0. Only the first slot is written: on memory that was
 * a map before, the old entries behind it come back (mended in 7.2, 1988).
 * @param mapsize slots, header and delimiter included
 */
export function rminit(
  mp: map,
  size: number,
  addr: number,
  name: string,
  mapsize: number,
): void {
  mp.m_name = name;
  mp.m_limit = mapsize - 1;
  mp.mapent[0].m_size = size;
  mp.mapent[0].m_addr = addr;
}

/** Closes the gap at bp: all that follows moves one slot down. */
function closeUp(ep: mapent[], bp: number): void {
  do {
    bp++;
    ep[bp - 1].m_addr = ep[bp].m_addr;
    ep[bp - 1].m_size = ep[bp].m_size;
  } while (ep[bp].m_size !== 0);
}

/**
 * Opens a gap at bp for a new entry: all that follows moves one slot up.
 * @returns the slot that has to be the delimiter now; it is not written
 */
function openUp(ep: mapent[], bp: number, size: number, addr: number): number {
  while (size !== 0) {
    const slot = ep[bp++];
    const { m_size, m_addr } = slot;
    slot.m_size = size;
    slot.m_addr = addr;
    size = m_size;
    addr = m_addr;
  }
  return bp;
}

/** Makes slot bp - 1 the delimiter: the last entry but one is lost. */
function overflow(mp: map, bp: number): void {
  const last = mp.mapent[bp - 1];
  const lost = mp.mapent[bp - 2];
  // The last entry is what is left of the far end, presumably the largest
  // piece: that one is kept, whatever its neighbour's size.
  const end = lost.m_addr + lost.m_size;
  printf(`${mp.m_name}: rmap ovflo, lost [${lost.m_addr},${end})`);
  lost.m_size = last.m_size;
  lost.m_addr = last.m_addr;
  last.m_size = last.m_addr = 0;
}

/** The one panic of rmfree, with what it met. */
function badRmfree(mp: map, size: number, addr: number): never {
  const call = `rmfree(${mp.m_name}, ${size}, ${addr})`;
  return panic('bad rmfree', { call, map: mp.m_name, size, addr });
}

/**
 * Frees [addr, addr + size): joins it to the free pieces that it touches,
 * or makes an entry of it. When there is no slot for one more entry, space
 * is lost and the console says so.
 * @throws Panic "bad rmfree" for a size or address that is not positive,
 *   or a range that is free already, in whole or in part
 * @see 4.3BSD sys/subr_rmap.c, rmfree
 */
export function rmfree(mp: map, size: number, addr: number): void {
  const ep = mp.mapent;
  if (addr <= 0 || size <= 0) badRmfree(mp, size, addr);

  // Search: the first entry above addr, or the delimiter.
  let bp = 0;
  while (ep[bp].m_addr <= addr && ep[bp].m_size !== 0) bp++;
  const above = ep[bp];
  const end = addr + size;

  if (bp > 0 && ep[bp - 1].m_addr + ep[bp - 1].m_size >= addr) {
    joinBelow(mp, bp, size, addr);
  } else if (end >= above.m_addr && above.m_size !== 0) {
    // Join above: the entry starts earlier now.
    if (end > above.m_addr) badRmfree(mp, size, addr);
    above.m_addr -= size;
    above.m_size += size;
  } else {
    bp = openUp(ep, bp, size, addr);
    if (bp >= mp.m_limit) overflow(mp, bp);
  }

  // The original grumbles here, in capitals, that this is no business of a
  // general allocator: whoever waits for kernelmap is woken.
  if (mp === kernel.kernelmap && kernel.kmapwnt !== 0) {
    kernel.kmapwnt = 0;
    wakeup('kernelmap');
  }
}

/** Joins to the entry below bp, and to the one at bp if that closes the gap. */
function joinBelow(mp: map, bp: number, size: number, addr: number): void {
  const ep = mp.mapent;
  const below = ep[bp - 1];
  const above = ep[bp];
  if (below.m_addr + below.m_size > addr) badRmfree(mp, size, addr);
  below.m_size += size;

  // m_addr stands in for "is there an entry": true of a delimiter too, if
  // a copy has left an address in it.
  if (above.m_addr !== 0 && addr + size >= above.m_addr) {
    if (addr + size > above.m_addr) badRmfree(mp, size, addr);
    below.m_size += above.m_size;
    if (above.m_size !== 0) closeUp(ep, bp);
  }
}

/**
 * Units of ent below the next disk boundary, or 0 when it crosses none.
 * A block of swap space must lie on one disk whole.
 */
function belowBoundary(mp: map, ent: mapent): number {
  if (mp !== kernel.swapmap || kernel.nswdev <= 1) return 0;
  const first = kernel.dmmax - (ent.m_addr % kernel.dmmax);
  return first < ent.m_size ? first : 0;
}

/**
 * Allocates size units, first fit, from the low end of the piece; of
 * interleaved swap space, from the first disk boundary inside it.
 * @returns the first unit, or 0 when no piece is large enough
 * @throws Panic "rmalloc" for a size that is not positive, or of more than
 *   dmmax blocks of swap; "rmalloc swapmap" for an address that is not a
 *   multiple of CLSIZE (the map has changed by then)
 * @see 4.3BSD sys/subr_rmap.c, rmalloc
 */
export function rmalloc(mp: map, size: number): number {
  const ep = mp.mapent;
  const swap = mp === kernel.swapmap;
  if (size <= 0 || (swap && size > kernel.dmmax)) {
    const call = `rmalloc(${mp.m_name}, ${size})`;
    panic('rmalloc', { call, map: mp.m_name, size });
  }

  for (let bp = 0; ep[bp].m_size !== 0; bp++) {
    if (ep[bp].m_size < size) continue;

    const first = belowBoundary(mp, ep[bp]);
    if (first !== 0) {
      // Only what lies above the boundary is looked at. The part below
      // stays as an entry; the rest behind the request is freed anew.
      if (ep[bp].m_size - first < size) continue;
      const addr = ep[bp].m_addr + first;
      const rest = ep[bp].m_size - first - size;
      ep[bp].m_size = first;
      if (rest !== 0) rmfree(mp, rest, addr + size);
      return addr;
    }

    const addr = ep[bp].m_addr;
    ep[bp].m_addr += size;
    ep[bp].m_size -= size;
    if (ep[bp].m_size === 0) closeUp(ep, bp);
    if (swap && addr % kernel.CLSIZE !== 0) {
      const call = `rmalloc(${mp.m_name}, ${size})`;
      panic('rmalloc swapmap', { call, map: mp.m_name, size, addr });
    }
    return addr;
  }
  return 0;
}

/** Does addr lie in this free piece? */
const holds = ({ m_size, m_addr }: mapent, addr: number): boolean =>
  m_addr <= addr && addr < m_addr + m_size;

/**
 * Allocates [addr, addr + size), that range and no other.
 * @returns addr, or 0 when the range is not free as a whole, when it lies
 *   in the middle of a piece and no slot is left for the second half, and
 *   always for swapmap
 * @throws Panic "rmget" for a size that is not positive
 * @see 4.3BSD sys/subr_rmap.c, rmget
 */
export function rmget(mp: map, size: number, addr: number): number {
  const ep = mp.mapent;
  if (size <= 0) {
    const call = `rmget(${mp.m_name}, ${size}, ${addr})`;
    panic('rmget', { call, map: mp.m_name, size, addr });
  }
  if (mp === kernel.swapmap) return 0;

  // Search: the entry that holds addr.
  let bp = 0;
  while (ep[bp].m_size !== 0 && !holds(ep[bp], addr)) bp++;
  const { m_size, m_addr } = ep[bp];
  const end = addr + size;
  if (m_size === 0 || m_addr + m_size < end) return 0;

  // Take it: the whole piece, its start, its end, or out of the middle.
  if (m_size === size) {
    closeUp(ep, bp);
  } else if (m_addr === addr) {
    ep[bp].m_addr += size;
    ep[bp].m_size -= size;
  } else if (m_addr + m_size === end) {
    ep[bp].m_size -= size;
  } else {
    let delimiter = bp;
    while (ep[delimiter].m_size !== 0) delimiter++;
    if (delimiter + 1 >= mp.m_limit) return 0;
    for (let i = delimiter; i > bp; i--) {
      ep[i + 1].m_addr = ep[i].m_addr;
      ep[i + 1].m_size = ep[i].m_size;
    }
    ep[bp].m_size = addr - m_addr;
    ep[bp + 1].m_addr = end;
    ep[bp + 1].m_size = m_addr + m_size - end;
  }
  return addr;
}
