// Pages of memory: how many are left, and which address has one.
//
// Follows illumos common/vm/vm_page.c and vm/page.h, as far as the kernel
// needs them for itself, and hat_memload and hat_unload of the x86 HAT, the
// layer that loads translations. An address is a number, and there is no
// end of numbers; memory is pages, and these run out. Idea: two counters.
// availrmem says how many pages may still be locked in memory, freemem how
// many are free at this moment. A process's page is not free, but it could
// be paged out: it counts in the first and not in the second.
//
// The kernel's pages are known by address, in kvp: kvp.get(addr) is the
// page behind [addr, addr + PAGESIZE).
//
// 1. availrmem and what the kernel has reserved add up to physmem.
// 2. freemem, the kernel's pages and the processes' pages add up to
//    physmem.
// 3. Reserving never leaves fewer than t_minarmem pages in availrmem.
// 4. An address of kvp has a translation, any other has none: to touch
//    such a one would be a page fault in the kernel.
//
// Left out: which page it is (colours, lists, page numbers); vnodes other
// than the kernel's; locks on a page; paging itself, which would free
// pages of processes, and with it page_needfree and the kernel's reserve
// (PG_PUSHPAGE, PG_PANIC); page tables.
import { delay, hz } from '../sys/clock.js';
import { cv_broadcast, cv_wait, kcondvar_t } from '../sys/condvar.js';
import { kmutex_t, mutex_enter, mutex_exit } from '../sys/mutex.js';
import { ASSERT } from '../sys/panic.js';
import { onReboot } from '../sys/reboot.js';
import { statics, VM_NOSLEEP } from './vmem_impl.js';

export const PAGESIZE = 4096;
export const PAGEOFFSET = PAGESIZE - 1;

// How to create pages: flags of page_create_va.
export const PG_EXCL = 0x0001; // fails if the address has a page
export const PG_WAIT = 0x0002; // may wait for free ones
export const PG_NORELOC = 0x0010; // never to be moved to another place

export const P_NORELOC = 0x40; // in p_state: the page stays where it is

// How to load a translation: flags of hat_memload.
export const HAT_LOAD_LOCK = 0x01; // stays until it is unloaded
export const HAT_NO_KALLOC = 0x200; // do not allocate memory for that

/** A page of the kernel's. */
export interface page_t {
  p_offset: number; // its address
  p_lckcnt: number; // 1: it is not paged out
  p_state: number; // P_NORELOC
  hatFlags: number; // of its translation; 0: it has none yet
}

/** The machine's memory, in pages. */
const powerOn = () => ({
  physmem: 262144, // all: 1 GB
  availrmem: 262144, // may still be locked
  freemem: 262144, // are free
  t_minarmem: 25, // never to be reserved
  segkmem_reloc: 0, // may the kernel's pages be moved? Not on x86
  processes: 0, // of processes
  freemem_lock: new kmutex_t('freemem_lock'),
  freemem_cv: new kcondvar_t('freemem_cv'), // who waits for free pages
});

export const memory = powerOn();

/** The kernel's pages by address. In C, a vnode and its page hash. */
export const kvp = new Map<number, page_t>();

onReboot(() => {
  Object.assign(memory, powerOn());
  kvp.clear();
});

/** Bytes to pages, rounded up. */
export function btopr(bytes: number): number {
  return Math.ceil(bytes / PAGESIZE);
}

/** Makes it a machine with npages of memory. Before anything uses one. */
export function setPhysmem(npages: number): void {
  if (!Number.isSafeInteger(npages) || npages < 0 || kvp.size > 0) {
    throw new RangeError(
      `setPhysmem(${npages}): takes a number of pages, right after reboot()`,
    );
  }
  memory.physmem = memory.availrmem = memory.freemem = npages;
}

/** Lets processes have npages in all; who waits for free ones looks again. */
export function setProcesses(npages: number): void {
  const free = memory.freemem + memory.processes - npages;
  if (!(npages >= 0) || free < 0) {
    throw new RangeError(
      `setProcesses(${npages}): ${free + npages} pages are not the kernel's`,
    );
  }
  mutex_enter(memory.freemem_lock);
  memory.processes = npages;
  memory.freemem = free;
  cv_broadcast(memory.freemem_cv);
  mutex_exit(memory.freemem_lock);
}

/**
 * Reserves npages: they may be locked from now on. Where flags allow it,
 * waits: nobody tells when there are more, so it asks again and again.
 * @returns false if there are too few
 */
export function page_resv(npages: number, flags: number): boolean {
  mutex_enter(memory.freemem_lock);
  while (memory.availrmem < memory.t_minarmem + npages) {
    mutex_exit(memory.freemem_lock);
    if ((flags & VM_NOSLEEP) !== 0) return false;
    statics.kmem?.kmem_reap();
    delay(hz >> 2);
    mutex_enter(memory.freemem_lock);
  }
  memory.availrmem -= npages;
  mutex_exit(memory.freemem_lock);
  return true;
}

/** Gives a reservation back. */
export function page_unresv(npages: number): void {
  mutex_enter(memory.freemem_lock);
  memory.availrmem += npages;
  mutex_exit(memory.freemem_lock);
}

/** Takes npages of the free ones. @returns false if there are too few */
function page_create_wait(npages: number, flags: number): boolean {
  mutex_enter(memory.freemem_lock);
  while (memory.freemem < npages) {
    if ((flags & PG_WAIT) === 0) {
      mutex_exit(memory.freemem_lock);
      return false;
    }
    cv_wait(memory.freemem_cv, memory.freemem_lock);
  }
  memory.freemem -= npages;
  mutex_exit(memory.freemem_lock);
  return true;
}

/** Puts npages back among the free ones. */
function page_create_putback(npages: number): void {
  mutex_enter(memory.freemem_lock);
  memory.freemem += npages;
  cv_broadcast(memory.freemem_cv);
  mutex_exit(memory.freemem_lock);
}

/**
 * Creates the pages behind [off, off + bytes); they are reserved already.
 * @returns null if there are too few free ones, or one is there already
 */
export function page_create_va(
  off: number,
  bytes: number,
  flags: number,
): page_t[] | null {
  const npages = btopr(bytes);
  if (!page_create_wait(npages, flags)) return null;

  const p_state = (flags & PG_NORELOC) !== 0 ? P_NORELOC : 0;
  const pages: page_t[] = [];
  for (let i = 0; i < npages; i++) {
    const p_offset = off + i * PAGESIZE;
    if (kvp.has(p_offset)) {
      page_create_putback(npages);
      return null;
    }
    pages.push({ p_offset, p_lckcnt: 0, p_state, hatFlags: 0 });
  }
  for (const pp of pages) kvp.set(pp.p_offset, pp);
  return pages;
}

/** Frees a page of the kernel's; its translation is unloaded. */
export function page_destroy(pp: page_t): void {
  ASSERT(pp.hatFlags === 0, '!hat_page_is_mapped(pp)');
  kvp.delete(pp.p_offset);
  page_create_putback(1);
}

/** Loads a translation: from now on the address leads to the page. */
export function hat_memload(addr: number, pp: page_t, flags: number): void {
  ASSERT(pp.p_offset === addr, 'pp->p_offset == addr');
  pp.hatFlags = flags;
}

/** Unloads the translations of [addr, addr + len). */
export function hat_unload(addr: number, len: number): void {
  for (let at = addr; at < addr + len; at += PAGESIZE) {
    const pp = kvp.get(at);
    if (pp !== undefined) pp.hatFlags = 0;
  }
}

/** Could the kernel touch this address? */
export function isMapped(addr: number): boolean {
  const pp = kvp.get(addr - (addr % PAGESIZE));
  return pp !== undefined && pp.hatFlags !== 0;
}
