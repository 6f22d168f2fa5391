import { describe, expect, test } from 'vitest';
import { fitMap } from '../../lib/trace/adapters/fits.js';
import * as m from '../../lib/trace/measures.js';
import { uniform } from '../../lib/trace/random.js';
import { run, type Sample, type Totals } from '../../lib/trace/run.js';
import { churn } from '../../lib/trace/workloads.js';

/** 40 asked for and 50 given, in 4 blocks; 100 taken; holes 30, 15, 5. */
const sample: Sample = {
  operation: 9,
  live: 40,
  given: 50,
  blocks: 4,
  free: 50,
  largest: 30,
  holes: 3,
  taken: 100,
  steps: 2,
};

const nothing: Sample = {
  operation: 0,
  live: 0,
  given: 0,
  blocks: 0,
  free: 0,
  largest: 0,
  holes: 0,
  taken: 0,
  steps: 0,
};

describe('measures of one sample', () => {
  test('say what is divided by what', () => {
    expect(m.internalFragmentation(sample)).toBe(10 / 50);
    expect(m.externalFragmentation(sample)).toBe(50 / 100);
    expect(m.usableShare(sample)).toBe(30 / 50);
    expect(m.holesPerBlock(sample)).toBe(3 / 4);
  });

  test('of nothing: nothing is lost', () => {
    expect(m.internalFragmentation(nothing)).toBe(0);
    expect(m.externalFragmentation(nothing)).toBe(0);
    expect(m.usableShare(nothing)).toBe(1);
    expect(m.holesPerBlock(nothing)).toBe(0);
  });
});

describe('surplus', () => {
  /** live and taken after each operation. */
  const over = (...moments: [live: number, taken: number][]) =>
    m.surplus(moments.map(([live, taken]) => ({ ...sample, live, taken })));

  test('gives four answers about one run', () => {
    expect(over([10, 10], [40, 50], [20, 60], [30, 60])).toEqual({
      average: (0 + 0.25 + 2 + 1) / 4,
      atPeakLive: 50 / 40 - 1,
      atPeakTaken: 60 / 20 - 1,
      ofPeaks: 60 / 40 - 1,
    });
  });

  test('passes over moments at which nothing is alive', () => {
    expect(over([10, 15], [0, 15]).average).toBe(0.5);
    const none = { average: 0, atPeakLive: 0, atPeakTaken: 0, ofPeaks: 0 };
    expect(over([0, 15])).toEqual(none);
    expect(over()).toEqual(none);
  });
});

describe('measures of a whole run', () => {
  const totals: Totals = {
    operations: 9,
    failed: 0,
    peakLive: 80,
    peakTaken: 100,
    searchMean: 2,
    searchMax: 5,
    last: sample,
  };

  test('highWater and utilisation are each other upside down', () => {
    expect(m.highWater(totals)).toBe(1.25);
    expect(m.utilisation(totals)).toBe(0.8);
  });

  test('utilisation divides by what is taken at the end', () => {
    const last = { ...sample, taken: 90 };
    expect(m.utilisation({ ...totals, last })).toBe(80 / 90);
  });

  test('ofPeaks of every sample is highWater less 1', () => {
    const samples: Sample[] = [];
    const map = fitMap({ policy: 'first', units: 9000, start: 1, slots: 99 });
    const load = churn({
      seed: 3,
      operations: 2000,
      live: 60,
      sizes: uniform(1, 40),
    });
    const done = run(load, map, { onSample: (one) => samples.push(one) });
    expect(m.surplus(samples).ofPeaks).toBeCloseTo(m.highWater(done) - 1, 12);
    expect(m.highWater(done)).toBeGreaterThan(1);
    const { mean, worst } = m.search(samples);
    expect(worst).toBe(done.searchMax);
    expect(mean).toBeCloseTo(done.searchMean, 0);
  });

  test("Knuth's rule: half as many holes as blocks, or nearly", () => {
    // As measured for this load by others: first fit 0.44 holes a block.
    const shares: number[] = [];
    const map = fitMap({ policy: 'first', units: 1e5, start: 1, slots: 999 });
    const load = churn({
      seed: 1,
      operations: 100_000,
      live: 500,
      sizes: uniform(1, 100),
    });
    const { splits, operations } = run(load, map, {
      joints: true,
      every: 500,
      onSample(one) {
        if (one.operation > 20_000) shares.push(m.holesPerBlock(one));
      },
    });
    const mean = shares.reduce((a, b) => a + b) / shares.length;
    const rule = m.fiftyPercent(splits!, operations / 2);
    expect(mean).toBeCloseTo(0.44, 1);
    expect(rule).toBeLessThan(0.5);
    expect(Math.abs(mean - rule)).toBeLessThan(0.02);
  });
});

describe('measures of pieces', () => {
  const pieces = (...sizes: number[]) =>
    sizes.map((size, i) => ({ start: 1000 * i, end: 1000 * i + size }));

  test('total and largest', () => {
    expect(m.total(pieces(3, 9, 5))).toBe(17);
    expect(m.largest(pieces(3, 9, 5))).toBe(9);
    expect([m.total([]), m.largest([])]).toEqual([0, 0]);
  });

  test('histogram counts by power of two, empty buckets included', () => {
    expect(m.histogram(pieces(1, 4, 7, 5, 8))).toEqual([
      { from: 1, count: 1, units: 1 },
      { from: 2, count: 0, units: 0 },
      { from: 4, count: 3, units: 16 },
      { from: 8, count: 1, units: 8 },
    ]);
    expect(m.histogram([])).toEqual([]);
  });

  test('histogram knows every power of two below 2^53 from its neighbours', () => {
    for (let k = 1; k < 53; k++) {
      const size = 2 ** k;
      const buckets = m.histogram([
        { start: 0, end: size - 1 },
        { start: 0, end: size },
      ]);
      const counts = buckets.map(({ count }) => count);
      expect(counts.slice(k - 1)).toEqual([1, 1]);
    }
  });
});
