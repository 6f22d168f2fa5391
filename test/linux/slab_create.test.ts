// Making, reaping and removing caches, and what /proc/slabinfo says.
import { beforeEach, describe, expect, test } from 'vitest';
import { advance } from '../../lib/sys/clock.js';
import { onCpu } from '../../lib/sys/cpu.js';
import { GFP_KERNEL } from '../../lib/linux/gfp.js';
import { malloc_sizes } from '../../lib/linux/kmalloc.js';
import { page_state } from '../../lib/linux/mmzone.js';
import { interrupt } from '../../lib/linux/sched.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../lib/linux/slab_alloc.js';
import {
  jiffies, kmem_cache_create, offslab_limit, slab_break_gfp_order,
} from '../../lib/linux/slab_create.js';
import { slabinfo, slabinfo_write } from '../../lib/linux/slab_info.js';
import {
  cache_chain, CFLGS_OFF_SLAB, type kmem_cache_t, SLAB_DESTROY_BY_RCU,
  SLAB_HWCACHE_ALIGN, SLAB_MUST_HWCACHE_ALIGN, SLAB_NO_REAP, SLAB_PANIC,
  SLAB_POISON, SLAB_RECLAIM_ACCOUNT, SLAB_RED_ZONE, watch,
} from '../../lib/linux/slab_layout.js';
import {
  cache_reap, cpucache_init, kmem_cache_destroy, kmem_cache_shrink,
} from '../../lib/linux/slab_reap.js';
import { checkCache, slabsOf } from '../../lib/linux/slabcheck.js';
import { bootSlabs, create, debugging, saidBy } from './kernel.js';
import { boot, panicOf } from './machine.js';

beforeEach(() => bootSlabs());

const take = (cachep: kmem_cache_t, n: number): number[] =>
  Array.from({ length: n }, () => kmem_cache_alloc(cachep, GFP_KERNEL));

const freeAll = (cachep: kmem_cache_t, objects: number[]): void => {
  for (const objp of objects) kmem_cache_free(cachep, objp);
};

const offSlab = ({ flags }: kmem_cache_t): boolean =>
  (flags & CFLGS_OFF_SLAB) !== 0;

describe('kmem_cache_create(name, size, align, flags)', () => {
  test.each([
    [4, 4], [5, 8], [20, 20], [33, 36], [100, 100],
  ])('%i bytes take %i: whole words', (size, objsize) => {
    expect(create('c', size).objsize).toBe(objsize);
  });

  test.each([
    [4, 4], [8, 8], [9, 16], [16, 16], [17, 32], [32, 32], [33, 64], [65, 96],
  ])('%i bytes aligned to cache lines of 32 take %i', (size, objsize) => {
    const cachep = create('c', size, { flags: SLAB_HWCACHE_ALIGN });
    expect(cachep.objsize).toBe(objsize);
  });

  test.each([
    // size, flags, order, num: at most 1/8 left over, but at order 1 whatever
    [100, 0, 0, 39],
    [500, 0, 0, 8],
    [700, 0, 1, 11],
    [700, SLAB_RECLAIM_ACCOUNT, 0, 5],
    [1516, 0, 1, 5],
    [4096, 0, 0, 1],
    [4100, 0, 1, 1],
    [8192, 0, 1, 1],
    [8196, 0, 2, 1],
    [131072, 0, 5, 1],
  ])('%i bytes, flags %i: order %i, %i objects', (size, flags, order, num) => {
    const { gfporder, num: got } = create('c', size, { flags });
    expect([gfporder, got]).toEqual([order, num]);
  });

  test('with 32 MB or less, order 0 will do', () => {
    boot({ zones: [4096, 2048, 0] }, { marks: false });
    expect(slab_break_gfp_order).toBe(0);
  });

  test.each([
    [508, false, 0],
    [512, true, 40],
    [700, false, 48], // 444 bytes are left over: room for 46
    [1024, true, 32],
    [1300, false, 32],
  ])('%i bytes: off slab %s, descriptor %i', (size, off, slab_size) => {
    const cachep = create('c', size);
    expect(offSlab(cachep)).toBe(off);
    if (size !== 508) expect(cachep.slab_size).toBe(slab_size);
  });

  test.each([
    [300, 0, 4, 32], // 144 left over
    [100, 0, 2, 32],
    [200, 256, 0, 256],
    [2000, 0, 2, 32],
    [32, SLAB_HWCACHE_ALIGN, 0, 32],
  ])('%i bytes, align %i: %i colours of %i', (size, align, colour, off) => {
    const flags = align === SLAB_HWCACHE_ALIGN ? align : 0;
    const cachep = create('c', size, { align: flags ? 0 : align, flags });
    expect([cachep.colour, cachep.colour_off]).toEqual([colour, off]);
  });

  test.each([
    [256, 120, 60], [260, 54, 27], [1024, 54, 27], [1028, 24, 12],
    [4096, 24, 12], [4100, 8, 4], [131072, 8, 4],
  ])('%i bytes: arrays of %i, batches of %i', (size, limit, batchcount) => {
    const { limit: l, batchcount: b, array } = create('c', size);
    expect([l, b]).toEqual([limit, batchcount]);
    expect([array[0]!.limit, array[0]!.batchcount]).toEqual([limit, batchcount]);
  });

  test('the bufctls of a slab fit into a cache that is itself on slab', () => {
    expect(offslab_limit).toBe(116);
    for (const { cs_size, cs_cachep } of malloc_sizes) {
      if (offSlab(cs_cachep!)) {
        expect(cs_size).toBeGreaterThanOrEqual(512);
        expect(offSlab(cs_cachep!.slabp_cache!)).toBe(false);
      }
    }
  });

  test('SLAB_MUST_HWCACHE_ALIGN is taken, and does nothing', () => {
    expect(create('c', 5, { flags: SLAB_MUST_HWCACHE_ALIGN }).objsize).toBe(8);
  });

  test('an alignment that leaves room for no object: null, or a panic', () => {
    const said = saidBy(() => {
      expect(kmem_cache_create('c', 131072, 1 << 18)).toBeNull();
    });
    expect(said).toEqual(["kmem_cache_create: couldn't create cache c."]);
    const panic = panicOf(() =>
      kmem_cache_create('c', 131072, 1 << 18, SLAB_PANIC),
    );
    expect(panic.message).toBe(
      'Kernel panic - not syncing: kmem_cache_create(): ' +
        "failed to create slab `c'",
    );
  });
});

describe('kmem_cache_create is a BUG', () => {
  const early = 'mm/slab.c:1204';
  const ctor = () => {};
  const cases: [string, () => unknown, string, string[]][] = [
    ['without a name', () => kmem_cache_create(null, 100), early,
      ['kmem_cache_create: Early error in slab <NULL>']],
    ['below a word', () => kmem_cache_create('c', 3), early,
      ['kmem_cache_create: Early error in slab c']],
    ['above 32 pages', () => kmem_cache_create('c', 131073), early,
      ['kmem_cache_create: Early error in slab c']],
    ['in an interrupt', () => interrupt(() => kmem_cache_create('c', 100)),
      early, ['kmem_cache_create: Early error in slab c']],
    ['with a destructor alone',
      () => kmem_cache_create('c', 100, 0, 0, null, ctor), early,
      ['kmem_cache_create: Early error in slab c']],
    ['with an unknown flag', () => kmem_cache_create('c', 100, 0, 1),
      'mm/slab.c:1239', []],
    ['with a debugging flag in a production kernel',
      () => kmem_cache_create('c', 100, 0, SLAB_RED_ZONE),
      'mm/slab.c:1239', []],
    ['with RCU and a destructor',
      () => kmem_cache_create('c', 100, 0, SLAB_DESTROY_BY_RCU, ctor, ctor),
      'mm/slab.c:1232', []],
    ['with a name that is taken', () => kmem_cache_create('size-64', 64),
      'mm/slab.c:1472', ['kmem_cache_create: duplicate cache size-64']],
  ];
  test.each(cases)('%s', (_, call, place, said) => {
    let message = '';
    expect(saidBy(() => (message = panicOf(call).message))).toEqual(said);
    expect(message).toBe(`kernel BUG at ${place}!`);
  });

  test('with RCU and poison in a debugging kernel', () => {
    bootSlabs(debugging);
    const flags = SLAB_DESTROY_BY_RCU | SLAB_POISON;
    const call = () => kmem_cache_create('c', 100, 0, flags);
    expect(panicOf(call).message).toContain('slab.c:1229');
  });
});

describe('kmem_cache_shrink, kmem_cache_destroy', () => {
  test('shrink frees every slab that has no object in use', () => {
    const before = page_state.nr_slab;
    const cachep = create('c', 100);
    const objects = take(cachep, 200);
    freeAll(cachep, objects.slice(1));
    expect(kmem_cache_shrink(cachep)).toBe(1);
    expect(page_state.nr_slab).toBe(before + 1);
    freeAll(cachep, objects.slice(0, 1));
    expect(kmem_cache_shrink(cachep)).toBe(0);
    expect(page_state.nr_slab).toBe(before);
    expect(checkCache(cachep)).toEqual([]);
  });

  test('shrink empties the arrays of all CPUs, and the shared one', () => {
    bootSlabs({}, 2);
    const cachep = create('c', 100);
    const mine = onCpu(0, () => take(cachep, 300));
    onCpu(1, () => freeAll(cachep, mine));
    onCpu(0, () => kmem_cache_shrink(cachep));
    expect(cachep.array.map((ac) => ac!.avail)).toEqual([0, 0]);
    expect(cachep.lists.shared!.avail).toBe(0);
    expect(cachep.lists.free_objects).toBe(0);
  });

  test('shrink frees the slab that is listed last first', () => {
    const cachep = create('c', 2000);
    freeAll(cachep, take(cachep, 22));
    slabinfo_write('c 24 12 0'); // empties the array
    const gone: number[] = [];
    watch.freepages = (_, addr) => void gone.push(addr);
    const listed = slabsOf(cachep.lists.slabs_free).map(
      ({ s_mem, colouroff }) => s_mem - colouroff,
    );
    expect(listed).toHaveLength(11);
    kmem_cache_shrink(cachep);
    expect(gone).toEqual(listed.reverse());
  });

  test('destroy gives back all that the cache had', () => {
    const pages = page_state.nr_slab;
    const cachep = create('c', 100);
    freeAll(cachep, take(cachep, 500));
    expect(kmem_cache_destroy(cachep)).toBe(0);
    expect(cache_chain).not.toContain(cachep);
    expect(page_state.nr_slab).toBe(pages);
    // The descriptor is the next to be given out.
    expect(create('d', 100).addr).toBe(cachep.addr);
  });

  test('destroy with objects in use: a message, and it is the newest', () => {
    const cachep = create('c', 100);
    create('d', 100);
    const [objp] = take(cachep, 1);
    let ret = -1;
    const said = saidBy(() => (ret = kmem_cache_destroy(cachep)));
    expect(ret).toBe(1);
    expect(said).toEqual([
      "slab error in kmem_cache_destroy(): cache `c': Can't free all objects",
    ]);
    expect(cache_chain[0]).toBe(cachep);
    kmem_cache_free(cachep, objp);
    expect(kmem_cache_destroy(cachep)).toBe(0);
  });

  test.each([
    ['kmem_cache_shrink', kmem_cache_shrink, 1605],
    ['kmem_cache_destroy', kmem_cache_destroy, 1634],
  ])('%s in an interrupt is a BUG', (_, call, line) => {
    const cachep = create('c', 100);
    const { message } = panicOf(() => interrupt(() => call(cachep)));
    expect(message).toBe(`kernel BUG at mm/slab.c:${line}!`);
  });
});

describe('cache_reap', () => {
  /** A cache with 24 objects in its array, untouched, and two slabs free. */
  function quiet(flags = 0): kmem_cache_t {
    const cachep = create('c', 1000, { flags });
    const objects = take(cachep, 44);
    freeAll(cachep, objects);
    cachep.array[0]!.touched = 0;
    return cachep;
  }

  test('an array that was touched keeps what it has, once', () => {
    const cachep = quiet();
    const [ac] = cachep.array;
    ac!.touched = 1;
    const { avail } = ac!;
    cache_reap();
    expect([ac!.avail, ac!.touched]).toEqual([avail, 0]);
    cache_reap();
    expect(ac!.avail).toBe(avail - 11); // (54 + 4) / 5
  });

  test('it loses its oldest; of a few, half', () => {
    const cachep = quiet();
    const [ac] = cachep.array;
    const entries = [...ac!.entry.slice(0, ac!.avail)];
    cache_reap();
    expect([...ac!.entry.slice(0, ac!.avail)]).toEqual(entries.slice(11));
    ac!.avail = 5;
    cache_reap();
    expect(ac!.avail).toBe(2);
  });

  test('free slabs go after four seconds, a fifth of free_limit a time', () => {
    const cachep = quiet();
    const { lists } = cachep;
    kmem_cache_shrink(cachep);
    // 12 slabs, all free: 4 objects each.
    const objects = take(cachep, 48);
    cachep.free_limit = 1000;
    freeAll(cachep, objects);
    for (const ac of cachep.array) ac!.touched = 0;
    while (cachep.array[0]!.avail > 0) cache_reap();
    const free = () => slabsOf(lists.slabs_free).length;
    expect(free()).toBe(12);

    cachep.free_limit = 58; // (58 + 19) / 20 is 3 slabs
    advance(800); // 8 seconds: next_reap is at most that far away
    cache_reap();
    expect([free(), lists.free_touched]).toEqual([12, 0]); // was touched
    advance(390);
    cache_reap();
    expect(free()).toBe(12); // not yet: 3.9 seconds
    advance(10);
    cache_reap();
    expect(free()).toBe(9);
    expect(lists.next_reap).toBe(jiffies() + 4000);
  });

  test('SLAB_NO_REAP caches are left alone', () => {
    const cachep = quiet(SLAB_NO_REAP);
    const { avail } = cachep.array[0]!;
    for (let i = 0; i < 9; i++) cache_reap();
    expect(cachep.array[0]!.avail).toBe(avail);
  });

  test('it sees to the arrays of the CPU that it runs on', () => {
    bootSlabs({}, 2);
    const cachep = create('c', 100);
    for (const cpu of [0, 1]) onCpu(cpu, () => freeAll(cachep, take(cachep, 9)));
    for (const ac of cachep.array) ac!.touched = 0;
    onCpu(1, cache_reap);
    expect(cachep.array.map((ac) => ac!.avail)).toEqual([16, 8]);
  });

  test('cpucache_init lets it run on each CPU, every two seconds', () => {
    bootSlabs({}, 2);
    cpucache_init();
    const cachep = create('c', 100);
    for (const cpu of [0, 1]) onCpu(cpu, () => freeAll(cachep, take(cachep, 9)));
    const avail = () => cachep.array.map((ac) => ac!.avail);
    advance(99);
    expect(cachep.array.map((ac) => ac!.touched)).toEqual([1, 1]);
    advance(2); // 1,000 jiffies, and 3 more for CPU 1
    expect(cachep.array.map((ac) => ac!.touched)).toEqual([0, 0]);
    expect(avail()).toEqual([16, 16]);
    advance(202);
    expect(avail()).toEqual([8, 8]);
  });
});

describe('/proc/slabinfo', () => {
  const lineOf = (name: string): string =>
    slabinfo().split('\n').find((line) => line.startsWith(`${name} `))!;

  test('one line a cache, the newest first', () => {
    create('c', 100);
    create('inode', 320);
    const names = slabinfo().split('\n').slice(2, 5).map((l) => l.split(' ')[0]);
    expect(names).toEqual(['inode', 'c', 'size-131072(DMA)']);
  });

  test('what lies in an array is active', () => {
    const cachep = create('c', 100);
    const objects = take(cachep, 1);
    expect(lineOf('c')).toBe(
      'c                     16     39    100   39    1 : ' +
        'tunables  120   60    0 : slabdata      1      1      0',
    );
    freeAll(cachep, objects);
    expect(lineOf('c')).toContain('c                     16     39');
  });

  test('a debugging kernel adds its counters', () => {
    bootSlabs(debugging);
    const cachep = create('c', 100);
    freeAll(cachep, take(cachep, 40));
    expect(slabinfo()).toMatch(/^slabinfo - version: 2.1 \(statistics\)\n/);
    expect(lineOf('c')).toMatch(
      / : globalstat +51 +51 +2 +0 +0 +0 +67 +0 : cpustat +36 +4 +38 +2$/,
    );
  });

  test('counts that do not agree are reported, and shown', () => {
    const cachep = create('c', 100);
    take(cachep, 1);
    cachep.lists.free_objects++;
    const said = saidBy(() => void slabinfo());
    expect(said).toEqual(['slab: cache c error: free_objects accounting error']);
  });

  test('writing "c 30 10 0" gives it smaller arrays', () => {
    const cachep = create('c', 100);
    freeAll(cachep, take(cachep, 100));
    expect(slabinfo_write('c 30 10 0')).toBe(9);
    expect([cachep.limit, cachep.batchcount]).toEqual([30, 10]);
    expect(cachep.free_limit).toBe(2 * 10 + 39);
    // What was in the old array is back in the slabs.
    expect(cachep.array[0]!.avail).toBe(0);
    expect(checkCache(cachep)).toEqual([]);
  });

  test.each([
    '', 'c', 'c 30', 'c 30 10', 'c 0 1 0', 'c 30 31 0', 'c 30 0 0',
    'c 30 10 -1', 'nix 30 10 0', 'c x y z', ' 30 10 0 0',
  ])('writing "%s" is refused', (text) => {
    create('c', 100);
    expect(slabinfo_write(text)).toBe(-22);
  });
});
