// Slab caches, call by call: layout, growing, order of objects, batches.
import { beforeEach, describe, expect, test } from 'vitest';
import { onCpu } from '../../lib/sys/cpu.js';
import {
  __GFP_HIGHMEM, __GFP_NO_GROW, __GFP_NORETRY, __GFP_NOWARN, __GFP_ZERO,
  GFP_ATOMIC, GFP_DMA, GFP_KERNEL,
} from '../../lib/linux/gfp.js';
import { page_state, PAGE_OFFSET } from '../../lib/linux/mmzone.js';
import { alloc_pages } from '../../lib/linux/page_alloc.js';
import { interrupt } from '../../lib/linux/sched.js';
import {
  kmem_cache_alloc, kmem_cache_free, slab_reclaim_pages,
} from '../../lib/linux/slab_alloc.js';
import {
  array_cache, cache_cache, cache_chain, cache_estimate, CFLGS_OFF_SLAB,
  configure, type kmem_cache_t, sizeofCache, sizeofSlab, SLAB_RECLAIM_ACCOUNT,
  watch,
} from '../../lib/linux/slab_layout.js';
import { kmem_cache_shrink } from '../../lib/linux/slab_reap.js';
import { checkCache, chainOf, slabsOf } from '../../lib/linux/slabcheck.js';
import { bootSlabs, create, saidBy } from './kernel.js';
import { panicOf } from './machine.js';

beforeEach(() => bootSlabs());

/** n objects. */
const take = (cachep: kmem_cache_t, n: number): number[] =>
  Array.from({ length: n }, () => kmem_cache_alloc(cachep, GFP_KERNEL));

/** At least n objects, and then all that are left in the array. */
function takeAll(cachep: kmem_cache_t, n: number): number[] {
  const objects = take(cachep, n);
  while (cachep.array[0]!.avail > 0) objects.push(...take(cachep, 1));
  return objects;
}

/** Which object of its slab, for objects of a cache's first slab. */
const numbers = (cachep: kmem_cache_t, objects: number[]): number[] => {
  const { lists } = cachep;
  const [first] = [lists.slabs_full, lists.slabs_partial, lists.slabs_free]
    .flatMap(slabsOf)
    .sort((a, b) => a.s_mem - b.s_mem);
  return objects.map((objp) => (objp - first.s_mem) / cachep.objsize);
};

const down = (from: number, to: number): number[] =>
  Array.from({ length: from - to + 1 }, (_, i) => from - i);

describe('sizes of structures', () => {
  test.each([
    [32, 1, false, 24, 120],
    [32, 2, false, 24, 128],
    [32, 1, true, 24, 180],
    [64, 1, false, 40, 192],
    [64, 2, false, 40, 208],
  ] as const)('%i bits, %i CPUs, debugging %s', (bits, cpus, debug, slab, cache) => {
    bootSlabs({ BITS_PER_LONG: bits, CONFIG_DEBUG_SLAB: debug }, cpus);
    expect(sizeofSlab).toBe(slab);
    expect(sizeofCache()).toBe(cache);
  });

  test('reboot() makes it an i386 kernel without debugging again', () => {
    configure({ BITS_PER_LONG: 64 });
    bootSlabs();
    expect(sizeofSlab).toBe(24);
  });
});

describe('cache_estimate(gfporder, size, align, flags)', () => {
  test.each([
    [0, 32, 32, 0, 119, 0], // 24 + 238 bytes, rounded up to 288
    [0, 100, 4, 0, 39, 92],
    [0, 700, 4, 0, 5, 560],
    [1, 700, 4, 0, 11, 444],
    [0, 5000, 4, 0, 0, 4072],
    [0, 512, 32, CFLGS_OFF_SLAB, 8, 0],
    [5, 131072, 32, CFLGS_OFF_SLAB, 1, 0],
  ])('order %i, size %i, align %i', (order, size, align, flags, num, left) => {
    const got = cache_estimate(order, size, align, flags >>> 0);
    expect(got).toEqual({ num, left_over: left });
  });
});

describe('which object comes', () => {
  test('15 comes first, then 14 down to 0: a batch of 16 for a new array', () => {
    const cachep = create('c', 100);
    expect(numbers(cachep, take(cachep, 16))).toEqual(down(15, 0));
  });

  test('then batches of 60, or what the slab still has', () => {
    const cachep = create('c', 32);
    const objects = take(cachep, 119);
    expect(numbers(cachep, objects)).toEqual([
      ...down(15, 0), ...down(75, 16), ...down(118, 76),
    ]);
  });

  test('what was freed last comes back first', () => {
    const cachep = create('c', 100);
    const [a, b, c] = take(cachep, 3);
    for (const objp of [b, a, c]) kmem_cache_free(cachep, objp);
    expect(take(cachep, 3)).toEqual([c, a, b]);
  });

  test('a full array gives its oldest half to the slabs', () => {
    const cachep = create('c', 32);
    const objects = takeAll(cachep, 200);
    const [ac] = cachep.array;
    for (const objp of objects.slice(0, 120)) kmem_cache_free(cachep, objp);
    expect(ac!.avail).toBe(120);
    expect(cachep.lists.free_objects).toBe(2 * 119 - objects.length);
    kmem_cache_free(cachep, objects[120]);
    expect(ac!.avail).toBe(61);
    expect([...ac!.entry.slice(0, 61)]).toEqual(objects.slice(60, 121));
    expect(cachep.lists.free_objects).toBe(2 * 119 - objects.length + 60);
    expect(checkCache(cachep)).toEqual([]);
  });

  test('a slab chains what was freed last first', () => {
    const cachep = create('c', 32);
    const objects = takeAll(cachep, 200);
    for (const objp of objects.slice(0, 121)) kmem_cache_free(cachep, objp);
    // objects[0..59] are back: 15 to 0, then 75 to 32 of the first slab.
    const [slabp] = slabsOf(cachep.lists.slabs_partial);
    expect(chainOf(slabp, 119)).toEqual(
      numbers(cachep, objects.slice(0, 60)).reverse(),
    );
  });

  test('slabs with room queue in the order of frees; the first is used', () => {
    const cachep = create('c', 2000); // two a slab, batches of 12
    const objects = takeAll(cachep, 60);
    const pageOf = (objp: number) => Math.floor(objp / 4096);
    const oneASlab = objects.filter(
      (objp, i) => objects.findIndex((o) => pageOf(o) === pageOf(objp)) === i,
    );
    for (const objp of oneASlab.slice(0, 25)) kmem_cache_free(cachep, objp);
    const queue = () =>
      slabsOf(cachep.lists.slabs_partial).map(({ s_mem }) => pageOf(s_mem));
    expect(queue()).toEqual(oneASlab.slice(0, 12).map(pageOf));

    // The array's 13, and then one more: a batch from the first 12 slabs.
    take(cachep, 14);
    expect(queue()).toEqual([]);
    const full = slabsOf(cachep.lists.slabs_full).map(({ s_mem }) => pageOf(s_mem));
    expect(full.slice(0, 12)).toEqual(oneASlab.slice(0, 12).map(pageOf).reverse());
  });
});

describe('growing', () => {
  test('a slab starts with the next colour, and the colours wrap', () => {
    const cachep = create('c', 300); // 13 a slab, 4 colours of 32
    expect(cachep.colour).toBe(4);
    const offsets: number[] = [];
    watch.getpages = ({ name }, addr) => {
      if (name === 'c') offsets.push(addr);
    };
    take(cachep, 13 * 6);
    const slabs = [...slabsOf(cachep.lists.slabs_full)].reverse();
    expect(slabs.map(({ s_mem }, i) => s_mem - offsets[i] - 52)).toEqual([
      0, 32, 64, 96, 0, 32,
    ]);
    expect(cachep.colour_next).toBe(2);
  });

  test('one colour is no colour: all slabs start alike', () => {
    const cachep = create('c', 100);
    cachep.colour = 1;
    take(cachep, 100);
    expect(cachep.colour_next).toBe(0);
  });

  test('large objects have their descriptors in a general cache', () => {
    const cachep = create('c', 4096);
    expect(cachep.slabp_cache!.name).toBe('size-32');
    take(cachep, 1);
    const [slabp] = slabsOf(cachep.lists.slabs_full);
    expect(slabp.colouroff).toBe(0);
    expect(Math.floor(slabp.addr / 4096)).not.toBe(
      Math.floor(slabp.s_mem / 4096),
    );
  });

  test('no pages: the object is 0, and the colour is used up', () => {
    const cachep = create('c', 131072);
    const gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
    while (alloc_pages(gfp, 5) !== null);
    cachep.colour = 3;
    expect(kmem_cache_alloc(cachep, gfp)).toBe(0);
    expect(cachep.colour_next).toBe(1);
    expect(checkCache(cachep)).toEqual([]);
  });

  test('no descriptor: the pages go back', () => {
    const cachep = create('c', 131072);
    const gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
    // size-32 has nothing more to give, and page blocks of order 0 are out.
    const { slabp_cache } = cachep;
    while (kmem_cache_alloc(slabp_cache!, gfp | __GFP_NO_GROW) !== 0);
    const large = [alloc_pages(gfp, 5)!, alloc_pages(gfp, 5)!];
    expect(large).not.toContain(null);
    let events: string[] = [];
    watch.getpages = ({ name }) => {
      events.push(`got ${name}`);
      // From here on nobody gets a page.
      if (name === 'c') while (alloc_pages(gfp, 0) !== null);
    };
    watch.freepages = ({ name }) => void events.push(`gave ${name}`);
    expect(kmem_cache_alloc(cachep, gfp)).toBe(0);
    expect(events).toEqual(['got c', 'gave c']);
  });

  test('__GFP_NO_GROW gives what there is, and no more', () => {
    const cachep = create('c', 100);
    const gfp = GFP_KERNEL | __GFP_NO_GROW;
    expect(kmem_cache_alloc(cachep, gfp)).toBe(0);
    take(cachep, 1);
    const given = Array.from({ length: 39 }, () => kmem_cache_alloc(cachep, gfp));
    expect(given.filter((objp) => objp !== 0)).toHaveLength(38);
  });

  test('pages of a slab are counted, and SLAB_RECLAIM_ACCOUNT apart', () => {
    const before = page_state.nr_slab;
    const cachep = create('c', 100, { flags: SLAB_RECLAIM_ACCOUNT });
    take(cachep, 39 * 3);
    expect(page_state.nr_slab).toBe(before + 3);
    expect(slab_reclaim_pages).toBe(3);
  });

  test('above free_limit a slab that becomes free is given back', () => {
    const cachep = create('c', 2000); // free_limit (1 + 1) * 12 + 2
    const gone: number[] = [];
    watch.freepages = (_, addr) => void gone.push(addr);
    const objects = take(cachep, 100);
    for (const objp of objects) kmem_cache_free(cachep, objp);
    expect(cachep.free_limit).toBe(26);
    expect(cachep.lists.free_objects).toBeLessThanOrEqual(26);
    expect(gone.length).toBeGreaterThan(20);
    expect(checkCache(cachep)).toEqual([]);
  });
});

describe('masks', () => {
  const cases: [string, number, string][] = [
    ['__GFP_HIGHMEM', GFP_KERNEL | __GFP_HIGHMEM, 'mm/slab.c:1792'],
    ['__GFP_ZERO', GFP_KERNEL | __GFP_ZERO, 'mm/slab.c:1792'],
    ['GFP_DMA', GFP_KERNEL | GFP_DMA, 'mm/slab.c:1754'],
  ];
  test.each(cases)('%s makes growing a BUG', (_, gfp, place) => {
    const cachep = create('c', 100);
    const panic = panicOf(() => kmem_cache_alloc(cachep, gfp));
    expect(panic.message).toBe(`kernel BUG at ${place}!`);
    expect(panic.facts.call).toMatch(/^(cache_grow|kmem_cache_alloc)\(c, 0x/);
  });

  test('they are not looked at while there are objects', () => {
    const cachep = create('c', 100);
    take(cachep, 1);
    expect(kmem_cache_alloc(cachep, GFP_KERNEL | __GFP_ZERO)).not.toBe(0);
  });

  test('a DMA cache must be asked for DMA memory, and has it', () => {
    const cachep = create('c', 100, { flags: 0x4000 });
    expect(panicOf(() => take(cachep, 1)).message).toContain('slab.c:1757');
    const objp = kmem_cache_alloc(cachep, GFP_KERNEL | GFP_DMA);
    expect(objp - PAGE_OFFSET).toBeLessThan(4096 * 4096);
  });

  test('sleeping is complained about in an interrupt, and only there', () => {
    const cachep = create('c', 100);
    const complaint = saidBy(() => {
      interrupt(() => kmem_cache_alloc(cachep, GFP_ATOMIC));
      take(cachep, 1);
      interrupt(() => take(cachep, 1));
    });
    expect(complaint[0]).toBe(
      'Debug: sleeping function called from invalid context at mm/slab.c:2082',
    );
    expect(complaint).toHaveLength(2);
  });
});

describe('constructors', () => {
  test('run once on each object of a new slab, and know who may sleep', () => {
    const calls: [number, number][] = [];
    const cachep = create('c', 1000, {
      ctor: (objp, _, flags) => void calls.push([objp, flags]),
    });
    const first = kmem_cache_alloc(cachep, GFP_ATOMIC);
    expect(calls.map(([, flags]) => flags)).toEqual([3, 3, 3, 3]);
    expect(calls.map(([objp]) => objp)).toContain(first);
    kmem_cache_free(cachep, first);
    take(cachep, 4);
    expect(calls).toHaveLength(4);
    take(cachep, 1);
    expect(calls.slice(4).map(([, flags]) => flags)).toEqual([1, 1, 1, 1]);
  });
});

describe('two CPUs', () => {
  beforeEach(() => bootSlabs({ L1_CACHE_BYTES: 128 }, 2));

  test('each has its array', () => {
    const cachep = create('c', 100);
    const a = onCpu(0, () => take(cachep, 1));
    const b = onCpu(1, () => take(cachep, 1));
    expect(numbers(cachep, [...a, ...b])).toEqual([15, 31]);
  });

  test('what one frees reaches the other through the shared array', () => {
    const cachep = create('c', 100); // limit 120, batch 60
    const objects = onCpu(0, () => takeAll(cachep, 200));
    onCpu(0, () => {
      for (const objp of objects.slice(0, 121)) kmem_cache_free(cachep, objp);
    });
    const { shared } = cachep.lists;
    expect(shared!.avail).toBe(60);
    expect([...shared!.entry.slice(0, 60)]).toEqual(objects.slice(0, 60));

    // An array that was not used takes 16, from the top.
    const given = onCpu(1, () => take(cachep, 16));
    expect(given).toEqual(objects.slice(44, 60).reverse());
    expect(shared!.avail).toBe(44);
    expect(shared!.touched).toBe(1);
    expect(checkCache(cachep)).toEqual([]);
  });

  test('a shared array with little room takes what fits', () => {
    const cachep = create('c', 100);
    const { lists } = cachep;
    const objects = onCpu(0, () => takeAll(cachep, 400));
    lists.shared = new array_cache(70, 1, lists.shared!.addr);
    onCpu(0, () => {
      for (const objp of objects.slice(0, 181)) kmem_cache_free(cachep, objp);
    });
    // 60, then the 10 for which there was room, then to the slabs.
    expect(lists.shared.avail).toBe(70);
    expect([...lists.shared.entry]).toEqual(objects.slice(0, 70));
    expect(checkCache(cachep)).toEqual([]);
  });

  test('large objects have no shared array to speak of', () => {
    expect(create('c', 5000).lists.shared!.limit).toBe(0);
  });
});

describe('a production kernel', () => {
  test('gives out twice what was freed twice, and says nothing', () => {
    const cachep = create('c', 100);
    const [objp] = take(cachep, 1);
    const said = saidBy(() => {
      kmem_cache_free(cachep, objp);
      kmem_cache_free(cachep, objp);
    });
    expect(said).toEqual([]);
    expect(checkCache(cachep)).toEqual([
      `4: c: object 0x${objp.toString(16)} is in arrays twice`,
    ]);
    expect(take(cachep, 2)).toEqual([objp, objp]);
  });

  test.each([PAGE_OFFSET + 4096 * 5000, 0x10])(
    'takes %i for an object, and stumbles when it is to go to its slab',
    (objp) => {
      const cachep = create('c', 100);
      kmem_cache_free(cachep, objp);
      const panic = panicOf(() => kmem_cache_shrink(cachep));
      expect(panic.message).toBe('Oops: an address that is in no slab');
    },
  );

  test('stops where the original would go round for ever', () => {
    const cachep = create('c', 2000);
    const objects = take(cachep, 2);
    const [slabp] = slabsOf(cachep.lists.slabs_full);
    // As after a double free: listed as partial, with nothing to give.
    kmem_cache_free(cachep, objects[0]);
    kmem_cache_free(cachep, objects[1]);
    cachep.array[0]!.avail = 0;
    slabp.inuse = 2;
    cachep.lists.slabs_partial.next = slabp;
    cachep.lists.slabs_partial.prev = slabp;
    slabp.next = slabp.prev = cachep.lists.slabs_partial;
    expect(panicOf(() => take(cachep, 1)).message).toMatch(/never end/);
  });
});

describe('checkCache(cachep) names the invariant that is broken', () => {
  /** A cache with two full slabs, a partial one, and free ones. */
  function busy(): kmem_cache_t {
    const cachep = create('c', 1000);
    const objects = take(cachep, 70);
    for (const objp of objects.slice(0, 58)) kmem_cache_free(cachep, objp);
    expect(checkCache(cachep)).toEqual([]);
    return cachep;
  }

  const breaks: [string, (cachep: kmem_cache_t) => void][] = [
    ['1', ({ lists }) => {
      const [slabp] = slabsOf(lists.slabs_full);
      slabp.inuse--;
    }],
    ['2', ({ lists }) => {
      const [slabp] = slabsOf(lists.slabs_partial);
      slabp.bufctl[slabp.free] = slabp.free;
    }],
    ['3', ({ lists }) => void lists.free_objects++],
    ['4', ({ array }) => {
      array[0]!.entry[0] = array[0]!.entry[1];
    }],
    ['4', ({ array }) => {
      array[0]!.entry[0] += 4;
    }],
    ['4', ({ array, lists, objsize }) => {
      const [slabp] = slabsOf(lists.slabs_partial);
      array[0]!.entry[0] = slabp.s_mem + slabp.free * objsize;
    }],
    ['4', ({ array }) => {
      array[0]!.entry[0] = take(create('d', 1000), 1)[0];
    }],
    ['5', ({ array }) => {
      array[0]!.avail = array[0]!.limit + 1;
    }],
    ['6', ({ lists }) => {
      const [slabp] = slabsOf(lists.slabs_full);
      slabp.s_mem += 4096;
      slabp.colouroff += 4096;
    }],
    ['7', ({ lists }) => {
      const [slabp] = slabsOf(lists.slabs_full);
      const [objp] = take(create('d', 1000), 1);
      const start = slabp.s_mem - slabp.colouroff;
      slabp.s_mem = Math.floor(objp / 4096) * 4096 + slabp.colouroff;
      expect(slabp.s_mem).not.toBe(start);
    }],
  ];
  test.each(breaks)('%s', (number, damage) => {
    const cachep = busy();
    damage(cachep);
    const faults = checkCache(cachep);
    expect(faults.some((text) => text.startsWith(`${number}: c: `))).toBe(true);
  });
});

test('cache_cache has the descriptors of all caches but its own', () => {
  const before = cache_chain.length;
  const cachep = create('c', 100);
  expect(cache_chain[0]).toBe(cachep);
  expect(cache_chain).toHaveLength(before + 1);
  expect(cache_chain.at(-1)).toBe(cache_cache);
  const [slabp] = [cache_cache.lists.slabs_full, cache_cache.lists.slabs_partial]
    .flatMap(slabsOf)
    .filter(({ s_mem }) => Math.floor(s_mem / 4096) === Math.floor(cachep.addr / 4096));
  expect((cachep.addr - slabp.s_mem) % cache_cache.objsize).toBe(0);
});
