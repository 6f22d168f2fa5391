// Swap space over several disks: 4.3BSD's rmalloc and the disk boundaries.
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  checkMap,
  entries,
  kernel,
  type map,
  newMap,
  rmalloc,
  rmfree,
  rminit,
} from '../../lib/bsd/subr_rmap.js';
import { dmesg } from '../../lib/sys/cons.js';
import { reboot } from '../../lib/sys/reboot.js';
import { panicOf, programs, run, total } from './programs.js';

beforeEach(reboot);

/** Makes swapmap: [addr, addr + size) free, boundaries every 32 blocks. */
function swap(size: number, addr: number, mapsize = 24, nswdev = 2): map {
  const mp = newMap(mapsize);
  rminit(mp, size, addr, 'swapmap', mapsize);
  Object.assign(kernel, { swapmap: mp, dmmax: 32, nswdev, CLSIZE: 2 });
  return mp;
}

describe('rmalloc(swapmap, size) with nswdev 2 and dmmax 32', () => {
  test('begins at the boundary, though the part below is large enough', () => {
    const mp = swap(200, 2);
    expect(rmalloc(mp, 20)).toBe(32);
    expect(entries(mp)).toEqual([[30, 2], [150, 52]]);
  });

  test('uses the part below once it ends at the boundary', () => {
    const mp = swap(30, 2);
    expect(rmalloc(mp, 12)).toBe(2);
    expect(entries(mp)).toEqual([[18, 14]]);
  });

  test('passes over a piece whose part above the boundary is too small', () => {
    const mp = swap(40, 2); // [2, 42): 30 below 32, 10 above
    rmfree(mp, 30, 66);
    expect(rmalloc(mp, 20)).toBe(66);
    expect(rmalloc(mp, 12)).toBe(0); // 30 below would do, and are not used
    expect(rmalloc(mp, 10)).toBe(32);
    expect(entries(mp)).toEqual([[30, 2], [10, 86]]);
  });

  test('leaves no rest when the part above is used up', () => {
    const mp = swap(40, 2);
    expect(rmalloc(mp, 10)).toBe(32);
    expect(entries(mp)).toEqual([[30, 2]]);
  });

  test('from a piece that starts at a boundary, counts to the next', () => {
    const mp = swap(40, 32);
    expect(rmalloc(mp, 8)).toBe(64);
    expect(rmalloc(mp, 32)).toBe(32);
    expect(entries(mp)).toEqual([]);
  });

  test('may lose space: freeing the rest can overflow the map', () => {
    const mp = swap(100, 2, 3);
    expect(rmalloc(mp, 20)).toBe(32);
    expect(dmesg()).toEqual(['swapmap: rmap ovflo, lost [2,32)']);
    expect(entries(mp)).toEqual([[50, 52]]);
  });

  test('rmalloc(swapmap, 33) panics: more than dmmax', () => {
    const mp = swap(200, 2);
    const panic = panicOf(() => rmalloc(mp, 33));
    expect(panic.message).toBe('rmalloc');
    expect(panic.facts).toEqual({
      call: 'rmalloc(swapmap, 33)',
      map: 'swapmap',
      size: 33,
    });
    expect(rmalloc(mp, 32)).toBe(32);
  });

  test('an address off CLSIZE panics, after the map has changed', () => {
    const mp = swap(29, 3);
    const panic = panicOf(() => rmalloc(mp, 4));
    expect(panic.message).toBe('rmalloc swapmap');
    expect(panic.facts).toEqual({
      call: 'rmalloc(swapmap, 4)',
      map: 'swapmap',
      size: 4,
      addr: 3,
    });
    // [3, 7) is nobody's now.
    expect(entries(mp)).toEqual([[25, 7]]);
  });

  test('with CLSIZE 1 no address is off', () => {
    const mp = swap(29, 3);
    kernel.CLSIZE = 1;
    expect(rmalloc(mp, 4)).toBe(3);
  });
});

describe('without interleaving', () => {
  test('one disk has no boundaries', () => {
    const mp = swap(200, 2, 24, 1);
    expect(rmalloc(mp, 20)).toBe(2);
    expect(rmalloc(mp, 20)).toBe(22);
  });

  test('another map has neither boundaries, nor dmmax, nor CLSIZE', () => {
    swap(200, 2);
    const mp = newMap(24);
    rminit(mp, 200, 3, 'ubamap', 24);
    expect(rmalloc(mp, 20)).toBe(3);
    expect(rmalloc(mp, 100)).toBe(23);
  });
});

test('for every legal program no piece of swap crosses a boundary', () => {
  fc.assert(
    fc.property(
      programs(32, 120),
      fc.constantFrom(2, 3),
      fc.constantFrom(1, 2, 31, 32, 33),
      (program, nswdev, addr) => {
        const mp = swap(400, addr, 100, nswdev);
        kernel.CLSIZE = 1;
        const map = {
          malloc(size: number) {
            const got = rmalloc(mp, size);
            const disk = (block: number) => Math.floor(block / 32);
            if (got !== 0) expect(disk(got)).toBe(disk(got + size - 1));
            return got;
          },
          mfree: (size: number, a: number) => rmfree(mp, size, a),
        };
        run(program, map, (live) => {
          expect(checkMap(mp)).toEqual([]);
          const free = entries(mp).reduce((sum, [m_size]) => sum + m_size, 0);
          expect(free + total(live)).toBe(400);
        });
      },
    ),
    { seed: 1980, numRuns: 100 },
  );
});
