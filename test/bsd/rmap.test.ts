// Solaris 7's map: free slots are counted, the smaller of the last two is
// lost. First fit itself is V7's: see same.test.ts.
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type map_head,
  rmalloc,
  rmallocmap,
  rmfree,
} from '../../lib/bsd/rmap.js';
import { dmesg } from '../../lib/sys/cons.js';
import { setDebug } from '../../lib/sys/panic.js';
import { reboot } from '../../lib/sys/reboot.js';
import { Bitmap, panicOf, programs, run, type Allocator } from './programs.js';

type Pair = [m_size: number, m_addr: number];

beforeEach(reboot);
afterEach(() => setDebug(false));

/** The entries before the delimiter. */
function entries(mp: map_head): Pair[] {
  const end = mp.mapstart.findIndex(({ m_size }) => m_size === 0);
  return mp.mapstart
    .slice(0, end)
    .map(({ m_size, m_addr }) => [m_size, m_addr]);
}

function mapOf(mapsize: number, ...pairs: Pair[]): map_head {
  const mp = rmallocmap(mapsize, 'm');
  for (const [size, addr] of pairs) rmfree(mp, size, addr);
  return mp;
}

describe('rmallocmap(mapsize)', () => {
  test('has mapsize slots for pieces, and one more for the delimiter', () => {
    const mp = rmallocmap(3);
    expect(mp.mapstart).toHaveLength(4);
    expect([mp.m_size, mp.m_free]).toEqual([3, 3]);
    expect(mp.m_nam).toBe('rmallocmap');
    expect(entries(mp)).toEqual([]);
  });

  test('rmallocmap(0) panics: a map needs a slot', () => {
    const panic = panicOf(() => rmallocmap(0));
    expect(panic.message).toBe('mapinit: map too small');
    expect(panic.facts).toEqual({ call: 'rmallocmap(0)', mapsize: 0 });
  });
});

describe('rmalloc(mp, size)', () => {
  test('rmalloc(mp, 4) takes from the first piece that fits, low end', () => {
    const mp = mapOf(8, [3, 10], [9, 20], [4, 40]);
    expect(rmalloc(mp, 4)).toBe(20);
    expect(entries(mp)).toEqual([[3, 10], [5, 24], [4, 40]]);
    expect(mp.m_free).toBe(5);
  });

  test('rmalloc(mp, 3) of exactly 3 gives a slot back', () => {
    const mp = mapOf(8, [3, 10], [9, 20]);
    expect(rmalloc(mp, 3)).toBe(10);
    expect(entries(mp)).toEqual([[9, 20]]);
    expect(mp.m_free).toBe(7);
  });

  test('rmalloc(mp, 10) is 0 when no piece is that large', () => {
    expect(rmalloc(mapOf(8, [9, 20], [4, 40]), 10)).toBe(0);
  });

  test('rmalloc(mp, 0) gives the first address, and changes nothing', () => {
    const mp = mapOf(8, [3, 10]);
    expect(rmalloc(mp, 0)).toBe(10);
    expect(entries(mp)).toEqual([[3, 10]]);
    expect(rmalloc(mapOf(8), 0)).toBe(0);
  });

  test('rmalloc(mp, -5) is 0: as an unsigned number it is huge', () => {
    const mp = mapOf(8, [3, 10]);
    expect(rmalloc(mp, -5)).toBe(0);
    expect(entries(mp)).toEqual([[3, 10]]);
  });

  test.each([0, -5])('rmalloc(mp, %i) panics in a debugging kernel', (size) => {
    setDebug(true);
    const panic = panicOf(() => rmalloc(mapOf(8, [3, 10]), size));
    expect(panic.message).toBe('assertion failed: (ssize_t)size > 0');
  });
});

describe('rmfree(mp, size, addr)', () => {
  const three: Pair[] = [[10, 1], [60, 41], [7, 200]];

  test.each<[string, number, number, Pair[]]>([
    ['joins below', 5, 11, [[15, 1], [60, 41], [7, 200]]],
    ['joins above', 5, 36, [[10, 1], [65, 36], [7, 200]]],
    ['joins both', 30, 11, [[100, 1], [7, 200]]],
    ['makes an entry', 5, 20, [[10, 1], [5, 20], [60, 41], [7, 200]]],
  ])('%s: rmfree(mp, %i, %i)', (_, size, addr, left) => {
    const mp = mapOf(8, ...three);
    rmfree(mp, size, addr);
    expect(entries(mp)).toEqual(left);
    expect(mp.m_free).toBe(8 - left.length);
  });

  test.each<[string, number, number]>([
    ['size 0', 0, 31],
    ['a negative size', -1, 31],
    ['address 0', 1, 0],
    ['a range that is free already', 60, 41],
    ['an overlap on the left', 20, 100],
    ['an overlap on the right', 20, 30],
  ])('panics on %s: rmfree(mp, %i, %i)', (_, size, addr) => {
    const mp = mapOf(8, ...three);
    const panic = panicOf(() => rmfree(mp, size, addr));
    expect(panic.message).toBe('bad rmfree');
    const call = `rmfree(m, ${size}, ${addr})`;
    expect(panic.facts).toEqual({ call, map: 'm', size, addr });
    expect(entries(mp)).toEqual(three);
  });

  test('touching the left, overlapping the right, panics after the left grew', () => {
    const mp = mapOf(8, [30, 41], [10, 91]);
    panicOf(() => rmfree(mp, 25, 71));
    expect(entries(mp)).toEqual([[55, 41], [10, 91]]);
    expect(mp.m_free).toBe(6);
  });
});

describe('a map that is full', () => {
  test('the last entry is lost when it is the smaller of the last two', () => {
    const mp = mapOf(3, [1, 10], [5, 20], [2, 30]);
    rmfree(mp, 9, 40);
    expect(dmesg()).toEqual(['m: rmap overflow, lost [30, 32]']);
    expect(entries(mp)).toEqual([[1, 10], [5, 20], [9, 40]]);
    expect(mp.m_free).toBe(0);
  });

  test('the last entry is lost when both are of one size', () => {
    const mp = mapOf(3, [1, 10], [5, 20], [5, 30]);
    rmfree(mp, 1, 1);
    expect(dmesg()).toEqual(['m: rmap overflow, lost [30, 35]']);
    expect(entries(mp)).toEqual([[1, 1], [1, 10], [5, 20]]);
  });

  test('the last but one is lost when the last is larger', () => {
    const mp = mapOf(3, [1, 10], [2, 20], [5, 30]);
    rmfree(mp, 1, 1);
    expect(dmesg()).toEqual(['m: rmap overflow, lost [20, 22]']);
    expect(entries(mp)).toEqual([[1, 1], [1, 10], [5, 30]]);
  });

  test('what is freed is never lost, be it the smallest', () => {
    const mp = mapOf(2, [100, 10], [200, 200]);
    rmfree(mp, 1, 500);
    expect(entries(mp)).toEqual([[200, 200], [1, 500]]);
  });

  test('with one slot the only entry is lost', () => {
    const mp = mapOf(1, [100, 10]);
    rmfree(mp, 1, 500);
    expect(dmesg()).toEqual(['m: rmap overflow, lost [10, 110]']);
    expect(entries(mp)).toEqual([[1, 500]]);
    expect(mp.m_free).toBe(0);
  });

  test('joining needs no slot and loses nothing', () => {
    const mp = mapOf(2, [1, 10], [2, 20]);
    rmfree(mp, 1, 11);
    expect(dmesg()).toEqual([]);
    expect(entries(mp)).toEqual([[2, 10], [2, 20]]);
  });

  test('an old address in the delimiter does no harm, as it does in 4.3BSD', () => {
    const mp = mapOf(2, [5, 20]);
    mp.mapstart[1].m_addr = 28;
    rmfree(mp, 9, 25);
    expect(entries(mp)).toEqual([[14, 20]]);
    expect(mp.m_free).toBe(1);
  });
});

test('for every legal program, m_free counts, and losses are announced', () => {
  let overflows = 0;
  const slots = fc.integer({ min: 1, max: 5 });
  fc.assert(
    fc.property(programs(4, 160), slots, (program, mapsize) => {
      reboot();
      const mp = mapOf(mapsize, [200, 1]);
      const bitmap = new Bitmap(200, 1);
      let heard = 0;
      const both: Allocator = {
        malloc(size) {
          const addr = rmalloc(mp, size);
          expect(addr).toBe(bitmap.malloc(size));
          return addr;
        },
        mfree(size, addr) {
          rmfree(mp, size, addr);
          for (const line of dmesg().slice(heard)) {
            const [, from, to] = /lost \[(\d+), (\d+)\]$/.exec(line)!;
            bitmap.take(Number(to) - Number(from), Number(from));
          }
          heard = dmesg().length;
          bitmap.mfree(size, addr);
        },
      };
      run(program, both, () => {
        expect(entries(mp)).toEqual(bitmap.entries());
        expect(mp.m_free + entries(mp).length).toBe(mapsize);
      });
      overflows += heard;
    }),
    { seed: 1998, numRuns: 100 },
  );
  expect(overflows).toBeGreaterThan(50);
});
