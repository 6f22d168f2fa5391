import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { arenas, vmem_check } from '../../lib/opensolaris/vmem_check.js';
import { reboot } from '../../lib/sys/reboot.js';
import { policies, vmemArena } from '../../lib/trace/adapters/arena.js';
import { systems } from '../../lib/trace/adapters/systems.js';
import { isKeeper } from '../../lib/trace/allocator.js';
import { readRep } from '../../lib/trace/rep.js';
import { replay } from '../../lib/trace/replay.js';

beforeEach(reboot);

describe('vmemArena', () => {
  test('starts VMEM once, for all arenas that follow', () => {
    vmemArena({ policy: 'best' });
    vmemArena({ policy: 'next' });
    expect(arenas().map(({ vm_name }) => vm_name).slice(5)).toEqual([
      'best fit',
      'next fit',
    ]);
  });

  test('is a Keeper: it says what is held, free, and on which list', () => {
    const allocator = vmemArena({ start: 4096, units: 4096, quantum: 16 });
    expect(isKeeper(allocator)).toBe(true);
    expect(allocator.range).toEqual([4096, 8192]);
    expect([100, 16, 32].map((size) => allocator.alloc(size))).toEqual([
      4096, 4208, 4224,
    ]);
    allocator.free(4208, 16);
    expect(allocator.held()).toEqual([
      { start: 4096, end: 4208 },
      { start: 4224, end: 4256 },
    ]);
    expect(allocator.holes()).toEqual([
      { start: 4208, end: 4224 },
      { start: 4256, end: 8192 },
    ]);
    expect(allocator.lists()).toEqual([
      { name: 'freelist 4', pieces: [{ start: 4208, end: 4224 }] },
      { name: 'freelist 11', pieces: [{ start: 4256, end: 8192 }] },
    ]);
    expect(allocator.given(4096, 100)).toBe(112);
    expect(allocator.taken()).toBe(160);
  });

  test('says null when it is full, and goes on', () => {
    const allocator = vmemArena({ start: 1, units: 10 });
    expect(allocator.alloc(11)).toBeNull();
    expect(allocator.alloc(10)).toBe(1);
    expect(allocator.alloc(1)).toBeNull();
    expect(allocator.taken()).toBe(10);
  });

  test('counts as steps what the search kstat counts', () => {
    const allocator = vmemArena({ policy: 'best', start: 1, units: 1000 });
    const held = [5, 1, 6, 1, 7, 1].map((size) => allocator.alloc(size)!);
    held.forEach((addr, i) => {
      if (i % 2 === 0) allocator.free(addr, [5, 1, 6, 1, 7, 1][i]);
    });
    allocator.alloc(5);
    expect(allocator.steps()).toBe(3); // 7 and 6, which are there first
    const instant = vmemArena({ start: 1, units: 1000 });
    instant.alloc(5);
    expect(instant.steps()).toBe(0);
  });

  test('gets larger hash tables as it fills, so that a free stays cheap', () => {
    const allocator = vmemArena({ start: 1, units: 20_000 });
    for (let i = 0; i < 10_000; i++) allocator.alloc(1);
    const vmp = arenas().at(-1)!;
    expect(vmp.vm_hash_table.length).toBeGreaterThanOrEqual(4096);
  });

  test.each(policies)('%s fit: held and holes tile the range, always', (policy) => {
    const steps = fc.array(
      fc.record({ size: fc.integer({ min: 1, max: 99 }), keep: fc.boolean() }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (program) => {
        reboot();
        const allocator = vmemArena({ policy, start: 16, units: 2048, quantum: 8 });
        const mine: { addr: number; size: number }[] = [];
        for (const { size, keep } of program) {
          if (keep) {
            const addr = allocator.alloc(size);
            if (addr !== null) mine.push({ addr, size });
          } else if (mine.length > 0) {
            const [{ addr, size: old }] = mine.splice(size % mine.length, 1);
            allocator.free(addr, old);
          }
          const pieces = [...allocator.held(), ...allocator.holes()];
          pieces.sort((a, b) => a.start - b.start);
          let at = 16;
          for (const { start, end } of pieces) {
            expect(start).toBe(at);
            at = end;
          }
          expect(at).toBe(16 + 2048);
          expect(vmem_check(arenas().at(-1)!)).toEqual([]);
          const listed = allocator.lists().flatMap(({ pieces: p }) => p);
          expect(listed).toHaveLength(allocator.holes().length);
        }
      }),
      { seed: 5, numRuns: 40 },
    );
  });
});

describe('the system vmem', () => {
  const folder = join(__dirname, '..', 'golden', 'recorded');
  const vmem = systems.find(({ name }) => name === 'vmem')!;

  // What the original gave for these programs, on the same arena.
  test.each([
    ['make', 'instant', 4191288239, 193824, 0],
    ['make', 'best', 628720163, 193824, 7],
    ['make', 'first', 121880928, 193824, 6],
    ['make', 'next', 1105790828, 321040, 2],
    ['perl', 'instant', 3901895126, 489744, 0],
    ['perl', 'best', 1698595982, 489744, 184],
    ['perl', 'first', 2207759449, 489744, 59],
    ['perl', 'next', 15747411, 641808, 2],
    ['sed', 'instant', 3688415962, 64800, 0],
    ['sed', 'best', 4261020548, 64704, 6],
    ['sed', 'first', 138595132, 64704, 5],
    ['sed', 'next', 3243845210, 89088, 2],
  ])('%s with %s fit is what vmem.c makes of it', (program, ...expected) => {
    const file = join(folder, `rec-${program}-bal.rep`);
    const text = readFileSync(file, 'utf8').trim().split('\n');
    const { header, requests } = readRep(text);
    const [policy, digest, max_brk, search_max] = expected;
    const bench = vmem.make({ ids: header.ids, options: { policy } });
    expect(replay(requests, bench)).toMatchObject({
      offsets_fnv1a32: digest,
      max_brk,
      search_max,
      failed: 0,
    });
  });
});
