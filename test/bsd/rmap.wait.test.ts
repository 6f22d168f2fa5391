// Solaris 7's map among threads: its lock, and rmalloc_wait.
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type map_head,
  rmalloc,
  rmalloc_locked,
  rmalloc_wait,
  rmallocmap,
  rmfree,
} from '../../lib/bsd/rmap.js';
import { contend, mutex_enter, mutex_owner } from '../../lib/sys/mutex.js';
import { setDebug } from '../../lib/sys/panic.js';
import { reboot } from '../../lib/sys/reboot.js';
import { Deadlock, run, thread } from '../../lib/sys/threads.js';
import { panicOf } from './programs.js';

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

describe('the lock of a map', () => {
  test('is free after each call, also after bad rmfree', () => {
    const mp = mapOf(1, [10, 100]);
    rmalloc(mp, 4);
    rmfree(mp, 1, 200); // overflows, too
    panicOf(() => rmfree(mp, 1, 200));
    panicOf(() => rmfree(mp, 0, 31));
    expect(mutex_owner(mp.m_lock)).toBe(null);
    expect(mp.m_lock.entered).toBeGreaterThan(4);
  });

  test('is given back while the overflow is printed: one more enter', () => {
    const mp = mapOf(1, [10, 100]);
    const before = mp.m_lock.entered;
    rmfree(mp, 1, 200);
    expect(mp.m_lock.entered - before).toBe(2);
  });

  test('rmalloc waits a moment for another CPU', () => {
    const mp = mapOf(1, [10, 100]);
    contend(mp.m_lock);
    expect(rmalloc(mp, 4)).toBe(100);
    expect(mp.m_lock.contended).toBe(1);
  });

  test('rmalloc_locked(mp, 4) wants it held, in a debugging kernel', () => {
    const mp = mapOf(1, [10, 100]);
    setDebug(true);
    expect(panicOf(() => rmalloc_locked(mp, 4)).message).toBe(
      'assertion failed: MUTEX_HELD(&maplock(mp))',
    );
    mutex_enter(mp.m_lock);
    expect(rmalloc_locked(mp, 4)).toBe(100);
  });
});

describe('rmalloc_wait(mp, size)', () => {
  /** A thread that takes size units; where it got them. */
  const taker = (mp: map_head, name: string, size: number, got: string[]) =>
    thread(name, () => got.push(`${name} ${rmalloc_wait(mp, size)}`));

  test('is rmalloc when there is space', () => {
    const mp = mapOf(8, [10, 100]);
    expect(rmalloc_wait(mp, 4)).toBe(100);
    expect([mp.m_want, mutex_owner(mp.m_lock)]).toEqual([0, null]);
  });

  test('waits until rmfree has given back enough', () => {
    const mp = mapOf(8, [2, 100]);
    const got: string[] = [];
    taker(mp, 'A', 4, got);
    thread('B', () => {
      expect(mp.m_want).toBe(1);
      rmfree(mp, 1, 200); // wakes A in vain
      expect(mp.m_want).toBe(0);
    });
    thread('C', () => {
      expect(mp.m_want).toBe(1); // A has looked, and sleeps again
      rmfree(mp, 2, 102);
    });
    run();
    expect(got).toEqual(['A 100']);
    expect(entries(mp)).toEqual([[1, 200]]);
    expect([mp.m_want, mutex_owner(mp.m_lock)]).toEqual([0, null]);
  });

  test('one rmfree serves two who wait, the last one first', () => {
    const mp = mapOf(8);
    const got: string[] = [];
    taker(mp, 'A', 4, got);
    taker(mp, 'B', 3, got);
    thread('C', () => rmfree(mp, 10, 100));
    run();
    expect(got).toEqual(['B 100', 'A 103']);
  });

  test('with nobody to free anything it is a Deadlock, the map as it was', () => {
    const mp = mapOf(8, [2, 100]);
    expect(() => rmalloc_wait(mp, 4)).toThrow(Deadlock);
    expect(() => rmalloc_wait(mp, 4)).toThrow('main waits on m m_cv');
    expect(entries(mp)).toEqual([[2, 100]]);
    expect(mutex_owner(mp.m_lock)).toBe(null);
    expect(rmalloc(mp, 2)).toBe(100);
  });
});

test('for every queue of takers and givers no unit is lost or made', () => {
  let [served, deadlocked] = [0, 0];
  const sizes = fc.array(fc.integer({ min: 1, max: 6 }), {
    minLength: 2,
    maxLength: 8,
  });
  fc.assert(
    fc.property(sizes, sizes, (wanted, given) => {
      reboot();
      const mp = mapOf(20);
      const got: [number, number][] = [];
      wanted.forEach((size, i) =>
        thread(`${i}`, () => got.push([rmalloc_wait(mp, size), size])),
      );
      let at = 1;
      for (const size of given) {
        const addr = at;
        at += size;
        thread('giver', () => rmfree(mp, size, addr));
      }
      try {
        run();
        expect(got).toHaveLength(wanted.length);
        served++;
      } catch (error) {
        expect(error).toBeInstanceOf(Deadlock);
        deadlocked++;
      }
      const held = new Set<number>();
      for (const [addr, size] of got) {
        for (let unit = addr; unit < addr + size; unit++) {
          expect(held.has(unit)).toBe(false);
          held.add(unit);
        }
      }
      const free = entries(mp).reduce((sum, [size]) => sum + size, 0);
      const owned = given.reduce((sum, size) => sum + size, 0);
      expect(held.size + free).toBe(owned);
      expect(mutex_owner(mp.m_lock)).toBe(null);
    }),
    { seed: 8, numRuns: 300 },
  );
  expect(Math.min(served, deadlocked)).toBeGreaterThan(20);
});
