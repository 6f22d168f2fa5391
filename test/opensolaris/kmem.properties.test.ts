// KMEM for every program that frees what it got: the invariants after each
// operation, no overlap, nothing constructed twice, nothing lost.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  KM_NOSLEEP, KMC_NOHASH, KMC_NOMAGAZINE, KMC_NOTOUCH,
} from '../../lib/opensolaris/kmem.js';
import {
  kmem_alloc, kmem_free, kmem_zalloc,
} from '../../lib/opensolaris/kmem_alloc.js';
import {
  cached, held as heldOf, checkCache, checkCaches,
} from '../../lib/opensolaris/kmemcheck.js';
import { kmem_cache_create } from '../../lib/opensolaris/kmem_create.js';
import {
  kmem_cache_destroy, kmem_cache_magazine_purge, kmem_cache_magazine_resize,
  kmem_hash_rescale,
} from '../../lib/opensolaris/kmem_depot.js';
import {
  type kmem_cache_t, statics, tunables,
} from '../../lib/opensolaris/kmem_impl.js';
import { bootKmem } from '../../lib/opensolaris/kmem_init.js';
import {
  kmem_cache_alloc, kmem_cache_free,
} from '../../lib/opensolaris/kmem_layers.js';
import {
  kmem_cache_kstat_update, kmem_cache_reap, kmem_cache_reap_now,
  kmem_cache_update, kmem_cpu_setup,
} from '../../lib/opensolaris/kmem_reap.js';
import {
  kmem_cache_magazine_enable,
} from '../../lib/opensolaris/kmem_create.js';
import { read, write } from '../../lib/opensolaris/memory.js';
import { taskq_wait } from '../../lib/opensolaris/taskq.js';
import { arenas, vmem_check } from '../../lib/opensolaris/vmem_check.js';
import { VMEM_ALLOC } from '../../lib/opensolaris/vmem_impl.js';
import { vmem_size } from '../../lib/opensolaris/vmem_walk.js';
import { dmesg } from '../../lib/sys/cons.js';
import { onCpu } from '../../lib/sys/cpu.js';
import { contend } from '../../lib/sys/mutex.js';
import { reboot } from '../../lib/sys/reboot.js';

const machines = fc.record({
  cpus: fc.integer({ min: 1, max: 3 }),
  kmem_flags: fc.constantFrom(0, 0, 0, 4, 6, 15, 0x100, 0x20, 0x400),
  page: fc.constantFrom(4096, 8192),
});

const shapes = fc.record({
  size: fc.oneof(
    fc.integer({ min: 1, max: 100 }),
    fc.integer({ min: 100, max: 700 }),
    fc.integer({ min: 700, max: 20000 }),
  ),
  align: fc.constantFrom(0, 0, 0, 8, 64, 256, 4),
  cflags: fc.constantFrom(0, 0, 0, KMC_NOMAGAZINE, KMC_NOTOUCH),
  every: fc.constantFrom(0, 0, 3),
});

const steps = fc.array(
  fc.record({
    what: fc.constantFrom(
      'alloc', 'alloc', 'alloc', 'fill', 'fill', 'free', 'free', 'drain',
      'drain', 'update', 'update', 'reap', 'reapNow', 'purge', 'resize',
      'rescale', 'contend', 'offline',
    ),
    n: fc.nat(30),
    cpu: fc.nat(2),
  }),
  { maxLength: 40 },
);

/** A cache whose objects know that they are constructed. */
class Owner {
  readonly cp: kmem_cache_t;
  readonly held: number[] = [];
  readonly made = new Set<number>(); // constructed, not unmade
  calls = 0;

  constructor({ size, align, cflags, every }: {
    size: number; align: number; cflags: number; every: number;
  }) {
    const construct = (buf: number, me: unknown): number => {
      expect(me).toBe(this);
      this.calls++;
      if (every > 0 && this.calls % every === 0) return 1;
      expect(this.made.has(buf)).toBe(false);
      this.made.add(buf);
      return 0;
    };
    const destruct = (buf: number): void => {
      expect(this.made.delete(buf)).toBe(true);
    };
    this.cp = kmem_cache_create(
      'owner', size, align, construct, destruct, null, this, null, cflags,
    );
  }

  alloc(): void {
    const buf = kmem_cache_alloc(this.cp, KM_NOSLEEP);
    if (buf === null) return;
    expect(this.made.has(buf)).toBe(true);
    expect(this.held).not.toContain(buf);
    expect(buf % Math.max(this.cp.cache_align, 1)).toBe(0);
    this.held.push(buf);
  }

  free(n: number): void {
    const [buf] = this.held.splice(n % this.held.length, 1);
    kmem_cache_free(this.cp, buf);
  }

  /** Does what a step says, on the CPU that it says. */
  step(what: string, n: number): void {
    const { cp } = this;
    switch (what) {
      case 'alloc':
        return this.alloc();
      case 'fill':
        for (let i = 0; i < n; i++) this.alloc();
        return;
      case 'free':
        return this.held.length > 0 ? this.free(n) : undefined;
      case 'drain':
        for (let i = 0; i < n && this.held.length > 0; i++) this.free(n * i);
        return;
      case 'update':
        kmem_cache_update(cp);
        return taskq_wait(statics.kmem_taskq!);
      case 'reap':
        return kmem_cache_reap(cp);
      case 'reapNow':
        return kmem_cache_reap_now(cp);
      case 'purge':
        kmem_cache_magazine_purge(cp);
        return kmem_cache_magazine_enable(cp);
      case 'resize':
        return kmem_cache_magazine_resize(cp);
      case 'rescale':
        if (cp.cache_hash_table !== null) kmem_hash_rescale(cp);
        return;
      case 'contend':
        return contend(cp.cache_depot_lock, n);
      default:
        kmem_cpu_setup('CPU_UNCONFIG');
        return taskq_wait(statics.kmem_taskq!);
    }
  }
}

/** Are these pieces of one length apart from each other? */
function apart(addrs: number[], size: number): boolean {
  const sorted = [...addrs].sort((a, b) => a - b);
  return sorted.every((at, i) => i === 0 || at - sorted[i - 1] >= size);
}

describe('a cache, whatever is done with it,', () => {
  test('keeps its invariants, and gives out what is constructed and apart', () => {
    const run = fc.property(machines, shapes, steps, (machine, shape, program) => {
      reboot();
      bootKmem(machine);
      const owner = new Owner(shape);
      const { cp, held } = owner;
      for (const { what, n, cpu } of program) {
        onCpu(cpu % machine.cpus, () => owner.step(what, n));
        expect(checkCache(cp)).toEqual([]);
        expect(heldOf(cp)).toEqual([...held].sort((a, b) => a - b));
        expect(apart(held, shape.size)).toBe(true);
      }
      const { kmc_buf_inuse } = kmem_cache_kstat_update(cp);
      expect(kmc_buf_inuse).toBe(held.length);

      // What goes back is all there was.
      while (held.length > 0) owner.free(0);
      kmem_cache_destroy(cp);
      expect(owner.made.size).toBe(0);
      expect(cp.cache_buftotal).toBe(0);
      expect(dmesg().filter((text) => text.includes('not empty'))).toEqual([]);
      expect(checkCaches()).toEqual([]);
      expect(arenas().flatMap(vmem_check)).toEqual([]);
    });
    fc.assert(run, { numRuns: 120 });
  }, 30_000);

  test('has each constructor undone once, with magazines or without', () => {
    const run = fc.property(fc.boolean(), fc.nat(80), (magazines, n) => {
      reboot();
      bootKmem();
      const owner = new Owner({
        size: 100, align: 0, cflags: magazines ? 0 : KMC_NOMAGAZINE, every: 0,
      });
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < n; i++) owner.alloc();
        while (owner.held.length > 0) owner.free(0);
      }
      expect(owner.calls).toBeLessThanOrEqual(magazines ? Math.max(n, 1) : 3 * n);
      expect(owner.made.size).toBe(cached(owner.cp).length);
      if (!magazines) expect(owner.calls).toBe(3 * n);
    });
    fc.assert(run, { numRuns: 30 });
  });
});

describe('kmem_alloc, whatever the sizes,', () => {
  const programs = fc.array(
    fc.record({
      size: fc.oneof(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 300, max: 40000 }),
      ),
      zero: fc.boolean(),
      free: fc.nat(),
    }),
    { maxLength: 50 },
  );

  test('keeps the bytes of each apart, and all caches sound', () => {
    const run = fc.property(machines, programs, (machine, program) => {
      reboot();
      bootKmem(machine);
      const held: { addr: number; size: number; mark: number }[] = [];
      const release = (i: number): void => {
        const [{ addr, size, mark }] = held.splice(i, 1);
        const bytes = read(addr, size);
        expect(bytes[0]).toBe(mark);
        expect(bytes[size - 1]).toBe(mark);
        kmem_free(addr, size);
      };
      program.forEach(({ size, zero, free }, i) => {
        const addr = (zero ? kmem_zalloc : kmem_alloc)(size, KM_NOSLEEP)!;
        if (zero) expect(read(addr, size).every((x) => x === 0)).toBe(true);
        const mark = (i % 255) + 1;
        write(addr, new Uint8Array(size).fill(mark));
        held.push({ addr, size, mark });
        if (free % 3 === 0) release(free % held.length);
      });
      while (held.length > 0) release(0);
      expect(checkCaches()).toEqual([]);
      expect(vmem_size(statics.kmem_oversize_arena!, VMEM_ALLOC)).toBe(0);
    });
    fc.assert(run, { numRuns: 60 });
  }, 30_000);
});

describe('with KMF_RANDOMIZE', () => {
  test('every cache gets other flags, and all of them work', () => {
    reboot();
    bootKmem({ kmem_flags: 0x400 });
    const seen = new Set<number>();
    for (let i = 0; i < 64; i++) {
      const cp = kmem_cache_create(`c${i}`, 40, 0);
      seen.add(cp.cache_flags);
      const held = Array.from({ length: 20 }, () => kmem_cache_alloc(cp, 0)!);
      expect(checkCache(cp)).toEqual([]);
      for (const buf of held) kmem_cache_free(cp, buf);
      expect(checkCache(cp)).toEqual([]);
      kmem_cache_destroy(cp);
    }
    expect(seen.size).toBeGreaterThan(10);
    expect(tunables.kmem_flags & 0x400).toBe(0x400);
  });

  test('KMC_NOHASH caches stay without a hash table', () => {
    reboot();
    bootKmem({ kmem_flags: 0x400 });
    for (let i = 0; i < 64; i++) {
      const cp = kmem_cache_create(
        `n${i}`, 40, 0, null, null, null, null, null, KMC_NOHASH,
      );
      expect(cp.cache_hash_table).toBeNull();
    }
  });
});
