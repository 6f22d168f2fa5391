// The address map: what lies where in the kernel of a PC.
//
// Follows illumos i86pc/os/startup.c and i86pc/sys/machparam.h, as they
// were from 2008 to 2010. Addresses are an integer range that the hardware
// gives; the kernel cuts it into areas before there is any allocator. Idea:
// some borders are constants, known when the kernel is compiled. All that
// depends on how much memory there is floats, and is computed at boot:
// the heap's start is one of these.
//
// Real addresses of 64 bits do not fit a number (next to 2^64, the nearest
// two are 2,048 apart), so they are BigInts here, to look at. Arenas run on
// `scaled`, lower addresses with the same shape; those of 32 bits fit.
//
// 1. The areas of a map, from 0 to 2^64 or 2^32, leave no gap and do not
//    overlap.
// 2. A border that floats is a multiple of a large page, 2 MB; except
//    segmap's on 32 bits, which has a red zone of 8 KB below it.
// 3. Static borders are the same for every size of memory, up to 1 TB:
//    above, SEGKPM_BASE and all that hangs on it come down.
//
// Left out: Xen; memory with holes (physmax is physmem); sizes that an
// administrator has set; the parts of valloc one by one.
import {
  ekernelheap,
  HEAPTEXT_SIZE,
  kernelheap,
  kernelheap_init,
  kvseg,
  segkmem_create,
} from './seg_kmem.js';
import { PAGESIZE } from './vm_page.js';

const KB = 1024n;
const MB = 1024n * KB;
const GB = 1024n * MB;
const TB = 1024n * GB;

/** Up to the next large page: one entry of a table that is higher up. */
const ROUND_UP_LPAGE = (x: bigint): bigint => roundUp(x, 2n * MB);

/** Up to the next multiple of align. */
const roundUp = (x: bigint, align: bigint): bigint =>
  ((x + align - 1n) / align) * align;

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** An area [start, end) of a map. */
export interface Area {
  start: bigint;
  end: bigint;
  name: string; // what the original calls its start
  what: string;
  floats: boolean; // does its start depend on memory?
}

/** What a 64-bit kernel is compiled with: addresses, from the top down. */
export const amd64 = {
  ARGSBASE: 0xffffffff_ffc00000n,
  SEGDEBUGBASE: 0xffffffff_ff800000n,
  KERNEL_TEXT: 0xffffffff_fb800000n, // 4 MB of text, then data
  MISC_VA_BASE: 0xffffffff_fb7fb000n, // 5 pages below
  COREHEAP_BASE: 0xffffffff_c0000000n,
  VALLOC_BASE: 0xffffff00_00000000n, // 1 TB below the top
  SEGKPM_BASE: 0xfffffe00_00000000n, // 1 TB more
  KERNELBASE: 0xfffffd80_00000000n, // KERNEL_REDZONE_SIZE more
  USERLIMIT: 0xfffffd7f_ffe00000n, // 2 MB more
  AMD64_VA_HOLE_END: 0xffff8000_00000000n,
  AMD64_VA_HOLE_START: 0x00008000_00000000n,
  userText: 0x04000000n, // where the linker puts a program

  KERNEL_REDZONE_SIZE: 512n * GB,
  SEGKPDEFSIZE: 2n * GB,
  SEGKPMINSIZE: 200n * MB,
  SEGZIOMINSIZE: 400n * MB,
  SEGZIOMAXSIZE: 512n * GB, // above, half of what is more
  toxic_size: 1n * GB,
  SEGMAPDEFAULT: 64n * MB,
};

/** What a 32-bit kernel is compiled with. */
export const i386 = {
  ARGSBASE: 0xffc00000n,
  SEGDEBUGBASE: 0xff000000n, // KERNEL_TEXT + 8 MB
  SEGDEBUGSIZE: 4n * MB,
  KERNEL_TEXT: 0xfe800000n,
  MISC_VA_BASE: 0xfe7fe000n, // 2 pages below
  KERNELBASE_MAX: 0xe0000000n,
  KERNELBASE: 0xd4000000n, // before something is taken off: see map32
  KERNELBASE_ABI_MIN: 0xc0000000n, // programs may rely on this
  userText: 0x08048000n,

  KERNEL_REDZONE_SIZE: 8n * KB, // MAXBSIZE
  SEGMAPDEFAULT: 16n * MB,
};

/**
 * What the page structures take: valloc_sz. Ours is one figure a page.
 * That for 32 bits makes the table in the original's comment come out,
 * that for 64 is an estimate: page_t has 120 bytes, the hash the rest.
 */
const vallocSize = (pages: bigint, wide: boolean): bigint =>
  pages * (wide ? 128n : 80n);

/** An area up to an end that is not known yet; static if nothing is said. */
type Start = [
  start: bigint,
  name: string,
  what: string,
  border?: 'static' | 'floats',
];

/** Each area ends where the next one starts, and the last at end. */
function areas(starts: Start[], end: bigint): Area[] {
  return starts.map(([start, name, what, border], i) => ({
    start,
    end: i + 1 < starts.length ? starts[i + 1][0] : end,
    name,
    what,
    floats: border === 'floats',
  }));
}

/** Memory in pages as bytes. @throws RangeError if it is no memory */
function bytesOf(physmem: number, limit: bigint): bigint {
  const pages = Number.isSafeInteger(physmem) ? BigInt(physmem) : 0n;
  const bytes = pages * BigInt(PAGESIZE);
  if (bytes > 0n && bytes <= limit) return bytes;
  throw new RangeError(
    `physmem is ${physmem} pages of ${PAGESIZE} bytes; take 1 to ` +
      `${limit / BigInt(PAGESIZE)}`,
  );
}

/** Where the areas that float start, with so much memory: 64 bits. */
export interface Borders {
  userlimit: bigint;
  kernelbase: bigint;
  segkpm_base: bigint;
  valloc_base: bigint;
  segkp_base: bigint;
  segzio_base: bigint;
  toxic_addr: bigint;
  segmap_start: bigint;
  kernelheap: bigint;
}

/**
 * Computes the borders: each area starts where the one below it ends. The
 * heap has what is left up to the core heap.
 * @param physmem memory in pages
 */
export function layout_kernel_va(physmem: number): Borders {
  const memory = bytesOf(physmem, 32n * TB);

  // segkpm shows all memory once more. Room for 1 TB of it is built in.
  let segkpm_base = amd64.SEGKPM_BASE;
  let valloc_base = amd64.VALLOC_BASE;
  if (memory > TB) {
    const kpm_resv_amount = roundUp(memory, GB);
    const down = (1n << 64n) - 2n * kpm_resv_amount;
    // Some addresses above the hole are left to users.
    segkpm_base = most(down, amd64.AMD64_VA_HOLE_END + TB);
    valloc_base = segkpm_base + kpm_resv_amount;
  }
  const valloc_sz = vallocSize(BigInt(physmem), true);
  const segkp_base = valloc_base + ROUND_UP_LPAGE(valloc_sz);

  // Stacks of threads in the kernel, but no more than there is memory.
  const segkpsize = least(amd64.SEGKPDEFSIZE, most(amd64.SEGKPMINSIZE, memory));
  const segzio_base = segkp_base + ROUND_UP_LPAGE(segkpsize);

  // What ZFS caches may be all of memory. It is kept apart from the heap,
  // so that a crash dump need not have it.
  let segziosize = most(memory, amd64.SEGZIOMINSIZE);
  if (segziosize > amd64.SEGZIOMAXSIZE) {
    segziosize = amd64.SEGZIOMAXSIZE + (memory - amd64.SEGZIOMAXSIZE) / 2n;
  }
  const toxic_addr = ROUND_UP_LPAGE(segzio_base + segziosize);
  const segmap_start = toxic_addr + amd64.toxic_size;
  const kernelbase = segkpm_base - amd64.KERNEL_REDZONE_SIZE;
  return {
    userlimit: kernelbase - 2n * MB,
    kernelbase,
    segkpm_base,
    valloc_base,
    segkp_base,
    segzio_base,
    toxic_addr,
    segmap_start,
    kernelheap: segmap_start + amd64.SEGMAPDEFAULT,
  };
}

/** The map of a 64-bit kernel on so many pages of memory, bottom up. */
export function map64(physmem: number): Area[] {
  const at = layout_kernel_va(physmem);
  // Up to 1 TB the lower half is where the constants say.
  const moved = at.segkpm_base === amd64.SEGKPM_BASE ? 'static' : 'floats';
  const starts: Start[] = [
    [0n, '', 'not used'],
    [amd64.userText, '', 'user text, data, and heap'],
    [amd64.AMD64_VA_HOLE_START, '', 'no addresses: the hole of the hardware'],
    [amd64.AMD64_VA_HOLE_END, '', 'user shared objects, and stack'],
    [at.userlimit, 'userlimit', 'not used', moved],
    [at.kernelbase, 'kernelbase', 'red zone', moved],
    [at.segkpm_base, 'segkpm_base', 'segkpm: all memory', moved],
    [at.valloc_base, 'valloc_base', 'page structures', moved],
    [at.segkp_base, 'segkp_base', "segkp: threads' stacks", 'floats'],
    [at.segzio_base, 'segzio_base', 'segzio: what ZFS caches', 'floats'],
    [at.toxic_addr, 'toxic_addr', 'devices', 'floats'],
    [at.segmap_start, 'segmap_start', 'segmap: files', 'floats'],
    [at.kernelheap, 'kernelheap', 'kernel heap', 'floats'],
    [amd64.COREHEAP_BASE, 'COREHEAP_BASE', 'core heap: modules'],
    [amd64.MISC_VA_BASE, 'MISC_VA_BASE', 'tables of the processor, 5 pages'],
    [amd64.KERNEL_TEXT, 'KERNEL_TEXT', 'kernel text'],
    [amd64.KERNEL_TEXT + 4n * MB, '', 'kernel data'],
    [amd64.SEGDEBUGBASE, 'SEGDEBUGBASE', 'debugger'],
    [amd64.ARGSBASE, 'ARGSBASE', 'boot arguments'],
  ];
  return areas(starts, 1n << 64n);
}

/**
 * The map of a 32-bit kernel, bottom up. Addresses are short here: the
 * more memory, the more page structures, the lower the kernel must start,
 * at the users' expense.
 */
export function map32(physmem: number): Area[] {
  bytesOf(physmem, 64n * GB);
  const valloc_sz = vallocSize(BigInt(physmem), false);
  const kernelbase = i386.KERNELBASE - roundUp(2n * valloc_sz, 4n * MB);
  const below = i386.MISC_VA_BASE - valloc_sz;
  const valloc_base = below - (below % (2n * MB)); // a large page
  const segmap_start = kernelbase + i386.KERNEL_REDZONE_SIZE;
  const kernelheap = kernelbase + i386.SEGMAPDEFAULT;
  const heaptext = valloc_base - BigInt(HEAPTEXT_SIZE);
  const starts: Start[] = [
    [0n, '', 'user stack'],
    [i386.userText, '', 'user text, data, heap, and shared objects'],
    [kernelbase, 'kernelbase', 'red zone', 'floats'],
    [segmap_start, 'segmap_start', 'segmap: files', 'floats'],
    [kernelheap, 'kernelheap', 'kernel heap', 'floats'],
    [heaptext, 'ekernelheap', 'heaptext: modules', 'floats'],
    [valloc_base, 'valloc_base', 'page structures', 'floats'],
    [i386.MISC_VA_BASE, 'MISC_VA_BASE', 'tables of the processor, 2 pages'],
    [i386.KERNEL_TEXT, 'KERNEL_TEXT', 'kernel text'],
    [i386.KERNEL_TEXT + 4n * MB, '', 'kernel data'],
    [i386.SEGDEBUGBASE, 'SEGDEBUGBASE', 'debugger'],
    [i386.SEGDEBUGBASE + i386.SEGDEBUGSIZE, '', 'not used'],
    [i386.ARGSBASE, 'ARGSBASE', 'boot arguments'],
  ];
  return areas(starts, 1n << 32n);
}

/** Where the original says two things, or what cannot be. */
export const contradictions: readonly { said: string; but: string }[] = [
  {
    said: 'The drawing for 32 bits has the debugger at 0xFF800000.',
    but: 'SEGDEBUGBASE is KERNEL_TEXT + 0x800000, so 0xFF000000.',
  },
  {
    said: 'Its table of heaps goes on to 64 GB and kernelbase 0x34000000.',
    but: 'KERNELBASE_ABI_MIN is 0xC0000000, reached with 8 GB.',
  },
  {
    said: 'That table has a heap of 684 MB with 1 GB of memory.',
    but: 'valloc_base is rounded down to a large page: 2 MB less.',
  },
];

/** What kernelheap_init is told. */
export interface HeapRange {
  heap_start: number;
  heap_end: number;
  core_start: number;
  core_end: number;
}

/**
 * The scaled layout: a heap of 64 GB, and far above it a core heap that
 * is, as the real one, somewhat less than 1 GB.
 */
export const scaled: HeapRange = {
  heap_start: 2 ** 44,
  heap_end: 2 ** 44 + 2 ** 36,
  core_start: 2 ** 45,
  core_end: 2 ** 45 + 0x3b000000, // the real core heap has 0x3b7fb000
};

/** The heap of map32 at its real addresses; there is no core heap. */
export function heap32(physmem: number): HeapRange {
  const map = map32(physmem);
  const startOf = (name: string): number =>
    Number(map.find((area) => area.name === name)!.start);
  return {
    heap_start: startOf('kernelheap'),
    heap_end: startOf('valloc_base'), // heaptext is cut off its end
    core_start: 0,
    core_end: 0,
  };
}

/**
 * Starts the heap, then what is built on it.
 * @param kmem_init handed over, because kmem is above: it imports this heap
 * @param after ours: see kernelheap_init
 */
export function startup_kmem(
  range = scaled,
  kmem_init: () => void = () => {},
  after: (step: string) => void = () => {},
): void {
  const { heap_start, heap_end, core_start, core_end } = range;
  // The first page of the heap is never given out.
  const first_avail = heap_start + PAGESIZE;
  kernelheap_init(
    heap_start, heap_end, first_avail, core_start, core_end, after,
  );
  kmem_init();
}

/** Makes the heap a segment: from here on it manages its own pages. */
export function kvm_init(): void {
  segkmem_create(kvseg, kernelheap, ekernelheap - kernelheap);
}
