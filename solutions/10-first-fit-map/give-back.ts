// Give it back: write mfree.
//
// The decision: ask the two questions first, and name their answers. Then
// the four cases are the four rows of a truth table, and none is forgotten:
// below and above, below alone, above alone, neither. "Above" needs the
// test of m_size: the delimiter may carry an address that happens to fit.
import { type map } from '../../lib/bsd/malloc.js';

export function mfree(mp: map[], size: number, addr: number): void {
  if (size === 0) return;
  let bp = 0;
  while (mp[bp].m_size !== 0 && mp[bp].m_addr <= addr) bp++;
  const touchesBelow =
    bp > 0 && mp[bp - 1].m_addr + mp[bp - 1].m_size === addr;
  const touchesAbove = mp[bp].m_size !== 0 && addr + size === mp[bp].m_addr;

  if (touchesBelow && touchesAbove) {
    mp[bp - 1].m_size += size + mp[bp].m_size;
    for (let i = bp; mp[i].m_size !== 0; i++) copy(mp, i + 1, i);
  } else if (touchesBelow) {
    mp[bp - 1].m_size += size;
  } else if (touchesAbove) {
    mp[bp].m_addr = addr;
    mp[bp].m_size += size;
  } else {
    let delimiter = bp;
    while (mp[delimiter].m_size !== 0) delimiter++;
    for (let i = delimiter; i > bp; i--) copy(mp, i - 1, i);
    mp[bp].m_addr = addr;
    mp[bp].m_size = size;
  }
}

/** Copies one slot over another. */
function copy(mp: map[], from: number, to: number): void {
  mp[to].m_addr = mp[from].m_addr;
  mp[to].m_size = mp[from].m_size;
}
