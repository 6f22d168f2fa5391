// Four allocators, one algorithm: on legal programs, with slots enough,
// V7, 4.3BSD, Solaris 7 and Linux ia64 give the same addresses and maps.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { atealloc, atefree, atemapalloc } from '../../lib/bsd/ate_utils.js';
import * as v7 from '../../lib/bsd/malloc.js';
import * as sol7 from '../../lib/bsd/rmap.js';
import * as bsd43 from '../../lib/bsd/subr_rmap.js';
import { dmesg } from '../../lib/sys/cons.js';
import { programs, run, type Allocator } from './programs.js';

type Slot = { m_size: number; m_addr: number };
interface System extends Allocator {
  slots: Slot[];
}

function systems(): { [name: string]: System } {
  const mp = v7.newMap(120);
  const mp43 = bsd43.newMap(121);
  bsd43.rminit(mp43, 0, 0, 'm', 121);
  const mpSun = sol7.rmallocmap(120);
  const mpSgi = atemapalloc(120)!;
  return {
    v7: {
      malloc: (size) => v7.malloc(mp, size),
      mfree: (size, addr) => v7.mfree(mp, size, addr),
      slots: mp,
    },
    '4.3BSD': {
      malloc: (size) => bsd43.rmalloc(mp43, size),
      mfree: (size, addr) => bsd43.rmfree(mp43, size, addr),
      slots: mp43.mapent,
    },
    'Solaris 7': {
      malloc: (size) => sol7.rmalloc(mpSun, size),
      mfree: (size, addr) => sol7.rmfree(mpSun, size, addr),
      slots: mpSun.mapstart,
    },
    'Linux ia64': {
      malloc: (size) => atealloc(mpSgi, size),
      mfree: (size, addr) => atefree(mpSgi, size, addr),
      slots: mpSgi.mapstart,
    },
  };
}

const upToDelimiter = (slots: Slot[]): Slot[] =>
  slots.slice(0, slots.findIndex(({ m_size }) => m_size === 0) + 1);

test('every legal program gets the same answers from all four', () => {
  fc.assert(
    fc.property(programs(), (program) => {
      const all = Object.entries(systems());
      const together: Allocator = {
        malloc(size) {
          const answers = all.map(([, system]) => system.malloc(size));
          expect(answers).toEqual(Array(4).fill(answers[0]));
          return answers[0];
        },
        mfree: (size, addr) => all.forEach(([, s]) => s.mfree(size, addr)),
      };
      together.mfree(200, 1);
      run(program, together, () => {
        const [first, ...rest] = all.map(([, s]) => upToDelimiter(s.slots));
        for (const other of rest) expect(other).toEqual(first);
      });
      expect(dmesg()).toEqual([]);
    }),
    { seed: 1973, numRuns: 100 },
  );
});
