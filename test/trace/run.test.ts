import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { fitMap } from '../../lib/trace/adapters/fits.js';
import { v7Map } from '../../lib/trace/adapters/maps.js';
import type { Allocator } from '../../lib/trace/allocator.js';
import { record, type Lifetime } from '../../lib/trace/record.js';
import type { Request, Workload } from '../../lib/trace/requests.js';
import { run, type Sample } from '../../lib/trace/run.js';
import { uniform } from '../../lib/trace/random.js';
import { churn } from '../../lib/trace/workloads.js';

const alloc = (id: number, size: number): Request => ({ op: 'alloc', id, size });
const free = (id: number, size: number): Request => ({ op: 'free', id, size });
const resize = (id: number, size: number): Request => ({ op: 'realloc', id, size });

const load = (operations: number, live = 50) =>
  churn({ seed: 7, operations, live, sizes: uniform(1, 30) });

/** Gives every request a whole number of 4 units. */
const rounding = (inner: Allocator): Allocator => {
  const up = (size: number) => Math.ceil(size / 4) * 4;
  return {
    ...inner,
    alloc: (size) => inner.alloc(up(size)),
    free: (addr, size) => inner.free(addr, up(size)),
    given: (_addr, size) => up(size),
  };
};

describe('run', () => {
  test('sums up a small run that was worked out by hand', () => {
    const requests = [
      alloc(0, 3), // [1, 4)
      alloc(1, 5), // [4, 9)
      alloc(2, 9), // no: [9, 13) is left
      free(2, 9), // nothing was given
      free(0, 3),
      alloc(3, 2), // [1, 3)
    ];
    const { last, ...sums } = run(
      requests,
      fitMap({ policy: 'first', units: 12, start: 1, slots: 9 }),
    );
    expect(sums).toEqual({
      operations: 6,
      failed: 1,
      peakLive: 8,
      peakTaken: 8,
      searchMean: (1 + 1 + 2 + 1) / 4,
      searchMax: 2,
    });
    expect(last).toEqual({
      operation: 6,
      live: 7,
      given: 7,
      blocks: 2,
      free: 5, // [3, 4) and [9, 13)
      largest: 4,
      holes: 2,
      taken: 8,
      steps: 1,
    });
  });

  test('of no requests at all says nothing happened', () => {
    const { last, ...sums } = run([], v7Map(10, 1, 3));
    expect(sums).toEqual({
      operations: 0,
      failed: 0,
      peakLive: 0,
      peakTaken: 0,
      searchMean: 0,
      searchMax: 0,
    });
    expect(last).toMatchObject({ blocks: 0, free: 10, holes: 1, taken: 0 });
  });

  test('hands each answer back to the workload', () => {
    const heard: unknown[] = [];
    function* listening(): Workload {
      heard.push(yield alloc(0, 3));
      heard.push(yield alloc(1, 99));
      heard.push(yield resize(0, 4));
      heard.push(yield resize(0, 99));
      heard.push(yield free(0, 4));
    }
    run(listening(), v7Map(10, 1, 9));
    expect(heard).toEqual([1, null, 4, null, undefined]);
  });

  test('a reallocation takes the new piece first; peaks count what stays', () => {
    const requests = [alloc(0, 4), resize(0, 5), free(0, 5)];
    const lifetimes: Lifetime[] = [];
    const totals = run(requests, v7Map(20, 1, 9), {
      onLifetime: (one) => lifetimes.push(one),
    });
    expect(lifetimes).toEqual([
      { addr: 1, end: 5, from: 0, to: 1 },
      { addr: 5, end: 10, from: 1, to: 2 },
    ]);
    expect(totals).toMatchObject({ peakLive: 5, peakTaken: 9 });
  });

  test('a reallocation that fails leaves the old piece', () => {
    const requests = [alloc(0, 4), resize(0, 9), free(0, 9)];
    const totals = run(requests, v7Map(10, 1, 9));
    expect(totals).toMatchObject({ failed: 1, peakLive: 4 });
    expect(totals.last).toMatchObject({ live: 0, blocks: 0, free: 10 });
  });

  test("the allocator's own reallocation is used where a piece is held", () => {
    const calls: number[][] = [];
    const map = v7Map(20, 1, 9);
    const realloc = (addr: number, old: number, size: number) => {
      calls.push([addr, old, size]);
      map.free(addr + size, old - size); // it only ever shrinks here
      return addr;
    };
    const requests = [resize(0, 6), resize(0, 2), free(0, 2)];
    const { last } = run(requests, map, { realloc });
    expect(calls).toEqual([[1, 6, 2]]);
    expect(last).toMatchObject({ free: 20, holes: 1 });
  });

  test('samples every k-th operation; the last one is in the totals', () => {
    const seen: Sample[] = [];
    const onSample = (sample: Sample) => seen.push(sample);
    const { last } = run(load(105), v7Map(5000, 1, 99), { every: 10, onSample });
    const moments = seen.map(({ operation }) => operation);
    expect(moments).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    expect(last.operation).toBe(105);
  });

  test('samples add up: live, holes and blocks, whatever the moment', () => {
    let moments = 0;
    run(load(1000), v7Map(5000, 1, 99), {
      onSample: ({ live, given, free, blocks, holes, largest, taken }) => {
        moments++;
        expect(given).toBe(live);
        expect(live + free).toBe(5000);
        expect(holes).toBeLessThanOrEqual(blocks + 1);
        expect(largest).toBeLessThanOrEqual(free);
        expect(taken).toBeGreaterThanOrEqual(live);
      },
    });
    expect(moments).toBe(1000);
  });

  test('tells what is given apart from what was asked for', () => {
    const map = rounding(v7Map(99, 1, 9));
    const { last } = run([alloc(0, 5), alloc(1, 3), free(1, 3)], map);
    expect(last).toMatchObject({ live: 5, given: 8 });
  });

  test('lifetimes are those that record makes of the same requests', () => {
    const streamed: Lifetime[] = [];
    const onLifetime = (one: Lifetime) => streamed.push(one);
    run(load(2000), v7Map(5000, 1, 99), { onLifetime });
    const map = v7Map(5000, 1, 99);
    const { lifetimes } = record(
      load(2000),
      (size) => map.alloc(size),
      (addr, size) => map.free(addr, size),
    );
    const byStart = [...streamed].sort((a, b) => a.from - b.from);
    expect(byStart).toEqual(lifetimes);
    expect(streamed.map(({ to }) => to)).toEqual(
      streamed.map(({ to }) => to).sort((a, b) => a - b),
    );
  });

  test('closes the workload when something goes wrong', () => {
    let closed = false;
    function* load(): Workload {
      try {
        yield alloc(0, 1);
      } finally {
        closed = true;
      }
    }
    const broken = { ...fitMap({ policy: 'first', units: 9, start: 1, slots: 3 }) };
    broken.alloc = () => {
      throw new Error('out of order');
    };
    expect(() => run(load(), broken)).toThrow('out of order');
    expect(closed).toBe(true);
  });

  test('a million operations keep no more than ten thousand do', () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const heaps: number[] = [];
    let ended = 0;
    run(load(1_000_000), v7Map(5000, 1, 99), {
      onLifetime: () => ended++,
      every: 10_000,
      onSample({ operation }) {
        if (operation !== 10_000 && operation !== 1_000_000) return;
        gc();
        heaps.push(process.memoryUsage().heapUsed);
      },
    });
    expect(ended).toBe(500_025);
    // A list of the lifetimes would be 30 MB and more.
    expect(heaps[1] - heaps[0]).toBeLessThan(5e6);
  });
});

describe('run counts splits and joins when asked', () => {
  const counted = (requests: Request[]) => {
    const { splits, joins } = run(requests, v7Map(20, 1, 9), { joints: true });
    return { splits, joins };
  };

  test('not unless asked', () => {
    expect(run([alloc(0, 1)], v7Map(9, 1, 9))).not.toHaveProperty('splits');
  });

  test('a piece cut off a hole is a split, a hole taken whole is none', () => {
    expect(counted([alloc(0, 5)])).toEqual({ splits: 1, joins: 0 });
    expect(counted([alloc(0, 20)])).toEqual({ splits: 0, joins: 0 });
    expect(counted([alloc(0, 21)])).toEqual({ splits: 0, joins: 0 });
  });

  test('a freed piece joins none, one or two holes', () => {
    const four = [0, 1, 2, 3].map((id) => alloc(id, 5));
    expect(counted([...four, free(1, 5)])).toEqual({ splits: 3, joins: 0 });
    expect(counted([...four, free(1, 5), free(2, 5)]).joins).toBe(1);
    expect(counted([...four, free(1, 5), free(3, 5), free(2, 5)]).joins).toBe(2);
  });

  test('what is split and given back is joined: the two balance', () => {
    const all = [...load(2000)];
    const alive = new Map<number, Request>();
    for (const request of all) {
      if (request.op === 'alloc') alive.set(request.id, request);
      else alive.delete(request.id);
    }
    for (const { id, size } of alive.values()) all.push(free(id, size));
    const map = v7Map(5000, 1, 99);
    const { splits, joins, last } = run(all, map, { joints: true });
    expect(last.holes).toBe(1);
    expect(splits).toBe(joins);
    expect(splits).toBeGreaterThan(500);
  });
});
