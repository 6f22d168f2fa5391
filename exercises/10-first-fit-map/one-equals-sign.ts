// One equals sign.
// Kind: bug. Minutes: 25.
//
// Somebody took the = in the loop test for a typing error and made it a
// comparison. Most calls of this malloc are still right. Two tasks:
//
// 1. failing() returns a list of calls that shows the bug: made one after
//    the other on an empty map of eight slots, something that comes back or
//    the entries afterwards differ from V7's. Find a list; for the last
//    point, find the shortest. For instance, this list shows nothing:
//
//      return [['mfree', 10, 100], ['malloc', 3]];
//
//    mfree, whose size comes first, is V7's in both. At most ten calls, and
//    nothing is given back that is free already.
//
// 2. Repair malloc below.
import { type map } from '../../lib/bsd/malloc.js';

type Op = ['malloc', number] | ['mfree', number, number];

/** Calls on an empty map on which this malloc and V7's differ. */
export function failing(): Op[] {
  throw new Error('TODO: a list of calls');
}

/** Allocates size units, first fit. @returns the first unit, or 0 */
export function malloc(mp: map[], size: number): number {
  for (let bp = 0; mp[bp].m_size !== 0; bp++) {
    if (mp[bp].m_size >= size) {
      const a = mp[bp].m_addr;
      mp[bp].m_addr += size;
      mp[bp].m_size -= size;
      if (mp[bp].m_size === 0) {
        do {
          bp++;
          mp[bp - 1].m_addr = mp[bp].m_addr;
        } while (mp[bp - 1].m_size === mp[bp].m_size);
      }
      return a;
    }
  }
  return 0;
}
