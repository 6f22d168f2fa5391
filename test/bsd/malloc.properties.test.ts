// What V7's map keeps for every program that gives back only what it took.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkMap,
  entries,
  malloc,
  mfree,
  newMap,
} from '../../lib/bsd/malloc.js';
import {
  Bitmap,
  drain,
  orders,
  overlap,
  programs,
  run,
  total,
  type Allocator,
} from './programs.js';

const UNITS = 200; // free at the start, from unit 1 on
const SLOTS = 120; // more than UNITS / 2 pieces there cannot be

/** A map with UNITS free, as a program sees it, and the map itself. */
function boot() {
  const mp = newMap(SLOTS);
  mfree(mp, UNITS, 1);
  const map: Allocator = {
    malloc: (size) => malloc(mp, size),
    mfree: (size, addr) => mfree(mp, size, addr),
  };
  return { mp, map };
}

const settings = { seed: 1975, numRuns: 120 };

describe('for every legal program', () => {
  test('checkMap(mp) finds nothing after any operation', () => {
    fc.assert(
      fc.property(programs(), (program) => {
        const { mp, map } = boot();
        run(program, map, () => expect(checkMap(mp, SLOTS)).toEqual([]));
      }),
      settings,
    );
  });

  test('malloc gives the addresses that a bitmap gives, and the same map', () => {
    fc.assert(
      fc.property(programs(), (program) => {
        const { mp, map } = boot();
        const bitmap = new Bitmap(UNITS, 1);
        const both: Allocator = {
          malloc(size) {
            const addr = map.malloc(size);
            expect(addr).toBe(bitmap.malloc(size));
            return addr;
          },
          mfree(size, addr) {
            map.mfree(size, addr);
            bitmap.mfree(size, addr);
          },
        };
        run(program, both, () => {
          expect(entries(mp)).toEqual(bitmap.entries());
        });
      }),
      settings,
    );
  });

  test('mfree(mp, size, malloc(mp, size)) restores the map exactly', () => {
    const size = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(programs(), size, (program, size) => {
        const { mp, map } = boot();
        run(program, map);
        const before = entries(mp);
        const addr = map.malloc(size);
        if (addr !== 0) map.mfree(size, addr);
        expect(entries(mp)).toEqual(before);
      }),
      settings,
    );
  });

  test('free and allocated units add up to all units, at every step', () => {
    fc.assert(
      fc.property(programs(), (program) => {
        const { mp, map } = boot();
        run(program, map, (live) => {
          const free = entries(mp).reduce((sum, [m_size]) => sum + m_size, 0);
          expect(free + total(live)).toBe(UNITS);
        });
      }),
      settings,
    );
  });

  test('no two pieces in the hands of clients share a unit', () => {
    fc.assert(
      fc.property(programs(), (program) => {
        const { map } = boot();
        run(program, map, (live) => expect(overlap(live)).toBe(false));
      }),
      settings,
    );
  });

  test('giving all back, in any order, leaves one entry', () => {
    fc.assert(
      fc.property(programs(), orders, (program, keys) => {
        const { mp, map } = boot();
        drain(run(program, map), map, keys);
        expect(entries(mp)).toEqual([[UNITS, 1]]);
      }),
      settings,
    );
  });

  test('n units need n / 2 + 1 slots: then nothing is written behind', () => {
    fc.assert(
      fc.property(programs(1, 120), (program) => {
        const mp = newMap(11);
        mfree(mp, 20, 1);
        run(program, {
          malloc: (size) => malloc(mp, size),
          mfree: (size, addr) => mfree(mp, size, addr),
        });
        expect(mp.slice(11, 19).every(({ m_size }) => m_size === 0)).toBe(true);
        expect(checkMap(mp, 11)).toEqual([]);
      }),
      settings,
    );
    // One slot fewer, and every second unit free, is an overrun.
    const mp = newMap(10);
    for (let addr = 2; addr <= 20; addr += 2) mfree(mp, 1, addr);
    expect(checkMap(mp, 10)).toEqual([
      '4: 10 entries leave no slot for the delimiter',
    ]);
  });
});
