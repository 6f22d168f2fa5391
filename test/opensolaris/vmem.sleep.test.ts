// VM_SLEEP waits: who wakes it, what it then finds, and who never wakes.
import { beforeEach, describe, expect, test } from 'vitest';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { arenas, vmem_check } from '../../lib/opensolaris/vmem_check.js';
import {
  statics,
  VM_BESTFIT,
  VM_NEXTFIT,
  VM_NOSLEEP,
  VM_PANIC,
  VM_SLEEP,
  VMC_IDENTIFIER,
  type Kmem,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_update } from '../../lib/opensolaris/vmem_init.js';
import { vmem_add } from '../../lib/opensolaris/vmem_walk.js';
import { advance, hz } from '../../lib/sys/clock.js';
import { MUTEX_HELD } from '../../lib/sys/mutex.js';
import { Deadlock, run, thread } from '../../lib/sys/threads.js';
import { arena, boot, child, listing, panicOf } from './boot.js';
import { caught } from '../caught.js';

let vmp: vmem_t;
beforeEach(() => {
  boot();
  vmp = arena('m', 4096, 4096, 16);
});

/** A thread that allocates and says what it got, and when. */
function client(
  name: string,
  from: vmem_t,
  size: number,
  got: unknown[],
  flags = VM_SLEEP,
): void {
  thread(name, () => {
    got.push([name, vmem_alloc(from, size, flags)]);
  });
}

/** All arenas are sound, and this thread has no lock of theirs. */
function tidy(): void {
  for (const each of arenas()) {
    expect(vmem_check(each)).toEqual([]);
    expect(MUTEX_HELD(each.vm_lock)).toBe(false);
  }
}

describe('vmem_alloc(m, size, VM_SLEEP) in a full arena', () => {
  beforeEach(() => {
    vmem_alloc(vmp, 4096, VM_NOSLEEP);
  });

  test('waits, and goes on when a later thread frees', () => {
    const got: unknown[] = [];
    client('A', vmp, 100, got);
    thread('B', () => vmem_free(vmp, 4096, 4096));
    expect(run()).toEqual([
      ['A', 'runs'],
      ['A', 'sleeps', 'm vm_cv'],
      ['B', 'runs'],
      ['B', 'ends'],
      ['A', 'wakes'],
      ['A', 'ends'],
    ]);
    expect(got).toEqual([['A', 4096]]);
    expect(vmp.vm_kstat).toMatchObject({ vk_wait: 1, vk_fail: 0 });
    tidy();
  });

  test('waits again when what was freed is too little', () => {
    const other = arena('n', 4096, 4096, 16);
    const pieces = [0, 1, 2, 3].map(() => vmem_alloc(other, 1024, VM_NOSLEEP)!);
    const got: unknown[] = [];
    client('A', other, 2048, got);
    for (const addr of pieces.slice(0, 2)) {
      thread(`free ${addr}`, () => vmem_free(other, addr, 1024));
    }
    run();
    expect(got).toEqual([['A', 4096]]);
    expect(other.vm_kstat.vk_wait).toBe(2);
    tidy();
  });

  test('several waiters: the last to sleep goes on first, all get theirs', () => {
    const got: unknown[] = [];
    for (const name of ['A', 'B', 'C']) client(name, vmp, 1000, got);
    thread('D', () => vmem_free(vmp, 4096, 4096));
    run();
    expect(got).toEqual([
      ['C', 4096],
      ['B', 5104],
      ['A', 6112],
    ]);
    expect(vmp.vm_kstat.vk_wait).toBe(3);
    tidy();
  });

  test('who is woken and finds too little sleeps on', () => {
    const got: unknown[] = [];
    client('A', vmp, 1000, got);
    client('B', vmp, 4096, got);
    thread('C', () => vmem_free(vmp, 4096, 4096));
    thread('D', () => vmem_free(vmp, 4096, 4096)); // what B has taken
    run();
    expect(got).toEqual([
      ['B', 4096],
      ['A', 4096],
    ]);
    expect(vmp.vm_kstat.vk_wait).toBe(3); // A twice
    tidy();
  });

  test('goes on when the arena grows: vmem_add', () => {
    const got: unknown[] = [];
    client('A', vmp, 2000, got);
    thread('B', () => vmem_add(vmp, 65536, 2048, VM_NOSLEEP));
    run();
    expect(got).toEqual([['A', 65536]]);
    tidy();
  });

  test('reaps before it waits, and again each time vmem_update wakes it', () => {
    // What a reap frees between the search and the wait is seen only after
    // the next wake-up: so it is in the original.
    let reaps = 0;
    const kmem_reap = (): void => {
      reaps++;
      if (reaps === 2) vmem_free(vmp, 4096, 4096);
    };
    statics.kmem = { kmem_reap } as unknown as Kmem;
    const got: unknown[] = [];
    client('A', vmp, 16, got);
    thread('B', () => vmem_update(null));
    thread('C', () => {
      expect(reaps).toBe(2);
      expect(got).toEqual([]);
      vmem_update(null);
    });
    run();
    expect(got).toEqual([['A', 4096]]);
    expect(vmp.vm_kstat.vk_wait).toBe(2);
    tidy();
  });

  test('and the clock calls vmem_update every 15 seconds', () => {
    vmem_update(null);
    let reaps = 0;
    statics.kmem = { kmem_reap: () => reaps++ } as unknown as Kmem;
    const got: unknown[] = [];
    client('A', vmp, 16, got);
    thread('B', () => advance(31 * hz));
    thread('C', () => vmem_free(vmp, 4096, 4096));
    run();
    // The two calls came while A lay under B, so they woke it once.
    expect(reaps).toBe(2);
    expect(got).toEqual([['A', 4096]]);
    tidy();
  });

  test('of ids asks kmem_reap_idspace, not kmem_reap', () => {
    const asked: string[] = [];
    statics.kmem = {
      kmem_reap: () => asked.push('memory'),
      kmem_reap_idspace: () => asked.push('ids'),
    } as unknown as Kmem;
    const ids = arena('ids', 1, 1, 1, VMC_IDENTIFIER);
    vmem_alloc(ids, 1, VM_NOSLEEP);
    vmem_alloc(ids, 1, VM_NOSLEEP);
    vmem_alloc(vmp, 16, VM_NOSLEEP);
    expect(asked).toEqual(['ids', 'memory']);
  });

  test('VM_SLEEP|VM_PANIC waits, it does not panic', () => {
    const got: unknown[] = [];
    client('A', vmp, 16, got, VM_SLEEP | VM_PANIC);
    thread('B', () => vmem_free(vmp, 4096, 4096));
    run();
    expect(got).toEqual([['A', 4096]]);
  });

  test.each([
    ['best fit', VM_BESTFIT],
    ['next fit', VM_NEXTFIT],
  ])('%s waits too', (_name, flag) => {
    const got: unknown[] = [];
    client('A', vmp, 16, got, flag);
    thread('B', () => vmem_free(vmp, 4096, 4096));
    run();
    expect(got).toEqual([['A', 4096]]);
    expect(vmp.vm_kstat.vk_wait).toBe(1);
    tidy();
  });

  test('waits in main as well: queued threads run on top of it', () => {
    thread('B', () => vmem_free(vmp, 4096, 4096));
    expect(vmem_alloc(vmp, 16, VM_SLEEP)).toBe(4096);
  });

  test('and nobody there to free is a Deadlock with names', () => {
    const got: unknown[] = [];
    client('A', vmp, 16, got);
    const deadlock = caught(Deadlock, () => run());
    expect(deadlock.message).toBe('no thread can run: A waits on m vm_cv');
    expect(got).toEqual([]);
    expect(vmp.vm_kstat.vk_wait).toBe(1);
    tidy();
    vmem_free(vmp, 4096, 4096); // the arena is as it was
    expect(vmem_alloc(vmp, 4096, VM_NOSLEEP)).toBe(4096);
  });
});

describe('a wait with an import below', () => {
  test('happens in the source, and the free there ends it', () => {
    const kid = child('kid', vmp, 16);
    vmem_alloc(vmp, 4096, VM_NOSLEEP);
    const got: unknown[] = [];
    client('A', kid, 100, got);
    thread('B', () => {
      expect(kid.vm_nsegfree).toBeLessThan(16); // set aside for the import
      expect(MUTEX_HELD(kid.vm_lock)).toBe(false);
      vmem_free(vmp, 4096, 4096);
    });
    expect(run()).toContainEqual(['A', 'sleeps', 'm vm_cv']);
    expect(got).toEqual([['A', 4096]]);
    expect(listing(kid)).toBe('r i4096+112 a4096+100');
    expect([kid.vm_kstat.vk_wait, vmp.vm_kstat.vk_wait]).toEqual([0, 1]);
    tidy();
  });

  test('an import that is not needed any more goes back at once', () => {
    // A wants 100, for which the source gives no less than 1024. While A
    // waits for them, kid gets free space of its own.
    const pages = arena('pages', 65536, 1024, 1024);
    const kid = child('kid', pages, 16);
    vmem_alloc(pages, 1024, VM_NOSLEEP);
    const got: unknown[] = [];
    client('A', kid, 100, got);
    thread('B', () => {
      vmem_add(kid, 4096, 2048, VM_NOSLEEP);
      vmem_free(pages, 65536, 1024);
    });
    run();
    expect(got).toEqual([['A', 4096]]);
    expect(listing(kid)).toBe('r s4096+2048 a4096+100 f4208+1936');
    expect(listing(pages)).toBe('r s65536+1024 f65536+1024');
    expect(pages.vm_kstat).toMatchObject({ vk_alloc: 2, vk_free: 2 });
    tidy();
  });

  test('an import that failed is not missed when somebody freed meanwhile', () => {
    // The source fails, but while it is asked the arena gets free space.
    let kid: vmem_t;
    const afunc = (): null => {
      vmem_free(kid, 4096, 64);
      return null;
    };
    kid = child('kid', vmp, 16, VM_SLEEP, afunc);
    vmem_add(kid, 4096, 64, VM_NOSLEEP);
    expect(vmem_alloc(kid, 64, VM_NOSLEEP)).toBe(4096);
    expect(vmem_alloc(kid, 48, VM_NOSLEEP)).toBe(4096);
    expect(kid.vm_kstat.vk_fail).toBe(0);
    tidy();
  });

  test('a chain of waiters is named when none can run', () => {
    const kid = child('kid', vmp, 16);
    vmem_alloc(vmp, 4096, VM_NOSLEEP);
    const ids = arena('ids', 1, 1, 1);
    vmem_alloc(ids, 1, VM_NOSLEEP);
    const got: unknown[] = [];
    client('A', kid, 16, got);
    client('B', ids, 1, got);
    expect(caught(Deadlock, () => run()).message).toBe(
      'no thread can run: A waits on m vm_cv; B waits on ids vm_cv',
    );
    tidy();
    expect(kid.vm_nsegfree).toBeGreaterThanOrEqual(16);
  });

  test('a waiter that is woken below another one is called buried', () => {
    vmem_alloc(vmp, 4096, VM_NOSLEEP);
    const ids = arena('ids', 1, 1, 1);
    vmem_alloc(ids, 1, VM_NOSLEEP);
    const got: unknown[] = [];
    client('A', vmp, 16, got);
    client('B', ids, 1, got);
    thread('C', () => vmem_free(vmp, 4096, 4096));
    expect(caught(Deadlock, () => run()).message).toBe(
      'no thread can run: A waits on m vm_cv, is woken, but lies under B; ' +
        'B waits on ids vm_cv',
    );
    tidy();
  });
});

test('VM_NOSLEEP|VM_PANIC panics in the end, and says with what', () => {
  const panic = panicOf(() => vmem_alloc(vmp, 4097, VM_NOSLEEP | VM_PANIC));
  expect(panic.message).toBe(
    'vmem_xalloc(m, 4097, 16, 0, 0, 0, 0, 3): ' +
      'cannot satisfy mandatory allocation',
  );
  expect(panic.explain()).toBe(
    'in vmem_xalloc(m, 4097, 16, 0, 0, 0x0, 0x0, 0x3), arena m, size 4097, ' +
      'align 16, phase 0, nocross 0, minaddr 0x0, maxaddr 0x0',
  );
  expect(vmp.vm_kstat.vk_fail).toBe(1);
  tidy();
});
