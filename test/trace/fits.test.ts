import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fitMap, type Policy } from '../../lib/trace/adapters/fits.js';
import type { Allocator } from '../../lib/trace/allocator.js';
import { Ledger } from '../../lib/trace/ledger.js';
import { uniform } from '../../lib/trace/random.js';
import { run } from '../../lib/trace/run.js';
import { churn } from '../../lib/trace/workloads.js';

const map = (policy: Policy, units = 100, slots = 50) =>
  fitMap({ policy, units, start: 1, slots });

/** Holes of these sizes, a unit apart, from 1 on; the last is the rest. */
function withHoles(policy: Policy, ...sizes: number[]): Allocator {
  const made = map(policy);
  const addrs = sizes.map((size) => {
    const addr = made.alloc(size)!;
    made.alloc(1);
    return addr;
  });
  sizes.forEach((size, i) => made.free(addrs[i], size));
  return made;
}

const starts = (allocator: Allocator) =>
  allocator.holes().map(({ start, end }) => [start, end]);

describe('fitMap', () => {
  test('names itself by its policy', () => {
    expect(map('best').name).toBe('best fit');
  });

  test('first fit takes the lowest hole that is large enough', () => {
    const made = withHoles('first', 3, 8, 5); // [1, 4) [5, 13) [14, 19)
    expect([made.alloc(5), made.steps()]).toEqual([5, 2]);
  });

  test('best fit takes the smallest one, having looked at all', () => {
    const made = withHoles('best', 3, 8, 5);
    // Four holes with the rest, and the delimiter.
    expect([made.alloc(5), made.steps()]).toEqual([14, 5]);
    expect([made.alloc(4), made.steps()]).toEqual([5, 4]);
  });

  test('best fit takes the lowest of several that are equal', () => {
    const made = withHoles('best', 5, 5);
    expect([made.alloc(4), made.alloc(4)]).toEqual([1, 7]);
  });

  test('each cuts from the low end, and joins as V7 does', () => {
    for (const policy of ['first', 'best', 'next'] as const) {
      const made = map(policy);
      const a = [made.alloc(10)!, made.alloc(10)!, made.alloc(10)!];
      expect(a).toEqual([1, 11, 21]);
      made.free(a[0], 10);
      made.free(a[2], 10);
      expect(starts(made)).toEqual([[1, 11], [21, 101]]);
      made.free(a[1], 10);
      expect(starts(made)).toEqual([[1, 101]]);
    }
  });
});

describe('next fit', () => {
  test('goes on behind the last piece, and comes round', () => {
    // Eight ids, five taken, 2 freed: 2 comes last.
    const made = map('next', 8);
    for (let i = 0; i < 5; i++) made.alloc(1);
    made.free(2, 1);
    const next = [1, 2, 3, 4, 5].map(() => made.alloc(1));
    expect(next).toEqual([6, 7, 8, 2, null]);
  });

  test('finds its place when entries below it have come and gone', () => {
    const made = map('next');
    const a = Array.from({ length: 10 }, () => made.alloc(2)!); // up to 21
    [0, 2, 4].forEach((i) => made.free(a[i], 2)); // three entries more below
    expect(made.alloc(2)).toBe(21);
    made.free(a[1], 2); // two of them join
    made.free(a[3], 2); // and all
    expect(made.alloc(2)).toBe(23);
    expect(made.steps()).toBeLessThanOrEqual(3);
  });

  test('goes to the next entry when its own has vanished', () => {
    const made = withHoles('next', 3, 8, 5); // [1,4) [5,13) [14,19) [20,101)
    expect(made.alloc(81)).toBe(20); // all of the last one: the end is reached
    expect(made.alloc(3)).toBe(1); // slot 0 vanishes
    expect(made.alloc(2)).toBe(5);
    expect(made.alloc(6)).toBe(7); // the rest of its entry, which vanishes
    expect(made.alloc(1)).toBe(14);
  });

  test('cuts below the rotor when the piece below joined its entry', () => {
    const made = map('next');
    made.alloc(4);
    made.free(made.alloc(6)!, 6); // [5, 11) joins what is above
    expect(made.alloc(6)).toBe(5);
  });

  test('a search that fails leaves the rotor where it is', () => {
    const made = withHoles('next', 3, 8, 5);
    made.alloc(2); // at 20
    expect(made.alloc(100)).toBeNull();
    expect(made.alloc(2)).toBe(22);
  });
});

/** The policies in few words, over units that are free or not. */
function naive(policy: Policy, units: number) {
  const taken = new Set<number>();
  let rotor = 1;
  const holes = () => {
    const found: [start: number, end: number][] = [];
    for (let unit = 1; unit <= units; unit++) {
      if (taken.has(unit)) continue;
      const last = found.at(-1);
      if (last?.[1] === unit) last[1]++;
      else found.push([unit, unit + 1]);
    }
    return found;
  };
  return {
    alloc(size: number): number | null {
      const all = holes();
      const order = {
        first: all,
        best: [...all].sort((a, b) => a[1] - a[0] - (b[1] - b[0])),
        next: [...all.filter(([, end]) => end > rotor), ...all],
      }[policy];
      const hole = order.find(([start, end]) => end - start >= size);
      if (hole === undefined) return null;
      for (let i = 0; i < size; i++) taken.add(hole[0] + i);
      rotor = hole[0] + size;
      return hole[0];
    },
    free(addr: number, size: number) {
      for (let i = 0; i < size; i++) taken.delete(addr + i);
    },
  };
}

describe.each(['first', 'best', 'next'] as const)('%s fit', (policy) => {
  test('answers as the policy in few words does, on any requests', () => {
    const call = fc.record({
      free: fc.boolean(),
      size: fc.integer({ min: 1, max: 12 }),
      who: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 80 }), (calls) => {
        const ours = map(policy, 60);
        const theirs = naive(policy, 60);
        const held: [addr: number, size: number][] = [];
        for (const { free, size, who } of calls) {
          if (free && held.length > 0) {
            const [[addr, length]] = held.splice(who % held.length, 1);
            ours.free(addr, length);
            theirs.free(addr, length);
          } else {
            const addr = ours.alloc(size);
            expect(addr).toBe(theirs.alloc(size));
            if (addr !== null) held.push([addr, size]);
          }
        }
      }),
    );
  });

  test('gives out nothing twice, in 100,000 operations', () => {
    const load = churn({
      seed: 2,
      operations: 100_000,
      live: 200,
      sizes: uniform(1, 60),
    });
    const check = new Ledger(1);
    const done = run(load, map(policy, 8000, 202), { check });
    expect(done.operations).toBe(100_000);
    expect(done.last.live + done.last.free).toBe(8000);
  });
});

test('next fit looks at few entries and spreads over all of the range', () => {
  const load = () =>
    churn({ seed: 1, operations: 20_000, live: 300, sizes: uniform(1, 60) });
  const first = run(load(), map('first', 20_000, 302));
  const next = run(load(), map('next', 20_000, 302));
  expect(next.searchMean).toBeLessThan(first.searchMean / 10);
  expect(next.peakTaken).toBeGreaterThan(1.5 * first.peakTaken);
});
