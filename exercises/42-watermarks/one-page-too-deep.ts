// One page too deep.
// Kind: bug. Minutes: 30.
//
// watermark_ok below is a copy of the kernel's test with two mistakes. One
// is in the first comparison, and concerns requests of any size. The other
// is in the loop, and concerns large blocks only. Three tasks:
//
// 1. tooDeep() returns a zone and a request that show the first mistake:
//    the test would be right if that comparison alone were repaired. For
//    instance, this one shows nothing:
//
//      return { nr_free: [3, 0, 0, 0], order: 0, mark: 1, reserve: 0 };
//
// 2. loose() returns a zone and a request that show the second one: the
//    test would be right if the loop alone were repaired.
//
// 3. Repair watermark_ok.
//
// In tooDeep and loose, nr_free has the number of free blocks of orders 0,
// 1, 2 and 3, order is 0 to 3, mark is at least 1, and no number is above
// 50. For each of the two, a zone with the fewest free pages earns a point
// more.

interface Case {
  nr_free: number[]; // free blocks, by order
  order: number;
  mark: number;
  reserve: number; // lowmem_reserve of the zone that was meant
}

/** A case in which the first comparison decides wrongly. */
export function tooDeep(): Case {
  throw new Error('TODO: a zone and a request');
}

/** A case in which the loop decides wrongly. */
export function loose(): Case {
  throw new Error('TODO: a zone and a request');
}

/** May a block of this order be taken, in view of a mark? */
export function watermark_ok(
  nr_free: number[],
  order: number,
  mark: number,
  reserve: number,
  can_try_harder: boolean,
  gfp_high: boolean,
): boolean {
  const all = nr_free.reduce((sum, blocks, o) => sum + (blocks << o), 0);
  let min = mark;
  let free_pages = all - (1 << order) + 1;
  if (gfp_high) min -= min >> 1;
  if (can_try_harder) min -= min >> 2;
  if (free_pages < min + reserve) return false;

  for (let o = 0; o < order; o++) {
    free_pages -= nr_free[o];
    min >>= 1;
    if (free_pages <= min) return false;
  }
  return true;
}
