// V7's map, call by call. What legal programs must keep is in
// malloc.properties.test.ts.
import { beforeEach, describe, expect, test } from 'vitest';
import {
  checkMap,
  CMAPSIZ,
  declareMaps,
  entries,
  kernel,
  malloc,
  type map,
  mfree,
  newMap,
  nswap,
  SMAPSIZ,
  startup,
  zeros,
} from '../../lib/bsd/malloc.js';
import { reboot } from '../../lib/sys/reboot.js';
import { wakeups } from '../../lib/sys/slp.js';
import { panicOf } from './programs.js';

type Pair = [m_size: number, m_addr: number];

beforeEach(reboot);

/** Writes entries into the first slots. */
function fill(mp: map[], pairs: Pair[]): map[] {
  pairs.forEach(([m_size, m_addr], i) => {
    Object.assign(mp[i], { m_size, m_addr });
  });
  return mp;
}

/** A map of 16 slots with these entries. */
const mapOf = (...pairs: Pair[]): map[] => fill(newMap(16), pairs);

/** The first n slots as they are, past any delimiter. */
const raw = (mp: map[], n: number): Pair[] =>
  mp.slice(0, n).map(({ m_size, m_addr }) => [m_size, m_addr]);

describe('malloc(mp, size)', () => {
  test('malloc(mp, 4) takes from the first piece that fits, not the best', () => {
    const mp = mapOf([3, 10], [9, 20], [4, 40]);
    expect(malloc(mp, 4)).toBe(20);
    expect(entries(mp)).toEqual([[3, 10], [5, 24], [4, 40]]);
  });

  test('malloc(mp, 1) takes the low end of the piece', () => {
    const mp = mapOf([100, 1]);
    expect(malloc(mp, 1)).toBe(1);
    expect(malloc(mp, 2)).toBe(2);
    expect(entries(mp)).toEqual([[97, 4]]);
  });

  test('malloc(mp, 4) of exactly 4 removes the entry and closes the gap', () => {
    const mp = mapOf([4, 10], [5, 20], [6, 30]);
    expect(malloc(mp, 4)).toBe(10);
    expect(raw(mp, 4)).toEqual([[5, 20], [6, 30], [0, 0], [0, 0]]);
  });

  test('malloc(mp, 6) of exactly the last piece leaves the delimiter there', () => {
    const mp = mapOf([4, 10], [6, 30]);
    expect(malloc(mp, 6)).toBe(30);
    expect(raw(mp, 3)).toEqual([[4, 10], [0, 0], [0, 0]]);
  });

  test('malloc(mp, 7) is 0 and changes nothing when no piece is that large', () => {
    const mp = mapOf([4, 10], [6, 30]); // 10 units free, but not in one piece
    expect(malloc(mp, 7)).toBe(0);
    expect(entries(mp)).toEqual([[4, 10], [6, 30]]);
    expect(malloc(newMap(4), 1)).toBe(0);
  });

  test('malloc(mp, 0) gives the first address and changes nothing', () => {
    const mp = mapOf([4, 10], [6, 30]);
    expect(malloc(mp, 0)).toBe(10);
    expect(entries(mp)).toEqual([[4, 10], [6, 30]]);
    expect(malloc(newMap(4), 0)).toBe(0);
  });

  test('malloc(mp, -5) makes the entry grow downwards over foreign space', () => {
    const mp = mapOf([10, 91]);
    expect(malloc(mp, -5)).toBe(91);
    expect(entries(mp)).toEqual([[15, 86]]);
  });
});

describe('mfree(mp, size, addr)', () => {
  test('joins below when the piece below ends at addr', () => {
    const mp = mapOf([10, 1], [60, 41]);
    mfree(mp, 5, 11);
    expect(entries(mp)).toEqual([[15, 1], [60, 41]]);
  });

  test('joins above when the piece above starts at addr + size', () => {
    const mp = mapOf([10, 1], [60, 41]);
    mfree(mp, 5, 36);
    expect(entries(mp)).toEqual([[10, 1], [65, 36]]);
  });

  test('joins both when it closes the gap, and moves the rest down', () => {
    const mp = mapOf([10, 1], [60, 41], [7, 200]);
    mfree(mp, 30, 11);
    expect(raw(mp, 4)).toEqual([[100, 1], [7, 200], [0, 0], [0, 0]]);
  });

  test('makes an entry when it touches nothing: in front, between, behind', () => {
    const mp = mapOf([2, 20], [2, 40]);
    mfree(mp, 1, 10);
    mfree(mp, 1, 30);
    mfree(mp, 1, 50);
    expect(entries(mp)).toEqual([[1, 10], [2, 20], [1, 30], [2, 40], [1, 50]]);
  });

  test('mfree(mp, 5, 7) fills an empty map', () => {
    const mp = newMap(4);
    mfree(mp, 5, 7);
    expect(raw(mp, 2)).toEqual([[5, 7], [0, 0]]);
  });

  test('mfree(mp, 0, addr) changes nothing', () => {
    const mp = mapOf([10, 1], [60, 41]);
    for (const addr of [5, 11, 20, 41, 500]) mfree(mp, 0, addr);
    expect(raw(mp, 3)).toEqual([[10, 1], [60, 41], [0, 0]]);
  });

  test('mfree of a range twice puts it into the map twice: two owners', () => {
    const mp = mapOf([10, 91]);
    mfree(mp, 30, 31);
    mfree(mp, 30, 31);
    expect(entries(mp)).toEqual([[30, 31], [30, 31], [10, 91]]);
    expect(malloc(mp, 30)).toBe(31);
    expect(malloc(mp, 30)).toBe(31);
  });

  test('mfree of the same address again goes behind what is there', () => {
    const mp = mapOf([30, 31]);
    mfree(mp, 10, 31);
    expect(entries(mp)).toEqual([[30, 31], [10, 31]]);
  });

  test('mfree of an overlapping range keeps the overlap', () => {
    const mp = mapOf([20, 21]);
    mfree(mp, 20, 11);
    mfree(mp, 20, 31);
    expect(entries(mp)).toEqual([[20, 11], [20, 21], [20, 31]]);
  });

  test('mfree(mp, 5, 0) makes an entry that malloc returns as "no"', () => {
    const mp = mapOf([10, 91]);
    mfree(mp, 5, 0);
    expect(entries(mp)).toEqual([[5, 0], [10, 91]]);
    expect(malloc(mp, 2)).toBe(0);
    expect(entries(mp)).toEqual([[3, 2], [10, 91]]);
  });

  test('mfree(mp, -10, 11) turns the entry below into a delimiter', () => {
    const mp = mapOf([10, 1], [60, 41]);
    mfree(mp, -10, 11);
    expect(raw(mp, 2)).toEqual([[0, 1], [60, 41]]); // 60 units are lost
    expect(malloc(mp, 1)).toBe(0);
  });
});

test('mfree joins nothing to a delimiter that has an old address', () => {
  const mp = mapOf([10, 1], [0, 16], [7, 50]); // as mfree(mp, -5, 21) leaves it
  mfree(mp, 5, 11);
  expect(raw(mp, 3)).toEqual([[15, 1], [0, 16], [7, 50]]);
});

describe('a map that is too small', () => {
  /** Four slots, three of them taken, and neighbours that are not ours. */
  const full = (): map[] => {
    const guard = fill(zeros(3), [[7777, 7777], [8888, 8888]]);
    return fill(newMap(4, guard), [[1, 10], [1, 20], [1, 30]]);
  };

  test('the fourth entry of 4 slots takes the place of the delimiter', () => {
    const mp = full();
    mfree(mp, 1, 40);
    expect(raw(mp, 7)).toEqual([
      [1, 10], [1, 20], [1, 30], [1, 40], [7777, 7777], [8888, 8888], [0, 0],
    ]);
    // Nothing was written outside. What is read is the neighbour's.
    expect(malloc(mp, 5000)).toBe(7777);
  });

  test('the fifth entry is written over the neighbour', () => {
    const mp = full();
    mfree(mp, 1, 40);
    mfree(mp, 1, 50);
    expect(raw(mp, 7)).toEqual([
      [1, 10], [1, 20], [1, 30], [1, 40], [1, 50], [7777, 7777], [8888, 8888],
    ]);
  });

  test('newMap(slots) puts 8 zeroed guard words behind the slots', () => {
    const mp = newMap(2);
    expect(raw(mp, 10)).toEqual(Array(10).fill([0, 0]));
    for (let addr = 1; addr <= 10; addr++) mfree(mp, 1, 2 * addr);
    expect(raw(mp, 10).map(([, m_addr]) => m_addr)).toEqual([
      2, 4, 6, 8, 10, 12, 14, 16, 18, 20,
    ]);
  });

  test('a read or write behind the guard words is a Panic "trap"', () => {
    const mp = newMap(1, zeros(1));
    mfree(mp, 1, 10);
    mfree(mp, 1, 20);
    for (const call of [() => mfree(mp, 1, 30), () => malloc(mp, 2)]) {
      const trap = panicOf(call);
      expect(trap.message).toBe('trap');
      expect(trap.facts.call).toBe('a map ran past its guard words');
    }
    expect(raw(mp, 2)).toEqual([[1, 10], [1, 20]]);
    expect(panicOf(() => (mp[2].m_size = 1)).message).toBe('trap');
    expect(panicOf(() => (mp[2].m_addr = 1)).message).toBe('trap');
  });

  test('an entry that is pushed into the trap is written nowhere', () => {
    const mp = fill(newMap(1, zeros(1)), [[1, 10], [1, 20]]);
    panicOf(() => mfree(mp, 1, 1));
    expect(raw(mp, 2)).toEqual([[1, 1], [1, 10]]); // [1, 20] was in the air
  });
});

describe('the kernel', () => {
  test('declares 50 slots for each map, both empty', () => {
    expect([CMAPSIZ, SMAPSIZ]).toEqual([50, 50]);
    expect(entries(kernel.coremap)).toEqual([]);
    expect(entries(kernel.swapmap)).toEqual([]);
    expect(kernel.coremap).toHaveLength(50 + 50 + 1); // and the trap
  });

  test('the slots behind coremap are those of swapmap', () => {
    declareMaps(2, 4);
    mfree(kernel.swapmap, nswap, 1);
    mfree(kernel.coremap, 1, 10);
    mfree(kernel.coremap, 1, 20);
    // Two entries fill the two slots: now swap space reads as core.
    expect(entries(kernel.coremap)).toEqual([[1, 10], [1, 20], [nswap, 1]]);
    // A click of core becomes swap space, then a whole entry moves over.
    mfree(kernel.coremap, 1, 30);
    expect(entries(kernel.swapmap)).toEqual([[nswap, 1], [1, 30]]);
    mfree(kernel.coremap, 1, 5);
    expect(entries(kernel.swapmap)).toEqual([[1, 20], [nswap, 1], [1, 30]]);
  });

  test('mfree(coremap, …) wakes the scheduler once when runin is set', () => {
    mfree(kernel.coremap, 1, 10);
    expect(wakeups()).toEqual([]);

    kernel.runin = 1;
    mfree(kernel.coremap, 1, 20);
    expect(wakeups()).toEqual(['runin']);
    expect(kernel.runin).toBe(0);

    mfree(kernel.coremap, 1, 30);
    expect(wakeups()).toEqual(['runin']);
  });

  test('mfree(coremap, 0, addr) wakes it too, though nothing became free', () => {
    kernel.runin = 1;
    mfree(kernel.coremap, 0, 20);
    expect(wakeups()).toEqual(['runin']);
  });

  test('mfree of another map leaves the scheduler asleep', () => {
    kernel.runin = 1;
    mfree(kernel.swapmap, 1, 10);
    mfree(newMap(4), 1, 10);
    expect(wakeups()).toEqual([]);
    expect(kernel.runin).toBe(1);
  });

  test('malloc(coremap, …) wakes nobody', () => {
    mfree(kernel.coremap, 10, 1);
    kernel.runin = 1;
    malloc(kernel.coremap, 1);
    expect(wakeups()).toEqual([]);
  });

  test('reboot() empties both maps and clears runin', () => {
    startup();
    kernel.runin = 1;
    const old = kernel.coremap;
    reboot();
    expect(entries(kernel.coremap)).toEqual([]);
    expect(entries(kernel.swapmap)).toEqual([]);
    expect(kernel.runin).toBe(0);
    expect(kernel.coremap).not.toBe(old);
    expect(entries(old)).not.toEqual([]); // who held it holds a memory
  });

  test('startup() frees core click by click, into one entry, and swap', () => {
    startup();
    expect(entries(kernel.coremap)).toEqual([[3968 - 896, 896]]);
    expect(entries(kernel.swapmap)).toEqual([[872, 1]]);
  });

  test('startup(10, 20) frees the clicks of [10, 20)', () => {
    startup(10, 20);
    expect(entries(kernel.coremap)).toEqual([[10, 10]]);
  });
});

describe('checkMap(mp, slots)', () => {
  const faults = (...pairs: Pair[]): string[] =>
    checkMap(fill(newMap(4), pairs), 4);
  const numbers = (list: string[]): string[] => list.map((text) => text[0]);

  test('finds nothing in a sound map, empty or full', () => {
    expect(faults()).toEqual([]);
    expect(faults([1, 10], [1, 20], [1, 30])).toEqual([]);
  });

  test.each<[string, Pair[]]>([
    ['1', [[5, 10], [5, 14]]],
    ['1', [[5, 20], [5, 10]]],
    ['2', [[5, 10], [5, 15]]],
    ['3', [[5, 0]]],
    ['3', [[-5, 10]]],
    ['4', [[1, 10], [1, 20], [1, 30], [1, 40]]],
    ['5', [[1, 10], [0, 0], [1, 30]]],
  ])('reports a breach of invariant %s', (number, pairs) => {
    expect(numbers(faults(...pairs))).toEqual([number]);
  });

  test('reports 4 of a map without any delimiter, and does not trap', () => {
    const mp = fill(newMap(2, []), [[1, 10], [1, 20]]);
    expect(entries(mp)).toEqual([[1, 10], [1, 20]]);
    expect(numbers(checkMap(mp, 2))).toEqual(['4']);
  });
});
