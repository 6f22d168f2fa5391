// The page allocator, call by call. What every program must keep is in
// page_alloc.properties.test.ts; what the original answers, in the golden
// files.
import { describe, expect, test } from 'vitest';
import { Endless, lbolt, timeout } from '../../lib/sys/clock.js';
import { dmesg } from '../../lib/sys/cons.js';
import { onCpu } from '../../lib/sys/cpu.js';
import { reboot } from '../../lib/sys/reboot.js';
import { thread } from '../../lib/sys/threads.js';
import {
  __GFP_COLD, __GFP_HIGH, __GFP_HIGHMEM, __GFP_NOFAIL, __GFP_NORETRY,
  __GFP_NOWARN, __GFP_WAIT, __GFP_ZERO, GFP_ATOMIC, GFP_DMA, GFP_HIGHUSER,
  GFP_KERNEL, GFP_NOFS,
} from '../../lib/linux/gfp.js';
import {
  kmap, type page, page_count, PageReserved, PG_dirty, PG_locked, PG_private,
  PG_reserved, PG_slab,
} from '../../lib/linux/mm.js';
import {
  contig_page_data, mem_map, page_state, page_zone, pfn_to_page, type zone,
} from '../../lib/linux/mmzone.js';
import {
  __get_dma_pages, __get_free_page, __get_free_pages, alloc_page, alloc_pages,
  frag_show, free_page, free_pages, get_zeroed_page, nr_free_pages,
} from '../../lib/linux/page_alloc.js';
import { bootMemory } from '../../lib/linux/page_alloc_boot.js';
import { checkZones, listed } from '../../lib/linux/zonecheck.js';
import {
  min_free_kbytes, min_free_kbytes_sysctl_handler, zone_watermark_ok,
} from '../../lib/linux/page_alloc_marks.js';
import {
  __free_page, __free_pages, drain_local_pages, free_cold_page,
} from '../../lib/linux/page_alloc_pcp.js';
import {
  get_current, interrupt, PF_MEMALLOC, TIF_MEMDIE,
} from '../../lib/linux/sched.js';
import { reclaim } from '../../lib/linux/vmscan.js';
import {
  blocksUntilNull, boot, bootTiny, console, mb48, panicOf, pfnOf,
} from './machine.js';

const ATOMIC = GFP_ATOMIC | __GFP_NOWARN;
const zones = (): zone[] => contig_page_data.node_zones;
const get = (order: number, mask = ATOMIC): page => alloc_pages(mask, order)!;

/** The free blocks of a zone, by order, where there are any. */
const blocks = (z: zone): { [order: number]: number[] } =>
  Object.fromEntries(
    z.free_area
      .map(({ free_list }, order) => [order, listed(free_list)] as const)
      .filter(([, pfns]) => pfns.length > 0),
  );

describe('splitting and joining', () => {
  test('a block is split from the top: the lowest pages go out', () => {
    const z = bootTiny(128);
    expect(blocks(z)).toEqual({ 7: [0] });
    expect(get(4).pfn).toBe(0);
    expect(blocks(z)).toEqual({ 4: [16], 5: [32], 6: [64] });
  });

  test('the first block of the smallest list that will do is taken', () => {
    const z = bootTiny(128);
    const taken = [get(4), get(4), get(4)];
    expect(taken.map(pfnOf)).toEqual([0, 16, 32]);
    __free_pages(taken[0], 4);
    __free_pages(taken[2], 4);
    // 32 has joined 48; 0 has not: its buddy 16 is in use.
    expect(blocks(z)).toEqual({ 4: [0], 5: [32], 6: [64] });
    expect(get(5).pfn).toBe(32);
    expect(get(2).pfn).toBe(0);
  });

  test('a freed block goes to the front of its list', () => {
    const z = bootTiny(128);
    const four = [get(5), get(5), get(5), get(5)];
    __free_pages(four[0], 5);
    __free_pages(four[2], 5);
    expect(blocks(z)).toEqual({ 5: [64, 0] });
    expect(get(5).pfn).toBe(64);
  });

  test('freeing the last half joins all the way up, but not above order 10', () => {
    const z = bootTiny(2048);
    const p = get(0);
    expect(p.pfn).toBe(1024);
    __free_page(p);
    drain_local_pages();
    expect(blocks(z)).toEqual({ 10: [1024, 0] });
    expect(checkZones()).toEqual([]);
  });

  test('buddies are counted from the start of the zone', () => {
    boot({ zones: [32, 64, 0] }, { marks: false });
    expect(console()).toBe('BUG: wrong zone alignment, it will crash');
    const [, normal] = zones();
    expect(blocks(normal)).toEqual({ 6: [32] });
    expect(checkZones()).toEqual([]);
  });

  test('a block of any order up to 10, and null above', () => {
    bootTiny(4096);
    for (let order = 0; order <= 10; order++) expect(get(order)).not.toBeNull();
    expect(alloc_pages(ATOMIC, 11)).toBeNull();
    expect(alloc_pages(ATOMIC, -1)).toBeNull();
    expect(dmesg()).toEqual([]);
  });

  test('frag_show() is /proc/buddyinfo', () => {
    boot(mb48);
    expect(frag_show()).toBe(
      `Node 0, zone      DMA ${'     0 '.repeat(10)}     4 \n` +
        `Node 0, zone   Normal ${'     0 '.repeat(10)}     8 \n`,
    );
  });
});

describe('the lists of a CPU', () => {
  const pcp = (z: zone, cpu = 0) => {
    const [hot, cold] = z.pageset[cpu].pcp;
    return [listed(hot.list), listed(cold.list)];
  };

  test('a single page comes from the hot list, filled a batch at a time', () => {
    boot(mb48, { marks: false });
    const [, normal] = zones();
    expect(normal.pageset[0].pcp[0]).toMatchObject({ low: 4, high: 12, batch: 2 });
    expect([get(0), get(0), get(0)].map(pfnOf)).toEqual([11264, 11265, 11266]);
    // At or below `low` each request fetches two more.
    expect(pcp(normal)[0]).toEqual([11267, 11268, 11269]);
  });

  test('the last page freed is the first taken', () => {
    const z = bootTiny(1024);
    const [a, b] = [get(0), get(0)];
    __free_page(a);
    __free_page(b);
    expect(pcp(z)[0].slice(0, 2)).toEqual([b.pfn, a.pfn]);
    expect(get(0)).toBe(b);
  });

  test('at `high` the page that has lain longest goes back', () => {
    const z = bootTiny(1024);
    const pages = Array.from({ length: 20 }, () => get(0));
    drain_local_pages();
    pages.slice(0, 7).forEach(__free_page);
    // Six stay; the seventh found the list full, and page 0 had to go.
    expect(pcp(z)[0]).toEqual([6, 5, 4, 3, 2, 1]);
    expect(blocks(z)[0]).toEqual([0]);
  });

  test('__GFP_COLD takes from the other list, and free_cold_page fills it', () => {
    const z = bootTiny(1024);
    const p = get(0, ATOMIC | __GFP_COLD);
    expect(pcp(z)).toEqual([[], []]);
    p._count--;
    free_cold_page(p);
    expect(pcp(z)).toEqual([[], [p.pfn]]);
    expect(get(0).pfn).not.toBe(p.pfn);
    expect(get(0, ATOMIC | __GFP_COLD)).toBe(p);
  });

  test('each CPU has its own', () => {
    boot({ zones: [0, 1024, 0] }, { cpus: 2, marks: false });
    const p = get(0);
    onCpu(1, () => __free_page(p));
    const [, z] = zones();
    expect(pcp(z, 1)[0]).toEqual([p.pfn]);
    expect(get(0)).not.toBe(p);
    expect(onCpu(1, () => get(0))).toBe(p);
  });

  test('larger blocks pass them by', () => {
    const z = bootTiny(1024);
    __free_pages(get(1), 1);
    expect(pcp(z)).toEqual([[], []]);
    expect(blocks(z)).toEqual({ 10: [0] });
  });

  test('they spare the lock: one hold a batch, not one a page', () => {
    boot({ zones: [0, 65536, 0] }, { marks: false });
    const [, z] = zones();
    const before = z.lock.taken;
    const pages = Array.from({ length: 1600 }, () => get(0));
    expect(z.pageset[0].pcp[0].batch).toBe(16);
    expect(z.lock.taken - before).toBe(102);
    expect(new Set(pages).size).toBe(1600);
  });
});

describe('watermarks', () => {
  test('are set from the size of low memory', () => {
    boot(mb48);
    expect(min_free_kbytes).toBe(886);
    const marks = zones().map((z) => [z.pages_min, z.pages_low, z.pages_high]);
    expect(marks).toEqual([[73, 91, 109], [147, 183, 220], [32, 40, 48]]);
    expect(zones()[0].lowmem_reserve).toEqual([0, 32, 32]);
  });

  test('of a machine of 1 GB, the reserves that the source explains', () => {
    // 16 MB DMA, 784 MB Normal, 224 MB HighMem.
    boot({ zones: [4096, 200704, 57344] });
    const [dma, normal, high] = zones().map((z) => z.lowmem_reserve);
    expect(dma).toEqual([0, 784, 1008]);
    expect(normal).toEqual([0, 0, 1792]);
    expect(high).toEqual([0, 0, 0]);
    expect(zones()[2].pages_min).toBe(56);
  });

  test('min_free_kbytes can be set', () => {
    boot(mb48);
    min_free_kbytes_sysctl_handler(4096);
    expect(zones().map((z) => z.pages_min)).toEqual([341, 682, 32]);
    reboot();
    expect(min_free_kbytes).toBe(1024);
  });

  test('zone_watermark_ok: at least mark and reserve must remain', () => {
    const z = bootTiny(128);
    z.lowmem_reserve = [0, 20, 0];
    const ok = (mark: number, order = 0, harder = false, high = false) =>
      zone_watermark_ok(z, order, mark, 1, harder, high);
    expect([ok(107), ok(108)]).toEqual([true, false]);
    // Half, and three quarters of that.
    expect([ok(214, 0, false, true), ok(215, 0, false, true)]).toEqual([true, false]);
    expect([ok(142, 0, true), ok(143, 0, true)]).toEqual([true, false]);
    expect([ok(284, 0, true, true), ok(285, 0, true, true)]).toEqual([true, false]);
  });

  test('zone_watermark_ok: pages in smaller blocks do not count', () => {
    const z = bootTiny(128);
    const single = Array.from({ length: 128 }, () => get(0));
    single.filter(({ pfn }) => pfn % 2 === 1).forEach(__free_page);
    drain_local_pages();
    expect(z.free_pages).toBe(64);
    expect(zone_watermark_ok(z, 0, 60, 1, false, false)).toBe(true);
    expect(zone_watermark_ok(z, 1, 0, 1, false, false)).toBe(false);
  });

  test('zone_watermark_ok: of the rest, more than half the mark', () => {
    const z = bootTiny(128);
    get(5); // blocks of 32 and 64 are left
    const ok = (mark: number, order: number) =>
      zone_watermark_ok(z, order, mark, 1, false, false);
    expect(z.free_pages).toBe(96);
    // 96 - 63 must exceed the mark.
    expect([ok(32, 6), ok(33, 6)]).toEqual([true, false]);
    z.free_area[1].nr_free = 40;
    // 93 - 80 must exceed a quarter of the mark.
    expect([ok(51, 2), ok(52, 2)]).toEqual([true, false]);
  });

  /** Pages left in Normal when single pages of a mask run out. */
  function left(mask: number, prepare = () => {}): number {
    boot(mb48);
    prepare();
    blocksUntilNull(() => alloc_pages(mask | __GFP_NOWARN, 0));
    return zones()[1].free_pages;
  }

  test.each([
    ['GFP_KERNEL', 146, GFP_KERNEL | __GFP_NORETRY],
    ['0', 110, 0],
    ['__GFP_WAIT|__GFP_HIGH', 74, __GFP_WAIT | __GFP_HIGH | __GFP_NORETRY],
    ['GFP_ATOMIC', 56, GFP_ATOMIC],
  ])('%s leaves %i pages', (_, pages, mask) => {
    expect(left(mask)).toBe(pages);
  });

  test('a real-time task goes deeper, who frees memory to the ground', () => {
    const mask = GFP_KERNEL | __GFP_NORETRY;
    expect(left(mask, () => (get_current().prio = 99))).toBe(110);
    expect(left(mask, () => (get_current().flags |= PF_MEMALLOC))).toBe(0);
    const die = () => (get_current().threadFlags |= 1 << TIF_MEMDIE);
    expect(left(mask, die)).toBe(0);
  });

  test('in an interrupt neither counts', () => {
    boot(mb48);
    const task = get_current();
    task.flags |= PF_MEMALLOC;
    task.prio = 1;
    interrupt(() => blocksUntilNull(() => alloc_pages(ATOMIC, 0)));
    expect(zones()[1].free_pages).toBe(56);
  });

  test('nor does a real-time task', () => {
    boot(mb48);
    get_current().prio = 1;
    const mask = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
    interrupt(() => blocksUntilNull(() => alloc_pages(mask, 0)));
    expect(zones()[1].free_pages).toBe(146);
  });

  test('Normal requests leave DMA its mark and its reserve', () => {
    boot(mb48);
    const mask = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
    blocksUntilNull(() => alloc_pages(mask, 0));
    expect(zones()[0].free_pages).toBe(73 + 32);
    blocksUntilNull(() => alloc_pages(mask | GFP_DMA, 0));
    expect(zones()[0].free_pages).toBe(73);
  });
});

describe('zones', () => {
  const highmem = { zones: [4096, 4096, 2048] } as const;

  test('a mask chooses the first zone, and what it falls back to', () => {
    boot(highmem, { marks: false });
    const zoneOf = (mask: number) => page_zone(get(3, mask)).name;
    expect(zoneOf(GFP_HIGHUSER)).toBe('HighMem');
    expect(zoneOf(GFP_KERNEL)).toBe('Normal');
    expect(zoneOf(GFP_KERNEL | GFP_DMA)).toBe('DMA');
    blocksUntilNull(() => alloc_pages(ATOMIC, 10));
    expect(alloc_pages(ATOMIC, 10)).toBeNull();
    expect(zones().map((z) => z.free_area[10].nr_free)).toEqual([0, 0, 1]);
    expect(zoneOf(__GFP_HIGHMEM | ATOMIC)).toBe('HighMem');
  });

  test('a list without zones gives null; no list is a trap', () => {
    bootTiny(64);
    expect(alloc_pages(GFP_DMA, 0)).toBeNull();
    expect(panicOf(() => alloc_pages(3, 0)).message).toBe('trap');
  });

  test('high memory has no address', () => {
    boot(highmem, { marks: false });
    expect(__get_free_page(GFP_HIGHUSER)).toBe(0);
    const addr = __get_dma_pages(GFP_KERNEL, 2);
    expect(addr).toBeGreaterThanOrEqual(0xc0000000);
    expect(addr).toBeLessThan(0xc1000000);
  });

  test('bootMemory refuses sizes that are none', () => {
    expect(() => bootMemory({ zones: [0, -1, 0] })).toThrow(RangeError);
    expect(() => bootMemory({ zones: [0, 1.5, 0] })).toThrow(RangeError);
  });

  test('reserved pages are never free, and freeing one does nothing', () => {
    boot({ zones: [0, 128, 0], reserved: [[3, 5]] }, { marks: false });
    drain_local_pages();
    expect(nr_free_pages()).toBe(126);
    expect(PageReserved(pfn_to_page(3))).toBe(true);
    __free_page(pfn_to_page(3));
    expect(nr_free_pages()).toBe(126);
  });
});

describe('steps below pages_low', () => {
  /** A machine whose free pages are just above pages_min. */
  function tight(): { events: string[]; held: page[] } {
    boot({ zones: [0, 1024, 0] });
    const events: string[] = [];
    reclaim.wakeup_kswapd = (z, order) => events.push(`kswapd ${z.name} ${order}`);
    reclaim.try_to_free_pages = () => {
      events.push('reclaim');
      return 0;
    };
    const held: page[] = [];
    const mask = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
    for (let p = alloc_page(mask); p !== null; p = alloc_page(mask)) held.push(p);
    events.length = 0;
    return { events, held };
  }

  test('GFP_ATOMIC wakes kswapd, and says that it got nothing', () => {
    const { events } = tight();
    blocksUntilNull(() => alloc_pages(ATOMIC, 0));
    events.length = 0;
    expect(alloc_pages(GFP_ATOMIC, 2)).toBeNull();
    expect(events).toEqual(['kswapd Normal 2']);
    expect(console()).toBe('test: page allocation failure. order:2, mode:0x20');
  });

  test('__GFP_NOWARN says nothing', () => {
    tight();
    blocksUntilNull(() => alloc_pages(ATOMIC, 0));
    expect(dmesg()).toEqual([]);
  });

  test('who may wait reclaims, with PF_MEMALLOC while it does', () => {
    const { held } = tight();
    const flags: number[] = [];
    reclaim.try_to_free_pages = () => {
      flags.push(get_current().flags);
      // What reclaim itself asks for it gets, below all marks.
      expect(alloc_pages(GFP_KERNEL, 0)).not.toBeNull();
      held.splice(0, 40).forEach(__free_page);
      return 40;
    };
    expect(alloc_pages(GFP_KERNEL, 0)).not.toBeNull();
    expect(flags).toEqual([PF_MEMALLOC]);
    expect(get_current().flags).toBe(0);
    expect(lbolt).toBe(0);
  });

  test('PF_MEMALLOC is off again when reclaim throws', () => {
    tight();
    reclaim.try_to_free_pages = () => {
      throw new Error('disk on fire');
    };
    expect(() => alloc_pages(GFP_KERNEL, 0)).toThrow('disk on fire');
    expect(get_current().flags).toBe(0);
  });

  test('GFP_NOFS waits 20 ms at a time, until reclaim gets somewhere', () => {
    const { events, held } = tight();
    let freed = 0;
    const exit = () => {
      freed = 40;
      held.splice(0, freed).forEach(__free_page);
    };
    timeout(exit, null, 5);
    reclaim.try_to_free_pages = () => {
      events.push('reclaim');
      return freed;
    };
    expect(alloc_pages(GFP_NOFS, 0)).not.toBeNull();
    expect(events).toEqual([
      'kswapd Normal 0', 'reclaim', 'reclaim', 'reclaim', 'reclaim',
    ]);
    expect(lbolt).toBe(6);
  });

  test('without progress it does not even look: others may free what they like', () => {
    const { held } = tight();
    timeout(() => held.splice(0, 40).forEach(__free_page), null, 5);
    expect(() => alloc_pages(GFP_NOFS, 0)).toThrow(Endless);
    expect(nr_free_pages()).toBeGreaterThan(64);
  });

  test('other threads run while it waits', () => {
    const { held } = tight();
    thread('cp exits', () => held.splice(0, 40).forEach(__free_page));
    reclaim.try_to_free_pages = () => 1;
    expect(alloc_pages(GFP_NOFS, 0)).not.toBeNull();
    expect(lbolt).toBe(2);
  });

  test('GFP_NOFS, when nobody ever frees, ends as Endless', () => {
    tight();
    expect(() => alloc_pages(GFP_NOFS, 0)).toThrow(Endless);
    expect(() => alloc_pages(GFP_NOFS | __GFP_NOFAIL, 9)).toThrow(Endless);
  });

  test('GFP_KERNEL without progress calls the killer, and starts again', () => {
    const { events, held } = tight();
    reclaim.out_of_memory = (mask) => {
      events.push(`kill 0x${mask.toString(16)}`);
      held.splice(0, 100).forEach(__free_page);
    };
    expect(alloc_pages(GFP_KERNEL, 0)).not.toBeNull();
    expect(events).toEqual(['kswapd Normal 0', 'reclaim', 'kill 0xd0']);
    expect(lbolt).toBe(1);
  });

  test('but looks once more before it kills: pages_high may be reached', () => {
    const { events, held } = tight();
    const [, z] = zones();
    const freeTo = (pages: number) => {
      events.push('reclaim');
      while (z.free_pages < pages) __free_pages(held.pop()!, 0);
      return 0; // it was somebody else's doing
    };
    reclaim.out_of_memory = () => {
      throw new Error('killed');
    };
    reclaim.try_to_free_pages = () => freeTo(z.pages_high);
    expect(() => alloc_pages(GFP_KERNEL, 0)).toThrow('killed');
    reclaim.try_to_free_pages = () => freeTo(z.pages_high + 1);
    blocksUntilNull(() => alloc_pages(ATOMIC, 0));
    expect(alloc_pages(GFP_KERNEL, 0)).not.toBeNull();
  });

  test('with nobody to kill the kernel panics', () => {
    tight();
    const { message } = panicOf(() => alloc_pages(GFP_KERNEL, 0));
    expect(message).toBe(
      'Kernel panic - not syncing: Out of memory and no killable processes...',
    );
  });

  test('a killer that frees nothing is Endless, not a hang', () => {
    tight();
    reclaim.out_of_memory = () => {};
    expect(() => alloc_pages(GFP_KERNEL, 0)).toThrow(Endless);
  });

  test('with progress, order 4 is refused and order 3 is waited for', () => {
    tight();
    reclaim.try_to_free_pages = () => 1;
    const mask = GFP_KERNEL | __GFP_NOWARN;
    expect(alloc_pages(mask, 4)).toBeNull();
    expect(() => alloc_pages(mask, 3)).toThrow(Endless);
  });

  test('__GFP_NORETRY beats __GFP_NOFAIL', () => {
    tight();
    const mask = GFP_NOFS | __GFP_NOFAIL | __GFP_NORETRY | __GFP_NOWARN;
    expect(alloc_pages(mask, 0)).toBeNull();
  });

  test('reboot() takes the functions away that were handed in', () => {
    const { events } = tight();
    boot({ zones: [0, 1024, 0] });
    blocksUntilNull(() => alloc_pages(ATOMIC, 0));
    expect(events).toEqual([]);
  });
});

describe('sleeping in atomic context', () => {
  test('GFP_KERNEL in an interrupt is complained of, and served', () => {
    boot(mb48);
    const p = interrupt(() => alloc_pages(GFP_KERNEL, 0));
    expect(p).not.toBeNull();
    expect(dmesg()).toEqual([
      'Debug: sleeping function called from invalid context at mm/page_alloc.c',
      'in_atomic():1, irqs_disabled():0',
    ]);
  });

  test('GFP_ATOMIC is not', () => {
    boot(mb48);
    interrupt(() => alloc_pages(GFP_ATOMIC, 0));
    expect(dmesg()).toEqual([]);
  });

  test('to wait there is worse, and said', () => {
    boot({ zones: [0, 1024, 0] });
    blocksUntilNull(() => alloc_pages(ATOMIC, 0));
    const enough = () => {
      throw new Error('enough');
    };
    timeout(() => (reclaim.try_to_free_pages = enough), null, 3);
    expect(() => interrupt(() => alloc_pages(GFP_NOFS, 0))).toThrow('enough');
    expect(dmesg().slice(2)).toEqual([
      'scheduling while atomic: test/0x00010000/0',
      'scheduling while atomic: test/0x00010000/0',
    ]);
  });
});

describe('bad use', () => {
  test('freeing a free page is a BUG', () => {
    bootTiny(128);
    const p = get(0);
    __free_page(p);
    const { message, facts } = panicOf(() => __free_page(p));
    expect(message).toBe('kernel BUG at include/linux/mm.h!');
    expect(facts).toMatchObject({ check: 'page_count(p) == 0', pfn: p.pfn });
  });

  test('a page that has a second user stays when the first frees it', () => {
    bootTiny(128);
    const p = get(0);
    p._count++;
    __free_page(p);
    expect(page_count(p)).toBe(1);
    expect(get(0)).not.toBe(p);
  });

  test('freeing with an order that the page number is no multiple of', () => {
    bootTiny(128);
    const odd = [get(0), get(0)][1];
    const { message, facts } = panicOf(() => __free_pages(odd, 1));
    expect(message).toBe('kernel BUG at mm/page_alloc.c!');
    expect(facts.check).toBe('page_idx & (order_size - 1)');
  });

  test('a neighbour that only looks like a free buddy is not joined', () => {
    const z = bootTiny(128);
    const [a, b] = [get(1), get(1)];
    b.flags |= 1 << PG_private; // in use: as a page with buffers has it
    b.private = 1;
    __free_pages(a, 1);
    expect(blocks(z)[1]).toEqual([a.pfn]);
    expect(alloc_pages(ATOMIC, 1)).toBe(a);
    b.flags |= 1 << PG_reserved;
    b._count = -1;
    __free_pages(a, 1);
    expect(blocks(z)[1]).toEqual([a.pfn]);
  });

  test('a page that is still in use is reported, and freed all the same', () => {
    boot({ zones: [0, 128, 0] }, { marks: false });
    const p = get(0);
    p.flags |= (1 << PG_locked) | (1 << PG_slab);
    p.mapping = {};
    __free_page(p);
    expect(dmesg()).toEqual([
      `Bad page state at free_hot_cold_page (in process 'test', page pfn ${p.pfn})`,
      'flags:0x20000081 mapping:set mapcount:0 count:0',
      'Backtrace:',
      'Trying to fix it up, but a reboot is needed',
    ]);
    expect([p.flags.toString(16), p.mapping]).toEqual(['20000080', null]);
    expect(get(0)).toBe(p);
  });

  test('so is a page that was written to after it was freed', () => {
    bootTiny(128);
    const p = get(0);
    __free_page(p);
    p.flags |= 1 << PG_dirty;
    expect(get(0)).toBe(p);
    expect(console()).toContain('Bad page state at prep_new_page');
  });

  test('a page dirty when freed is clean when taken, without a word', () => {
    bootTiny(128);
    const p = get(0);
    p.flags |= 1 << PG_dirty;
    __free_page(p);
    expect(get(0)).toBe(p);
    expect(dmesg()).toEqual([]);
  });

  test('free_pages of an address that is none', () => {
    bootTiny(128);
    free_pages(0, 3);
    for (const addr of [0x1000, 0xc0080000, 0xbffff000]) {
      const { message, facts } = panicOf(() => free_page(addr));
      expect(message).toBe('kernel BUG at mm/page_alloc.c!');
      expect(facts.addr).toBe(addr);
    }
  });
});

describe('contents', () => {
  test('a page keeps what its last user wrote, unless __GFP_ZERO is asked', () => {
    boot(mb48);
    const addr = __get_free_pages(GFP_KERNEL, 1);
    const p = mem_map[(addr - 0xc0000000) / 4096 + 1];
    kmap(p)[17] = 0x55;
    free_pages(addr, 1);
    expect(__get_free_pages(GFP_KERNEL, 1)).toBe(addr);
    expect(kmap(p)[17]).toBe(0x55);
    free_pages(addr, 1);
    expect(__get_free_pages(GFP_KERNEL | __GFP_ZERO, 1)).toBe(addr);
    expect(kmap(p)[17]).toBe(0);
  });

  test('get_zeroed_page cannot take high memory', () => {
    boot({ zones: [0, 1024, 1024] });
    expect(get_zeroed_page(GFP_KERNEL)).toBeGreaterThan(0);
    const { facts } = panicOf(() => get_zeroed_page(GFP_HIGHUSER));
    expect(facts.check).toBe('gfp_mask & __GFP_HIGHMEM');
  });

  test('nor can zeros in high memory be had without waiting', () => {
    boot({ zones: [0, 1024, 1024] });
    expect(alloc_page(GFP_HIGHUSER | __GFP_ZERO)).not.toBeNull();
    const mask = __GFP_HIGHMEM | __GFP_ZERO;
    const { message } = panicOf(() => alloc_page(mask));
    expect(message).toBe('kernel BUG at mm/page_alloc.c!');
  });
});

test('page_state counts by zone', () => {
  boot({ zones: [4096, 4096, 1024] });
  const before = page_state.pgfree;
  __free_pages(get(3), 3);
  get(0, GFP_KERNEL | GFP_DMA);
  get(1, GFP_HIGHUSER);
  expect(page_state).toMatchObject({
    pgalloc_normal: 8, pgalloc_dma: 1, pgalloc_high: 2, pgfree: before + 8,
  });
});
