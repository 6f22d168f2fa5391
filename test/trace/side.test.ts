// Seven systems side by side: the same questions, sound answers.
import { describe, expect, it } from 'vitest';
import { contend, contenders } from '../../lib/trace/adapters/side.js';
import { fixed, uniform } from '../../lib/trace/random.js';
import { run } from '../../lib/trace/run.js';
import { churn } from '../../lib/trace/workloads.js';

const sizes = Array.from({ length: 100 }, (_, i) => 20 * (i + 1));
const load = () =>
  churn({
    seed: 5,
    operations: 900,
    live: 120,
    sizes: (next) => 20 * uniform(1, 100)(next),
  });

describe.each(contenders)('%s', (name) => {
  it('occupies nothing at first, then at least what was asked for', () => {
    const system = contend(name, sizes);
    expect([system.now(), system.peak(), system.locks()]).toEqual([0, 0, 0]);
    const { failed, peakLive, last } = run(load(), system);
    expect(failed).toBe(0);
    expect(system.now()).toBeGreaterThanOrEqual(last.live);
    expect(system.peak()).toBeGreaterThanOrEqual(peakLive);
    expect(system.peak()).toBeGreaterThanOrEqual(system.now());
    expect(system.locks()).toBeGreaterThan(0);
  });

  it('gives no byte to two clients', () => {
    const system = contend(name, sizes);
    const live = new Map<number, number>();
    run(load(), system, {
      check: {
        add: (addr, size) => {
          for (const [other, end] of live) {
            if (addr < end && other < addr + size) expect.fail(`at ${addr}`);
          }
          live.set(addr, addr + size);
        },
        remove: (addr) => live.delete(addr),
      },
    });
    expect(live.size).toBe(120);
  });

  it('answers the same a second time', () => {
    const facts = () => {
      const system = contend(name, sizes);
      const { searchMean } = run(load(), system);
      return [system.now(), system.peak(), system.locks(), searchMean];
    };
    expect(facts()).toEqual(facts());
  });
});

describe('what a system occupies', () => {
  it('is nothing when all came back, where nothing is kept', () => {
    for (const name of ['map', 'buddy', 'VMEM'] as const) {
      const system = contend(name, [8192]);
      const addr = system.alloc(8192)!;
      expect(system.now()).toBe(8192);
      system.free(addr, 8192);
      expect(system.now(), name).toBe(0);
      expect(system.peak()).toBe(8192);
    }
  });

  it('is whole pages, with what the system keeps for the next request', () => {
    for (const name of ['kmalloc', 'slab caches', 'KMEM'] as const) {
      const system = contend(name, [700]);
      system.free(system.alloc(700)!, 700);
      expect(system.now() % 4096).toBe(0);
      expect(system.now(), name).toBeGreaterThan(0);
    }
  });

  it('is for slab caches less than for kmalloc, between its sizes', () => {
    const equal = { seed: 1, operations: 3000, live: 1000, sizes: fixed(300) };
    const [kmalloc, own] = (['kmalloc', 'slab caches'] as const).map((name) => {
      const system = contend(name, [300]);
      run(churn(equal), system);
      return system.peak();
    });
    expect(own).toBeLessThan(0.7 * kmalloc);
  });
});

describe('shared locks', () => {
  /** Entries into locks by 100 pairs of calls, when all is warm. */
  const pairs = (name: (typeof contenders)[number]): number => {
    const system = contend(name, [64]);
    const pair = (): void => system.free(system.alloc(64)!, 64);
    for (let i = 0; i < 50; i++) pair();
    const before = system.locks();
    for (let i = 0; i < 100; i++) pair();
    return system.locks() - before;
  };

  it('are one a call where all share one list', () => {
    expect(['map', 'malloc', 'VMEM'].map((name) => pairs(name as 'map')))
      .toEqual([200, 200, 200]);
  });

  it('are none where a CPU has objects of its own', () => {
    expect(['buddy', 'kmalloc', 'slab caches', 'KMEM'].map((name) =>
      pairs(name as 'map'))).toEqual([0, 0, 0, 0]);
  });
});

it('slab caches refuse a size that they were not told', () => {
  const system = contend('slab caches', [64]);
  expect(system.alloc(63)).toBeNull();
  expect(system.alloc(64)).not.toBeNull();
});
