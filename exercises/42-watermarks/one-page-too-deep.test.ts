import { it } from 'vitest';
import {
  attempt,
  Finding,
  judge,
  write,
  type Belief,
} from '../../lib/grade/judge.js';
import { zone } from '../../lib/linux/mmzone.js';
import { zone_watermark_ok } from '../../lib/linux/page_alloc_marks.js';
import { loose, tooDeep, watermark_ok } from './one-page-too-deep.js';

interface Case {
  nr_free: number[];
  order: number;
  mark: number;
  reserve: number;
}

const pages = (nr_free: number[]): number =>
  nr_free.reduce((sum, blocks, o) => sum + (blocks << o), 0);

/** The kernel's answer. */
function right(c: Case, harder = false, high = false): boolean {
  const z = new zone('Normal', 1);
  z.free_pages = pages(c.nr_free);
  z.lowmem_reserve = [0, c.reserve, 0];
  c.nr_free.forEach((blocks, o) => {
    z.free_area[o].nr_free = blocks;
  });
  return zone_watermark_ok(z, c.order, c.mark, 1, harder, high);
}

/** The test with some of the two mistakes. */
function broken(c: Case, { first, loop }: { first: boolean; loop: boolean }) {
  let min = c.mark;
  let free = pages(c.nr_free) - (1 << c.order) + 1;
  const least = min + c.reserve;
  if (first ? free < least : free <= least) return false;
  for (let o = 0; o < c.order; o++) {
    free -= loop ? c.nr_free[o] : c.nr_free[o] << o;
    min >>= 1;
    if (free <= min) return false;
  }
  return true;
}

/** Does a mistake alone change the answer? */
const shows = (c: Case, which: 'first' | 'loop'): boolean =>
  broken(c, { first: which === 'first', loop: which === 'loop' }) !== right(c);

/** The fewest free pages with which a mistake shows: all are tried. */
function fewest(which: 'first' | 'loop'): number {
  for (let n = 0; ; n++) {
    for (let a = 0; a <= n; a++) {
      for (let b = 0; a + 2 * b <= n; b++) {
        for (let c = 0; a + 2 * b + 4 * c <= n; c++) {
          const d = (n - a - 2 * b - 4 * c) / 8;
          if (!Number.isInteger(d)) continue;
          for (let order = 0; order <= 3; order++) {
            for (let mark = 1; mark <= n + 1; mark++) {
              const nr_free = [a, b, c, d];
              if (shows({ nr_free, order, mark, reserve: 0 }, which)) return n;
            }
          }
        }
      }
    }
  }
}

const upTo = (n: unknown, most: number, least = 0): boolean =>
  Number.isInteger(n) && (n as number) >= least && (n as number) <= most;

/** The student's case, or a finding that says why it is none. */
function caseOf(name: string, f: () => Case): Case {
  const have: unknown = attempt(`${name}()`, f);
  const { nr_free, order, mark, reserve } = Object(have);
  const blocks = Array.isArray(nr_free) && nr_free.length === 4
    && nr_free.every((n) => upTo(n, 50));
  if (!blocks || !upTo(order, 3) || !upTo(mark, 50, 1) || !upTo(reserve, 50)) {
    throw new Finding(`${name}(): you have ${write(have)}. A case has nr_free `
      + 'with four numbers, order 0 to 3, mark from 1, and reserve.');
  }
  return { nr_free, order, mark, reserve };
}

/** A case in words. */
const text = (c: Case): string =>
  `nr_free ${write(c.nr_free)} (${pages(c.nr_free)} pages), order ${c.order}, `
  + `mark ${c.mark}, reserve ${c.reserve}`;

const said = (granted: boolean): string => (granted ? 'grants' : 'refuses');

function show(name: string, f: () => Case, which: 'first' | 'loop'): Case {
  const c = caseOf(name, f);
  if (shows(c, which)) return c;
  const other = which === 'first' ? 'loop' : 'first';
  const free = pages(c.nr_free) - (1 << c.order) + 1;
  let why = 'When do a number of blocks and the number of their pages differ?';
  if (which === 'first') {
    why = free < c.mark + c.reserve
      ? 'So few are free that both comparisons refuse.'
      : free > c.mark + c.reserve
        ? 'So many are free that both comparisons let it pass.'
        : 'The comparison lets it pass, but then the loop refuses it.';
  } else if (c.order < 2) {
    why = 'The loop sees blocks of order 0 here, or none: and they are one page.';
  } else if (free <= c.mark + c.reserve) {
    why = 'The first comparison refuses it, before the loop.';
  }
  throw new Finding([
    `${name}(): on ${text(c)} the mistake changes nothing: with it and without `
      + `it the test ${said(right(c))}.`,
    ...(shows(c, other) ? ['It shows the other mistake.'] : []),
    why,
  ].join('\n'));
}

function small(name: string, f: () => Case, which: 'first' | 'loop'): void {
  const c = caseOf(name, f);
  if (!shows(c, which)) {
    throw new Finding(`${name}(): first find a case in which the mistake shows.`);
  }
  judge({
    call: `free pages in ${name}(), ${text(c)}`,
    have: pages(c.nr_free),
    is: fewest(which),
    beliefs: [{
      if: () => true,
      then: 'Make the mark smaller. Which of the free blocks are not needed?',
    }],
  });
}

it('tooDeep() shows the first mistake [1 point]', () => {
  show('tooDeep', tooDeep, 'first');
});

it('tooDeep() has the fewest free pages [1 point]', () => {
  small('tooDeep', tooDeep, 'first');
});

it('loose() shows the second mistake [1 point]', () => {
  show('loose', loose, 'loop');
});

it('loose() has the fewest free pages [1 point]', () => {
  small('loose', loose, 'loop');
});

/** Asks the student's test, and judges. */
function ask(
  nr_free: number[],
  order: number,
  mark: number,
  { reserve = 0, harder = false, high = false } = {},
): void {
  const c = { nr_free, order, mark, reserve };
  const is = right(c, harder, high);
  const call = `watermark_ok(${write(nr_free)}, ${order}, ${mark}, ${reserve}, `
    + `${harder}, ${high})`;
  const have = attempt(call, () =>
    watermark_ok([...nr_free], order, mark, reserve, harder, high));
  const usable = nr_free.reduce((n, blocks, o) => n + (o < order ? 0 : blocks << o), 0);
  const beliefs: Belief[] = [
    { if: undefined, then: 'It returns true or false in every case.' },
    { if: (b: unknown) => b === true && reserve > 0 && (harder || high),
      then: 'Privileges cut the mark alone. The reserve is added whole.' },
    { if: (b: unknown) => b === true && harder && high,
      then: 'Is the half taken first, and then a quarter of the rest, each '
        + 'rounded down?' },
    { if: (b: unknown) => b === true && order === 0,
      then: 'So many pages as must stay are free, and none to spare.' },
    { if: (b: unknown) => b === true && usable === 0,
      then: 'No free block is large enough. What does the loop subtract?' },
    { if: (b: unknown) => b === true && order > 0,
      then: 'Of the pages in larger blocks too few stay. Is the mark halved '
        + 'once for each order, and are blocks counted as pages?' },
    { if: (b: unknown) => b === false && order > 0,
      then: 'Enough is free in large blocks. Is the mark halved once for each '
        + 'order that is passed, and are pages subtracted once?' },
    { if: (b: unknown) => b === false && reserve > 0,
      then: 'More than mark and reserve are free. Is the reserve added once, '
        + 'and not cut?' },
    { if: (b: unknown) => b === false && (harder || high),
      then: 'Privileges are taken from the mark: half for gfp_high, then a '
        + 'quarter of the rest.' },
    { if: false, then: 'There are enough pages. Is something subtracted twice, '
      + 'or is a comparison too strict?' },
  ];
  judge({ call, have, is, beliefs,
    drawn: [`  pages free: ${pages(nr_free)}, in blocks of order ${order} and up: `
      + `${usable}`] });
}

it('watermark_ok leaves what must stay, to the page [1 point]', () => {
  ask([2, 0, 0, 0], 0, 1);
  ask([1, 0, 0, 0], 0, 1);
  ask([4, 0, 0, 0], 0, 1, { reserve: 2 });
  ask([3, 0, 0, 0], 0, 1, { reserve: 2 });
  ask([0, 0, 0, 2], 3, 8);
  ask([0, 0, 0, 2], 3, 9);
});

it('watermark_ok counts the pages of small blocks [2 points]', () => {
  ask([0, 4, 1, 0], 2, 1);
  ask([0, 4, 0, 0], 2, 1);
  ask([0, 0, 4, 1], 3, 1);
  ask([0, 0, 4, 0], 3, 1);
  ask([0, 4, 2, 0], 2, 12);
  ask([9, 0, 2, 0], 2, 12);
  ask([1, 5, 1, 0], 2, 4);
  ask([100, 10, 0, 0], 1, 37);
  ask([100, 10, 0, 0], 1, 38);
});

it('watermark_ok keeps the privileges [1 point]', () => {
  ask([5, 0, 0, 0], 0, 8, { high: true });
  ask([4, 0, 0, 0], 0, 8, { high: true });
  ask([7, 0, 0, 0], 0, 8, { harder: true });
  ask([6, 0, 0, 0], 0, 8, { harder: true });
  ask([4, 0, 0, 0], 0, 8, { harder: true, high: true });
  ask([3, 0, 0, 0], 0, 8, { harder: true, high: true });
  ask([4, 0, 0, 0], 0, 5, { harder: true, high: true });
  ask([3, 0, 0, 0], 0, 5, { harder: true, high: true });
  ask([9, 0, 0, 0], 0, 8, { high: true, reserve: 4 });
  ask([8, 0, 0, 0], 0, 8, { high: true, reserve: 4 });
});
