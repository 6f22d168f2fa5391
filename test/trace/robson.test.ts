// Robson's adversary, against first fit, best fit, buddies and chance.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { random, WrongLoad } from '../../lib/trace/random.js';
import { robson, robsonBound, type Robson } from '../../lib/trace/robson.js';
import type { Request } from '../../lib/trace/requests.js';

interface Piece {
  addr: number;
  size: number;
}

/** Where to put `size` units: the holes are given, the last has no end. */
type Policy = (holes: Piece[], size: number) => number;

const fitting = (holes: Piece[], size: number): Piece[] =>
  holes.filter((hole) => hole.size >= size);

const firstFit: Policy = (holes, size) => fitting(holes, size)[0].addr;

/** The smallest hole; memory that was never used only if there is none. */
const bestFit: Policy = (holes, size) =>
  fitting(holes, size).reduce((best, hole) => (hole.size < best.size ? hole : best))
    .addr;

/** The lowest multiple of the size: where a buddy system puts it. */
const buddies: Policy = (holes, size) => {
  for (const { addr, size: length } of holes) {
    const aligned = Math.ceil(addr / size) * size;
    if (aligned + size <= addr + length) return aligned;
  }
  throw new Error('the last hole has no end');
};

/** Any place in any hole; in the last one up to five units further on. */
function anywhere(seed: number): Policy {
  const next = random(seed);
  return (holes, size) => {
    const some = fitting(holes, size);
    const hole = some[Math.floor(next() * some.length)];
    const room = Math.min(hole.size - size, 5);
    return hole.addr + Math.floor(next() * (room + 1));
  };
}

/** An allocator that keeps the pieces alive in an array, by address. */
class Pieces {
  readonly alive: Piece[] = [];
  highest = 0; // end ever given out

  constructor(
    readonly policy: Policy,
    readonly from = 0,
  ) {}

  private holes(): Piece[] {
    let end = this.from;
    const holes = this.alive.map(({ addr, size }) => {
      const hole = { addr: end, size: addr - end };
      end = addr + size;
      return hole;
    });
    return [...holes, { addr: end, size: Infinity }].filter((h) => h.size > 0);
  }

  alloc(size: number): number {
    const addr = this.policy(this.holes(), size);
    const above = this.alive.findIndex((piece) => piece.addr > addr);
    this.alive.splice(above === -1 ? this.alive.length : above, 0, { addr, size });
    this.highest = Math.max(this.highest, addr + size);
    return addr;
  }

  free(addr: number): void {
    this.alive.splice(this.alive.findIndex((piece) => piece.addr === addr), 1);
  }
}

interface Driven {
  units: number; // from the start to the highest end ever
  most: number; // units alive at most
  requests: Request[];
}

/** Lets the adversary play against an allocator; refuses `refused`. */
function drive(
  limits: Robson,
  pieces: Pieces,
  refused: (request: Request) => boolean = () => false,
): Driven {
  const workload = robson(limits);
  const where = new Map<number, number>();
  const driven: Driven = { units: 0, most: 0, requests: [] };
  let live = 0;
  let answer: number | null | undefined;
  for (;;) {
    const { done, value } = workload.next(answer);
    if (done) break;
    const request = value as Request;
    driven.requests.push(request);
    answer = undefined;
    if (request.op === 'free') {
      expect(where.has(request.id)).toBe(true); // alive, freed once
      pieces.free(where.get(request.id) as number);
      where.delete(request.id);
      live -= request.size;
    } else if (refused(request)) {
      answer = null;
    } else {
      answer = pieces.alloc(request.size);
      where.set(request.id, answer);
      live += request.size;
    }
    driven.most = Math.max(driven.most, live);
  }
  driven.units = pieces.highest - pieces.from;
  return driven;
}

/** M, n, the bound, and what a buddy system needs. */
const published = [
  [256, 16, 753, 768],
  [1024, 16, 3057, 3072],
  [1024, 64, 4033, 4096],
  [2048, 128, 9089, 9216],
];

const anyLimits = fc
  .record({ k: fc.integer({ min: 0, max: 5 }), j: fc.integer({ min: 0, max: 3 }) })
  .map(({ k, j }) => ({ M: 2 ** (k + j), n: 2 ** k }));

describe('robson', () => {
  test.each(published)('M = %i, n = %i: first fit and best fit need %i units', (M, n, bound) => {
    expect(robsonBound(M, n)).toBe(bound);
    expect(drive({ M, n }, new Pieces(firstFit)).units).toBe(bound);
    expect(drive({ M, n }, new Pieces(bestFit)).units).toBe(bound);
  });

  test.each(published)('M = %i, n = %i: a buddy system needs n - 1 more than %i', (M, n, bound, units) => {
    expect(drive({ M, n }, new Pieces(buddies)).units).toBe(units);
    expect(units).toBe(bound + n - 1);
  });

  test('begins as its comment says: M = 8', () => {
    const pieces = new Pieces(firstFit);
    const { requests, units } = drive({ M: 8, n: 2 }, pieces);
    expect(pieces.alive.slice(-2)).toEqual([
      { addr: 7, size: 2 },
      { addr: 9, size: 2 },
    ]);
    expect([units, robsonBound(8, 2)]).toEqual([11, 11]);
    expect(requests.map(({ op, id, size }) => `${op} ${id} ${size}`)).toEqual([
      ...[0, 1, 2, 3, 4, 5, 6, 7].map((id) => `alloc ${id} 1`),
      ...[1, 3, 5, 7].map((id) => `free ${id} 1`),
      'alloc 8 2',
      'alloc 9 2',
    ]);
  });

  test('needs no start at 0, if it is told where memory begins', () => {
    for (const from of [1, 7, 4096]) {
      const limits = { M: 256, n: 16, from };
      expect(drive(limits, new Pieces(firstFit, from)).units).toBe(753);
    }
  });

  test('needs exactly the bound against first fit, for all small limits', () => {
    for (let M = 1; M <= 256; M *= 2) {
      for (let n = 1; n <= M; n *= 2) {
        const { units } = drive({ M, n }, new Pieces(firstFit));
        expect([M, n, units]).toEqual([M, n, robsonBound(M, n)]);
      }
    }
  });

  test('has never more than M units alive, whatever the allocator does', () => {
    fc.assert(
      fc.property(anyLimits, fc.nat(1000), (limits, seed) => {
        const { most, requests } = drive(limits, new Pieces(anywhere(seed)));
        expect(most).toBeLessThanOrEqual(limits.M);
        expect(Math.max(...requests.map(({ size }) => size))).toBeLessThanOrEqual(limits.n);
      }),
      { numRuns: 60 },
    );
  });

  test('drives every allocator to the bound, whatever its policy', () => {
    const policies = fc.oneof(
      fc.constantFrom(firstFit, bestFit, buddies),
      fc.nat(1000).map(anywhere),
    );
    fc.assert(
      fc.property(anyLimits, policies, (limits, policy) => {
        const { units } = drive(limits, new Pieces(policy));
        expect(units).toBeGreaterThanOrEqual(robsonBound(limits.M, limits.n));
      }),
      { numRuns: 80 },
    );
  });

  test('takes a refusal for an answer, and does not free what it did not get', () => {
    fc.assert(
      fc.property(anyLimits, fc.integer({ min: 2, max: 5 }), (limits, k) => {
        const refused = ({ id }: Request) => id % k === 0;
        const { requests } = drive(limits, new Pieces(firstFit), refused);
        const freed = requests.filter(({ op }) => op === 'free');
        expect(freed.some(({ id }) => id % k === 0)).toBe(false);
      }),
      { numRuns: 30 },
    );
  });

  test('says so when nobody answers', () => {
    const deaf = () => [...robson({ M: 8, n: 2 })];
    expect(deaf).toThrow(WrongLoad);
    expect(deaf).toThrow('Drive it with an allocator, and hand back every answer.');
  });

  test('refuses limits that make no sense', () => {
    expect(() => robson({ M: 8, n: 3 })).toThrow('3 is no power of two.');
    expect(() => robson({ M: 12, n: 4 })).toThrow('12 is no power of two.');
    expect(() => robson({ M: 8, n: 16 })).toThrow('at least 1 and at most 8.');
    expect(() => robson({ M: 0, n: 1 })).toThrow('M is 0.');
    expect(() => robson({ M: 8, n: 2, from: -1 })).toThrow('from is -1.');
    expect(() => robsonBound(8, 3)).toThrow(WrongLoad);
  });
});
