// Doug Lea's malloc behind the interface that all allocators share.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { heapStart } from '../../lib/libc/malloc_core.js';
import { dlHeap } from '../../lib/trace/adapters/heap.js';
import { isKeeper, type Piece } from '../../lib/trace/allocator.js';

/** Pieces as offsets. */
const offsets = (pieces: readonly Piece[]): number[][] =>
  pieces.map(({ start, end }) => [start - heapStart, end - heapStart]);

describe('dlHeap({ model, mxfast, limit })', () => {
  test('gives out blocks, each with a tag before it', () => {
    const heap = dlHeap();
    expect(isKeeper(heap)).toBe(true);
    const a = heap.alloc(100)!;
    const b = heap.alloc(20)!;
    expect([heap.offset(a), heap.offset(b)]).toEqual([8, 112]);
    expect([heap.given(a, 100), heap.given(b, 20)]).toEqual([104, 24]);
    expect(offsets(heap.held())).toEqual([[4, 108], [108, 132]]);
    expect(offsets(heap.holes())).toEqual([[132, 4096]]);
    expect([heap.taken(), heap.steps()]).toEqual([4096, 1]);
  });

  test('lists what is free as malloc comes by: fastbins, bins, top', () => {
    const heap = dlHeap();
    const blocks = [20, 100, 20, 100, 20].map((size) => heap.alloc(size)!);
    for (const i of [0, 1, 3]) heap.free(blocks[i], 0);
    expect(heap.lists().map(({ name, pieces }) => [name, offsets(pieces)])).toEqual([
      ['fastbin 1', [[4, 28]]],
      ['unsorted', [[28, 132], [156, 260]]], // the oldest is taken first
      ['top', [[284, 4096]]],
    ]);
    expect(offsets(heap.holes())).toEqual([
      [4, 28], [28, 132], [156, 260], [284, 4096],
    ]);
  });

  test('resizes in place where it can, and says null where it cannot', () => {
    const heap = dlHeap({ limit: 8192 });
    const a = heap.alloc(100)!;
    expect(heap.realloc(a, 100, 2000)).toBe(a);
    expect(heap.realloc(a, 2000, 9000)).toBeNull();
    expect(heap.alloc(9000)).toBeNull();
    expect(heap.held()).toHaveLength(1);
  });

  test('two heaps know nothing of each other', () => {
    const [one, two] = [dlHeap(), dlHeap({ model: 'lp64' })];
    one.alloc(5000);
    expect(two.offset(two.alloc(1)!)).toBe(16);
    expect([one.taken(), two.taken()]).toEqual([8192, 4096]);
  });

  test('an mxfast beyond 80 is refused', () => {
    expect(() => dlHeap({ mxfast: 81 })).toThrow('mxfast is 0 to 80, not 81');
  });

  test('keeps what every Keeper must', () => {
    const programs = fc.array(
      fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 900 }), fc.nat()),
      { maxLength: 80 },
    );
    const setups = fc.record({
      model: fc.constantFrom('ilp32' as const, 'lp64' as const),
      mxfast: fc.constantFrom(0, 64),
    });
    fc.assert(
      fc.property(setups, programs, (setup, program) => {
        const heap = dlHeap({ ...setup, limit: 16_384 });
        const mine = new Map<number, number>();
        for (const [grow, size, which] of program) {
          if (grow) {
            const addr = heap.alloc(size);
            if (addr !== null) mine.set(addr, size);
          } else if (mine.size > 0) {
            const [addr, n] = [...mine][which % mine.size];
            mine.delete(addr);
            heap.free(addr, n);
          }
          const held = heap.held();
          expect(held).toHaveLength(mine.size);
          const byAddress = [...mine].sort(([a], [b]) => a - b);
          byAddress.forEach(([addr, n], i) => {
            // The payload lies in the piece, and the tag before it.
            expect(held[i].start).toBe(addr - heap.av.SIZE_SZ);
            expect(held[i].end).toBeGreaterThanOrEqual(addr + n);
            expect(held[i].end - held[i].start).toBe(heap.given(addr, n));
          });
          const all = [...held, ...heap.holes()].sort((a, b) => a.start - b.start);
          let end = all[0]?.start ?? 0;
          for (const piece of all) {
            expect(piece.start).toBe(end); // nothing is lost, nothing overlaps
            end = piece.end;
          }
          if (all.length > 0) expect(end).toBe(heap.av.brk);
          const listed = heap.lists().flatMap(({ pieces }) => pieces);
          const sorted = [...listed].sort((a, b) => a.start - b.start);
          expect(sorted).toEqual(heap.holes());
        }
      }),
      { numRuns: 60 },
    );
  });
});
