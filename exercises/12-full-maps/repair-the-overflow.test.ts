import { it } from 'vitest';
import * as lib from '../../lib/bsd/malloc.js';
import { attempt, drawMaps, Finding, judge, write, type Belief }
  from '../../lib/grade/judge.js';
import { failing, mfree } from './repair-the-overflow.js';

type Piece = [size: number, addr: number];

/** Words of somebody else behind the array. */
const neighbour = (): lib.map[] =>
  [7, 8, 9].map((n) => ({ m_size: 1000 * n, m_addr: 10000 * n }));

const newMap = (slots: number): lib.map[] =>
  lib.newMap(slots, [...neighbour(), ...lib.zeros(8)]);

const pairs = (slots: lib.map[]): Piece[] =>
  slots.map(({ m_size, m_addr }) => [m_size, m_addr]);

/** Does V7's mfree write behind an array of slots, given these pieces? */
function writesBehind(slots: number, pieces: readonly Piece[]): boolean {
  const mp = lib.newMap(slots, lib.zeros(50));
  for (const [size, addr] of pieces) lib.mfree(mp, size, addr);
  return mp.slice(slots, slots + 50).some(({ m_size }) => m_size !== 0);
}

/** The least number of pieces that do it, found by trying. */
function shortest(slots: number): number {
  const places = [1, 3, 5, 7, 9];
  let lists: Piece[][] = [[]];
  for (let n = 1; ; n++) {
    lists = lists.flatMap((list) => places
      .filter((addr) => !list.some(([, a]) => a === addr))
      .map((addr): Piece[] => [...list, [1, addr]]));
    if (lists.some((list) => writesBehind(slots, list))) return n;
  }
}

/** The student's list for so many slots, if it is one. */
function list(slots: number): Piece[] {
  const call = `failing(${slots})`;
  const have: unknown = attempt(call, () => failing(slots));
  if (!Array.isArray(have)) throw new Finding(`${call}: it returns an array.`);
  if (have.length > 40) throw new Finding(`${call}: at most 40 pieces.`);
  have.forEach((piece: unknown, i) => {
    const ok = Array.isArray(piece) && piece.length === 2
      && piece.every((n) => Number.isInteger(n) && n >= 1 && n <= 1000);
    if (!ok) {
      throw new Finding(`${call}, piece ${i + 1}: you have ${write(piece)}. `
        + 'A piece is [size, address], with numbers from 1 to 1000.');
    }
    const [size, addr] = piece as Piece;
    const before = have.slice(0, i) as Piece[];
    if (before.some(([s, a]) => a < addr + size && addr < a + s)) {
      throw new Finding(`${call}, piece ${i + 1}: some of its units are free `
        + 'already.');
    }
  });
  return have as Piece[];
}

it('failing(slots) makes V7 write behind the array [1 point]', () => {
  for (const slots of [2, 3, 6]) {
    const pieces = list(slots);
    if (writesBehind(slots, pieces)) continue;
    const mp = lib.newMap(slots, lib.zeros(50));
    for (const [size, addr] of pieces) lib.mfree(mp, size, addr);
    const count = lib.entries(mp).length;
    throw new Finding([
      `failing(${slots}): after ${write(pieces)} nothing behind the ${slots} `
        + 'slots has been written.',
      count === slots
        ? 'All slots have an entry. The delimiter is already read from behind '
          + 'the array, but that is not yet writing.'
        : `Pieces: ${pieces.length}; entries: ${count}. What touches is joined, `
          + 'and every entry has a slot.',
      `  the slots: ${write(pairs(mp.slice(0, slots)))}`,
    ].join('\n'));
  }
});

it('failing(slots) is as short as can be [1 point]', () => {
  for (const slots of [2, 3]) {
    const pieces = list(slots);
    if (!writesBehind(slots, pieces)) {
      throw new Finding(`failing(${slots}): first find a list that writes.`);
    }
    const is = shortest(slots);
    judge({
      call: `the length of failing(${slots})`,
      have: pieces.length,
      is,
      beliefs: [
        { if: () => true, then: 'Which of your pieces can be left out?' },
      ],
    });
  }
});

/** Joins a piece to those it touches. */
function join(pieces: readonly Piece[], piece: Piece): Piece[] {
  const all = [...pieces, piece].sort(([, a], [, b]) => a - b);
  return all.reduce<Piece[]>((out, [s, a]) => {
    const last = out.at(-1);
    if (last === undefined || last[0] + last[1] !== a) return [...out, [s, a]];
    return [...out.slice(0, -1), [last[0] + s, last[1]]];
  }, []);
}

/** Who goes: an index into the old pieces, or -1 for the freed one. */
type Policy = (old: readonly Piece[], freed: Piece) => number;

const smallest: Policy = (old, freed) => {
  let goes = -1;
  old.forEach(([s], i) => {
    if (s < (goes < 0 ? freed : old[goes])[0]) goes = i;
  });
  return goes;
};

/** What other systems and other readings of the task give up. */
const others: [policy: Policy, then: string][] = [
  [() => -1, 'That is SGI\'s rule: the freed piece. Here an entry is smaller.'],
  [(old) => {
    const n = old.length - 1;
    return n > 0 && old[n][0] > old[n - 1][0] ? n - 1 : n;
  }, 'That is Sun\'s rule: one of the last two entries. Here all are compared, '
    + 'and the freed piece with them.'],
  [(old, freed) => {
    const all = [...old, freed].sort(([, a], [, b]) => a - b);
    return old.indexOf(all[all.length - 2]);
  }, 'That is Berkeley\'s rule: the last entry but one, whatever its size.'],
  [(old) => old.reduce((b, [s], i) => (s > old[b][0] ? i : b), 0),
    'That is the largest entry.'],
];

/** How one may misread what is said about equals. */
const misread: [policy: Policy, equal: Policy, then: string][] = [
  [(old) => old.reduce((b, [s], i) => (s < old[b][0] ? i : b), 0),
    (old, [size]) => old.findIndex(([s]) => s === size),
    'Of equals, the freed piece goes; then the map stays as it is.'],
  [(old) => old.reduce((b, [s], i) => (s <= old[b][0] ? i : b), 0),
    (old) => old.findIndex(([s], i) => old.some(([t], k) => k > i && s === t)),
    'Of equal entries, the one with the lowest address goes.'],
];

/** What a policy leaves. */
function leave(before: readonly Piece[], piece: Piece, slots: number, p: Policy) {
  const joined = join(before, piece);
  if (joined.length < slots) return { left: joined, lost: 0 };
  const goes = p(before, piece);
  if (goes < 0) return { left: [...before], lost: piece[0] };
  const rest = before.filter((_, i) => i !== goes);
  return { left: join(rest, piece), lost: before[goes][0] };
}

const text = (slots: number, [size, addr]: Piece): string =>
  `mfree(mp, ${slots}, ${size}, ${addr})`;

/** Frees the pieces one after another, and judges after each. */
function run(slots: number, pieces: Piece[]): void {
  const mp = newMap(slots);
  const after: string[] = [];
  let before: Piece[] = [];
  for (const piece of pieces) {
    const call = text(slots, piece);
    const have = attempt(call, () => mfree(mp, slots, ...piece), after);
    const { left, lost } = leave(before, piece, slots, smallest);
    judgeBehind(mp, slots, call, after);
    const own = pairs(mp.slice(0, slots));
    const yours = own.slice(0, own.findIndex(([s]) => s === 0));
    const drawn = drawMaps([
      { name: 'before', pieces: before },
      { name: 'freed', pieces: [piece] },
      { name: 'yours', pieces: yours },
      { name: 'it is', pieces: left },
    ]);
    const full = join(before, piece).length >= slots;
    const beliefs: Belief[] = [
      ...misread
        .filter(([, equal]) => full && equal(before, piece) >= 0)
        .map(([policy, , then]) =>
          ({ if: leave(before, piece, slots, policy).left, then })),
      ...(full ? others : []).map(([policy, then]) =>
        ({ if: leave(before, piece, slots, policy).left, then })),
      { if: !full && left.length <= before.length ? before : NaN,
        then: 'The piece touches an entry. Joining needs no slot.' },
      { if: (l: Piece[]) => !full && l.length < left.length,
        then: `A slot is left: ${slots} slots hold ${slots - 1} entries.` },
      { if: (l: Piece[]) => full && l.length < left.length,
        then: 'More is given up than one piece.' },
    ];
    judge({ call: `entries(mp) after ${call}`, have: yours, is: left, after,
      beliefs, drawn });
    judge({ call, have, is: lost, after, drawn, beliefs: [
      { if: 0, then: 'A piece was lost, and the caller should learn it.' },
      { if: undefined, then: 'The number of lost units is returned, 0 if none is.' },
      { if: (n: unknown) => lost === 0 && n === piece[0],
        then: 'Nothing is lost: the piece was joined, or it got a slot.' },
      { if: piece[0],
        then: 'Lost is what was given up, not what was given back.' },
    ] });
    after.push(call);
    before = left;
  }
}

/** Judges that the neighbour's words are whole, and the delimiter is ours. */
function judgeBehind(mp: lib.map[], slots: number, call: string, after: string[]) {
  judge({
    call: `the words behind the ${slots} slots after ${call}`,
    have: pairs(mp.slice(slots, slots + 3)),
    is: pairs(neighbour()),
    after,
    beliefs: [{ if: () => true,
      then: 'They belong to somebody else. Is there a slot? Ask before the '
        + 'first entry is moved.' }],
  });
  if (mp.slice(0, slots).every(({ m_size }) => m_size !== 0)) {
    throw new Finding(`${call} (after ${after.join('; ')}): all ${slots} slots `
      + 'hold entries.\nThe delimiter needs a slot of its own (invariant 4).');
  }
}

it('gives up the freed piece if it is the smallest [1 point]', () => {
  run(2, [[5, 10], [2, 20]]);
  run(4, [[5, 10], [3, 20], [9, 40], [2, 30]]);
});

it('gives up the smallest entry, wherever it stands [2 points]', () => {
  run(2, [[5, 10], [8, 20]]);
  run(3, [[2, 10], [5, 30], [4, 20]]);
  run(4, [[5, 10], [2, 20], [9, 40], [4, 60]]);
  run(4, [[5, 20], [6, 30], [2, 40], [4, 10]]);
});

it('knows which of equals goes [1 point]', () => {
  run(3, [[5, 10], [3, 20], [3, 30]]);
  run(4, [[2, 10], [9, 20], [2, 40], [3, 50]]);
});

it('takes into a full map what touches an entry [2 points]', () => {
  run(3, [[5, 10], [9, 40], [2, 30], [3, 15]]);
  run(3, [[5, 10], [9, 40], [2, 30], [3, 49]]);
  run(3, [[5, 10], [9, 40], [2, 30], [3, 37]]);
  run(3, [[5, 10], [9, 40], [2, 30], [3, 7]]);
  run(3, [[5, 10], [9, 40], [2, 30], [25, 15], [6, 60]]);
});

it('stays inside its slots through forty frees [1 point]', () => {
  // A fixed shuffle: 7 is prime to 41. Sizes from 1 to 5, pieces 8 apart.
  const pieces = Array.from({ length: 40 }, (_, i): Piece => {
    const k = (7 * i) % 41;
    return [1 + ((3 * k) % 5), 10 + 8 * k];
  });
  run(5, pieces);
});
