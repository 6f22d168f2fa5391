// One page: what the kernel knows of it, and how pages stand in lists.
//
// Follows Linux 2.6.11 include/linux/mm.h (struct page), page-flags.h and
// list.h. Memory is cut into pages of 4,096 bytes; page number pfn is
// [pfn * 4096, (pfn + 1) * 4096). For each there is one struct page, used
// or not. Idea: what is known of memory stands beside it, so that the page
// allocator never looks into the pages that it gives out.
//
// A list is a ring: next and prev of its head are its first and last page,
// and the head's own when it is empty.
//
// 1. page_count(p) is the number of users: 0 for a free page.
// 2. A page is on at most one list; p.next.prev and p.prev.next are p.
// 3. mem_map[pfn].pfn is pfn; the head of a list has pfn -1.
//
// Left out: lru as a field of its own (its next and prev are the page's,
// and heads are pages too: so all that lists touch has one shape); index,
// and whatever else only the page cache and page replacement use; kunmap,
// for the bytes of a page are there, mapped or not.
import { onReboot } from '../sys/reboot.js';

export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 1 << PAGE_SHIFT;

// The bits of page.flags that the allocators set or test.
export const PG_locked = 0;
export const PG_error = 1;
export const PG_referenced = 2;
export const PG_uptodate = 3;
export const PG_dirty = 4;
export const PG_lru = 5;
export const PG_active = 6;
export const PG_slab = 7;
export const PG_checked = 9;
export const PG_arch_1 = 10;
export const PG_reserved = 11;
export const PG_private = 12;
export const PG_writeback = 13;
export const PG_swapcache = 16;
export const PG_mappedtodisk = 17;
export const PG_reclaim = 18;

/**
 * What is known of one page; also the head of a list of pages, which in C
 * is a list_head of its own. next and prev are C's lru.next and lru.prev.
 */
export class page {
  flags = 0; // PG_ bits, and the zone
  _count = -1; // users, less 1
  _mapcount = -1; // page tables that map it, less 1
  private = 0; // order, in the head of a free block
  next: page = this;
  prev: page = this;
  mapping: object | null = null; // whose page cache it is in
  cache: unknown = null; // slab's: in C, lru.next while PG_slab is set
  slab: unknown = null; // slab's: lru.prev

  /** @param pfn its number; C subtracts mem_map from its address */
  constructor(readonly pfn: number) {}
}

export const PageReserved = (p: page): boolean =>
  (p.flags & (1 << PG_reserved)) !== 0;
export const PagePrivate = (p: page): boolean =>
  (p.flags & (1 << PG_private)) !== 0;
export const PageSlab = (p: page): boolean => (p.flags & (1 << PG_slab)) !== 0;
export const PageDirty = (p: page): boolean =>
  (p.flags & (1 << PG_dirty)) !== 0;

/** Users of a page: 0 when it is free. */
export const page_count = (p: page): number => p._count + 1;

export function set_page_count(p: page, v: number): void {
  p._count = v - 1;
}

/** Is it in a page table? */
export const page_mapped = (p: page): boolean => p._mapcount >= 0;

/** Puts entry at the front of a list. */
export function list_add(entry: page, head: page): void {
  const { next } = head;
  next.prev = entry;
  entry.next = next;
  entry.prev = head;
  head.next = entry;
}

/** Puts entry at the end of a list. */
export function list_add_tail(entry: page, head: page): void {
  const { prev } = head;
  head.prev = entry;
  entry.next = head;
  entry.prev = prev;
  prev.next = entry;
}

/** Takes entry out of the list it is on. */
export function list_del(entry: page): void {
  const { next, prev } = entry;
  next.prev = prev;
  prev.next = next;
}

export const list_empty = (head: page): boolean => head.next === head;

let contents = new Map<page, Uint8Array>(); // of pages that were looked into

onReboot(() => {
  contents = new Map();
});

/**
 * The bytes of a page. Who had the page before has left them as they are;
 * in a page that nobody has looked into yet they are 0.
 */
export function kmap(p: page): Uint8Array {
  let bytes = contents.get(p);
  if (bytes === undefined) {
    bytes = new Uint8Array(PAGE_SIZE);
    contents.set(p, bytes);
  }
  return bytes;
}

/** Fills a page with zeros. */
export function clear_highpage(p: page): void {
  contents.get(p)?.fill(0);
}
