import { it } from 'vitest';
import { attempt, Finding, judge, write, type Belief }
  from '../../lib/grade/judge.js';
import { kmem_cache_create } from '../../lib/opensolaris/kmem_create.js';
import { statics } from '../../lib/opensolaris/kmem_impl.js';
import { bootKmem } from '../../lib/opensolaris/kmem_init.js';
import { kmem_cache_update } from '../../lib/opensolaris/kmem_reap.js';
import { taskq_wait } from '../../lib/opensolaris/taskq.js';
import { reboot } from '../../lib/sys/reboot.js';
import { lengths, twice } from './resized-twice.js';

/** What KMEM makes of these meetings. */
function real(chunk: number, meetings: readonly number[]): number[] {
  reboot();
  bootKmem();
  const cp = kmem_cache_create('c', chunk, 0);
  return meetings.map((met) => {
    cp.cache_depot_contention += met;
    kmem_cache_update(cp);
    taskq_wait(statics.kmem_taskq!);
    return cp.cache_magtype.mt_magsize;
  });
}

/** The same with the three bugs. */
function broken(chunk: number, meetings: readonly number[]): number[] {
  reboot();
  bootKmem();
  let type = statics.kmem_magtype.findIndex((t) => chunk > t.mt_minbuf);
  let contention = 0;
  let prev = 0;
  return meetings.map((met) => {
    contention += met;
    const { mt_maxbuf } = statics.kmem_magtype[type];
    if (contention - prev > 3 && chunk <= mt_maxbuf) {
      type++;
      prev = contention;
    }
    return statics.kmem_magtype[type].mt_magsize;
  });
}

const grown = (rounds: readonly number[]): number => new Set(rounds).size;

const shows = (list: readonly number[]): boolean =>
  grown(broken(200, list)) > grown(real(200, list));

/** The length of the shortest list of equal, large numbers that shows it. */
function shortest(): number {
  for (let n = 1; ; n++) if (shows(Array<number>(n).fill(4))) return n;
}

/** The student's list, or a finding that says why it is none. */
function listOf(): number[] {
  const have: unknown = attempt('twice()', twice);
  if (!Array.isArray(have) || have.length < 1 || have.length > 12) {
    throw new Finding(`twice(): you have ${write(have)}. A list has 1 to 12 `
      + 'intervals.');
  }
  for (const met of have as unknown[]) {
    if (!Number.isInteger(met) || (met as number) <= 3 || (met as number) > 1e6) {
      throw new Finding(`twice(): you have ${write(have)}. Each interval has `
        + 'a whole number of meetings, more than 3.');
    }
  }
  return have as number[];
}

const draw = (list: readonly number[], chunk = 200): string[] => [
  `  meetings   ${list.join(', ')}`,
  `  KMEM       ${real(chunk, list).join(', ')}`,
];

it('twice() shows that magazines grow too often [2 points]', () => {
  const list = listOf();
  if (shows(list)) return;
  throw new Finding([
    `twice(): ${write(list)}: both grow to the same lengths.`,
    'In which interval does KMEM not look at the meetings at all?',
    ...draw(list),
  ].join('\n'));
});

it('twice() is as short as possible [1 point]', () => {
  const list = listOf();
  if (!shows(list)) {
    throw new Finding('twice(): first find a list on which the two differ.');
  }
  judge({
    call: `the length of ${write(list)}`,
    have: list.length,
    is: shortest(),
    beliefs: [{ if: () => true, then: 'One growth, and one more that is one '
      + 'too many, are enough.' }],
  });
});

/** Holds lengths against KMEM, on each list. */
function hold(
  cases: readonly (readonly [chunk: number, meetings: number[]])[],
  belief: Belief['then'],
  beliefs: (is: number[], list: number[]) => Belief[] = () => [],
): void {
  for (const [chunk, meetings] of cases) {
    const call = `lengths(${chunk}, ${write(meetings)})`;
    const is = real(chunk, meetings);
    judge({
      call,
      have: attempt(call, () => lengths(chunk, [...meetings])),
      is,
      beliefs: [...beliefs(is, meetings), { if: () => true, then: belief }],
      drawn: draw(meetings, chunk),
    });
  }
}

it('lengths does not grow in the interval after it has grown [2 points]', () => {
  hold([
    [200, [4, 4]],
    [200, [4, 1000, 4]],
    [200, [4, 0, 4, 4, 4]],
    [48, [9, 9, 9, 9, 9, 9, 9]],
  ], 'The interval after a growth does not count, and the one after it counts '
    + 'again.', (is, list) => [
    { if: broken(200, list), then: 'It has grown twice in a row: the meetings '
      + 'of the resize itself are counted.' },
    { if: is.map(() => is[0]), then: 'Only one interval is passed over. After '
      + 'it magazines may grow again.' },
  ]);
});

it('lengths counts each interval by itself [1 point]', () => {
  hold([
    [200, [2, 2]],
    [200, [3, 3, 3, 4]],
    [200, [4, 0, 2, 2, 4]],
    [4000, [1, 1, 1, 1, 1, 5]],
  ], 'More than 3 meetings in one interval are needed. Those of earlier ones '
    + 'are not added.');
});

it('lengths stops where chunks are too large [1 point]', () => {
  const often = Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? 4 : 0));
  hold([
    [4096, often],
    [1024, often],
    [512, often],
    [200, often],
    [8, often],
  ], 'Magazines grow only while the chunk is below mt_maxbuf of the length '
    + 'that they have.');
});
