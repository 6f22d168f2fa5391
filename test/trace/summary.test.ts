// What a workload asks for, counted by hand.
import { describe, expect, test } from 'vitest';
import { readRep } from '../../lib/trace/rep.js';
import { summary } from '../../lib/trace/summary.js';

describe('summary', () => {
  test('counts payload, blocks, sizes and lifetimes', () => {
    const text = '3 8 | a 0 100 | a 1 7 | f 1 | r 0 40 | a 2 64 | r 0 128 | f 2 | r 0 1';
    const lines = text.split(/ \| |(?<=^3) /);
    expect(summary(readRep(lines).requests)).toEqual({
      operations: 8,
      allocs: 3,
      reallocs: 3,
      frees: 2,
      ids: 3,
      peak_payload: 192, // after r 0 128: 128 and 64
      peak_blocks: 2,
      sizes: [
        { from: 1, count: 1 },
        { from: 4, count: 1 },
        { from: 32, count: 1 },
        { from: 64, count: 2 },
        { from: 128, count: 1 },
      ],
      lifetimes: [
        { from: 1, count: 1 }, // block 1
        { from: 2, count: 1 }, // block 2
      ],
      never_freed: 1,
    });
  });

  test('of nothing is all zeros', () => {
    expect(summary([])).toMatchObject({ operations: 0, peak_payload: 0, sizes: [] });
  });

  test('puts 2^k into the octave that begins there, and 2^k - 1 below', () => {
    for (let k = 1; k < 53; k++) {
      const size = (n: number) => summary([{ op: 'alloc', id: 0, size: n }]).sizes;
      expect(size(2 ** k)).toEqual([{ from: 2 ** k, count: 1 }]);
      expect(size(2 ** k - 1)).toEqual([{ from: 2 ** (k - 1), count: 1 }]);
    }
  });
});
