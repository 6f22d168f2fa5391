import { it } from 'vitest';
import { entries, mfree, newMap } from '../../lib/bsd/malloc.js';
import { attempt, drawMaps, judge, type Belief } from '../../lib/grade/judge.js';
import { bestFit } from './best-fit.js';

type Piece = [size: number, addr: number];

/** A map with these pieces free. */
function mapOf(pieces: Piece[]) {
  const mp = newMap(16);
  for (const [size, addr] of pieces) mfree(mp, size, addr);
  return mp;
}

/** Where a policy would take size units from: the index of the piece. */
const firstFit = (pieces: Piece[], size: number) =>
  pieces.findIndex(([s]) => s >= size);
const lastBest = (pieces: Piece[], size: number) =>
  pieces.reduce((b, [s], i) =>
    s >= size && (b < 0 || s <= pieces[b][0]) ? i : b, -1);
const worstFit = (pieces: Piece[], size: number) =>
  pieces.reduce((b, [s], i) =>
    s >= size && (b < 0 || s > pieces[b][0]) ? i : b, -1);
const firstBest = (pieces: Piece[], size: number) =>
  pieces.reduce((b, [s], i) =>
    s >= size && (b < 0 || s < pieces[b][0]) ? i : b, -1);

/** Asks for size units of these pieces, and judges address and map. */
function ask(pieces: Piece[], size: number): void {
  const mp = mapOf(pieces);
  const call = `bestFit(mp, ${size})`;
  const have = attempt(call, () => bestFit(mp, size));
  const addr = (i: number) => (i < 0 ? 0 : pieces[i][1]);
  const best = firstBest(pieces, size);
  const beliefs: Belief[] = [
    {
      if: addr(firstFit(pieces, size)),
      then: 'That is the first piece that fits. A later one may be smaller.',
    },
    {
      if: addr(lastBest(pieces, size)),
      then: 'Of two equal pieces, take the one with the lower address.',
    },
    {
      if: addr(worstFit(pieces, size)),
      then: 'That is the largest piece. Best fit leaves the smallest rest.',
    },
    { if: -1, then: 'Address 0 says that nothing fits, not -1.' },
  ];
  const drawn = drawMaps([{ name: 'free', pieces }]);
  judge({ call, have, is: addr(best), beliefs, drawn });

  const is = pieces
    .map(([s, a], i): Piece => (i === best ? [s - size, a + size] : [s, a]))
    .filter(([s]) => s !== 0);
  judge({
    call: `entries(mp) after ${call}`,
    have: entries(mp),
    is,
    beliefs: [
      {
        if: (left: Piece[]) => left.length < is.length,
        then: 'An entry is lost: after an exact fit, does the copying go on '
          + 'up to the delimiter, and no further?',
      },
      {
        if: (left: Piece[]) => left.length > is.length,
        then: 'An exact fit leaves nothing: close up the entry (invariant 3).',
      },
    ],
    drawn: drawMaps([
      { name: 'yours', pieces: entries(mp) },
      { name: 'it is', pieces: is },
    ]),
  });
}

it('takes the smaller of two pieces that fit [2 points]', () => {
  ask([[10, 100], [4, 200]], 3);
  ask([[10, 100], [6, 200], [8, 300]], 5);
});

it('takes the lowest address among equals [1 point]', () => {
  ask([[9, 100], [5, 200], [5, 300]], 3);
});

it('closes up an entry that fits exactly [2 points]', () => {
  ask([[10, 100], [4, 200]], 4);
  ask([[10, 100], [4, 200], [7, 300], [9, 400]], 4);
});

it('returns 0 when no piece is large enough, after a success [1 point]', () => {
  ask([[2, 100], [9, 200]], 3);
  ask([[2, 100], [3, 200]], 4);
});
