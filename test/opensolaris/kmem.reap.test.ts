// KMEM looks after itself: working set, longer magazines, hash tables, the
// clock, and CPUs that go.
import { beforeEach, describe, expect, test } from 'vitest';
import { KM_SLEEP, KMC_NOMAGAZINE } from '../../lib/opensolaris/kmem.js';
import {
  checkCache, checkCaches, slabs,
} from '../../lib/opensolaris/kmemcheck.js';
import { kmem_cache_create } from '../../lib/opensolaris/kmem_create.js';
import {
  hashSizeFor, kmem_cache_destroy, kmem_cache_magazine_purge,
  kmem_cache_magazine_resize, kmem_depot_ws_reap, kmem_depot_ws_update,
} from '../../lib/opensolaris/kmem_depot.js';
import {
  type kmem_cache_t, KMEM_HASH, statics,
} from '../../lib/opensolaris/kmem_impl.js';
import { bootKmem, kmem_mp_init } from '../../lib/opensolaris/kmem_init.js';
import {
  kmem_cache_alloc, kmem_cache_free,
} from '../../lib/opensolaris/kmem_layers.js';
import {
  caches, kmem_cache_kstat_update, kmem_cache_reap, kmem_cache_reap_now,
  kmem_cache_update, kmem_cpu_setup, kmem_reap, kmem_reap_idspace,
} from '../../lib/opensolaris/kmem_reap.js';
import {
  taskq_create, taskq_dispatch, taskq_member, taskq_wait,
} from '../../lib/opensolaris/taskq.js';
import { vmem_alloc } from '../../lib/opensolaris/vmem_alloc.js';
import {
  vmem_create, vmem_destroy,
} from '../../lib/opensolaris/vmem_create.js';
import { VM_SLEEP } from '../../lib/opensolaris/vmem_impl.js';
import { vmem_qcache_reap } from '../../lib/opensolaris/vmem_init.js';
import { advance } from '../../lib/sys/clock.js';
import { dmesg } from '../../lib/sys/cons.js';
import { onCpu } from '../../lib/sys/cpu.js';
import { mutex_enter, mutex_exit } from '../../lib/sys/mutex.js';
import { reboot } from '../../lib/sys/reboot.js';
import { curthread, run, thread } from '../../lib/sys/threads.js';
import { panicOf } from '../caught.js';

beforeEach(() => {
  reboot();
  bootKmem({ cpus: 2 });
});

const alloc = (cp: kmem_cache_t, n: number): number[] =>
  Array.from({ length: n }, () => kmem_cache_alloc(cp, KM_SLEEP)!);

/** A cache with so many full magazines in its depot, and two in CPU 0. */
function stocked(full: number): kmem_cache_t {
  const cp = kmem_cache_create('foo', 200, 0); // 7 rounds
  for (const buf of alloc(cp, 7 * (full + 2))) kmem_cache_free(cp, buf);
  expect(cp.cache_full.ml_total).toBe(full);
  return cp;
}

describe('the working set', () => {
  test('of 37 to 47 magazines is 10: the other 37 may go', () => {
    const cp = stocked(47);
    kmem_depot_ws_update(cp);
    const held = alloc(cp, 7 * 12); // two of the CPU's, ten of the depot's
    expect(cp.cache_full.ml_total).toBe(37);
    for (const buf of held) kmem_cache_free(cp, buf);
    expect(cp.cache_full.ml_total).toBe(47);
    kmem_depot_ws_update(cp);
    expect(cp.cache_full.ml_reaplimit).toBe(37);
    kmem_depot_ws_reap(cp);
    expect(cp.cache_full.ml_total).toBe(10);
    expect(checkCache(cp)).toEqual([]);
  });

  test('what is used again since the update is not reaped', () => {
    const cp = stocked(5);
    kmem_depot_ws_update(cp);
    kmem_depot_ws_update(cp);
    const held = alloc(cp, 7 * 2 + 7 * 3);
    expect(cp.cache_full.ml_total).toBe(2);
    for (const buf of held) kmem_cache_free(cp, buf);
    const { ml_total, ml_min, ml_reaplimit } = cp.cache_full;
    expect([ml_total, ml_min, ml_reaplimit]).toEqual([5, 2, 5]);
    kmem_depot_ws_reap(cp);
    expect(cp.cache_full.ml_total).toBe(3); // the less of 2 and 5 went
    expect(checkCache(cp)).toEqual([]);
  });

  test('one update alone lets nothing go that was ever short', () => {
    const cp = stocked(5);
    kmem_depot_ws_update(cp); // the minimum since the start was 0
    kmem_depot_ws_reap(cp);
    expect(cp.cache_full.ml_total).toBe(5);
  });

  test('kmem_cache_reap_now frees the whole depot, and leaves the CPUs', () => {
    const cp = stocked(5);
    kmem_cache_reap_now(cp);
    expect(cp.cache_full.ml_total).toBe(0);
    expect(cp.cache_empty.ml_total).toBe(0);
    expect(cp.cache_cpu[0].cc_rounds + cp.cache_cpu[0].cc_prounds).toBe(14);
    expect(checkCaches()).toEqual([]);
  });

  test('kmem_cache_reap asks the owner first', () => {
    const cp = stocked(3);
    const asked: unknown[] = [];
    cp.cache_private = 'me';
    cp.cache_reclaim = (me) => {
      asked.push(me);
      expect(cp.cache_full.ml_total).toBe(3);
    };
    kmem_depot_ws_update(cp);
    kmem_depot_ws_update(cp);
    kmem_cache_reap(cp);
    expect(asked).toEqual(['me']);
    expect(cp.cache_full.ml_total).toBe(0);
  });
});

describe('a purge', () => {
  test('empties the loaded magazine before the previous, in order of rounds', () => {
    const unmade: number[] = [];
    const cp = kmem_cache_create(
      'foo', 200, 0, null, (buf) => void unmade.push(buf),
    );
    const held = alloc(cp, 10);
    for (const buf of held) kmem_cache_free(cp, buf);
    kmem_cache_magazine_purge(cp);
    expect(unmade).toEqual([...held.slice(7), ...held.slice(0, 7)]);
    expect(cp.cache_cpu[0].cc_magsize).toBe(0);
    expect(slabs(cp)).toEqual([]);
  });

  test('CPU 0 comes before CPU 1', () => {
    const unmade: number[] = [];
    const cp = kmem_cache_create(
      'foo', 200, 0, null, (buf) => void unmade.push(buf),
    );
    const [a, b] = alloc(cp, 2);
    onCpu(1, () => kmem_cache_free(cp, a));
    onCpu(0, () => kmem_cache_free(cp, b));
    kmem_cache_magazine_purge(cp);
    expect(unmade).toEqual([b, a]);
  });

  test('comes for all caches when a CPU goes, and magazines go on after', () => {
    const cp = stocked(3);
    kmem_cpu_setup('CPU_CONFIG');
    run();
    expect(cp.cache_full.ml_total).toBe(3);
    kmem_cpu_setup('CPU_UNCONFIG');
    run();
    expect(cp.cache_buftotal).toBe(0);
    expect(cp.cache_cpu.map(({ cc_magsize }) => cc_magsize)).toEqual([7, 7]);
    expect(checkCaches()).toEqual([]);
  });
});

describe('magazines get longer', () => {
  const update = (cp: kmem_cache_t): number => {
    kmem_cache_update(cp);
    taskq_wait(statics.kmem_taskq!);
    return cp.cache_magtype.mt_magsize;
  };

  test('when the depot was waited for more than three times', () => {
    const cp = kmem_cache_create('foo', 200, 0);
    cp.cache_depot_contention = 3;
    expect(update(cp)).toBe(7);
    cp.cache_depot_contention = 7;
    expect(update(cp)).toBe(15);
  });

  test('and not again in the next interval, whatever happens in it', () => {
    const cp = kmem_cache_create('foo', 200, 0);
    cp.cache_depot_contention = 4;
    expect(update(cp)).toBe(15);
    cp.cache_depot_contention = 1000;
    expect(update(cp)).toBe(15);
    cp.cache_depot_contention = 1004;
    expect(update(cp)).toBe(31);
  });

  test('up to what the size of a chunk allows', () => {
    const cp = kmem_cache_create('foo', 1344, 0); // 3 rounds
    for (let i = 0; i < 20; i++) kmem_cache_magazine_resize(cp);
    expect(cp.cache_magtype.mt_magsize).toBe(63); // 1344 is not below 1024
    expect(cp.cache_cpu[0].cc_magsize).toBe(63);
  });

  test('what a CPU made for the old length goes back', () => {
    const cp = kmem_cache_create('foo', 200, 0);
    const [buf] = alloc(cp, 1);
    const { mt_cache } = cp.cache_magtype;
    mt_cache.cache_constructor = () => {
      mt_cache.cache_constructor = null;
      kmem_cache_magazine_resize(cp); // another thread, just then
      return 0;
    };
    kmem_cache_free(cp, buf);
    expect(cp.cache_cpu[0].cc_rounds).toBe(1);
    expect(cp.cache_cpu[0].cc_loaded!.mag_round).toHaveLength(15);
    expect(cp.cache_magtype.mt_magsize).toBe(15);
    expect(checkCaches()).toEqual([]);
  });
});

describe('a hash table', () => {
  test.each([[0, 64], [64, 64], [83, 64], [84, 128], [100, 128], [1000, 1024]])(
    'for %i buffers has %i buckets', (buffers, size) => {
      expect(hashSizeFor(buffers)).toBe(size);
    },
  );

  test('grows with its cache, and shrinks again, with nothing lost', () => {
    const cp = kmem_cache_create(
      'foo', 1024, 0, null, null, null, null, null, KMC_NOMAGAZINE,
    );
    const held = alloc(cp, 1000);
    const before = statics.kmem_hash_arena!.vm_kstat.vk_mem_inuse;
    const order = (bucket: number): number[] => {
      const chain: number[] = [];
      let at = cp.cache_hash_table![bucket];
      for (; at !== null; at = at.bc_next) chain.push(at.bc_addr);
      return chain;
    };
    kmem_cache_update(cp);
    expect(cp.cache_hash_mask).toBe(63);
    taskq_wait(statics.kmem_taskq!);
    expect(cp.cache_hash_mask).toBe(1023);
    expect(cp.cache_rescale).toBe(1);
    const { vk_mem_inuse } = statics.kmem_hash_arena!.vm_kstat;
    expect(vk_mem_inuse - before).toBe((1024 - 64) * 8);
    expect(checkCache(cp)).toEqual([]);

    // Buckets that become one: each bufctl goes before those that are there,
    // so the last bucket's comes out first.
    const bucket = KMEM_HASH(cp, held[0]) & 63;
    const isKept = (buf: number): boolean =>
      (KMEM_HASH(cp, buf) & 63) === bucket;
    const kept = held.filter(isKept);
    expect(kept.length).toBeGreaterThan(8);
    for (const buf of held) if (!isKept(buf)) kmem_cache_free(cp, buf);
    const lastFirst = kept
      .map((buf) => [KMEM_HASH(cp, buf), buf])
      .sort(([a], [b]) => b - a)
      .map(([, buf]) => buf);
    kmem_cache_update(cp);
    taskq_wait(statics.kmem_taskq!);
    expect(cp.cache_hash_mask).toBe(63);
    expect(cp.cache_rescale).toBe(2);
    expect(order(bucket)).toEqual(lastFirst);
    expect(checkCache(cp)).toEqual([]);
  });

  test('stays when it is off by no more than twice', () => {
    const cp = kmem_cache_create('foo', 1024, 0);
    alloc(cp, 127);
    kmem_cache_update(cp);
    taskq_wait(statics.kmem_taskq!);
    expect(cp.cache_hash_mask).toBe(63);
  });
});

describe('kmem_reap', () => {
  test('reaps all caches, once an interval', () => {
    const cp = stocked(4);
    const reap = (): number => {
      kmem_depot_ws_update(cp);
      kmem_depot_ws_update(cp);
      kmem_reap();
      run();
      return cp.cache_full.ml_total;
    };
    expect(reap()).toBe(0);
    for (const buf of alloc(cp, 42)) kmem_cache_free(cp, buf);
    expect(reap()).toBe(4);
    advance(1499);
    expect(reap()).toBe(4);
    advance(1);
    expect(reap()).toBe(0);
  });

  test('does nothing for who holds the lock of the ring', () => {
    mutex_enter(statics.kmem_cache_lock);
    kmem_reap();
    mutex_exit(statics.kmem_cache_lock);
    expect(statics.kmem_reaping).toBe(0);
  });

  test('of ids reaps caches of ids only', () => {
    const cp = stocked(4);
    const ids = vmem_create('ids', 1, 1000, 1, null, null, null, 1, VM_SLEEP | 0x40000)!;
    const [qc] = ids.vm_qcache as kmem_cache_t[];
    const asked: string[] = [];
    qc.cache_reclaim = () => void asked.push('ids');
    cp.cache_reclaim = () => void asked.push('memory');
    kmem_reap_idspace();
    run();
    expect(asked).toEqual(['ids']);
    kmem_reap();
    run();
    expect(asked.sort()).toEqual(['ids', 'ids', 'memory']);
  });

  test('comes when an arena is short, and the caller gets what it freed', () => {
    const vmp = vmem_create('s', 4096, 4 * 4096, 4096, null, null, null, 0, VM_SLEEP);
    const cp = kmem_cache_create('foo', 1000, 0, null, null, null, null, vmp);
    for (const buf of alloc(cp, 16)) kmem_cache_free(cp, buf); // 3 rounds
    kmem_depot_ws_update(cp);
    kmem_depot_ws_update(cp);
    let got: number | null = null;
    thread('taker', () => {
      got = vmem_alloc(vmp!, 4096, VM_SLEEP);
    });
    run();
    expect(got).not.toBeNull();
    expect(checkCache(cp)).toEqual([]);
  });
});

describe('the clock', () => {
  test('updates all caches every 15 seconds, when the work of the last is done', () => {
    const cp = stocked(3);
    kmem_mp_init();
    advance(1500);
    expect(cp.cache_full.ml_min).toBe(3);
    advance(1500);
    expect(cp.cache_full.ml_reaplimit).toBe(0); // nobody has run the tasks
    run();
    advance(1500);
    expect(cp.cache_full.ml_reaplimit).toBe(3);
  });
});

describe('kmem_cache_destroy', () => {
  test('waits for tasks, frees all, and leaves the ring', () => {
    const cp = stocked(3);
    cp.cache_depot_contention = 4;
    kmem_cache_update(cp);
    kmem_cache_destroy(cp);
    expect(cp.cache_magtype.mt_magsize).toBe(15); // the task has run
    expect(caches()).not.toContain(cp);
    expect(cp.cache_buftotal).toBe(0);
    expect(dmesg()).toEqual([]);
    expect(checkCaches()).toEqual([]);
  });

  test('says what is not empty, and mines it', () => {
    const cp = kmem_cache_create('foo', 200, 0);
    const [buf] = alloc(cp, 1);
    kmem_cache_destroy(cp);
    const at = cp.at.toString(16);
    expect(dmesg()).toEqual([
      `WARNING: kmem_cache_destroy: 'foo' (${at}) not empty`,
    ]);
    expect(panicOf(() => kmem_cache_free(cp, buf)).message).toBe('trap');
    expect(panicOf(() => kmem_cache_alloc(cp, KM_SLEEP)).message).toBe('trap');
  });

  test('twice is a trap', () => {
    const cp = kmem_cache_create('foo', 200, 0);
    kmem_cache_destroy(cp);
    expect(panicOf(() => kmem_cache_destroy(cp)).message).toBe('trap');
    expect(statics.kmem_cache_lock.m_owner).toBeNull();
  });

  test('comes to quantum caches with their arena', () => {
    const before = caches().length;
    const vmp = vmem_create('q', 4096, 2 ** 20, 4096, null, null, null, 8192, VM_SLEEP)!;
    expect(caches().length).toBe(before + 2);
    vmem_qcache_reap(vmp);
    vmem_destroy(vmp);
    expect(caches().length).toBe(before);
  });
});

test('kmc_alloc counts those that came with a full magazine twice', () => {
  const cp = stocked(2);
  alloc(cp, 28);
  const { kmc_alloc, kmc_depot_alloc, kmc_buf_inuse, kmc_free } =
    kmem_cache_kstat_update(cp);
  expect(kmc_depot_alloc).toBe(2);
  expect(kmc_alloc).toBe(28 + 28 + 2);
  expect(kmc_buf_inuse).toBe(28);
  expect(kmc_free).toBe(28 + cp.cache_empty.ml_alloc);
});

describe('a task queue', () => {
  test('runs tasks in order, in its own thread, and never at once', () => {
    const tq = taskq_create('tq');
    const log: string[] = [];
    for (const name of ['a', 'b']) {
      taskq_dispatch(tq, (x) => {
        log.push(`${x} ${curthread.name} ${taskq_member(tq, curthread)}`);
        if (x === 'a') taskq_dispatch(tq, (y) => log.push(y), 'c');
      }, name);
    }
    expect(log).toEqual([]);
    taskq_wait(tq);
    expect(log).toEqual(['a tq true', 'b tq true', 'c']);
    expect(taskq_member(tq, curthread)).toBe(false);
    taskq_wait(tq);
  });

  test('goes on after a task has thrown', () => {
    const tq = taskq_create('tq');
    const log: string[] = [];
    taskq_dispatch(tq, () => {
      throw new Error('no');
    }, 0);
    taskq_dispatch(tq, () => log.push('later'), 0);
    expect(() => taskq_wait(tq)).toThrow('no');
    taskq_dispatch(tq, () => log.push('last'), 0);
    taskq_wait(tq);
    expect(log).toEqual(['later', 'last']);
  });
});
