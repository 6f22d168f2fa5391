// What slab caches keep, for every program that frees what it got: the
// invariants after every operation, no overlap, and no page lost.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ncpus, onCpu } from '../../lib/sys/cpu.js';
import { advance } from '../../lib/sys/clock.js';
import { GFP_ATOMIC, GFP_KERNEL } from '../../lib/linux/gfp.js';
import { kfree, kmalloc, ksize } from '../../lib/linux/kmalloc.js';
import { page_state } from '../../lib/linux/mmzone.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../lib/linux/slab_alloc.js';
import { kmem_cache_create } from '../../lib/linux/slab_create.js';
import { slabinfo, slabinfo_write } from '../../lib/linux/slab_info.js';
import {
  cache_chain, type kmem_cache_t, SLAB_HWCACHE_ALIGN, SLAB_NO_REAP,
  SLAB_RECLAIM_ACCOUNT,
} from '../../lib/linux/slab_layout.js';
import {
  cache_reap, kmem_cache_destroy, kmem_cache_shrink,
} from '../../lib/linux/slab_reap.js';
import { checkCaches, slabsOf } from '../../lib/linux/slabcheck.js';
import { checkZones } from '../../lib/linux/zonecheck.js';
import { dmesg } from '../../lib/sys/cons.js';
import { bootSlabs } from './kernel.js';

const machines = fc.record({
  cpus: fc.integer({ min: 1, max: 3 }),
  L1_CACHE_BYTES: fc.constantFrom(32, 64, 128),
  BITS_PER_LONG: fc.constantFrom(32, 64) as fc.Arbitrary<32 | 64>,
  CONFIG_DEBUG_SLAB: fc.boolean(),
});

const shapes = fc.record({
  size: fc.oneof(
    fc.integer({ min: 8, max: 300 }),
    fc.integer({ min: 300, max: 5000 }),
    fc.integer({ min: 5000, max: 131072 }),
  ),
  align: fc.constantFrom(0, 0, 8, 64, 256, 1024),
  flags: fc.constantFrom(
    0, 0, SLAB_HWCACHE_ALIGN, SLAB_RECLAIM_ACCOUNT,
    SLAB_NO_REAP | SLAB_HWCACHE_ALIGN,
  ),
});

const steps = fc.array(
  fc.record({
    what: fc.constantFrom(
      'alloc', 'alloc', 'alloc', 'alloc', 'kmalloc', 'kmalloc', 'free',
      'free', 'free', 'burst', 'shrink', 'reap', 'tune',
    ),
    which: fc.nat(),
    size: fc.integer({ min: 0, max: 9000 }),
    atomic: fc.boolean(),
    cpu: fc.nat(2),
  }),
  { maxLength: 60 },
);

type Step = typeof steps extends fc.Arbitrary<(infer T)[]> ? T : never;

/** What a program holds: [start, end), and how to free it. */
interface Held {
  start: number;
  end: number;
  free: () => void;
}

/** Does [start, end) share a byte with anything held? */
const overlaps = (held: Held[], start: number, end: number): boolean =>
  held.some((other) => start < other.end && other.start < end);

class Program {
  readonly held: Held[] = [];

  constructor(private readonly caches: kmem_cache_t[]) {}

  private hold(start: number, size: number, free: () => void): void {
    if (start === 0) return;
    expect(overlaps(this.held, start, start + size)).toBe(false);
    this.held.push({ start, end: start + size, free });
  }

  private allocate(cachep: kmem_cache_t, gfp: number): void {
    const objp = kmem_cache_alloc(cachep, gfp);
    const free = () => kmem_cache_free(cachep, objp);
    this.hold(objp, cachep.reallen, free);
  }

  step({ what, which, size, atomic }: Step): void {
    const gfp = atomic ? GFP_ATOMIC : GFP_KERNEL;
    const cachep = this.caches[which % this.caches.length];
    switch (what) {
      case 'alloc':
        return this.allocate(cachep, gfp);
      case 'burst': {
        const n = cachep.objsize > 4096 ? 5 : 150;
        for (let i = 0; i < n; i++) this.allocate(cachep, gfp);
        for (let i = 0; i < n; i++) this.held.pop()?.free();
        return;
      }
      case 'kmalloc': {
        const objp = kmalloc(size, gfp);
        expect(ksize(objp)).toBeGreaterThanOrEqual(size);
        return this.hold(objp, size, () => kfree(objp));
      }
      case 'free': {
        if (this.held.length === 0) return;
        const [gone] = this.held.splice(which % this.held.length, 1);
        return gone.free();
      }
      case 'shrink':
        kmem_cache_shrink(cachep);
        return;
      case 'reap':
        advance(200);
        return cache_reap();
      case 'tune': {
        const limit = 1 + (size % 40);
        const batchcount = 1 + (which % limit);
        const line = `${cachep.name} ${limit} ${batchcount} ${which % 3}`;
        expect(slabinfo_write(line)).toBe(line.length);
      }
    }
  }
}

/** The large ones first: their descriptors come from the small ones. */
function shrinkAll(): void {
  for (const cachep of cache_chain) kmem_cache_shrink(cachep);
}

/** Slabs with an object in use. */
const slabsInUse = (): number =>
  cache_chain.flatMap(({ lists: { slabs_full, slabs_partial } }) =>
    [slabs_full, slabs_partial].flatMap(slabsOf),
  ).length;

describe('slab caches', () => {
  test('keep their invariants, and give back all that they took', () => {
    fc.assert(
      fc.property(
        machines,
        fc.array(shapes, { minLength: 1, maxLength: 3 }),
        steps,
        (machine, wanted, program) => {
          const { cpus, ...build } = machine;
          bootSlabs(build, cpus);
          expect(checkCaches()).toEqual([]);
          shrinkAll();
          const before = { pages: page_state.nr_slab, slabs: slabsInUse() };

          const caches = wanted.flatMap(({ size, align, flags }, i) => {
            const cachep = kmem_cache_create(`c${i}`, size, align, flags);
            return cachep === null ? [] : [cachep];
          });
          const run = new Program(caches);
          for (const step of program) {
            onCpu(step.cpu % ncpus, () => run.step(step));
            expect(checkCaches()).toEqual([]);
          }

          for (const { free } of run.held) free();
          for (const cachep of caches) {
            expect(kmem_cache_destroy(cachep)).toBe(0);
          }
          shrinkAll();
          expect(checkCaches()).toEqual([]);
          expect(checkZones()).toEqual([]);
          const after = { pages: page_state.nr_slab, slabs: slabsInUse() };
          expect(after).toEqual(before);
          expect(dmesg()).toEqual([]);
        },
      ),
      { numRuns: 80 },
    );
  });

  test('give each object its alignment, inside its slab', () => {
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom(32, 128),
        ({ size, align, flags }, L1_CACHE_BYTES) => {
          bootSlabs({ L1_CACHE_BYTES });
          const cachep = kmem_cache_create('c', size, align, flags)!;
          for (let i = 0; i < 40; i++) {
            const objp = kmem_cache_alloc(cachep, GFP_KERNEL);
            expect(objp % (align || 4)).toBe(0);
            if ((flags & SLAB_HWCACHE_ALIGN) !== 0 && size >= L1_CACHE_BYTES) {
              expect(objp % L1_CACHE_BYTES).toBe(0);
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test('count in slabinfo what is held and what lies in arrays', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), (taken, returned) => {
        bootSlabs({}, 2);
        const cachep = kmem_cache_create('c', 100)!;
        const objects = Array.from({ length: taken }, () =>
          kmem_cache_alloc(cachep, GFP_KERNEL),
        );
        for (const objp of objects.slice(0, returned)) {
          kmem_cache_free(cachep, objp);
        }
        const line = slabinfo().split('\n')[2].split(/ +/);
        const waiting =
          cachep.lists.shared!.avail +
          cachep.array.reduce((sum, ac) => sum + ac!.avail, 0);
        const held = Math.max(0, taken - returned);
        expect(line.slice(0, 2)).toEqual(['c', `${held + waiting}`]);
        expect(line.at(-1)).toBe(`${cachep.lists.shared!.avail}`);
      }),
      { numRuns: 25 },
    );
  });
});
