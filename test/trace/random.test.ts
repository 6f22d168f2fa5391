// Chance that can be repeated: the numbers, and the sizes made of them.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  exponential,
  fixed,
  logUniform,
  powersOfTwo,
  random,
  uniform,
  WrongLoad,
  type Sizes,
} from '../../lib/trace/random.js';

/** Draws from a list of numbers in place of chance. */
const say = (...numbers: number[]) => () => numbers.shift() as number;

const LAST = 1 - 2 ** -32; // the largest number that random() says

/** `count` draws with seed 1. */
function draw(sizes: Sizes, count: number): number[] {
  const next = random(1);
  return Array.from({ length: count }, () => sizes(next));
}

const mean = (all: number[]): number =>
  all.reduce((sum, one) => sum + one, 0) / all.length;

/** Any distribution, with the least and most that it may draw. */
const anySizes = fc
  .record({
    kind: fc.constantFrom('uniform', 'exponential', 'powers', 'log', 'fixed'),
    a: fc.integer({ min: 1, max: 5000 }),
    b: fc.integer({ min: 0, max: 5000 }),
    j: fc.integer({ min: 0, max: 12 }),
    k: fc.integer({ min: 0, max: 12 }),
  })
  .map(({ kind, a, b, j, k }): [Sizes, number, number] => {
    if (kind === 'uniform') return [uniform(a, a + b), a, a + b];
    if (kind === 'log') return [logUniform(a, a + b), a, a + b];
    if (kind === 'fixed') return [fixed(a), a, a];
    if (kind === 'exponential') return [exponential(a, b + 1), 1, b + 1];
    return [powersOfTwo(2 ** j, 2 ** (j + k)), 2 ** j, 2 ** (j + k)];
  });

describe('random(seed)', () => {
  test('says what mulberry32 says: seeds 1 and 12345', () => {
    const words = (seed: number) => {
      const next = random(seed);
      return [0, 1, 2].map(() => next() * 2 ** 32);
    };
    expect(words(1)).toEqual([2693262067, 11749833, 2265367787]);
    expect(words(12345)).toEqual([4207900869, 1317490944, 2079646450]);
  });

  test('says numbers from 0 up to, not including, 1, with any seed', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (seed) => {
        const next = random(seed);
        const again = random(seed);
        for (let i = 0; i < 50; i++) {
          const number = next();
          if (number !== again() || number < 0 || number > LAST) return false;
        }
        return true;
      }),
    );
  });
});

describe('every distribution', () => {
  test('draws a whole size in range, and exactly one number for it', () => {
    fc.assert(
      fc.property(
        anySizes,
        fc.oneof(
          fc.constantFrom(0, LAST),
          fc.nat(2 ** 32 - 1).map((word) => word / 2 ** 32),
        ),
        ([sizes, least, most], number) => {
          let drawn = 0;
          const size = sizes(() => (drawn++, number));
          expect(drawn).toBe(1);
          expect(Number.isSafeInteger(size)).toBe(true);
          expect(size).toBeGreaterThanOrEqual(least);
          expect(size).toBeLessThanOrEqual(most);
        },
      ),
    );
  });

  test('is monotone or takes its ends: 0 and the last number reach them', () => {
    expect([uniform(3, 9)(say(0)), uniform(3, 9)(say(LAST))]).toEqual([3, 9]);
    expect([logUniform(3, 9)(say(0)), logUniform(3, 9)(say(LAST))]).toEqual([
      3, 9,
    ]);
    const powers = powersOfTwo(2, 16);
    expect([powers(say(0)), powers(say(LAST))]).toEqual([2, 16]);
    const waiting = exponential(4, 100);
    expect([waiting(say(LAST)), waiting(say(0))]).toEqual([1, 100]);
  });
});

describe('uniform(least, most)', () => {
  test('is least + floor(number * (most - least + 1)), number by number', () => {
    const sizes = uniform(20, 120);
    for (const number of draw((next) => next(), 1000)) {
      expect(sizes(say(number))).toBe(20 + Math.floor(number * 101));
    }
  });
});

describe('exponential(mean, most)', () => {
  test('draws above n units with the chance (1 - 1/mean)^n', () => {
    const sizes = exponential(10);
    for (const n of [1, 2, 3, 7, 8, 9, 31, 64]) {
      const chance = 0.9 ** n;
      expect(sizes(say(chance * (1 - 1e-9)))).toBe(n + 1);
      expect(sizes(say(chance * (1 + 1e-9)))).toBe(n);
    }
  });

  test('draws a chance exactly met as not met: mean 2', () => {
    const drawn = [0.75, 0.5, 0.4999, 0.25, 0.2499, 0.125];
    expect(drawn.map((number) => exponential(2)(say(number)))).toEqual([
      1, 1, 2, 2, 3, 3,
    ]);
  });

  test.each([1, 2.5, 32, 1000])('has the mean %d when nothing cuts it', (m) => {
    const found = mean(draw(exponential(m), 200_000));
    expect(Math.abs(found - m) / m).toBeLessThan(0.02);
  });

  test('makes of what is above `most` just `most`', () => {
    const all = draw(exponential(32, 64), 20_000);
    const cut = all.filter((size) => size === 64).length / all.length;
    expect(cut).toBeCloseTo((31 / 32) ** 63, 1);
    expect(Math.max(...all)).toBe(64);
  });
});

describe('logUniform(least, most)', () => {
  test('draws every doubling equally often', () => {
    const all = draw(logUniform(1, 4095), 120_000);
    for (let from = 1; from < 4096; from *= 2) {
      const inside = all.filter((size) => size >= from && size < 2 * from);
      expect(inside.length / 10_000).toBeCloseTo(1, 0.9);
    }
  });

  test('is least * ratio^number, as Math.pow reckons it', () => {
    const sizes = logUniform(5, 4_000_000_000);
    for (const number of draw((next) => next(), 1000)) {
      const exact = 5 * Math.pow(4_000_000_001 / 5, number);
      expect(Math.abs(sizes(say(number)) - exact)).toBeLessThan(1 + 1e-3);
    }
  });
});

describe('powersOfTwo(least, most)', () => {
  test('draws each power equally often, and nothing else', () => {
    const all = draw(powersOfTwo(16, 128), 40_000);
    const counts = [16, 32, 64, 128].map(
      (power) => all.filter((size) => size === power).length,
    );
    expect(counts.reduce((a, b) => a + b)).toBe(all.length);
    for (const count of counts) expect(count / 10_000).toBeCloseTo(1, 1);
  });
});

describe('what makes no sense is refused, with a remedy and exit 2', () => {
  const wrong: [string, () => Sizes, string][] = [
    ['fixed(0)', () => fixed(0), 'size is 0. Give a whole number, at least 1.'],
    ['fixed(1.5)', () => fixed(1.5), 'size is 1.5. Give a whole number'],
    ['uniform(0, 4)', () => uniform(0, 4), 'least is 0.'],
    ['uniform(5, 4)', () => uniform(5, 4), 'most is 4. Give a whole number, at least 5.'],
    ['exponential(0.5)', () => exponential(0.5), 'mean is 0.5. Give a number, at least 1.'],
    ['exponential(NaN)', () => exponential(NaN), 'mean is NaN.'],
    ['exponential(Infinity)', () => exponential(Infinity), 'most is Infinity.'],
    ['exponential(8, 0)', () => exponential(8, 0), 'most is 0.'],
    ['powersOfTwo(3, 8)', () => powersOfTwo(3, 8), '3 is no power of two.'],
    ['powersOfTwo(4, 12)', () => powersOfTwo(4, 12), '12 is no power of two.'],
    ['powersOfTwo(8, 4)', () => powersOfTwo(8, 4), 'most is 4.'],
    ['logUniform(0, 4)', () => logUniform(0, 4), 'least is 0.'],
    ['logUniform(1, 2 ** 60)', () => logUniform(1, 2 ** 60), 'most is 11529'],
  ];
  test.each(wrong)('%s', (_, make, message) => {
    expect(make).toThrow(WrongLoad);
    expect(make).toThrow(message);
    expect(new WrongLoad('')).toMatchObject({ exit: 2 });
  });
});
