// KMEM layer by layer: what goes where, which locks it takes, and what
// happens when there is no memory.
import { beforeEach, describe, expect, test } from 'vitest';
import {
  KM_NOSLEEP, KM_PANIC, KM_SLEEP, KMC_NOMAGAZINE, KMC_NOTOUCH,
} from '../../lib/opensolaris/kmem.js';
import {
  kmem_alloc, kmem_alloc_tryhard, kmem_free, kmem_zalloc,
} from '../../lib/opensolaris/kmem_alloc.js';
import {
  cpuMagazines, freeBuffers, checkCache, checkCaches, slabs,
} from '../../lib/opensolaris/kmemcheck.js';
import { kmem_cache_create } from '../../lib/opensolaris/kmem_create.js';
import { kmem_cache_destroy } from '../../lib/opensolaris/kmem_depot.js';
import {
  KMEM_BUFCTL, type kmem_cache_t, KMEM_HASH, statics,
} from '../../lib/opensolaris/kmem_impl.js';
import { bootKmem } from '../../lib/opensolaris/kmem_init.js';
import {
  kmem_cache_alloc, kmem_cache_free, kmem_slab_alloc, kmem_slab_free,
} from '../../lib/opensolaris/kmem_layers.js';
import { kmem_cache_kstat_update } from '../../lib/opensolaris/kmem_reap.js';
import { read, write } from '../../lib/opensolaris/memory.js';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { vmem_check } from '../../lib/opensolaris/vmem_check.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import { VM_SLEEP, type vmem_t } from '../../lib/opensolaris/vmem_impl.js';
import { onCpu } from '../../lib/sys/cpu.js';
import { contend } from '../../lib/sys/mutex.js';
import { reboot } from '../../lib/sys/reboot.js';
import { Deadlock, run, thread, threadLog } from '../../lib/sys/threads.js';
import { caught, panicOf } from '../caught.js';

let heap: vmem_t;
beforeEach(() => {
  reboot();
  heap = bootKmem({ cpus: 2 });
});

/** A cache on an arena of its own, of so many pages. */
function small(pages: number, size: number, cflags = KMC_NOMAGAZINE): kmem_cache_t {
  const vmp = vmem_create(
    'small', 0x10000, pages * 4096, 4096, null, null, null, 0, VM_SLEEP,
  );
  return kmem_cache_create('c', size, 0, null, null, null, null, vmp, cflags);
}

/** Bytes of kmem_default, slabs and bufctls that are out. */
const inUse = (): number[] => [
  statics.kmem_default_arena!.vm_kstat.vk_mem_inuse,
  ...[statics.kmem_slab_cache!, statics.kmem_bufctl_cache!].map(
    (cp) => kmem_cache_kstat_update(cp).kmc_buf_inuse,
  ),
];

const alloc = (cp: kmem_cache_t, n: number): number[] =>
  Array.from({ length: n }, () => kmem_cache_alloc(cp, KM_SLEEP)!);

describe('slabs', () => {
  test('the first colour is align, and after maxcolor comes mincolor', () => {
    const cp = kmem_cache_create('foo', 200, 0);
    alloc(cp, 140);
    const colors = slabs(cp).map((sp) => sp.slab_base % 4096);
    expect(colors).toEqual([8, 16, 24, 32, 40, 0, 8]);
  });

  test('a fresh slab gives its buffers from the last to the first', () => {
    const cp = kmem_cache_create('foo', 200, 0);
    const held = alloc(cp, 20);
    const { slab_base } = slabs(cp)[0];
    const chunks = held.map((buf) => (buf - slab_base) / 200);
    expect(chunks).toEqual(Array.from({ length: 20 }, (_, i) => 19 - i));
  });

  test('a slab with no buffer out goes back at once', () => {
    const cp = small(1, 200);
    for (let i = 1; i <= 3; i++) {
      kmem_cache_free(cp, kmem_cache_alloc(cp, KM_NOSLEEP)!);
      expect([cp.cache_slab_create, cp.cache_slab_destroy]).toEqual([i, i]);
      expect(slabs(cp)).toEqual([]);
    }
  });

  test('a full slab that gets a buffer back is asked first', () => {
    const cp = small(4, 1000);
    const held = alloc(cp, 9); // slabs of four
    const [a, b, c] = slabs(cp);
    expect(cp.cache_freelist).toBe(c);
    kmem_cache_free(cp, held[5]);
    expect(slabs(cp)).toEqual([a, b, c]);
    expect(cp.cache_freelist).toBe(b);
    kmem_cache_free(cp, held[0]);
    expect(slabs(cp)).toEqual([a, b, c]);
    expect(cp.cache_freelist).toBe(a);
    expect(kmem_cache_alloc(cp, KM_SLEEP)).toBe(held[0]);
    expect(cp.cache_freelist).toBe(b);
  });

  test('the link of a free buffer lies in its last word', () => {
    const cp = kmem_cache_create(
      'foo', 200, 0, null, null, null, null, null, KMC_NOMAGAZINE,
    );
    const [a, b] = alloc(cp, 3);
    kmem_cache_free(cp, a);
    kmem_cache_free(cp, b);
    expect(freeBuffers(slabs(cp)[0]).slice(0, 2)).toEqual([b, a]);
    const link = Buffer.from(read(KMEM_BUFCTL(cp, b), 8)).readBigUInt64LE();
    expect(Number(link)).toBe(KMEM_BUFCTL(cp, a));
  });

  test('whoever writes to a freed buffer breaks the list, and C notices not', () => {
    const cp = kmem_cache_create(
      'foo', 200, 0, null, null, null, null, null, KMC_NOMAGAZINE,
    );
    const [a, b] = alloc(cp, 3);
    kmem_cache_free(cp, a);
    kmem_cache_free(cp, b);
    write(KMEM_BUFCTL(cp, b), [0x40, 0x42, 0x0f, 0, 0, 0, 0, 0]); // 1,000,000
    expect(kmem_cache_alloc(cp, KM_SLEEP)).toBe(b);
    expect(kmem_cache_alloc(cp, KM_SLEEP)).toBe(1_000_000 - 192);
    expect(checkCache(cp)).not.toEqual([]);
  });

  test('a link that is no address at all is a trap', () => {
    const cp = kmem_cache_create(
      'foo', 200, 0, null, null, null, null, null, KMC_NOMAGAZINE,
    );
    const [a] = alloc(cp, 2);
    kmem_cache_free(cp, a);
    write(KMEM_BUFCTL(cp, a), new Uint8Array(8).fill(0xde));
    kmem_cache_alloc(cp, KM_SLEEP);
    expect(panicOf(() => kmem_cache_alloc(cp, KM_SLEEP)).message).toBe('trap');
  });

  test('a constructor that fails costs a slab, and cache_alloc_fail counts it', () => {
    const cp = kmem_cache_create('foo', 200, 0, () => -1);
    expect(kmem_cache_alloc(cp, KM_NOSLEEP)).toBeNull();
    const { cache_alloc_fail, cache_slab_create, cache_slab_destroy } = cp;
    expect([cache_alloc_fail, cache_slab_create, cache_slab_destroy]).toEqual(
      [1, 1, 1],
    );
  });

  test('takes cache_lock once a buffer, and once more for a new slab', () => {
    const cp = small(4, 1000);
    const { cache_lock } = cp;
    alloc(cp, 1);
    expect(cache_lock.entered).toBe(2);
    const [buf] = alloc(cp, 1);
    expect(cache_lock.entered).toBe(3);
    kmem_cache_free(cp, buf);
    expect(cache_lock.entered).toBe(4);
  });
});

describe('the hash table', () => {
  test('has all that is out in the bucket of its address, newest first', () => {
    const cp = kmem_cache_create('foo', 4096, 4096);
    const held = alloc(cp, 200);
    const table = cp.cache_hash_table!;
    const bucket = KMEM_HASH(cp, held[199]);
    expect(table[bucket]!.bc_addr).toBe(held[199]);
    expect(checkCache(cp)).toEqual([]);
  });

  test('cache_lookup_depth counts those passed in a chain', () => {
    const cp = kmem_cache_create(
      'foo', 4096, 4096, null, null, null, null, null, KMC_NOMAGAZINE,
    );
    const held = alloc(cp, 256); // 64 buckets, pages in a row: four in each
    const chains = cp.cache_hash_table!.map((bcp) => {
      let n = 0;
      for (let at = bcp; at !== null; at = at.bc_next) n++;
      return n;
    });
    expect(Math.max(...chains)).toBe(4);
    const bucket = KMEM_HASH(cp, held[0]);
    const chain: number[] = [];
    for (let at = cp.cache_hash_table![bucket]; at !== null; at = at.bc_next) {
      chain.push(at.bc_addr);
    }
    kmem_cache_free(cp, chain[3]);
    expect(cp.cache_lookup_depth).toBe(3);
    kmem_cache_free(cp, chain[1]);
    expect(cp.cache_lookup_depth).toBe(4);
    expect(checkCache(cp)).toEqual([]);
  });

  test('a free of what is not in it is found without any debugging', () => {
    const cp = kmem_cache_create('foo', 4096, 0);
    const [buf] = alloc(cp, 1);
    expect(panicOf(() => kmem_slab_free(cp, buf + 4096 * 40)).message).toBe(
      'kernel heap corruption detected',
    );
    expect(cp.cache_lock.m_owner).toBeNull();
  });
});

describe('magazines', () => {
  test('an object comes back as it is, and its constructor is not called', () => {
    let calls = 0;
    const cp = kmem_cache_create('foo', 200, 0, () => (calls++, 0));
    const [buf] = alloc(cp, 1);
    write(buf, [1, 2, 3]);
    kmem_cache_free(cp, buf);
    expect(kmem_cache_alloc(cp, KM_SLEEP)).toBe(buf);
    expect([...read(buf, 3)]).toEqual([1, 2, 3]);
    expect(calls).toBe(1);
  });

  test('each CPU has its own, and takes its own lock only', () => {
    const cp = kmem_cache_create('foo', 200, 0);
    const [a, b] = alloc(cp, 2);
    onCpu(0, () => kmem_cache_free(cp, a));
    onCpu(1, () => kmem_cache_free(cp, b));
    const before = cp.cache_cpu.map(({ cc_lock }) => cc_lock.entered);
    const depot = cp.cache_depot_lock.entered;
    expect(onCpu(1, () => kmem_cache_alloc(cp, KM_SLEEP))).toBe(b);
    expect(onCpu(0, () => kmem_cache_alloc(cp, KM_SLEEP))).toBe(a);
    const after = cp.cache_cpu.map(({ cc_lock }) => cc_lock.entered);
    expect(after.map((n, i) => n - before[i])).toEqual([1, 1]);
    expect(cp.cache_depot_lock.entered).toBe(depot);
  });

  test('two allocations and two frees at the border never reach the depot', () => {
    const cp = kmem_cache_create('foo', 200, 0);
    const held = alloc(cp, 21);
    for (let i = 0; i < 14; i++) kmem_cache_free(cp, held.pop()!);
    alloc(cp, 6).forEach((buf) => held.push(buf));
    const before = cp.cache_depot_lock.entered;
    for (let i = 0; i < 50; i++) {
      alloc(cp, 2).forEach((buf) => held.push(buf));
      kmem_cache_free(cp, held.pop()!);
      kmem_cache_free(cp, held.pop()!);
    }
    expect(cp.cache_depot_lock.entered).toBe(before);
    const [{ loaded, previous }] = cpuMagazines(cp);
    expect([loaded!.length, previous!.length].sort()).toEqual([1, 7]);
  });

  test('the depot gives the magazine that it got last', () => {
    const cp = kmem_cache_create('foo', 200, 0);
    const held = alloc(cp, 28);
    for (const buf of held) kmem_cache_free(cp, buf);
    // Two in the CPU, two in the depot: of the latter, the second is next.
    const again = alloc(cp, 21);
    expect(again.slice(14)).toEqual(held.slice(7, 14).reverse());
    expect(cp.cache_full.ml_total).toBe(1);
  });

  test('a free makes a magazine if need be, an allocation never does', () => {
    const cp = kmem_cache_create('foo', 200, 0);
    const { mt_cache } = cp.cache_magtype;
    const before = mt_cache.cache_slab_alloc;
    const held = alloc(cp, 30);
    expect(mt_cache.cache_slab_alloc).toBe(before);
    for (const buf of held) kmem_cache_free(cp, buf);
    expect(mt_cache.cache_slab_alloc).toBe(before + 5); // 30 objects, 7 each
  });

  test('contention for the depot is counted when a magazine is taken', () => {
    const cp = kmem_cache_create('foo', 200, 0);
    contend(cp.cache_depot_lock, 1);
    alloc(cp, 2);
    expect(cp.cache_depot_contention).toBe(1);
  });

  test('without memory for a magazine an object goes to its slab', () => {
    const cp = kmem_cache_create('foo', 200, 0);
    const held = alloc(cp, 2);
    cp.cache_magtype.mt_cache.cache_constructor = () => 1;
    kmem_cache_free(cp, held[0]);
    expect(cp.cache_slab_free).toBe(1);
    expect(cpuMagazines(cp)[0]).toEqual({ loaded: null, previous: null });
    expect(checkCache(cp)).toEqual([]);
  });

  test('a miss takes one object from the slabs, and fills nothing', () => {
    const cp = kmem_cache_create('foo', 200, 0);
    kmem_cache_alloc(cp, KM_SLEEP);
    expect(cp.cache_slab_alloc).toBe(1);
    expect(cpuMagazines(cp)[0].loaded).toBeNull();
  });
});

describe('when there is no memory', () => {
  test('KM_NOSLEEP gives null, and it is counted', () => {
    const cp = small(1, 1000);
    expect(alloc(cp, 4)).toHaveLength(4);
    expect(kmem_cache_alloc(cp, KM_NOSLEEP)).toBeNull();
    expect(cp.cache_alloc_fail).toBe(1);
    expect(statics.kmem_failure_log!.records.size).toBe(1);
    expect(checkCache(cp)).toEqual([]);
  });

  test('KM_NOSLEEP with KM_PANIC is a panic', () => {
    const cp = small(1, 1000);
    alloc(cp, 4);
    const flags = KM_NOSLEEP | KM_PANIC;
    expect(panicOf(() => kmem_cache_alloc(cp, flags)).message).toContain(
      'cannot satisfy mandatory allocation',
    );
    expect(cp.cache_cpu[0].cc_lock.m_owner).toBeNull();
    expect(cp.cache_lock.m_owner).toBeNull();
  });

  test('KM_SLEEP waits until another thread frees', () => {
    const cp = small(1, 1000);
    const held = alloc(cp, 4);
    let got: number | null = null;
    thread('taker', () => {
      got = kmem_cache_alloc(cp, KM_SLEEP);
    });
    thread('giver', () => held.forEach((buf) => kmem_cache_free(cp, buf)));
    run();
    expect(got).toBeGreaterThanOrEqual(0x10000);
    const did = threadLog()
      .filter(([who]) => who !== 'kmem_taskq')
      .map(([who, what]) => `${who} ${what}`);
    expect(did).toEqual([
      'taker runs', 'taker sleeps', 'giver runs', 'giver ends', 'taker wakes',
      'taker ends',
    ]);
    expect(checkCache(cp)).toEqual([]);
  });

  test('KM_SLEEP gets what the depot of another cache can spare', () => {
    const vmp = vmem_create(
      'shared', 0x10000, 4096, 4096, null, null, null, 0, VM_SLEEP,
    );
    const hoard = kmem_cache_create(
      'hoard', 1000, 0, null, null, null, null, vmp,
    );
    const other = kmem_cache_create('other', 1000, 0, null, null, null, null, vmp);
    // All four buffers go to magazines; then nobody needs them twice.
    hoard.cache_reclaim = () => {
      hoard.cache_reclaim = null;
      thread('purger', () => kmem_cache_destroy(hoard));
    };
    for (const buf of alloc(hoard, 4)) kmem_cache_free(hoard, buf);
    let got: number | null = null;
    thread('taker', () => {
      got = kmem_cache_alloc(other, KM_SLEEP);
    });
    run();
    expect(got).not.toBeNull();
    expect(other.cache_slab_create).toBe(1);
  });

  test('KM_SLEEP with nobody to free is a Deadlock that names the arena', () => {
    const cp = small(1, 1000);
    alloc(cp, 4);
    const { message } = caught(Deadlock, () => kmem_cache_alloc(cp, KM_SLEEP));
    expect(message).toContain('small vm_cv');
    expect(cp.cache_cpu[0].cc_lock.m_owner).toBeNull();
    expect(cp.cache_lock.m_owner).toBeNull();
  });

  test('a slab whose bufctls cannot all be had leaves nothing behind', () => {
    const cp = kmem_cache_create('foo', 1000, 0);
    const before = inUse();
    let left = 3;
    statics.kmem_bufctl_cache!.cache_constructor = () => (left-- > 0 ? 0 : 1);
    expect(kmem_cache_alloc(cp, KM_NOSLEEP)).toBeNull();
    expect(cp.cache_alloc_fail).toBe(1);
    expect(slabs(cp)).toEqual([]);
    expect(inUse()).toEqual(before);
    expect(checkCaches()).toEqual([]);
    expect(vmem_check(statics.kmem_default_arena!)).toEqual([]);
  });

  test('a slab whose kmem_slab_t cannot be had leaves nothing behind', () => {
    const cp = kmem_cache_create('foo', 1000, 0);
    const before = inUse();
    statics.kmem_slab_cache!.cache_constructor = () => 1;
    expect(kmem_cache_alloc(cp, KM_NOSLEEP)).toBeNull();
    expect(inUse()).toEqual(before);
    expect(vmem_check(statics.kmem_default_arena!)).toEqual([]);
    expect(checkCaches()).toEqual([]);
  });
});

describe('kmem_alloc(size, kmflag)', () => {
  test.each([
    [1, 'kmem_alloc_8'], [8, 'kmem_alloc_8'], [9, 'kmem_alloc_16'],
    [65, 'kmem_alloc_80'], [897, 'kmem_alloc_1152'], [4096, 'kmem_alloc_4096'],
    [4097, 'kmem_alloc_8192'], [32768, 'kmem_alloc_32768'],
  ])('of %i bytes comes from %s', (size, name) => {
    const cp = statics.kmem_alloc_table[(size - 1) >> 3];
    expect(cp.cache_name).toBe(name);
    const before = cp.cache_slab_alloc;
    kmem_free(kmem_alloc(size, KM_SLEEP), size);
    expect(cp.cache_slab_alloc).toBe(before + 1);
  });

  test('of more than 32768 is an arena\'s business', () => {
    const { vm_kstat } = statics.kmem_oversize_arena!;
    const buf = kmem_alloc(32769, KM_SLEEP)!;
    expect(vm_kstat.vk_mem_inuse).toBe(32769);
    kmem_free(buf, 32769);
    expect(vm_kstat.vk_mem_inuse).toBe(0);
  });

  test('of 0 is null, and freeing that is nothing', () => {
    expect(kmem_alloc(0, KM_SLEEP)).toBeNull();
    expect(kmem_zalloc(0, KM_SLEEP)).toBeNull();
    kmem_free(null, 0);
  });

  test('of more than there is: null, and it is logged', () => {
    expect(kmem_alloc(2 ** 40, KM_NOSLEEP)).toBeNull();
    const [record] = [...statics.kmem_failure_log!.records.values()];
    expect(record.bc_addr).toBe(2 ** 40);
  });

  test.each([-1, 1.5, NaN, Infinity, 2 ** 60])('of %s is refused', (size) => {
    expect(() => kmem_alloc(size, KM_SLEEP)).toThrow(RangeError);
    expect(() => kmem_free(4096, size)).toThrow(RangeError);
  });

  test('kmem_alloc_tryhard takes a larger one before it waits', () => {
    const cp = statics.kmem_alloc_table[(100 - 1) >> 3];
    cp.cache_constructor = () => 1; // as if there were none of 112
    const asize = { size: 0 };
    const buf = kmem_alloc_tryhard(100, asize, KM_SLEEP);
    expect(buf).not.toBeNull();
    expect(asize.size).toBe(120);
    kmem_free(buf, asize.size);
  });
});

describe('kmem_cache_create', () => {
  test.each([
    [3, 'kmem_cache_create: bad alignment 3'],
    [8192, 'kmem_cache_create: bad alignment 8192'],
  ])('with align %i is a panic', (align, message) => {
    expect(panicOf(() => kmem_cache_create('x', 8, align)).message).toBe(message);
  });

  test.each([
    [0, 0], [-8, 0], [1.5, 0], [NaN, 0], [8, -1], [8, 0.5],
  ])('of %d bytes, align %d, is a RangeError', (size, align) => {
    expect(() => kmem_cache_create('x', size, align)).toThrow(RangeError);
  });

  test('before kmem_init is a RangeError that says what to call', () => {
    reboot();
    expect(() => kmem_cache_create('x', 8, 0)).toThrow('call kmem_init first');
  });

  test('keeps 31 characters of the name', () => {
    const cp = kmem_cache_create('x'.repeat(40), 8, 0);
    expect(cp.cache_name).toBe('x'.repeat(31));
  });
});

describe('quantum caches', () => {
  const quantum = (cflags = 0): vmem_t =>
    vmem_create('q', 4096, 2 ** 24, 4096, null, null, null, 5 * 4096, VM_SLEEP | cflags)!;

  test('have slabs of the next power of 2 above three times the largest', () => {
    const vmp = quantum();
    const caches = vmp.vm_qcache as kmem_cache_t[];
    expect(caches.map(({ cache_slabsize }) => cache_slabsize / 4096)).toEqual([
      16, 16, 16, 16, 16,
    ]);
  });

  test('serve small requests without the arena, again and again', () => {
    const vmp = quantum();
    const addr = vmem_alloc(vmp, 3 * 4096, VM_SLEEP)!;
    const { vm_kstat, vm_lock } = vmp;
    expect(vm_kstat.vk_alloc).toBe(1); // the slab
    vmem_free(vmp, addr, 3 * 4096);
    const before = vm_lock.entered;
    expect(vmem_alloc(vmp, 2 * 4096 + 1, VM_SLEEP)).toBe(addr);
    expect(vm_lock.entered).toBe(before);
    expect(vmem_check(vmp)).toEqual([]);
  });

  test('give ids that nobody writes to', () => {
    const ids = vmem_create(
      'ids', 1, 10_000, 1, null, null, null, 8, VM_SLEEP | 0x40000,
    )!;
    const got = Array.from({ length: 100 }, () => vmem_alloc(ids, 1, VM_SLEEP)!);
    expect(new Set(got).size).toBe(100);
    const [cp] = ids.vm_qcache as kmem_cache_t[];
    expect(cp.cache_cflags & KMC_NOTOUCH).toBe(KMC_NOTOUCH);
    for (const id of got) vmem_free(ids, id, 1);
    expect(checkCache(cp)).toEqual([]);
  });

  test('leave nothing when the heap is all that is used', () => {
    const free = heap.vm_kstat.vk_mem_inuse;
    const cp = kmem_cache_create('foo', 3000, 0);
    for (const buf of alloc(cp, 100)) kmem_cache_free(cp, buf);
    kmem_cache_destroy(cp);
    expect(heap.vm_kstat.vk_mem_inuse).toBeGreaterThan(free);
    expect(checkCaches()).toEqual([]);
  });

  test('a raw buffer can be asked for below the magazines', () => {
    const cp = kmem_cache_create('foo', 64, 0);
    const buf = kmem_slab_alloc(cp, KM_SLEEP)!;
    kmem_slab_free(cp, buf);
    expect(cp.cache_buftotal).toBe(0);
  });
});
