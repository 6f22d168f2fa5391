import { describe, expect, test } from 'vitest';
import { malloc, mfree, newMap } from '../../lib/bsd/malloc.js';
import { record, watch } from '../../lib/trace/record.js';
import type { Request } from '../../lib/trace/requests.js';

const alloc = (id: number, size: number): Request => ({ op: 'alloc', id, size });
const free = (id: number, size: number): Request => ({ op: 'free', id, size });
const resize = (id: number, size: number): Request => ({ op: 'realloc', id, size });

/** An allocator that gives out what it is told to, and notes every call. */
function script(answers: (number | null)[]) {
  const calls: string[] = [];
  return {
    calls,
    alloc(size: number) {
      const addr = answers.shift()!;
      calls.push(`alloc ${size} = ${addr}`);
      return addr;
    },
    free: (addr: number, size: number) => void calls.push(`free ${addr}, ${size}`),
  };
}

describe('record', () => {
  test('makes a lifetime of each allocation, in order of allocation', () => {
    const { calls, ...to } = script([10, 20, 10]);
    const load = [alloc(0, 4), alloc(1, 5), free(0, 4), alloc(2, 3), free(2, 3)];
    expect(record(load, to.alloc, to.free)).toEqual({
      operations: 5,
      failed: 0,
      lifetimes: [
        { addr: 10, end: 14, from: 0, to: 2 },
        { addr: 20, end: 25, from: 1, to: 5 }, // never freed
        { addr: 10, end: 13, from: 3, to: 4 },
      ],
    });
    expect(calls).toEqual([
      'alloc 4 = 10',
      'alloc 5 = 20',
      'free 10, 4',
      'alloc 3 = 10',
      'free 10, 3',
    ]);
  });

  test.each([0, null])('takes %s for no, and passes over its free', (no) => {
    const { calls, ...to } = script([no]);
    const done = record([alloc(0, 4), free(0, 4)], to.alloc, to.free);
    expect(done).toEqual({ operations: 2, failed: 1, lifetimes: [] });
    expect(calls).toHaveLength(1);
  });

  test('a reallocation takes the new piece before it frees the old one', () => {
    const { calls, ...to } = script([10, 30]);
    const load = [alloc(0, 4), resize(0, 9), free(0, 9)];
    expect(record(load, to.alloc, to.free).lifetimes).toEqual([
      { addr: 10, end: 14, from: 0, to: 1 },
      { addr: 30, end: 39, from: 1, to: 2 },
    ]);
    expect(calls).toEqual([
      'alloc 4 = 10',
      'alloc 9 = 30',
      'free 10, 4',
      'free 30, 9',
    ]);
  });

  test('a reallocation that fails leaves the old piece and its size', () => {
    const { calls, ...to } = script([10, null]);
    const load = [alloc(0, 4), resize(0, 9), free(0, 9)];
    expect(record(load, to.alloc, to.free)).toEqual({
      operations: 3,
      failed: 1,
      lifetimes: [{ addr: 10, end: 14, from: 0, to: 2 }],
    });
    expect(calls.at(-1)).toBe('free 10, 4');
  });

  test('a reallocation of what was never given out is an allocation', () => {
    const { calls, ...to } = script([null, 10]);
    const load = [alloc(0, 4), resize(0, 9)];
    expect(record(load, to.alloc, to.free).lifetimes).toEqual([
      { addr: 10, end: 19, from: 1, to: 2 },
    ]);
    expect(calls).toEqual(['alloc 4 = null', 'alloc 9 = 10']);
  });
});

describe('watch', () => {
  /** Entries of one unit at 10, 20, …, 10 n, in a map with room. */
  function comb(n: number) {
    const mp = newMap(n + 10);
    for (let i = 1; i <= n; i++) mfree(mp, 1, 10 * i);
    return watch(mp);
  }

  test('counts the slots that are read, each once, and starts anew', () => {
    const { mp, visits } = comb(40);
    expect(visits(() => malloc(mp, 2))).toBe(41); // the delimiter too
    expect(visits(() => malloc(mp, 2))).toBe(41);
    expect(visits(() => {})).toBe(0);
  });

  test('counts what the copying reads; searched does not', () => {
    // It fits in slot 0, and then all that follows moves down.
    const counted = comb(40);
    expect(counted.visits(() => malloc(counted.mp, 1))).toBe(41);
    const { mp, searched } = comb(40);
    expect(searched(() => malloc(mp, 1))).toBe(1);
    expect(searched(() => malloc(mp, 2))).toBe(40);
  });

  test('writes through to the slots that were given', () => {
    const slots = newMap(4);
    const { mp } = watch(slots);
    mfree(mp, 5, 7);
    expect(slots[0]).toEqual({ m_size: 5, m_addr: 7 });
    expect(malloc(mp, 2)).toBe(7);
    expect(slots[0]).toEqual({ m_size: 3, m_addr: 9 });
  });
});
