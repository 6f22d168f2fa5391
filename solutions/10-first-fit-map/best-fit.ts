// Best fit in place of first fit.
//
// The decision: the search must see the whole map before it takes, unless
// a piece fits exactly; nothing can be smaller than that. `<`, not `<=`,
// in the comparison keeps the lowest address among equals. What follows the
// search is malloc's, unchanged: best fit is a search and nothing else.
import { type map } from '../../lib/bsd/malloc.js';

export function bestFit(mp: map[], size: number): number {
  let best = -1;
  for (let bp = 0; mp[bp].m_size !== 0; bp++) {
    if (mp[bp].m_size < size) continue;
    if (best === -1 || mp[bp].m_size < mp[best].m_size) best = bp;
    if (mp[best].m_size === size) break;
  }
  if (best === -1) return 0;

  const a = mp[best].m_addr;
  mp[best].m_addr += size;
  mp[best].m_size -= size;
  if (mp[best].m_size === 0) {
    for (let bp = best; mp[bp].m_size !== 0 || bp === best; bp++) {
      mp[bp].m_addr = mp[bp + 1].m_addr;
      mp[bp].m_size = mp[bp + 1].m_size;
    }
  }
  return a;
}
