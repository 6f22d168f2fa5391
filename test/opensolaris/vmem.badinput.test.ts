// What a caller does wrong: who says so, in what words, and what is left.
// The texts of the original are in test/golden/vmem/bad-input*.jsonl.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  vmem_alloc,
  vmem_free,
  vmem_xalloc,
  vmem_xfree,
} from '../../lib/opensolaris/vmem_alloc.js';
import { vmem_check } from '../../lib/opensolaris/vmem_check.js';
import {
  vmem_create,
  vmem_destroy,
  vmem_xcreate,
} from '../../lib/opensolaris/vmem_create.js';
import {
  VM_ENDALLOC,
  VM_NEXTFIT,
  VM_NOSLEEP,
  VM_PANIC,
  VM_SLEEP,
  VMC_POPULATOR,
  VMC_XALIGN,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_add } from '../../lib/opensolaris/vmem_walk.js';
import { MUTEX_HELD } from '../../lib/sys/mutex.js';
import { setDebug } from '../../lib/sys/panic.js';
import { allocAll, arena, boot, child, listing, panicOf } from './boot.js';

let vmp: vmem_t;
beforeEach(() => {
  boot();
  vmp = arena('bad', 4096, 4096, 256);
});
afterEach(() => setDebug(false));

describe('a panic', () => {
  const panics: [what: string, f: () => unknown][] = [
    ['a free of nothing', () => vmem_free(vmp, 4096, 256)],
    ['a free of NULL', () => vmem_free(vmp, null, 256)],
    ['a size of 0', () => vmem_alloc(vmp, 0, VM_NOSLEEP)],
    ['an align of 3', () => vmem_xalloc(vmp, 1, 3, 0, 0, 0, 0, VM_NOSLEEP)],
    ['no room', () => vmem_alloc(vmp, 8192, VM_NOSLEEP | VM_PANIC)],
    ['a span askew', () => vmem_add(vmp, 8193, 256, VM_NOSLEEP)],
  ];

  test.each(panics)('after %s leaves the arena usable', (_what, f) => {
    panicOf(f);
    expect(MUTEX_HELD(vmp.vm_lock)).toBe(false);
    expect(vmem_check(vmp)).toEqual([]);
    expect(vmem_alloc(vmp, 4096, VM_NOSLEEP)).toBe(4096);
  });

  test.each(panics)('after %s names the arena and the call', (_what, f) => {
    const { facts } = panicOf(f);
    expect(facts.arena).toBe('bad');
    expect(facts.call).toMatch(/^vmem_\w+\(bad/);
  });

  test('says address and size, which a debugger would show', () => {
    vmem_alloc(vmp, 300, VM_NOSLEEP);
    const panic = panicOf(() => vmem_free(vmp, 4096, 512));
    expect(panic.message).toBe(
      'vmem_hash_delete(bad, 1000, 512): wrong size (expect 300)',
    );
    expect(panic.explain()).toBe(
      'in vmem_free(bad, 0x1000, 512), addr 0x1000, size 512, expect 300, ' +
        'arena bad',
    );
  });

  test('of a wrong size comes too late: the segment is off its chain', () => {
    vmem_alloc(vmp, 300, VM_NOSLEEP);
    panicOf(() => vmem_free(vmp, 4096, 512));
    const again = panicOf(() => vmem_free(vmp, 4096, 300));
    expect(again.message).toBe('vmem_hash_delete(bad, 1000, 300): bad free');
    expect(vmem_check(vmp)).toEqual([
      '6: the alloc segment [0x1000, 0x112c) is in no bucket',
    ]);
  });

  test('prints the name as it was cut: 29 letters', () => {
    const long = arena('a_very_long_arena_name_123456789', 4096, 4096, 256);
    expect(panicOf(() => vmem_free(long, 1, 1)).message).toBe(
      'vmem_hash_delete(a_very_long_arena_name_123456, 1, 1): bad free',
    );
  });

  test('in the source of an import is about the source', () => {
    const kid = child('kid', vmp, 16);
    const flags = VM_NOSLEEP | VM_PANIC;
    expect(panicOf(() => vmem_alloc(kid, 5000, flags)).message).toBe(
      'vmem_xalloc(bad, 5120, 256, 0, 0, 0, 0, 3): ' +
        'cannot satisfy mandatory allocation',
    );
    expect(vmem_check(kid)).toEqual([]);
  });
});

describe('which of the three faults of constraints is found first', () => {
  const text = (...args: [number, number, number, number]): string => {
    const [size, align, phase, nocross] = args;
    const f = () =>
      vmem_xalloc(vmp, size, align, phase, nocross, 0, 0, VM_NOSLEEP);
    return panicOf(f).message.replace(/^.*\): /, '');
  };

  test('askew', () => {
    expect(text(256, 100, 0, 0)).toBe('parameters not vm_quantum aligned');
    expect(text(256, 0, 1, 0)).toBe('parameters not vm_quantum aligned');
    expect(text(256, 512, 100, 300)).toBe('parameters not vm_quantum aligned');
  });

  test('overconstrained, also when align is no power of 2', () => {
    expect(text(1024, 0, 0, 512)).toBe('overconstrained allocation');
    expect(text(512, 1024, 512, 512)).toBe('overconstrained allocation');
    // C rounds 512 up by bits: (511 | 767) + 1 is 1024, and not 768.
    expect(text(512, 768, 0, 768)).toBe('overconstrained allocation');
    expect(text(2 ** 53 - 1, 0, 0, 512)).toBe('overconstrained allocation');
  });

  test('inconsistent', () => {
    expect(text(512, 768, 0, 1024)).toBe('parameters inconsistent or invalid');
    expect(text(256, 256, 256, 0)).toBe('parameters inconsistent or invalid');
    expect(text(256, 0, 0, 768)).toBe('parameters inconsistent or invalid');
  });
});

describe('what no unsigned 53 bits hold is a RangeError', () => {
  test.each([-1, 0.5, NaN, 2 ** 53, Infinity])('a size of %d', (size) => {
    expect(() => vmem_alloc(vmp, size, VM_NOSLEEP)).toThrow(RangeError);
    expect(() => vmem_alloc(vmp, size, VM_NOSLEEP | VM_NEXTFIT)).toThrow(
      RangeError,
    );
    const xalloc = () => vmem_xalloc(vmp, size, 0, 0, 0, 0, 0, VM_NOSLEEP);
    expect(xalloc).toThrow(RangeError);
    expect(() => vmem_add(vmp, 8192, size, VM_NOSLEEP)).toThrow(RangeError);
    expect(vmem_check(vmp)).toEqual([]);
  });

  test('a constraint', () => {
    const f = () => vmem_xalloc(vmp, 256, 0, 0, 0, -256, 0, VM_NOSLEEP);
    expect(f).toThrow('vmem_xalloc(bad): -256 is no integer from 0 to 2^53 - 1');
  });

  test('a span that ends behind it', () => {
    const f = () => vmem_add(vmp, 2 ** 53 - 256, 256, VM_NOSLEEP);
    expect(f).toThrow(RangeError);
    expect(MUTEX_HELD(vmp.vm_lock)).toBe(false);
  });

  test('a quantum that is no power of 2', () => {
    for (const quantum of [0, 3, -16, 24, 0.5]) {
      expect(() => arena('odd', 4800, 4800, quantum)).toThrow(RangeError);
    }
  });

  test('but a large size is only too large', () => {
    expect(vmem_alloc(vmp, 2 ** 53 - 256, VM_NOSLEEP)).toBeNull();
    expect(vmp.vm_kstat.vk_fail).toBe(1);
  });

  test('and one whose import has no number is "size overflow"', () => {
    const kid = child('kid', vmp, 1);
    const size = 2 ** 53 - 1;
    expect(vmem_alloc(kid, size, VM_NOSLEEP)).toBeNull();
    expect(kid.vm_kstat.vk_fail).toBe(0); // as in C: not counted
    for (const flags of [VM_SLEEP, VM_NOSLEEP | VM_PANIC]) {
      const panic = panicOf(() => vmem_alloc(kid, size, flags));
      expect(panic.message).toBe('vmem_xalloc(): size overflow');
    }
    expect(MUTEX_HELD(kid.vm_lock)).toBe(false);
  });
});

describe('where C would follow a null pointer, it traps', () => {
  test('to free an empty segment between two allocated ones', () => {
    allocAll(vmp, [256, 0], VM_NOSLEEP | VM_NEXTFIT);
    vmem_alloc(vmp, 256, VM_NOSLEEP);
    expect(listing(vmp)).toContain('a4096+256 a4352+0 r a4352+256');
    // The second of the two at 4352 would be found first; but it is lost.
    panicOf(() => vmem_free(vmp, 4352, 1));
    expect(panicOf(() => vmem_free(vmp, 4352, 0)).message).toBe('trap');
    expect(MUTEX_HELD(vmp.vm_lock)).toBe(false);
  });

  test('to destroy an arena twice', () => {
    vmem_destroy(vmp);
    expect(panicOf(() => vmem_destroy(vmp)).message).toBe('trap');
  });
});

describe('what is not caught', () => {
  test('a minaddr above maxaddr, inside one free segment', () => {
    const f = () => vmem_xalloc(vmp, 256, 0, 0, 0, 6144, 5120, VM_NOSLEEP);
    expect(f()).toBe(6144);
  });

  test('a span inside another one: the same ids are given out twice', () => {
    expect(vmem_add(vmp, 4352, 256, VM_NOSLEEP)).toBe(4352);
    const sizes = Array.from({ length: 17 }, () => 256);
    const addrs = allocAll(vmp, sizes);
    expect(addrs.filter((addr) => addr === 4352)).toHaveLength(2);
  });

  test('flags that only the other creator takes are cleared', () => {
    const flags = VM_SLEEP | VMC_XALIGN;
    expect(arena('x', 4096, 4096, 256, flags).vm_cflags & VMC_XALIGN).toBe(0);
  });
});

describe('a DEBUG kernel', () => {
  beforeEach(() => setDebug(true));

  test('catches a span inside another one', () => {
    expect(panicOf(() => vmem_add(vmp, 4352, 256, VM_NOSLEEP)).message).toBe(
      'assertion failed: !vmem_contains(vmp, vaddr, size)',
    );
  });

  test('catches an address beyond maxaddr', () => {
    const f = () => vmem_xalloc(vmp, 256, 0, 0, 0, 6144, 5120, VM_NOSLEEP);
    expect(panicOf(f).message).toBe(
      'assertion failed: addr + size - 1 <= (uintptr_t)maxaddr - 1',
    );
  });

  test('catches VM_ENDALLOC of no whole quanta', () => {
    const f = () => vmem_alloc(vmp, 100, VM_NOSLEEP | VM_ENDALLOC);
    expect(panicOf(f).message).toBe(
      'assertion failed: P2PHASE(addr, vmp->vm_quantum) == 0',
    );
    expect(MUTEX_HELD(vmp.vm_lock)).toBe(false);
  });

  test('catches flags that a creator does not take', () => {
    const f = () => arena('x', 4096, 4096, 256, VM_SLEEP | VMC_XALIGN);
    expect(panicOf(f).message).toBe(
      'assertion failed: !(vmflag & (VMC_XALLOC | VMC_XALIGN))',
    );
    const g = () =>
      vmem_xcreate('x', null, 0, 1, null, null, null, 0, VMC_POPULATOR);
    expect(panicOf(g).message).toBe(
      'assertion failed: !(vmflag & (VMC_POPULATOR | VMC_XALLOC))',
    );
  });

  test('catches an import function that brings less than it was asked for', () => {
    const kid = vmem_xcreate(
      'kid', null, 0, 16,
      (source, sizep, _align, vmflag) => {
        sizep.size -= 256;
        return vmem_alloc(source, sizep.size, vmflag);
      },
      vmem_xfree, vmp, 0, VM_SLEEP,
    )!;
    const f = () => vmem_alloc(kid, 512, VM_NOSLEEP);
    expect(panicOf(f).message).toBe('assertion failed: asize >= oasize');
    expect(kid.vm_nsegfree).toBeGreaterThanOrEqual(16);
  });

  test('says nothing in sound use', () => {
    const kid = child('kid', vmp, 16);
    const addrs = allocAll(kid, [100, 200, 300]);
    addrs.forEach((addr, i) => vmem_free(kid, addr, [100, 200, 300][i]));
    expect(listing(kid)).toBe('r');
    const made = vmem_create('e', null, 0, 1, null, null, null, 0, VM_SLEEP)!;
    vmem_destroy(made);
  });
});
