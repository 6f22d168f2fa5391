// What the page allocator keeps, for every program that frees what it got:
// the invariants after every operation, no overlap, no page lost, and one
// great block again at the end.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ncpus, onCpu } from '../../lib/sys/cpu.js';
import {
  __GFP_COLD, __GFP_NORETRY, __GFP_NOWARN, GFP_ATOMIC, GFP_DMA, GFP_HIGHUSER,
  GFP_KERNEL,
} from '../../lib/linux/gfp.js';
import type { page } from '../../lib/linux/mm.js';
import {
  contig_page_data, MAX_ORDER, page_zone,
} from '../../lib/linux/mmzone.js';
import { alloc_pages, nr_free_pages } from '../../lib/linux/page_alloc.js';
import { checkZones, listed } from '../../lib/linux/zonecheck.js';
import {
  __drain_pages, __free_pages, free_cold_page,
} from '../../lib/linux/page_alloc_pcp.js';
import { boot } from './machine.js';

const QUIET = __GFP_NORETRY | __GFP_NOWARN;

/** A machine, small enough to be emptied. */
const machines = fc.record({
  zones: fc.constantFrom(
    [0, 256, 0], [0, 96, 0], [0, 1024, 0], [0, 100, 0],
    [1024, 1024, 0], [1024, 0, 512], [0, 2048, 1000],
  ) as fc.Arbitrary<[number, number, number]>,
  cpus: fc.integer({ min: 1, max: 3 }),
  marks: fc.boolean(),
  reserved: fc.array(
    fc.tuple(fc.nat(900), fc.integer({ min: 1, max: 40 })),
    { maxLength: 3 },
  ),
});

const steps = fc.array(
  fc.record({
    what: fc.constantFrom('alloc', 'alloc', 'alloc', 'free', 'free', 'cold', 'drain'),
    order: fc.oneof(
      { arbitrary: fc.constant(0), weight: 4 },
      { arbitrary: fc.nat(4), weight: 3 },
      { arbitrary: fc.nat(10), weight: 1 },
    ),
    mask: fc.constantFrom(
      GFP_ATOMIC, GFP_KERNEL, GFP_KERNEL | __GFP_COLD, GFP_HIGHUSER,
      GFP_ATOMIC | GFP_DMA,
    ),
    cpu: fc.nat(2),
    which: fc.nat(),
  }),
  { maxLength: 60 },
);

type Machine = typeof machines extends fc.Arbitrary<infer T> ? T : never;
type Step = (typeof steps extends fc.Arbitrary<(infer T)[]> ? T : never);

interface Held {
  p: page;
  order: number;
}

function start({ zones, cpus, marks, reserved }: Machine): void {
  const ranges = reserved.map(([at, n]) => [at, at + n] as const);
  const pages = zones[0] + zones[1] + zones[2];
  const inside = ranges.filter(([, end]) => end <= pages);
  boot({ zones, reserved: inside }, { cpus, marks });
}

/** One step of a program that has these blocks. */
function take({ what, order, mask, cpu, which }: Step, held: Held[]): void {
  onCpu(cpu % ncpus, () => {
    if (what === 'alloc') {
      const p = alloc_pages(mask | QUIET, order);
      if (p !== null) held.push({ p, order });
    } else if (what === 'drain') {
      __drain_pages(cpu % ncpus);
    } else if (held.length > 0) {
      const [block] = held.splice(which % held.length, 1);
      if (what === 'cold' && block.order === 0) {
        block.p._count--;
        free_cold_page(block.p);
      } else {
        __free_pages(block.p, block.order);
      }
    }
  });
}

const cached = (): number =>
  contig_page_data.node_zones
    .flatMap(({ pageset }) => pageset.flatMap(({ pcp }) => pcp))
    .reduce((sum, { count }) => sum + count, 0);

const settings = { seed: 2611, numRuns: 100 };

describe('for every machine and every program', () => {
  test('checkZones() finds nothing after any operation, and no page is lost', () => {
    fc.assert(
      fc.property(machines, steps, (machine, program) => {
        start(machine);
        const all = nr_free_pages() + cached();
        const held: Held[] = [];
        for (const step of program) {
          take(step, held);
          expect(checkZones()).toEqual([]);
          const used = held.reduce((sum, { order }) => sum + 2 ** order, 0);
          expect(nr_free_pages() + cached() + used).toBe(all);
        }
      }),
      settings,
    );
  });

  test('blocks lie in a zone of the mask, aligned, and overlap no other', () => {
    fc.assert(
      fc.property(machines, steps, (machine, program) => {
        start(machine);
        const held: Held[] = [];
        for (const step of program) {
          const before = held.length;
          take(step, held);
          if (held.length <= before) continue;
          const { p, order } = held[held.length - 1];
          const { idx, zone_start_pfn, spanned_pages } = page_zone(p);
          const end = p.pfn + 2 ** order;
          expect(end).toBeLessThanOrEqual(zone_start_pfn + spanned_pages);
          expect((p.pfn - zone_start_pfn) % 2 ** order).toBe(0);
          if ((step.mask & GFP_DMA) !== 0) expect(idx).toBe(0);
          if (step.mask !== GFP_HIGHUSER) expect(idx).not.toBe(2);
          const clash = held
            .slice(0, -1)
            .filter((o) => o.p.pfn < end && p.pfn < o.p.pfn + 2 ** o.order);
          expect(clash).toEqual([]);
        }
      }),
      settings,
    );
  });

  test('when all is freed and drained, everything that can be joined is', () => {
    fc.assert(
      fc.property(machines, steps, (machine, program) => {
        // What boot leaves, drained, is the whole that must come back.
        start(machine);
        const drainAll = () => {
          for (let n = 0; n < ncpus; n++) __drain_pages(n);
        };
        const shape = () =>
          contig_page_data.node_zones.map(({ free_area }) =>
            free_area.map(({ free_list }) => listed(free_list).sort((a, b) => a - b)),
          );
        drainAll();
        const whole = shape();
        const held: Held[] = [];
        for (const step of program) take(step, held);
        for (const { p, order } of held) __free_pages(p, order);
        drainAll();
        expect(shape()).toEqual(whole);
      }),
      settings,
    );
  });

  test('a zone without marks gives a block if and only if it has one', () => {
    fc.assert(
      fc.property(steps, (program) => {
        start({ zones: [0, 256, 0], cpus: 1, marks: false, reserved: [] });
        const [, z] = contig_page_data.node_zones;
        const held: Held[] = [];
        for (const step of program) {
          const before = held.length;
          const fits = z.free_area.some(
            ({ nr_free }, order) => order >= step.order && nr_free > 0,
          );
          take({ ...step, mask: GFP_ATOMIC }, held);
          if (step.what === 'alloc') expect(held.length > before).toBe(fits);
        }
      }),
      settings,
    );
  });
});

describe('checkZones() sees what is broken', () => {
  const broken: [number, () => void][] = [
    [1, () => (first(6).private = 5)],
    [1, () => (first(6).flags &= ~(1 << 12))],
    [1, () => (first(6)._count = 0)],
    [3, () => hot().pcp[0].list.next = first(6)],
    [4, () => split()],
    [5, () => z().free_area[6].nr_free++],
    [5, () => z().free_pages--],
    [6, () => hot().pcp[0].count++],
    [6, () => (hot().pcp[0].list.next._count = 0)],
  ];
  const z = () => contig_page_data.node_zones[1];
  const first = (order: number): page => z().free_area[order].free_list.next;
  const hot = () => z().pageset[0];

  /** Makes two blocks of order 5 of one of order 6, both free. */
  function split(): void {
    const upper = z().zone_mem_map[first(6).pfn + 32];
    const { free_list } = z().free_area[5];
    const lower = first(6);
    z().free_area[6].free_list.next = z().free_area[6].free_list;
    z().free_area[6].free_list.prev = z().free_area[6].free_list;
    z().free_area[6].nr_free = 0;
    for (const p of [lower, upper]) {
      p.private = 5;
      p.flags |= 1 << 12;
      p.next = free_list.next;
      p.prev = free_list;
      free_list.next.prev = p;
      free_list.next = p;
      z().free_area[5].nr_free++;
    }
  }

  test.each(broken)('invariant %i', (number, damage) => {
    boot({ zones: [0, 128, 0] }, { marks: false });
    const two = [alloc_pages(GFP_ATOMIC, 0)!, alloc_pages(GFP_ATOMIC, 0)!];
    for (const p of two) __free_pages(p, 0);
    expect(hot().pcp[0].count).toBe(2);
    expect(checkZones()).toEqual([]);
    expect(z().free_area[6].nr_free).toBe(1);
    damage();
    expect(checkZones().map((fault) => fault[0])).toContain(`${number}`);
  });

  test('a head outside its alignment is 2', () => {
    boot({ zones: [0, 128, 0] }, { marks: false });
    const { free_list } = z().free_area[MAX_ORDER - 4];
    const p = z().zone_mem_map[64];
    free_list.next = free_list.prev = p;
    p.next = p.prev = free_list;
    expect(checkZones().map((fault) => fault[0])).toContain('2');
  });
});
