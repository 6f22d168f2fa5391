// What an arena keeps for every program that gives back only what it took.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  vmem_alloc,
  vmem_free,
  vmem_xalloc,
  vmem_xfree,
} from '../../lib/opensolaris/vmem_alloc.js';
import {
  arenas,
  segments,
  vmem_check,
} from '../../lib/opensolaris/vmem_check.js';
import {
  VM_BESTFIT,
  VM_ENDALLOC,
  VM_FIRSTFIT,
  VM_NEXTFIT,
  VM_NOSLEEP,
  VMEM_ALLOC,
  VMEM_FREE,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_update } from '../../lib/opensolaris/vmem_init.js';
import { vmem_add, vmem_size } from '../../lib/opensolaris/vmem_walk.js';
import { MUTEX_HELD } from '../../lib/sys/mutex.js';
import { arena, boot, child, listing } from './boot.js';

const QUANTUM = 16;
const BASE = 4096;
const SIZE = 8192;

/** What vmem_xalloc may demand, in quanta; min and max are offsets. */
interface Wish {
  align: number; // a power of 2
  phase: number;
  nocross: number;
  min: number | null;
  max: number | null;
}

type Step =
  | { op: 'alloc'; size: number; policy: number; wish: Wish | null }
  | { op: 'free'; which: number }
  | { op: 'update' };

const policies = [0, VM_BESTFIT, VM_FIRSTFIT, VM_NEXTFIT];

const wishes: fc.Arbitrary<Wish> = fc.record({
  align: fc.integer({ min: 0, max: 4 }).map((n) => 2 ** n),
  phase: fc.nat(15),
  nocross: fc.constantFrom(0, 0, 32, 128),
  min: fc.option(fc.nat(SIZE)),
  max: fc.option(fc.nat(SIZE)),
});

/** Programs of up to `steps` steps that ask for 1 to `most`. */
const programs = (most = 1200, steps = 60): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          op: fc.constant('alloc' as const),
          size: fc.integer({ min: 1, max: most }),
          policy: fc.constantFrom(...policies),
          wish: fc.option(wishes, { freq: 4 }),
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          op: fc.constant('free' as const),
          which: fc.nat(1000),
        }),
      },
      { weight: 1, arbitrary: fc.record({ op: fc.constant('update' as const) }) },
    ),
    { minLength: 5, maxLength: steps },
  );

interface Held {
  vmp: vmem_t;
  addr: number;
  size: number;
  x: boolean;
}

/** A wish as vmem_xalloc takes it, made consistent. */
function demand({ align, phase, nocross, min, max }: Wish, size: number) {
  const a = align * QUANTUM;
  const p = (phase % align) * QUANTUM;
  const needs = Math.ceil((p + size) / a) * a;
  let n = nocross * QUANTUM;
  while (n !== 0 && n < Math.max(a, needs)) n *= 2;
  const low = min === null ? null : BASE + min;
  const high = max === null ? null : Math.max(BASE + max, (low ?? 0) + 1);
  return { align: a, phase: p, nocross: n, low, high };
}

/** Does [addr, addr + size) keep what was demanded? */
function keeps(addr: number, size: number, d: ReturnType<typeof demand>): void {
  expect(addr % d.align).toBe(d.phase);
  if (d.low !== null) expect(addr).toBeGreaterThanOrEqual(d.low);
  if (d.high !== null) expect(addr + size).toBeLessThanOrEqual(d.high);
  if (d.nocross !== 0) {
    const block = (x: number) => Math.floor(x / d.nocross);
    expect(block(addr)).toBe(block(addr + size - 1));
  }
}

/** One step, on an arena. */
function step(vmp: vmem_t, s: Step, live: Held[]): void {
  if (s.op === 'update') {
    vmem_update(null);
  } else if (s.op === 'free') {
    if (live.length === 0) return;
    const [{ vmp: from, addr, size, x }] = live.splice(s.which % live.length, 1);
    (x ? vmem_xfree : vmem_free)(from, addr, size);
  } else {
    const { size, policy, wish } = s;
    const flags = VM_NOSLEEP | policy;
    let addr: number | null;
    if (wish === null) {
      addr = vmem_alloc(vmp, size, flags);
    } else {
      const d = demand(wish, size);
      const { align, phase, nocross, low, high } = d;
      addr = vmem_xalloc(vmp, size, align, phase, nocross, low, high, flags);
      if (addr !== null) keeps(addr, size, d);
    }
    if (addr !== null) live.push({ vmp, addr, size, x: wish !== null });
  }
}

/** All arenas are sound, and nobody holds a lock. */
function allSound(): void {
  for (const vmp of arenas()) {
    expect(vmem_check(vmp)).toEqual([]);
    expect(MUTEX_HELD(vmp.vm_lock)).toBe(false);
  }
}

/** The allocated segments, as what clients hold. */
const given = (vmp: vmem_t): string[] =>
  segments(vmp)
    .filter(({ type }) => type === 'alloc')
    .map(({ start, end }) => `${start}+${end - start}`)
    .sort();

const heldOf = (vmp: vmem_t, live: Held[]): string[] =>
  live
    .filter((held) => held.vmp === vmp)
    .map(({ addr, size }) => `${addr}+${size}`)
    .sort();

const settings = { seed: 2001, numRuns: 100 };

describe('for every legal program', () => {
  test('vmem_check finds nothing, and segments are what clients hold', () => {
    fc.assert(
      fc.property(programs(), (program) => {
        boot();
        const vmp = arena('m', BASE, SIZE, QUANTUM);
        const live: Held[] = [];
        for (const s of program) {
          step(vmp, s, live);
          expect(vmem_check(vmp)).toEqual([]);
          expect(given(vmp)).toEqual(heldOf(vmp, live));
        }
        allSound();
      }),
      settings,
    );
  });

  test('no two clients share a unit, and nobody gets what is not there', () => {
    fc.assert(
      fc.property(programs(), (program) => {
        boot();
        const vmp = arena('m', BASE, SIZE, QUANTUM);
        const live: Held[] = [];
        for (const s of program) {
          step(vmp, s, live);
          const sorted = [...live].sort((a, b) => a.addr - b.addr);
          let free = BASE;
          for (const { addr, size } of sorted) {
            expect(addr % QUANTUM).toBe(0);
            expect(addr).toBeGreaterThanOrEqual(free);
            free = addr + size;
          }
          expect(free).toBeLessThanOrEqual(BASE + SIZE);
        }
      }),
      settings,
    );
  });

  test('allocated and free add up to the whole, at every step', () => {
    fc.assert(
      fc.property(programs(), (program) => {
        boot();
        const vmp = arena('m', BASE, SIZE, QUANTUM);
        const live: Held[] = [];
        for (const s of program) {
          step(vmp, s, live);
          const asked = live.reduce((sum, { size }) => sum + size, 0);
          expect(vmem_size(vmp, VMEM_ALLOC)).toBe(asked);
          expect(vmem_size(vmp, VMEM_ALLOC | VMEM_FREE)).toBe(SIZE);
        }
      }),
      settings,
    );
  });

  test('giving all back, in any order, leaves one free segment', () => {
    fc.assert(
      fc.property(
        programs(),
        fc.infiniteStream(fc.nat()),
        (program, order) => {
          boot();
          const vmp = arena('m', BASE, SIZE, QUANTUM);
          const live: Held[] = [];
          for (const s of program) step(vmp, s, live);
          while (live.length > 0) {
            const which = order.next().value as number;
            step(vmp, { op: 'free', which }, live);
          }
          // The rotor may lie between two; it moves when it is used.
          const whole = vmem_alloc(vmp, SIZE, VM_NOSLEEP | VM_NEXTFIT);
          expect(whole).toBe(BASE);
          vmem_free(vmp, BASE, SIZE);
          expect(listing(vmp).replace(/ ?r/, '').trim()).toBe(
            `s${BASE}+${SIZE} f${BASE}+${SIZE}`,
          );
        },
      ),
      settings,
    );
  });

  test('VM_ENDALLOC keeps all this too, for multiples of the quantum', () => {
    fc.assert(
      fc.property(programs(1200, 40), (program) => {
        boot();
        const vmp = arena('m', BASE, SIZE, QUANTUM);
        const live: Held[] = [];
        for (const s of program) {
          if (s.op !== 'alloc' || s.wish !== null) {
            if (s.op !== 'alloc') step(vmp, s, live);
            continue;
          }
          const size = Math.ceil(s.size / QUANTUM) * QUANTUM;
          step(vmp, { ...s, size, policy: s.policy | VM_ENDALLOC }, live);
          expect(vmem_check(vmp)).toEqual([]);
          expect(given(vmp)).toEqual(heldOf(vmp, live));
        }
      }),
      settings,
    );
  });
});

describe('for every legal program over three arenas, each on the next', () => {
  const steps = fc.tuple(programs(900, 60), fc.array(fc.nat(2), { minLength: 60 }));

  /** top has the addresses, va imports pages, obj imports from va. */
  function family(): vmem_t[] {
    boot();
    const top = arena('top', 65536, 65536, 4096);
    const va = child('va', top, 1024);
    return [top, va, child('obj', va, QUANTUM)];
  }

  test('all are sound at every step, and a source holds what was imported', () => {
    fc.assert(
      fc.property(steps, ([program, which]) => {
        const family3 = family();
        const [top, va, obj] = family3;
        const live: Held[] = [];
        program.forEach((s, i) => {
          const free = s.op === 'alloc' ? { ...s, wish: null } : s;
          step(family3[which[i % which.length]], free, live);
          allSound();
          const direct = (vmp: vmem_t) =>
            live
              .filter((held) => held.vmp === vmp)
              .reduce((sum, { size }) => sum + size, 0);
          for (const [source, kid] of [[top, va], [va, obj]]) {
            const { vk_mem_import } = kid.vm_kstat;
            const inuse = vmem_size(source, VMEM_ALLOC);
            expect(inuse).toBe(direct(source) + vk_mem_import);
          }
        });
      }),
      settings,
    );
  });

  test('giving all back gives all imports back', () => {
    fc.assert(
      fc.property(steps, ([program, which]) => {
        const family3 = family();
        const live: Held[] = [];
        program.forEach((s, i) => {
          // Next fit leaves its rotor in the way.
          const plain =
            s.op === 'alloc'
              ? { ...s, wish: null, policy: s.policy & ~VM_NEXTFIT }
              : s;
          step(family3[which[i % which.length]], plain, live);
        });
        while (live.length > 0) step(family3[0], { op: 'free', which: 0 }, live);
        expect(family3.map(listing)).toEqual([
          'r s65536+65536 f65536+65536',
          'r',
          'r',
        ]);
      }),
      settings,
    );
  });
});

test('spans that are added, in any order, never become one', () => {
  const spans = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), {
    minLength: 2,
    maxLength: 8,
  });
  fc.assert(
    fc.property(spans, programs(3000, 40), (numbers, program) => {
      boot();
      const vmp = arena('m', 4096 * numbers[0], 4096, QUANTUM);
      for (const n of numbers.slice(1)) {
        expect(vmem_add(vmp, 4096 * n, 4096, VM_NOSLEEP)).toBe(4096 * n);
      }
      const live: Held[] = [];
      for (const s of program) {
        const plain = s.op === 'alloc' ? { ...s, wish: null } : s;
        step(vmp, plain, live);
        expect(vmem_check(vmp)).toEqual([]);
      }
      for (const { addr, size } of live) {
        expect(Math.floor(addr / 4096)).toBe(Math.floor((addr + size - 1) / 4096));
      }
      const found = segments(vmp).filter(({ type }) => type === 'span');
      expect(found.map(({ start }) => start / 4096)).toEqual(numbers);
    }),
    settings,
  );
});
