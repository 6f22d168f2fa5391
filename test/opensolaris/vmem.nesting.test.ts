// Arenas made, nested and destroyed; imports; quantum caches handed over.
import { beforeEach, describe, expect, test } from 'vitest';
import {
  vmem_alloc,
  vmem_free,
  vmem_xalloc,
  vmem_xfree,
} from '../../lib/opensolaris/vmem_alloc.js';
import { arenas, vmem_check } from '../../lib/opensolaris/vmem_check.js';
import {
  vmem_create,
  vmem_destroy,
  vmem_xcreate,
} from '../../lib/opensolaris/vmem_create.js';
import {
  sizeofVmem,
  statics,
  VM_BESTFIT,
  VM_NEXTFIT,
  VM_NOSLEEP,
  VM_PUSHPAGE,
  VM_SLEEP,
  VMC_IDENTIFIER,
  VMC_NO_QCACHE,
  VMC_XALIGN,
  VMEM_ALLOC,
  VMEM_FREE,
  type Kmem,
  type vmem_seg_t,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_qcache_reap } from '../../lib/opensolaris/vmem_init.js';
import { vmem_size } from '../../lib/opensolaris/vmem_walk.js';
import { dmesg } from '../../lib/sys/cons.js';
import { allocAll, arena, boot, child, listing } from './boot.js';

let top: vmem_t;
beforeEach(() => {
  boot();
  top = arena('top', 65536, 65536, 4096);
});

/** Structures in the global pool. */
function pooled(): number {
  let n = 0;
  let vsp: vmem_seg_t | null = statics.vmem_segfree;
  for (; vsp !== null; vsp = vsp.vs_knext) n++;
  return n;
}

describe('vmem_create', () => {
  test('calls afunc never; the first allocation calls it once', () => {
    const calls: number[][] = [];
    const kid = child('kid', top, 16, VM_SLEEP, (source, size, vmflag) => {
      calls.push([source.vm_id, size, vmflag]);
      return vmem_alloc(source, size, vmflag);
    });
    expect(calls).toEqual([]);
    expect(listing(kid)).toBe('r');
    vmem_alloc(kid, 100, VM_NOSLEEP | VM_BESTFIT | VM_PUSHPAGE);
    // The policy is not handed on: only what kmem flags there are.
    expect(calls).toEqual([[top.vm_id, 4096, VM_NOSLEEP | VM_PUSHPAGE]]);
    vmem_alloc(kid, 100, VM_NOSLEEP);
    expect(calls).toHaveLength(1);
  });

  test('numbers arenas, and enters them at the end of the list', () => {
    expect(arenas().map(({ vm_name, vm_id }) => [vm_name, vm_id])).toEqual([
      ['heap', 1],
      ['vmem_metadata', 2],
      ['vmem_seg', 3],
      ['vmem_hash', 4],
      ['vmem_vmem', 5],
      ['top', 6],
    ]);
    const kid = child('kid', top);
    expect(arenas().at(-1)).toBe(kid);
    expect(kid.vm_kstat.vk_source_id).toBe(6);
  });

  test('takes the structure of an arena from vmem_vmem', () => {
    const vmem = statics.vmem_vmem_arena!;
    expect(vmem_size(vmem, VMEM_ALLOC)).toBe(6 * sizeofVmem);
    const kid = child('kid', top);
    expect(vmem_size(vmem, VMEM_ALLOC)).toBe(7 * sizeofVmem);
    vmem_destroy(kid);
    expect(vmem_size(vmem, VMEM_ALLOC)).toBe(6 * sizeofVmem);
  });

  test('a source without afunc is a name only', () => {
    const label = vmem_create(
      'text', 4096, 4096, 4096, null, null, top, 0, VM_SLEEP,
    )!;
    expect(vmem_alloc(label, 8192, VM_NOSLEEP)).toBeNull();
    expect(vmem_size(top, VMEM_ALLOC)).toBe(0);
  });
});

describe('an import', () => {
  test('is rounded up to the larger quantum of the two', () => {
    const kid = child('kid', top, 16);
    const large = child('large', kid, 8192);
    vmem_alloc(kid, 5000, VM_NOSLEEP);
    expect(kid.vm_kstat.vk_mem_import).toBe(8192);
    vmem_alloc(large, 100, VM_NOSLEEP);
    expect(large.vm_kstat.vk_mem_import).toBe(8192);
  });

  test('goes back when it is empty, as a whole', () => {
    const kid = child('kid', top, 16);
    const [a, b] = allocAll(kid, [3000, 1000]);
    vmem_free(kid, a, 3000);
    expect(listing(kid)).toBe('r i65536+4096 f65536+3008 a68544+1000 f69552+80');
    vmem_free(kid, b, 1000);
    expect(listing(kid)).toBe('r');
    expect(listing(top)).toBe('r s65536+65536 f65536+65536');
  });

  test('stays, if there is no ffunc', () => {
    const kid = child('kid', top, 16, VM_SLEEP, vmem_alloc, null);
    const addr = vmem_alloc(kid, 100, VM_NOSLEEP);
    vmem_free(kid, addr, 100);
    expect(listing(kid)).toBe('r i65536+4096 f65536+4096');
  });

  test('stays while the rotor lies in it, and goes when that moves on', () => {
    const kid = child('kid', top, 16);
    allocAll(kid, [16, 16], VM_NOSLEEP | VM_NEXTFIT);
    vmem_free(kid, 65536, 16);
    vmem_free(kid, 65552, 16);
    expect(listing(kid)).toBe('i65536+4096 f65536+32 r f65568+4064');
    expect(vmem_check(kid)).toEqual([]);
    // Who finds nothing moves the rotor on: behind the free segment, then
    // out of the span.
    vmem_alloc(kid, 8192, VM_NOSLEEP | VM_NEXTFIT);
    expect(listing(kid)).toBe('i65536+4096 f65536+4096 r i69632+8192 a69632+8192');
    expect(vmem_check(kid)).toEqual([]);
    vmem_alloc(kid, 8192, VM_NOSLEEP | VM_NEXTFIT);
    expect(listing(kid)).not.toContain('65536');
    expect(vmem_size(top, VMEM_ALLOC)).toBe(16384);
  });

  test('of VMC_NO_QCACHE is as large as the slabs of caches would be', () => {
    const flags = VM_SLEEP | VMC_NO_QCACHE;
    const meta = vmem_create(
      'meta', null, 0, 4096, vmem_alloc, vmem_free, top, 2 * 4096, flags,
    )!;
    expect(meta.vm_min_import).toBe(32768);
    expect(meta.vm_qcache_max).toBe(0);
    vmem_alloc(meta, 4096, VM_NOSLEEP);
    expect(meta.vm_kstat.vk_mem_import).toBe(32768);
    vmem_alloc(meta, 7 * 4096, VM_NOSLEEP);
    expect(meta.vm_kstat.vk_mem_import).toBe(32768);
  });

  test('for an aligned request is large enough wherever it comes', () => {
    const kid = child('kid', top, 16);
    // 100 at a multiple of 8192: 100 + 8192 - 4096, rounded up to pages.
    const flags = VM_NOSLEEP;
    const addr = vmem_xalloc(kid, 100, 8192, 0, 0, null, null, flags);
    expect(addr).toBe(65536);
    expect(kid.vm_kstat.vk_mem_import).toBe(8192);
  });

  test('for a phase is a quantum larger still', () => {
    const kid = child('kid', top, 16);
    vmem_alloc(top, 4096, VM_NOSLEEP); // so that the span is not aligned
    const flags = VM_NOSLEEP;
    const addr = vmem_xalloc(kid, 100, 8192, 48, 0, null, null, flags);
    expect(kid.vm_kstat.vk_mem_import).toBe(3 * 4096);
    expect(addr).toBe(73728 + 48);
    expect(vmem_check(kid)).toEqual([]);
  });

  test('for a phase within the quanta of the source is the phase larger', () => {
    const kid = child('kid', top, 16);
    const flags = VM_NOSLEEP;
    const addr = vmem_xalloc(kid, 4096, 4096, 16, 0, null, null, flags);
    expect(kid.vm_kstat.vk_mem_import).toBe(8192);
    expect(addr).toBe(65552);
  });

  test('is not tried for what must lie somewhere', () => {
    const kid = child('kid', top, 16);
    const at = (min: number, max: number, nocross: number) =>
      vmem_xalloc(kid, 16, 0, 0, nocross, min, max, VM_NOSLEEP);
    expect([at(65536, 0, 0), at(0, 131072, 0), at(0, 0, 4096)]).toEqual([
      null, null, null,
    ]);
    expect(top.vm_kstat.vk_alloc).toBe(0);
  });

  test('that fails fails the allocation, and is counted in both', () => {
    const kid = child('kid', top, 16);
    expect(vmem_alloc(kid, 70000, VM_NOSLEEP)).toBeNull();
    expect(kid.vm_kstat.vk_fail).toBe(1);
    expect(top.vm_kstat.vk_fail).toBe(1);
    expect(kid.vm_nsegfree).toBe(16);
  });

  test('sets structures aside: a span is two, and what the cut will need', () => {
    const aside: number[] = [];
    const ask = (size: number, align: number, phase: number): void => {
      const kid = child('kid', top, 16, VM_SLEEP, (source, asize, vmflag) => {
        aside.push(16 - kid.vm_nsegfree);
        return vmem_alloc(source, asize, vmflag);
      });
      vmem_xalloc(kid, size, align, phase, 0, null, null, VM_NOSLEEP);
      expect(vmem_check(kid)).toEqual([]);
    };
    ask(4096, 0, 0); // all of it
    ask(100, 4096, 0); // the low end
    ask(100, 8192, 0); // somewhere
    ask(100, 4096, 16); // somewhere
    expect(aside).toEqual([2, 3, 4, 4]);
  });

  test('whose function throws leaves the arena as it was', () => {
    const kid = child('kid', top, 16, VM_SLEEP, () => {
      throw new Error('no');
    });
    expect(() => vmem_alloc(kid, 16, VM_NOSLEEP)).toThrow('no');
    expect(vmem_check(kid)).toEqual([]);
    expect(kid.vm_lock.m_owner).toBeNull();
  });
});

describe('vmem_xcreate', () => {
  test('its function is told the alignment, and may bring more', () => {
    const calls: number[][] = [];
    const kid = vmem_xcreate(
      'kid', null, 0, 16,
      (source, sizep, align, vmflag) => {
        calls.push([sizep.size, align, vmflag]);
        sizep.size = 32768;
        return vmem_alloc(source, 32768, vmflag);
      },
      vmem_xfree, top, 0, VM_SLEEP,
    )!;
    expect(vmem_xalloc(kid, 50, 64, 0, 0, null, null, VM_NOSLEEP)).toBe(65536);
    // 50 + 64 - 16 would be 98; the quanta of the source are larger.
    expect(calls).toEqual([[4096, 64, VM_NOSLEEP]]);
    expect(listing(kid)).toBe('r i65536+32768 a65536+50 f65600+32704');
    vmem_xfree(kid, 65536, 50);
    expect(listing(top)).toBe('r s65536+65536 f65536+65536');
  });

  test('with VMC_XALIGN no room is added for aligning', () => {
    const asked: number[] = [];
    const make = (flags: number): vmem_t =>
      vmem_xcreate(
        'kid', null, 0, 16,
        (source, sizep, align, vmflag) => {
          asked.push(sizep.size);
          const { size } = sizep;
          return vmem_xalloc(source, size, align, 0, 0, null, null, vmflag);
        },
        vmem_xfree, top, 0, flags,
      )!;
    for (const flags of [VM_SLEEP, VM_SLEEP | VMC_XALIGN]) {
      const kid = make(flags);
      vmem_xalloc(kid, 4096, 16384, 0, 0, null, null, VM_NOSLEEP);
    }
    expect(asked).toEqual([4096 + 16384 - 4096, 4096]);
  });
});

describe('vmem_destroy', () => {
  test('says what is leaked, in bytes or identifiers, or nothing', () => {
    vmem_destroy(arena('clean', 4096, 4096));
    const leaky = arena('leaky', 4096, 4096);
    allocAll(leaky, [100, 33]);
    vmem_destroy(leaky);
    const ids = arena('ids', 1, 10, 1, VMC_IDENTIFIER);
    allocAll(ids, [1, 1]);
    vmem_destroy(ids);
    expect(dmesg()).toEqual([
      "!vmem_destroy('leaky'): leaked 133 bytes",
      "!vmem_destroy('ids'): leaked 2 identifiers",
    ]);
  });

  test('gives all structures to the global pool', () => {
    const before = pooled();
    const vmp = arena('m', 4096, 4096);
    allocAll(vmp, [16, 16, 16]);
    const { vm_nsegfree } = vmp;
    const here = pooled();
    // A marker, three allocated, one free, and those in reserve.
    vmem_destroy(vmp);
    expect(pooled()).toBe(here + 5 + vm_nsegfree);
    expect(pooled()).toBe(before - 1); // vmem_vmem keeps one
  });

  test('does not give back what the arena had imported', () => {
    const kid = child('kid', top, 16);
    vmem_alloc(kid, 100, VM_NOSLEEP);
    vmem_destroy(kid);
    expect(vmem_size(top, VMEM_ALLOC)).toBe(4096);
    expect(arenas()).not.toContain(kid);
  });
});

describe('failing on purpose', () => {
  test('one in vm_mtbf fails, if it may, and is not counted', () => {
    const vmp = arena('m', 4096, 65536);
    vmp.vm_mtbf = 4;
    const got = allocAll(vmp, Array.from({ length: 40 }, () => 16));
    expect(got.filter((addr) => addr === null)).toHaveLength(10);
    expect(vmp.vm_kstat.vk_fail).toBe(0);
    const must = allocAll(vmp, Array.from({ length: 40 }, () => 16), VM_SLEEP);
    expect(must).not.toContain(null);
  });

  test('vmem_mtbf is for all arenas', () => {
    const vmp = arena('m', 4096, 65536);
    statics.vmem_mtbf = 1;
    expect(vmem_alloc(vmp, 16, VM_NOSLEEP)).toBeNull();
    const flags = VM_NOSLEEP;
    expect(vmem_xalloc(vmp, 16, 0, 0, 0, null, null, flags)).toBeNull();
    expect(vmem_alloc(vmp, 16, VM_SLEEP)).toBe(4096);
  });
});

describe('quantum caches, which kmem hands over', () => {
  /** A kmem whose caches take a whole slab at a time and keep all. */
  class Toy implements Kmem {
    readonly log: unknown[] = [];
    create(name: string, size: number, align: number, vmp: vmem_t): unknown {
      this.log.push(['create', name, size, align]);
      return { name, size, vmp, free: [] as number[] };
    }
    destroy(cache: unknown): void {
      this.log.push(['destroy', (cache as { name: string }).name]);
    }
    alloc(cache: unknown, kmflag: number): number | null {
      const { size, vmp, free } = cache as {
        size: number;
        vmp: vmem_t;
        free: number[];
      };
      if (free.length === 0) {
        const slab = vmem_alloc(vmp, 4 * vmp.vm_qcache_max, kmflag);
        if (slab === null) return null;
        for (let i = 0; i < 4; i++) free.push(slab + i * size);
      }
      return free.shift()!;
    }
    free(cache: unknown, vaddr: number): void {
      (cache as { free: number[] }).free.unshift(vaddr);
    }
    reap(cache: unknown): void {
      this.log.push(['reap', (cache as { name: string }).name]);
    }
    kmem_reap(): void {}
    kmem_reap_idspace(): void {}
  }

  function cached(qcache_max: number): { kmem: Toy; va: vmem_t } {
    const kmem = new Toy();
    statics.kmem = kmem;
    const va = vmem_create(
      'va', null, 0, 4096, vmem_alloc, vmem_free, top, qcache_max, VM_SLEEP,
    )!;
    return { kmem, va };
  }

  test('one for each multiple of the quantum, at most 16', () => {
    const { kmem, va } = cached(3 * 4096 + 100);
    expect(kmem.log).toEqual([
      ['create', 'va_4096', 4096, 4096],
      ['create', 'va_8192', 8192, 4096],
      ['create', 'va_12288', 12288, 4096],
    ]);
    expect(va.vm_qcache_max).toBe(12288);
    expect(cached(100 * 4096).va.vm_qcache).toHaveLength(16);
  });

  test('serve sizes up to qcache_max, rounded up; larger ones they do not', () => {
    const { va } = cached(2 * 4096);
    expect(vmem_alloc(va, 1, VM_SLEEP)).toBe(65536);
    expect(vmem_alloc(va, 4096, VM_SLEEP)).toBe(65536 + 4096);
    expect(va.vm_kstat.vk_alloc).toBe(1); // the slab of the first cache
    vmem_free(va, 65536, 1);
    expect(vmem_alloc(va, 4000, VM_SLEEP)).toBe(65536);
    expect(vmem_alloc(va, 4097, VM_NOSLEEP)).toBe(98304); // second cache
    expect(va.vm_kstat.vk_alloc).toBe(2);
    expect(vmem_alloc(va, 8193, VM_NOSLEEP)).toBeNull(); // the arena is full
    expect(va.vm_kstat.vk_fail).toBe(1);
  });

  test('vmem_xalloc and vmem_xfree go past them', () => {
    const { va } = cached(4096);
    const addr = vmem_xalloc(va, 4096, 0, 0, 0, null, null, VM_SLEEP);
    vmem_xfree(va, addr, 4096);
    expect(va.vm_kstat).toMatchObject({ vk_alloc: 1, vk_free: 1 });
  });

  test('are reaped and destroyed with the arena', () => {
    const { kmem, va } = cached(2 * 4096);
    kmem.log.length = 0;
    vmem_qcache_reap(va);
    vmem_destroy(va);
    expect(kmem.log).toEqual([
      ['reap', 'va_4096'],
      ['reap', 'va_8192'],
      ['destroy', 'va_4096'],
      ['destroy', 'va_8192'],
    ]);
  });

  test('cannot be had before kmem has started', () => {
    const f = () =>
      vmem_create('va', 4096, 4096, 16, null, null, null, 64, VM_SLEEP);
    expect(f).toThrow('use qcache_max 0');
    expect(vmem_size(top, VMEM_FREE)).toBe(65536);
  });
});
