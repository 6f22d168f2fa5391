import { describe, expect, test } from 'vitest';
import * as v7 from '../../lib/bsd/malloc.js';
import * as bsd43 from '../../lib/bsd/subr_rmap.js';
import { fitMap } from '../../lib/trace/adapters/fits.js';
import { bsd43Map, v7Map } from '../../lib/trace/adapters/maps.js';
import { isKeeper, type Allocator, type Keeper } from '../../lib/trace/allocator.js';
import { Ledger } from '../../lib/trace/ledger.js';
import { uniform } from '../../lib/trace/random.js';
import { watch } from '../../lib/trace/record.js';
import { run } from '../../lib/trace/run.js';
import { churn } from '../../lib/trace/workloads.js';

const maps = { v7Map, bsd43Map };
const each = Object.entries(maps);

const load = () =>
  churn({ seed: 5, operations: 4000, live: 80, sizes: uniform(1, 40) });

/** What alloc answers, and what steps() says after it. */
function answers(map: Allocator): [number | null, number][] {
  const heard: [number | null, number][] = [];
  const alloc = (size: number) => {
    const addr = map.alloc(size);
    heard.push([addr, map.steps()]);
    return addr;
  };
  run(load(), { ...map, alloc }, { check: new Ledger(map.range[0]) });
  return heard;
}

describe.each(each)('%s', (_name, make) => {
  test('describes the whole range as one hole, before anything', () => {
    const map = make(100, 7, 9);
    expect(map.range).toEqual([7, 107]);
    expect(map.holes()).toEqual([{ start: 7, end: 107 }]);
    expect(map.lists()).toEqual([{ name: 'map', pieces: map.holes() }]);
    expect([map.taken(), map.steps()]).toEqual([0, 0]);
  });

  test('gives out first fit, takes back, and lists the holes by address', () => {
    const map = make(100, 1, 9);
    expect([map.alloc(10), map.alloc(20), map.alloc(5)]).toEqual([1, 11, 31]);
    map.free(11, 20);
    expect(map.holes()).toEqual([
      { start: 11, end: 31 },
      { start: 36, end: 101 },
    ]);
    expect(map.alloc(30)).toBe(36);
    expect(map.alloc(99)).toBeNull();
    expect(map.given(36, 30)).toBe(30);
  });

  test('taken is the highest end ever given out, and does not fall', () => {
    const map = make(100, 5, 9);
    map.alloc(10);
    map.alloc(20);
    map.free(15, 20);
    expect(map.taken()).toBe(30);
    map.alloc(3);
    expect(map.taken()).toBe(30);
  });

  test('steps are the slots of the search: not those of the copying', () => {
    const map = make(100, 1, 50);
    for (let i = 0; i < 20; i++) map.alloc(1);
    for (let i = 0; i < 20; i += 2) map.free(1 + i, 1);
    expect(map.alloc(1)).toBe(1); // slot 0 vanishes, ten entries move down
    expect(map.steps()).toBe(1);
    expect(map.alloc(2)).toBe(21); // behind nine entries of one unit
    expect(map.steps()).toBe(10);
    expect(map.alloc(99)).toBeNull(); // ten entries and the delimiter
    expect(map.steps()).toBe(11);
  });

  test('is no Keeper: it cannot say who has what', () => {
    const map = make(10, 1, 3);
    expect(isKeeper(map)).toBe(false);
    // @ts-expect-error A map lists what is free and nothing else.
    const keeper: Keeper = map;
    // @ts-expect-error So nobody can ask it.
    expect(keeper === map && map.held).toBeUndefined();
  });
});

describe('as the original', () => {
  test('v7Map answers what malloc answers, reading what malloc reads', () => {
    const { mp, searched } = watch(v7.newMap(99));
    v7.mfree(mp, 5000, 1);
    const heard: [number | null, number][] = [];
    const bare = v7Map(5000, 1, 99);
    const alloc = (size: number) => {
      let addr = 0;
      const steps = searched(() => (addr = v7.malloc(mp, size)));
      heard.push([addr || null, steps]);
      return addr || null;
    };
    const free = (addr: number, size: number) => v7.mfree(mp, size, addr);
    run(load(), { ...bare, alloc, free });
    expect(answers(v7Map(5000, 1, 99))).toEqual(heard);
  });

  test('bsd43Map answers what rmalloc answers', () => {
    const map = bsd43.newMap(100);
    bsd43.rminit(map, 5000, 1, 'other', 100);
    const heard: (number | null)[] = [];
    const alloc = (size: number) => {
      const addr = bsd43.rmalloc(map, size) || null;
      heard.push(addr);
      return addr;
    };
    const free = (addr: number, size: number) => bsd43.rmfree(map, size, addr);
    run(load(), { ...bsd43Map(5000, 1, 99), alloc, free });
    expect(answers(bsd43Map(5000, 1, 99)).map(([addr]) => addr)).toEqual(heard);
  });

  test('both maps and first fit give the same addresses in as many steps', () => {
    const expected = answers(v7Map(3000, 1, 99));
    expect(expected.some(([addr]) => addr === null)).toBe(false);
    expect(answers(bsd43Map(3000, 1, 99))).toEqual(expected);
    const first = fitMap({ policy: 'first', units: 3000, start: 1, slots: 99 });
    expect(answers(first)).toEqual(expected);
  });

  test('also when the range is too small for all of it', () => {
    const expected = answers(v7Map(1500, 1, 99));
    expect(expected.some(([addr]) => addr === null)).toBe(true);
    expect(answers(bsd43Map(1500, 1, 99))).toEqual(expected);
    const first = fitMap({ policy: 'first', units: 1500, start: 1, slots: 99 });
    expect(answers(first)).toEqual(expected);
  });
});

describe('a map that is too short for its holes', () => {
  /** Three slots, and three holes to be. */
  function comb(map: Allocator) {
    for (let i = 0; i < 6; i++) map.alloc(1);
    map.free(1, 1);
    map.free(3, 1);
    return map;
  }

  test('meets the trap behind the last slot in V7', () => {
    const maps = [
      v7Map(9, 1, 3),
      fitMap({ policy: 'best', units: 9, start: 1, slots: 3 }),
    ];
    for (const map of maps) {
      expect(() => comb(map).alloc(5)).toThrow('trap');
    }
  });

  test('loses space in 4.3BSD', () => {
    expect(comb(bsd43Map(9, 1, 3)).holes()).toEqual([
      { start: 1, end: 2 },
      { start: 7, end: 10 },
    ]);
  });

  test('slots are for entries and the delimiter, in both', () => {
    for (const make of Object.values(maps)) {
      expect(comb(make(9, 1, 4)).holes()).toHaveLength(3);
    }
  });
});
