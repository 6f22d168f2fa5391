// kmalloc, call by call, and the bytes that it answers for.
import { beforeEach, describe, expect, test } from 'vitest';
import {
  __GFP_NORETRY, __GFP_NOWARN, GFP_ATOMIC, GFP_DMA, GFP_KERNEL,
} from '../../lib/linux/gfp.js';
import {
  kcalloc, kfree, kmalloc, kmallocSizes, ksize,
} from '../../lib/linux/kmalloc.js';
import {
  isWord, memset, read, setWord, shortsAt, wordInHex, write,
} from '../../lib/linux/memory.js';
import { PAGE_OFFSET, virt_to_page } from '../../lib/linux/mmzone.js';
import { alloc_pages, free_page } from '../../lib/linux/page_alloc.js';
import { configure, GET_PAGE_CACHE } from '../../lib/linux/slab_layout.js';
import { checkCaches } from '../../lib/linux/slabcheck.js';
import { bootSlabs } from './kernel.js';
import { panicOf } from './machine.js';

beforeEach(() => bootSlabs());

const cacheOf = (objp: number): string =>
  GET_PAGE_CACHE(virt_to_page(objp)).name;

describe('the sizes', () => {
  test.each([
    [32, [32, 64, 96, 128, 192, 256]],
    [64, [32, 64, 128, 192, 256]],
    [128, [32, 64, 128, 256]],
  ])('with cache lines of %i', (L1_CACHE_BYTES, sizes) => {
    configure({ L1_CACHE_BYTES });
    expect(kmallocSizes().slice(0, sizes.length)).toEqual(sizes);
    expect(kmallocSizes().at(-1)).toBe(131072);
  });
});

describe('kmalloc(size, flags)', () => {
  test('takes from the first cache that is large enough', () => {
    let last = 0;
    for (const cs_size of kmallocSizes()) {
      for (const size of [last + 1, cs_size]) {
        const objp = kmalloc(size, GFP_KERNEL);
        expect([cacheOf(objp), ksize(objp)]).toEqual([`size-${cs_size}`, cs_size]);
        kfree(objp);
      }
      last = cs_size;
    }
    expect(checkCaches()).toEqual([]);
  });

  test('of 0 bytes gives the smallest object', () => {
    const objp = kmalloc(0, GFP_KERNEL);
    expect(ksize(objp)).toBe(32);
  });

  test('of more than 128 KB gives 0', () => {
    expect(kmalloc(131073, GFP_KERNEL)).toBe(0);
    expect(kmalloc(2 ** 40, GFP_KERNEL)).toBe(0);
  });

  test('of DMA memory takes from the other row of caches', () => {
    const objp = kmalloc(100, GFP_ATOMIC | GFP_DMA);
    expect(cacheOf(objp)).toBe('size-128(DMA)');
    expect(objp - PAGE_OFFSET).toBeLessThan(16 * 2 ** 20);
  });

  test('gives 0 when there is no page left', () => {
    const gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
    while (alloc_pages(gfp, 0) !== null);
    let given = 0;
    while (kmalloc(64, gfp) !== 0) given++;
    expect(given).toBeGreaterThan(0); // what was in the cache already
    expect(checkCaches()).toEqual([]);
  });

  test('gives an object again that was freed', () => {
    const objp = kmalloc(100, GFP_KERNEL);
    kfree(objp);
    expect(kmalloc(128, GFP_KERNEL)).toBe(objp);
  });
});

describe('kcalloc(n, size, flags)', () => {
  test('gives zeros where other bytes were', () => {
    const objp = kmalloc(400, GFP_KERNEL);
    memset(objp, 0xaa, 512);
    kfree(objp);
    expect(kcalloc(100, 4, GFP_KERNEL)).toBe(objp);
    expect(read(objp, 400).every((byte) => byte === 0)).toBe(true);
    expect(read(objp + 400, 1)[0]).toBe(0xaa);
  });

  test('zeroes across pages', () => {
    const objp = kcalloc(10, 1000, GFP_KERNEL);
    write(objp + 4095, [1, 2]);
    kfree(objp);
    expect(kcalloc(10, 1000, GFP_KERNEL)).toBe(objp);
    expect([...read(objp + 4095, 2)]).toEqual([0, 0]);
  });

  test.each([
    [0, 8, 32], [1, 0, 32], [1000, 131, 131072], [3, 43690, 131072],
    [1000, 132, 0], [46341, 46341, 0], [65536, 32768, 0], [2147483647, 2, 0],
    [4294967295, 1, 0], [1, 2147483648, 0],
  ])('%i times %i: an object of %i', (n, size, expected) => {
    expect(ksize(kcalloc(n, size, GFP_KERNEL))).toBe(expected);
  });
});

describe('kfree(objp), ksize(objp)', () => {
  test('0 is no object: nothing happens, it has no size', () => {
    kfree(0);
    expect(ksize(0)).toBe(0);
  });

  test.each([
    [PAGE_OFFSET + 4096 * 5000, '0xc1388000'], [0x10, '0x10'],
  ])('an address in no slab stops the kernel: %i', (objp, shown) => {
    for (const call of [kfree, ksize]) {
      const panic = panicOf(() => call(objp));
      expect(panic.message).toBe('Oops: an address that is in no slab');
      expect(panic.explain()).toBe(`in ${call.name}, objp_addr ${shown}`);
    }
  });
});

describe('memory', () => {
  const end = PAGE_OFFSET + 4096 * 100; // of a page

  test('bytes that follow each other do so across pages', () => {
    write(end - 2, [1, 2, 3, 4]);
    expect([...read(end - 3, 6)]).toEqual([0, 1, 2, 3, 4, 0]);
    memset(end - 1, 7, 2);
    expect([...read(end - 2, 4)]).toEqual([1, 7, 7, 4]);
  });

  test('words are little-endian', () => {
    setWord(end - 2, 0x11223344, 4);
    expect([...read(end - 2, 4)]).toEqual([0x44, 0x33, 0x22, 0x11]);
    expect(isWord(end - 2, 0x11223344, 4)).toBe(true);
    expect(isWord(end - 2, 0x11223345, 4)).toBe(false);
    setWord(end, 2 ** 44 + 5, 8);
    expect(wordInHex(end, 8)).toBe('100000000005');
    memset(end, 0xff, 8);
    expect(wordInHex(end, 8)).toBe('ffffffffffffffff');
    memset(end, 0, 8);
    expect(wordInHex(end, 8)).toBe('0');
  });

  test('shortsAt is the memory, inside one page', () => {
    const shorts = shortsAt(end - 4, 2);
    shorts[1] = 0x1234;
    expect([...read(end - 4, 4)]).toEqual([0, 0, 0x34, 0x12]);
    shortsAt(end - 4, 3)[0] = 1;
    expect([...read(end - 4, 1)]).toEqual([0]);
  });

  test('a page keeps its bytes when it changes hands', () => {
    const page = alloc_pages(GFP_KERNEL, 0)!;
    const addr = PAGE_OFFSET + page.pfn * 4096;
    write(addr, [9]);
    free_page(addr);
    expect(alloc_pages(GFP_KERNEL, 0)).toBe(page);
    expect(read(addr, 1)[0]).toBe(9);
  });

  test('where there is none, that is said', () => {
    expect(() => read(PAGE_OFFSET - 1, 1)).toThrow('no memory at 0xbfffffff');
    const top = PAGE_OFFSET + 4096 * 16384;
    expect(() => write(top - 1, [1, 2])).toThrow('no memory at 0xc4000000');
    expect(() => isWord(top, 0, 4)).toThrow(RangeError);
  });
});
