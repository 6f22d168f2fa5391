import { it } from 'vitest';
import { attempt, Finding, judge, write, type Belief }
  from '../../lib/grade/judge.js';
import { GFP_ATOMIC, GFP_KERNEL, GFP_NOFS, GFP_NOIO }
  from '../../lib/linux/gfp.js';
import { mempool_alloc, mempool_create, mempool_free }
  from '../../lib/linux/mempool.js';
import { bootMemory } from '../../lib/linux/page_alloc_boot.js';
import { kmem_cache_init } from '../../lib/linux/slab_create.js';
import { reboot } from '../../lib/sys/reboot.js';
import { run, thread } from '../../lib/sys/threads.js';
import { trace } from './trace-the-pool.js';

const steps = [
  'take, GFP_NOIO', 'take, GFP_NOIO', 'take, GFP_KERNEL', 'take, GFP_KERNEL',
  'take, GFP_ATOMIC', 'give 4', 'take, GFP_NOFS', 'A: take, GFP_NOIO', 'give 2',
  'take, GFP_ATOMIC', 'give 1', 'give 5, give 3, give 2',
];

interface State { returned: number | string; pool: number[]; asked: number }

/** The right rows. */
function rows(): State[] {
  reboot();
  bootMemory({ zones: [0, 1024, 0] });
  kmem_cache_init();
  let [failing, next, asked] = [false, 1, 0];
  const alloc = (): number => {
    asked++;
    return failing ? 0 : next++;
  };
  const pool = mempool_create(3, alloc, () => {}, null)!;
  asked = 0;
  const all: State[] = [];
  const row = (returned: number | string): void => {
    all.push({ returned, pool: [...pool.elements], asked });
    asked = 0;
  };
  const take = (mask: number): void => row(mempool_alloc(pool, mask));
  const give = (...elements: number[]): void => {
    for (const element of elements) mempool_free(element, pool);
    row('-');
  };
  take(GFP_NOIO);
  failing = true;
  take(GFP_NOIO);
  take(GFP_KERNEL);
  take(GFP_KERNEL);
  take(GFP_ATOMIC);
  give(4);
  take(GFP_NOFS);
  thread('A', () => take(GFP_NOIO));
  thread('disk', () => {
    row('sleeps'); // A is below
    mempool_free(2, pool);
  });
  run();
  failing = false;
  take(GFP_ATOMIC);
  give(1);
  give(5, 3, 2);
  return all;
}

/** A student's row, or a finding that says what is not a row about it. */
function rowOf(all: unknown, i: number): State {
  if (!Array.isArray(all)) {
    throw new Finding(`trace(): you have ${write(all)}, it is an array of rows.`);
  }
  const { returned, pool, asked } = Object(all[i]);
  const where = `row ${i + 1}, ${steps[i]}`;
  if (returned === undefined || returned === '?') {
    throw new Finding(`${where}: no answer yet.`);
  }
  const isPool = Array.isArray(pool) && pool.length <= 20
    && pool.every((n) => Number.isSafeInteger(n));
  if (!isPool) throw new Finding(`${where}: "pool" is an array of elements.`);
  return { returned, pool, asked };
}

const sorted = (pool: number[]): string => [...pool].sort().join();

function judgeRow(i: number): void {
  const have = rowOf(attempt('trace()', trace), i);
  const right = rows();
  const is = right[i];
  const before = i === 0 ? [1, 2, 3] : right[i - 1].pool;
  const call = `row ${i + 1}, ${steps[i]}`;
  const after = i === 0 ? [] : [`the pool was ${write(before)}`];
  const top = before[before.length - 1];
  const gives = steps[i].startsWith('give');
  const works = i === 0 || i === 9;

  const returned: Belief[] = [
    { if: (r: unknown) => gives && is.returned === '-' && r !== '-',
      then: 'A give returns nothing, and nobody waits: write \'-\'.' },
    { if: (r: unknown) => r === top && works,
      then: 'The pool is asked last, and the allocator works.' },
    { if: (r: unknown) => r === before[0] && before.length > 1,
      then: 'The pool is a stack: what came last goes first.' },
    { if: 'sleeps', then: is.returned === 0
      ? 'This mask may not wait.'
      : 'There is an element to be had, so nobody sleeps.' },
    { if: 0, then: is.returned === 'sleeps'
      ? 'This mask may wait, so it never gets NULL.'
      : 'There is an element to be had.' },
    { if: (r: unknown) => r === 3 && i === 8,
      then: 'That is not the element that comes back.' },
    { if: '-', then: 'Somebody asks for an element here, or waits for one.' },
    { if: (r: unknown) => typeof r === 'number' && is.returned === 'sleeps',
      then: 'Nothing is in the pool, and the allocator fails.' },
  ];
  judge({ call: `${call}: what comes back`, after, have: have.returned,
    is: is.returned, beliefs: returned });

  const pool: Belief[] = [
    { if: (p: number[]) => p.length > 3,
      then: 'The pool keeps three: what is more goes to the allocator.' },
    { if: (p: number[]) => i === 8 && p.includes(2),
      then: 'A sleeps, and is woken by this element.' },
    { if: (p: number[]) => sorted(p) === sorted(is.pool),
      then: 'The top is written last: what came last.' },
    { if: (p: number[]) => gives && p.length < is.pool.length,
      then: 'A give fills the pool first, with any element.' },
    { if: (p: number[]) => works && p.length < is.pool.length,
      then: 'The element came from the allocator: the pool is as it was.' },
    { if: before, then: 'Does this step change the pool?' },
    { if: () => i === 11, then: 'They come one after the other, and only until '
      + 'the pool is full.' },
  ];
  judge({ call: `${call}: the pool`, after, have: have.pool, is: is.pool,
    beliefs: pool });

  judge({ call: `${call}: asked`, after, have: have.asked, is: is.asked, beliefs: [
    { if: (n: unknown) => gives && is.asked === 0 && n !== 0,
      then: 'A give asks for nothing.' },
    { if: (n: unknown) => i === 8 && n === 0,
      then: 'A, woken, starts over: what does it do first?' },
    { if: 0, then: 'The allocator is asked first, always.' },
    { if: 1, then: 'Half of the pool is gone, and the mask has __GFP_FS.' },
    { if: 2, then: steps[i].endsWith('GFP_KERNEL')
      ? 'Two of three are left: that is more than half.'
      : 'Only a mask with __GFP_FS asks twice, and only if the first answer '
        + 'was no.' },
  ] });
}

it('row 1: the allocator works [1 point]', () => {
  judgeRow(0);
});

it('row 2: it fails [1 point]', () => {
  judgeRow(1);
});

it('row 3: the kernel asks, two are left [1 point]', () => {
  judgeRow(2);
});

it('row 4: the kernel asks, one is left [1 point]', () => {
  judgeRow(3);
});

it('row 5: nothing is left [1 point]', () => {
  judgeRow(4);
});

it('row 6: 4 comes back [1 point]', () => {
  judgeRow(5);
});

it('row 7: a file system asks [1 point]', () => {
  judgeRow(6);
});

it('row 8: A asks [1 point]', () => {
  judgeRow(7);
});

it('row 9: 2 comes back [1 point]', () => {
  judgeRow(8);
});

it('row 10: the allocator works again [1 point]', () => {
  judgeRow(9);
});

it('row 11: 1 comes back [1 point]', () => {
  judgeRow(10);
});

it('row 12: three come back [1 point]', () => {
  judgeRow(11);
});
