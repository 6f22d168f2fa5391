import fc from 'fast-check';
import { it } from 'vitest';
import { attempt, Finding, judge, same, write, type Belief }
  from '../../lib/grade/judge.js';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { segments } from '../../lib/opensolaris/vmem_check.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import {
  VM_NOSLEEP,
  VM_SLEEP,
  VMC_IDENTIFIER,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import { vmem_add } from '../../lib/opensolaris/vmem_walk.js';
import { reboot } from '../../lib/sys/reboot.js';
import { run } from './grow-on-demand.js';

type Op = ['open'] | ['close', number];
type Spans = [number, number][];

/** How many ids are added to so many; 0: none. */
type Rule = (had: number, step: number, limit: number) => number;

const right: Rule = (had, step, limit) =>
  Math.max(0, Math.min(had, step, limit - had));

/** What a rule makes of the calls. An open is made before an id is closed. */
function model(rule: Rule, first: number, step: number, limit: number, ops: Op[]) {
  reboot();
  vmem_init();
  const ids = vmem_create(
    'ids', 1, first, 1, null, null, null, 0, VM_SLEEP | VMC_IDENTIFIER,
  )!;
  let had = first;
  const returned: (number | null)[] = [];
  for (const op of ops) {
    if (op[0] === 'close') {
      vmem_free(ids, op[1], 1);
      continue;
    }
    let id = vmem_alloc(ids, 1, VM_NOSLEEP);
    const more = rule(had, step, limit);
    if (id === null && more > 0) {
      vmem_add(ids, had + 1, more, VM_NOSLEEP);
      had += more;
      id = vmem_alloc(ids, 1, VM_NOSLEEP);
    }
    returned.push(id);
  }
  const spans = segments(ids)
    .filter(({ type }) => type === 'span')
    .map(({ start, end }): [number, number] => [start, end]);
  return { returned, spans };
}

/** Other rules, and who has one. */
const others: [rule: Rule, belief: string][] = [
  [(had, step) => Math.min(had, step), 'It has gone beyond the limit.'],
  [(had, _, limit) => Math.max(0, Math.min(had, limit - had)),
    'It doubles, but not by more than step at once.'],
  [(_, step, limit) => Math.max(0, Math.min(step, limit - _)),
    'It adds step at once. It should add as many as there are, if that is '
    + 'less.'],
  [(had, step, limit) => {
    const more = Math.min(had, step);
    return had + more > limit ? 0 : more;
  }, 'The limit allows a few more: add just these.'],
  [(had, step, limit) => Math.max(0, Math.min(had, step, limit - had - 1)),
    'The limit itself may be reached: it is the most ids that there may be.'],
  [() => 1, 'It adds one id at a time.'],
  [() => 0, 'No id was added. What does vmem_alloc return when none is free, '
    + 'and what comes then?'],
];

const opens = (n: number): Op[] => Array.from({ length: n }, () => ['open']);

const text = (ops: Op[]): string => {
  const words: string[] = [];
  let n = 0;
  const flush = (): void => {
    if (n > 0) words.push(n === 1 ? 'open' : `${n} opens`);
    n = 0;
  };
  for (const op of ops) {
    if (op[0] === 'open') n++;
    else {
      flush();
      words.push(`close ${op[1]}`);
    }
  }
  flush();
  return words.join('; ');
};

/** Runs the calls on the student's arena, and judges all that is seen. */
function sound(first: number, step: number, limit: number, ops: Op[]): void {
  const call = `run(${first}, ${step}, ${limit}, [${text(ops)}])`;
  const have: unknown = attempt(call, () => run(first, step, limit, ops));
  const { returned, spans } = Object(have) as
    { returned?: (number | null)[]; spans?: Spans };
  if (!Array.isArray(returned) || !Array.isArray(spans)) {
    throw new Finding(`${call}: you have ${write(have)}, it is an object with `
      + 'returned and spans.');
  }
  const is = model(right, first, step, limit, ops);
  const known = others.flatMap(([rule, then]) => {
    // Under another rule an id may be closed that was never opened.
    try {
      return [{ made: model(rule, first, step, limit, ops), then }];
    } catch {
      return [];
    }
  });
  const what = (of: 'returned' | 'spans'): Belief[] => [
    { if: (x: unknown) => of === 'returned' && Array.isArray(x)
        && x.some((id) => id === 0 || id === undefined),
      then: 'That there is none is said by null.' },
    ...known.map(({ made, then }) => ({ if: made[of], then })),
    { if: (x: unknown) => of === 'returned' && Array.isArray(x)
        && new Set(x.filter((id) => id !== null)).size
          < x.filter((id) => id !== null).length
        && ops.every(([name]) => name === 'open'),
      then: 'An id was given out twice: where does the new span begin?' },
    { if: (x: unknown) => of === 'spans' && Array.isArray(x)
        && x.length > is.spans.length,
      then: 'It has grown more often than it had to. As long as an id is free, '
        + 'it does not grow.' },
    { if: (x: unknown) => of === 'spans' && Array.isArray(x)
        && x.some(([start]: [number], i: number) => i > 0 && start !== x[i - 1][1]),
      then: 'The ids are 1 to the number of ids. Which is the first that is '
        + 'not there yet?' },
    { if: (x: unknown) => of === 'returned' && Array.isArray(x)
        && x.length === is.returned.length
        && x.some((id, i) => id === null && is.returned[i] !== null),
      then: 'null is for when the limit is reached. After it has grown, is '
        + 'an id taken from what was added?' },
  ];
  if (same(spans, is.spans)) {
    judge({ call: `${call}, returned`, have: returned, is: is.returned,
      beliefs: what('returned') });
    return;
  }
  judge({ call: `${call}, spans`, have: spans, is: is.spans, beliefs: what('spans') });
}

it('gives out the first ids before it grows [1 point]', () => {
  sound(3, 8, 100, opens(1));
  sound(3, 8, 100, opens(3));
  sound(8, 4, 8, opens(8));
});

it('doubles when none is free [2 points]', () => {
  sound(1, 64, 100, opens(2));
  sound(3, 64, 100, opens(4));
  sound(3, 64, 100, opens(13));
});

it('adds no more than step at once [2 points]', () => {
  sound(4, 3, 100, opens(5));
  sound(2, 4, 100, opens(14));
  sound(5, 1, 100, opens(8));
});

it('adds what the limit leaves, and then says null [2 points]', () => {
  sound(4, 8, 6, opens(5));
  sound(4, 8, 6, opens(8));
  sound(4, 8, 8, opens(9));
  sound(4, 8, 4, opens(5));
});

it('takes a closed id before it grows, and after a null too [1 point]', () => {
  sound(4, 8, 100, [...opens(4), ['close', 2], ['open'], ['open']]);
  sound(2, 2, 4, [...opens(5), ['close', 1], ['open'], ['close', 4],
    ['close', 3], ...opens(3)]);
});

it('does so in any order of calls [1 point]', () => {
  const numbers = fc.array(fc.nat(60), { minLength: 1, maxLength: 30 });
  const least = fc.integer({ min: 1, max: 5 });
  const property = fc.property(least, least, fc.nat(12), numbers,
    (first, step, more, all) => {
      const limit = first + more;
      const ops: Op[] = [];
      for (const n of all) {
        const { returned } = model(right, first, step, limit, ops);
        const closed = ops.flatMap((op) => (op[0] === 'close' ? [op[1]] : []));
        const held = returned.filter((id): id is number => id !== null);
        for (const id of closed) held.splice(held.indexOf(id), 1);
        if (n % 3 === 0 && held.length > 0) {
          ops.push(['close', held[n % held.length]]);
        } else ops.push(['open']);
      }
      sound(first, step, limit, ops);
    });
  const { errorInstance } = fc.check(property, { seed: 72, numRuns: 25 });
  if (errorInstance !== null) throw errorInstance;
});
