// kmalloc behind the interface that all allocators share.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kmallocAllocator } from '../../lib/trace/adapters/kmalloc.js';
import { isKeeper, type Piece } from '../../lib/trace/allocator.js';

const byStart = (a: Piece, b: Piece) => a.start - b.start;

describe('kmallocAllocator(pages)', () => {
  test('gives objects of the least size that will do', () => {
    const allocator = kmallocAllocator(1024);
    const sizes = [1, 33, 100, 5000].map((size) => {
      const addr = allocator.alloc(size)!;
      return allocator.given(addr, size);
    });
    expect(sizes).toEqual([32, 64, 128, 8192]);
    const held = allocator.held().map(({ start, end }) => end - start);
    expect(held.sort((a, b) => a - b)).toEqual([32, 64, 128, 8192]);
  });

  test('begins with nothing held, though the kernel has objects', () => {
    const allocator = kmallocAllocator(1024);
    expect(allocator.held()).toEqual([]);
    expect(allocator.taken()).toBe(0);
    const free = allocator.holes().reduce((sum, p) => sum + p.end - p.start, 0);
    const [start, end] = allocator.range;
    expect(free).toBeGreaterThan((end - start) * 0.97);
    expect(free).toBeLessThan(end - start);
  });

  test('uses memory from below', () => {
    const allocator = kmallocAllocator(4096);
    const addr = allocator.alloc(65536)!;
    expect(addr - allocator.range[0]).toBeLessThan(2 ** 18);
    expect(allocator.taken()).toBe(addr + 65536 - allocator.range[0]);
  });

  test('counts what an allocation moves: one, or a batch', () => {
    const allocator = kmallocAllocator(1024);
    allocator.alloc(700);
    expect(allocator.steps()).toBe(4); // size-1024: four in a new slab
    allocator.alloc(700);
    expect(allocator.steps()).toBe(1);
    expect(allocator.alloc(131073)).toBeNull();
    expect(allocator.steps()).toBe(0);
  });

  test('lists first what is given next', () => {
    const allocator = kmallocAllocator(1024);
    const addr = allocator.alloc(100)!;
    allocator.free(addr, 100);
    const [{ pieces }] = allocator
      .lists()
      .filter(({ name }) => name === 'size-128 array');
    expect(pieces[0].start).toBe(addr);
    expect(allocator.alloc(128)).toBe(pieces[0].start);
  });

  test('is null when memory is used up, and goes on when some comes back', () => {
    const allocator = kmallocAllocator(1024);
    const given: number[] = [];
    for (;;) {
      const addr = allocator.alloc(131072);
      if (addr === null) break;
      given.push(addr);
    }
    expect(given.length).toBeGreaterThan(25);
    allocator.free(given[3], 131072);
    expect(allocator.alloc(131072)).toBe(given[3]);
  });

  test('is refused when another one has been made since', () => {
    const first = kmallocAllocator(1024);
    const second = kmallocAllocator(1024);
    expect(() => first.alloc(1)).toThrow('make another');
    expect(() => first.holes()).toThrow('make another');
    expect(second.alloc(1)).not.toBeNull();
  });

  test.each([0, 1000, 1024.5, -1024])('wants whole 4 MB: not %s', (pages) => {
    expect(() => kmallocAllocator(pages)).toThrow(RangeError);
  });

  test('keeps what every Keeper must', () => {
    const programs = fc.array(
      fc.tuple(
        fc.boolean(),
        fc.oneof(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 20000 })),
        fc.nat(),
      ),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(programs, (program) => {
        const allocator = kmallocAllocator(1024);
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
        }
        const held = allocator.held();
        expect(held.map(({ start }) => start)).toEqual(
          [...mine.keys()].sort((a, b) => a - b),
        );
        for (const { start, end } of held) {
          expect(end - start).toBe(allocator.given(start, mine.get(start)!));
          expect(end - start).toBeGreaterThanOrEqual(mine.get(start)!);
        }
        const holes = allocator.holes();
        expect([...holes].sort(byStart)).toEqual(holes);
        const listed = allocator.lists().flatMap(({ pieces }) => pieces);
        expect([...listed].sort(byStart)).toEqual(holes);
        const [from, to] = allocator.range;
        let last = from;
        for (const { start, end } of [...held, ...holes].sort(byStart)) {
          expect(start).toBeGreaterThanOrEqual(last);
          last = end;
        }
        expect(last).toBeLessThanOrEqual(to);
      }),
      { numRuns: 30 },
    );
  });
});
