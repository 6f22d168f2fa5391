// kmem_alloc behind the interface that all allocators share.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kmemAllocator } from '../../lib/trace/adapters/kmembytes.js';
import { isKeeper, type Piece } from '../../lib/trace/allocator.js';

const byStart = (a: Piece, b: Piece) => a.start - b.start;

describe('kmemAllocator(bytes)', () => {
  test('gives objects of the least of 34 sizes that will do, or pages', () => {
    const allocator = kmemAllocator();
    const sizes = [1, 33, 65, 897, 33000].map((size) => {
      const addr = allocator.alloc(size)!;
      return allocator.given(addr, size);
    });
    expect(sizes).toEqual([8, 40, 80, 1152, 36864]);
    const held = allocator.held().map(({ start, end }) => end - start);
    expect(held.sort((a, b) => a - b)).toEqual(sizes);
  });

  test('begins with nothing held, though the kernel has objects', () => {
    const allocator = kmemAllocator();
    expect(isKeeper(allocator)).toBe(true);
    expect(allocator.held()).toEqual([]);
    expect(allocator.taken()).toBe(0);
    const free = allocator.holes().reduce((sum, p) => sum + p.end - p.start, 0);
    const [start, end] = allocator.range;
    expect(free).toBeGreaterThan((end - start) * 0.98);
    expect(free).toBeLessThan(end - start);
  });

  test('lists first what is given next', () => {
    const allocator = kmemAllocator();
    const addr = allocator.alloc(100)!;
    allocator.free(addr, 100);
    const [{ pieces }] = allocator
      .lists()
      .filter(({ name }) => name === 'kmem_alloc_112 magazines');
    expect(pieces[0].start).toBe(addr);
    expect(allocator.alloc(112)).toBe(addr);
    expect(allocator.steps()).toBe(1);
  });

  test('is null when memory is used up, and goes on when some comes back', () => {
    const allocator = kmemAllocator(2 ** 22);
    const given: number[] = [];
    for (;;) {
      const addr = allocator.alloc(65536);
      if (addr === null) break;
      given.push(addr);
    }
    expect(given.length).toBeGreaterThan(30);
    allocator.free(given[3], 65536);
    expect(allocator.alloc(65536)).toBe(given[3]);
    expect(allocator.alloc(0)).toBeNull();
  });

  test('is refused when another one has been made since', () => {
    const first = kmemAllocator();
    const second = kmemAllocator();
    expect(() => first.alloc(1)).toThrow('make another');
    expect(() => first.holes()).toThrow('make another');
    expect(second.alloc(1)).not.toBeNull();
  });

  test.each([0, 4096, 2 ** 22 + 1, -1, NaN])('wants 4 MB or more: not %s', (n) => {
    expect(() => kmemAllocator(n)).toThrow(RangeError);
  });

  test('keeps what is held and what is free apart, and inside', () => {
    const program = fc.array(
      fc.record({ size: fc.integer({ min: 1, max: 50000 }), free: fc.nat() }),
      { maxLength: 60 },
    );
    const run = fc.property(program, (steps) => {
      const allocator = kmemAllocator();
      const [start, end] = allocator.range;
      const held: [number, number][] = [];
      for (const { size, free } of steps) {
        held.push([allocator.alloc(size)!, size]);
        if (free % 2 === 0) {
          const [[addr, was]] = held.splice(free % held.length, 1);
          allocator.free(addr, was);
        }
      }
      const pieces = held.map(([addr, size]) => ({
        start: addr,
        end: addr + allocator.given(addr, size),
      }));
      expect(allocator.held()).toEqual(pieces.sort(byStart));
      const all = [...pieces, ...allocator.holes()].sort(byStart);
      all.forEach((piece, i) => {
        expect(piece.start).toBeGreaterThanOrEqual(i > 0 ? all[i - 1].end : start);
      });
      expect(all[all.length - 1].end).toBeLessThanOrEqual(end);
    });
    fc.assert(run, { numRuns: 30 });
  }, 20_000);
});
