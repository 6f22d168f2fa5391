import { it } from 'vitest';
import * as lib from '../../lib/bsd/malloc.js';
import {
  attempt,
  drawMaps,
  Finding,
  judge,
  same,
  type Belief,
} from '../../lib/grade/judge.js';
import { trace } from './trace-the-map.js';

type Piece = [size: number, addr: number];
type Op = ['malloc', number] | ['mfree', number, number];
interface State { returned: number | null; entries: Piece[] }

const start: Piece[] = [[10, 100], [20, 130], [6, 170]];
const ops: Op[] = [
  ['malloc', 12], ['malloc', 6], ['malloc', 4], ['mfree', 12, 130],
  ['mfree', 4, 106], ['malloc', 21], ['mfree', 20, 110], ['mfree', 5, 150],
];

function mapOf(pieces: Piece[]): lib.map[] {
  const mp = lib.newMap(16);
  pieces.forEach(([m_size, m_addr], i) => Object.assign(mp[i], { m_size, m_addr }));
  return mp;
}

/** What V7 makes of a call, from these entries. */
function step(pieces: Piece[], op: Op): State {
  const mp = mapOf(pieces);
  if (op[0] === 'malloc') {
    return { returned: lib.malloc(mp, op[1]), entries: lib.entries(mp) };
  }
  lib.mfree(mp, op[1], op[2]);
  return { returned: null, entries: lib.entries(mp) };
}

/** The right rows. */
function rows(): State[] {
  const out: State[] = [];
  for (const op of ops) out.push(step(out.at(-1)?.entries ?? start, op));
  return out;
}

const total = (pieces: Piece[]): number => pieces.reduce((sum, [s]) => sum + s, 0);

function isPieces(entries: unknown): entries is Piece[] {
  const isPiece = (p: unknown): boolean =>
    Array.isArray(p) && p.length === 2 && p.every((n) => Number.isSafeInteger(n));
  return Array.isArray(entries) && entries.length < 16 && entries.every(isPiece);
}

/** Can these entries be a map with so many free units? Some may touch. */
const isMap = (entries: Piece[], units: number): boolean =>
  entries.every(([size]) => size > 0) && total(entries) === units &&
  lib.checkMap(mapOf(entries), 16).every((fault) => fault.startsWith('2'));

/** A student's row, or a finding that says what is not a row about it. */
function rowOf(all: unknown, i: number): State {
  if (!Array.isArray(all)) throw new Finding('trace(): it returns an array of rows.');
  const row = Object(all[i]);
  const call = `row ${i + 1}, ${text(ops[i])}`;
  if (row.returned === undefined || row.returned === '?') {
    throw new Finding(`${call}: no answer yet.`);
  }
  if (!isPieces(row.entries)) {
    throw new Finding(`${call}: "entries" is an array of pairs [size, address].`);
  }
  return { returned: row.returned, entries: row.entries };
}

const text = ([name, ...args]: Op): string => `${name}(mp, ${args.join(', ')})`;

/** Beliefs about malloc(mp, size) on these entries. */
function aboutMalloc(pieces: Piece[], size: number) {
  const fit = pieces.filter(([s]) => s >= size);
  const best = fit.find(([s]) => s === Math.min(...fit.map(([t]) => t)));
  const first = fit[0];
  const cut = (to: (p: Piece) => Piece[]): Piece[] =>
    pieces.flatMap((p) => (p === first ? to(p) : [p]));
  const returned: Belief[] = [
    { if: best?.[1],
      then: 'That is the piece that fits best. V7 stops at the first one that '
        + 'is large enough.' },
    { if: first && first[0] + first[1] - size,
      then: 'The piece is right. The client gets its low end.' },
    { if: first?.[0], then: 'What comes back is an address, not a size.' },
    { if: pieces.at(-1)?.[1], then: 'The search begins at the first entry.' },
    { if: (have: unknown) => have === null || have === -1,
      then: 'malloc returns a number in any case, and "no" has one: 0.' },
    { if: 0, then: 'One of the pieces is large enough.' },
    { if: () => first === undefined,
      then: 'No single piece is large enough. The sum does not count.' },
  ];
  const entries: Belief[] = [
    { if: pieces, then: 'What is given out is no longer free.' },
    { if: cut(([s, a]) => [[s - size, a]]),
      then: 'The low end is given out, so the address moves up too.' },
    { if: cut(([s, a]) => [[s, a + size]]), then: 'The piece is shorter now.' },
    { if: (left: Piece[]) => left.some(([s]) => s === 0),
      then: 'Size 0 is the delimiter. An entry that is used up is closed up.' },
  ];
  return { returned, entries };
}

/** Beliefs about mfree(mp, size, addr) on these entries. */
function aboutMfree(pieces: Piece[], size: number, addr: number) {
  const ascending = [...pieces, [size, addr] as Piece].sort(([, a], [, b]) => a - b);
  const joins = (l: Piece, r: Piece, below: boolean): boolean =>
    l[0] + l[1] === r[1] && (below ? r[1] === addr : l[1] === addr);
  const join = (below: boolean): Piece[] =>
    ascending.reduce<Piece[]>((out, p) => {
      const last = out.at(-1);
      if (last === undefined || !joins(last, p, below)) return [...out, p];
      return [...out.slice(0, -1), [last[0] + p[0], last[1]]];
    }, []);
  const swapped = (ps: Piece[]): Piece[] => ps.map(([s, a]): Piece => [a, s]);
  const returned: Belief[] = [
    { if: () => true, then: 'mfree returns nothing: write null.' },
  ];
  const entries: Belief[] = [
    { if: pieces, then: 'The piece that was given back is nowhere.' },
    { if: ascending, then: 'Pieces that touch become one entry (invariant 2).' },
    { if: join(true), then: 'A piece that was joined below may touch above too.' },
    { if: join(false), then: 'A freed piece may touch the entry below it as well.' },
    { if: [...pieces, [size, addr]],
      then: 'Entries stand in ascending order (invariant 1).' },
    { if: (left: Piece[]) => left.some(([s, a]) => s === addr || a === size),
      then: 'In mfree and in an entry the size comes first.' },
    { if: swapped(step(pieces, ['mfree', size, addr]).entries),
      then: 'An entry is [size, address].' },
  ];
  return { returned, entries };
}

/** Your own row above row i, if it can be a map before and after the call. */
function ownBefore(all: unknown, right: State[], i: number): Piece[] | null {
  if (i === 0 || !Array.isArray(all)) return null;
  const own: unknown = Object(all[i - 1]).entries;
  const [before, after] = [right[i - 1], right[i]].map((row) => total(row.entries));
  if (!isPieces(own) || !isMap(own, before)) return null;
  return isMap(step(own, ops[i]).entries, after) ? own : null;
}

/** Judges row i. What is right passes, and what follows from your row above. */
function judgeRow(i: number): void {
  const all: unknown = attempt('trace()', trace);
  const have = rowOf(all, i);
  const right = rows();
  const op = ops[i];
  if (same(have, right[i])) return;
  const before = ownBefore(all, right, i) ?? right[i - 1]?.entries ?? start;
  const is = step(before, op);
  const about = op[0] === 'malloc'
    ? aboutMalloc(before, op[1])
    : aboutMfree(before, op[1], op[2]);
  const call = `row ${i + 1}, ${text(op)}`;
  const drawn = drawMaps([
    { name: 'before', pieces: before },
    { name: 'yours', pieces: have.entries },
    { name: 'it is', pieces: is.entries },
  ]);
  judge({ call: `${call}, returned`, have: have.returned, is: is.returned,
    beliefs: about.returned, drawn });
  judge({ call: `${call}, entries`, have: have.entries, is: is.entries,
    beliefs: about.entries, drawn });
}

it('row 1 is what malloc(mp, 12) makes of the start [1 point]', () => {
  judgeRow(0);
});

it('row 2 is what malloc(mp, 6) makes of row 1 [1 point]', () => {
  judgeRow(1);
});

it('row 3 is what malloc(mp, 4) makes of row 2 [1 point]', () => {
  judgeRow(2);
});

it('row 4 is what mfree(mp, 12, 130) makes of row 3 [1 point]', () => {
  judgeRow(3);
});

it('row 5 is what mfree(mp, 4, 106) makes of row 4 [1 point]', () => {
  judgeRow(4);
});

it('row 6 is what malloc(mp, 21) makes of row 5 [1 point]', () => {
  judgeRow(5);
});

it('row 7 is what mfree(mp, 20, 110) makes of row 6 [1 point]', () => {
  judgeRow(6);
});

it('row 8 is what mfree(mp, 5, 150) makes of row 7 [1 point]', () => {
  judgeRow(7);
});
