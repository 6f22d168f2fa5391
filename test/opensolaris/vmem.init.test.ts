// VMEM's start, and how it looks after itself.
import { beforeEach, describe, expect, test } from 'vitest';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { arenas, buckets, vmem_check } from '../../lib/opensolaris/vmem_check.js';
import { vmem_destroy } from '../../lib/opensolaris/vmem_create.js';
import {
  sizeofVmem,
  statics,
  VM_NOSLEEP,
  vmem0,
  VMC_NO_QCACHE,
  VMC_POPULATOR,
  VMEM_ALLOC,
  VMEM_INITIAL,
  type vmem_seg_t,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import {
  hashSizeFor,
  vmem_init,
  vmem_update,
} from '../../lib/opensolaris/vmem_init.js';
import { vmem_size } from '../../lib/opensolaris/vmem_walk.js';
import { advance, hz } from '../../lib/sys/clock.js';
import { MUTEX_HELD } from '../../lib/sys/mutex.js';
import { reboot } from '../../lib/sys/reboot.js';
import { allocAll, arena, boot, listing } from './boot.js';

const ones = (n: number): number[] => Array.from({ length: n }, () => 1);

describe('vmem_init', () => {
  let heap: vmem_t;
  beforeEach(() => {
    heap = boot();
  });

  test('makes five arenas, each on the one before or on vmem_metadata', () => {
    const tree = arenas().map((vmp) => [
      vmp.vm_name,
      vmp.vm_source?.vm_name ?? null,
      vmp.vm_quantum,
      vmp.vm_cflags,
      vmp.vm_min_import,
    ]);
    const P = VMC_POPULATOR;
    expect(tree).toEqual([
      ['heap', null, 4096, P, 0],
      ['vmem_metadata', 'heap', 4096, P | VMC_NO_QCACHE, 131072],
      ['vmem_seg', 'vmem_metadata', 4096, P, 0],
      ['vmem_hash', 'vmem_metadata', 8, 0, 0],
      ['vmem_vmem', 'vmem_metadata', 1, 0, 0],
    ]);
    expect(statics.vmem_populator.map(({ vm_name }) => vm_name)).toEqual([
      'heap',
      'vmem_metadata',
      'vmem_seg',
    ]);
  });

  test('takes nothing of the heap for that', () => {
    expect(vmem_size(heap, VMEM_ALLOC)).toBe(0);
    let left = 0;
    let vsp: vmem_seg_t | null = statics.vmem_segfree;
    for (; vsp !== null; vsp = vsp.vs_knext) left++;
    expect(left).toBe(130); // of 200: as in the recorded boot
    expect(arenas().map(({ vm_nsegfree }) => vm_nsegfree)).toEqual([
      14, 16, 16, 0, 15,
    ]);
  });

  test('enters what lies in static memory as allocated', () => {
    const vmem = statics.vmem_vmem_arena!;
    const allocated = Array.from({ length: 5 }, (_, id) => {
      return `a${vmem0 + id * sizeofVmem}+${sizeofVmem}`;
    });
    expect(listing(vmem)).toBe(
      [
        'r',
        `s${vmem0}+${VMEM_INITIAL * sizeofVmem}`,
        ...allocated,
        `f${vmem0 + 5 * sizeofVmem}+${5 * sizeofVmem}`,
      ].join(' '),
    );
    expect(arenas().map(({ at }) => at)).toEqual(
      [0, 1, 2, 3, 4].map((id) => vmem0 + id * sizeofVmem),
    );
  });

  test('leaves room for five more; the eleventh needs the heap', () => {
    for (let i = 6; i <= VMEM_INITIAL; i++) arena(`n${i}`, 4096, 4096);
    expect(vmem_size(heap, VMEM_ALLOC)).toBe(0);
    arena('n11', 4096, 4096);
    expect(vmem_size(heap, VMEM_ALLOC)).toBe(131072);
    expect(statics.vmem_vmem_arena!.vm_kstat.vk_mem_import).toBe(4096);
  });

  test('starts anew after reboot(), with the same numbers', () => {
    const picture = () => arenas().map((v) => [v.vm_name, v.vm_id, listing(v)]);
    const first = picture();
    arena('m', 4096, 4096);
    boot();
    expect(picture()).toEqual(first);
  });

  test('uses heap_alloc and heap_free for its own three arenas', () => {
    reboot();
    const calls: string[] = [];
    vmem_init(
      'h', 0x10000000, 0x1000000, 8192,
      (vmp, size, vmflag) => {
        calls.push(`${vmp.vm_name} ${size}`);
        return vmem_alloc(vmp, size, vmflag);
      },
      (vmp, vaddr, size) => {
        calls.push(`${vmp.vm_name} ${size} back`);
        vmem_free(vmp, vaddr, size);
      },
    );
    const ids = arena('ids', 1, 1000, 1);
    allocAll(ids, ones(150));
    expect(calls).toEqual(['vmem_metadata 16384']); // structures
    calls.length = 0;
    vmem_update(null);
    expect(calls).toEqual(['vmem_metadata 8192']); // a hash table
    vmem_destroy(ids);
    expect(calls[1]).toBe('vmem_metadata 8192 back');
  });
});

describe('the hash table', () => {
  let ids: vmem_t;
  beforeEach(() => {
    boot();
    ids = arena('ids', 1, 100_000, 1);
  });

  test.each([
    [0, 16], [10, 16], [20, 32], [42, 64], [100, 128], [1000, 1024],
    [10_000, 8192], [100_000, 131_072],
  ])('for %d segments has %d buckets', (nseg, size) => {
    expect(hashSizeFor(nseg)).toBe(size);
  });

  test('never grows by itself, only in vmem_update', () => {
    allocAll(ids, ones(1000));
    expect(ids.vm_hash_table).toHaveLength(16);
    vmem_update(null);
    expect(ids.vm_hash_table).toHaveLength(1024);
    expect(vmem_check(ids)).toEqual([]);
  });

  test('is left alone while it is off by no more than twice', () => {
    allocAll(ids, ones(32)); // wants 32
    vmem_update(null);
    expect(ids.vm_hash_table).toHaveLength(16);
    allocAll(ids, ones(10)); // wants 64
    vmem_update(null);
    expect(ids.vm_hash_table).toHaveLength(64);
  });

  test('shrinks again, and gives its room back', () => {
    const hash = statics.vmem_hash_arena!;
    const addrs = allocAll(ids, ones(1000));
    vmem_update(null);
    expect(vmem_size(hash, VMEM_ALLOC)).toBe(1024 * 8);
    for (const addr of addrs) vmem_free(ids, addr, 1);
    vmem_update(null);
    expect(ids.vm_hash_table).toHaveLength(16);
    expect(vmem_size(hash, VMEM_ALLOC)).toBe(16 * 8);
    expect(ids.vm_hash_table).not.toBe(ids.vm_hash0); // never used again
    vmem_destroy(ids);
    expect(vmem_size(hash, VMEM_ALLOC)).toBe(0);
  });

  test('turns chains round when it is rebuilt', () => {
    allocAll(ids, ones(100));
    const [before] = buckets(ids);
    vmem_update(null);
    const after = buckets(ids).filter((chain) => chain.length > 0).flat();
    const order = before.map((addr) => after.indexOf(addr));
    expect(before.length).toBeGreaterThan(1);
    expect(order).not.toContain(-1);
  });

  test('stays as it is when there is no room for another', () => {
    statics.vmem_hash_arena!.vm_mtbf = 1;
    allocAll(ids, ones(1000));
    vmem_update(null);
    expect(ids.vm_hash_table).toHaveLength(16);
  });

  test('shortens the searches', () => {
    const addrs = allocAll(ids, ones(1000));
    const passed = (): number => {
      const { vk_lookup } = ids.vm_kstat;
      for (const addr of addrs.slice(0, 100)) vmem_free(ids, addr, 1);
      const more = ids.vm_kstat.vk_lookup - vk_lookup;
      addrs.splice(0, 100);
      return more;
    };
    const before = passed();
    vmem_update(null);
    expect(before).toBeGreaterThan(5000);
    expect(passed()).toBeLessThan(100);
  });
});

describe('vmem_update', () => {
  test('comes back every 15 seconds, once it was called', () => {
    boot();
    const ids = arena('ids', 1, 1000, 1);
    advance(60 * hz);
    allocAll(ids, ones(100));
    expect(ids.vm_hash_table).toHaveLength(16);
    vmem_update(null);
    expect(ids.vm_hash_table).toHaveLength(128);
    allocAll(ids, ones(400));
    advance(15 * hz - 1);
    expect(ids.vm_hash_table).toHaveLength(128);
    advance(1);
    expect(ids.vm_hash_table).toHaveLength(512);
    expect(MUTEX_HELD(statics.vmem_list_lock)).toBe(false);
  });

  test('resizes the table of vmem_hash too, which it allocates from', () => {
    boot();
    const many = Array.from({ length: 60 }, (_, i) => {
      const vmp = arena(`n${i}`, 1, 100, 1);
      allocAll(vmp, ones(60));
      return vmp;
    });
    vmem_update(null);
    vmem_update(null);
    expect(many.map(({ vm_hash_table }) => vm_hash_table.length)).toEqual(
      many.map(() => 64),
    );
    expect(statics.vmem_hash_arena!.vm_hash_table.length).toBe(64);
    expect(arenas().flatMap(vmem_check)).toEqual([]);
    expect(vmem_alloc(many[0], 1, VM_NOSLEEP)).not.toBeNull();
  });
});
