import { it } from 'vitest';
import { entries, newMap, rmalloc, rmfree, rminit, type map }
  from '../../lib/bsd/subr_rmap.js';
import { attempt, Finding, predicted, same, type Belief }
  from '../../lib/grade/judge.js';
import { predict } from './what-the-map-says.js';

type Piece = [size: number, addr: number];

const named = (name: string, mapsize: number): map => {
  const mp = newMap(mapsize);
  rminit(mp, 0, 0, name, mapsize);
  return mp;
};

/** The map of the second part: [10, 20) and [40, 50). */
function two(): map {
  const mp = named('map', 8);
  rmfree(mp, 10, 10);
  rmfree(mp, 10, 40);
  return mp;
}

/** Does the call panic? Anything else that is thrown is thrown on. */
function panics(f: () => unknown): boolean {
  try {
    f();
    return false;
  } catch (error) {
    if ((error as Error).name !== 'Panic') throw error;
    return true;
  }
}

const calls: { call: string; f: (mp: map) => unknown; why: string }[] = [
  { call: 'rmfree(map, 5, 20)', f: (mp) => rmfree(mp, 5, 20),
    why: '[10, 20) ends before unit 20. To touch is not to overlap.' },
  { call: 'rmfree(map, 5, 18)', f: (mp) => rmfree(mp, 5, 18),
    why: 'Units 18 and 19 are free already.' },
  { call: 'rmfree(map, 20, 20)', f: (mp) => rmfree(mp, 20, 20),
    why: 'It closes the gap exactly: no unit of [20, 40) is free.' },
  { call: 'rmfree(map, 12, 30)', f: (mp) => rmfree(mp, 12, 30),
    why: 'Units 40 and 41 are free already.' },
  { call: 'rmfree(map, 5, 25)', f: (mp) => rmfree(mp, 5, 25),
    why: 'The map knows free units only. A part of what was given out may '
      + 'come back.' },
  { call: 'rmalloc(map, 11)', f: (mp) => rmalloc(mp, 11),
    why: 'No piece is large enough, and nobody is to blame: 0 comes back.' },
  { call: 'rmalloc(map, 0)', f: (mp) => rmalloc(mp, 0),
    why: 'A size must be positive. V7 would have answered.' },
  { call: 'rmfree(map, 5, 0)', f: (mp) => rmfree(mp, 5, 0),
    why: 'Address 0 means "no", so it can never be free.' },
];

/** Judges what is said about the calls first to last, counted from 1. */
function askPanics(first: number, last: number): void {
  const { panics: said } = Object(attempt('predict()', predict));
  if (said === '?' || said === undefined) {
    throw new Finding('which calls panic: no answer yet (panics).');
  }
  if (!Array.isArray(said)) {
    throw new Finding('panics: it is an array with the numbers of calls.');
  }
  for (let n = first; n <= last; n++) {
    const { call, f, why } = calls[n - 1];
    const is = panics(() => f(two()));
    if (said.includes(n) === is) continue;
    const yours = is ? 'goes on' : 'panics';
    const its = is ? 'panics' : 'goes on';
    throw new Finding(
      `call ${n}, ${call}: by your list it ${yours}, it ${its}.\n${why}`,
    );
  }
}

/** The entries after a panic that somebody has caught. */
function afterPanic(size: number, addr: number): Piece[] {
  const mp = two();
  if (!panics(() => rmfree(mp, size, addr))) throw new Error('no panic');
  return entries(mp);
}

it('knows which piece a full map loses [1 point]', () => {
  const mp = named('usrpt', 5);
  const back: Piece[] = [[2, 10], [9, 40], [3, 60], [5, 20]];
  for (const [size, addr] of back) rmfree(mp, size, addr);
  const [is] = back.filter(
    (piece) => !entries(mp).some((kept) => same(kept, piece)),
  );
  const sorted = [...back].sort(([, a], [, b]) => a - b);
  const smallest = back.find(([s]) => s === Math.min(...back.map(([t]) => t)));
  predicted(predict, 'lost', {
    call: 'the piece that is lost',
    is,
    beliefs: [
      { if: back.at(-1),
        then: 'That is the newcomer. It is written down first; what is lost is '
          + 'chosen by its place.' },
      { if: sorted.at(-1),
        then: 'The last entry is kept: it is presumed to be the large rest of '
          + 'the resource.' },
      { if: smallest, then: '4.3BSD does not look at the sizes.' },
      { if: back.at(-2), then: 'The order is that of the addresses, not of the calls.' },
      { if: [is[1], is[0]], then: 'A piece is written [size, address].' },
    ],
  });
});

it('knows which of the first four calls panic [1 point]', () => {
  askPanics(1, 4);
});

it('knows which of the last four calls panic [1 point]', () => {
  askPanics(5, 8);
});

it('knows the map after a panic about the left side [1 point]', () => {
  predicted(predict, 'afterLeft', {
    call: 'the entries after the caught panic of rmfree(map, 15, 18)',
    is: afterPanic(15, 18),
    beliefs: [
      { if: [[25, 10], [10, 40]],
        then: 'On the left it looks before it writes: the first line of the '
          + 'join tests for the overlap.' },
      { if: [[23, 10], [10, 40]],
        then: 'Nothing is trimmed. It panics before it has written anything.' },
    ],
  });
});

it('knows the map after a panic about the right side [2 points]', () => {
  predicted(predict, 'afterRight', {
    call: 'the entries after the caught panic of rmfree(map, 25, 20)',
    is: afterPanic(25, 20),
    beliefs: [
      { if: entries(two()),
        then: 'A panic promises nothing about the data. The left entry has '
          + 'grown before the right side is looked at.' },
      { if: [[40, 10]],
        then: 'It does not come to joining: the overlap is found first.' },
      { if: [[45, 10]],
        then: 'It does not come to joining: the overlap is found first.' },
      { if: [[30, 10], [10, 40]],
        then: 'Nothing is trimmed: all 25 units are added on the left.' },
    ],
  });
});

it('knows what the map gives out after that panic [1 point]', () => {
  const mp = two();
  panics(() => rmfree(mp, 25, 20));
  const is = [rmalloc(mp, 35), rmalloc(mp, 8)];
  predicted(predict, 'given', {
    call: 'rmalloc(map, 35) and rmalloc(map, 8) after it',
    is,
    beliefs: [
      { if: [0, 10],
        then: 'The map has an entry of 35 units now, and believes itself.' },
      { if: [is[0], is[0] + 35],
        then: 'The first entry is used up. The second begins where it began.' },
    ] satisfies Belief[],
  });
});

it('knows how many units have two owners then [1 point]', () => {
  const mp = two();
  panics(() => rmfree(mp, 25, 20));
  const [a, b] = [rmalloc(mp, 35), rmalloc(mp, 8)];
  predicted(predict, 'twice', {
    call: 'the units that belong to both clients',
    is: Math.min(a + 35, b + 8) - Math.max(a, b),
    beliefs: [
      { if: 0, then: 'Draw the two ranges: they overlap.' },
      { if: 8, then: 'Not all 8 lie below the end of the first range.' },
      { if: 10, then: 'That is the whole second piece. Only a part was taken.' },
    ],
  });
});
