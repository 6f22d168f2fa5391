// Chunks and bins as bytes and numbers: what a student decodes by hand.
import { describe, expect, test } from 'vitest';
import { newProcess, offset } from '../../lib/libc/malloc_bins.js';
import { dump } from '../../lib/libc/malloc_check.js';
import { heapStart, dataStart, pageBytes } from '../../lib/libc/malloc_core.js';
import { free } from '../../lib/libc/malloc_free.js';
import { malloc } from '../../lib/libc/malloc_malloc.js';
import { killed, poke } from './client.js';

const ilp32 = () => newProcess('ilp32', 1 << 20);
const lp64 = () => newProcess('lp64', 1 << 20);

describe('request2size(n)', () => {
  test('in ilp32 adds 4, rounds up to 8, and is 16 at least', () => {
    const av = ilp32();
    const sizes = [0, 1, 12, 13, 20, 21, 28, 1000].map((n) => av.request2size(n));
    expect(sizes).toEqual([16, 16, 16, 24, 24, 32, 32, 1008]);
  });

  test('in lp64 adds 8, rounds up to 16, and is 32 at least', () => {
    const av = lp64();
    const sizes = [0, 1, 24, 25, 40, 41, 1000].map((n) => av.request2size(n));
    expect(sizes).toEqual([32, 32, 32, 48, 48, 64, 1008]);
  });

  test('leaves room for the request and one word, and wastes less than two', () => {
    for (const av of [ilp32(), lp64()]) {
      for (let n = 0; n < 3000; n++) {
        const size = av.request2size(n);
        expect(size % av.MALLOC_ALIGNMENT).toBe(0);
        expect(size - av.SIZE_SZ).toBeGreaterThanOrEqual(n);
        if (size > av.MINSIZE) {
          expect(size - av.SIZE_SZ - n).toBeLessThan(av.MALLOC_ALIGNMENT);
        }
      }
    }
  });

  test('the checked one refuses what might wrap around, and knows -1', () => {
    const av = ilp32();
    expect(av.checked_request2size(2 ** 32 - 33)).toBe(2 ** 32 - 24);
    expect(av.checked_request2size(2 ** 32 - 32)).toBe(0);
    expect(av.checked_request2size(-1)).toBe(0);
    expect(av.checked_request2size(2 ** 32 + 5)).toBe(16); // C sees 5
    expect(lp64().checked_request2size(2 ** 32 + 5)).toBe(2 ** 32 + 16);
    expect(lp64().checked_request2size(-1)).toBe(0);
    expect(() => av.checked_request2size(1.5)).toThrow('1.5 is no size');
  });
});

describe('bin_index(size)', () => {
  const av = ilp32();

  test('gives each size below 256 a bin, 8 bytes apart', () => {
    for (let size = 16; size < 256; size += 8) {
      expect(av.bin_index(size)).toBe(size / 8);
    }
  });

  test('cuts each doubling from 256 on into four, up to bin 95', () => {
    const starts = [256, 320, 384, 448, 512, 640, 768, 896, 1024, 1280];
    expect(starts.map((size) => av.bin_index(size))).toEqual([
      32, 33, 34, 35, 36, 37, 38, 39, 40, 41,
    ]);
    expect(starts.slice(1).map((size) => av.bin_index(size - 8))).toEqual([
      32, 33, 34, 35, 36, 37, 38, 39, 40,
    ]);
    expect([2 ** 24 - 8, 2 ** 24, 2 ** 30].map((s) => av.bin_index(s))).toEqual([
      95, 95, 95,
    ]);
  });

  test('never falls when the size grows', () => {
    let last = 0;
    for (let size = 16; size < 2 ** 25; size += 8 * Math.ceil(size / 4096)) {
      const index = av.bin_index(size);
      expect(index - last === 0 || index - last <= 2).toBe(true);
      last = index;
    }
  });

  test('loses the upper half of a size of lp64, as the original does', () => {
    expect(lp64().bin_index(2 ** 32 + 16)).toBe(28);
    expect(lp64().bin_index(2 ** 32 + 1024)).toBe(40);
  });
});

describe('the bytes of chunks', () => {
  test('ilp32: a tag of 4 bytes before the block, low byte first', () => {
    const av = ilp32();
    const a = malloc(av, 100);
    malloc(av, 20);
    expect(a).toBe(heapStart + 8);
    expect([...av.span(heapStart + 4, 4)]).toEqual([0x69, 0, 0, 0]); // 104 | 1
    expect([...av.span(heapStart + 108, 4)]).toEqual([0x19, 0, 0, 0]); // 24 | 1
  });

  test('ilp32: free, it links both ways and says its length at its end', () => {
    const av = ilp32();
    const a = malloc(av, 100);
    malloc(av, 20);
    free(av, a);
    const unsorted = av.unsorted_chunks;
    expect(unsorted).toBe(dataStart + 52); // its fd and bk: two words further on
    expect(dump(av, heapStart, 16).split('\n')).toEqual([
      '0x10000000  00 00 00 00  0x0',
      '0x10000004  69 00 00 00  0x69',
      '0x10000008  34 f0 ff 0f  0xffff034',
      '0x1000000c  34 f0 ff 0f  0xffff034',
    ]);
    expect(av.prev_size(heapStart + 104)).toBe(104);
    expect([...av.span(heapStart + 104, 8)]).toEqual([0x68, 0, 0, 0, 0x18, 0, 0, 0]);
    expect([av.fd(unsorted), av.bk(unsorted)]).toEqual([heapStart, heapStart]);
  });

  test('lp64: words of 8 bytes, the upper half zero, whatever was there', () => {
    const av = lp64();
    const a = malloc(av, 200);
    malloc(av, 20);
    av.span(a, 200).fill(0xff);
    free(av, a);
    expect(a).toBe(heapStart + 16);
    expect(dump(av, heapStart + 8, 24).split('\n')).toEqual([
      '0x10000008  d1 00 00 00 00 00 00 00  0xd1',
      '0x10000010  70 f0 ff 0f 00 00 00 00  0xffff070',
      '0x10000018  70 f0 ff 0f 00 00 00 00  0xffff070',
    ]);
    expect([...av.span(heapStart + 208, 8)]).toEqual([0xd0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('lp64: a negative word fills its upper half with ones', () => {
    const av = lp64();
    malloc(av, 20);
    av.set_head(heapStart, -16);
    expect([...av.span(heapStart + 8, 8)]).toEqual([
      0xf0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    ]);
    expect(av.chunksize(heapStart)).toBe(2 ** 32 - 16);
  });

  test('a chunk in use lends its prev_size to the chunk before', () => {
    const av = ilp32();
    const a = malloc(av, 28);
    malloc(av, 20);
    av.span(a, 28).fill(0xee); // all of it
    expect(av.prev_size(heapStart + 32)).toBe(0xeeeeeeee | 0);
    expect(av.chunksize(heapStart + 32)).toBe(24);
  });
});

describe('MORECORE(n)', () => {
  test('moves the break, and what it maps is zero, again and again', () => {
    const av = newProcess('ilp32', 8192);
    expect(av.MORECORE(4096)).toBe(heapStart);
    expect(av.MORECORE(4096)).toBe(heapStart + 4096);
    expect(av.MORECORE(1)).toBe(-1);
    av.span(heapStart + 4096, 4096).fill(7);
    expect(av.MORECORE(-4096)).toBe(heapStart + 8192);
    expect(av.MORECORE(0)).toBe(heapStart + 4096);
    expect(killed(() => av.span(heapStart + 4096, 1))).toBe('Segmentation fault');
    av.MORECORE(4096);
    expect(av.span(heapStart + 4096, 4096).every((byte) => byte === 0)).toBe(true);
    expect(av.MORECORE(-8193)).toBe(-1);
    expect([av.brk, av.maxBrk]).toEqual([heapStart + 8192, heapStart + 8192]);
  });

  test('a heap of a size that cannot be is refused', () => {
    expect(() => newProcess('ilp32', -1)).toThrow('a heap of -1 bytes');
    expect(() => newProcess('ilp32', 2 ** 32)).toThrow('a heap of 4294967296');
    expect(offset(heapStart + 8)).toBe(8);
  });
});

describe('at(a)', () => {
  test('lets pass what has room for a chunk, and kills everywhere else', () => {
    const av = ilp32();
    malloc(av, 20);
    const good = [dataStart, heapStart, heapStart + pageBytes - 16];
    expect(good.map((a) => av.at(a))).toEqual(good);
    for (const a of [0, 4, dataStart - 4, heapStart + pageBytes, 0x41414140, -4]) {
      expect(killed(() => av.at(a)), String(a)).toBe('Segmentation fault');
    }
    expect(killed(() => av.at(heapStart + 2))).toBe('Bus error');
    expect(killed(() => av.load(0))).toBe('Segmentation fault');
    expect(killed(() => av.store(0, 1))).toBe('Segmentation fault');
    poke(av, heapStart + 8, 77);
    expect(av.load(heapStart + 8)).toBe(77);
  });
});
