// vmalloc: areas, guard pages, first fit, and what is freed again.
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { dmesg } from '../../lib/sys/cons.js';
import { GFP_ATOMIC, GFP_KERNEL } from '../../lib/linux/gfp.js';
import { type page, page_count } from '../../lib/linux/mm.js';
import { page_zone } from '../../lib/linux/mmzone.js';
import {
  alloc_page, alloc_pages, nr_free_pages,
} from '../../lib/linux/page_alloc.js';
import { checkZones } from '../../lib/linux/zonecheck.js';
import { drain_local_pages } from '../../lib/linux/page_alloc_pcp.js';
import { interrupt } from '../../lib/linux/sched.js';
import { kmem_cache_init } from '../../lib/linux/slab_create.js';
import {
  __vmalloc, vfree, vmalloc, vmalloc_32, vmap, vunmap,
} from '../../lib/linux/vmalloc.js';
import {
  __get_vm_area, areas, checkVmlist, get_vm_area, limitVmalloc, peek, poke,
  remove_vm_area, VM_ALLOC, VM_IOREMAP, VM_MAP, VMALLOC_END, VMALLOC_START,
  vmalloc_to_page,
} from '../../lib/linux/vmalloc_area.js';
import { reclaim } from '../../lib/linux/vmscan.js';
import { boot, panicOf } from './machine.js';

const PAGE = 4096;
const START = 0xc4800000;

/** 64 MB; 16 of it DMA; slab caches; a space of 64 MB. */
function bootKernel(zones: [number, number, number] = [4096, 12288, 0]): void {
  boot({ zones, reserved: [[0, 1]] }, { marks: false });
  kmem_cache_init();
  limitVmalloc(64 << 20);
}

beforeEach(() => bootKernel());

describe('the space', () => {
  test('begins 8 to 16 MB behind low memory, at a multiple of 8 MB', () => {
    expect(VMALLOC_START()).toBe(START);
    expect(VMALLOC_END()).toBe(0xc8800000);
    boot({ zones: [4096, 1000, 0] });
    expect(VMALLOC_START()).toBe(0xc2000000);
  });

  test('areas are as long as asked for, in pages, and one page more', () => {
    vmalloc(1);
    vmalloc(PAGE);
    vmalloc(PAGE + 1);
    expect(areas()).toEqual([
      [START, 2 * PAGE], [START + 2 * PAGE, 2 * PAGE], [START + 4 * PAGE, 3 * PAGE],
    ]);
  });

  test('the lowest hole that is large enough is taken', () => {
    const [a, , c] = [3, 1, 1, 1].map((pages) => vmalloc(pages * PAGE));
    vfree(a);
    vfree(c);
    expect(vmalloc(2 * PAGE)).toBe(a);
    expect(vmalloc(PAGE)).toBe(c);
    expect(checkVmlist()).toEqual([]);
  });

  test('nothing, or more than there is memory, gives 0', () => {
    expect(vmalloc(0)).toBe(0);
    expect(vmalloc(64 * 2 ** 20 + 1)).toBe(0);
    expect(dmesg()).toEqual([]);
  });

  test('device memory is aligned to its size, up to 512 KB', () => {
    vmalloc(1);
    const addrs = [PAGE, 9 * PAGE, 100 * PAGE, 500 * PAGE].map(
      (size) => get_vm_area(size, VM_IOREMAP)!.addr - START,
    );
    expect(addrs).toEqual([0x2000, 0x10000, 0x80000, 0x100000]);
  });

  test('a space that is full says so', () => {
    limitVmalloc(8 * PAGE);
    const [, b] = [vmalloc(3 * PAGE), vmalloc(3 * PAGE)];
    expect(get_vm_area(PAGE, VM_ALLOC)).toBeNull();
    expect(dmesg()).toEqual([
      'allocation failed: out of vmalloc space - use vmalloc=<size> to ' +
        'increase size.',
    ]);
    vfree(b);
    expect(vmalloc(3 * PAGE)).toBe(b);
  });

  test('but what comes first in it is not checked against its end', () => {
    limitVmalloc(2 * PAGE);
    expect(vmalloc(40 * PAGE)).toBe(START);
  });

  test('sizes that wrap at 32 bits give no area', () => {
    vmalloc(1);
    expect(get_vm_area(0xfffff000, VM_ALLOC)).toBeNull();
    expect(dmesg()).toEqual([]);
    expect(get_vm_area(0x3c000000, VM_ALLOC)).toBeNull();
    expect(dmesg()).toHaveLength(1);
  });

  test('a range of its own may be given, and lie among other areas', () => {
    vmalloc(3 * PAGE);
    const middle = __get_vm_area(PAGE, VM_MAP, START + PAGE, START + 64 * PAGE);
    expect(middle!.addr).toBe(START + 4 * PAGE);
    expect(remove_vm_area(START + 4 * PAGE)).toBe(middle);
    expect(remove_vm_area(START + 4 * PAGE)).toBeNull();
  });
});

describe('pages behind the addresses', () => {
  test('are single pages, from anywhere', () => {
    const taken = Array.from({ length: 64 }, () => alloc_page(GFP_KERNEL)!);
    const addr = vmalloc(5 * PAGE);
    const pages = [0, 1, 2, 3, 4].map((i) => vmalloc_to_page(addr + i * PAGE));
    expect(new Set([...pages, ...taken]).size).toBe(69);
    for (const p of pages) expect(page_count(p)).toBe(1);
  });

  test('bytes written across a page boundary are read again', () => {
    const addr = vmalloc(2 * PAGE);
    for (let i = -2; i < 2; i++) poke(addr + PAGE + i, 7 + i);
    expect([-2, -1, 0, 1].map((i) => peek(addr + PAGE + i))).toEqual([5, 6, 7, 8]);
  });

  test('the guard page has none: who runs over the end traps', () => {
    const addr = vmalloc(PAGE);
    vmalloc(PAGE);
    const { message, facts } = panicOf(() => poke(addr + PAGE, 1));
    expect(message).toBe(
      'Unable to handle kernel paging request at virtual address c4801000',
    );
    expect(facts.addr).toBe(addr + PAGE);
    expect(() => peek(addr - 1)).toThrow('c47fffff');
  });

  test('may come from high memory, for vmalloc_32 not', () => {
    bootKernel([4096, 4096, 2048]);
    expect(page_zone(vmalloc_to_page(vmalloc(PAGE))).name).toBe('HighMem');
    expect(page_zone(vmalloc_to_page(vmalloc_32(PAGE))).name).toBe('Normal');
  });

  test('vfree gives all of them back', () => {
    const sizes = [1, 5000, 300_000, 9_000_000];
    vfree(vmalloc(PAGE)); // kmalloc's slabs are there from now on
    sizes.map(vmalloc).forEach(vfree);
    drain_local_pages();
    const free = nr_free_pages();
    const addrs = sizes.map(vmalloc);
    expect(nr_free_pages()).toBeLessThan(free - 2273);
    addrs.forEach(vfree);
    drain_local_pages();
    expect(nr_free_pages()).toBe(free);
    expect(areas()).toEqual([]);
    expect(checkZones()).toEqual([]);
  });

  test('more than 1,024 pages need an array that is an area itself', () => {
    const addr = vmalloc(1025 * PAGE);
    expect(areas()).toEqual([
      [addr, 1026 * PAGE], [addr + 1026 * PAGE, 3 * PAGE],
    ]);
    vfree(addr);
    expect(areas()).toEqual([]);
  });

  test('vmap joins pages of the caller; vunmap leaves them to it', () => {
    const pages: page[] = [2, 0, 1].map((order) => alloc_pages(GFP_KERNEL, order)!);
    const addr = vmap(pages, VM_MAP);
    expect(pages.map((_, i) => vmalloc_to_page(addr + i * PAGE))).toEqual(pages);
    vunmap(addr);
    expect(() => peek(addr)).toThrow('paging request');
    for (const p of pages) expect(page_count(p)).toBe(1);
  });
});

describe('when memory runs out', () => {
  test('an area that cannot be filled is given up, and its pages', () => {
    bootKernel([0, 1024, 0]);
    vfree(vmalloc(PAGE));
    drain_local_pages();
    const free = nr_free_pages();
    reclaim.out_of_memory = () => {
      throw new Error('killed');
    };
    expect(__vmalloc(1020 * PAGE, GFP_ATOMIC)).toBe(0);
    expect(areas()).toEqual([]);
    drain_local_pages();
    expect(nr_free_pages()).toBeGreaterThan(free - 8);
  });

  test("2.6.11's own fault: a large array is then freed as kmalloc's", () => {
    bootKernel([0, 2048, 0]);
    while (nr_free_pages() > 700) alloc_page(GFP_ATOMIC);
    const { message } = panicOf(() => __vmalloc(1500 * PAGE, GFP_ATOMIC));
    expect(message).toBe('Oops: kfree of an address of vmalloc');
  });
});

describe('bad use', () => {
  test('0 is nothing; other addresses are complained of', () => {
    const addr = vmalloc(PAGE);
    vfree(0);
    vfree(addr + 5);
    vfree(addr + PAGE);
    vfree(addr);
    vfree(addr);
    expect(dmesg()).toEqual([
      'Trying to vfree() bad address (c4800005)',
      'Badness in __vunmap at mm/vmalloc.c:360',
      'Trying to vfree() nonexistent vm area (c4801000)',
      'Badness in __vunmap at mm/vmalloc.c:368',
      'Trying to vfree() nonexistent vm area (c4800000)',
      'Badness in __vunmap at mm/vmalloc.c:368',
    ]);
  });

  test('in an interrupt vfree and vunmap are a BUG', () => {
    const addr = vmalloc(PAGE);
    const of = (f: () => void) => panicOf(() => interrupt(f)).message;
    expect(of(() => vfree(addr))).toBe('kernel BUG at mm/vmalloc.c:403!');
    expect(of(() => vunmap(addr))).toBe('kernel BUG at mm/vmalloc.c:421!');
  });
});

describe('for every program', () => {
  const programs = fc.array(
    fc.record({
      what: fc.constantFrom('vmalloc', 'vmalloc', 'ioremap', 'free'),
      size: fc.integer({ min: 1, max: 40 * PAGE }),
      which: fc.nat(),
    }),
    { maxLength: 50 },
  );

  test('areas are in order, guarded, and each where a naive search puts it', () => {
    fc.assert(
      fc.property(programs, (program) => {
        bootKernel([0, 4096, 0]);
        const held: { addr: number; ours: boolean }[] = [];
        for (const { what, size, which } of program) {
          if (what === 'free') {
            if (held.length === 0) continue;
            const [{ addr, ours }] = held.splice(which % held.length, 1);
            if (ours) vfree(addr);
            else vunmap(addr);
            continue;
          }
          const bytes = Math.ceil(size / PAGE) * PAGE;
          const align = what === 'ioremap' ? alignOf(bytes) : PAGE;
          const wanted = naive(bytes + PAGE, align);
          const addr =
            what === 'vmalloc'
              ? vmalloc(size)
              : get_vm_area(bytes, VM_IOREMAP)!.addr;
          expect(addr).toBe(wanted);
          held.push({ addr, ours: what === 'vmalloc' });
          expect(checkVmlist()).toEqual([]);
        }
      }),
      { seed: 2005, numRuns: 60 },
    );
  });

  /** The least power of two above size, 4 KB to 512 KB. */
  const alignOf = (size: number) => {
    let align = PAGE;
    while (align <= size && align < 128 * PAGE) align *= 2;
    return align;
  };

  /** Tries every aligned address, from the first. */
  function naive(size: number, align: number): number {
    const taken = areas();
    const first = Math.ceil(VMALLOC_START() / align) * align;
    for (let addr = first; ; addr += align) {
      const clash = taken.some(([at, n]) => at < addr + size && addr < at + n);
      if (!clash) return addr;
    }
  }
});
