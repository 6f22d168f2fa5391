// vmalloc: pages from anywhere, at addresses that follow each other.
//
// Follows Linux 2.6.11 mm/vmalloc.c, from __vunmap on. After a while the
// buddy system has few large blocks left, but many single pages. Idea: who
// needs much memory, but not in one piece, takes single pages, and an area
// of addresses; the page table joins the two.
//
// The invariants of areas are those of vmalloc_area.ts.
//
// 1. Each page of an area of vmalloc is a block of order 0 of its own, and
//    is freed with it. The pages of an area of vmap are the caller's.
// 2. An area, and the array of its pages, are memory too: of kmalloc, or,
//    for more than a page of array, of vmalloc itself.
//
// Left out: protection bits (vmalloc_exec). The line numbers in messages
// are the original's.
import { printf } from '../sys/cons.js';
import { panic } from '../sys/panic.js';
import { __GFP_HIGHMEM, GFP_KERNEL } from './gfp.js';
import { kfree, kmalloc } from './kmalloc.js';
import { type page, PAGE_SHIFT, PAGE_SIZE } from './mm.js';
import { num_physpages, virt_addr_valid } from './mmzone.js';
import { alloc_page } from './page_alloc.js';
import { __free_page } from './page_alloc_pcp.js';
import { BUG, in_interrupt } from './sched.js';
import { BYTES_PER_WORD } from './slab_layout.js';
import {
  get_vm_area, hex, map_vm_area, remove_vm_area, VM_ALLOC, type vm_struct,
} from './vmalloc_area.js';

const FILE = 'mm/vmalloc.c';

/** Says what is wrong with an address to be freed. */
function badness(what: string, addr: number, line: number): void {
  printf(`Trying to vfree() ${what} (${hex(addr)})`);
  printf(`Badness in __vunmap at ${FILE}:${line}`);
}

/** Gives back the array of an area's pages. */
function freeArray({ nr_pages, pagesAddr }: vm_struct): void {
  if (nr_pages > PAGE_SIZE / BYTES_PER_WORD) return __vunmap(pagesAddr, true);
  // A large area that got only some of its pages has nr_pages cut down by
  // now, so the original takes its array, vmalloc's too, for kmalloc's.
  if (pagesAddr !== 0 && !virt_addr_valid(pagesAddr)) {
    const call = `kfree(0x${hex(pagesAddr)})`;
    panic('Oops: kfree of an address of vmalloc', { call, addr: pagesAddr });
  }
  kfree(pagesAddr);
}

/** Undoes vmalloc, or, without the pages, vmap. */
function __vunmap(addr: number, deallocate_pages: boolean): void {
  if (addr === 0) return;
  if (addr % PAGE_SIZE !== 0) return badness('bad address', addr, 360);
  const area = remove_vm_area(addr);
  if (area === null) return badness('nonexistent vm area', addr, 368);

  if (deallocate_pages) {
    for (let i = 0; i < area.nr_pages; i++) __free_page(area.pages![i]);
    freeArray(area);
  }
  kfree(area.self);
}

/**
 * Frees what vmalloc gave; nothing when addr is 0.
 * @throws Panic BUG in an interrupt
 */
export function vfree(addr: number): void {
  const call = `vfree(0x${hex(addr)})`;
  if (in_interrupt()) BUG(`${FILE}:403`, 'in_interrupt()', { call });
  __vunmap(addr, true);
}

/** Takes back an area, but leaves its pages to their owner. */
export function vunmap(addr: number): void {
  const call = `vunmap(0x${hex(addr)})`;
  if (in_interrupt()) BUG(`${FILE}:421`, 'in_interrupt()', { call });
  __vunmap(addr, false);
}

/**
 * Maps the caller's pages to addresses that follow each other.
 * @returns the first address, or 0
 */
export function vmap(pages: readonly page[], flags: number): number {
  if (pages.length > num_physpages) return 0;
  const area = get_vm_area(pages.length << PAGE_SHIFT, flags);
  if (area === null) return 0;
  if (map_vm_area(area, pages) !== 0) {
    vunmap(area.addr);
    return 0;
  }
  return area.addr;
}

/**
 * Allocates size bytes, in whole pages, each by itself.
 * @returns the address, or 0
 */
export function __vmalloc(size: number, gfp_mask: number): number {
  const nr_pages = Math.ceil(size / PAGE_SIZE);
  if (nr_pages <= 0 || nr_pages > num_physpages) return 0;
  const area = get_vm_area(nr_pages * PAGE_SIZE, VM_ALLOC);
  if (area === null) return 0;
  area.nr_pages = nr_pages;

  // The array of pages is itself too large for kmalloc now and then.
  const array_size = nr_pages * BYTES_PER_WORD;
  area.pagesAddr =
    array_size > PAGE_SIZE
      ? __vmalloc(array_size, gfp_mask)
      : kmalloc(array_size, gfp_mask & ~__GFP_HIGHMEM);
  if (area.pagesAddr === 0) {
    remove_vm_area(area.addr);
    kfree(area.self);
    return 0;
  }

  const pages: page[] = [];
  area.pages = pages;
  while (pages.length < nr_pages) {
    const p = alloc_page(gfp_mask);
    if (p === null) {
      area.nr_pages = pages.length;
      vfree(area.addr);
      return 0;
    }
    pages.push(p);
  }
  if (map_vm_area(area, pages) !== 0) {
    vfree(area.addr);
    return 0;
  }
  return area.addr;
}

/** Allocates size bytes; the pages may come from high memory. */
export const vmalloc = (size: number): number =>
  __vmalloc(size, GFP_KERNEL | __GFP_HIGHMEM);

/** The same, from low memory. */
export const vmalloc_32 = (size: number): number => __vmalloc(size, GFP_KERNEL);
