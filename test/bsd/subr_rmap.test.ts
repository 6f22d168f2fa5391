// 4.3BSD's resource map, call by call. What legal programs must keep is in
// subr_rmap.properties.test.ts.
import { beforeEach, describe, expect, test } from 'vitest';
import {
  checkMap,
  entries,
  kernel,
  type map,
  newMap,
  rmalloc,
  rmfree,
  rmget,
  rminit,
} from '../../lib/bsd/subr_rmap.js';
import { dmesg } from '../../lib/sys/cons.js';
import { reboot } from '../../lib/sys/reboot.js';
import { wakeups } from '../../lib/sys/slp.js';
import { panicOf } from './programs.js';

type Pair = [m_size: number, m_addr: number];

beforeEach(reboot);

/** A map of mapsize slots, called "m", with these pieces freed into it. */
function mapOf(mapsize: number, ...pairs: Pair[]): map {
  const mp = newMap(mapsize);
  rminit(mp, 0, 0, 'm', mapsize);
  for (const [size, addr] of pairs) rmfree(mp, size, addr);
  return mp;
}

/** A call that must panic, and what it must leave of the map. */
function refuses(
  mp: map,
  call: (mp: map) => unknown,
  message: string,
  facts: object,
  left = entries(mp),
): void {
  const panic = panicOf(() => call(mp));
  expect(panic.message).toBe(message);
  expect(panic.facts).toEqual(facts);
  expect(entries(mp)).toEqual(left);
}

describe('rminit(mp, size, addr, name, mapsize)', () => {
  test('makes one entry, or none when size is 0', () => {
    const mp = newMap(8);
    rminit(mp, 100, 1, 'm', 8);
    expect(entries(mp)).toEqual([[100, 1]]);
    expect(mp.m_name).toBe('m');
    expect(entries(mapOf(8))).toEqual([]);
    expect(checkMap(mp)).toEqual([]);
  });

  test('on memory that was a map before, brings its old entries back', () => {
    const mp = mapOf(8, [1, 10], [1, 20], [1, 30]);
    rminit(mp, 5, 2, 'again', 8); // writes the first slot alone
    expect(entries(mp)).toEqual([[5, 2], [1, 20], [1, 30]]);
    expect(rmalloc(mp, 5)).toBe(2);
    expect(rmalloc(mp, 1)).toBe(20);
  });

  test('with a smaller mapsize, the next new entry loses the last but one', () => {
    const mp = mapOf(7, [1, 10], [1, 20], [1, 30], [1, 40]);
    rminit(mp, 5, 2, 'm', 4);
    rmfree(mp, 1, 50);
    expect(dmesg()).toEqual(['m: rmap ovflo, lost [40,41)']);
    expect(entries(mp)).toEqual([[5, 2], [1, 20], [1, 30], [1, 50]]);
  });

  test('newMap(2) is a RangeError: not one piece could be recorded', () => {
    expect(() => newMap(2)).toThrow(RangeError);
    expect(() => newMap(2)).toThrow('a map of 2 slots is useless');
    expect(entries(mapOf(3, [1, 10]))).toEqual([[1, 10]]);
  });
});

describe('rmalloc(mp, size)', () => {
  test('rmalloc(mp, 4) takes from the first piece that fits, low end', () => {
    const mp = mapOf(8, [3, 10], [9, 20], [4, 40]);
    expect(rmalloc(mp, 4)).toBe(20);
    expect(entries(mp)).toEqual([[3, 10], [5, 24], [4, 40]]);
  });

  test('rmalloc(mp, 3) of exactly 3 closes the gap', () => {
    const mp = mapOf(8, [3, 10], [9, 20], [4, 40]);
    expect(rmalloc(mp, 3)).toBe(10);
    expect(entries(mp)).toEqual([[9, 20], [4, 40]]);
  });

  test('rmalloc(mp, 10) is 0 when no piece is that large', () => {
    expect(rmalloc(mapOf(8, [9, 20], [4, 40]), 10)).toBe(0);
    expect(rmalloc(mapOf(8), 1)).toBe(0);
  });

  test.each([0, -5])('rmalloc(mp, %i) panics and changes nothing', (size) => {
    refuses(mapOf(8, [9, 20]), (mp) => rmalloc(mp, size), 'rmalloc', {
      call: `rmalloc(m, ${size})`,
      map: 'm',
      size,
    });
  });
});

describe('rmfree(mp, size, addr)', () => {
  const four: Pair[] = [[10, 1], [60, 41], [7, 200]];

  test.each<[string, number, number, Pair[]]>([
    ['joins below', 5, 11, [[15, 1], [60, 41], [7, 200]]],
    ['joins above', 5, 36, [[10, 1], [65, 36], [7, 200]]],
    ['joins both', 30, 11, [[100, 1], [7, 200]]],
    ['makes an entry between', 5, 20, [[10, 1], [5, 20], [60, 41], [7, 200]]],
    ['makes an entry behind', 5, 300, [...four, [5, 300]]],
  ])('%s: rmfree(mp, %i, %i)', (_, size, addr, left) => {
    const mp = mapOf(8, ...four);
    rmfree(mp, size, addr);
    expect(entries(mp)).toEqual(left);
  });

  test.each<[string, number, number]>([
    ['size 0', 0, 31],
    ['a negative size', -1, 31],
    ['address 0', 1, 0],
    ['a negative address', 10, -3],
    ['a range that is free already', 60, 41],
    ['a part of a free range', 1, 50],
    ['an overlap on the left', 20, 100],
    ['an overlap on the right', 20, 30],
    ['a range that covers a free one', 90, 30],
  ])('panics on %s: rmfree(m, %i, %i)', (_, size, addr) => {
    refuses(mapOf(8, ...four), (mp) => rmfree(mp, size, addr), 'bad rmfree', {
      call: `rmfree(m, ${size}, ${addr})`,
      map: 'm',
      size,
      addr,
    });
  });

  test('touching the left, overlapping the right, panics after the left grew', () => {
    const mp = mapOf(8, [30, 41], [10, 91]);
    const facts = { call: 'rmfree(m, 25, 71)', map: 'm', size: 25, addr: 71 };
    const left: Pair[] = [[55, 41], [10, 91]];
    refuses(mp, (m) => rmfree(m, 25, 71), 'bad rmfree', facts, left);
    expect(checkMap(mp)).toEqual(['1: entry 1 overlaps its left']);
  });

  test('trusts an old address in the delimiter, and panics without cause', () => {
    const mp = mapOf(8, [10, 1]);
    mp.mapent[1].m_addr = 13; // [13, …) is not free, and no entry either
    const facts = { call: 'rmfree(m, 5, 11)', map: 'm', size: 5, addr: 11 };
    refuses(mp, (m) => rmfree(m, 5, 11), 'bad rmfree', facts, [[15, 1]]);
  });
});

describe('a map that is full', () => {
  const full = (): map => mapOf(6, [1, 10], [2, 20], [3, 30], [4, 40]);

  test('6 slots hold 4 entries without a word', () => {
    expect(checkMap(full())).toEqual([]);
    expect(dmesg()).toEqual([]);
  });

  test('the fifth entry costs the last but one, and the console says so', () => {
    const mp = full();
    rmfree(mp, 5, 50);
    expect(entries(mp)).toEqual([[1, 10], [2, 20], [3, 30], [5, 50]]);
    expect(dmesg()).toEqual(['m: rmap ovflo, lost [40,44)']);
    expect(checkMap(mp)).toEqual([]);
  });

  test('what follows the last entry can be freed after an overflow', () => {
    const mp = full();
    rmfree(mp, 5, 50);
    rmfree(mp, 1, 55); // the old last entry must leave no address behind
    expect(entries(mp)[3]).toEqual([6, 50]);
  });

  test('an entry in front costs the last but one too, be it the largest', () => {
    const mp = mapOf(6, [1, 10], [1, 20], [6000, 30], [1, 9000]);
    rmfree(mp, 1, 5);
    expect(entries(mp)).toEqual([[1, 5], [1, 10], [1, 20], [1, 9000]]);
    expect(dmesg()).toEqual(['m: rmap ovflo, lost [30,6030)']);
  });

  test('of two entries in 3 slots the new one itself may be lost', () => {
    const mp = mapOf(3, [1, 10]);
    rmfree(mp, 9, 1);
    rmfree(mp, 2, 20);
    rmfree(mp, 3, 15);
    expect(entries(mp)).toEqual([[2, 20]]);
    expect(dmesg()).toEqual([
      'm: rmap ovflo, lost [1,11)',
      'm: rmap ovflo, lost [15,18)',
    ]);
  });

  test('joining needs no slot', () => {
    const mp = full();
    rmfree(mp, 1, 11);
    rmfree(mp, 1, 29);
    expect(entries(mp)).toEqual([[2, 10], [2, 20], [4, 29], [4, 40]]);
    expect(dmesg()).toEqual([]);
  });
});

describe('rmget(mp, size, addr)', () => {
  test.each<[string, number, number, Pair[]]>([
    ['the whole piece', 20, 41, [[10, 1], [7, 200]]],
    ['its start', 5, 41, [[10, 1], [15, 46], [7, 200]]],
    ['its end', 5, 56, [[10, 1], [15, 41], [7, 200]]],
    ['its middle', 5, 50, [[10, 1], [9, 41], [6, 55], [7, 200]]],
  ])('takes %s: rmget(mp, %i, %i)', (_, size, addr, left) => {
    const mp = mapOf(8, [10, 1], [20, 41], [7, 200]);
    expect(rmget(mp, size, addr)).toBe(addr);
    expect(entries(mp)).toEqual(left);
    expect(checkMap(mp)).toEqual([]);
  });

  test.each<[string, number, number]>([
    ['nothing at addr is free', 1, 11],
    ['the range begins before the piece', 5, 40],
    ['the range ends behind the piece', 21, 41],
    ['addr is the first unit behind a piece', 1, 61],
  ])('is 0 when %s: rmget(mp, %i, %i)', (_, size, addr) => {
    const pairs: Pair[] = [[10, 1], [20, 41], [7, 200]];
    const mp = mapOf(8, ...pairs);
    expect(rmget(mp, size, addr)).toBe(0);
    expect(entries(mp)).toEqual(pairs);
  });

  test('out of the middle is 0 when no slot is left for the second half', () => {
    const mp = mapOf(5, [20, 41], [7, 200], [7, 300]);
    expect(rmget(mp, 5, 50)).toBe(0);
    expect(entries(mp)).toEqual([[20, 41], [7, 200], [7, 300]]);
    expect(rmget(mp, 5, 41)).toBe(41); // from the start needs none
  });

  test('out of the middle works with one slot left', () => {
    const mp = mapOf(5, [20, 41], [7, 200]);
    expect(rmget(mp, 5, 50)).toBe(50);
    expect(entries(mp)).toEqual([[9, 41], [6, 55], [7, 200]]);
  });

  test.each([0, -1])('rmget(mp, %i, 41) panics', (size) => {
    refuses(mapOf(8, [20, 41]), (mp) => rmget(mp, size, 41), 'rmget', {
      call: `rmget(m, ${size}, 41)`,
      map: 'm',
      size,
      addr: 41,
    });
  });

  test('is always 0 for swapmap, but a wrong size panics first', () => {
    const mp = mapOf(8, [20, 41]);
    kernel.swapmap = mp;
    expect(rmget(mp, 5, 41)).toBe(0);
    expect(panicOf(() => rmget(mp, 0, 41)).message).toBe('rmget');
  });
});

describe('kernelmap', () => {
  test('rmfree wakes who waits for it, once', () => {
    const mp = mapOf(8);
    kernel.kernelmap = mp;
    rmfree(mp, 1, 10);
    expect(wakeups()).toEqual([]);
    kernel.kmapwnt = 1;
    rmfree(mp, 1, 11);
    rmfree(mp, 1, 12);
    expect(wakeups()).toEqual(['kernelmap']);
    expect(kernel.kmapwnt).toBe(0);
  });

  test.each<[string, number, number]>([
    ['joining above', 1, 19],
    ['a new entry', 1, 30],
  ])('%s wakes as well', (_, size, addr) => {
    const mp = mapOf(8, [5, 20]);
    Object.assign(kernel, { kernelmap: mp, kmapwnt: 1 });
    rmfree(mp, size, addr);
    expect(wakeups()).toEqual(['kernelmap']);
  });

  test('a free that panics, or of another map, wakes nobody', () => {
    const mp = mapOf(8, [5, 20]);
    Object.assign(kernel, { kernelmap: mp, kmapwnt: 1 });
    panicOf(() => rmfree(mp, 5, 20));
    rmfree(mapOf(8), 1, 10);
    expect(wakeups()).toEqual([]);
    expect(kernel.kmapwnt).toBe(1);
  });
});

test('reboot() gives the kernel’s statics their first values', () => {
  const mp = mapOf(8);
  Object.assign(kernel, {
    kernelmap: mp,
    swapmap: mp,
    kmapwnt: 1,
    dmmax: 32,
    nswdev: 3,
    CLSIZE: 1,
  });
  reboot();
  expect(kernel).toEqual({
    kernelmap: null,
    swapmap: null,
    kmapwnt: 0,
    dmmax: 0,
    nswdev: 1,
    CLSIZE: 2,
  });
});

describe('checkMap(mp)', () => {
  test.each<[string, Pair[]]>([
    ['1', [[5, 10], [5, 14]]],
    ['2', [[5, 10], [5, 15]]],
    ['3', [[5, 0]]],
    ['3', [[-5, 10]]],
    ['4', [[1, 10], [1, 20], [1, 30], [1, 40], [1, 50]]],
    ['5', [[1, 10], [0, 0], [1, 30]]],
  ])('reports a breach of invariant %s', (number, pairs) => {
    const mp = mapOf(6);
    pairs.forEach(([m_size, m_addr], i) =>
      Object.assign(mp.mapent[i], { m_size, m_addr }),
    );
    expect(checkMap(mp).map((text) => text[0])).toEqual([number]);
  });
});
