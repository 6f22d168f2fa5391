// The address map: no gaps, borders that stay and borders that float.
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import * as seg_kmem from '../../lib/opensolaris/seg_kmem.js';
import {
  amd64,
  type Area,
  contradictions,
  heap32,
  i386,
  kvm_init,
  layout_kernel_va,
  map32,
  map64,
  scaled,
  startup_kmem,
} from '../../lib/opensolaris/startup.js';
import { PAGESIZE } from '../../lib/opensolaris/vm_page.js';
import { arenas } from '../../lib/opensolaris/vmem_check.js';
import { setDebug } from '../../lib/sys/panic.js';
import { reboot } from '../../lib/sys/reboot.js';

const MB = 1n << 20n;
const GB = 1n << 30n;
const TB = 1n << 40n;
const pagesOf = (bytes: bigint): number => Number(bytes / BigInt(PAGESIZE));

const upTo = (bytes: bigint) => fc.integer({ min: 1, max: pagesOf(bytes) });
const start = (map: Area[], name: string): bigint =>
  map.find((area) => area.name === name)!.start;

beforeEach(() => {
  reboot();
  setDebug(false);
});

describe('the constants', () => {
  test('of 64 bits hang together as machparam.h has them', () => {
    expect(amd64.KERNEL_TEXT - amd64.MISC_VA_BASE).toBe(5n * 4096n);
    expect(amd64.MISC_VA_BASE - amd64.COREHEAP_BASE).toBe(0x3b7fb000n);
    expect((1n << 64n) - amd64.VALLOC_BASE).toBe(TB);
    expect(amd64.VALLOC_BASE - amd64.SEGKPM_BASE).toBe(TB);
    expect(amd64.SEGKPM_BASE - amd64.KERNELBASE).toBe(1n << 39n);
    expect(amd64.KERNEL_REDZONE_SIZE).toBe(1n << 39n);
    expect(amd64.KERNELBASE - amd64.USERLIMIT).toBe(2n * MB);
    expect(amd64.ARGSBASE - amd64.SEGDEBUGBASE).toBe(0x400000n);
  });

  test('of 32 bits too', () => {
    expect(i386.SEGDEBUGBASE - i386.KERNEL_TEXT).toBe(0x800000n);
    expect(i386.KERNEL_TEXT - i386.MISC_VA_BASE).toBe(2n * 4096n);
    expect(i386.KERNELBASE_ABI_MIN).toBeLessThan(i386.KERNELBASE);
    expect(i386.KERNELBASE).toBeLessThan(i386.KERNELBASE_MAX);
  });

  test('as numbers: a page fits by luck, a byte in it does not', () => {
    const asNumber = (at: bigint) => BigInt(Number(at));
    expect(asNumber(amd64.MISC_VA_BASE)).toBe(amd64.MISC_VA_BASE);
    expect(asNumber(amd64.MISC_VA_BASE + 24n)).toBe(amd64.MISC_VA_BASE);
    expect(Number(i386.MISC_VA_BASE)).toBe(0xfe7fe000);
  });
});

describe.each([
  ['map64', map64, 64n, 32n * TB],
  ['map32', map32, 32n, 64n * GB],
] as const)('%s(physmem)', (_name, map, bits, limit) => {
  test('leaves no gap from the first address to the last', () => {
    fc.assert(
      fc.property(upTo(limit), (physmem) => {
        const areas = map(physmem);
        expect(areas[0].start).toBe(0n);
        expect(areas.at(-1)!.end).toBe(1n << bits);
        areas.forEach(({ start, end }, i) => {
          expect(start).toBeLessThan(end);
          if (i > 0) expect(start).toBe(areas[i - 1].end);
        });
      }),
      { numRuns: 300 },
    );
  });

  test('floats by large pages, but for the red zone of 8 KB', () => {
    fc.assert(
      fc.property(upTo(limit), (physmem) => {
        for (const { name, start, floats } of map(physmem)) {
          if (!floats) continue;
          const odd = bits === 32n && name === 'segmap_start' ? 8192n : 0n;
          expect([name, start % (2n * MB)]).toEqual([name, odd]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('what does not float is the same for every memory', () => {
    const fixed = (physmem: number) =>
      map(physmem).filter(({ floats }) => !floats).map(({ start }) => start);
    const common = fixed(pagesOf(limit)); // the fewest: all that can float
    fc.assert(
      fc.property(upTo(limit), (physmem) => {
        expect(fixed(physmem)).toEqual(expect.arrayContaining(common));
      }),
      { numRuns: 100 },
    );
    expect(common.length).toBeGreaterThan(6);
  });

  test.each([0, -1, 1.5, NaN, pagesOf(limit) + 1, 2 ** 60])(
    'of %d pages is a RangeError that says what goes',
    (physmem) => {
      const text = `take 1 to ${pagesOf(limit)}`;
      expect(() => map(physmem)).toThrow(RangeError);
      expect(() => map(physmem)).toThrow(text);
    },
  );
});

describe('layout_kernel_va(physmem)', () => {
  test('with 4 GB', () => {
    const hex = Object.entries(layout_kernel_va(pagesOf(4n * GB))).map(
      ([name, at]) => [name, at.toString(16)],
    );
    expect(Object.fromEntries(hex)).toEqual({
      userlimit: 'fffffd7fffe00000',
      kernelbase: 'fffffd8000000000',
      segkpm_base: 'fffffe0000000000',
      valloc_base: 'ffffff0000000000',
      segkp_base: 'ffffff0008000000', // 128 MB of page structures
      segzio_base: 'ffffff0088000000', // 2 GB
      toxic_addr: 'ffffff0188000000', // 4 GB, as all memory
      segmap_start: 'ffffff01c8000000', // 1 GB
      kernelheap: 'ffffff01cc000000', // 64 MB
    });
  });

  const size = (bytes: bigint, from: 'segkp_base' | 'segzio_base') => {
    const at = layout_kernel_va(pagesOf(bytes));
    const end = from === 'segkp_base' ? at.segzio_base : at.toxic_addr;
    return end - at[from];
  };

  test.each([
    [64n * MB, 200n * MB],
    [1n * GB, 1n * GB],
    [2n * GB, 2n * GB],
    [100n * GB, 2n * GB],
  ])('memory of %d bytes: segkp of %d', (bytes, segkp) => {
    expect(size(bytes, 'segkp_base')).toBe(segkp);
  });

  test.each([
    [64n * MB, 400n * MB],
    [1n * GB, 1n * GB],
    [512n * GB, 512n * GB],
    [768n * GB, 640n * GB],
    [2n * TB, 1280n * GB],
  ])('memory of %d bytes: segzio of %d', (bytes, segzio) => {
    expect(size(bytes, 'segzio_base')).toBe(segzio);
  });

  test('up to 1 TB the lower half is static, above it comes down', () => {
    const below = layout_kernel_va(pagesOf(TB));
    expect(below.segkpm_base).toBe(amd64.SEGKPM_BASE);
    expect(below.valloc_base).toBe(amd64.VALLOC_BASE);
    expect(below.kernelbase).toBe(amd64.KERNELBASE);
    expect(below.userlimit).toBe(amd64.USERLIMIT);

    const above = layout_kernel_va(pagesOf(TB) + 1);
    expect(above.segkpm_base).toBe((1n << 64n) - 2n * (TB + GB));
    expect(above.valloc_base - above.segkpm_base).toBe(TB + GB);
    const floats = (physmem: number) =>
      map64(physmem).filter((area) => area.floats).length;
    expect(floats(pagesOf(TB) + 1)).toBe(floats(pagesOf(TB)) + 4);
  });

  test('more memory never leaves a larger heap', () => {
    fc.assert(
      fc.property(upTo(TB), upTo(TB), (a, b) => {
        const [few, many] = [Math.min(a, b), Math.max(a, b)];
        expect(layout_kernel_va(many).kernelheap).toBeGreaterThanOrEqual(
          layout_kernel_va(few).kernelheap,
        );
      }),
    );
  });
});

describe('map32(physmem)', () => {
  // kernelbase and the heap in MB, as the original's comment has them.
  test.each([
    [1n, 0xd1800000n, 684n],
    [2n, 0xcf000000n, 704n],
    [4n, 0xca000000n, 744n],
    [6n, 0xc5000000n, 784n],
    [8n, 0xc0000000n, 824n],
    [16n, 0xac000000n, 984n],
    [32n, 0x84000000n, 1304n],
    [64n, 0x34000000n, 1944n],
  ])('with %d GB has the kernelbase of the comment', (gb, kernelbase, heap) => {
    const map = map32(pagesOf(gb * GB));
    expect(start(map, 'kernelbase')).toBe(kernelbase);
    // valloc_base is rounded down, which the comment forgets.
    const size = start(map, 'valloc_base') - start(map, 'kernelheap');
    expect(size).toBe((heap - 2n) * MB);
  });

  test('goes below what programs may rely on, with more than 8 GB', () => {
    const at = (gb: bigint) => start(map32(pagesOf(gb * GB)), 'kernelbase');
    expect(at(8n)).toBe(i386.KERNELBASE_ABI_MIN);
    expect(at(9n)).toBeLessThan(i386.KERNELBASE_ABI_MIN);
  });
});

test('contradictions say two things each', () => {
  expect(contradictions.length).toBeGreaterThan(0);
  for (const { said, but } of contradictions) {
    expect(said).toMatch(/^[A-Z].*\.$/);
    expect(but).toMatch(/^.*\.$/);
    expect(said).not.toBe(but);
  }
});

describe('startup_kmem', () => {
  test('on `scaled` is the boot of the golden trace', () => {
    startup_kmem();
    expect(seg_kmem.kernelheap).toBe(17592186044416);
    expect(seg_kmem.ekernelheap - seg_kmem.kernelheap).toBe(68719476736);
    expect(scaled.core_start).toBe(35184372088832);
    expect(scaled.core_end - scaled.core_start).toBe(989855744);
    // Below the real one by what is cut off to a round number.
    const real = amd64.MISC_VA_BASE - amd64.COREHEAP_BASE;
    expect(Number(real) - 989855744).toBe(0x7fb000);
  });

  test('starts kmem after the last arena, and before kvm_init', () => {
    const order: string[] = [];
    startup_kmem(
      scaled,
      () => {
        order.push('kmem_init');
        expect(seg_kmem.hat_memload_arena.vm_id).toBe(10);
        expect(seg_kmem.kvseg.s_base).toBeNull();
      },
      (step) => order.push(step),
    );
    expect(order).toEqual([
      'heap', 'heap_core', 'first_avail', 'heaptext', 'static',
      'static_alloc', 'hat_memload', 'kmem_init',
    ]);
  });

  test('kvm_init makes the heap a segment, without what was cut off', () => {
    startup_kmem(heap32(262144));
    kvm_init();
    const { s_base, s_size } = seg_kmem.kvseg;
    expect(s_base).toBe(0xd2800000);
    expect(s_base! + s_size).toBe(0xfd200000 - 64 * 2 ** 20);
  });

  test('on 32 bits: the real addresses, and heaptext out of the heap', () => {
    startup_kmem(heap32(262144));
    expect(arenas().map(({ vm_name }) => vm_name)).not.toContain('heap_core');
    const { heap_arena, heap_core_arena, heap32_arena } = seg_kmem;
    expect(heap_core_arena).toBe(heap_arena);
    expect(heap32_arena).toBe(heap_arena);
    expect(seg_kmem.ekernelheap).toBe(
      Number(start(map32(262144), 'ekernelheap')),
    );
  });
});
