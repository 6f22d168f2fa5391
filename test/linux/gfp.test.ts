// The masks of gfp.h: their values, and what they permit.
import { describe, expect, test } from 'vitest';
import * as gfp from '../../lib/linux/gfp.js';
import { bitNames, reach } from '../../lib/linux/gfp.js';

describe('the constants', () => {
  test('each __GFP_ name is the bit that it was in 2.6.11', () => {
    const bits = Object.entries(gfp).filter(
      ([name, value]) =>
        name.startsWith('__GFP_') &&
        !name.startsWith('__GFP_BITS') &&
        typeof value === 'number',
    );
    expect(Object.fromEntries(bits)).toEqual({
      __GFP_DMA: 0x01,
      __GFP_HIGHMEM: 0x02,
      __GFP_WAIT: 0x10,
      __GFP_HIGH: 0x20,
      __GFP_IO: 0x40,
      __GFP_FS: 0x80,
      __GFP_COLD: 0x100,
      __GFP_NOWARN: 0x200,
      __GFP_REPEAT: 0x400,
      __GFP_NOFAIL: 0x800,
      __GFP_NORETRY: 0x1000,
      __GFP_NO_GROW: 0x2000,
      __GFP_COMP: 0x4000,
      __GFP_ZERO: 0x8000,
    });
  });

  test('the sums have the values that appear in messages', () => {
    expect(gfp.GFP_ATOMIC).toBe(0x20);
    expect(gfp.GFP_NOIO).toBe(0x10);
    expect(gfp.GFP_NOFS).toBe(0x50);
    expect(gfp.GFP_KERNEL).toBe(0xd0);
    expect(gfp.GFP_USER).toBe(gfp.GFP_KERNEL);
    expect(gfp.GFP_HIGHUSER).toBe(0xd2);
    expect(gfp.GFP_DMA).toBe(1);
  });

  test('GFP_LEVEL_MASK has all how-bits but __GFP_ZERO', () => {
    expect(gfp.GFP_LEVEL_MASK).toBe(0x7ff0);
    expect(gfp.__GFP_BITS_MASK).toBe(0xffff);
    expect(gfp.GFP_ZONEMASK).toBe(3);
  });
});

describe('reach(mask)', () => {
  const answers = (mask: number) => {
    const { mayBlock, mayStartIO, mayEnterFS, mayKill, reserve } = reach(mask);
    return [mayBlock, mayStartIO, mayEnterFS, mayKill, reserve];
  };

  test.each([
    ['GFP_ATOMIC', gfp.GFP_ATOMIC, [false, false, false, false, 3 / 8]],
    ['GFP_NOIO', gfp.GFP_NOIO, [true, false, false, false, 1]],
    ['GFP_NOFS', gfp.GFP_NOFS, [true, true, false, false, 1]],
    ['GFP_KERNEL', gfp.GFP_KERNEL, [true, true, true, true, 1]],
    ['GFP_DMA', gfp.GFP_DMA, [false, false, false, false, 3 / 4]],
    ['0', 0, [false, false, false, false, 3 / 4]],
    ['__GFP_NORETRY', 0x10d0, [true, true, true, false, 1]],
  ])('of %s', (_, mask, wanted) => {
    expect(answers(mask)).toEqual(wanted);
  });

  test('permissions count only together with __GFP_WAIT', () => {
    expect(answers(gfp.__GFP_IO | gfp.__GFP_FS)).toEqual(answers(0));
  });

  test('names the zones, first choice first', () => {
    expect(reach(gfp.GFP_KERNEL).zones).toEqual(['Normal', 'DMA']);
    expect(reach(gfp.GFP_KERNEL | gfp.GFP_DMA).zones).toEqual(['DMA']);
    expect(reach(gfp.GFP_HIGHUSER).zones).toEqual(['HighMem', 'Normal', 'DMA']);
  });

  test('refuses both zone bits at once', () => {
    expect(() => reach(3)).toThrow(RangeError);
  });
});

describe('bitNames(mask)', () => {
  test('lists the bits from the lowest up', () => {
    expect(bitNames(gfp.GFP_HIGHUSER)).toEqual([
      '__GFP_HIGHMEM', '__GFP_WAIT', '__GFP_IO', '__GFP_FS',
    ]);
    expect(bitNames(0)).toEqual([]);
  });

  test('gives what has no name in hex', () => {
    expect(bitNames(gfp.GFP_ATOMIC | 0x20004)).toEqual(['__GFP_HIGH', '0x20004']);
  });
});
