// Mind the guard.
// Kind: bug. Minutes: 30.
//
// place below looks for addresses for an area, as firstFit does, but has
// three mistakes. Two are ours: call them `guard` and `hole`. The third one
// is also in Linux 2.6.11: the end of the range is asked for only on the way
// past an area. Three tasks:
//
// 1. noGuard() returns a list of calls that shows the first mistake: with the
//    other two repaired, the last call gives another address than it should.
//    A call is
//
//      { take: 3 }     an area for 3 pages of memory (1 to 20)
//      { free: 0 }     the area of call 0 goes (calls count from 0)
//
//    Calls only take and free what is there; at most 12 of them.
//
// 2. noHole() returns such a list for the second mistake, again with the
//    other two repaired. For each list, the shortest one earns a point more.
//
// 3. Repair place: all three mistakes. An area with its guard page lies
//    within [start, end), it may end at end, and it is the lowest that fits.
//    0 means that there is no place.
//
// In tasks 1 and 2 the range has 100 pages.

const PAGE = 4096;

interface Area {
  addr: number;
  size: number; // in bytes, with the guard page
}

type Call = { take: number } | { free: number };

/** Calls that show that the guard page is missing. */
export function noGuard(): Call[] {
  throw new Error('TODO: a list of calls');
}

/** Calls that show that a hole is passed over. */
export function noHole(): Call[] {
  throw new Error('TODO: a list of calls');
}

/**
 * Where an area for so many bytes of memory goes.
 * @param taken the areas, by address
 */
export function place(
  taken: Area[],
  bytes: number,
  start: number,
  end: number,
): number {
  const size = Math.ceil(bytes / PAGE) * PAGE;
  let addr = start;
  for (let i = 0; i < taken.length; i++) {
    addr = taken[i].addr + taken[i].size;
    if (addr > end - size) return 0;
    if (i + 1 < taken.length && addr + size <= taken[i + 1].addr) break;
  }
  return addr;
}
