import { it } from 'vitest';
import { attempt, Finding, judge, same, write, type Belief }
  from '../../lib/grade/judge.js';
import { __GFP_NOWARN, GFP_ATOMIC } from '../../lib/linux/gfp.js';
import { contig_page_data, pfn_to_page } from '../../lib/linux/mmzone.js';
import { alloc_pages } from '../../lib/linux/page_alloc.js';
import { bootMemory } from '../../lib/linux/page_alloc_boot.js';
import { __free_pages, drain_local_pages }
  from '../../lib/linux/page_alloc_pcp.js';
import { listed } from '../../lib/linux/zonecheck.js';
import { reboot } from '../../lib/sys/reboot.js';
import { trace } from './trace-the-free-lists.js';

type Lists = number[][];
interface Op { order: number; give?: number }

const orders = 5;
const ops: Op[] = [
  { order: 1 }, { order: 1 }, { order: 1 }, { order: 0 },
  { give: 0, order: 1 }, { give: 4, order: 1 }, { give: 6, order: 0 },
  { give: 2, order: 1 },
];

const text = ({ give, order }: Op): string =>
  give === undefined ? `take order ${order}` : `give ${give}, order ${order}`;

/** The right rows, and before them the start. */
function rows(): Lists[] {
  reboot();
  bootMemory({ zones: [0, 16, 0] });
  drain_local_pages();
  const { free_area } = contig_page_data.node_zones[1];
  const now = (): Lists =>
    free_area.slice(0, orders).map(({ free_list }) => listed(free_list));
  return [now(), ...ops.map(({ give, order }) => {
    if (give === undefined) alloc_pages(GFP_ATOMIC | __GFP_NOWARN, order);
    else __free_pages(pfn_to_page(give), order);
    drain_local_pages();
    return now();
  })];
}

/** A student's row, or a finding that says what is not a row about it. */
function rowOf(all: unknown, i: number): Lists {
  if (!Array.isArray(all)) {
    throw new Finding(`trace(): you have ${write(all)}, it is an array of rows.`);
  }
  const row = all[i];
  const where = `row ${i + 1}, ${text(ops[i])}`;
  if (row === undefined || row === '?') {
    throw new Finding(`${where}: no answer yet.`);
  }
  const isList = (list: unknown): boolean => Array.isArray(list)
    && list.length <= 16 && list.every((n) => Number.isSafeInteger(n));
  if (!Array.isArray(row) || row.length !== orders || !row.every(isList)) {
    throw new Finding(`${where}: a row is five arrays of page numbers, one for `
      + 'each order from 0 to 4.');
  }
  return row;
}

/** A take that is wrong in one way. */
function wrongTake(
  before: Lists,
  order: number,
  how: { lower?: boolean; largest?: boolean; whole?: boolean; equal?: boolean;
    stays?: boolean },
): Lists {
  const lists = before.map((list) => [...list]);
  const fit = lists.map((_, k) => k)
    .filter((k) => k >= order && lists[k].length > 0);
  let high = how.largest === true ? fit[fit.length - 1] : fit[0];
  let first = how.stays === true ? lists[high][0] : lists[high].shift()!;
  if (how.equal === true) {
    const size = 2 ** order;
    const rest = Array.from({ length: 2 ** (high - order) - 1 },
      (_, i) => first + (i + 1) * size);
    lists[order].unshift(...rest);
    return lists;
  }
  while (high > order && how.whole !== true) {
    high--;
    lists[high].unshift(how.lower === true ? first : first + 2 ** high);
    if (how.lower === true) first += 2 ** high;
  }
  return lists;
}

/** A free that is wrong in one way. */
function wrongGive(
  before: Lists,
  block: number,
  order: number,
  how: { times?: number; any?: boolean; keep?: boolean; back?: boolean },
): Lists {
  const lists = before.map((list) => [...list]);
  let [first, k] = [block, order];
  for (let t = 0; t < (how.times ?? 99) && k < orders - 1; t++) {
    const buddy = first ^ (1 << k);
    const home = how.any === true
      ? lists.find((list) => list.includes(buddy)) : lists[k];
    const at = home?.indexOf(buddy) ?? -1;
    if (at < 0) break;
    if (how.keep !== true) home!.splice(at, 1);
    first = Math.min(first, buddy);
    k++;
  }
  if (how.back === true) lists[k].push(first);
  else lists[k].unshift(first);
  return lists;
}

const pages = (lists: Lists): number =>
  lists.reduce((sum, list, order) => sum + list.length * 2 ** order, 0);

/** Is a page in two blocks? */
function overlaps(lists: Lists): boolean {
  const all = lists.flatMap((list, order) => list.flatMap((first) =>
    Array.from({ length: 2 ** order }, (_, i) => first + i)));
  return new Set(all).size < all.length;
}

const sorted = (lists: Lists): Lists =>
  lists.map((list) => [...list].sort((a, b) => a - b));

/** The same blocks, in any order within a list. */
const alike = (wrong: Lists) => (have: Lists): boolean =>
  same(sorted(have), sorted(wrong));

function aboutTake(before: Lists, order: number): Belief[] {
  const take = (how: Parameters<typeof wrongTake>[2]) =>
    alike(wrongTake(before, order, how));
  return [
    { if: take({ largest: true }), then: 'The lowest list that has a block '
      + 'large enough is asked, not the largest block.' },
    { if: take({ whole: true }), then: 'A block that is too large is halved. '
      + 'What is not needed goes to the lists.' },
    { if: take({ equal: true }), then: 'The rest is not cut into blocks of the '
      + 'size that was asked for. Each cut leaves one upper half.' },
    { if: take({ lower: true }), then: 'Of each cut the upper half goes to a '
      + 'list, and the lower one is cut again or goes out.' },
    { if: take({ stays: true }), then: 'A block that is taken or cut leaves '
      + 'its list.' },
  ];
}

function aboutGive(before: Lists, block: number, order: number): Belief[] {
  const give = (how: Parameters<typeof wrongGive>[3]) =>
    alike(wrongGive(before, block, order, how));
  return [
    { if: give({ times: 0 }), then: 'Its buddy is free, and of the same order: '
      + 'the two are joined.' },
    { if: give({ times: 1 }), then: 'It was joined once. What comes of that '
      + 'has a buddy too.' },
    { if: give({ times: 2 }), then: 'It was joined twice. What comes of that '
      + 'has a buddy too.' },
    { if: give({ any: true }), then: 'A free block at the place of the buddy '
      + 'is joined only if it is of the same order.' },
    { if: give({ keep: true }), then: 'A buddy that was joined leaves its '
      + 'list.' },
  ];
}

function judgeRow(i: number): void {
  const have = rowOf(attempt('trace()', trace), i);
  const all = rows();
  const [before, is] = [all[i], all[i + 1]];
  const { give, order } = ops[i];
  const draw = (name: string, lists: Lists): string[] =>
    lists.flatMap((list, k) =>
      list.length === 0 ? [] : [`  ${name}  order ${k}: ${list.join(', ')}`]);
  judge({
    call: `row ${i + 1}, ${text(ops[i])}`,
    have,
    is,
    beliefs: [
      { if: before, then: 'These are the lists before the call.' },
      { if: alike(is), then: 'The blocks are right, their order within a list '
        + 'is not. What comes to a list goes to its front.' },
      ...(give === undefined
        ? aboutTake(before, order) : aboutGive(before, give, order)),
      { if: (lists: Lists) => lists.some((list, k) =>
          list.some((first) => first % 2 ** k !== 0)),
        then: 'A block of order k starts at a multiple of 2 to the k.' },
      { if: overlaps, then: 'Two of these blocks share a page. A free page is '
        + 'in one block.' },
      { if: (lists: Lists) => give !== undefined && pages(lists) > pages(is),
        then: 'Too many pages are free. A buddy that is in use, even in '
          + 'part, is not joined.' },
      { if: (lists: Lists) => pages(lists) !== pages(is),
        then: `After this call ${pages(is)} pages are free. Count those of `
          + 'your blocks.' },
      { if: () => give !== undefined, then: 'Which block is the buddy? Write '
        + 'the number in binary. And does it head a free block of that order?' },
    ],
    drawn: [...draw('before', before), ...draw('yours ', have)],
  });
}

it('row 1: sixteen pages are cut [1 point]', () => {
  judgeRow(0);
});

it('row 2: a block of the right order is there [1 point]', () => {
  judgeRow(1);
});

it('row 3: the next list is asked [1 point]', () => {
  judgeRow(2);
});

it('row 4: a single page [1 point]', () => {
  judgeRow(3);
});

it('row 5: two pages come back [1 point]', () => {
  judgeRow(4);
});

it('row 6: two more come back [1 point]', () => {
  judgeRow(5);
});

it('row 7: a single page comes back [1 point]', () => {
  judgeRow(6);
});

it('row 8: the last block comes back [1 point]', () => {
  judgeRow(7);
});
