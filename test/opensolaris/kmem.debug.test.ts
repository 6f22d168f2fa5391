// KMEM's debugging beyond the golden files: records, logs, failures on
// purpose, a wall of hardware, and a kernel that goes on after an error.
import { describe, expect, test } from 'vitest';
import {
  KM_NOSLEEP, KM_SLEEP, KMC_NODEBUG, KMC_NOMAGAZINE, KMC_NOTOUCH, KMF_AUDIT,
  KMF_BUFTAG, KMF_CONTENTS, KMF_DEADBEEF, KMF_FIREWALL, KMF_HASH, KMF_LITE,
  KMF_NOMAGAZINE, KMF_REDZONE,
} from '../../lib/opensolaris/kmem.js';
import { kmem_alloc, kmem_free } from '../../lib/opensolaris/kmem_alloc.js';
import { checkCache, slabs } from '../../lib/opensolaris/kmemcheck.js';
import { kmem_cache_create } from '../../lib/opensolaris/kmem_create.js';
import { kmem_cache_destroy } from '../../lib/opensolaris/kmem_depot.js';
import { bt_history } from '../../lib/opensolaris/kmem_error.js';
import {
  kmem_bufctl_audit_t, KMEM_BUFTAG, type kmem_cache_t, KMEM_HASH, statics,
  tunables,
} from '../../lib/opensolaris/kmem_impl.js';
import {
  bootKmem, kmem_init, kmem_maxavail, kmem_thread_init,
} from '../../lib/opensolaris/kmem_init.js';
import {
  kmem_cache_alloc, kmem_cache_free,
} from '../../lib/opensolaris/kmem_layers.js';
import {
  callFrom, kmem_log_enter, kmem_log_init, kobj_getsymname,
} from '../../lib/opensolaris/kmem_log.js';
import { loadPointer, read, write } from '../../lib/opensolaris/memory.js';
import { debugFlags } from '../../lib/opensolaris/kmem_sizes.js';
import {
  scaled, kvm_init, startup_kmem,
} from '../../lib/opensolaris/startup.js';
import { isMapped } from '../../lib/opensolaris/vm_page.js';
import { dmesg } from '../../lib/sys/cons.js';
import { reboot } from '../../lib/sys/reboot.js';
import { panicOf } from '../caught.js';

function boot(kmem_flags: number): void {
  reboot();
  bootKmem({ kmem_flags });
}

/** Boots on a heap with pages behind it. */
function bootPages(kmem_flags: number): void {
  reboot();
  startup_kmem(scaled, () =>
    kmem_init(() => {
      tunables.kmem_flags = kmem_flags;
    }),
  );
  kvm_init();
  kmem_thread_init();
}

/** The audit record of a buffer that is out. */
function auditOf(cp: kmem_cache_t, buf: number): kmem_bufctl_audit_t {
  let bcp = cp.cache_hash_table![KMEM_HASH(cp, buf)];
  while (bcp !== null && bcp.bc_addr !== buf) bcp = bcp.bc_next;
  return bcp as kmem_bufctl_audit_t;
}

describe('the flags of a cache', () => {
  const flags = (
    kmem_flags: number, cflags = 0, bufsize = 40, align = 8, firewall = true,
  ): number =>
    debugFlags(
      { bufsize, align, cflags, quantum: 4096, qcache_max: 0, firewall },
      kmem_flags,
    );
  const all = KMF_AUDIT | KMF_BUFTAG | KMF_CONTENTS;

  test.each([
    ['DEADBEEF brings REDZONE', flags(KMF_DEADBEEF), KMF_BUFTAG],
    ['AUDIT brings REDZONE', flags(KMF_AUDIT), KMF_AUDIT | KMF_REDZONE],
    ['but not to KMC_NOTOUCH', flags(KMF_AUDIT, KMC_NOTOUCH), KMF_AUDIT],
    ['no CONTENTS without AUDIT', flags(KMF_CONTENTS), 0],
    ['KMC_NODEBUG drops all', flags(0xf, KMC_NODEBUG), 0],
    ['KMC_NOTOUCH drops what touches', flags(0xf, KMC_NOTOUCH), KMF_AUDIT],
    ['KMC_NOMAGAZINE', flags(0, KMC_NOMAGAZINE), KMF_NOMAGAZINE],
    ['LITE', flags(KMF_LITE | 0xf), KMF_LITE | KMF_BUFTAG],
    ['LITE not for whole kilobytes', flags(KMF_LITE, 0, 1024), 0],
    ['LITE not for wide alignments', flags(KMF_LITE, 0, 40, 2048), 0],
    ['half a page and more has a firewall', flags(0xf, 0, 2048),
      (all & ~KMF_BUFTAG) | KMF_NOMAGAZINE | KMF_FIREWALL],
    ['less has none', flags(0xf, 0, 2047), all],
    ['nor in another arena', flags(0xf, 0, 2048, 8, false), all],
  ])('%s', (_what, got, expected) => {
    boot(0);
    expect(got).toBe(expected);
  });

  test('KMF_STICKY: /etc/system cannot change them', () => {
    reboot();
    tunables.kmem_flags = 0x10 | 4;
    bootKmem({ kmem_flags: 0 });
    expect(tunables.kmem_flags).toBe(0x14);
  });
});

describe('KMF_AUDIT', () => {
  test('notes who had a buffer, and logs each transaction', () => {
    boot(0xf);
    const cp = kmem_cache_create('foo', 40, 0);
    callFrom('allocb+20', 'str_rput+8');
    const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
    const bcp = auditOf(cp, buf);
    expect(bcp.bc_stack).toEqual(['allocb+20', 'str_rput+8']);
    expect(bcp.bc_thread).toBe('main');
    const allocated = statics.kmem_transaction_log!.records.get(bcp.bc_lastlog!)!;
    expect(allocated.bc_addr).toBe(buf);

    write(buf, [1, 2, 3, 4]);
    callFrom('freeb+4');
    kmem_cache_free(cp, buf);
    expect(bcp.bc_stack).toEqual(['freeb+4']);
    expect(allocated.bc_stack).toEqual(['allocb+20', 'str_rput+8']);
    expect([...read(bcp.bc_contents!, 4)]).toEqual([1, 2, 3, 4]);
    expect(read(buf, 4)[0]).toBe(0xef);
  });

  test('keeps 15 callers at most', () => {
    boot(0xf);
    const cp = kmem_cache_create('foo', 40, 0);
    callFrom(...Array.from({ length: 20 }, (_, i) => `f${i}+0`));
    const bcp = auditOf(cp, kmem_cache_alloc(cp, KM_SLEEP)!);
    expect(bcp.bc_depth).toBe(15);
    expect(bcp.bc_stack).toHaveLength(15);
  });

  test('says how long ago the last transaction was', () => {
    boot(0xf);
    const cp = kmem_cache_create('foo', 40, 0);
    const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
    kmem_cache_free(cp, buf);
    panicOf(() => kmem_cache_free(cp, buf));
    const line = dmesg().find((text) => text.startsWith('thread='))!;
    expect(line).toMatch(/^thread=main {2}time=T-0\.0000000\d\d {2}slab=/);
  });
});

describe('a log', () => {
  test('forgets the oldest piece, and keeps records whole', () => {
    boot(0);
    const lhp = kmem_log_init(1);
    expect([lhp.lh_nchunks, lhp.lh_chunksize]).toEqual([4, 4096]);
    const record = new kmem_bufctl_audit_t(0);
    const places = Array.from({ length: 21 * 5 }, () =>
      kmem_log_enter(lhp, record, 192)!,
    );
    // 21 a piece of 4096. CPU 0 begins with the second: the first is its own
    // already, and comes last.
    const pieceOf = (at: number) => Math.floor((at - lhp.lh_base) / 4096);
    expect(pieceOf(places[0])).toBe(1);
    const order = [0, 21, 42, 63, 84].map((i) => pieceOf(places[i]));
    expect(order).toEqual([1, 2, 3, 0, 1]);
    for (const at of places) {
      expect(pieceOf(at + 191)).toBe(pieceOf(at));
    }
    expect(lhp.records.size).toBe(84);
    expect(lhp.lh_hits).toBe(5);
  });

  test('writes nothing once an error was found', () => {
    boot(0xf);
    const cp = kmem_cache_create('foo', 40, 0);
    const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
    kmem_cache_free(cp, buf);
    panicOf(() => kmem_cache_free(cp, buf));
    expect(kmem_log_enter(statics.kmem_transaction_log, buf, 8)).toBeNull();
  });

  test('of transactions takes 2 % of what there is', () => {
    boot(0xf);
    const { lh_chunksize, lh_nchunks } = statics.kmem_transaction_log!;
    const share = kmem_maxavail(statics.kmem_va_arena!.vm_source!) / 50;
    expect((lh_chunksize * lh_nchunks) / share).toBeCloseTo(1, 1);
  });
});

describe('KMF_LITE', () => {
  test('keeps the last four callers behind the tag, newest first', () => {
    boot(0x100);
    const cp = kmem_cache_create('foo', 40, 0);
    let buf = 0;
    for (const name of ['a+1', 'b+2', 'c+3']) {
      callFrom(name);
      buf = kmem_cache_alloc(cp, KM_SLEEP)!;
      callFrom(`${name}, freeing`);
      kmem_cache_free(cp, buf);
    }
    const at = KMEM_BUFTAG(cp, buf) + bt_history;
    const names = [0, 8, 16, 24].map((i) => kobj_getsymname(loadPointer(at + i)));
    expect(names).toEqual(['c+3, freeing', 'c+3', 'b+2, freeing', 'b+2']);
  });

  test('gives an object its first word back, and lets it stay constructed', () => {
    boot(0x100);
    const made: string[] = [];
    const cp = kmem_cache_create(
      'foo', 40, 0,
      (buf) => {
        made.push('constructed');
        write(buf, [9, 8, 7, 6, 5, 4, 3, 2]);
        return 0;
      },
      (buf) => void made.push(`unmade ${read(buf, 1)[0]}`),
    );
    const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
    kmem_cache_free(cp, buf);
    expect(read(buf, 2)[0]).toBe(0xef);
    expect(kmem_cache_alloc(cp, KM_SLEEP)).toBe(buf);
    expect([...read(buf, 3)]).toEqual([9, 8, 7]);
    kmem_cache_free(cp, buf);
    kmem_cache_destroy(cp);
    expect(made).toEqual(['constructed', 'unmade 9']);
  });
});

describe('KMF_DEADBEEF', () => {
  test('constructs each time: what lies in magazines is filled', () => {
    boot(6);
    let made = 0;
    let unmade = 0;
    const cp = kmem_cache_create('foo', 40, 0, () => (made++, 0), () => void unmade++);
    for (let i = 0; i < 5; i++) {
      kmem_cache_free(cp, kmem_cache_alloc(cp, KM_SLEEP)!);
    }
    expect([made, unmade]).toEqual([5, 5]);
    kmem_cache_destroy(cp);
    expect([made, unmade]).toEqual([5, 5]);
  });
});

describe('kmem_mtbf', () => {
  test('lets KM_NOSLEEP fail now and then, and nobody else', () => {
    boot(4);
    const cp = kmem_cache_create('foo', 40, 0);
    const held = [kmem_cache_alloc(cp, KM_SLEEP)!]; // so that a slab stays
    tunables.kmem_mtbf = 3;
    let failed = 0;
    for (let i = 0; i < 60; i++) {
      const buf = kmem_cache_alloc(cp, KM_NOSLEEP);
      if (buf === null) failed++;
      else held.push(buf);
    }
    expect(failed).toBeGreaterThan(5);
    expect(failed).toBeLessThan(40);
    expect(cp.cache_alloc_fail).toBe(failed);
    for (let i = 0; i < 60; i++) held.push(kmem_cache_alloc(cp, KM_SLEEP)!);
    expect(held).not.toContain(null);
    expect(cp.cache_alloc_fail).toBe(failed);
    expect(checkCache(cp)).toEqual([]);
  });

  test('takes an object that is constructed apart before it fails', () => {
    boot(4);
    let alive = 0;
    const cp = kmem_cache_create(
      'foo', 40, 0, () => (alive++, 0), () => void alive--,
    );
    const held = [1, 2, 3].map(() => kmem_cache_alloc(cp, KM_SLEEP)!);
    held.forEach((buf) => kmem_cache_free(cp, buf));
    cp.cache_mtbf = 1;
    expect(kmem_cache_alloc(cp, KM_NOSLEEP)).toBeNull();
    expect(alive).toBe(2);
    expect(checkCache(cp)).toEqual([]);
  });
});

describe('a firewall', () => {
  test('lets the object end where its page ends, with none behind it', () => {
    bootPages(0xf);
    const cp = kmem_cache_create('big', 3000, 0);
    expect(cp.cache_flags & KMF_FIREWALL).toBe(KMF_FIREWALL);
    const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
    expect((buf + 3000) % 4096).toBe(0);
    expect(isMapped(buf + 2999)).toBe(true);
    const next = kmem_cache_alloc(cp, KM_SLEEP)!;
    expect(next - buf).toBe(2 * 4096); // the next one is behind the wall
    expect(isMapped(buf + 3000)).toBe(false);
    write(buf + 2999, [1]);
    expect(panicOf(() => write(buf + 3000, [1])).message).toBe('trap');
    kmem_cache_free(cp, buf);
    expect(panicOf(() => write(buf, [1])).message).toBe('trap');
  });

  test('of kmem_oversize too, and the next address is another one', () => {
    bootPages(0);
    const buf = kmem_alloc(40960, KM_SLEEP)!;
    expect(isMapped(buf + 40959)).toBe(true);
    expect(isMapped(buf + 40960)).toBe(false);
    kmem_free(buf, 40960);
    expect(kmem_alloc(40960, KM_SLEEP)).toBeGreaterThan(buf);
  });
});

describe('with kmem_panic 0', () => {
  const after = (kmem_flags: number): kmem_cache_t => {
    boot(kmem_flags);
    tunables.kmem_panic = 0;
    return kmem_cache_create('foo', 40, 0);
  };

  test('a second free is reported, and does nothing', () => {
    const cp = after(0xf);
    const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
    kmem_cache_free(cp, buf);
    kmem_cache_free(cp, buf);
    expect(dmesg()[0]).toBe(
      'kernel memory allocator: duplicate free: buffer freed twice',
    );
    expect(checkCache(cp)).toEqual([]);
    expect(statics.kmem_logging).toBe(true);
  });

  test('a buffer that was written to is left out, and another one comes', () => {
    const cp = after(6);
    const [a, b] = [1, 2].map(() => kmem_cache_alloc(cp, KM_SLEEP)!);
    kmem_cache_free(cp, a);
    kmem_cache_free(cp, b);
    write(b + 8, [1]);
    expect(kmem_cache_alloc(cp, KM_SLEEP)).toBe(a);
    expect(dmesg()).toHaveLength(3);
  });

  test('and so it is null with KM_NOSLEEP', () => {
    const cp = after(6);
    const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
    kmem_cache_free(cp, buf);
    write(buf + 8, [1]);
    expect(kmem_cache_alloc(cp, KM_NOSLEEP)).toBeNull();
  });

  test('a damaged one stays when its magazine is destroyed', () => {
    const cp = after(6);
    const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
    kmem_cache_free(cp, buf);
    write(buf, [1]);
    kmem_cache_destroy(cp);
    expect(dmesg().filter((text) => text.includes('not empty'))).toHaveLength(1);
    expect(slabs(cp)[0].slab_refcnt).toBe(1);
  });

  test('a bufctl that belongs to another buffer is corrupted', () => {
    const cp = after(0xf);
    const [a, b] = [1, 2].map(() => kmem_cache_alloc(cp, KM_SLEEP)!);
    write(KMEM_BUFTAG(cp, a) + 8, read(KMEM_BUFTAG(cp, b) + 8, 16));
    kmem_cache_free(cp, a);
    expect(dmesg()[0]).toContain('kernel memory allocator: bufctl corrupted');
  });
});

test('with a hash table a wrong cache is named, whose bufctl it is', () => {
  boot(0xf);
  const [foo, bar] = ['foo', 'bar'].map((name) =>
    kmem_cache_create(name, 40, 0, null, null, null, null, null, KMC_NOMAGAZINE),
  );
  expect(foo.cache_flags & KMF_HASH).toBe(KMF_HASH);
  const buf = kmem_cache_alloc(bar, KM_SLEEP)!;
  const { facts } = panicOf(() => kmem_cache_free(foo, buf));
  expect(facts.what).toBe('buffer freed to wrong cache');
  expect(dmesg().slice(1, 3)).toEqual([
    'buffer was allocated from bar,', 'caller attempting free to foo.',
  ]);
});
