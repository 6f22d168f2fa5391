// The checker: each invariant, broken on purpose, is named by its number.
import { describe, expect, test } from 'vitest';
import { newProcess } from '../../lib/libc/malloc_bins.js';
import { bins, chunks, fastbins, malloc_check } from '../../lib/libc/malloc_check.js';
import { heapStart } from '../../lib/libc/malloc_core.js';
import { free } from '../../lib/libc/malloc_free.js';
import { malloc } from '../../lib/libc/malloc_malloc.js';

/**
 * Chunks at 0 (used), 104 (bin 13), 208 (used), 232 (fastbin 1), 256 (used),
 * 664 (bin 34), 1072 (used), 1480 (bin 34), 1888 (used), top.
 */
function scene() {
  const av = newProcess('ilp32', 1 << 20);
  const sizes = [100, 100, 20, 20, 400, 404, 404, 400, 20];
  const blocks = sizes.map((size) => malloc(av, size));
  for (const i of [1, 5, 7]) free(av, blocks[i]);
  free(av, malloc(av, 50_000)); // files them, and goes back to top
  free(av, blocks[3]);
  return { av, blocks };
}

/** The numbers of the invariants that are broken, in order. */
const numbers = (av: ReturnType<typeof newProcess>): number[] =>
  [...new Set(malloc_check(av).map((fault) => parseInt(fault, 10)))].sort(
    (a, b) => a - b,
  );

describe('chunks, bins and fastbins', () => {
  test('show the heap as it is', () => {
    const { av } = scene();
    expect(chunks(av).map(({ addr, size, kind }) => [addr - heapStart, size, kind]))
      .toEqual([
        [0, 104, 'allocated'],
        [104, 104, 'free'],
        [208, 24, 'allocated'],
        [232, 24, 'cached'],
        [256, 408, 'allocated'],
        [664, 408, 'free'],
        [1072, 408, 'allocated'],
        [1480, 408, 'free'],
        [1888, 24, 'allocated'],
        [1912, 51_336, 'top'],
      ]);
    expect(fastbins(av)).toEqual([
      { name: 'fastbin 1', index: 1, chunks: [heapStart + 232] },
    ]);
    const [small, large] = bins(av);
    expect([small.name, small.chunks]).toEqual(['bin 13', [heapStart + 104]]);
    expect(large.name).toBe('bin 34');
    expect(malloc_check(av)).toEqual([]);
  });

  test('of a process that has not called malloc are empty', () => {
    const av = newProcess('lp64', 4096);
    expect([chunks(av), bins(av), fastbins(av), malloc_check(av)]).toEqual([
      [], [], [], [],
    ]);
  });
});

describe('malloc_check(av)', () => {
  const broken: [name: string, number, (s: ReturnType<typeof scene>) => void][] = [
    ['a size that leads nowhere', 1, ({ av }) => av.set_head(heapStart, 0x7001)],
    ['a size that is not a multiple of 8', 2, ({ av }) => {
      av.set_head(heapStart, 101);
    }],
    ['PREV_INUSE missing behind a used chunk', 3, ({ av }) => {
      av.set_head(heapStart + 104, 104);
    }],
    ['PREV_INUSE set behind a free chunk', 3, ({ av }) => {
      av.set_head(heapStart + 208, 25);
    }],
    ['a wrong foot', 4, ({ av }) => av.setPrevSize(heapStart + 208, 96)],
    ['IS_MMAPPED', 6, ({ av }) => av.set_head(heapStart, 104 | 3)],
    ['a link that its neighbour denies', 7, ({ av }) => {
      av.setBk(heapStart + 104, heapStart + 664);
    }],
    ['a link out of memory', 7, ({ av }) => av.setFd(heapStart + 104, 0x41414140)],
    ['a free chunk in no list', 3, ({ av }) => av.unlink(heapStart + 104)],
    ['a chunk in a bin of another size', 8, ({ av }) => {
      av.unlink(heapStart + 104);
      const bin = av.bin_at(20);
      av.link(bin, heapStart + 104, bin);
      av.mark_bin(20);
    }],
    ['a bin that is not marked', 9, ({ av }) => av.unmark_bin(13)],
    ['a fastbin with a chunk of another size', 10, ({ av }) => {
      av.store(av.fastbins, heapStart + 232);
    }],
    ['a fastbin that leads nowhere', 10, ({ av }) => {
      av.setFd(heapStart + 232, 0x41414140);
    }],
    ['max_fast below what a fastbin holds', 10, ({ av }) => {
      av.max_fast = 16 | (av.max_fast & 3);
    }],
    ['FASTCHUNKS_BIT lost', 11, ({ av }) => av.clear_fastchunks()],
    ['ANYCHUNKS_BIT lost', 11, ({ av }) => (av.max_fast &= ~1)],
    ['top that does not end at the break', 12, ({ av }) => {
      av.set_head(av.top, 2089);
    }],
  ];

  test.each(broken)('finds %s (%i)', (_name, number, stroke) => {
    const made = scene();
    stroke(made);
    expect(numbers(made.av)).toContain(number);
  });

  test('finds a large bin out of order (8)', () => {
    const av = newProcess('ilp32', 1 << 20);
    const blocks = [400, 20, 420, 20].map((size) => malloc(av, size));
    free(av, blocks[0]);
    free(av, blocks[2]);
    free(av, malloc(av, 40_000));
    expect(malloc_check(av)).toEqual([]);
    const [{ chunks: [large, little] }] = bins(av);
    const bin = av.bin_at(34);
    av.unlink(large);
    av.link(little, large, bin);
    expect(numbers(av)).toEqual([8]);
  });

  test('finds two free chunks side by side (5)', () => {
    const av = newProcess('ilp32', 1 << 20);
    const [a, b] = [100, 100, 20].map((size) => malloc(av, size));
    free(av, a);
    // b filed by hand, as if nobody had looked at its left neighbour.
    av.set_head(b - 8 + 104, 24);
    av.set_foot(b - 8, 104);
    const { unsorted_chunks } = av;
    av.link(unsorted_chunks, b - 8, av.first(unsorted_chunks));
    expect(numbers(av)).toEqual([5]);
  });
});
