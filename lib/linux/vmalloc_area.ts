// The space of vmalloc: addresses without memory, given out in areas.
//
// Follows Linux 2.6.11 mm/vmalloc.c (__get_vm_area, remove_vm_area and the
// page table's half), include/linux/vmalloc.h and asm-i386/pgtable.h.
// Beyond the end of low memory lies a range of kernel addresses that no
// memory stands behind. Idea: addresses can be given out by themselves;
// the page table says later which page is found there, if any.
//
// A piece of the space is an area, [addr, addr + size). Its last page has
// no memory: who runs over the end of an area traps there.
//
// 1. vmlist holds all areas in ascending order; they do not overlap.
// 2. Of an area with pages, all pages but the last are mapped.
// 3. A new area is the lowest that fits: first fit, over a list of what is
//    taken in place of what is free.
// 4. Whether the space's end is passed is asked only on the way past an
//    area: what is put behind the last one is not checked against it.
//
// Left out: page tables of more than one level, and their protection bits;
// flushing of caches and TLBs; vread and vwrite; readers of vmlist_lock.
import { printf } from '../sys/cons.js';
import { panic } from '../sys/panic.js';
import { onReboot } from '../sys/reboot.js';
import { highbit, P2ALIGN, P2ROUNDUP } from '../sys/sysmacros.js';
import { GFP_KERNEL } from './gfp.js';
import { kfree, kmalloc } from './kmalloc.js';
import { kmap, type page, PAGE_SHIFT, PAGE_SIZE } from './mm.js';
import { high_memory } from './mmzone.js';
import { spin_lock, spin_unlock, spinlock_t } from './sched.js';
import { BYTES_PER_WORD } from './slab_layout.js';

/** What an area is for: device memory, vmalloc, pages of the caller's. */
export const VM_IOREMAP = 0x00000001;
export const VM_ALLOC = 0x00000002;
export const VM_MAP = 0x00000004;

/** Between low memory and the space: a gap that catches stray pointers. */
export const VMALLOC_OFFSET = 8 * 1024 * 1024;

/** Device memory is aligned to its size, up to 128 pages. */
const IOREMAP_MAX_ORDER = 7 + PAGE_SHIFT;

/** The space's start: low memory's end, the gap, a multiple of 8 MB. */
export const VMALLOC_START = (): number =>
  P2ALIGN(high_memory + 2 * VMALLOC_OFFSET - 1, VMALLOC_OFFSET);

/** Where i386 keeps other mappings, two pages further. */
const i386End = 0xff7fe000;
let limit: number | null = null;

/** The first address behind the space. */
export const VMALLOC_END = (): number => limit ?? i386End;

/** Makes the space that many bytes long, as vmalloc=<size> at boot. */
export function limitVmalloc(bytes: number): void {
  limit = VMALLOC_START() + bytes;
}

/** A piece of the space, and what is mapped there. */
export class vm_struct {
  addr = 0;
  size = 0; // with the guard page
  flags = 0; // VM_
  pages: page[] | null = null; // in an array, which has to be allocated too
  pagesAddr = 0; // where that array is; C's pointer is both
  nr_pages = 0;
  next: vm_struct | null = null;

  /** @param self where the structure itself is: kmalloc's answer */
  constructor(readonly self: number) {}
}

const sizeof_vm_struct = () => 7 * BYTES_PER_WORD;

/** The areas, by address. */
export let vmlist: vm_struct | null = null;
let vmlist_lock = new spinlock_t('vmlist_lock');

/** The kernel's page table for this space: address of a page to page. */
const init_mm = new Map<number, page>();

onReboot(() => {
  limit = null;
  vmlist = null;
  vmlist_lock = new spinlock_t('vmlist_lock');
  init_mm.clear();
});

/** An address as %p prints it. */
export const hex = (addr: number): string =>
  addr.toString(16).padStart(2 * BYTES_PER_WORD, '0');

/** Takes an area's pages out of the page table. */
export function unmap_vm_area(area: vm_struct): void {
  const end = area.addr + area.size;
  for (let a = area.addr; a < end; a += PAGE_SIZE) init_mm.delete(a);
}

/**
 * Maps pages into an area, one after the other, but for its last page.
 * @returns 0, or -ENOMEM when there are too few
 */
export function map_vm_area(area: vm_struct, pages: readonly page[]): number {
  const wanted = area.size / PAGE_SIZE - 1;
  for (let i = 0; i < wanted; i++) {
    if (pages[i] === undefined) return -12;
    init_mm.set(area.addr + i * PAGE_SIZE, pages[i]);
  }
  return 0;
}

/** A sum or difference of addresses: those of 32 bits wrap. */
const ulong = (x: number): number =>
  BYTES_PER_WORD === 4 ? (x + 2 ** 32) % 2 ** 32 : x;

/** Alignment of an area. */
function alignFor(size: number, flags: number): number {
  if ((flags & VM_IOREMAP) === 0) return 1;
  const bit = highbit(size);
  return 2 ** Math.max(PAGE_SHIFT, Math.min(bit, IOREMAP_MAX_ORDER));
}

/**
 * Where an area of that size, guard page included, can be, and what it
 * follows in the list.
 * @returns null when the end of the space was passed
 */
function firstFit(size: number, align: number, start: number, end: number) {
  let addr = P2ROUNDUP(start, align);
  let before: vm_struct | null = null;
  for (let tmp = vmlist; tmp !== null; before = tmp, tmp = tmp.next) {
    const tmpEnd = ulong(tmp.addr + tmp.size);
    if (tmp.addr < addr) {
      // An area that begins below start, or that alignment has jumped.
      if (tmpEnd >= addr) addr = ulong(P2ROUNDUP(tmpEnd, align));
      continue;
    }
    const areaEnd = ulong(addr + size);
    if (areaEnd < addr) return null;
    if (areaEnd <= tmp.addr) break;
    addr = ulong(P2ROUNDUP(tmpEnd, align));
    if (addr > ulong(end - size)) return null;
  }
  return { addr, before };
}

/**
 * Reserves a piece of [start, end): size bytes, and the guard page.
 * @returns the area, or null
 */
export function __get_vm_area(
  size: number,
  flags: number,
  start: number,
  end: number,
): vm_struct | null {
  const align = alignFor(size, flags);
  const self = kmalloc(sizeof_vm_struct(), GFP_KERNEL);
  if (self === 0) return null;
  size = ulong(size + PAGE_SIZE);
  if (size === 0) {
    kfree(self);
    return null;
  }

  spin_lock(vmlist_lock);
  const place = firstFit(size, align, start, end);
  if (place === null) {
    spin_unlock(vmlist_lock);
    kfree(self);
    printf(
      'allocation failed: out of vmalloc space - use vmalloc=<size> to ' +
        'increase size.',
    );
    return null;
  }
  const area = new vm_struct(self);
  const { addr, before } = place;
  Object.assign(area, { addr, size, flags });
  area.next = before === null ? vmlist : before.next;
  if (before === null) vmlist = area;
  else before.next = area;
  spin_unlock(vmlist_lock);
  return area;
}

export const get_vm_area = (size: number, flags: number): vm_struct | null =>
  __get_vm_area(size, flags, VMALLOC_START(), VMALLOC_END());

/** Takes the area that starts at addr out of list and page table. */
export function remove_vm_area(addr: number): vm_struct | null {
  spin_lock(vmlist_lock);
  let before: vm_struct | null = null;
  let tmp = vmlist;
  while (tmp !== null && tmp.addr !== addr) {
    before = tmp;
    tmp = tmp.next;
  }
  if (tmp !== null) {
    unmap_vm_area(tmp);
    if (before === null) vmlist = tmp.next;
    else before.next = tmp.next;
  }
  spin_unlock(vmlist_lock);
  return tmp;
}

/**
 * The page that an address of this space is mapped to, as the processor
 * finds it. @throws Panic when nothing is mapped there: a page fault
 */
export function vmalloc_to_page(addr: number): page {
  const p = init_mm.get(P2ALIGN(addr, PAGE_SIZE));
  if (p !== undefined) return p;
  const where = `virtual address ${hex(addr)}`;
  return panic(`Unable to handle kernel paging request at ${where}`, {
    call: `access to 0x${hex(addr)}`,
    addr,
  });
}

/** Reads and writes one byte of this space. */
export const peek = (addr: number): number =>
  kmap(vmalloc_to_page(addr))[addr % PAGE_SIZE];
export function poke(addr: number, byte: number): void {
  kmap(vmalloc_to_page(addr))[addr % PAGE_SIZE] = byte;
}

/** The areas as [addr, size], to look at. */
export function areas(): [addr: number, size: number][] {
  const found: [number, number][] = [];
  for (let tmp = vmlist; tmp !== null; tmp = tmp.next) {
    found.push([tmp.addr, tmp.size]);
  }
  return found;
}

/** Which invariants does vmlist break? By their numbers. */
export function checkVmlist(): string[] {
  const faults: string[] = [];
  let end = 0;
  for (let tmp = vmlist; tmp !== null; tmp = tmp.next) {
    const at = hex(tmp.addr);
    if (tmp.addr < end) faults.push(`1: the area at ${at} is out of order`);
    end = tmp.addr + tmp.size;
    const guard = end - PAGE_SIZE;
    if (init_mm.has(guard)) faults.push(`2: the guard page of ${at} is mapped`);
    if (tmp.pages === null) continue;
    tmp.pages.forEach((p, i) => {
      if (init_mm.get(tmp!.addr + i * PAGE_SIZE) === p) return;
      faults.push(`2: page ${i} of the area at ${at} is not mapped`);
    });
  }
  return faults;
}
