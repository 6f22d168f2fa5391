// The map: first fit over an array of free pieces.
//
// Follows UNIX V7 usr/sys/sys/malloc.c (1979), and through it V6
// ken/malloc.c (1975): the same code on legal input. It gives out core in
// clicks of 64 bytes and swap space in blocks of 512; it never touches
// what it gives out. Idea to carry away: free space alone is recorded, in
// address order, in an array beside the memory it describes.
//
// An entry is a free piece [m_addr, m_addr + m_size), in the map's units.
//
// 1. Entries stand in ascending order and do not overlap.
// 2. No two entries touch: what could be one piece is one entry.
// 3. Before the delimiter, sizes and addresses are greater than 0.
// 4. The delimiter, the first entry of size 0, is inside the array.
// 5. Every slot after the delimiter has size 0.
//
// The code keeps 1, 2, 3 and 5 as long as its callers give back only what
// they took. Nothing keeps 4, and nothing records who has what.
//
// Left out: 16-bit arithmetic. m_size was a signed short: a piece of more
// than 32,767 units read as negative, and `>= size` passed over it; the
// sum m_addr + m_size wrapped at 65,536. Fields here are plain numbers.
import { panic } from '../sys/panic.js';
import { onReboot } from '../sys/reboot.js';
import { wakeup } from '../sys/slp.js';

/** One slot of a map; V7's struct map, 4 bytes on the PDP-11. */
export interface map {
  m_size: number; // free units from m_addr on; 0 in the delimiter
  m_addr: number; // first free unit
}

/** Slots of coremap and swapmap: V7's param.h. V6: 100 ints, two a slot. */
export const CMAPSIZ = 50;
export const SMAPSIZ = 50;

/** Length of the swap area in blocks: V7's conf.c for an RK05 disk. */
export const nswap = 872;

/** n zeroed slots, as a C program finds its static arrays. */
export const zeros = (n: number): map[] =>
  Array.from({ length: n }, () => ({ m_size: 0, m_addr: 0 }));

/**
 * The end of what we model. C would read on into whatever follows; here
 * the machine traps at the first word that we know nothing about.
 */
class Trap implements map {
  get m_size(): number {
    return this.trap();
  }
  set m_size(_: number) {
    this.trap();
  }
  get m_addr(): number {
    return this.trap();
  }
  set m_addr(_: number) {
    this.trap();
  }
  private trap(): never {
    return panic('trap', { call: 'a map ran past its guard words' });
  }
}

/**
 * A map of `slots` zeroed slots, and the memory words behind it.
 * The length is not in the map: the code that walks it never asks. The
 * guard words lie at mp[slots] and after, to show who gets overwritten.
 * @param guard what lies behind the array; 8 zeroed slots if not given
 */
export function newMap(slots: number, guard: map[] = zeros(8)): map[] {
  return [...zeros(slots), ...guard, new Trap()];
}

/** The statics of the kernel that this file looks at. */
export const kernel = {
  coremap: newMap(0), // free core, in clicks of 64 bytes
  swapmap: newMap(0), // free swap space, in blocks of 512 bytes
  runin: 0, // is the scheduler waiting for core?
};

/**
 * Lays out the two maps of the kernel, empty. V7's map.h declares coremap
 * and then swapmap, so the slots of swapmap are coremap's guard words.
 */
export function declareMaps(cmapsiz = CMAPSIZ, smapsiz = SMAPSIZ): void {
  kernel.swapmap = newMap(smapsiz);
  kernel.coremap = newMap(cmapsiz, kernel.swapmap.slice(0, smapsiz));
  kernel.runin = 0;
}

declareMaps();
onReboot(declareMaps);

/** The entries before the delimiter as [m_size, m_addr], to look at. */
export function entries(mp: map[]): [m_size: number, m_addr: number][] {
  const isEnd = (s: map) => s instanceof Trap || s.m_size === 0;
  const end = mp.findIndex(isEnd);
  return mp.slice(0, end).map(({ m_size, m_addr }) => [m_size, m_addr]);
}

/**
 * Which invariants does this map break? Each fault starts with its number.
 * @param slots the length the map was declared with
 */
export function checkMap(mp: map[], slots: number): string[] {
  const faults: string[] = [];
  const found = entries(mp);
  found.forEach(([m_size, m_addr], i) => {
    if (m_size <= 0 || m_addr <= 0) {
      faults.push(`3: entry ${i} has size ${m_size}, address ${m_addr}`);
    }
    if (i === 0) return;
    const below = found[i - 1];
    const gap = m_addr - (below[1] + below[0]);
    if (gap < 0) faults.push(`1: entry ${i} starts inside or below its left`);
    if (gap === 0) faults.push(`2: entries ${i - 1} and ${i} touch`);
  });
  if (found.length >= slots) {
    faults.push(`4: ${found.length} entries leave no slot for the delimiter`);
  }
  for (let i = found.length + 1; i < slots; i++) {
    if (mp[i].m_size !== 0) faults.push(`5: slot ${i} is not empty`);
  }
  return faults;
}

/** Closes the gap at bp: all that follows moves one slot down. */
function closeUp(mp: map[], bp: number): void {
  // The delimiter is copied too, and ends the loop by its size.
  do {
    bp++;
    mp[bp - 1].m_addr = mp[bp].m_addr;
  } while ((mp[bp - 1].m_size = mp[bp].m_size) !== 0);
}

/** Opens a gap at bp for a new entry: all that follows moves one up. */
function openUp(mp: map[], bp: number, size: number, addr: number): void {
  // Each round puts one entry down and picks the next one up, until what
  // it picks up is the delimiter. That one is dropped: the slot where the
  // loop stops must be zero already (5), and must be ours (4).
  while (size !== 0) {
    const slot = mp[bp++];
    const { m_size, m_addr } = slot;
    slot.m_size = size;
    slot.m_addr = addr;
    size = m_size;
    addr = m_addr;
  }
}

/**
 * Allocates size units, first fit, from the low end of the piece.
 * @returns the first unit, or 0 when no piece is large enough
 * @see V7 usr/sys/sys/malloc.c, malloc
 */
export function malloc(mp: map[], size: number): number {
  for (let bp = 0; mp[bp].m_size !== 0; bp++) {
    if (mp[bp].m_size >= size) {
      const a = mp[bp].m_addr;
      mp[bp].m_addr += size;
      if ((mp[bp].m_size -= size) === 0) closeUp(mp, bp);
      return a;
    }
  }
  return 0;
}

/**
 * Frees [addr, addr + size): joins it to the free pieces that it touches,
 * or makes an entry of it. Size comes before address, as in C.
 * Not checked: whether the range was allocated, and whether it still is.
 * @see V7 usr/sys/sys/malloc.c, mfree
 */
export function mfree(mp: map[], size: number, addr: number): void {
  // The scheduler sleeps until there is core. Any free of core wakes it;
  // whether there is enough is for it to see.
  if (mp === kernel.coremap && kernel.runin !== 0) {
    kernel.runin = 0;
    wakeup('runin');
  }

  // Search: the first entry above addr, or the delimiter.
  let bp = 0;
  while (mp[bp].m_addr <= addr && mp[bp].m_size !== 0) bp++;
  const touchesAbove = addr + size === mp[bp].m_addr;

  if (bp > 0 && mp[bp - 1].m_addr + mp[bp - 1].m_size === addr) {
    // Join below, and above as well if the gap is closed.
    mp[bp - 1].m_size += size;
    if (touchesAbove) {
      mp[bp - 1].m_size += mp[bp].m_size;
      if (mp[bp].m_size !== 0) closeUp(mp, bp);
    }
  } else if (touchesAbove && mp[bp].m_size !== 0) {
    // Join above: the entry starts earlier now.
    mp[bp].m_addr -= size;
    mp[bp].m_size += size;
  } else if (size !== 0) {
    // Touches nothing: a new entry.
    openUp(mp, bp, size, addr);
  }
}

/**
 * Fills the two maps at boot: all core above the kernel, a click at a
 * time, and the swap area from block 1, because an address of 0 means no.
 * @param first first free click; by default behind a kernel of 56 KB
 * @param end   first click that does not exist; by default at 248 KB
 * @see V7 usr/sys/sys/machdep.c, startup
 */
export function startup(first = 896, end = 3968): void {
  for (let i = first; i < end; i++) mfree(kernel.coremap, 1, i);
  mfree(kernel.swapmap, nswap, 1);
}
