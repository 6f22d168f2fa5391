import { it } from 'vitest';
import { attempt, Finding, judge, same, write, type Belief }
  from '../../lib/grade/judge.js';
import { __GFP_COLD, __GFP_NOWARN, GFP_ATOMIC } from '../../lib/linux/gfp.js';
import { contig_page_data, pfn_to_page } from '../../lib/linux/mmzone.js';
import { alloc_pages } from '../../lib/linux/page_alloc.js';
import { bootMemory } from '../../lib/linux/page_alloc_boot.js';
import { __free_page, drain_local_pages }
  from '../../lib/linux/page_alloc_pcp.js';
import { listed } from '../../lib/linux/zonecheck.js';
import { reboot } from '../../lib/sys/reboot.js';
import { trace } from './trace-the-hot-list.js';

type Op = ['take' | 'block' | 'cold' | 'drain'] | ['give', number];
interface State { returned: number | null; hot: number[]; free: number }

const ops: Op[] = [
  ['take'], ['take'], ['take'], ['take'], ['give', 1], ['give', 3],
  ['give', 0], ['block'], ['cold'], ['drain'],
];

const text = (op: Op): string => {
  if (op[0] === 'give') return `give ${op[1]}`;
  if (op[0] === 'block') return 'take a block of two';
  return op[0] === 'cold' ? 'take with __GFP_COLD' : op[0];
};

function call(op: Op): number | null {
  const mask = GFP_ATOMIC | __GFP_NOWARN;
  switch (op[0]) {
    case 'give':
      __free_page(pfn_to_page(op[1]));
      return null;
    case 'drain':
      drain_local_pages();
      return null;
    case 'block':
      return alloc_pages(mask, 1)!.pfn;
    case 'cold':
      return alloc_pages(mask | __GFP_COLD, 0)!.pfn;
    default:
      return alloc_pages(mask, 0)!.pfn;
  }
}

/** The right rows, and before them the start. */
function rows(): State[] {
  reboot();
  bootMemory({ zones: [0, 1024, 0] });
  const z = contig_page_data.node_zones[1];
  const [hot, cold] = z.pageset[0].pcp;
  Object.assign(hot, { low: 1, high: 4, batch: 2 });
  Object.assign(cold, { low: 0, high: 4, batch: 2 });
  const now = (returned: number | null): State =>
    ({ returned, hot: listed(hot.list), free: z.free_pages });
  return [now(null), ...ops.map((op) => now(call(op)))];
}

/** A student's row, or a finding that says what is not a row about it. */
function rowOf(all: unknown, i: number): State {
  if (!Array.isArray(all)) {
    throw new Finding(`trace(): you have ${write(all)}, it is an array of rows.`);
  }
  const { returned, hot, free } = Object(all[i]);
  const where = `row ${i + 1}, ${text(ops[i])}`;
  if (returned === undefined || returned === '?') {
    throw new Finding(`${where}: no answer yet.`);
  }
  const isList = Array.isArray(hot) && hot.length <= 20
    && hot.every((n) => Number.isSafeInteger(n));
  if (!isList) throw new Finding(`${where}: "hot" is an array of page numbers.`);
  return { returned, hot, free };
}

const sorted = (pages: number[]): number[] => [...pages].sort((a, b) => a - b);

function aboutReturned(op: Op, before: State, is: State): Belief[] {
  return [
    { if: (n: unknown) => n !== null && is.returned === null,
      then: 'Nothing comes back from this call: write null.' },
    { if: null, then: 'A page comes back: there are many.' },
    { if: (n: unknown) => op[0] === 'block' && before.hot.includes(n as number),
      then: 'Larger blocks pass the lists by: they come from the buddy system.' },
    { if: 8, then: op[0] === 'block'
      ? 'What went back in row 7 has joined its buddies, and the first list '
        + 'that has a block is asked.'
      : 'The lowest list that has a block is asked: what is left of the last '
        + 'split comes first.' },
    { if: 6, then: '6 was free before. But 4 and 5 have joined 6 and 7, and of '
      + 'that block the lower half goes out.' },
    { if: (n: unknown) => op[0] === 'cold' && before.hot.includes(n as number),
      then: 'A cold request looks at the cold list, and leaves the hot one alone.' },
    { if: (n: unknown) => op[0] === 'take' && is.hot.includes(n as number),
      then: 'Taken is the front. A batch that was fetched stands at the end.' },
  ];
}

function aboutHot(op: Op, before: State, is: State): Belief[] {
  const page = op[0] === 'give' ? op[1] : -1;
  return [
    { if: [page, ...before.hot],
      then: 'There were as many as high before the call: a batch goes back first.' },
    { if: [...before.hot, page],
      then: 'A page that is given back is hot, and goes to the front.' },
    { if: [page, ...before.hot.slice(2)],
      then: 'What goes back to the buddy system comes from the end.' },
    { if: [page, ...before.hot.slice(0, -1)],
      then: 'A batch is two pages, and both go back.' },
    { if: (have: number[]) => op[0] === 'give' && !have.includes(page),
      then: 'The page that was given back is nowhere on the list.' },
    { if: (have: number[]) => ['block', 'cold'].includes(op[0])
        && !same(have, before.hot),
      then: 'This call does not touch the hot list.' },
    { if: (have: number[]) => op[0] === 'drain' && have.length > 0,
      then: 'A drain gives everything back, not a batch.' },
    { if: (have: number[]) => have.length < is.hot.length && op[0] === 'take',
      then: 'There were low pages or fewer before the call: a batch is fetched.' },
    { if: (have: number[]) => have.length > is.hot.length && op[0] === 'take',
      then: 'Two pages are more than low, so none is fetched; and what is taken '
        + 'has left the list.' },
    { if: (have: number[]) => same(sorted(have), sorted(is.hot)),
      then: 'These are the right pages, in another order. The front comes first.' },
  ];
}

function aboutFree(op: Op, before: State, is: State): Belief[] {
  return [
    { if: is.free + is.hot.length,
      then: 'Pages on the list are not counted as free: the zone does not see '
        + 'them.' },
    { if: before.free - 1,
      then: 'Pages leave the buddy system in batches, not one by one.' },
    { if: before.free + 1,
      then: 'A page that is given back goes to the list. The zone sees it only '
        + 'when a batch goes back.' },
    { if: is.free - 1,
      then: op[0] === 'drain' ? 'The cold list is drained too, and there lies '
        + 'one page.' : 'Which pages have left the buddy system by now?' },
    { if: 1024, then: 'Some of the pages are still in use.' },
    { if: before.free,
      then: 'Pages have moved between list and buddy system, or a block left it.' },
  ];
}

function judgeRow(i: number): void {
  const have = rowOf(attempt('trace()', trace), i);
  const all = rows();
  const [before, is] = [all[i], all[i + 1]];
  const op = ops[i];
  const where = `row ${i + 1}, ${text(op)}`;
  const drawn = [
    `  before: ${before.hot.join(' ')}`,
    `  yours:  ${have.hot.join(' ')}`,
  ];
  judge({ call: `${where}, returned`, have: have.returned, is: is.returned,
    beliefs: aboutReturned(op, before, is), drawn });
  judge({ call: `${where}, hot`, have: have.hot, is: is.hot,
    beliefs: aboutHot(op, before, is), drawn });
  judge({ call: `${where}, free`, have: have.free, is: is.free,
    beliefs: aboutFree(op, before, is), drawn });
}

it('row 1: the first page, from an empty list [1 point]', () => {
  judgeRow(0);
});

it('row 2: one page is on the list [1 point]', () => {
  judgeRow(1);
});

it('row 3: two pages are on the list [1 point]', () => {
  judgeRow(2);
});

it('row 4: one page is on the list again [1 point]', () => {
  judgeRow(3);
});

it('row 5: a page comes back [1 point]', () => {
  judgeRow(4);
});

it('row 6: another one comes back [1 point]', () => {
  judgeRow(5);
});

it('row 7: the list has reached its limit [1 point]', () => {
  judgeRow(6);
});

it('row 8: a block of two pages [1 point]', () => {
  judgeRow(7);
});

it('row 9: a cold page [1 point]', () => {
  judgeRow(8);
});

it('row 10: the CPU gives back what it has [1 point]', () => {
  judgeRow(9);
});
