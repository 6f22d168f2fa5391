import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { malloc as bounded } from '../../lib/bsd/lecture.js';
import {
  entries,
  malloc,
  type map,
  mfree,
  newMap,
  zeros,
} from '../../lib/bsd/malloc.js';
import { panicOf, programs, run } from './programs.js';

/** A map of `slots` slots with these entries; they may reach beyond. */
function mapOf(slots: number, ...pairs: [number, number][]): map[] {
  const mp = newMap(slots);
  pairs.forEach(([m_size, m_addr], i) => {
    Object.assign(mp[i], { m_size, m_addr });
  });
  return mp;
}

/** Notes which slots a call reads the size of. */
function sizesRead(mp: map[], call: (mp: map[]) => void): number[] {
  const seen = new Set<number>();
  const watched = mp.map((slot, i) => ({
    get m_size() {
      seen.add(i);
      return slot.m_size;
    },
    set m_size(size: number) {
      slot.m_size = size;
    },
    m_addr: 1,
  }));
  call(watched);
  return [...seen];
}

describe('the lecture’s malloc(mp, size, MAPSIZ)', () => {
  test('gives what V7’s malloc gives while the map fits', () => {
    fc.assert(
      fc.property(programs(), (program) => {
        const [theirs, ours] = [newMap(120), newMap(120)];
        for (const mp of [theirs, ours]) mfree(mp, 200, 1);
        run(program, {
          malloc(size) {
            const addr = malloc(theirs, size);
            expect(bounded(ours, size, 120)).toBe(addr);
            return addr;
          },
          mfree(size, addr) {
            mfree(theirs, size, addr);
            mfree(ours, size, addr);
          },
        });
        expect(entries(ours)).toEqual(entries(theirs));
      }),
      { seed: 2007, numRuns: 100 },
    );
  });

  test('malloc(mp, 4, 8) takes from the first piece that fits', () => {
    const mp = mapOf(8, [3, 10], [9, 20], [4, 40]);
    expect(bounded(mp, 4, 8)).toBe(20);
    expect(entries(mp)).toEqual([[3, 10], [5, 24], [4, 40]]);
  });

  test('takes nothing from slot MAPSIZ, where V7’s malloc does', () => {
    const pairs: [number, number][] = [[1, 10], [1, 20], [7777, 7777]];
    expect(malloc(mapOf(2, ...pairs), 5000)).toBe(7777);

    const mp = mapOf(2, ...pairs);
    expect(bounded(mp, 5000, 2)).toBe(0);
    expect(entries(mp)).toEqual(pairs);
  });

  test('takes from the last slot below MAPSIZ', () => {
    const mp = mapOf(2, [1, 10], [5, 20], [7777, 7777]);
    expect(bounded(mp, 3, 2)).toBe(20);
  });

  test('reads the size of slot MAPSIZ before it looks at the bound', () => {
    const mp = mapOf(2, [1, 10], [1, 20], [9, 30], [9, 40]);
    expect(sizesRead(mp, (m) => bounded(m, 5, 2))).toEqual([0, 1, 2]);
    // On a map with nothing behind it that read alone is the overrun.
    const bare = newMap(1, []);
    mfree(bare, 1, 10);
    expect(panicOf(() => bounded(bare, 5, 1)).message).toBe('trap');
  });

  test('closes a gap without a bound: the neighbour’s words move down', () => {
    const mp = mapOf(2, [1, 10], [1, 20], [7777, 7777], [8888, 8888]);
    expect(bounded(mp, 1, 2)).toBe(10);
    expect(entries(mp)).toEqual([[1, 20], [7777, 7777], [8888, 8888]]);
  });

  test('closing a gap runs on to the trap when no zero comes', () => {
    const mp = newMap(2, zeros(1));
    for (const addr of [10, 20, 30]) mfree(mp, 1, addr);
    expect(panicOf(() => bounded(mp, 1, 2)).message).toBe('trap');
  });
});
