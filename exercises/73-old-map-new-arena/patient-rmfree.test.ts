import fc from 'fast-check';
import { it } from 'vitest';
import { attempt, drawMaps, Finding, same, write } from '../../lib/grade/judge.js';
import { run } from './patient-rmfree.js';

type Op = ['rmalloc', number] | ['rmfree', number, number];
type Piece = [start: number, end: number];

const text = ([name, ...args]: Op): string => `${name}(${args.join(', ')})`;

/** Runs of true in the units. */
function runs(free: readonly boolean[]): Piece[] {
  const pieces: Piece[] = [];
  free.forEach((is, unit) => {
    if (!is) return;
    const last = pieces[pieces.length - 1];
    if (last !== undefined && last[1] === unit) last[1]++;
    else pieces.push([unit, unit + 1]);
  });
  return pieces;
}

/** What the student's calls made of the units; the first wrong one is told. */
function play(units: number, ops: Op[]): void {
  const call = `run(${units}, [${ops.map(text).join('; ')}])`;
  const have: unknown = attempt(call, () => run(units, ops));
  const { returned, free } = Object(have) as
    { returned?: unknown[]; free?: Piece[] };
  if (!Array.isArray(returned) || !Array.isArray(free)
      || returned.length !== ops.length) {
    throw new Finding(`${call}: you have ${write(have)}, it is an object with `
      + 'returned, a value for each call, and free.');
  }

  const is = Array.from({ length: units + 1 }, () => false);
  const drawn = (name = 'free'): string[] => drawMaps([
    { name, pieces: runs(is).map(([start, end]) => [end - start, start]) },
  ]);
  ops.forEach((op, i) => {
    const answer = returned[i];
    const where = `${text(op)} (after ${ops.slice(0, i).map(text).join('; ')
      || 'nothing'})`;
    if (op[0] === 'rmalloc') {
      taken(is, op[1], answer, where, drawn);
      return;
    }
    const [, size, addr] = op;
    const all = Array.from({ length: Math.max(0, size) }, (_, n) => addr + n);
    const legal = size >= 1 && all.every((unit) => is[unit] === false && unit >= 1);
    if (answer !== legal) {
      const outside = all.some((unit) => unit < 1 || unit > units);
      throw new Finding([
        `${where}: you have ${write(answer)}, it is ${legal}.`,
        legal ? 'None of these units is free, so all may become free, however '
          + 'they were given out.'
          : size < 1 ? 'A range has at least one unit.'
          : outside ? `There are only the units 1 to ${units}.`
            : 'A part of the range is free already: nothing is freed then.',
        ...drawn('free before'),
      ].join('\n'));
    }
    if (legal) for (const unit of all) is[unit] = true;
  });

  if (same(free, runs(is))) return;
  const count = (pieces: Piece[]): number =>
    pieces.reduce((sum, [start, end]) => sum + end - start, 0);
  const touch = free.some(([start], i) => i > 0 && free[i - 1][1] === start);
  const why = touch
    ? 'Two pieces touch and are not one. Are they in one span?'
    : count(free) > count(runs(is))
      ? 'More is free than was freed. What of a piece stays with its owner, and '
        + 'has it been taken back? vmem_xalloc may have returned null.'
      : count(free) < count(runs(is))
        ? 'Less is free than was freed.'
        : 'The right number of units is free, but not the right ones.';
  throw new Finding([
    `${call}, free: you have ${write(free)}, it is ${write(runs(is))}.`, why,
    ...drawMaps([
      { name: 'yours', pieces: free.map(([start, end]) => [end - start, start]) },
      { name: 'it is', pieces: runs(is).map(([start, end]) => [end - start, start]) },
    ]),
  ].join('\n'));
}

/** Judges what rmalloc returned, and takes these units. */
function taken(is: boolean[], size: number, answer: unknown, where: string,
  drawn: (name: string) => string[]): void {
  const fits = runs(is).filter(([start, end]) => end - start >= size);
  const fail = (why: string): never => {
    throw new Finding([`${where}: you have ${write(answer)}. ${why}`,
      ...drawn('free before')].join('\n'));
  };
  if (!Number.isInteger(answer)) fail('It is a unit, or 0 for none.');
  if (answer === 0) {
    if (fits.length > 0) {
      const [start, end] = fits[0];
      fail(`${end - start} units in a row are free, from ${start} on. Are they one `
        + 'piece in your arena?');
    }
    return;
  }
  const first = answer as number;
  if (fits.length === 0) fail(`${size} units in a row are not free: it is 0.`);
  if (!fits.some(([start, end]) => start <= first && first + size <= end)) {
    fail('Not all of these units are free.');
  }
  is.fill(false, first, first + size);
}

it('fills and takes, until nothing is left [2 points]', () => {
  play(10, [['rmfree', 4, 3], ['rmalloc', 4]]);
  play(10, [['rmalloc', 1], ['rmfree', 10, 1], ['rmalloc', 11], ['rmalloc', 6],
    ['rmalloc', 4], ['rmalloc', 1]]);
});

it('takes back a part of a piece [2 points]', () => {
  const whole: Op[] = [['rmfree', 12, 1], ['rmalloc', 12]];
  play(12, [...whole, ['rmfree', 4, 9]]);
  play(12, [...whole, ['rmfree', 4, 1]]);
  play(12, [...whole, ['rmfree', 4, 5], ['rmalloc', 4], ['rmalloc', 1]]);
  play(12, [...whole, ['rmfree', 2, 5], ['rmfree', 3, 7], ['rmalloc', 5]]);
});

it('takes back several pieces as one [1 point]', () => {
  const three: Op[] = [['rmfree', 12, 1], ['rmalloc', 4], ['rmalloc', 4],
    ['rmalloc', 4]];
  play(12, [...three, ['rmfree', 8, 1], ['rmalloc', 8]]);
  play(12, [...three, ['rmfree', 8, 3], ['rmalloc', 8], ['rmalloc', 1]]);
});

it('makes one piece of what is filled in step by step [2 points]', () => {
  play(10, [['rmfree', 5, 1], ['rmfree', 5, 6], ['rmalloc', 8]]);
  play(10, [['rmfree', 3, 8], ['rmfree', 3, 2], ['rmfree', 3, 5], ['rmalloc', 9]]);
});

it('refuses what is free, or is not there, and changes nothing [2 points]', () => {
  play(12, [['rmfree', 6, 3], ['rmfree', 6, 3], ['rmfree', 2, 4], ['rmalloc', 6]]);
  play(12, [['rmfree', 6, 3], ['rmfree', 6, 7], ['rmfree', 6, 1], ['rmalloc', 6],
    ['rmfree', 12, 1]]);
  play(12, [['rmfree', 4, 1], ['rmfree', 5, 10], ['rmfree', 1, 0],
    ['rmfree', 1, 13], ['rmfree', 0, 8], ['rmalloc', 4]]);
});

it('does all this in any order [1 point]', () => {
  // Here a search for 5 units would not look at the 7 by instant fit.
  play(36, [['rmfree', 36, 1], ['rmalloc', 7], ['rmalloc', 1], ['rmfree', 2, 6]]);
  const size = fc.integer({ min: 1, max: 6 });
  const op = fc.oneof(
    fc.tuple(fc.constant('rmalloc' as const), size),
    fc.tuple(fc.constant('rmfree' as const), size, fc.integer({ min: 1, max: 20 })),
  );
  const ops = fc.array(op, { minLength: 1, maxLength: 16 });
  const property = fc.property(ops, (all) => play(20, all));
  const { errorInstance } = fc.check(property, { seed: 73, numRuns: 60 });
  if (errorInstance !== null) throw errorInstance;
});
