// One equals sign.
//
// The decision: the loop runs only when a piece fits exactly, so the list
// needs one. Two entries show that the second is lost; but one entry is
// enough. Behind it all sizes are 0, and 0 equals 0: the loop does not stop
// before it has left the array. The repair copies the size and then looks
// at the copy, in two lines, so that nobody takes it for a typing error.
import { type map } from '../../lib/bsd/malloc.js';

type Op = ['malloc', number] | ['mfree', number, number];

export function failing(): Op[] {
  return [['mfree', 4, 10], ['malloc', 4]];
}

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
          mp[bp - 1].m_size = mp[bp].m_size;
        } while (mp[bp - 1].m_size !== 0);
      }
      return a;
    }
  }
  return 0;
}
