// malloc, free and realloc, call by call: which chunk, which order.
import { describe, expect, test } from 'vitest';
import { type malloc_state, newProcess, offset } from '../../lib/libc/malloc_bins.js';
import { bins, chunks, fastbins, malloc_check } from '../../lib/libc/malloc_check.js';
import { heapStart } from '../../lib/libc/malloc_core.js';
import {
  free, M_MXFAST, M_TOP_PAD, M_TRIM_THRESHOLD, malloc_trim, mallopt,
} from '../../lib/libc/malloc_free.js';
import { malloc } from '../../lib/libc/malloc_malloc.js';
import {
  calloc, malloc_usable_size, memalign, realloc, valloc,
} from '../../lib/libc/malloc_realloc.js';

const heap = (limit = 1 << 20): malloc_state => newProcess('ilp32', limit);

/** Offsets of the blocks of these sizes, allocated one after another. */
const place = (av: malloc_state, ...sizes: number[]): number[] =>
  sizes.map((size) => malloc(av, size));

/** The lists by name, as offsets of chunks. */
const lists = (av: malloc_state): { [name: string]: number[] } =>
  Object.fromEntries(
    [...fastbins(av), ...bins(av)].map((list) => [
      list.name,
      list.chunks.map(offset),
    ]),
  );

/** A chunk of this size, free, and a wall behind it. */
function hole(av: malloc_state, size: number): number {
  const mem = malloc(av, size);
  malloc(av, 20);
  return mem;
}

/** Files everything that is unsorted, and takes nothing that matters. */
const sort = (av: malloc_state): void => free(av, malloc(av, 50_000));

describe('malloc(av, size)', () => {
  test('cuts top from its low end, and gets whole pages for it', () => {
    const av = heap();
    expect(place(av, 100, 0, 4000).map(offset)).toEqual([8, 112, 128]);
    expect(av.brk - heapStart).toBe(8192);
    expect(offset(av.top)).toBe(4128);
    expect(av.steps).toBe(2); // top, too small, and top again
  });

  test('the same size freed last comes back first from a fastbin', () => {
    const av = heap();
    const [a, b, c] = place(av, 20, 20, 20);
    for (const mem of [a, b, c]) free(av, mem);
    expect(lists(av)).toEqual({ 'fastbin 1': [c, b, a].map((m) => offset(m) - 8) });
    expect(place(av, 20, 20, 20)).toEqual([c, b, a]);
  });

  test('a bin gives the oldest of its chunks first', () => {
    const av = heap();
    const [a, b] = [hole(av, 100), hole(av, 100)];
    free(av, a);
    free(av, b);
    sort(av);
    expect(lists(av)).toEqual({ 'bin 13': [offset(b) - 8, offset(a) - 8] });
    expect(place(av, 100, 100)).toEqual([a, b]);
  });

  test('an unsorted chunk of exactly this size is taken, not filed', () => {
    const av = heap();
    const [a, b, c] = [hole(av, 200), hole(av, 150), hole(av, 120)];
    for (const mem of [a, b, c]) free(av, mem);
    expect(malloc(av, 150)).toBe(b);
    expect(lists(av)).toEqual({
      unsorted: [offset(c) - 8],
      'bin 26': [offset(a) - 8],
    });
    expect(av.steps).toBe(2);
  });

  test('small requests go on in the remainder of the last one', () => {
    const av = heap();
    const a = hole(av, 400);
    free(av, a);
    const [b, c, d] = place(av, 80, 80, 80);
    expect([b, c, d]).toEqual([a, a + 88, a + 176]);
    expect(av.last_remainder).toBe(d - 8 + 88);
    expect(lists(av)).toEqual({ unsorted: [offset(d) - 8 + 88] });
  });

  test('even if a chunk that fits better waits in a bin', () => {
    const av = heap();
    const [a, b] = [hole(av, 100), hole(av, 400)];
    free(av, a);
    free(av, b);
    sort(av); // 104 bytes in bin 13, 408 in bin 34
    const c = malloc(av, 110); // is cut from b, and leaves a remainder
    expect(c).toBe(b);
    expect(malloc(av, 90)).toBe(b + 120); // a would lose 8 bytes only
    expect(lists(av)).toEqual({
      unsorted: [offset(b) - 8 + 216],
      'bin 13': [offset(a) - 8],
    });
  });

  test('but not when anything else is unsorted: then it is best fit', () => {
    const av = heap();
    const [a, b] = [hole(av, 400), hole(av, 150)];
    free(av, a);
    const first = malloc(av, 80);
    free(av, b);
    expect(malloc(av, 100)).toBe(b);
    expect(first).toBe(a);
  });

  test('a large request is no reason to remember its remainder', () => {
    const av = heap();
    const a = hole(av, 2000);
    free(av, a);
    malloc(av, 1000);
    expect(av.last_remainder).toBe(0);
    malloc(av, 80);
    expect(offset(av.last_remainder)).toBe(1008 + 88);
  });

  test('a large bin descends; an equal of the smallest goes behind it', () => {
    const av = heap();
    const sizes = [1032, 1100, 1032, 1064, 1100, 1032];
    const blocks = sizes.map((size) => hole(av, size));
    for (const mem of blocks) free(av, mem);
    sort(av);
    const [a, b, c, d, e, f] = blocks.map((mem) => offset(mem) - 8);
    expect(lists(av)).toEqual({ 'bin 40': [e, b, d, a, c, f] });
    expect(place(av, 1032, 1032, 1100)).toEqual(
      [f, c, b].map((p) => heapStart + p + 8),
    );
  });

  test('the smallest of a larger bin is taken, over all 96', () => {
    const av = heap();
    const [a, b, c] = [hole(av, 9000), hole(av, 3000), hole(av, 20_000)];
    for (const mem of [a, c, b]) free(av, mem);
    sort(av);
    expect(malloc(av, 2000)).toBe(b);
    expect(malloc(av, 4000)).toBe(a);
    expect(malloc(av, 10_000)).toBe(c);
  });

  test('a rest smaller than a chunk stays with the block', () => {
    const av = heap();
    const a = hole(av, 108);
    free(av, a);
    sort(av);
    expect(malloc(av, 97)).toBe(a);
    expect(malloc_usable_size(av, a)).toBe(108);
    free(av, a);
    sort(av);
    expect(malloc(av, 92)).toBe(a); // 112 - 96 is one
    expect(malloc_usable_size(av, a)).toBe(92);
  });

  test('a large request joins the fastbins first', () => {
    const av = heap();
    const blocks = place(av, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60);
    malloc(av, 20);
    for (const mem of blocks) free(av, mem);
    expect(malloc(av, 600)).toBe(blocks[0]);
  });

  test('a small one does so only instead of asking for more memory', () => {
    const av = heap(4096);
    const blocks = place(av, ...Array.from({ length: 56 }, () => 60));
    malloc(av, 400);
    for (const mem of blocks) free(av, mem);
    expect(av.have_fastchunks()).toBe(true);
    expect(malloc(av, 200)).toBe(blocks[0]);
    expect(av.have_fastchunks()).toBe(false);
    expect(av.brk - heapStart).toBe(4096);
  });

  test('clears the bit of an empty bin when it comes by', () => {
    const av = heap();
    const a = hole(av, 100);
    free(av, a);
    sort(av);
    malloc(av, 100);
    expect(av.nextMarked(13)).toBe(13);
    malloc(av, 90);
    expect(av.nextMarked(13)).toBe(0);
  });

  test('M_MXFAST 0: freed chunks join at once', () => {
    const av = heap();
    mallopt(av, M_MXFAST, 0);
    const [a, b] = place(av, 20, 20);
    malloc(av, 20);
    free(av, a);
    free(av, b);
    expect(lists(av)).toEqual({ unsorted: [0] });
    expect(chunks(av)[0].size).toBe(48);
    expect(mallopt(av, M_MXFAST, 81)).toBe(0);
    expect(mallopt(av, M_MXFAST, -1)).toBe(0);
    expect(mallopt(av, 77, 1)).toBe(0);
  });
});

describe('free(av, mem)', () => {
  test('joins a chunk with both neighbours', () => {
    const av = heap();
    const [a, b, c] = place(av, 100, 100, 100);
    malloc(av, 20);
    free(av, a);
    free(av, c);
    expect(chunks(av).map(({ kind }) => kind)).toEqual([
      'free', 'allocated', 'free', 'allocated', 'top',
    ]);
    free(av, b);
    expect(chunks(av)[0]).toMatchObject({ size: 312, kind: 'free' });
    expect(lists(av)).toEqual({ unsorted: [0] });
  });

  test('clears PREV_INUSE of the chunk behind, and writes the foot', () => {
    const av = heap();
    const [a, b] = place(av, 100, 100);
    const tag = av.head(b - 8);
    free(av, a);
    expect(av.head(b - 8)).toBe(tag - 1);
    expect(av.prev_size(b - 8)).toBe(104);
    expect([av.inuse(a - 8), av.inuse(b - 8)]).toEqual([false, true]);
  });

  test('next to top becomes top', () => {
    const av = heap();
    const [a, b] = place(av, 100, 100);
    free(av, b);
    expect(offset(av.top)).toBe(104);
    free(av, a);
    expect(offset(av.top)).toBe(0);
    expect(av.chunksize(av.top)).toBe(4096);
  });

  test('of a small chunk leaves its neighbours as they are', () => {
    const av = heap();
    const [a, b] = place(av, 20, 100);
    malloc(av, 20);
    free(av, a);
    free(av, b);
    expect(chunks(av).map(({ kind }) => kind)).toEqual([
      'cached', 'free', 'allocated', 'top',
    ]);
    expect(av.prev_inuse(b - 8)).toBe(true);
  });

  test('of nothing does nothing', () => {
    const av = heap();
    free(av, 0);
    expect([av.max_fast, chunks(av)]).toEqual([0, []]);
  });

  test('of much gives pages back to the system', () => {
    const av = heap();
    const [, b] = place(av, 100, 400_000);
    expect(av.brk - heapStart).toBe(401_408);
    free(av, b);
    expect([av.brk - heapStart, av.chunksize(av.top)]).toEqual([4096, 3992]);
    expect([av.sbrked_mem, av.max_sbrked_mem]).toEqual([4096, 401_408]);
  });

  test('of 128 KB empties the fastbins, which may have been in the way', () => {
    const av = heap();
    const [a, b] = place(av, 300_000, 20);
    free(av, b);
    expect(av.have_fastchunks()).toBe(true);
    free(av, a);
    expect([av.have_fastchunks(), offset(av.top)]).toEqual([false, 0]);
    expect(av.brk - heapStart).toBe(4096);
  });

  test('M_TRIM_THRESHOLD and M_TOP_PAD say when, and how much', () => {
    const av = heap();
    mallopt(av, M_TRIM_THRESHOLD, 600_000);
    mallopt(av, M_TOP_PAD, 8192);
    const mem = malloc(av, 400_000);
    expect(av.brk - heapStart).toBe(409_600);
    free(av, mem);
    expect(av.brk - heapStart).toBe(409_600);
    expect(malloc_trim(av, 20_000)).toBe(1);
    expect(av.brk - heapStart).toBe(20_480);
    expect(malloc_trim(av, 20_000)).toBe(0);
  });
});

describe('realloc(av, mem, size)', () => {
  /** A block of this size, full of the bytes 0, 1, 2, ... */
  function full(av: malloc_state, size: number): number {
    const mem = malloc(av, size);
    av.span(mem, size).forEach((_, i, view) => (view[i] = i));
    return mem;
  }
  const intact = (av: malloc_state, mem: number, size: number): boolean =>
    av.span(mem, size).every((byte, i) => byte === (i & 0xff));

  test('grows into top without moving', () => {
    const av = heap();
    const mem = full(av, 100);
    expect(realloc(av, mem, 3000)).toBe(mem);
    expect(realloc(av, mem, 300_000)).not.toBe(0);
  });

  test('grows into a free neighbour, and gives back what is too much', () => {
    const av = heap();
    const mem = full(av, 100);
    const next = malloc(av, 400);
    malloc(av, 20);
    free(av, next);
    expect(realloc(av, mem, 300)).toBe(mem);
    expect(intact(av, mem, 100)).toBe(true);
    expect(lists(av)).toEqual({ unsorted: [304] });
    expect(realloc(av, mem, 508)).toBe(mem);
    expect(chunks(av)[0].size).toBe(512);
  });

  test('moves otherwise, with its bytes, and frees the old place', () => {
    const av = heap();
    const mem = full(av, 100);
    malloc(av, 20);
    const moved = realloc(av, mem, 300);
    expect(moved).not.toBe(mem);
    expect(intact(av, moved, 100)).toBe(true);
    expect(lists(av)).toEqual({ unsorted: [0] });
  });

  test('moved to the chunk right behind becomes one with it, uncopied', () => {
    const av = heap(4096);
    const mem = full(av, 100);
    const behind = Array.from({ length: 5 }, () => malloc(av, 60));
    const rest = malloc(av, 3584);
    for (const block of behind) free(av, block); // cached, so in use
    expect(realloc(av, mem, 200)).toBe(mem);
    expect(intact(av, mem, 100)).toBe(true);
    expect(malloc_check(av)).toEqual([]);
    expect(rest).not.toBe(0);
  });

  test('shrinks where it is; the end is freed like any chunk', () => {
    const av = heap();
    const mem = full(av, 400);
    malloc(av, 20);
    expect(realloc(av, mem, 300)).toBe(mem);
    expect(lists(av)).toEqual({ unsorted: [304] });
    expect(realloc(av, mem, 260)).toBe(mem);
    expect(lists(av)).toEqual({ 'fastbin 3': [264], unsorted: [304] });
  });

  test('to 0 bytes frees nothing; of 0 it is malloc', () => {
    const av = heap();
    const mem = full(av, 100);
    expect(realloc(av, mem, 0)).toBe(mem);
    expect(malloc_usable_size(av, mem)).toBe(12);
    expect(offset(realloc(av, 0, 10))).toBe(24);
  });

  test('that fails leaves the block as it was', () => {
    const av = heap(8192);
    const mem = full(av, 100);
    malloc(av, 20);
    expect(realloc(av, mem, 10_000)).toBe(0);
    expect(realloc(av, mem, -1)).toBe(0);
    expect(intact(av, mem, 100)).toBe(true);
    expect(malloc_check(av)).toEqual([]);
  });
});

describe('calloc, memalign, valloc', () => {
  test('calloc(av, n, size) clears the whole block, whatever was there', () => {
    const av = heap();
    const mem = malloc(av, 100);
    malloc(av, 20);
    av.span(mem, 100).fill(0xff);
    free(av, mem);
    expect(calloc(av, 10, 10)).toBe(mem);
    expect(av.span(mem, 100).every((byte) => byte === 0)).toBe(true);
  });

  test('calloc(av, 65537, 65537) wraps around, and gives far too little', () => {
    const av = heap();
    const mem = calloc(av, 65_537, 65_537); // 2^32 + 131,073
    expect(malloc_usable_size(av, mem)).toBe(131_076);
    expect(calloc(newProcess('lp64', 1 << 20), 65_537, 65_537)).toBe(0);
  });

  test('memalign(av, align, size) frees what is before and behind', () => {
    const av = heap();
    malloc(av, 20);
    const mem = memalign(av, 256, 1000);
    expect(mem % 256).toBe(0);
    expect(malloc_usable_size(av, mem)).toBe(1004);
    expect(malloc_check(av)).toEqual([]);
    expect(chunks(av).map(({ kind }) => kind)).toEqual([
      'allocated', 'free', 'allocated', 'cached', 'top',
    ]);
  });

  test('an align that is no power of two counts as the next one', () => {
    const av = heap();
    malloc(av, 20);
    expect(memalign(av, 100, 10) % 128).toBe(0);
    expect(memalign(av, 24, 10) % 32).toBe(0);
    expect(memalign(av, 8, 10)).not.toBe(0);
    expect(memalign(av, 2 ** 30, 10)).toBe(0);
    expect(memalign(av, 64, 2 ** 32 - 10)).toBe(0);
  });

  test('valloc(av, size) starts a page, on a heap not used before, too', () => {
    const av = heap();
    expect(offset(valloc(av, 10))).toBe(4096);
    expect(malloc_usable_size(av, 0)).toBe(0);
  });
});

describe('when MORECORE has no more', () => {
  test('malloc is 0, what it sorted stays sorted, and life goes on', () => {
    const av = heap(65_536);
    const [a, b] = place(av, 30_000, 30_000);
    expect(malloc(av, 6000)).toBe(0);
    expect(offset(malloc(av, 5000))).toBe(60_024);
    free(av, a);
    expect(malloc(av, 40_000)).toBe(0);
    expect(lists(av)).toEqual({ 'bin 59': [0] });
    expect(malloc(av, 29_000)).toBe(a);
    free(av, b);
    expect(malloc_check(av)).toEqual([]);
  });

  test('a small request still finds what the fastbins have', () => {
    const av = heap(4096);
    const blocks = Array.from({ length: 170 }, () => malloc(av, 20));
    expect([blocks.at(-1), malloc(av, 20)]).toEqual([heapStart + 8 + 169 * 24, 0]);
    free(av, blocks[0]);
    expect([malloc(av, 20), malloc(av, 20)]).toEqual([blocks[0], 0]);
    free(av, blocks[3]);
    free(av, blocks[4]);
    expect(malloc(av, 40)).toBe(blocks[3]);
  });

  test('a heap without any memory refuses and stays sound', () => {
    const av = heap(0);
    expect([malloc(av, 1), calloc(av, 1, 1), memalign(av, 64, 1)]).toEqual([0, 0, 0]);
    expect([malloc_trim(av, 0), malloc_check(av)]).toEqual([0, []]);
  });
});

describe('when others call sbrk', () => {
  test('the old top ends with fenceposts, and a new one begins behind', () => {
    const av = heap();
    const a = malloc(av, 100);
    const theirs = av.MORECORE(100);
    av.span(theirs, 100).fill(0xaa);
    const b = malloc(av, 5000);
    expect(b % 8).toBe(0);
    expect(b).toBeGreaterThan(theirs);
    expect(chunks(av).map(({ kind }) => kind)).toEqual([
      'allocated', 'free', 'fence', 'fence', 'allocated', 'top',
    ]);
    expect(malloc_check(av)).toEqual([]);
    free(av, b);
    free(av, a);
    expect(av.span(theirs, 100).every((byte) => byte === 0xaa)).toBe(true);
    expect(av.brk % 4096).toBe(0);
    expect(malloc_check(av)).toEqual([]);
  });

  test.each([
    [16, []], // the fenceposts take its place
    [24, [8]], // eight bytes are left, and no use
    [32, [16]], // a least chunk, freed
  ])('an old top of %i bytes leaves chunks of %j bytes', (top, left) => {
    const av = heap();
    malloc(av, 4096 - top - 4);
    expect(av.chunksize(av.top)).toBe(top);
    av.MORECORE(8);
    malloc(av, 5000);
    expect(malloc_check(av)).toEqual([]);
    const sizes = chunks(av).map(({ size }) => size);
    expect(sizes.slice(1, -2)).toEqual([...left, 4, 4]);
  });

  test('top is not trimmed when it does not end at the break', () => {
    const av = heap();
    const mem = malloc(av, 300_000);
    av.MORECORE(4096);
    const before = av.brk;
    free(av, mem);
    expect([av.brk, malloc_trim(av, 0)]).toEqual([before, 0]);
  });
});
