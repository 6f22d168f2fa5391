import { it } from 'vitest';
import * as lib from '../../lib/bsd/malloc.js';
import { attempt, drawMaps, Finding, judge, write, type Belief }
  from '../../lib/grade/judge.js';
import { fullest, slots } from './how-many-slots.js';

type Piece = [size: number, addr: number];
type Load = 'stack' | 'whole' | 'shrinking';
type Op = ['malloc', number] | ['mfree', number, number];

/** A small world, in which all lists of calls can be tried. */
const UNITS = 8;
const SIZES = [1, 2];

/** What is free around the pieces in use. */
function gaps(live: readonly Piece[]): Piece[] {
  const mp = lib.newMap(20);
  lib.mfree(mp, UNITS, 1);
  const free: Piece[] = [];
  let at = 1;
  for (const [size, addr] of [...live].sort(([, a], [, b]) => a - b)) {
    if (addr > at) free.push([addr - at, at]);
    at = addr + size;
  }
  return at <= UNITS ? [...free, [UNITS + 1 - at, at]] : free;
}

/** Where V7's malloc finds size units in these pieces. */
function firstFit(free: readonly Piece[], size: number): number {
  const mp = lib.newMap(20);
  free.forEach(([m_size, m_addr], i) => Object.assign(mp[i], { m_size, m_addr }));
  return lib.malloc(mp, size);
}

/** What may be in use after one more call, in order of arrival. */
function nexts(load: Load, k: number, live: readonly Piece[]): Piece[][] {
  const out: Piece[][] = [];
  if (live.length < k) {
    for (const size of SIZES) {
      const addr = firstFit(gaps(live), size);
      if (addr !== 0) out.push([...live, [size, addr]]);
    }
  }
  live.forEach(([size, addr], i) => {
    const others = live.filter((_, j) => j !== i);
    if (load !== 'stack' || i === live.length - 1) out.push(others);
    if (load === 'shrinking' && size > 1) {
      out.push(live.map((piece, j) => (j === i ? [size - 1, addr] : piece)));
    }
  });
  return out;
}

/** The fullest map that any list of calls leads to. */
function worst(load: Load, k: number): Piece[] {
  const seen = new Set(['[]']);
  const queue: Piece[][] = [[]];
  let fullestYet: Piece[] = gaps([]);
  for (const live of queue) {
    const free = gaps(live);
    if (free.length > fullestYet.length) fullestYet = free;
    for (const next of nexts(load, k, live)) {
      const key = JSON.stringify(next);
      if (!seen.has(key)) queue.push(next);
      seen.add(key);
    }
  }
  return fullestYet;
}

/** Slots that are needed: by trial for 2 and 3, then as it goes on. */
function needed(load: Load, k: number): number {
  const [two, three] = [2, 3].map((n) => worst(load, n).length + 1);
  return two + (k - 2) * (three - two);
}

/** Judges the number for a load, on few processes and on more. */
function ask(load: Load, beliefs: (k: number) => Belief[]): void {
  for (const k of [2, 3, 10]) {
    const call = `slots('${load}', ${k})`;
    const is = needed(load, k);
    const picture = k < 4
      ? ['  The fullest map that can be reached, with 8 units of core:',
        ...drawMaps([{ name: 'free', pieces: worst(load, k) }])]
      : [];
    judge({
      call,
      have: attempt(call, () => slots(load, k)),
      is,
      beliefs: [
        ...beliefs(k),
        { if: is - 1,
          then: 'So many entries there can be. The delimiter needs a slot too.' },
        { if: (n: number) => n > is, then: 'One slot or more would never be used.' },
      ],
      drawn: picture,
    });
  }
}

it('knows how many slots a stack needs [1 point]', () => {
  ask('stack', (k) => [
    { if: (n: number) => n === k + 1 || n === k + 2,
      then: 'Who goes first lies highest: his piece always joins the free one '
        + 'above it.' },
  ]);
});

it('knows how many slots whole pieces need [2 points]', () => {
  ask('whole', (k) => [
    { if: k + 2,
      then: 'k pieces have k + 1 gaps around them at most. Can it come to that? '
        + 'What lies right below the piece that was given out last?' },
    { if: 2 * k, then: 'Between two free pieces lies one in use, or they join.' },
    { if: 2 * k + 1, then: 'Between two free pieces lies one in use, or they join.' },
  ]);
});

it('knows how many slots shrinking pieces need [1 point]', () => {
  ask('shrinking', (k) => [
    { if: k + 1,
      then: 'A gap can lie below each piece and above the last one, and the '
        + 'delimiter needs a slot too.' },
    { if: 2 * k, then: 'Between two free pieces lies one in use, or they join.' },
  ]);
});

const text = ([name, ...args]: Op): string => `${name}(mp, ${args.join(', ')})`;

/** One call within the load, or a finding that says what is not. */
function step(load: Load, k: number, mp: lib.map[], live: Piece[], op: unknown) {
  const [name, size, addr] = Array.isArray(op) ? op : [op];
  const isCount = (n: unknown): boolean =>
    Number.isInteger(n) && (n as number) >= 1 && (n as number) <= 1000;
  if (name === 'malloc' && isCount(size)) {
    const got = lib.malloc(mp, size);
    if (got === 0) throw new Finding('nothing so large is free.');
    live.push([size, got]);
    if (live.length > k) throw new Finding(`there are ${k + 1} pieces in use now.`);
  } else if (name === 'mfree' && isCount(size) && isCount(addr)) {
    const i = live.findIndex(([s, a]) => a <= addr && addr + size === a + s);
    if (i < 0) throw new Finding('no process has a piece that ends there.');
    if (live[i][1] !== addr && load === 'whole') {
      throw new Finding('that is a part of a piece; here they are given back whole.');
    }
    live[i][0] -= size;
    if (live[i][0] === 0) live.splice(i, 1);
    lib.mfree(mp, size, addr);
  } else {
    throw new Finding("a call is ['malloc', size] or ['mfree', size, addr].");
  }
}

/** Runs the student's list, and judges how full the map gets. */
function prove(load: Load): void {
  for (const k of [2, 3, 6]) {
    const call = `fullest('${load}', ${k})`;
    const ops: unknown = attempt(call, () => fullest(load, k));
    if (!Array.isArray(ops)) throw new Finding(`${call}: it returns an array.`);
    if (ops.length > 200) throw new Finding(`${call}: at most 200 calls.`);
    const mp = lib.newMap(300);
    lib.mfree(mp, 1000, 1);
    const live: Piece[] = [];
    ops.forEach((op: unknown, i) => {
      try {
        step(load, k, mp, live, op);
      } catch (error) {
        const what = Array.isArray(op) ? text(op as Op) : write(op);
        throw new Finding(`${call}, call ${i + 1}, ${what}: `
          + (error as Error).message);
      }
    });
    const free = lib.entries(mp);
    const end = free[free.length - 1]?.[1] ?? 1;
    judge({
      call: `the number of entries after ${call}`,
      have: free.length,
      is: needed(load, k) - 1,
      beliefs: [
        { if: 1, then: 'All that is free is one piece. Who must go, and who stays?' },
        { if: () => true,
          then: 'Which request went into a gap that should have stayed, and '
            + 'which neighbours have nothing free between them?' },
      ],
      drawn: [
        ...drawMaps([{ name: 'yours', pieces:
          free.map(([s, a]) => [a === end ? Math.min(s, 3) : s, a]) }]),
        `  in use, as [size, address]: ${write(live)}`,
      ],
    });
  }
}

it('proves the number for whole pieces by a list that needs it [2 points]', () => {
  prove('whole');
});

it('proves the number for shrinking pieces by a list that needs it [1 point]', () => {
  prove('shrinking');
});
