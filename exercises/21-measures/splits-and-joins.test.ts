import { it } from 'vitest';
import {
  attempt,
  drawMaps,
  Finding,
  judge,
  type Belief,
} from '../../lib/grade/judge.js';
import { fitMap, type Policy } from '../../lib/trace/adapters/fits.js';
import type { Piece } from '../../lib/trace/allocator.js';
import type { Request } from '../../lib/trace/requests.js';
import { run } from '../../lib/trace/run.js';
import { trace } from './splits-and-joins.js';

interface Row { splits: number; joins: number; holes: number }
interface State extends Row { pieces: Piece[]; refused: boolean }

const take = (id: number, size: number): Request => ({ op: 'alloc', id, size });
const back = (id: number, size: number): Request => ({ op: 'free', id, size });

/** Leads to the start: 0, 2 and 4 are holes then, 1 and 3 in use. */
const before = [
  take(0, 10), take(1, 10), take(2, 5), take(3, 15), take(4, 20),
  back(0, 10), back(2, 5), back(4, 20),
];
const calls: [call: string, request: Request][] = [
  ['alloc(5)', take(5, 5)],
  ['alloc(5)', take(6, 5)],
  ['alloc(25)', take(7, 25)],
  ['alloc(12)', take(8, 12)],
  ['free 5 units at 100', back(5, 5)],
  ['free 10 units at 110', back(1, 10)],
  ['free 5 units at 105', back(6, 5)],
  ['free 15 units at 125', back(3, 15)],
];

/** What there is after so many calls; splits and joins since the start. */
function after(n: number, policy: Policy = 'first') {
  const map = fitMap({ policy, units: 60, start: 100, slots: 9 });
  const requests = [...before, ...calls.slice(0, n).map(([, request]) => request)];
  const { splits = 0, joins = 0, failed } = run(requests, map, { joints: true });
  return { splits, joins, failed, pieces: map.holes() };
}

/** What call n does, counted from 0. */
function step(n: number, policy: Policy = 'first'): State {
  const [was, now] = [after(n, policy), after(n + 1, policy)];
  return {
    splits: now.splits - was.splits,
    joins: now.joins - was.joins,
    holes: now.pieces.length,
    pieces: now.pieces,
    refused: now.failed > was.failed,
  };
}

/** A row as it was returned, or a finding that says what is not a row. */
function rowOf(all: unknown, n: number): Row {
  if (!Array.isArray(all)) throw new Finding('trace(): it returns an array of rows.');
  const row = Object(all[n]);
  for (const name of ['splits', 'joins', 'holes']) {
    if (row[name] === undefined || row[name] === '?') {
      throw new Finding(`row ${n + 1}, ${calls[n][0]}: no answer yet (${name}).`);
    }
  }
  return row;
}

/** Beliefs about a request. */
function aboutAlloc(is: State, size: number, exact?: State): Record<string, Belief[]> {
  const refused: Belief = {
    if: () => is.refused,
    then: `No hole has ${size} units. The sum does not count, and nothing `
      + 'changes.',
  };
  return {
    splits: [
      refused,
      ...(exact === undefined ? [] : [{
        if: exact.splits,
        then: 'First fit takes the first hole that is large enough. It does '
          + 'not go on to one that fits exactly.',
      }]),
      { if: 0, then: 'A rest of the hole stays free: that is a split.' },
      { if: 1, then: 'The hole is used up. Without a rest there is no split.' },
    ],
    joins: [{ if: () => true, then: 'Only what is given back can join.' }],
    holes: [
      refused,
      { if: () => true, then: 'A request uses up one hole; each split makes one.' },
    ],
  };
}

/** Beliefs about a free. */
function aboutFree(is: State): Record<string, Belief[]> {
  const sides = is.joins === 0
    ? 'On both sides lie pieces that are in use.'
    : 'On one side lies a piece that is in use.';
  return {
    splits: [{ if: () => true, then: 'Only what is taken can split a hole.' }],
    joins: [
      { if: (have: number) => have > is.joins, then: sides },
      { if: 1, then: 'A hole lies on each side, and each is used up by a join.' },
      { if: 0, then: 'Look at both ends of the piece: a hole begins or ends there.' },
    ],
    holes: [{
      if: () => true,
      then: 'What is given back makes one hole; each join uses one up.',
    }],
  };
}

const pairs = (pieces: Piece[]): [number, number][] =>
  pieces.map(({ start, end }) => [end - start, start]);

/** Judges row n. The holes may go on from your own row above. */
function judgeRow(n: number): void {
  const all: unknown = attempt('trace()', trace);
  const have = rowOf(all, n);
  const rows = calls.slice(0, n + 1).map((_, i) => step(i));
  const is = rows[n];
  const { pieces } = after(n);
  const [call, { op, size }] = calls[n];
  const about = op === 'alloc'
    ? aboutAlloc(is, size, n === 0 ? step(n, 'best') : undefined)
    : aboutFree(is);
  const drawn = drawMaps([
    { name: 'before', pieces: pairs(pieces) },
    { name: 'after', pieces: pairs(is.pieces) },
  ]);
  const own: unknown = n > 0 && Object((all as unknown[])[n - 1]).holes;
  const carried = typeof own === 'number' && own > 0
    ? own + is.holes - pieces.length
    : is.holes;
  for (const name of ['splits', 'joins', 'holes'] as const) {
    if (name === 'holes' && have.holes === carried) continue;
    const sum = rows.reduce((all, row) => all + row[name], 0);
    judge({
      call: `row ${n + 1}, ${call}, ${name}`,
      have: have[name],
      is: is[name],
      beliefs: [
        ...about[name],
        { if: sum, then: 'Count what this call does, not what all have done.' },
      ],
      drawn,
    });
  }
}

it('row 1 is what alloc(5) does to the start [1 point]', () => {
  judgeRow(0);
});

it('row 2 is what another alloc(5) does [1 point]', () => {
  judgeRow(1);
});

it('row 3 is what alloc(25) does [1 point]', () => {
  judgeRow(2);
});

it('row 4 is what alloc(12) does [1 point]', () => {
  judgeRow(3);
});

it('row 5 is what giving back 5 units at 100 does [1 point]', () => {
  judgeRow(4);
});

it('row 6 is what giving back 10 units at 110 does [1 point]', () => {
  judgeRow(5);
});

it('row 7 is what giving back 5 units at 105 does [1 point]', () => {
  judgeRow(6);
});

it('row 8 is what giving back 15 units at 125 does [1 point]', () => {
  judgeRow(7);
});
