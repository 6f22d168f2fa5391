import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Ledger, Misplaced, Overlap } from '../../lib/trace/ledger.js';

const thrown = (f: () => void): unknown => {
  try {
    f();
  } catch (error) {
    return error;
  }
  return null;
};

describe('Ledger.add', () => {
  test('takes pieces that touch, and what was freed again', () => {
    const ledger = new Ledger(1);
    ledger.add(1, 5, 100);
    ledger.add(6, 5, 100);
    ledger.remove(1);
    ledger.add(3, 3, 100);
    ledger.add(1, 2, 100);
    expect(ledger.size).toBe(3);
  });

  test.each([
    ['the same', 10, 10],
    ['its start', 5, 6],
    ['its end', 19, 9],
    ['inside it', 12, 3],
    ['around it', 5, 30],
  ])('refuses a piece that overlaps one alive: %s', (_how, addr, size) => {
    const ledger = new Ledger(1);
    ledger.add(10, 10, 100);
    const error = thrown(() => ledger.add(addr, size, 100));
    expect(error).toBeInstanceOf(Overlap);
    expect((error as Overlap).facts).toEqual({
      addr,
      end: addr + size,
      other: 10,
      otherEnd: 20,
    });
    expect((error as Overlap).exit).toBe(1);
    expect((error as Overlap).message).toBe(
      `[${addr}, ${addr + size}) overlaps [10, 20), which is alive`,
    );
  });

  test.each([
    ['below the range', 0, 4, '[0, 4) is not inside [8, 100)'],
    ['past its limit', 96, 5, '[96, 101) is not inside [8, 100)'],
    ['off the alignment', 12, 4, '[12, 16) does not begin at a multiple of 8'],
    ['between two units', 8.5, 4, '4 units at 8.5 are no piece'],
    ['of nothing', 8, 0, '0 units at 8 are no piece'],
    ['nowhere', NaN, 4, '4 units at NaN are no piece'],
  ])('refuses a piece %s', (_where, addr, size, why) => {
    const error = thrown(() => new Ledger(8, 8).add(addr, size, 100));
    expect(error).toBeInstanceOf(Misplaced);
    expect(error).not.toBeInstanceOf(Overlap);
    expect((error as Misplaced).message).toBe(why);
  });

  test('Ledger.remove refuses what is not alive', () => {
    const ledger = new Ledger(1);
    ledger.add(1, 5, 100);
    expect(() => ledger.remove(2)).toThrow('no piece at 2 is alive');
  });

  test('agrees with a look at every unit, on any list of calls', () => {
    const call = fc.record({
      free: fc.boolean(),
      addr: fc.integer({ min: 0, max: 45 }),
      size: fc.integer({ min: 1, max: 12 }),
    });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
        const ledger = new Ledger(2);
        const owner = new Map<number, number>(); // unit → its piece
        for (const { free, addr, size } of calls) {
          const units = Array.from({ length: size }, (_, i) => addr + i);
          if (free) {
            const alive = owner.get(addr) === addr;
            expect(thrown(() => ledger.remove(addr)) === null).toBe(alive);
            for (const [unit, piece] of owner) {
              if (alive && piece === addr) owner.delete(unit);
            }
          } else {
            const good = units.every((u) => u >= 2 && u < 40 && !owner.has(u));
            const error = thrown(() => ledger.add(addr, size, 40));
            expect(error === null).toBe(good);
            if (good) units.forEach((unit) => owner.set(unit, addr));
          }
        }
      }),
    );
  });

  test('takes a step in O(log n): 200,000 pieces in a moment', () => {
    const ledger = new Ledger(1);
    const start = process.cpuUsage();
    for (let i = 0; i < 200_000; i++) {
      ledger.add(1 + ((i * 7919) % 200_003) * 4, 4, 1e6);
    }
    const { user } = process.cpuUsage(start);
    expect(ledger.size).toBe(200_000);
    expect(() => ledger.add(3, 1, 1e6)).toThrow(Overlap);
    expect(user / 1e6).toBeLessThan(5); // seconds; O(n) would take minutes
  }, 60_000);
});
