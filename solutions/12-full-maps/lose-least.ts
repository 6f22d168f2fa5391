// Lose least.
//
// The decision, in two halves. mfree gives up the smallest of all pieces,
// the freed one included: no single loss can be smaller. malloc is best
// fit: it prefers to use an entry up, which makes a slot, and otherwise
// leaves the smallest rest, which is cheap to lose. The first half alone
// loses about a third of Solaris' units here, both a seventh.
//
// The measure is part of the design. Under first fit and over thousands of
// requests, the smallest loss each time adds up to more than Solaris' in
// the end: its large losses make it refuse requests, and who refuses has
// less to free.
import { type map } from '../../lib/bsd/malloc.js';

export function malloc(mp: map[], slots: number, size: number): number {
  let best = -1;
  for (let bp = 0; bp < slots && mp[bp].m_size !== 0; bp++) {
    if (mp[bp].m_size < size) continue;
    if (best === -1 || mp[bp].m_size < mp[best].m_size) best = bp;
  }
  if (best === -1) return 0;
  const a = mp[best].m_addr;
  mp[best].m_addr += size;
  mp[best].m_size -= size;
  if (mp[best].m_size === 0) closeUp(mp, best);
  return a;
}

export function mfree(
  mp: map[],
  slots: number,
  size: number,
  addr: number,
): number {
  let bp = 0;
  while (mp[bp].m_size !== 0 && mp[bp].m_addr <= addr) bp++;
  const touchesBelow =
    bp > 0 && mp[bp - 1].m_addr + mp[bp - 1].m_size === addr;
  const touchesAbove = mp[bp].m_size !== 0 && addr + size === mp[bp].m_addr;
  if (touchesBelow) {
    mp[bp - 1].m_size += size;
    if (touchesAbove) {
      mp[bp - 1].m_size += mp[bp].m_size;
      closeUp(mp, bp);
    }
    return 0;
  }
  if (touchesAbove) {
    mp[bp].m_addr = addr;
    mp[bp].m_size += size;
    return 0;
  }

  let count = 0;
  let least = 0;
  for (; mp[count].m_size !== 0; count++) {
    if (mp[count].m_size < mp[least].m_size) least = count;
  }
  if (count < slots - 1) {
    for (let i = count; i > bp; i--) copy(mp, i - 1, i);
    mp[bp].m_addr = addr;
    mp[bp].m_size = size;
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
    copy(mp, bp + 1, bp);
  } while (mp[bp++].m_size !== 0);
}

/** Copies one slot over another. */
function copy(mp: map[], from: number, to: number): void {
  mp[to].m_addr = mp[from].m_addr;
  mp[to].m_size = mp[from].m_size;
}
