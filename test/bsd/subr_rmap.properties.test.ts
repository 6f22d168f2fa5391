// What 4.3BSD's map keeps for every legal program: with room for all its
// pieces, and with so few slots that it must lose some.
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  checkMap,
  entries,
  type map,
  newMap,
  rmalloc,
  rmfree,
  rmget,
  rminit,
} from '../../lib/bsd/subr_rmap.js';
import { dmesg } from '../../lib/sys/cons.js';
import { reboot } from '../../lib/sys/reboot.js';
import {
  Bitmap,
  drain,
  orders,
  overlap,
  programs,
  run,
  total,
  type Allocator,
} from './programs.js';

const UNITS = 200;
const settings = { seed: 1986, numRuns: 100 };

beforeEach(reboot);

/** A map with UNITS free from unit 1 on, and a program's view of it. */
function boot(mapsize: number) {
  const mp = newMap(mapsize);
  rminit(mp, UNITS, 1, 'm', mapsize);
  return { mp, map: view(mp) };
}

const view = (mp: map): Allocator => ({
  malloc: (size) => rmalloc(mp, size),
  mfree: (size, addr) => rmfree(mp, size, addr),
});

const freeIn = (mp: map): number =>
  entries(mp).reduce((sum, [m_size]) => sum + m_size, 0);

describe('for every legal program, with slots enough', () => {
  test('checkMap(mp) finds nothing, nothing overlaps, all units are there', () => {
    fc.assert(
      fc.property(programs(), (program) => {
        const { mp, map } = boot(120);
        run(program, map, (live) => {
          expect(checkMap(mp)).toEqual([]);
          expect(overlap(live)).toBe(false);
          expect(freeIn(mp) + total(live)).toBe(UNITS);
        });
        expect(dmesg()).toEqual([]);
      }),
      settings,
    );
  });

  test('rmfree(mp, size, rmalloc(mp, size)) restores the map exactly', () => {
    fc.assert(
      fc.property(programs(), fc.integer({ min: 1, max: 40 }), (program, n) => {
        const { mp, map } = boot(120);
        run(program, map);
        const before = entries(mp);
        const addr = rmalloc(mp, n);
        if (addr !== 0) rmfree(mp, n, addr);
        expect(entries(mp)).toEqual(before);
      }),
      settings,
    );
  });

  test('giving all back, in any order, leaves one entry', () => {
    fc.assert(
      fc.property(programs(), orders, (program, keys) => {
        const { mp, map } = boot(120);
        drain(run(program, map), map, keys);
        expect(entries(mp)).toEqual([[UNITS, 1]]);
      }),
      settings,
    );
  });

  test('rmget(mp, size, addr) is addr just when the whole range is free', () => {
    const ranges = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 30 }), fc.nat(UNITS + 10)),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(programs(), ranges, (program, ranges) => {
        const { mp, map } = boot(120);
        run(program, map);
        const bitmap = new Bitmap(0, 1);
        for (const [size, addr] of entries(mp)) bitmap.mfree(size, addr);
        for (const [size, addr] of ranges) {
          const free = bitmap.isFree(size, addr);
          expect(rmget(mp, size, addr)).toBe(free ? addr : 0);
          if (free) bitmap.take(size, addr);
          expect(entries(mp)).toEqual(bitmap.entries());
          expect(checkMap(mp)).toEqual([]);
        }
      }),
      settings,
    );
  });
});

describe('for every legal program, with 3 to 7 slots', () => {
  test('what is neither free nor allocated has been announced as lost', () => {
    let overflows = 0;
    fc.assert(
      fc.property(
        programs(4, 160),
        fc.integer({ min: 3, max: 7 }),
        (program, mapsize) => {
          reboot();
          const { mp, map } = boot(mapsize);
          const bitmap = new Bitmap(UNITS, 1);
          let heard = 0;
          const both: Allocator = {
            malloc(size) {
              const addr = map.malloc(size);
              expect(addr).toBe(bitmap.malloc(size));
              return addr;
            },
            mfree(size, addr) {
              map.mfree(size, addr);
              bitmap.mfree(size, addr);
              for (const line of dmesg().slice(heard)) {
                const [, from, to] = /lost \[(\d+),(\d+)\)$/.exec(line)!;
                bitmap.take(Number(to) - Number(from), Number(from));
              }
              heard = dmesg().length;
            },
          };
          run(program, both, () => {
            expect(checkMap(mp)).toEqual([]);
            expect(entries(mp)).toEqual(bitmap.entries());
          });
          overflows += heard;
        },
      ),
      settings,
    );
    expect(overflows).toBeGreaterThan(50);
  });
});
