// A full map, Solaris' answer: count the slots, lose the smaller piece.
//
// Follows Solaris 7 uts/common/os/rmap.c (1996 to 1998), which comes down
// from SunOS 4.0. Idea: keep the number of free slots, so that "is there
// room for an entry?" is asked before anything is changed, and not found
// out when it is too late.
//
// An entry is a free piece [m_addr, m_addr + m_size), in the map's units.
//
// 1. Entries stand in ascending order, do not overlap and do not touch.
// 2. Before the delimiter, sizes and addresses are greater than 0.
// 3. m_free + the number of entries = m_size, the slots that entries may
//    use; the delimiter has a slot of its own.
// 4. Whoever looks at the entries holds m_lock.
// 5. m_want is 1 while somebody sleeps on m_cv.
//
// Left out: mapinit, rmallocmap_wait and rmfreemap, which find or return
// the map's memory; rmget, 4.3BSD's; wrap-around of the unsigned types,
// except where a negative size must read as a huge one.
import { cv_broadcast, cv_wait, kcondvar_t } from '../sys/condvar.js';
import { printf } from '../sys/cons.js';
import {
  kmutex_t,
  mutex_enter,
  mutex_exit,
  MUTEX_HELD,
} from '../sys/mutex.js';
import { ASSERT, panic } from '../sys/panic.js';

/** One slot: a free piece, or the delimiter. */
export interface mapent {
  m_size: number; // free units from m_addr on; 0 in the delimiter
  m_addr: number; // first free unit
}

/** The map: struct map_head, and the slots that follow it. */
export interface map_head {
  m_free: number; // slots that no entry uses
  m_want: number; // 1: somebody waits for space
  m_nam: string; // what the overflow message calls it
  m_size: number; // slots that entries may use
  m_lock: kmutex_t; // lock on the map
  m_cv: kcondvar_t; // here they wait
  mapstart: mapent[]; // the slots, and one for the delimiter
}

/**
 * A map for up to mapsize pieces, with nothing free in it.
 * @param name what messages call it; all of rmallocmap's have this one
 * @throws Panic "mapinit: map too small" for fewer than one
 */
export function rmallocmap(mapsize: number, name = 'rmallocmap'): map_head {
  if (mapsize < 1) {
    const call = `rmallocmap(${mapsize})`;
    panic('mapinit: map too small', { call, mapsize });
  }
  const slots = Array.from({ length: mapsize + 1 }, () => ({
    m_size: 0,
    m_addr: 0,
  }));
  return {
    m_free: mapsize,
    m_want: 0,
    m_nam: name,
    m_size: mapsize,
    m_lock: new kmutex_t(`${name} m_lock`),
    m_cv: new kcondvar_t(`${name} m_cv`),
    mapstart: slots,
  };
}

/** Closes the gap at bp: all that follows moves one slot down. */
function closeUp(mp: map_head, bp: number): void {
  const ep = mp.mapstart;
  do {
    bp++;
    ep[bp - 1].m_addr = ep[bp].m_addr;
    ep[bp - 1].m_size = ep[bp].m_size;
  } while (ep[bp].m_size !== 0);
  mp.m_free++;
}

/** Opens a gap at bp for a new entry: all that follows moves one slot up. */
function openUp(mp: map_head, bp: number, size: number, addr: number): void {
  while (size !== 0) {
    const slot = mp.mapstart[bp++];
    const { m_size, m_addr } = slot;
    slot.m_size = size;
    slot.m_addr = addr;
    size = m_size;
    addr = m_addr;
  }
  mp.m_free--;
}

/** Gives up the smaller of the last two entries; the last, if equal. */
function discard(mp: map_head): void {
  const ep = mp.mapstart;
  let bp = ep.findIndex((ent) => ent.m_size === 0) - 1;
  if (bp > 0 && ep[bp].m_size > ep[bp - 1].m_size) bp--;

  // The bracket closes as if the end were lost too. It is not: the piece
  // is half-open, as everywhere.
  const { m_size, m_addr } = ep[bp];
  const lost = `[${m_addr}, ${m_addr + m_size}]`;
  ep[bp].m_size = ep[bp + 1].m_size;
  ep[bp].m_addr = ep[bp + 1].m_addr;
  ep[bp + 1].m_size = 0;
  mp.m_free++;

  // Printing is slow: nobody should wait for the map so long.
  mutex_exit(mp.m_lock);
  printf(`${mp.m_nam}: rmap overflow, lost ${lost}`);
  mutex_enter(mp.m_lock);
}

/** rmalloc for a caller that holds the lock. */
export function rmalloc_locked(mp: map_head, size: number): number {
  const ep = mp.mapstart;
  ASSERT(size > 0, '(ssize_t)size > 0');
  ASSERT(MUTEX_HELD(mp.m_lock), 'MUTEX_HELD(&maplock(mp))');
  if (size < 0) return 0; // as size_t it is larger than any piece

  for (let bp = 0; ep[bp].m_size !== 0; bp++) {
    if (ep[bp].m_size >= size) {
      const addr = ep[bp].m_addr;
      ep[bp].m_addr += size;
      ep[bp].m_size -= size;
      if (ep[bp].m_size === 0) closeUp(mp, bp);
      return addr;
    }
  }
  return 0;
}

/**
 * Allocates size units, first fit, from the low end of the piece.
 * @returns the first unit, or 0 when no piece is large enough
 * @see Solaris 7 uts/common/os/rmap.c, rmalloc
 */
export function rmalloc(mp: map_head, size: number): number {
  mutex_enter(mp.m_lock);
  const addr = rmalloc_locked(mp, size);
  mutex_exit(mp.m_lock);
  return addr;
}

/**
 * Like rmalloc, but waits until there is space.
 * @see Solaris 7 uts/common/os/rmap.c, rmalloc_wait
 */
export function rmalloc_wait(mp: map_head, size: number): number {
  let addr: number;
  mutex_enter(mp.m_lock);
  while ((addr = rmalloc_locked(mp, size)) === 0) {
    mp.m_want = 1;
    cv_wait(mp.m_cv, mp.m_lock);
  }
  mutex_exit(mp.m_lock);
  return addr;
}

/**
 * Frees [addr, addr + size). When it needs an entry and no slot is left,
 * the smaller of the last two entries goes, and the search starts again:
 * what was lost may have stood before the place that was found.
 * @throws Panic "bad rmfree" for address 0, a size that is not positive,
 *   or a range that is free already, in whole or in part
 * @see Solaris 7 uts/common/os/rmap.c, rmfree
 */
export function rmfree(mp: map_head, size: number, addr: number): void {
  mutex_enter(mp.m_lock);
  if (addr === 0 || size <= 0) badRmfree(mp, size, addr);
  while (!join(mp, size, addr)) discard(mp);

  // Who waits for space looks again.
  if (mp.m_want !== 0) {
    mp.m_want = 0;
    cv_broadcast(mp.m_cv);
  }
  mutex_exit(mp.m_lock);
}

/** One try of rmfree. @returns false when there is no slot for an entry */
function join(mp: map_head, size: number, addr: number): boolean {
  const ep = mp.mapstart;
  let bp = 0;
  while (ep[bp].m_addr <= addr && ep[bp].m_size !== 0) bp++;
  const above = ep[bp];
  const reachesAbove = above.m_size !== 0 && addr + size >= above.m_addr;

  if (bp > 0 && ep[bp - 1].m_addr + ep[bp - 1].m_size >= addr) {
    const below = ep[bp - 1];
    if (below.m_addr + below.m_size > addr) badRmfree(mp, size, addr);
    below.m_size += size;
    if (reachesAbove) {
      if (addr + size > above.m_addr) badRmfree(mp, size, addr);
      below.m_size += above.m_size;
      closeUp(mp, bp);
    }
    return true;
  }
  if (reachesAbove) {
    if (addr + size > above.m_addr) badRmfree(mp, size, addr);
    above.m_addr -= size;
    above.m_size += size;
    return true;
  }
  if (mp.m_free === 0) return false;
  openUp(mp, bp, size, addr);
  return true;
}

/** The one panic of rmfree, with what it met. */
function badRmfree(mp: map_head, size: number, addr: number): never {
  mutex_exit(mp.m_lock);
  const call = `rmfree(${mp.m_nam}, ${size}, ${addr})`;
  return panic('bad rmfree', { call, map: mp.m_nam, size, addr });
}
