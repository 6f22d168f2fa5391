// The old map on an arena: what stays as it was, and what does not.
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import * as solaris7 from '../../lib/bsd/rmap.js';
import {
  rmalloc,
  rmalloc_wait,
  rmallocmap,
  rmallocmap_wait,
  rmfree,
  rmfreemap,
} from '../../lib/opensolaris/rmap.js';
import { arenas, vmem_check } from '../../lib/opensolaris/vmem_check.js';
import { statics, type vmem_t } from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import { dmesg } from '../../lib/sys/cons.js';
import { setDebug } from '../../lib/sys/panic.js';
import { reboot } from '../../lib/sys/reboot.js';
import { Deadlock, run, thread } from '../../lib/sys/threads.js';
import { rmapShim, vmemArena } from '../../lib/trace/adapters/arena.js';
import { bsd43Map } from '../../lib/trace/adapters/maps.js';
import { systems } from '../../lib/trace/adapters/systems.js';
import { caught } from '../caught.js';
import { boot, listing, panicOf } from './boot.js';

let mp: vmem_t;
beforeEach(() => {
  boot();
  mp = rmallocmap(10)!;
});

describe('rmallocmap', () => {
  test('makes an empty arena of units, whatever the number of slots', () => {
    expect(listing(mp)).toBe('r');
    expect([mp.vm_name, mp.vm_quantum, mp.vm_source]).toEqual(['rmap', 1, null]);
    expect(rmalloc(mp, 1)).toBe(0);
    expect(listing(rmallocmap(0)!)).toBe('r');
    expect(listing(rmallocmap_wait(3))).toBe('r');
  });

  test('gives null without memory; rmallocmap_wait waits for it', () => {
    reboot();
    vmem_init('heap', 4096, 4096); // too little for vmem_metadata
    while (arenas().length < 10) rmallocmap(1);
    expect(rmallocmap(1)).toBeNull();
    expect(caught(Deadlock, () => rmallocmap_wait(1)).message).toContain('heap');
  });

  test('rmfreemap says what nobody gave back', () => {
    rmfree(mp, 100, 1);
    rmalloc(mp, 30);
    rmfreemap(mp);
    expect(dmesg()).toEqual(["!vmem_destroy('rmap'): leaked 30 bytes"]);
    expect(arenas()).not.toContain(mp);
    expect(panicOf(() => rmfreemap(mp)).message).toBe('trap');
  });
});

describe('rmfree', () => {
  test('of what is new fills the map, of what is old empties a hand', () => {
    rmfree(mp, 100, 1);
    expect(listing(mp)).toBe('r s1+100 f1+100');
    expect(rmalloc(mp, 30)).toBe(1);
    expect(rmalloc(mp, 70)).toBe(31);
    expect(rmalloc(mp, 1)).toBe(0);
    rmfree(mp, 30, 1);
    expect(listing(mp)).toBe('r s1+100 f1+30 a31+70');
    expect(mp.vm_kstat.vk_mem_total).toBe(100);
  });

  test.each([
    ['what is free', 50, 10],
    ['what was never allocated as a whole', 31, 69],
  ])('of %s is a bad free', (_what, addr, size) => {
    rmfree(mp, 100, 1);
    rmalloc(mp, 30);
    expect(panicOf(() => rmfree(mp, size, addr)).message).toMatch(
      /^vmem_hash_delete\(rmap, .*\): bad free$/,
    );
  });

  test('of no unit inside the map is a wrong size, outside bad arguments', () => {
    rmfree(mp, 100, 1);
    rmalloc(mp, 30);
    expect(panicOf(() => rmfree(mp, 0, 1)).message).toContain('wrong size');
    expect(panicOf(() => rmfree(mp, 0, 500)).message).toContain('bad arguments');
    expect(panicOf(() => rmfree(mp, 5, 0)).message).toBe(
      'vmem_add(rmap, 0, 5): bad arguments',
    );
  });

  test.each([[-5, 10], [5, -10], [1.5, 10], [5, NaN]])(
    'of %d units at %d is a RangeError or a panic, and no change',
    (size, addr) => {
      rmfree(mp, 100, 1);
      const before = listing(mp);
      expect(() => rmfree(mp, size, addr)).toThrow();
      expect(listing(mp)).toBe(before);
    },
  );

  test('without a structure for the span gives up, and warns', () => {
    reboot();
    vmem_init('heap', 4096, 4096);
    const map = rmallocmap(1)!;
    let addr = 1;
    while (dmesg().length === 0 && addr < 1000) rmfree(map, 1, (addr += 2));
    expect(dmesg()).toEqual([
      `WARNING: rmfree(rmap, 1, ${addr}): cannot add segment`,
    ]);
    expect(addr).toBeGreaterThan(100);
    expect(vmem_check(map)).toEqual([]);
  });
});

describe('rmalloc', () => {
  test('of no unit is a panic', () => {
    rmfree(mp, 100, 1);
    expect(panicOf(() => rmalloc(mp, 0)).message).toBe(
      'vmem_xalloc(): size == 0',
    );
  });

  test('rmalloc_wait waits, and several get theirs', () => {
    rmfree(mp, 100, 1);
    rmalloc(mp, 100);
    const got: unknown[] = [];
    for (const name of ['A', 'B']) {
      thread(name, () => got.push([name, rmalloc_wait(mp, 40)]));
    }
    thread('C', () => rmfree(mp, 100, 1));
    run();
    expect(got).toEqual([['B', 1], ['A', 41]]);
  });

  test('rmalloc_wait is woken by units that are new, too', () => {
    thread('A', () => expect(rmalloc_wait(mp, 5)).toBe(1));
    thread('B', () => rmfree(mp, 5, 1));
    expect(run().at(-1)).toEqual(['A', 'ends']);
  });
});

describe('what the map of Solaris 7 did, and this does not:', () => {
  let old: solaris7.map_head;
  beforeEach(() => {
    old = solaris7.rmallocmap(20);
  });
  const fill = (size: number, addr: number): void => {
    solaris7.rmfree(old, size, addr);
    rmfree(mp, size, addr);
  };

  test('take back in parts', () => {
    fill(100, 1);
    const addr = solaris7.rmalloc(old, 10);
    expect(rmalloc(mp, 10)).toBe(addr);
    solaris7.rmfree(old, 4, addr);
    solaris7.rmfree(old, 6, addr + 4);
    expect(solaris7.rmalloc(old, 100)).toBe(1);
    expect(panicOf(() => rmfree(mp, 4, addr)).message).toBe(
      'vmem_hash_delete(rmap, 1, 4): wrong size (expect 10)',
    );
  });

  test('take back two pieces as one', () => {
    fill(100, 1);
    for (const size of [10, 20]) {
      solaris7.rmalloc(old, size);
      rmalloc(mp, size);
    }
    solaris7.rmfree(old, 30, 1);
    expect(() => rmfree(mp, 30, 1)).toThrow('wrong size');
  });

  test('join what was filled in piece by piece', () => {
    fill(50, 1);
    fill(50, 51);
    expect(solaris7.rmalloc(old, 80)).toBe(1);
    expect(rmalloc(mp, 80)).toBe(0);
  });

  test('first fit by address', () => {
    fill(100, 1);
    const take = (size: number) => [solaris7.rmalloc(old, size), rmalloc(mp, size)];
    const pieces = [5, 1, 3, 1].map((size) => take(size)[0]);
    for (const i of [0, 2]) {
      const size = [5, 1, 3][i];
      solaris7.rmfree(old, size, pieces[i]);
      rmfree(mp, size, pieces[i]);
    }
    // The first piece has 5 units, so the map takes it. In the arena a list
    // whose pieces all have 5 begins at 8.
    expect(take(5)).toEqual([1, 11]);
  });

  test('see that a range is partly free', () => {
    fill(100, 1);
    expect(() => solaris7.rmfree(old, 20, 91)).toThrow('bad rmfree');
    rmfree(mp, 20, 91); // units 91 to 100 are there twice now
    const got = [rmalloc(mp, 100), rmalloc(mp, 20)];
    expect(got).toEqual([1, 91]);
  });

  test('lose units in a full map: there are no slots here', () => {
    const small = solaris7.rmallocmap(2);
    for (const addr of [10, 20, 30]) {
      solaris7.rmfree(small, 5, addr);
      rmfree(mp, 5, addr);
    }
    const said = dmesg().filter((text) => text.includes('overflow'));
    expect(said).toHaveLength(1);
    const get = (rm: () => number) => [rm(), rm(), rm()].filter((a) => a !== 0);
    expect(get(() => solaris7.rmalloc(small, 5))).toHaveLength(2);
    expect(get(() => rmalloc(mp, 5))).toHaveLength(3);
  });
});

describe('rmapShim', () => {
  const calls = fc.array(
    fc.record({ size: fc.integer({ min: 1, max: 40 }), free: fc.nat() }),
    { maxLength: 80 },
  );

  test('is an instant fit arena, address for address', () => {
    fc.assert(
      fc.property(calls, (all) => {
        boot();
        const shim = rmapShim(600, 1);
        const arena = vmemArena({ start: 1, units: 600 });
        const held: [addr: number, size: number][] = [];
        for (const { size, free } of all) {
          if (free % 3 === 0 && held.length > 0) {
            const [[addr, n]] = held.splice(free % held.length, 1);
            for (const each of [shim, arena]) each.free(addr, n);
            continue;
          }
          const addr = shim.alloc(size);
          expect(arena.alloc(size)).toBe(addr);
          expect(arena.steps()).toBe(shim.steps());
          if (addr !== null) held.push([addr, size]);
        }
        expect(shim.held()).toEqual(arena.held());
        expect(shim.lists()).toEqual(arena.lists());
        expect(shim.taken()).toBe(arena.taken());
        for (const vmp of arenas()) expect(vmem_check(vmp)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('of single units answers as often as the old map', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 100 }), (all) => {
        boot();
        const both = [rmapShim(20, 1), bsd43Map(20, 1, 40)];
        const held: number[][] = [[], []];
        for (const call of all) {
          const free = call % 3 === 0 && held[0].length > 0;
          both.forEach((each, i) => {
            if (free) each.free(held[i].splice(call % held[i].length, 1)[0], 1);
            else {
              const addr = each.alloc(1);
              if (addr !== null) held[i].push(addr);
            }
          });
          expect(held[0].length).toBe(held[1].length);
          expect(new Set(held[0]).size).toBe(held[0].length);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('takes a map as it finds VMEM: not yet started, too', () => {
    reboot();
    const shim = rmapShim(100, 7);
    expect([shim.name, shim.range, shim.alloc(100)]).toEqual([
      'rmap', [7, 107], 7,
    ]);
    expect(statics.vmem_list).not.toBeNull();
  });

  test('is the system rmap, in the same pool as v7', () => {
    const bench = (name: string) =>
      systems
        .find((system) => system.name === name)!
        .make({ ids: 10, options: {} });
    const [rmap, v7] = [bench('rmap'), bench('v7')];
    const sizes = [1, 16, 17, 100];
    const offsets = [rmap, v7].map((each) =>
      sizes.map((size) => each.offset(each.allocator.alloc(size)!)),
    );
    expect(offsets[0]).toEqual(offsets[1]);
    expect(rmap.maxBrk()).toBe(v7.maxBrk());
    expect(rmap.allocator.range).toEqual(v7.allocator.range);
  });
});

test('a DEBUG kernel does not see units that are there twice, either', () => {
  rmfree(mp, 100, 1);
  setDebug(true);
  rmfree(mp, 20, 91); // partly inside, so not contained
  setDebug(false);
  expect(mp.vm_kstat.vk_mem_total).toBe(120);
  expect(vmem_check(mp)).toEqual([]);
});
