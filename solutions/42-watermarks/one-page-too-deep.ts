// One page too deep.
//
// The decision: for the first mistake, a single page, so that the loop does
// not run; one free page and a mark of 1 are equal, and equal is too few.
// For the second, blocks of order 1 must count, and they do so only for
// requests of order 2 and up: a block of order 0 is one page, so there the
// two counts are the same. Four blocks of two are 8 pages, and none of them
// is a block of 4. The repair is <= for what must stay, and a shift that
// turns blocks into pages.

interface Case {
  nr_free: number[];
  order: number;
  mark: number;
  reserve: number;
}

export function tooDeep(): Case {
  return { nr_free: [1, 0, 0, 0], order: 0, mark: 1, reserve: 0 };
}

export function loose(): Case {
  return { nr_free: [0, 4, 0, 0], order: 2, mark: 1, reserve: 0 };
}

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
  if (free_pages <= min + reserve) return false;

  for (let o = 0; o < order; o++) {
    free_pages -= nr_free[o] << o;
    min >>= 1;
    if (free_pages <= min) return false;
  }
  return true;
}
