// What size costs: classes, slabs, waste.
import { describe, expect, test } from 'vitest';
import {
  allocAlign, bestSlab, geometry, kmem_alloc_sizes, trials,
} from '../../lib/opensolaris/kmem_sizes.js';
import { reboot } from '../../lib/sys/reboot.js';

const wanted = (bufsize: number, align = 8) => ({
  bufsize, align, cflags: 0, quantum: 4096, qcache_max: 0, firewall: false,
});

describe('trials(chunksize, quantum)', () => {
  test('goes on behind what fits: what is in no slab of its own is skipped', () => {
    expect(trials(3000, 4096)).toEqual([
      { slabsize: 4096, chunks: 1, waste: 1096 },
      { slabsize: 8192, chunks: 2, waste: 1096 },
      { slabsize: 12288, chunks: 4, waste: 72 },
      { slabsize: 16384, chunks: 5, waste: 276 },
      { slabsize: 20480, chunks: 6, waste: 413 },
      { slabsize: 24576, chunks: 8, waste: 72 },
    ]);
    expect(bestSlab(3000, 4096)).toBe(12288);
  });

  test('tries one slab only when it has eight chunks or more', () => {
    expect(trials(512, 4096)).toEqual([{ slabsize: 4096, chunks: 8, waste: 0 }]);
    expect(trials(200, 4096)).toEqual([
      { slabsize: 4096, chunks: 20, waste: 4 },
    ]);
  });
});

describe('geometry', () => {
  test('a slab wastes less than an eighth, for every size to 4096', () => {
    reboot();
    let worst = 0;
    for (let size = 16; size <= 4096; size += 8) {
      const { cache_chunksize, cache_slabsize, hash } = geometry(wanted(size));
      const room = cache_slabsize - (hash ? 0 : 56);
      const left = room % cache_chunksize;
      worst = Math.max(worst, left / cache_slabsize);
    }
    expect(worst).toBeLessThan(1 / 8);
    expect(worst).toBeCloseTo(0.1094, 4);
  });

  test('504 bytes lie in a small slab, 512 do not: the limit is strict', () => {
    reboot();
    expect(geometry(wanted(504)).hash).toBe(false);
    expect(geometry(wanted(512)).hash).toBe(true);
  });
});

describe('kmem_alloc_sizes', () => {
  test('are 34, ascending', () => {
    expect(kmem_alloc_sizes).toHaveLength(34);
    const sorted = [...kmem_alloc_sizes].sort((a, b) => a - b);
    expect(kmem_alloc_sizes).toEqual(sorted);
  });

  test('waste 22 % at most from 64 to 2048, where powers of 2 waste half', () => {
    let most = 0;
    let sum = 0;
    for (let size = 64; size <= 2048; size++) {
      const given = kmem_alloc_sizes.find((class_) => class_ >= size)!;
      most = Math.max(most, (given - size) / given);
      sum += (given - size) / given;
    }
    expect(most).toBeCloseTo(255 / 1152, 10); // at 897
    expect(sum / 1985).toBeCloseTo(0.09, 2);
  });

  test('are aligned to what they are a multiple of', () => {
    expect([24, 64, 192, 2688, 4096, 12288].map((s) => allocAlign(s, 4096)))
      .toEqual([8, 64, 64, 64, 4096, 4096]);
    expect(allocAlign(4096, 8192)).toBe(64);
  });
});
