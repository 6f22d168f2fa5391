// The kernel heap: which arenas, in which order; addresses against pages.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import * as seg_kmem from '../../lib/opensolaris/seg_kmem.js';
import {
  boot_alloc,
  HEAPTEXT_SIZE,
  kernelheap_init,
  segkmem_alloc,
  segkmem_alloc_permanent,
  segkmem_free,
  segkmem_gc,
  segkmem_xalloc,
} from '../../lib/opensolaris/seg_kmem.js';
import { heap32, kvm_init, startup_kmem } from '../../lib/opensolaris/startup.js';
import {
  HAT_LOAD_LOCK,
  HAT_NO_KALLOC,
  isMapped,
  kvp,
  memory,
  P_NORELOC,
  page_create_va,
  PAGESIZE,
  PG_EXCL,
  setPhysmem,
  setProcesses,
} from '../../lib/opensolaris/vm_page.js';
import {
  vmem_alloc, vmem_free, vmem_xalloc,
} from '../../lib/opensolaris/vmem_alloc.js';
import { arenas, vmem_check } from '../../lib/opensolaris/vmem_check.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import {
  type Kmem,
  statics,
  VM_BESTFIT,
  VM_NOSLEEP,
  VM_SLEEP,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { setDebug } from '../../lib/sys/panic.js';
import { reboot } from '../../lib/sys/reboot.js';
import { Deadlock, run, thread } from '../../lib/sys/threads.js';
import { bootReplayer, bootSteps } from '../../lib/trace/adapters/boot.js';
import { makeVmemReplayer } from '../../lib/trace/adapters/vmem.js';
import {
  MalformedTrace, type Header, replayFile,
} from '../../lib/trace/golden.js';
import { caught } from '../caught.js';
import { listing, panicOf } from './boot.js';

const file = join(__dirname, '..', 'golden', 'vmem', 'boot-kernelheap.jsonl');
const lines = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Header);

const byName = (name: string): vmem_t =>
  arenas().find(({ vm_name }) => vm_name === name)!;

/** The heap at its boot, with so many pages, and segkmem if asked for. */
function boot(physmem = 1000, upTo: 'boot' | 'kvm' = 'kvm'): void {
  reboot();
  setDebug(false);
  setPhysmem(physmem);
  startup_kmem();
  if (upTo === 'boot') return;
  kvm_init();
  segkmem_gc();
}

/** Nothing is lost: every page has a place, every arena is sound. */
function sound(): void {
  const { physmem, availrmem, freemem, processes } = memory;
  expect(availrmem + kvp.size).toBe(physmem);
  expect(freemem + kvp.size + processes).toBe(physmem);
  for (const vmp of arenas()) expect(vmem_check(vmp)).toEqual([]);
}

beforeEach(() => boot());

describe('boot-kernelheap.jsonl', () => {
  test('replays with 15 operations and no difference', async () => {
    expect(await replayFile(file, [makeVmemReplayer])).toEqual({
      operations: 15,
      checkpoints: 0,
      difference: null,
    });
  });

  /** The outcome of one line, with a change to it. */
  function outcome(step: number, change: object) {
    const [header, ...steps] = lines;
    const replayer = bootReplayer(header);
    steps.slice(0, step - 1).forEach((line) => replayer.line(line));
    return replayer.line({ ...steps[step - 1], ...change });
  }

  test.each(lines.slice(1).map(({ step }) => step as number))(
    'step %d: one structure more, or one arena fewer, is a difference',
    (step) => {
      const right = outcome(step, {});
      expect(right.got).toEqual(right.expected);
      const { segfreeGlobal, arenas } = lines[step] as {
        segfreeGlobal: number;
        arenas: unknown[];
      };
      const more = outcome(step, { segfreeGlobal: segfreeGlobal + 1 });
      expect(more.got).not.toEqual(more.expected);
      const fewer = outcome(step, { arenas: arenas.slice(1) });
      expect(fewer.got).not.toEqual(fewer.expected);
      const others = outcome(step, { populators: [] });
      expect(others.got).not.toEqual(others.expected);
    },
  );

  test('lines in another order are no such trace', () => {
    const [header, first, second] = lines;
    const swapped = bootReplayer(header);
    expect(() => swapped.line(second)).toThrow(MalformedTrace);
    expect(() => swapped.line(first)).toThrow('expected step 2');
  });

  test.each(['kernelheap', 'coreSize', 'vmem_seg_size_after_kmem_init'])(
    'a header without %s is refused',
    (name) => {
      const header = { ...lines[0], [name]: 'much' };
      expect(() => bootReplayer(header)).toThrow(`"${name}" is "much"`);
    },
  );
});

describe('kernelheap_init', () => {
  test('makes ten arenas in this order, with these closures', () => {
    const rows = arenas().map((vmp) => [
      vmp.vm_name,
      vmp.vm_source_alloc?.name ?? null,
      vmp.vm_source_free?.name ?? null,
      vmp.vm_source?.vm_name ?? null,
      vmp.vm_quantum,
    ]);
    expect(rows).toEqual([
      ['heap', null, null, null, 4096],
      ['vmem_metadata', 'vmem_alloc', 'vmem_free', 'heap', 4096],
      ['vmem_seg', 'segkmem_alloc', 'segkmem_free', 'vmem_metadata', 4096],
      ['vmem_hash', 'segkmem_alloc', 'segkmem_free', 'vmem_metadata', 8],
      ['vmem_vmem', 'segkmem_alloc', 'segkmem_free', 'vmem_metadata', 1],
      ['heap_core', null, null, null, 4096],
      ['heaptext', null, null, 'heap_core', 4096],
      ['static', 'segkmem_alloc_permanent', 'segkmem_free', 'heap', 4096],
      ['static_alloc', 'vmem_alloc', 'vmem_free', 'static', 8],
      ['hat_memload', 'hat_memload_alloc', 'segkmem_free', 'heap', 4096],
    ]);
    expect(statics.vmem_populator.map(({ vm_name }) => vm_name)).toEqual([
      'heap', 'vmem_metadata', 'vmem_seg', 'hat_memload',
    ]);
  });

  test('uses no page at all, and no address but the first page', () => {
    expect(kvp.size).toBe(0);
    expect(memory.freemem).toBe(1000);
    expect(listing(seg_kmem.heap_arena)).toBe(
      `r s${2 ** 44}+${2 ** 36} a${2 ** 44}+4096 ` +
        `f${2 ** 44 + 4096}+${2 ** 36 - 4096}`,
    );
  });

  test('tells of each step after it', () => {
    const steps = bootSteps();
    expect(steps.map(({ step, arenas }) => [step, arenas.length])).toEqual([
      ['heap', 5],
      ['heap_core', 6],
      ['first_avail', 6],
      ['heaptext', 7],
      ['static', 8],
      ['static_alloc', 9],
      ['hat_memload', 10],
    ]);
    expect(steps.map(({ arenas: [heap] }) => heap.holes.length)).toEqual(
      steps.map(() => 1),
    );
    expect(steps.map(({ arenas: [heap] }) => heap.held.length)).toEqual([
      0, 0, 1, 1, 1, 1, 1,
    ]);
  });

  test('heaptext lies behind heap_core, which is its source in name only', () => {
    const text = byName('heaptext');
    const core = byName('heap_core');
    expect(listing(core)).toBe(
      `r s${2 ** 45}+922746880 f${2 ** 45}+922746880`,
    );
    expect(listing(text)).toContain(`s${2 ** 45 + 922746880}+67108864`);
    expect(vmem_alloc(text, HEAPTEXT_SIZE, VM_NOSLEEP)).not.toBeNull();
    expect(vmem_alloc(text, PAGESIZE, VM_NOSLEEP)).toBeNull();
    expect(core.vm_kstat.vk_mem_inuse).toBe(0);
  });

  test('without a core heap: the end of the heap is heaptext', () => {
    const range = heap32(262144);
    const steps = bootSteps(range);
    expect(steps.map(({ step }) => step)).not.toContain('heap_core');
    const { ekernelheap, heap_core_base, kernelheap } = seg_kmem;
    expect(heap_core_base).toBe(kernelheap);
    expect(ekernelheap).toBe(range.heap_end - HEAPTEXT_SIZE);
    expect(listing(byName('heaptext'))).toBe(
      `r s${ekernelheap}+67108864 f${ekernelheap}+67108864`,
    );
    const heap = byName('heap');
    expect(heap.vm_kstat.vk_mem_total).toBe(ekernelheap - kernelheap);
    expect(byName('heaptext').vm_source).toBe(heap);
    expect(arenas()).toHaveLength(9);
  });

  test('first_avail: what is below it is never given out', () => {
    const { heap_arena } = seg_kmem;
    const below = vmem_xalloc(
      heap_arena, PAGESIZE, PAGESIZE, 0, 0, 2 ** 44, 2 ** 44 + PAGESIZE,
      VM_NOSLEEP | VM_BESTFIT,
    );
    expect(below).toBeNull();
    expect(vmem_alloc(heap_arena, PAGESIZE, VM_NOSLEEP)).toBe(2 ** 44 + 4096);
  });

  test('first_avail above the heap is a panic: it must succeed', () => {
    reboot();
    const { message } = panicOf(() =>
      kernelheap_init(2 ** 44, 2 ** 45, 2 ** 45 + 4096, 0, 0),
    );
    expect(message).toContain('cannot satisfy mandatory allocation');
  });

  test('a core heap smaller than heaptext is an assertion', () => {
    reboot();
    setDebug(true);
    const { message } = panicOf(() =>
      kernelheap_init(2 ** 44, 2 ** 45, 2 ** 44 + 4096, 2 ** 46, 2 ** 46 + 4096),
    );
    expect(message).toBe('assertion failed: core_size >= HEAPTEXT_SIZE');
    setDebug(false);
  });

  test('reboot() forgets the heap', () => {
    reboot();
    expect(seg_kmem.heap_arena).toBeNull();
    expect(seg_kmem.kernelheap).toBe(0);
    expect(seg_kmem.kvseg.s_base).toBeNull();
    expect(kvp.size).toBe(0);
    startup_kmem();
    expect(seg_kmem.heap_arena.vm_id).toBe(1);
  });
});

describe('the eleventh arena', () => {
  const make = (): vmem_t =>
    vmem_create('ids', 1, 100, 1, null, null, null, 0, VM_SLEEP)!;

  test('is the first whose structure is not in vmem0', () => {
    const vmem_vmem = byName('vmem_vmem');
    expect(vmem_vmem.vm_kstat.vk_mem_import).toBe(0);
    const ids = make();
    expect(ids.vm_id).toBe(11);
    expect(vmem_vmem.vm_kstat.vk_mem_import).toBe(PAGESIZE);
    expect(isMapped(ids.at)).toBe(true);
  });

  test('costs 32 pages of addresses, and one page of memory', () => {
    const before = seg_kmem.heap_arena.vm_kstat.vk_mem_inuse;
    make();
    const { vk_mem_inuse } = seg_kmem.heap_arena.vm_kstat;
    expect(vk_mem_inuse - before).toBe(32 * PAGESIZE);
    expect(kvp.size).toBe(1);
    sound();
  });

  test('cannot be made when there is no page for it', () => {
    setProcesses(memory.freemem);
    const args = ['ids', 1, 100, 1, null, null, null, 0, VM_NOSLEEP] as const;
    expect(vmem_create(...args)).toBeNull();
    expect(byName('vmem_metadata').vm_kstat.vk_mem_total).toBe(0);
    sound();
  });
});

describe('segkmem_alloc against vmem_alloc', () => {
  test('both give addresses, one of them pages', () => {
    const { heap_arena } = seg_kmem;
    const bare = vmem_alloc(heap_arena, 3 * PAGESIZE, VM_SLEEP)!;
    expect([isMapped(bare), kvp.size]).toEqual([false, 0]);
    const backed = segkmem_alloc(heap_arena, 3 * PAGESIZE, VM_SLEEP)!;
    expect(kvp.size).toBe(3);
    for (const at of [0, 5000, 3 * PAGESIZE - 1]) {
      expect(isMapped(backed + at)).toBe(true);
    }
    expect(isMapped(backed + 3 * PAGESIZE)).toBe(false);
    sound();
    segkmem_free(heap_arena, backed, 3 * PAGESIZE);
    vmem_free(heap_arena, bare, 3 * PAGESIZE);
    expect([isMapped(backed), kvp.size]).toEqual([false, 0]);
    expect(memory.freemem).toBe(1000);
    sound();
  });

  test('segkmem_xalloc puts pages behind addresses one has already', () => {
    const { heap_arena } = seg_kmem;
    const bare = vmem_alloc(heap_arena, 2 * PAGESIZE, VM_SLEEP)!;
    expect(segkmem_xalloc(heap_arena, bare, 2 * PAGESIZE, VM_SLEEP)).toBe(bare);
    expect(isMapped(bare)).toBe(true);
    // A second time there is a page already: no change, and none is lost.
    const again = segkmem_xalloc(heap_arena, bare, PAGESIZE, VM_NOSLEEP);
    expect(again).toBeNull();
    expect(kvp.size).toBe(2);
    sound();
  });

  test('a range freed twice has no pages the second time', () => {
    const { heap_arena } = seg_kmem;
    const addr = segkmem_alloc(heap_arena, PAGESIZE, VM_SLEEP)!;
    segkmem_free(heap_arena, addr, PAGESIZE);
    const { message } = panicOf(() => segkmem_free(heap_arena, addr, PAGESIZE));
    expect(message).toBe('segkmem_free: page not found');
  });

  test('an address in the middle of a page is an assertion', () => {
    setDebug(true);
    const free = () => segkmem_free(seg_kmem.heap_arena, 2 ** 44 + 5, PAGESIZE);
    expect(panicOf(free).message).toContain('PAGEOFFSET');
    setDebug(false);
  });
});

describe('which pages', () => {
  beforeEach(() => {
    memory.segkmem_reloc = 1; // a machine that can move pages
  });
  const page = (addr: number | null) => {
    const pp = kvp.get(addr! - (addr! % PAGESIZE))!;
    expect(pp.p_lckcnt).toBe(1);
    return [pp.p_state, pp.hatFlags];
  };

  test('of the heap may be moved', () => {
    const addr = segkmem_alloc(seg_kmem.heap_arena, PAGESIZE, VM_SLEEP);
    expect(page(addr)).toEqual([0, HAT_LOAD_LOCK]);
  });

  test('of static_alloc may not: segkmem_alloc_permanent', () => {
    const addr = vmem_alloc(seg_kmem.static_alloc_arena, 24, VM_SLEEP);
    expect(page(addr)).toEqual([P_NORELOC, HAT_LOAD_LOCK]);
    const { heap_arena } = seg_kmem;
    const direct = segkmem_alloc_permanent(heap_arena, PAGESIZE, VM_SLEEP);
    expect(page(direct)).toEqual([P_NORELOC, HAT_LOAD_LOCK]);
  });

  test('of hat_memload may not, and the HAT must not allocate for them', () => {
    const addr = vmem_alloc(seg_kmem.hat_memload_arena, PAGESIZE, VM_SLEEP);
    expect(page(addr)).toEqual([P_NORELOC, HAT_LOAD_LOCK | HAT_NO_KALLOC]);
  });

  test('that populating needs are loaded without allocating, too', () => {
    const ids = vmem_create('ids', 1, 1000, 1, null, null, null, 0, VM_SLEEP)!;
    for (let i = 0; i < 300; i++) vmem_alloc(ids, 1, VM_SLEEP);
    const seg = byName('vmem_seg');
    const [first] = [...kvp.values()].filter(({ hatFlags }) =>
      (hatFlags & HAT_NO_KALLOC) !== 0,
    );
    expect(listing(seg)).toContain(`a${first.p_offset}+`);
    sound();
  });

  test('on x86 none may be moved', () => {
    boot();
    const addr = segkmem_alloc(seg_kmem.heap_arena, PAGESIZE, VM_SLEEP);
    expect(page(addr)).toEqual([P_NORELOC, HAT_LOAD_LOCK]);
  });
});

describe('when memory runs out', () => {
  const take = (npages: number, flag = VM_NOSLEEP): number | null =>
    segkmem_alloc(seg_kmem.heap_arena, npages * PAGESIZE, flag);
  const untouched = (): void => {
    expect(seg_kmem.heap_arena.vm_kstat.vk_mem_inuse).toBe(PAGESIZE);
    sound();
  };

  test('t_minarmem pages are left: VM_NOSLEEP gives null, and nothing else', () => {
    expect(take(976)).toBeNull();
    untouched();
    expect(take(975)).not.toBeNull();
    expect(take(1)).toBeNull();
    sound();
  });

  test('pages of processes may be reserved, but are not free', () => {
    setProcesses(990);
    expect(take(11)).toBeNull();
    expect(memory.availrmem).toBe(1000);
    untouched();
    expect(take(10)).not.toBeNull();
    sound();
  });

  test('addresses do not run out with it', () => {
    expect(take(1000)).toBeNull();
    const { heap_arena } = seg_kmem;
    expect(vmem_alloc(heap_arena, 2 ** 30, VM_NOSLEEP)).not.toBeNull();
  });

  test('VM_SLEEP waits for a reservation, and reaps meanwhile', () => {
    let reaps = 0;
    const kmem_reap = (): void => void reaps++;
    statics.kmem = { kmem_reap } as unknown as Kmem;
    const held = take(900)!;
    const got: unknown[] = [];
    thread('A', () => got.push(take(200, VM_SLEEP)));
    thread('B', () => segkmem_free(seg_kmem.heap_arena, held, 900 * PAGESIZE));
    run();
    expect(got).toEqual([expect.any(Number)]);
    expect(reaps).toBeGreaterThan(0);
    expect(kvp.size).toBe(200);
    sound();
  });

  test('VM_SLEEP waits for free pages: two wait, both are woken', () => {
    setProcesses(980);
    const got: unknown[] = [];
    for (const name of ['A', 'B']) {
      thread(name, () => got.push([name, take(30, VM_SLEEP) !== null]));
    }
    thread('C', () => setProcesses(900));
    const log = run();
    expect(log.filter(([, what]) => what === 'sleeps')).toEqual([
      ['A', 'sleeps', 'freemem_cv'],
      ['B', 'sleeps', 'freemem_cv'],
    ]);
    expect(got).toEqual([['B', true], ['A', true]]);
    sound();
  });

  test('VM_SLEEP is woken by pages that the kernel itself frees', () => {
    setProcesses(900);
    const held = take(80)!;
    const got: unknown[] = [];
    thread('A', () => got.push(take(50, VM_SLEEP)));
    thread('B', () => segkmem_free(seg_kmem.heap_arena, held, 80 * PAGESIZE));
    run();
    expect(got).toEqual([held + 80 * PAGESIZE]);
    sound();
  });

  test('and nobody to free them is a Deadlock', () => {
    setProcesses(1000);
    thread('A', () => take(1, VM_SLEEP));
    expect(caught(Deadlock, run).message).toContain('freemem_cv');
  });

  test.each([
    ['setPhysmem(-1)', () => setPhysmem(-1)],
    ['setPhysmem(1.5)', () => setPhysmem(1.5)],
    ['setProcesses(1001)', () => setProcesses(1001)],
    ['setProcesses(-1)', () => setProcesses(-1)],
  ])('%s is a RangeError, and changes nothing', (call, f) => {
    expect(() => f()).toThrow(RangeError);
    expect(() => f()).toThrow(call);
    sound();
  });

  test('setPhysmem comes too late when a page is in use', () => {
    take(1);
    expect(() => setPhysmem(2000)).toThrow('right after reboot()');
  });
});

describe('before kvm_init', () => {
  beforeEach(() => boot(1000, 'boot'));

  test("pages are the boot loader's, and never moved", () => {
    memory.segkmem_reloc = 1;
    const addr = segkmem_alloc(seg_kmem.heap_arena, PAGESIZE, VM_SLEEP)!;
    expect(kvp.get(addr)!.p_state).toBe(P_NORELOC);
    sound();
  });

  test('what is freed is not free: it waits, and is used again', () => {
    const { heap_arena } = seg_kmem;
    const a = segkmem_alloc(heap_arena, 2 * PAGESIZE, VM_SLEEP)!;
    const b = segkmem_alloc(heap_arena, PAGESIZE, VM_SLEEP)!;
    const c = segkmem_alloc(heap_arena, 2 * PAGESIZE, VM_SLEEP)!;
    for (const addr of [a, c]) segkmem_free(heap_arena, addr, 2 * PAGESIZE);
    segkmem_free(heap_arena, b, PAGESIZE);
    expect(kvp.size).toBe(5);
    expect(heap_arena.vm_kstat.vk_mem_inuse).toBe(6 * PAGESIZE);

    // The last freed of that size and arena comes first.
    expect(segkmem_alloc(heap_arena, 2 * PAGESIZE, VM_SLEEP)).toBe(c);
    const { heap_core_arena } = seg_kmem;
    const other = segkmem_alloc(heap_core_arena, 2 * PAGESIZE, VM_SLEEP);
    expect(other).not.toBe(a);
    expect(segkmem_alloc(heap_arena, 2 * PAGESIZE, VM_SLEEP)).toBe(a);
    expect(segkmem_alloc(heap_arena, PAGESIZE, VM_SLEEP)).toBe(b);
    sound();
  });

  test('segkmem_gc frees it all, once the heap is a segment', () => {
    const { heap_arena } = seg_kmem;
    const sizes = [1, 2, 3].map((n) => n * PAGESIZE);
    const got = sizes.map((size) => segkmem_alloc(heap_arena, size, VM_SLEEP)!);
    got.forEach((addr, i) => segkmem_free(heap_arena, addr, sizes[i]));
    kvm_init();
    segkmem_gc();
    expect(kvp.size).toBe(0);
    expect(heap_arena.vm_kstat.vk_mem_inuse).toBe(PAGESIZE);
    segkmem_gc(); // nothing is left: nothing is freed twice
    sound();
  });

  test('segkmem_gc too early is an assertion', () => {
    setDebug(true);
    expect(panicOf(segkmem_gc).message).toContain('kvseg.s_base != NULL');
    setDebug(false);
  });

  test('without memory the machine stops, even for VM_NOSLEEP', () => {
    const take = (npages: number) => () =>
      segkmem_alloc(seg_kmem.heap_arena, npages * PAGESIZE, VM_NOSLEEP);
    const none = panicOf(take(1001));
    expect(none.message).toBe('boot_alloc: BOP_ALLOC failed');
    expect(none.facts.call).toMatch(/^boot_alloc\(0x1000000\d+, 4100096\)$/);
    expect(panicOf(take(976)).message).toBe('boot_mapin: page_resv failed');
  });

  test('without addresses, too', () => {
    const { heap_arena } = seg_kmem;
    const none = panicOf(() => segkmem_alloc(heap_arena, 2 ** 40, VM_NOSLEEP));
    expect(none.message).toContain('cannot satisfy mandatory allocation');
  });

  test('boot_alloc of addresses that have pages already stops it, too', () => {
    const addr = boot_alloc(2 ** 44 + 65536, 2 * PAGESIZE);
    expect(isMapped(addr + PAGESIZE)).toBe(true);
    const again = panicOf(() => boot_alloc(addr + PAGESIZE, PAGESIZE));
    expect(again.message).toBe('boot_alloc: pp is NULL or free');
  });
});

test('page_create_va fails as a whole if one address has a page', () => {
  expect(page_create_va(8192, PAGESIZE, PG_EXCL)).toHaveLength(1);
  const free = memory.freemem;
  expect(page_create_va(4096, 3 * PAGESIZE, PG_EXCL)).toBeNull();
  expect(memory.freemem).toBe(free);
  expect([...kvp.keys()]).toEqual([8192]);
});

describe('any calls in any order', () => {
  type Call = { kind: number; pages: number; free: number };
  const calls = fc.array(
    fc.record({
      kind: fc.nat(4),
      pages: fc.integer({ min: 1, max: 40 }),
      free: fc.nat(),
    }),
    { minLength: 1, maxLength: 60 },
  );

  /** Each kind: how it allocates, how it frees, whether it has pages. */
  const kinds = () => {
    const { heap_arena, static_arena, static_alloc_arena } = seg_kmem;
    const { hat_memload_arena } = seg_kmem;
    return [
      { vmp: heap_arena, alloc: vmem_alloc, free: vmem_free, backed: false },
      { vmp: heap_arena, alloc: segkmem_alloc, free: segkmem_free, backed: true },
      { vmp: static_arena, alloc: vmem_alloc, free: vmem_free, backed: true },
      { vmp: hat_memload_arena, alloc: vmem_alloc, free: vmem_free, backed: true },
      { vmp: static_alloc_arena, alloc: vmem_alloc, free: vmem_free, backed: true },
    ];
  };

  function replay(all: Call[]): void {
    boot(150);
    const held: { addr: number; size: number; kind: number }[] = [];
    const check = (): void => {
      for (const { addr, size, kind } of held) {
        const { backed } = kinds()[kind];
        expect(isMapped(addr)).toBe(backed);
        expect(isMapped(addr + size - 1)).toBe(backed);
      }
      sound();
    };
    for (const { kind, pages, free } of all) {
      if (free % 3 === 0 && held.length > 0) {
        const [gone] = held.splice(free % held.length, 1);
        const { vmp, free: give } = kinds()[gone.kind];
        give(vmp, gone.addr, gone.size);
      } else {
        const { vmp, alloc } = kinds()[kind];
        const size = kind === 4 ? pages * 8 : pages * PAGESIZE;
        const addr = alloc(vmp, size, VM_NOSLEEP);
        if (addr !== null) held.push({ addr, size, kind });
      }
      check();
    }

    // All back: what is left are VMEM's own pages.
    for (const { kind, addr, size } of held) {
      const { vmp, free } = kinds()[kind];
      free(vmp, addr, size);
    }
    sound();
    const own = ['vmem_seg', 'vmem_hash', 'vmem_vmem'].map(
      (name) => byName(name).vm_kstat.vk_mem_import / PAGESIZE,
    );
    expect(kvp.size).toBe(own.reduce((sum, pages) => sum + pages, 0));
  }

  test('keep addresses with pages and addresses without apart', () => {
    fc.assert(fc.property(calls, replay), { numRuns: 60 });
  });
});
