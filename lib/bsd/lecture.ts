// The lecture's own malloc: first fit with a bound on the search.
//
// Follows the C text in the lecture notes, which differs from V7's in one
// condition: `(bp - mp) < MAPSIZ`. None of V4 to V7, 32V, System III,
// 4.1BSD and 4.3BSD has it, as far as their sources could be read; where
// it comes from is not known. Idea: a bound on the reading loop does not
// bound the writing loops.
//
// 1. The search looks at no slot at or beyond MAPSIZ as a candidate. It
//    still reads the size of slot MAPSIZ: that test stands first.
// 2. The loop that closes the gap, and mfree, are as unbounded as before.
//
// Left out: nothing; the notes give no mfree, so V7's serves.
import { type map } from './malloc.js';

/**
 * Allocates size units, first fit among the first MAPSIZ slots.
 * @returns the first unit, or 0 when no piece there is large enough
 */
export function malloc(mp: map[], size: number, MAPSIZ: number): number {
  for (let bp = 0; mp[bp].m_size !== 0 && bp < MAPSIZ; bp++) {
    if (mp[bp].m_size >= size) {
      const a = mp[bp].m_addr;
      mp[bp].m_addr += size;
      if ((mp[bp].m_size -= size) === 0) {
        do {
          bp++;
          mp[bp - 1].m_addr = mp[bp].m_addr;
        } while ((mp[bp - 1].m_size = mp[bp].m_size) !== 0);
      }
      return a;
    }
  }
  return 0;
}
