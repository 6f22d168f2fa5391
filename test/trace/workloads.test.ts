// Workloads: the rules that all of them keep, and the shape of each.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Alive } from '../../lib/trace/alive.js';
import {
  exponential,
  fixed,
  random,
  uniform,
  WrongLoad,
} from '../../lib/trace/random.js';
import type { Request, Workload } from '../../lib/trace/requests.js';
import {
  churn,
  everyOther,
  fifo,
  ids,
  lifo,
  peaks,
  plateau,
  ramp,
  type Load,
} from '../../lib/trace/workloads.js';

type Make = (load: Load & { left: number; larger?: number }) => Workload;

const all: { [name: string]: Make } = {
  churn,
  ids,
  ramp,
  peaks,
  plateau,
  fifo,
  lifo,
  everyOther,
};

/** Any options that all workloads accept. */
const anyLoad = fc
  .record({
    seed: fc.maxSafeInteger(),
    operations: fc.nat(700),
    live: fc.integer({ min: 1, max: 300 }),
    mean: fc.integer({ min: 1, max: 100 }),
    larger: fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
    part: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  })
  .map(({ mean, part, ...rest }) => ({
    ...rest,
    sizes: exponential(mean),
    left: Math.floor(part * rest.live),
  }));

/** How many are alive after each request. @throws when a rule is broken */
function aliveAfter(requests: Iterable<Request>): number[] {
  const sizes = new Map<number, number>();
  let next = 0;
  return Array.from(requests, (request) => {
    const { op, id, size } = request;
    const alive = sizes.get(id);
    const kept =
      op === 'alloc'
        ? id === next++ && Number.isSafeInteger(size) && size >= 1
        : op === 'free' && size === alive;
    if (!kept) throw new Error(`broken by ${JSON.stringify(request)}`);
    if (op === 'alloc') sizes.set(id, size);
    else sizes.delete(id);
    return sizes.size;
  });
}

const load: Load = { seed: 1, operations: 600, live: 50, sizes: uniform(1, 64) };

describe.each(Object.entries(all))('%s', (name, make) => {
  test('allocates an id once, frees it once at most, and says its size', () => {
    fc.assert(
      fc.property(anyLoad, (options) => {
        const alive = aliveAfter(make(options));
        expect(alive.length).toBeLessThanOrEqual(options.operations);
        if (name !== 'everyOther') {
          expect(Math.max(0, ...alive)).toBeLessThanOrEqual(options.live);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('makes all its requests; an odd last one is not made on a plateau', () => {
    fc.assert(
      fc.property(anyLoad, (options) => {
        const { operations } = options;
        const count = [...make({ ...options, larger: 9 })].length;
        const odd = name === 'plateau' ? operations % 2 : 0;
        expect(count).toBe(operations - odd);
      }),
      { numRuns: 30 },
    );
  });

  test('is the same for the same seed, and another one for another', () => {
    const options = { ...load, left: 5 };
    const requests = [...make(options)];
    expect([...make(options)]).toEqual(requests);
    if (name === 'ids') expect(new Set(requests.map((r) => r.size))).toEqual(new Set([1]));
    expect([...make({ ...options, seed: 2 })]).not.toEqual(requests);
  });

  test('does not change when whoever reads it changes the requests', () => {
    const changed: Request[] = [];
    for (const request of make({ ...load, left: 5 })) {
      changed.push({ ...request });
      Object.assign(request, { op: 'free', id: -1, size: -1 });
    }
    expect(changed).toEqual([...make({ ...load, left: 5 })]);
  });

  test('streams a million requests in a few megabytes, in seconds', () => {
    const options = { ...load, operations: 1_000_000, live: 10_000, left: 100, larger: 3 };
    const before = process.memoryUsage().heapUsed;
    const began = performance.now();
    let most = 0;
    let count = 0;
    for (const { size } of make(options)) {
      if (size > 0 && ++count % 100_000 === 0) {
        globalThis.gc?.();
        most = Math.max(most, process.memoryUsage().heapUsed - before);
      }
    }
    expect(count).toBe(1_000_000);
    // A million requests kept would be 50 MB and more. Without a call to
    // the collector some 20 MB may wait for it.
    expect(most).toBeLessThan(40e6);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test('refuses numbers that make no sense before it begins', () => {
    const bad = (change: Partial<Load>) => () => make({ ...load, left: 0, ...change });
    expect(bad({ live: 0 })).toThrow(WrongLoad);
    expect(bad({ live: 0 })).toThrow('live is 0. Give a whole number, at least 1.');
    expect(bad({ operations: -1 })).toThrow('operations is -1.');
    expect(bad({ operations: 1.5 })).toThrow('operations is 1.5.');
    expect(bad({ seed: 0.5 })).toThrow('seed is 0.5.');
    expect([...bad({ operations: 0 })()]).toEqual([]);
  });
});

describe('churn', () => {
  /** The definition, with all that are alive in one long array. */
  function* plain({ seed, operations, live }: Load): Generator<Request> {
    const next = random(seed);
    const alive: Request[] = [];
    for (let i = 0, id = 0; i < operations; i++) {
      if (alive.length < live) {
        const size = 20 + Math.floor(next() * 101);
        const request: Request = { op: 'alloc', id: id++, size };
        alive.push(request);
        yield request;
      } else {
        const victim = Math.floor(next() * alive.length);
        const [request] = alive.splice(victim, 1);
        yield { ...request, op: 'free' };
      }
    }
  }

  test('draws size and victim in the order of its definition', () => {
    for (const live of [1, 2, 10, 110, 255, 256, 257, 1500]) {
      const options = { seed: live, operations: 6000, live, sizes: uniform(20, 120) };
      expect([...churn(options)]).toEqual([...plain(options)]);
    }
  });

  test('has the same victims whatever the sizes', () => {
    const freed = (requests: Iterable<Request>) =>
      Array.from(requests, ({ op, id }) => [op, id]);
    expect(freed(churn({ ...load, sizes: exponential(8) }))).toEqual(freed(ids(load)));
  });

  test('stays at `live`, or one below, once it is there', () => {
    const alive = aliveAfter(churn(load));
    expect(alive.slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect(new Set(alive.slice(50))).toEqual(new Set([49, 50]));
  });
});

describe('the shapes of memory use', () => {
  test('ramp: the line from 0 to live, never more than two away', () => {
    aliveAfter(ramp(load)).forEach((alive, i) => {
      expect(Math.abs(alive - (50 * (i + 1)) / 600)).toBeLessThan(2);
    });
    const only = aliveAfter(ramp({ ...load, live: 600 }));
    expect(only.at(-1)).toBe(600);
  });

  test('peaks: up to 4, back to 1, up to 4', () => {
    const few = { ...load, operations: 18, live: 4, left: 1 };
    expect(aliveAfter(peaks(few))).toEqual([
      1, 2, 3, 4, 3, 2, 1, 2, 3, 4, 3, 2, 1, 2, 3, 4, 3, 2,
    ]);
    expect(aliveAfter(peaks({ ...few, operations: 9, left: 0 }))).toEqual([
      1, 2, 3, 4, 3, 2, 1, 0, 1,
    ]);
    expect(() => peaks({ ...few, left: 4 })).toThrow(
      'left is 4. Give a whole number, at least 0 and at most 3.',
    );
  });

  test('plateau: up, about as many for long, and all back at the end', () => {
    fc.assert(
      fc.property(anyLoad, (options) => {
        expect(aliveAfter(plateau(options)).at(-1) ?? 0).toBe(0);
      }),
      { numRuns: 50 },
    );
    const alive = aliveAfter(plateau(load));
    expect(new Set(alive.slice(49, -50))).toEqual(new Set([49, 50]));
  });

  test('fifo frees the oldest, lifo the youngest; both reach 0 and live', () => {
    const long = { ...load, operations: 20_000, live: 20 };
    const freed = (requests: Iterable<Request>, goes: (ids: number[]) => unknown) => {
      const alive: number[] = [];
      const wrong: Request[] = [];
      for (const request of requests) {
        if (request.op === 'alloc') alive.push(request.id);
        else if (goes(alive) !== request.id) wrong.push(request);
      }
      return wrong;
    };
    expect(freed(fifo(long), (ids) => ids.shift())).toEqual([]);
    expect(freed(lifo(long), (ids) => ids.pop())).toEqual([]);
    for (const make of [fifo, lifo]) {
      const alive = aliveAfter(make(long));
      expect([Math.min(...alive), Math.max(...alive)]).toEqual([0, 20]);
    }
  });

  test('everyOther: ids 1, 3, 5 … go, then larger ones come', () => {
    const line = ({ op, id, size }: Request) => `${op} ${id} ${size}`;
    const options = { seed: 1, operations: 9, live: 5, sizes: fixed(1) };
    const start = [0, 1, 2, 3, 4].map((id) => `alloc ${id} 1`);
    const freed = ['free 1 1', 'free 3 1'];
    expect([...everyOther(options)].map(line)).toEqual([...start, ...freed]);
    expect([...everyOther({ ...options, larger: 2 })].map(line)).toEqual([
      ...start,
      ...freed,
      'alloc 5 2',
      'alloc 6 2',
    ]);
    const cut = everyOther({ ...options, operations: 6, larger: 2 });
    expect([...cut].map(line)).toEqual([...start, 'free 1 1']);
    expect(() => everyOther({ ...options, larger: 0 })).toThrow('larger is 0.');
  });
});

describe('Alive', () => {
  test('gives out by age whatever place is asked for, like one array', () => {
    const places = fc.array(fc.option(fc.nat(2000), { freq: 2 }), {
      maxLength: 900,
      size: 'max',
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 900 }), places, (first, steps) => {
        const alive = new Alive();
        const plain: number[] = [];
        let id = 0;
        const add = () => {
          alive.add({ op: 'alloc', id, size: 1 });
          plain.push(id++);
        };
        for (let i = 0; i < first; i++) add();
        for (const step of steps) {
          if (step === null || plain.length === 0) add();
          else {
            const place = step % plain.length;
            expect(alive.take(place).id).toBe(plain.splice(place, 1)[0]);
          }
          expect(alive.length).toBe(plain.length);
        }
      }),
      { numRuns: 40 },
    );
  });
});
