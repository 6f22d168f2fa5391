// Put mfree in order.
// Kind: order. Minutes: 15.
//
// Below are the lines of an mfree, shuffled. Return their numbers in the
// order in which they make a working function, the first number first. The
// body begins with bp = 0; the lines may use closeUp and openUp of notebook
// 10. Some lines are wrong, each beside the right one; leave them out. Only
// line 14 may be used more than once.
//
//    1    mp[bp - 1].m_size += mp[bp].m_size;
//    2  } else {
//    3    closeUp(mp, bp - 1);
//    4    closeUp(mp, bp);
//    5    while (mp[bp].m_size !== 0 && mp[bp].m_addr <= addr) bp++;
//    6    while (mp[bp].m_size !== 0 && mp[bp].m_size < size) bp++;
//    7    if (mp[bp - 1].m_addr + mp[bp - 1].m_size === mp[bp].m_addr) {
//    8    mp[bp].m_addr -= size; mp[bp].m_size += size;
//    9    mp[bp].m_addr += size; mp[bp].m_size += size;
//   10    openUp(mp, bp, size, addr);
//   11    if (bp > 0 && mp[bp - 1].m_addr + mp[bp - 1].m_size === addr) {
//   12  } else if (mp[bp].m_size !== 0 && addr + size === mp[bp].m_addr) {
//   13    mp[bp - 1].m_size += size;
//   14  }
//
// The tests run your lines on maps. A part earns its points as soon as it
// works: begin with the pieces that touch nothing.

export function order(): number[] {
  throw new Error('TODO: the numbers of the lines');
}
