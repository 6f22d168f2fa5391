// The buddy system behind the interface that all allocators share.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buddy } from '../../lib/trace/adapters/buddy.js';
import { isKeeper } from '../../lib/trace/allocator.js';

describe('buddy(pages)', () => {
  test('rounds a request up to a power of two', () => {
    const allocator = buddy(64);
    expect([1, 2, 3, 4, 5, 33].map((size) => allocator.given(0, size))).toEqual([
      1, 2, 4, 4, 8, 64,
    ]);
    expect(allocator.alloc(5)).toBe(0);
    expect(allocator.alloc(3)).toBe(8);
    expect(allocator.held()).toEqual([
      { start: 0, end: 8 }, { start: 8, end: 12 },
    ]);
    expect(allocator.holes()).toEqual([
      { start: 12, end: 16 }, { start: 16, end: 32 }, { start: 32, end: 64 },
    ]);
    expect(allocator.taken()).toBe(12);
  });

  test('lists its blocks by order, behind the hot list', () => {
    const allocator = buddy(64);
    const addr = allocator.alloc(1)!;
    allocator.free(addr, 1);
    const lists = allocator.lists().filter(({ pieces }) => pieces.length > 0);
    expect(lists.map(({ name }) => name)).toEqual([
      'hot', 'order 0', 'order 1', 'order 2', 'order 3', 'order 4', 'order 5',
    ]);
    expect(lists[0].pieces).toEqual([{ start: 0, end: 1 }]);
    expect(allocator.held()).toEqual([]);
  });

  test('counts the lists that a request looks at', () => {
    const allocator = buddy(1024);
    const steps = (size: number) => {
      allocator.alloc(size);
      return allocator.steps();
    };
    expect([steps(512), steps(512), steps(4)]).toEqual([2, 1, 9]);
    expect(steps(4096)).toBe(0);
  });

  test('has no block above 1,024 pages, and none when it is full', () => {
    const allocator = buddy(4096);
    expect(allocator.alloc(1025)).toBeNull();
    const given = [1, 2, 3, 4].map(() => allocator.alloc(1024));
    expect(given).toEqual([0, 1024, 2048, 3072]);
    expect(allocator.alloc(1)).toBeNull();
    expect(allocator.holes()).toEqual([]);
  });

  test('is refused when another one has been made since', () => {
    const first = buddy(64);
    const second = buddy(64);
    expect(() => first.alloc(1)).toThrow('make another');
    expect(() => first.holes()).toThrow('make another');
    expect(second.alloc(1)).toBe(0);
  });

  test('keeps what every Keeper must', () => {
    const programs = fc.array(
      fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 70 }), fc.nat()),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(programs, (program) => {
        const allocator = buddy(256);
        expect(isKeeper(allocator)).toBe(true);
        const mine = new Map<number, number>();
        for (const [grow, size, which] of program) {
          if (grow) {
            const addr = allocator.alloc(size);
            if (addr !== null) mine.set(addr, size);
          } else if (mine.size > 0) {
            const [addr, n] = [...mine][which % mine.size];
            mine.delete(addr);
            allocator.free(addr, n);
          }
          const held = [...mine]
            .map(([start, n]) => ({ start, end: start + allocator.given(start, n) }))
            .sort((a, b) => a.start - b.start);
          expect(allocator.held()).toEqual(held);
          // Held and free pieces tile the range.
          const tiles = [...held, ...allocator.holes()];
          tiles.sort((a, b) => a.start - b.start);
          let at = 0;
          for (const { start, end } of tiles) {
            expect(start).toBe(at);
            at = end;
          }
          expect(at).toBe(256);
          const listed = allocator.lists().flatMap(({ pieces }) => [...pieces]);
          listed.sort((a, b) => a.start - b.start);
          expect(listed).toEqual(allocator.holes());
        }
      }),
      { seed: 41, numRuns: 60 },
    );
  });
});
