// Where segment structures come from: pools, four locks, a reserve.
import { beforeEach, describe, expect, test } from 'vitest';
import {
  vmem_alloc,
  vmem_free,
  vmem_is_populator,
} from '../../lib/opensolaris/vmem_alloc.js';
import { arenas, vmem_check } from '../../lib/opensolaris/vmem_check.js';
import { vmem_destroy } from '../../lib/opensolaris/vmem_create.js';
import {
  sizeofSeg,
  statics,
  VM_NEXTFIT,
  VM_NOSLEEP,
  VM_PANIC,
  VM_PUSHPAGE,
  VM_SLEEP,
  VMEM_ALLOC,
  VMEM_MINFREE,
  VMEM_POPULATE_RESERVE,
  type vmem_seg_t,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import { vmem_add, vmem_size } from '../../lib/opensolaris/vmem_walk.js';
import { type kmutex_t, MUTEX_HELD } from '../../lib/sys/mutex.js';
import { reboot } from '../../lib/sys/reboot.js';
import { curthread, Deadlock, run, thread } from '../../lib/sys/threads.js';
import { allocAll, arena, boot, listing, panicOf } from './boot.js';

/** Structures in the global pool. */
function pooled(): number {
  let n = 0;
  let vsp: vmem_seg_t | null = statics.vmem_segfree;
  for (; vsp !== null; vsp = vsp.vs_knext) n++;
  return n;
}

const locks = (): kmutex_t[] => [
  statics.vmem_sleep_lock,
  statics.vmem_nosleep_lock,
  statics.vmem_pushpage_lock,
  statics.vmem_panic_lock,
];

/** Empties the global pool, so that the next one to need it populates. */
function drain(): void {
  statics.vmem_segfree = null;
}

/** Uses up an arena's own structures down to what is put aside. */
function untilShort(vmp: vmem_t): void {
  while (vmp.vm_nsegfree >= VMEM_MINFREE) {
    vmem_alloc(vmp, 16, VM_NOSLEEP | VM_NEXTFIT);
  }
}

describe('an operation starts with VMEM_MINFREE structures', () => {
  test('taken from the global pool as long as that has some', () => {
    boot();
    const before = pooled();
    const vmp = arena('m', 4096, 65536, 16);
    expect(vmp.vm_nsegfree).toBe(VMEM_MINFREE - 2); // a marker, a free one
    // And one for vmem_vmem, in which the arena's own structure lies.
    expect(pooled()).toBe(before - VMEM_MINFREE - 1);
    vmem_alloc(vmp, 16, VM_NOSLEEP);
    expect(vmp.vm_nsegfree).toBe(VMEM_MINFREE - 1);
  });

  test('then allocated in vmem_seg, a page at the least', () => {
    boot();
    const vmp = arena('m', 4096, 65536, 16);
    const seg = statics.vmem_seg_arena!;
    untilShort(vmp);
    drain();
    const heap = arenas()[0];
    const inHeap = vmem_size(heap, VMEM_ALLOC);
    expect(vmem_size(seg, VMEM_ALLOC)).toBe(0);
    vmem_alloc(vmp, 16, VM_NOSLEEP);

    // 16 for itself and 12 for each populator are 52; a page has 17 of
    // them with audit fields, so they take 3 pages, which hold 52.9.
    const pages = Math.ceil((16 + 3 * 12) * sizeofSeg / 4096);
    expect(vmem_size(seg, VMEM_ALLOC)).toBe(pages * 4096);
    // vmem_metadata imports 128 KB at a time, and vmem_seg from that.
    expect(vmem_size(heap, VMEM_ALLOC) - inHeap).toBe(131072);

    const fresh = Math.floor((pages * 4096) / sizeofSeg);
    expect(pooled()).toBeGreaterThan(0);
    expect(pooled()).toBeLessThan(fresh);
    expect(arenas().flatMap(vmem_check)).toEqual([]);
  });

  test('the arenas that took part are given their reserve again', () => {
    boot();
    const vmp = arena('m', 4096, 65536, 16);
    const [heap] = statics.vmem_populator;
    untilShort(vmp);
    drain();
    while (heap.vm_nsegfree > 5) {
      heap.vm_segfree = heap.vm_segfree!.vs_knext;
      heap.vm_nsegfree--;
    }
    vmem_alloc(vmp, 16, VM_NOSLEEP);
    expect(heap.vm_nsegfree).toBe(VMEM_POPULATE_RESERVE);
    expect(vmp.vm_nsegfree).toBe(VMEM_MINFREE - 1);
  });

  test('smaller structures come more to a page', () => {
    boot();
    statics.vmem_seg_size = 56; // as kmem sets it when it does not audit
    const vmp = arena('m', 4096, 65536, 16);
    untilShort(vmp);
    drain();
    vmem_alloc(vmp, 16, VM_NOSLEEP);
    expect(vmem_size(statics.vmem_seg_arena!, VMEM_ALLOC)).toBe(4096);
  });

  test('structures are never lost: what is freed can be used again', () => {
    boot();
    const vmp = arena('m', 4096, 65536, 16);
    const addrs = allocAll(vmp, Array.from({ length: 500 }, () => 16));
    const used = vmem_size(statics.vmem_seg_arena!, VMEM_ALLOC);
    expect(used).toBeGreaterThan(0);
    for (let round = 0; round < 5; round++) {
      for (const addr of addrs) vmem_free(vmp, addr, 16);
      allocAll(vmp, addrs.map(() => 16));
    }
    expect(vmem_size(statics.vmem_seg_arena!, VMEM_ALLOC)).toBe(used);
  });
});

describe('the recursion', () => {
  /** What is held while vmem_seg's own import runs. */
  function watched(
    vmflag: number,
    prepare = () => {},
  ): { held: string[]; populator: boolean; depth: number } {
    reboot();
    const seen = { held: [] as string[], populator: false, depth: 0 };
    const heap = vmem_init('heap', 0x20000000, 0x1000000, 4096, (...args) => {
      seen.depth++;
      seen.populator = vmem_is_populator();
      seen.held = locks().filter(MUTEX_HELD).map(({ name }) => name);
      const addr = vmem_alloc(...args);
      seen.depth--;
      return addr;
    });
    prepare();
    const vmp = arena('m', 4096, 65536, 16);
    untilShort(vmp);
    drain();
    // The populators have used some of theirs too.
    heap.vm_segfree = heap.vm_segfree!.vs_knext;
    heap.vm_nsegfree--;
    expect(vmem_is_populator()).toBe(false);
    vmem_alloc(vmp, 16, vmflag);
    expect(vmem_is_populator()).toBe(false);
    expect(locks().some(MUTEX_HELD)).toBe(false);
    expect(arenas().flatMap(vmem_check)).toEqual([]);
    return seen;
  }

  test.each([
    ['VM_SLEEP', VM_SLEEP, 'vmem_sleep_lock'],
    ['VM_NOSLEEP', VM_NOSLEEP, 'vmem_nosleep_lock'],
    ['VM_NOSLEEP|VM_PUSHPAGE', VM_NOSLEEP | VM_PUSHPAGE, 'vmem_nosleep_lock'],
    ['VM_PUSHPAGE', VM_PUSHPAGE, 'vmem_pushpage_lock'],
  ])('%s populates under %s', (_name, vmflag, lock) => {
    expect(watched(vmflag)).toEqual({ held: [lock], populator: true, depth: 0 });
  });

  test('the thread that panics has a lock of its own', () => {
    const { held } = watched(VM_NOSLEEP, () => {
      statics.panic_thread = curthread;
    });
    expect(held).toEqual(['vmem_panic_lock']);
  });

  test('does not happen: who populates taps the reserve', () => {
    boot();
    const vmp = arena('m', 4096, 65536, 16);
    untilShort(vmp);
    drain();
    const { entered } = statics.vmem_nosleep_lock;
    const reserves = statics.vmem_populator.map((p) => p.vm_nsegfree);
    expect(Math.max(...reserves)).toBeLessThanOrEqual(VMEM_MINFREE);
    vmem_alloc(vmp, 16, VM_NOSLEEP);
    // One entry, though vmem_seg, vmem_metadata and heap were short too.
    expect(statics.vmem_nosleep_lock.entered).toBe(entered + 1);
  });
});

describe('when there is no memory for structures', () => {
  let vmp: vmem_t;
  let other: vmem_t;
  let gone: vmem_t;
  beforeEach(() => {
    reboot();
    // A heap with no room for the 128 KB that vmem_metadata imports.
    vmem_init('heap', 0x20000000, 65536, 4096);
    vmp = arena('m', 4096, 65536, 16);
    other = arena('n', 4096, 65536, 16);
    untilShort(vmp);
    untilShort(other);
    gone = arena('gone', 4096, 65536, 16);
    drain();
  });

  /** The heap grows; the structures for that come from a dead arena. */
  function grow(): void {
    vmem_destroy(gone);
    vmem_add(arenas()[0], 0x30000000, 0x100000, VM_NOSLEEP);
  }

  test('VM_NOSLEEP fails, and both counters say so', () => {
    expect(vmem_alloc(vmp, 16, VM_NOSLEEP)).toBeNull();
    expect(vmp.vm_kstat).toMatchObject({
      vk_populate_fail: 2, // the quick way, and then vmem_xalloc
      vk_fail: 1,
    });
    expect(locks().some(MUTEX_HELD)).toBe(false);
    expect(arenas().flatMap(vmem_check)).toEqual([]);
  });

  test('next fit fails without a second try', () => {
    expect(vmem_alloc(vmp, 16, VM_NOSLEEP | VM_NEXTFIT)).toBeNull();
    expect(vmp.vm_kstat).toMatchObject({ vk_populate_fail: 1, vk_fail: 0 });
  });

  test('vmem_add adds nothing', () => {
    expect(vmem_add(vmp, 1 << 20, 4096, VM_NOSLEEP)).toBeNull();
    expect(listing(vmp)).not.toContain('1048576');
  });

  test('a new arena with a span is taken down again', () => {
    const before = arenas().length;
    expect(arena('n', 4096, 4096, 16, VM_NOSLEEP)).toBeNull();
    expect(arenas()).toHaveLength(before);
  });

  test('VM_SLEEP waits in the heap; the lock is not kept by a Deadlock', () => {
    expect(() => vmem_alloc(vmp, 16, VM_SLEEP)).toThrow(Deadlock);
    expect(() => vmem_alloc(vmp, 16, VM_SLEEP)).toThrow(
      'main waits on heap vm_cv',
    );
    expect(locks().some(MUTEX_HELD)).toBe(false);
    expect(arenas().flatMap(vmem_check)).toEqual([]);
  });

  test('and goes on when the heap grows', () => {
    thread('B', grow);
    expect(vmem_alloc(vmp, 16, VM_SLEEP)).not.toBeNull();
    expect(locks().some(MUTEX_HELD)).toBe(false);
    expect(arenas().flatMap(vmem_check)).toEqual([]);
  });

  test('VM_NOSLEEP is not held up by a VM_SLEEP that populates', () => {
    const got: unknown[] = [];
    thread('A', () => got.push(['A', vmem_alloc(vmp, 16, VM_SLEEP)]));
    thread('B', () => got.push(['B', vmem_alloc(other, 16, VM_NOSLEEP)]));
    thread('C', grow);
    run();
    expect(got).toEqual([
      ['B', null],
      ['A', expect.any(Number)],
    ]);
  });

  test('a second VM_SLEEP waits for the lock of the first', () => {
    thread('A', () => vmem_alloc(vmp, 16, VM_SLEEP));
    thread('B', () => vmem_alloc(other, 16, VM_SLEEP));
    expect(() => run()).toThrow(
      'A waits on heap vm_cv; B waits on vmem_sleep_lock, held by A',
    );
  });

  test('VM_PUSHPAGE has a lock of its own, so it need not', () => {
    thread('A', () => vmem_alloc(vmp, 16, VM_SLEEP));
    thread('B', () => vmem_alloc(other, 16, VM_PUSHPAGE));
    expect(() => run()).toThrow('A waits on heap vm_cv; B waits on heap vm_cv');
  });

  test('VM_NOSLEEP|VM_PANIC panics about the heap', () => {
    const panic = panicOf(() => vmem_alloc(vmp, 16, VM_NOSLEEP | VM_PANIC));
    expect(panic.message).toBe(
      'vmem_xalloc(heap, 131072, 4096, 0, 0, 0, 0, 3): ' +
        'cannot satisfy mandatory allocation',
    );
    expect(locks().some(MUTEX_HELD)).toBe(false);
  });
});

test('without vmem_init there is nothing to populate from', () => {
  reboot();
  const panic = panicOf(() => arena('m', 4096, 4096));
  expect(panic.message).toBe('trap');
  expect(panic.explain()).toContain('call vmem_init first');
});
