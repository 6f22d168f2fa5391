import { beforeEach, describe, expect, test } from 'vitest';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { vmem_check } from '../../lib/opensolaris/vmem_check.js';
import {
  VM_NEXTFIT,
  VM_NOSLEEP,
  VMEM_ALLOC,
  VMEM_FREE,
  VMEM_REENTRANT,
  VMEM_ROTOR,
  VMEM_SPAN,
  VMEM_WALKER,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import {
  vmem_add,
  vmem_contains,
  vmem_size,
  vmem_walk,
} from '../../lib/opensolaris/vmem_walk.js';
import { MUTEX_HELD } from '../../lib/sys/mutex.js';
import { allocAll, arena, boot, child, listing, panicOf } from './boot.js';

let vmp: vmem_t;
beforeEach(() => {
  boot();
  vmp = arena('w', 4096, 4096, 256);
});

/** What a walk calls back with; the callback may do something. */
function walked(
  typemask: number,
  act: (start: number, call: number) => void = () => {},
  of = vmp,
): [number, number][] {
  const calls: [number, number][] = [];
  const note = (list: typeof calls, start: number, size: number): void => {
    list.push([start, size]);
    act(start, list.length - 1);
  };
  vmem_walk(of, typemask, note, calls);
  return calls;
}

describe('vmem_walk(w, typemask, func, arg)', () => {
  test('visits by type, in arena order, sizes as asked for', () => {
    allocAll(vmp, [100, 256, 512]);
    vmem_free(vmp, 4352, 256);
    expect(walked(VMEM_ALLOC)).toEqual([[4096, 100], [4608, 512]]);
    expect(walked(VMEM_FREE)).toEqual([[4352, 256], [5120, 3072]]);
    expect(walked(VMEM_SPAN)).toEqual([[4096, 4096]]);
    expect(walked(VMEM_ROTOR)).toEqual([[0, 0]]);
    expect(walked(VMEM_ALLOC | VMEM_SPAN)).toEqual([
      [4096, 4096],
      [4096, 100],
      [4608, 512],
    ]);
  });

  test('never visits a walker', () => {
    expect(walked(VMEM_WALKER | VMEM_ALLOC | VMEM_FREE)).toEqual([]);
  });

  test('holds the lock: a callback that uses the arena is stopped', () => {
    vmem_alloc(vmp, 100, VM_NOSLEEP);
    const use = () => vmem_alloc(vmp, 100, VM_NOSLEEP);
    const panic = panicOf(() => walked(VMEM_ALLOC, use));
    expect(panic.message).toContain('recursive mutex_enter, lp=w vm_lock');
    expect(listing(vmp)).toBe('r s4096+4096 a4096+100 f4352+3840');
    expect(MUTEX_HELD(vmp.vm_lock)).toBe(false);
  });

  test('leaves no walker behind when the callback throws', () => {
    vmem_alloc(vmp, 100, VM_NOSLEEP);
    for (const mask of [VMEM_ALLOC, VMEM_ALLOC | VMEM_REENTRANT]) {
      const quit = () => {
        throw new Error('enough');
      };
      expect(() => walked(mask, quit)).toThrow('enough');
      expect(listing(vmp)).toBe('r s4096+4096 a4096+100 f4352+3840');
      expect(MUTEX_HELD(vmp.vm_lock)).toBe(false);
    }
  });
});

describe('a reentrant walk', () => {
  const MASK = VMEM_ALLOC | VMEM_FREE | VMEM_REENTRANT;

  test('goes on behind its walker, whatever the callback frees', () => {
    allocAll(vmp, [256, 256, 256, 256]);
    const seen = walked(VMEM_ALLOC | VMEM_REENTRANT, (start, call) => {
      expect(MUTEX_HELD(vmp.vm_lock)).toBe(false);
      if (call === 0) vmem_free(vmp, 4352, 256); // the next one
      if (call === 1) vmem_free(vmp, start, 256); // this one
    });
    expect(seen).toEqual([[4096, 256], [4608, 256], [4864, 256]]);
    expect(listing(vmp)).toBe(
      'r s4096+4096 a4096+256 f4352+512 a4864+256 f5120+3072',
    );
    expect(vmem_check(vmp)).toEqual([]);
  });

  test('keeps free segments apart until the walker moves on', () => {
    allocAll(vmp, [256, 256, 256]);
    vmem_free(vmp, 4352, 256);
    const pictures: string[] = [];
    walked(MASK, (start) => {
      if (start === 4352) vmem_free(vmp, 4608, 256);
      pictures.push(listing(vmp));
      expect(vmem_check(vmp)).toEqual([]);
    });
    expect(pictures[1]).toBe('r s4096+4096 a4096+256 f4352+256 w f4608+3584');
    expect(listing(vmp)).toBe('r s4096+4096 a4096+256 f4352+3840');
  });

  test('keeps an empty imported span until the walker moves on', () => {
    const kid = child('kid', vmp, 256);
    allocAll(kid, [256, 256]);
    const inSource: number[] = [];
    const seen = walked(
      VMEM_ALLOC | VMEM_REENTRANT,
      (start) => {
        vmem_free(kid, start, 256);
        inSource.push(vmem_size(vmp, VMEM_ALLOC));
        expect(vmem_check(kid)).toEqual([]);
      },
      kid,
    );
    expect(seen).toEqual([[4096, 256], [4352, 256]]);
    expect(inSource).toEqual([512, 256]);
    expect(vmem_size(vmp, VMEM_ALLOC)).toBe(0);
    expect(listing(kid)).toBe('r');
  });

  test('sees what the callback allocates ahead of it', () => {
    vmem_alloc(vmp, 256, VM_NOSLEEP);
    const seen = walked(VMEM_ALLOC | VMEM_REENTRANT, (_start, call) => {
      if (call < 2) vmem_alloc(vmp, 256, VM_NOSLEEP);
    });
    expect(seen).toEqual([[4096, 256], [4352, 256], [4608, 256]]);
  });

  test('may be walked itself, and the rotor may move under it', () => {
    allocAll(vmp, [256, 256]);
    let inner = 0;
    walked(VMEM_ALLOC | VMEM_REENTRANT, () => {
      inner += walked(VMEM_ALLOC | VMEM_REENTRANT).length;
      const addr = vmem_alloc(vmp, 16, VM_NOSLEEP | VM_NEXTFIT);
      vmem_free(vmp, addr, 16);
      expect(vmem_check(vmp)).toEqual([]);
    });
    expect(inner).toBe(4);
    expect(listing(vmp)).not.toContain('w');
  });
});

describe('vmem_contains(w, vaddr, size)', () => {
  test('asks for one span that has it all, free or not', () => {
    vmem_add(vmp, 8192, 4096, VM_NOSLEEP);
    vmem_alloc(vmp, 4096, VM_NOSLEEP);
    expect(vmem_contains(vmp, 4096, 4096)).toBe(true);
    expect(vmem_contains(vmp, 12287, 1)).toBe(true);
    expect(vmem_contains(vmp, 12287, 2)).toBe(false);
    expect(vmem_contains(vmp, 4096, 8192)).toBe(false); // two spans
    expect(vmem_contains(vmp, 4095, 1)).toBe(false);
    expect(vmp.vm_kstat).toMatchObject({
      vk_contains: 5,
      vk_contains_search: 1 + 2 + 2 + 2 + 2,
    });
  });
});

describe('vmem_size(w, typemask)', () => {
  test('adds up what was asked for, what is left, or both', () => {
    vmem_alloc(vmp, 100, VM_NOSLEEP);
    expect(vmem_size(vmp, VMEM_ALLOC)).toBe(100);
    expect(vmem_size(vmp, VMEM_FREE)).toBe(3996);
    expect(vmem_size(vmp, VMEM_ALLOC | VMEM_FREE)).toBe(4096);
    expect(vmem_size(vmp, VMEM_SPAN)).toBe(0);
  });
});

describe('vmem_add(w, vaddr, size, vmflag)', () => {
  test('puts spans behind each other, whatever their addresses', () => {
    vmem_add(vmp, 16384, 256, VM_NOSLEEP);
    vmem_add(vmp, 256, 256, VM_NOSLEEP);
    expect(walked(VMEM_SPAN)).toEqual([[4096, 4096], [16384, 256], [256, 256]]);
  });
});
