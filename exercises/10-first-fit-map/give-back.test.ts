import { it } from 'vitest';
import * as lib from '../../lib/bsd/malloc.js';
import { attempt, drawMaps, judge, type Belief } from '../../lib/grade/judge.js';
import { mfree } from './give-back.js';

type Piece = [size: number, addr: number];
type Free = (pieces: Piece[], size: number, addr: number) => Piece[];

const sorted = (pieces: Piece[]): Piece[] =>
  [...pieces].sort(([, a], [, b]) => a - b);

/** Joins neighbours that touch, where the rule allows it. */
function join(pieces: Piece[], allowed: (left: Piece, right: Piece) => boolean) {
  const out: Piece[] = [];
  for (const [size, addr] of sorted(pieces)) {
    const last = out.at(-1);
    if (last && last[0] + last[1] === addr && allowed(last, [size, addr])) {
      last[0] += size;
    } else {
      out.push([size, addr]);
    }
  }
  return out;
}

/** What a wrong mfree leaves, and the belief behind it. */
const wrong: [leaves: Free, then: string][] = [
  [(ps, s, a) => join([...ps, [s, a]], () => false),
    'Pieces that touch must become one entry (invariant 2).'],
  [(ps, s, a) => join([...ps, [s, a]], (_, r) => r[1] === a),
    'A freed piece may touch on both sides: after joining below, look above '
    + '(invariant 2).'],
  [(ps, s, a) => join([...ps, [s, a]], (l) => l[1] === a),
    'A freed piece may also touch the entry below it (invariant 2).'],
  [(ps, s, a) => [...ps, [s, a]],
    'Entries stand in ascending order: the new one goes before the first '
    + 'entry above it (invariant 1).'],
  [(ps, s, a) => [[s, a], ...ps],
    'Entries stand in ascending order: the new one goes behind all entries '
    + 'below it (invariant 1).'],
  [(ps) => ps, 'The freed piece is nowhere in the map.'],
  [(ps, s, a) => {
    const i = ps.findIndex(([, at]) => at > a);
    return i < 0 ? ps : ps.map((p, k) => (k === i ? [s, a] : p));
  },
    'An entry is overwritten: move it and all that follow one slot up first.'],
];

const text = ([size, addr]: Piece): string => `mfree(mp, ${size}, ${addr})`;

/** Frees the pieces in this order; judges the map after each. */
function run(frees: Piece[], mp = lib.newMap(16)): void {
  const after: string[] = [];
  for (const piece of frees) {
    const [size, addr] = piece;
    const before = lib.entries(mp);
    const is = join([...before, [size, addr]], () => true);
    attempt(text(piece), () => mfree(mp, size, addr), after);
    const have = lib.entries(mp);
    const beliefs: Belief[] = wrong.map(([leaves, then]) =>
      ({ if: leaves(before, size, addr), then }));
    judge({
      call: `entries(mp) after ${text(piece)}`,
      have,
      is,
      after: after.length === 0 ? [] : after,
      beliefs: [
        ...beliefs,
        {
          if: (left: Piece[]) => left.length > is.length,
          then: 'There is an entry too many: when two become one, close up '
            + 'the slot that is left, and copy the delimiter too.',
        },
        {
          if: (left: Piece[]) => left.length < is.length,
          then: 'An entry is lost. Which slot did you write before you had '
            + 'read it?',
        },
      ],
      drawn: drawMaps([
        { name: 'before', pieces: before },
        { name: 'yours', pieces: have },
        { name: 'it is', pieces: is },
      ]),
    });
    after.push(text(piece));
  }
}

it('makes an entry of a piece that touches nothing, in order [2 points]', () => {
  run([[4, 20]]);
  run([[4, 20], [4, 10]]);
  run([[4, 10], [4, 30], [4, 20]]);
  run([[4, 40], [4, 10], [4, 30], [4, 20]]);
});

it('joins the entry below [1 point]', () => {
  run([[4, 10], [4, 14]]);
  run([[4, 10], [4, 30], [4, 14]]);
});

it('joins the entry above [1 point]', () => {
  run([[4, 14], [4, 10]]);
  run([[4, 10], [4, 34], [4, 30]]);
});

it('joins on both sides, and closes up what follows [2 points]', () => {
  run([[10, 100], [10, 130], [20, 110]]);
  run([[4, 10], [4, 18], [4, 30], [4, 40], [4, 14]]);
});

it('does not join a delimiter that has an address left in it [1 point]', () => {
  const mp = lib.newMap(16);
  mp[0].m_addr = 24; // what an earlier copy left behind
  run([[4, 20], [4, 10]], mp);
});

it('keeps its invariants over every order of six touching pieces [2 points]', () => {
  const orders = [
    [1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1], [1, 3, 5, 2, 4, 6],
    [2, 4, 6, 5, 3, 1], [1, 6, 2, 5, 3, 4], [3, 4, 2, 5, 1, 6],
    [1, 4, 2, 6, 3, 5], [6, 1, 4, 3, 5, 2], [2, 5, 1, 4, 6, 3],
  ];
  for (const order of orders) run(order.map((k): Piece => [5, 5 * k]));
});
