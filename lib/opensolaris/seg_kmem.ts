// The kernel heap: arenas of addresses, and memory behind the addresses.
//
// Follows illumos common/vm/seg_kmem.c (commit 00e145c711, 2008), on x86.
// Idea: vmem_alloc gives addresses and nothing else. Between an arena and
// its source stands a function, and that function decides whether what
// is imported has memory behind it: vmem_alloc, or segkmem_alloc.
//
//   heap <- vmem_metadata (vmem_alloc) <- vmem_seg, vmem_hash, vmem_vmem
//                                         (segkmem_alloc)
//        <- static (segkmem_alloc_permanent) <- static_alloc (vmem_alloc)
//        <- hat_memload (hat_memload_alloc)
//   heap_core, a span of its own; heaptext, which has it as a source in
//   name only
//
// So vmem_metadata can import 32 pages' worth of addresses and not use up
// 32 pages: pages come where a child takes some of these addresses.
//
// 1. What segkmem_alloc gave has a page behind each PAGESIZE of it; what
//    vmem_alloc gave has one only if its arena's addresses had.
// 2. An allocation that fails leaves neither addresses nor pages behind.
// 3. Until kvseg stands, nothing given back is free again: it waits in
//    segkmem_gc_list for segkmem_gc, or for a request of the same size.
// 4. kernelheap_init makes arenas in a fixed order. With a core heap they
//    are ten, VMEM_INITIAL, so that it needs no memory.
// 5. No page is behind [kernelheap, first_avail), and it is never given
//    out.
//
// Left out: sparc (its large pages and its 32-bit heap); the zio arena;
// seg_ops, what a segment does about a fault; kernelheap_extend of older
// systems: this heap has its full size from the start.
import { ASSERT, panic } from '../sys/panic.js';
import { onReboot } from '../sys/reboot.js';
import {
  btopr,
  hat_memload,
  hat_unload,
  HAT_LOAD_LOCK,
  HAT_NO_KALLOC,
  kvp,
  memory,
  page_create_va,
  page_destroy,
  page_resv,
  type page_t,
  page_unresv,
  PAGEOFFSET,
  PAGESIZE,
  PG_EXCL,
  PG_NORELOC,
  PG_WAIT,
} from './vm_page.js';
import {
  vmem_alloc,
  vmem_free,
  vmem_is_populator,
  vmem_xalloc,
} from './vmem_alloc.js';
import { vmem_create } from './vmem_create.js';
import {
  VM_BESTFIT,
  VM_KMFLAGS,
  VM_MEMLOAD,
  VM_NORELOC,
  VM_NOSLEEP,
  VM_PANIC,
  VM_SLEEP,
  VMC_POPULATOR,
  type vmem_t,
} from './vmem_impl.js';
import { vmem_init } from './vmem_init.js';

/** What is kept for the text of modules that do not fit elsewhere. */
export const HEAPTEXT_SIZE = 64 * 1024 * 1024;

/** A segment of the kernel's address space; s_base null: not there yet. */
export interface seg {
  s_base: number | null;
  s_size: number;
}

// The heap, and its arenas: null until kernelheap_init.
export let kernelheap = 0; // where it starts
export let ekernelheap = 0; // where it ends
export let heap_core_base = 0;
export let heap_arena: vmem_t = null!; // addresses for all purposes
export let heap_core_arena: vmem_t = null!; // within 2 GB of each other
export let heap32_arena: vmem_t = null!; // fit 32 bits
export let heaptext_arena: vmem_t = null!; // text of modules
export let static_arena: vmem_t = null!; // pages that are never moved
export let static_alloc_arena: vmem_t = null!; // pieces of these
export let hat_memload_arena: vmem_t = null!; // what the HAT needs

/** The heap as a segment. Its pages come from the boot loader before. */
export const kvseg: seg = { s_base: null, s_size: 0 };

/** Freed while there was no kvseg. In C it lies in what was freed. */
interface segkmem_gc_list_t {
  gc_next: segkmem_gc_list_t | null;
  gc_arena: vmem_t;
  gc_size: number;
  addr: number;
}

let segkmem_gc_list: segkmem_gc_list_t | null = null;

onReboot(() => {
  kernelheap = ekernelheap = heap_core_base = 0;
  heap_arena = heap_core_arena = heap32_arena = heaptext_arena = null!;
  static_arena = static_alloc_arena = hat_memload_arena = null!;
  Object.assign(kvseg, { s_base: null, s_size: 0 });
  segkmem_gc_list = null;
});

/**
 * Memory of the boot loader's for [inaddr, inaddr + size).
 * @throws Panic if it has too little: there is no machine to go back to
 */
export function boot_alloc(inaddr: number, size: number): number {
  const npages = btopr(size);
  const call = `boot_alloc(0x${inaddr.toString(16)}, ${size})`;
  if (memory.freemem < npages) panic('boot_alloc: BOP_ALLOC failed', { call });
  if (!page_resv(npages, VM_NOSLEEP)) {
    panic('boot_mapin: page_resv failed', { call });
  }
  const ppl = page_create_va(inaddr, size, PG_EXCL | PG_NORELOC);
  if (ppl === null) panic('boot_alloc: pp is NULL or free', { call });
  lockPages(ppl, HAT_LOAD_LOCK);
  return inaddr;
}

/** Loads the translations of new pages, and locks them in memory. */
function lockPages(ppl: page_t[], flags: number): void {
  for (const pp of ppl) {
    hat_memload(pp.p_offset, pp, flags);
    pp.p_lckcnt = 1;
  }
}

/** New pages for the kernel, as vmflag says. @returns null: there are none */
export function segkmem_page_create(
  addr: number,
  size: number,
  vmflag: number,
): page_t[] | null {
  let pgflags = PG_EXCL;
  if (memory.segkmem_reloc === 0 || (vmflag & VM_NORELOC) !== 0) {
    pgflags |= PG_NORELOC;
  }
  if ((vmflag & VM_NOSLEEP) === 0) pgflags |= PG_WAIT;
  return page_create_va(addr, size, pgflags);
}

/**
 * Puts pages behind [inaddr, inaddr + size); with inaddr null, behind
 * addresses that it first allocates.
 * @returns null if there are no addresses, or no pages for them
 */
export function segkmem_xalloc(
  vmp: vmem_t,
  inaddr: number | null,
  size: number,
  vmflag: number,
): number | null {
  const npages = btopr(size);
  const addr = inaddr ?? vmem_alloc(vmp, size, vmflag);
  if (addr === null) return null;
  ASSERT((addr & PAGEOFFSET) === 0, '((uintptr_t)addr & PAGEOFFSET) == 0');

  // First the right to lock them, then the pages. Without either, undo.
  let ppl: page_t[] | null = null;
  if (page_resv(npages, vmflag & VM_KMFLAGS)) {
    ppl = segkmem_page_create(addr, size, vmflag);
    if (ppl === null) page_unresv(npages);
  }
  if (ppl === null) {
    if (inaddr === null) vmem_free(vmp, addr, size);
    return null;
  }

  // To load a translation, the HAT may have to allocate, and that may end
  // here. It must not where it is asked on behalf of that very need.
  const deep = (vmflag & VM_MEMLOAD) !== 0 || vmem_is_populator();
  lockPages(ppl, HAT_LOAD_LOCK | (deep ? HAT_NO_KALLOC : 0));
  return addr;
}

/**
 * Takes a piece of this arena and size out of segkmem_gc_list.
 * @returns its address, or null
 */
function recycle(vmp: vmem_t, size: number): number | null {
  let prev: segkmem_gc_list_t | null = null;
  for (let gcp = segkmem_gc_list; gcp !== null; gcp = gcp.gc_next) {
    if (gcp.gc_arena === vmp && gcp.gc_size === size) {
      if (prev === null) segkmem_gc_list = gcp.gc_next;
      else prev.gc_next = gcp.gc_next;
      return gcp.addr;
    }
    prev = gcp;
  }
  return null;
}

/** Allocates addresses from vmp, and pages for them: a vmem_alloc_t. */
export function segkmem_alloc(
  vmp: vmem_t,
  size: number,
  vmflag: number,
): number | null {
  if (kvseg.s_base !== null) return segkmem_xalloc(vmp, null, size, vmflag);

  // There is not much memory during boot: use again what was freed. Who
  // fails now cannot be helped, so nobody may.
  const again = recycle(vmp, size);
  if (again !== null) return again;
  return boot_alloc(vmem_alloc(vmp, size, vmflag | VM_PANIC)!, size);
}

/** Frees what segkmem_alloc gave: the pages, then the addresses. */
export function segkmem_free(
  vmp: vmem_t,
  inaddr: number,
  size: number,
): void {
  ASSERT((inaddr & PAGEOFFSET) === 0, '((uintptr_t)addr & PAGEOFFSET) == 0');
  if (kvseg.s_base === null) {
    segkmem_gc_list = {
      gc_next: segkmem_gc_list,
      gc_arena: vmp,
      gc_size: size,
      addr: inaddr,
    };
    return;
  }

  hat_unload(inaddr, size);
  for (let addr = inaddr; addr < inaddr + size; addr += PAGESIZE) {
    const pp = kvp.get(addr);
    if (pp === undefined) {
      const call = `segkmem_free(${vmp.vm_name}, 0x${inaddr.toString(16)})`;
      panic('segkmem_free: page not found', { call, addr, size });
    }
    pp.p_lckcnt = 0;
    page_destroy(pp);
  }
  page_unresv(btopr(size));
  vmem_free(vmp, inaddr, size);
}

/** Attaches a segment: from here on it is mapped page by page. */
export function segkmem_create(
  seg: seg,
  s_base: number,
  s_size: number,
): void {
  seg.s_base = s_base;
  seg.s_size = s_size;
}

/** Frees all that was freed too early. */
export function segkmem_gc(): void {
  ASSERT(kvseg.s_base !== null, 'kvseg.s_base != NULL');
  while (segkmem_gc_list !== null) {
    const { gc_next, gc_arena, gc_size, addr } = segkmem_gc_list;
    segkmem_gc_list = gc_next;
    segkmem_free(gc_arena, addr, gc_size);
  }
}

/** For static: pages that are never moved, as others know where they are. */
export function segkmem_alloc_permanent(
  vmp: vmem_t,
  size: number,
  flags: number,
): number | null {
  return segkmem_alloc(vmp, size, flags | VM_NORELOC);
}

/**
 * For hat_memload: the HAT is the caller, so it must not be asked to
 * allocate for this.
 * @internal static in seg_kmem.c
 */
export function hat_memload_alloc(
  vmp: vmem_t,
  size: number,
  flags: number,
): number | null {
  return segkmem_alloc(vmp, size, flags | VM_MEMLOAD | VM_NORELOC);
}

/**
 * Makes the heap [heap_start, heap_end) and the arenas around it. What is
 * below first_avail is in use already. Where there is a core heap
 * [core_start, core_end), the text of modules is its end; otherwise it is
 * the end of the heap.
 * @param after ours: told of each step when it is done, to look at it
 */
export function kernelheap_init(
  heap_start: number,
  heap_end: number,
  first_avail: number,
  core_start: number,
  core_end: number,
  after: (step: string) => void = () => {},
): void {
  kernelheap = heap_start;
  ekernelheap = heap_end;
  let core_size = core_end - core_start;
  let textbase: number;
  if (core_size > 0) {
    ASSERT(core_size >= HEAPTEXT_SIZE, 'core_size >= HEAPTEXT_SIZE');
    textbase = core_end - HEAPTEXT_SIZE;
    core_size -= HEAPTEXT_SIZE;
  } else {
    ekernelheap -= HEAPTEXT_SIZE;
    textbase = ekernelheap;
  }

  const heap_size = ekernelheap - kernelheap;
  heap_arena = vmem_init(
    'heap', kernelheap, heap_size, PAGESIZE, segkmem_alloc, segkmem_free,
  );
  after('heap');

  if (core_size > 0) {
    heap_core_arena = vmem_create(
      'heap_core', core_start, core_size, PAGESIZE,
      null, null, null, 0, VM_SLEEP,
    )!;
    heap_core_base = core_start;
    after('heap_core');
  } else {
    heap_core_arena = heap_arena;
    heap_core_base = kernelheap;
  }

  // Take out what is in use already.
  vmem_xalloc(
    heap_arena, first_avail - kernelheap, PAGESIZE, 0, 0,
    kernelheap, first_avail, VM_NOSLEEP | VM_BESTFIT | VM_PANIC,
  );
  after('first_avail');

  // The source is a label: without an afunc nothing is ever imported.
  heap32_arena = heap_core_arena;
  heaptext_arena = vmem_create(
    'heaptext', textbase, HEAPTEXT_SIZE, PAGESIZE,
    null, null, heap_core_arena, 0, VM_SLEEP,
  )!;
  after('heaptext');

  // Memory whose physical address may be used as well. Pages in a row are
  // not so in memory: hence the quantum of a page, and the second arena
  // for what is smaller.
  static_arena = vmem_create(
    'static', null, 0, PAGESIZE,
    segkmem_alloc_permanent, segkmem_free, heap_arena, 0, VM_SLEEP,
  )!;
  after('static');
  static_alloc_arena = vmem_create(
    'static_alloc', null, 0, 8, // sizeof (uint64_t)
    vmem_alloc, vmem_free, static_arena, 0, VM_SLEEP,
  )!;
  after('static_alloc');

  // What the HAT needs to load a translation. Populating may come here, as
  // it loads translations: so this is the fourth populator.
  hat_memload_arena = vmem_create(
    'hat_memload', null, 0, PAGESIZE,
    hat_memload_alloc, segkmem_free, heap_arena, 0, VM_SLEEP | VMC_POPULATOR,
  )!;
  after('hat_memload');
}
