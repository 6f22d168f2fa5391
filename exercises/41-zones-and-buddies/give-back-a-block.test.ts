import { it } from 'vitest';
import { attempt, Finding, judge, same, type Belief } from '../../lib/grade/judge.js';
import { __GFP_NOWARN, GFP_ATOMIC } from '../../lib/linux/gfp.js';
import {
  contig_page_data,
  MAX_ORDER,
  pfn_to_page,
} from '../../lib/linux/mmzone.js';
import { alloc_pages } from '../../lib/linux/page_alloc.js';
import { bootMemory } from '../../lib/linux/page_alloc_boot.js';
import { __free_pages, drain_local_pages } from '../../lib/linux/page_alloc_pcp.js';
import { listed } from '../../lib/linux/zonecheck.js';
import { reboot } from '../../lib/sys/reboot.js';
import { buddyOf, giveBack } from './give-back-a-block.js';

type Lists = number[][];
type Block = [first: number, order: number];

const zone = () => contig_page_data.node_zones[1];
const now = (): Lists =>
  zone().free_area.map(({ free_list }) => listed(free_list));

function free([first, order]: Block): void {
  __free_pages(pfn_to_page(first), order);
  drain_local_pages();
}

/** Takes blocks of these orders, frees some, and has the lists. */
function scene(pages: number, orders: number[], freed: Block[]): Lists {
  reboot();
  bootMemory({ zones: [0, pages, 0] });
  drain_local_pages();
  for (const order of orders) alloc_pages(GFP_ATOMIC | __GFP_NOWARN, order);
  freed.forEach(free);
  return now();
}

const copy = (lists: Lists): Lists => lists.map((list) => [...list]);

/** The lists that are not empty, as lines. */
const drawn = (name: string, lists: Lists): string[] =>
  lists.flatMap((list, order) =>
    list.length === 0 ? [] : [`  ${name}  order ${order}: ${list.join(', ')}`]);

/** Which block of two orders is where: to compare, whatever its place. */
const sorted = (lists: Lists): Lists =>
  lists.map((list) => [...list].sort((a, b) => a - b));

/** A free that is wrong in one way. */
function wrong(
  before: Lists,
  [block, order]: Block,
  how: { times?: number; next?: boolean; keep?: boolean; upper?: boolean;
    higher?: boolean; back?: boolean; any?: boolean },
): Lists {
  const lists = copy(before);
  let [first, k] = [block, order];
  for (let t = 0; t < (how.times ?? 99) && k < lists.length - 1; t++) {
    const buddy = how.next === true ? first + 2 ** k : first ^ (1 << k);
    const home = how.any === true
      ? lists.find((list) => list.includes(buddy)) : lists[k];
    const at = home?.indexOf(buddy) ?? -1;
    if (at < 0) break;
    if (how.keep !== true) home!.splice(at, 1);
    if (how.higher === true) first = Math.max(first, buddy);
    else if (how.upper !== true) first = Math.min(first, buddy);
    k++;
  }
  if (how.back === true) lists[k].push(first);
  else lists[k].unshift(first);
  return lists;
}

function ask(pages: number, orders: number[], freed: Block[], last: Block): void {
  const before = scene(pages, orders, freed);
  free(last);
  const is = now();
  const lists = copy(before);
  const call = `giveBack(lists, ${last.join(', ')})`;
  try {
    attempt(call, () => giveBack(lists, ...last));
  } catch (error) {
    const { message } = Object(error);
    if (!String(message).includes('undefined')) throw error;
    throw new Finding(`${message}\nThere is a list for each order up to `
      + `${lists.length - 1}, and none above.`);
  }
  const shown = [...drawn('before', before), ...drawn('yours ', lists),
    ...drawn('it is ', is)];
  const compact = (all: Lists): string[] =>
    all.flatMap((list, k) => (list.length === 0 ? [] : [`${k}: ${list.join(', ')}`]));
  const beliefs: Belief[] = [
    { if: before, then: 'The lists are as before. giveBack changes the lists '
      + 'that it is given.' },
    { if: wrong(before, last, { times: 0 }), then: 'Its buddy is free, and of '
      + 'the same order: the two are joined.' },
    { if: wrong(before, last, { times: 1 }), then: 'It was joined once. What '
      + 'comes of that has a buddy too.' },
    { if: wrong(before, last, { back: true }), then: 'The block is right, but '
      + 'it goes to the front of its list.' },
    { if: wrong(before, last, { keep: true }), then: 'A buddy that was joined '
      + 'must leave its list: else its pages are free twice.' },
    { if: wrong(before, last, { next: true }), then: 'The buddy is not always '
      + 'the next block. It may lie before.' },
    { if: wrong(before, last, { upper: true }), then: 'A joined block starts '
      + 'where the lower of the two starts.' },
    { if: wrong(before, last, { higher: true }), then: 'A joined block starts '
      + 'where the lower of the two starts.' },
    { if: wrong(before, last, { any: true }), then: 'A free block at the place '
      + 'of the buddy is the buddy only if it is of the same order.' },
    { if: (have: Lists) => same(sorted(have), sorted(is)), then: 'The blocks '
      + 'are right, their order within a list is not.' },
    { if: (have: Lists) => have.length !== MAX_ORDER, then: 'No block is '
      + `larger than order ${MAX_ORDER - 1}, and no list is added or lost.` },
    { if: (have: Lists) => have.some((list) => list.some((first) => !(first >= 0))),
      then: 'There is something in a list that is no first page of a block.' },
  ];
  if (!same(lists, is)) {
    const known = beliefs.filter(({ if: test }) =>
      typeof test === 'function' ? test(lists) : same(test, lists));
    judge({
      call: `lists after ${call}`,
      have: compact(lists),
      is: compact(is),
      beliefs: known.map(({ then }) => ({ if: () => true, then })),
      drawn: shown,
    });
    judge({ call: `lists after ${call}`, have: lists, is, drawn: shown });
  }
}

function askBuddy(block: number, order: number): void {
  const call = `buddyOf(${block}, ${order})`;
  // Take both: the allocator joins them into the one that it had cut.
  const is = Array.from({ length: 1024 >> order }, (_, i) => i << order)
    .find((other) => {
      scene(1024, Array.from({ length: 1024 >> order }, () => order), []);
      free([block, order]);
      if (other === block) return false;
      free([other, order]);
      return zone().free_area[order + 1].nr_free === 1;
    });
  const size = 2 ** order;
  judge({
    call,
    have: attempt(call, () => buddyOf(block, order)),
    is,
    beliefs: [
      { if: block + size, then: 'The next block is the buddy only of every '
        + 'second one. From which cut do the two come?' },
      { if: block - size, then: 'The block before is the buddy only of every '
        + 'second one. From which cut do the two come?' },
      { if: block ^ order, then: 'The order is the number of the bit in which '
        + 'the two differ, not its value.' },
      { if: block ^ (2 * size), then: 'That is the bit of the next order.' },
      { if: block & ~size, then: 'That is where both together start.' },
      { if: block ^ 1, then: 'That is the buddy at order 0.' },
    ],
  });
}

it('finds the buddy above, and the one below [2 points]', () => {
  askBuddy(4, 1);
  askBuddy(6, 1);
  askBuddy(5, 0);
  askBuddy(12, 2);
  askBuddy(64, 6);
});

it('puts a block that cannot be joined at the front of its list [1 point]', () => {
  ask(16, [1, 1], [], [0, 1]);
  ask(16, [0, 0, 0, 0], [], [2, 0]);
  ask(16, [0, 0, 0, 0], [[0, 0]], [2, 0]);
});

it('joins with the buddy, above or below [2 points]', () => {
  ask(16, [0, 0, 0, 0], [[1, 0]], [0, 0]);
  ask(16, [0, 0, 0, 0], [[0, 0]], [1, 0]);
  ask(16, [1, 1, 1, 1], [[0, 1], [4, 1]], [2, 1]);
});

it('joins again, as long as there is a buddy [2 points]', () => {
  ask(16, [0], [], [0, 0]);
  ask(16, [1, 0, 1, 2], [[0, 1]], [2, 0]);
  ask(16, [2, 1, 1, 2], [[4, 1]], [6, 1]);
});

it('does not join neighbours that are no buddies [1 point]', () => {
  ask(16, [0, 0, 0, 0], [[1, 0]], [2, 0]);
  ask(16, [1, 0, 0, 1], [[2, 0]], [0, 1]);
  ask(16, [1, 1, 1, 1], [[2, 1]], [4, 1]);
});

it('stops at the largest order [1 point]', () => {
  ask(2048, [10, 10], [[1024, 10]], [0, 10]);
  ask(2048, [10, 9, 9], [[1024, 10], [0, 9]], [512, 9]);
});
