// Minor numbers: the golden trace, growth, limits, who waits for one.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  NPTY_INITIAL,
  pt_ttys_alloc,
  type pt_ttys,
  ptms,
  ptms_close,
  ptms_init,
  ptms_minor2ptty,
  ptms_minor_exists,
  PTLOCK,
  PTMOPEN,
  PTSOPEN,
} from '../../lib/opensolaris/ptms_conf.js';
import { startup_kmem } from '../../lib/opensolaris/startup.js';
import { setPhysmem } from '../../lib/opensolaris/vm_page.js';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { segments, vmem_check } from '../../lib/opensolaris/vmem_check.js';
import {
  VM_NEXTFIT,
  VM_NOSLEEP,
  VM_SLEEP,
  VMC_IDENTIFIER,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import { MUTEX_HELD } from '../../lib/sys/mutex.js';
import { setDebug } from '../../lib/sys/panic.js';
import { reboot } from '../../lib/sys/reboot.js';
import { Deadlock, run, thread } from '../../lib/sys/threads.js';
import { makeVmemReplayer } from '../../lib/trace/adapters/vmem.js';
import { type Header, replayFile } from '../../lib/trace/golden.js';
import { caught } from '../caught.js';
import { arena as makeArena, boot as bootVmem, listing, panicOf } from './boot.js';

const file = join(__dirname, '..', 'golden', 'vmem', 'small-ptms-minor.jsonl');

const both = PTMOPEN | PTSOPEN;
const arena = (): vmem_t => ptms.ptms_minor_arena!;
const open = (n = 1): pt_ttys[] =>
  Array.from({ length: n }, () => pt_ttys_alloc()!);
const minors = (all: (pt_ttys | null)[]) => all.map((pt) => pt?.pt_minor);

/** Invariants 1, 2 and 4. */
function sound(): void {
  const { ptms_slots, ptms_nslots, ptms_inuse } = ptms;
  expect(vmem_check(arena())).toEqual([]);
  expect(MUTEX_HELD(ptms.ptms_lock)).toBe(false);
  expect(ptms_slots).toHaveLength(ptms_nslots);
  expect(arena().vm_kstat.vk_mem_total).toBe(ptms_nslots);
  const used = ptms_slots!.flatMap((pt, i) => (pt === null ? [] : [i + 1]));
  const held = segments(arena()).filter(({ type }) => type === 'alloc');
  expect(held.map(({ start }) => start).sort((a, b) => a - b)).toEqual(used);
  expect(used.map((minor) => ptms_slots![minor - 1]!.pt_minor)).toEqual(used);
  expect(ptms_inuse).toBe(used.length);
}

function boot(physmem = 262144): void {
  reboot();
  setDebug(false);
  setPhysmem(physmem);
  startup_kmem();
  ptms_init();
}

beforeEach(() => boot());

describe('small-ptms-minor.jsonl', () => {
  test('replays on the arena', async () => {
    expect(await replayFile(file, [makeVmemReplayer])).toEqual({
      operations: 124,
      checkpoints: 7,
      difference: null,
    });
  });

  test('replays on pt_ttys_alloc and ptms_close, which grow by themselves', () => {
    type Line = Header & { op: string; id: number; addr: number | null };
    const [, ...lines] = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    bootVmem(); // as the trace: no pages, and the arena is not the eleventh
    ptms_init();
    const held = new Map<unknown, pt_ttys>();
    const grown: unknown[] = [];
    let checkpoints = 0;
    let live = 0;
    for (const line of lines) {
      if (line.op === 'add') grown.push([line.addr, line.size]);
      if (line.op === 'alloc' && line.addr !== null) {
        const pt = pt_ttys_alloc()!;
        expect(pt.pt_minor).toBe(line.addr);
        held.set(line.addr, pt);
        live++;
      }
      if (line.op === 'free') {
        ptms_close(held.get(line.addr)!, both);
        live--;
      }
      if (line.op !== 'checkpoint') continue;
      checkpoints++;
      const { segments: expected } = line as unknown as { segments: unknown };
      const got = segments(arena()).map(({ type, start, end }) => [
        type[0], start, end - start,
      ]);
      expect(got).toEqual(expected);
      const { kstat } = line as unknown as { kstat: { [name: string]: number } };
      expect(arena().vm_kstat).toMatchObject({
        vk_alloc: kstat.alloc, vk_fail: kstat.fail, vk_search: kstat.search,
      });
    }
    expect([checkpoints, ptms.ptms_inuse]).toEqual([7, live]);
    expect(grown).toEqual([[17, 16], [33, 32]]);
    sound();
  });
});

describe('ptms_init', () => {
  test('makes the arena [1, 17) with quantum 1, of ids', () => {
    expect(arena().vm_name).toBe('ptms_minor');
    expect(listing(arena())).toBe('r s1+16 f1+16');
    expect(arena().vm_quantum).toBe(1);
    expect(arena().vm_cflags & VMC_IDENTIFIER).not.toBe(0);
    expect(arena().vm_source).toBeNull();
    sound();
  });

  test('does so once', () => {
    const first = arena();
    open(3);
    ptms_init();
    expect(arena()).toBe(first);
    expect(ptms.ptms_inuse).toBe(3);
  });

  test.each([
    [262144, 262144], // 5 % of 1 GB, in 256 bytes, rounded up
    [1000, 1024],
    [30, 32],
  ])('with %d pages allows %d', (physmem, ptymax) => {
    boot(physmem);
    expect(ptms.ptms_ptymax).toBe(ptymax);
  });
});

describe('pt_ttys_alloc', () => {
  test('gives 1 first: 0 is what a failure looks like', () => {
    const [pt] = open();
    expect(pt).toEqual({ pt_minor: 1, pt_state: PTMOPEN | PTLOCK });
    expect(ptms.ptms_slots![0]).toBe(pt);
    sound();
  });

  test('grows 16, 32, 64, 128, 256, 384, and gives the minors in order', () => {
    const sizes = [ptms.ptms_nslots];
    for (let minor = 1; minor <= 400; minor++) {
      expect(pt_ttys_alloc()!.pt_minor).toBe(minor);
      if (sizes.at(-1) !== ptms.ptms_nslots) sizes.push(ptms.ptms_nslots);
    }
    expect(sizes).toEqual([16, 32, 64, 128, 256, 384, 512]);
    const spans = segments(arena()).filter(({ type }) => type === 'span');
    expect(spans.map(({ start, end }) => [start, end])).toEqual([
      [1, 17], [17, 33], [33, 65], [65, 129], [129, 257], [257, 385], [385, 513],
    ]);
    sound();
  });

  test('grows by pt_maxdelta and from pt_init_cnt, where these are set', () => {
    reboot();
    startup_kmem();
    Object.assign(ptms, { pt_init_cnt: 3, pt_maxdelta: 5 });
    ptms_init();
    const sizes = new Set([ptms.ptms_nslots]);
    for (let i = 0; i < 20; i++) {
      open();
      sizes.add(ptms.ptms_nslots);
    }
    expect([...sizes]).toEqual([3, 6, 11, 16, 21]);
    sound();
  });

  test('does not grow while a minor is free', () => {
    const all = open(NPTY_INITIAL);
    ptms_close(all[6], both);
    expect(pt_ttys_alloc()!.pt_minor).toBe(7);
    expect(ptms.ptms_nslots).toBe(16);
    expect(pt_ttys_alloc()!.pt_minor).toBe(17);
    expect(ptms.ptms_nslots).toBe(32);
  });

  test.each([
    [{ pt_max_pty: 5 }, 5],
    [{ pt_max_pty: 5, pt_cnt: 9 }, 9],
    [{ pt_max_pty: 100, ptms_ptymax: 40 }, 40],
    [{ ptms_ptymax: 20 }, 20],
  ])('with %j opens %d and no more', (limits, most) => {
    Object.assign(ptms, limits);
    open(most);
    expect(pt_ttys_alloc()).toBeNull();
    expect(ptms.ptms_inuse).toBe(most);
    sound();
    ptms_close(ptms.ptms_slots![2]!, both);
    expect(pt_ttys_alloc()!.pt_minor).toBe(3);
  });

  test('before ptms_init opens none', () => {
    reboot();
    expect(pt_ttys_alloc()).toBeNull();
  });

  test('gives null and keeps its books when no minor comes of growing', () => {
    open(NPTY_INITIAL);
    arena().vm_mtbf = 1; // whatever may fail, fails
    expect(pt_ttys_alloc()).toBeNull();
    arena().vm_mtbf = 0;
    expect(ptms.ptms_inuse).toBe(NPTY_INITIAL);
    sound();
    // The span was added all the same, as in the original.
    expect(ptms.ptms_nslots).toBe(32);
    expect(pt_ttys_alloc()!.pt_minor).toBe(17);
  });

  test('gives null and keeps its books when there are no structures', () => {
    reboot();
    vmem_init('heap', 4096, 4096); // no memory for more than the first 200
    ptms_init();
    let opened = 0;
    while (pt_ttys_alloc() !== null) opened++;
    expect(opened).toBeGreaterThan(NPTY_INITIAL);
    expect(ptms.ptms_inuse).toBe(opened);
    sound();
    ptms_close(ptms.ptms_slots![3]!, both);
    sound();
  });
});

describe('ptms_close', () => {
  test('frees the minor when both sides are closed, not before', () => {
    const [pt] = open();
    pt.pt_state |= PTSOPEN;
    ptms_close(pt, PTMOPEN);
    expect(ptms_minor_exists(1)).toBe(true);
    ptms_close(pt, PTSOPEN);
    expect(ptms_minor_exists(1)).toBe(false);
    sound();
  });

  test('twice, with no next owner, is a panic', () => {
    const [pt] = open(3);
    ptms_close(pt, both);
    const { message } = panicOf(() => ptms_close(pt, both));
    expect(message).toBe('vmem_hash_delete(ptms_minor, 1, 1): bad free');
    expect(MUTEX_HELD(ptms.ptms_lock)).toBe(false);
  });

  test('twice takes the minor from its next owner: two have it then', () => {
    const [stale] = open();
    ptms_close(stale, both);
    const [second] = open();
    ptms_close(stale, both);
    const [third] = open();
    expect(minors([second, third])).toEqual([1, 1]);
  });

  test('twice is an assertion in a DEBUG kernel', () => {
    const [stale] = open();
    ptms_close(stale, both);
    open();
    setDebug(true);
    const { message } = panicOf(() => ptms_close(stale, both));
    expect(message).toContain('ptms_slots[pt->pt_minor - 1] == pt');
    setDebug(false);
    expect(MUTEX_HELD(ptms.ptms_lock)).toBe(false);
  });
});

test.each([0, -1, 17, 1.5, NaN])('minor %d is no terminal', (minor) => {
  open(NPTY_INITIAL);
  expect(ptms_minor_exists(minor)).toBe(false);
});

test('ptms_minor2ptty is for those who hold the lock', () => {
  setDebug(true);
  expect(panicOf(() => ptms_minor2ptty(1)).message).toContain('mutex_owned');
  setDebug(false);
});

describe('which minor is next', () => {
  // 1 to 5 are taken, 2 and 4 closed in this order.
  const holes = (flag: number): (number | null)[] => {
    const ids = makeArena('ids', 1, 16, 1, VMC_IDENTIFIER);
    const take = () => vmem_alloc(ids, 1, VM_NOSLEEP | flag);
    for (let i = 0; i < 5; i++) take();
    for (const id of [2, 4]) vmem_free(ids, id, 1);
    return [take(), take(), take()];
  };

  test('instant fit: the one that was closed last', () => {
    expect(holes(0)).toEqual([4, 2, 6]);
    const all = open(5);
    for (const i of [1, 3]) ptms_close(all[i], both);
    expect(minors(open(3))).toEqual([4, 2, 6]);
  });

  test('next fit would leave a closed one alone as long as it can', () => {
    expect(holes(VM_NEXTFIT)).toEqual([6, 7, 8]);
  });
});

describe('vmem_alloc(ptms_minor, 1, VM_SLEEP) when all are taken', () => {
  const waits = (name: string, got: unknown[]) =>
    thread(name, () => got.push([name, vmem_alloc(arena(), 1, VM_SLEEP)]));

  test('waits for a terminal to be closed', () => {
    const all = open(NPTY_INITIAL);
    const got: unknown[] = [];
    waits('A', got);
    thread('B', () => ptms_close(all[4], both));
    expect(run()).toEqual([
      ['A', 'runs'],
      ['A', 'sleeps', 'ptms_minor vm_cv'],
      ['B', 'runs'],
      ['B', 'ends'],
      ['A', 'wakes'],
      ['A', 'ends'],
    ]);
    expect(got).toEqual([['A', 5]]);
  });

  test('several: each gets another one, the last to sleep first', () => {
    const all = open(NPTY_INITIAL);
    const got: unknown[] = [];
    for (const name of ['A', 'B', 'C']) waits(name, got);
    for (const i of [0, 7, 15]) {
      thread(`close ${i + 1}`, () => ptms_close(all[i], both));
    }
    run();
    expect(got).toEqual([['C', 1], ['B', 8], ['A', 16]]);
    // Each close wakes all who wait; who finds nothing sleeps again.
    expect(arena().vm_kstat.vk_wait).toBe(3 + 2);
  });

  test('several: all are woken when it grows for somebody else', () => {
    open(NPTY_INITIAL);
    const got: unknown[] = [];
    for (const name of ['A', 'B', 'C']) waits(name, got);
    thread('D', () => got.push(['D', pt_ttys_alloc()!.pt_minor]));
    run();
    expect(got).toEqual([['D', 17], ['C', 18], ['B', 19], ['A', 20]]);
  });

  test('more waiters than minors: one is left, and named', () => {
    const all = open(NPTY_INITIAL);
    const got: unknown[] = [];
    for (const name of ['A', 'B']) waits(name, got);
    thread('C', () => ptms_close(all[0], both));
    const { message } = caught(Deadlock, run);
    expect(message).toContain('A waits on ptms_minor vm_cv');
    expect(got).toEqual([['B', 1]]);
  });
});

describe('any calls in any order', () => {
  test('give each minor to one terminal at a time', () => {
    const calls = fc.array(fc.nat(), { minLength: 1, maxLength: 150 });
    fc.assert(
      fc.property(calls, fc.integer({ min: 1, max: 60 }), (all, most) => {
        boot();
        ptms.pt_max_pty = most;
        const held: pt_ttys[] = [];
        for (const call of all) {
          if (call % 3 === 0 && held.length > 0) {
            const [gone] = held.splice(call % held.length, 1);
            ptms_close(gone, PTMOPEN);
          } else {
            const pt = pt_ttys_alloc();
            expect(pt === null).toBe(held.length === most);
            if (pt !== null) held.push(pt);
          }
          expect(new Set(minors(held)).size).toBe(held.length);
          expect(ptms.ptms_inuse).toBe(held.length);
        }
        sound();
      }),
      { numRuns: 60 },
    );
  });
});
