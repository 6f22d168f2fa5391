// Linux ia64's map: what is freed is lost when the map is full. First fit
// itself is V7's: see same.test.ts.
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  atealloc,
  atefree,
  atemapalloc,
  type map,
} from '../../lib/bsd/ate_utils.js';
import { dmesg } from '../../lib/sys/cons.js';
import { setDebug } from '../../lib/sys/panic.js';
import { reboot } from '../../lib/sys/reboot.js';
import { Bitmap, panicOf, programs, run, type Allocator } from './programs.js';

type Pair = [m_size: number, m_addr: number];
const TWO32 = 2 ** 32;

beforeEach(reboot);
afterEach(() => setDebug(false));

/** The entries before the delimiter. */
function entries(mp: map): Pair[] {
  const end = mp.mapstart.findIndex(({ m_size }) => m_size === 0);
  return mp.mapstart
    .slice(0, end)
    .map(({ m_size, m_addr }) => [m_size, m_addr]);
}

function mapOf(mapsiz: number, ...pairs: Pair[]): map {
  const mp = atemapalloc(mapsiz)!;
  for (const [size, addr] of pairs) atefree(mp, size, addr);
  return mp;
}

describe('atemapalloc(mapsiz)', () => {
  test('has mapsiz slots, one of them the delimiter’s', () => {
    const mp = mapOf(4);
    expect(mp.mapstart).toHaveLength(4);
    expect(mp.mapsize).toBe(3);
    expect(entries(mp)).toEqual([]);
  });

  test('atemapalloc(0) is null', () => {
    expect(atemapalloc(0)).toBeNull();
  });
});

describe('atealloc(mp, size)', () => {
  test('atealloc(mp, 4) takes from the first piece that fits, low end', () => {
    const mp = mapOf(8, [3, 10], [9, 20], [4, 40]);
    expect(atealloc(mp, 4)).toBe(20);
    expect(entries(mp)).toEqual([[3, 10], [5, 24], [4, 40]]);
    expect(mp.mapsize).toBe(4);
  });

  test('atealloc(mp, 3) of exactly 3 gives a slot back', () => {
    const mp = mapOf(8, [3, 10], [9, 20]);
    expect(atealloc(mp, 3)).toBe(10);
    expect(entries(mp)).toEqual([[9, 20]]);
    expect(mp.mapsize).toBe(6);
  });

  test('atealloc(mp, 10) is 0 when no piece is that large', () => {
    expect(atealloc(mapOf(8, [9, 20], [4, 40]), 10)).toBe(0);
  });

  test('atealloc(mp, 0) is 0, unlike V7’s malloc', () => {
    expect(atealloc(mapOf(8, [9, 20]), 0)).toBe(0);
  });

  test.each([false, true])('atealloc(mp, -5) is 0, debug %o', (debug) => {
    // size_t: the original's ASSERT(size >= 0) cannot fail.
    setDebug(debug);
    const mp = mapOf(8, [9, 20]);
    expect(atealloc(mp, -5)).toBe(0);
    expect(entries(mp)).toEqual([[9, 20]]);
  });

  test('gives the low 32 bits of an address: it passes through an int', () => {
    const mp = mapOf(8, [9, 5 * TWO32 + 20]);
    expect(atealloc(mp, 4)).toBe(20);
    expect(entries(mp)).toEqual([[5, 5 * TWO32 + 24]]);
  });

  test('what is left of 2^31 units or more panics in a debugging kernel', () => {
    const mp = mapOf(8, [2 ** 31 + 5, 1]);
    expect(atealloc(mp, 4)).toBe(1); // a production kernel does not look

    setDebug(true);
    const panic = panicOf(() => atealloc(mp, 1));
    expect(panic.message).toBe('assertion failed: bp->m_size < 0x80000000');
    expect(entries(mp)).toEqual([[2 ** 31, 6]]); // it was taken before
    expect(atealloc(mp, 1)).toBe(6);
  });

  test('an exact fit does not look at the piece that moves down', () => {
    const mp = mapOf(8, [4, 1], [2 ** 31, 100]);
    setDebug(true);
    expect(atealloc(mp, 4)).toBe(1);
  });
});

describe('atefree(mp, size, a)', () => {
  const three: Pair[] = [[10, 1], [60, 41], [7, 200]];

  test.each<[string, number, number, Pair[]]>([
    ['joins below', 5, 11, [[15, 1], [60, 41], [7, 200]]],
    ['joins above', 5, 36, [[10, 1], [65, 36], [7, 200]]],
    ['joins both', 30, 11, [[100, 1], [7, 200]]],
    ['makes an entry', 5, 20, [[10, 1], [5, 20], [60, 41], [7, 200]]],
    ['changes nothing', 0, 20, three],
    ['does not see an overlap on the left', 5, 50, [
      [10, 1], [60, 41], [5, 50], [7, 200],
    ]],
    ['does not see an overlap on the right', 20, 30, [
      [10, 1], [20, 30], [60, 41], [7, 200],
    ]],
  ])('%s: atefree(mp, %i, %i)', (_, size, addr, left) => {
    const mp = mapOf(8, ...three);
    setDebug(true); // no ASSERT minds
    atefree(mp, size, addr);
    expect(entries(mp)).toEqual(left);
    expect(mp.mapsize).toBe(7 - left.length);
  });

  test('joined below, an overlap above is an ASSERT, after the left grew', () => {
    const mp = mapOf(8, ...three);
    setDebug(true);
    const panic = panicOf(() => atefree(mp, 31, 11));
    expect(panic.message).toBe('assertion failed: a+size <= bp->m_addr');
    expect(entries(mp)).toEqual([[41, 1], [60, 41], [7, 200]]);

    setDebug(false); // a production kernel leaves it at that
    const production = mapOf(8, ...three);
    atefree(production, 31, 11);
    expect(entries(production)).toEqual([[41, 1], [60, 41], [7, 200]]);
  });

  test('an old address in the delimiter counts a slot that never was', () => {
    const mp = mapOf(8, [10, 1]);
    mp.mapstart[1].m_addr = 16;
    atefree(mp, 5, 11);
    expect(entries(mp)).toEqual([[15, 1]]);
    expect(mp.mapsize).toBe(7); // with one entry it should be 6
  });

  test('an entry that moves up loses all but 32 bits of its address', () => {
    const mp = mapOf(8, [3, TWO32 + 50], [4, 2 * TWO32 + 50]);
    atefree(mp, 1, 1);
    expect(entries(mp)).toEqual([[1, 1], [3, 50], [4, 50]]);
  });

  test('an entry of 2^32 units that moves up vanishes: its size reads 0', () => {
    const mp = mapOf(8, [TWO32, 100], [4, 2 * TWO32]);
    atefree(mp, 1, 1);
    expect(entries(mp)).toEqual([[1, 1], [4, 2 * TWO32]]);
    expect(mp.mapsize).toBe(4); // which counts three entries
  });
});

describe('a map that is full', () => {
  test('what is freed is lost, the map stays as it is, the console says so', () => {
    const mp = mapOf(4, [1, 10], [5, 20], [2, 30]);
    atefree(mp, 26, 60);
    expect(entries(mp)).toEqual([[1, 10], [5, 20], [2, 30]]);
    expect(mp.mapsize).toBe(0);
    expect(dmesg()).toEqual([
      'atefree : map overflow. Lost 0x1a items at 0x3c',
    ]);
  });

  test('joining needs no slot', () => {
    const mp = mapOf(3, [1, 10], [2, 20]);
    atefree(mp, 1, 11);
    atefree(mp, 1, 19);
    expect(entries(mp)).toEqual([[2, 10], [3, 19]]);
    expect(dmesg()).toEqual([]);
  });
});

test('for every legal program, mapsize counts, and losses are announced', () => {
  let overflows = 0;
  const slots = fc.integer({ min: 2, max: 7 });
  fc.assert(
    fc.property(programs(4, 160), slots, (program, mapsiz) => {
      reboot();
      const mp = mapOf(mapsiz, [200, 1]);
      const bitmap = new Bitmap(200, 1);
      let heard = 0;
      const both: Allocator = {
        malloc(size) {
          const addr = atealloc(mp, size);
          expect(addr).toBe(bitmap.malloc(size));
          return addr;
        },
        mfree(size, addr) {
          atefree(mp, size, addr);
          bitmap.mfree(size, addr);
          for (const line of dmesg().slice(heard)) {
            const [, n, at] = /Lost 0x(\w+) items at 0x(\w+)$/.exec(line)!;
            bitmap.take(parseInt(n, 16), parseInt(at, 16));
          }
          heard = dmesg().length;
        },
      };
      run(program, both, () => {
        expect(entries(mp)).toEqual(bitmap.entries());
        expect(mp.mapsize + entries(mp).length).toBe(mapsiz - 1);
      });
      overflows += heard;
    }),
    { seed: 2002, numRuns: 100 },
  );
  expect(overflows).toBeGreaterThan(50);
});
