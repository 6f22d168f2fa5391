// The buddy system: blocks of 2^order pages, split and joined by halves.
//
// Follows Linux 2.6.11 mm/page_alloc.c, from bad_range to rmqueue_bulk.
// Splitting a block of order k + 1 makes two of order k, which are buddies
// for ever. Idea: a buddy's number differs in one bit, so finding it is one
// XOR, and joining is one AND. Nothing is searched but the eleven lists.
//
// The invariants are those of mmzone.ts. Every function here that changes
// a free_area is called with zone->lock held.
//
// Left out: bitmaps, which kept this in 2.6.0 (a free head says its order
// itself now); compound pages (CONFIG_HUGETLB_PAGE); kernel_map_pages
// (CONFIG_DEBUG_PAGEALLOC); page pointers, backtraces and line numbers in
// messages: a page is named by its number.
import { printf } from '../sys/cons.js';
import { onReboot } from '../sys/reboot.js';
import {
  list_add, list_add_tail, list_del, list_empty, page, page_count,
  page_mapped, PageDirty, PagePrivate, PageReserved, PG_active, PG_arch_1,
  PG_checked, PG_dirty, PG_error, PG_locked, PG_lru, PG_mappedtodisk,
  PG_private, PG_reclaim, PG_referenced, PG_slab, PG_swapcache,
  PG_uptodate, PG_writeback, set_page_count,
} from './mm.js';
import { MAX_ORDER, page_state, page_zone, type zone } from './mmzone.js';
import {
  BUG, get_current, spin_lock_irqsave, spin_unlock_irqrestore,
} from './sched.js';

const FILE = 'mm/page_alloc.c';

/** Is page no page of zone? @internal static in page_alloc.c */
export function bad_range(z: zone, p: page): boolean {
  const page_idx = p.pfn - z.zone_start_pfn;
  if (page_idx < 0 || page_idx >= z.spanned_pages) return true;
  return page_zone(p) !== z;
}

/** @internal static in page_alloc.c; BUG_ON(bad_range(zone, page)) */
export function checkRange(z: zone, p: page, call: string): void {
  if (!bad_range(z, p)) return;
  BUG(FILE, 'bad_range(zone, page)', { call, pfn: p.pfn, zone: z.name });
}

/** No page that is given out or taken back may have one of these. */
const inUse =
  (1 << PG_lru) | (1 << PG_private) | (1 << PG_locked) | (1 << PG_active) |
  (1 << PG_reclaim) | (1 << PG_swapcache) | (1 << PG_writeback);

/** What a page may still have when it is taken, and loses when given out. */
const leftovers =
  (1 << PG_uptodate) | (1 << PG_error) | (1 << PG_referenced) |
  (1 << PG_arch_1) | (1 << PG_checked) | (1 << PG_mappedtodisk);

/** The bits that bad_page clears; PG_reclaim and PG_slab stay. */
const repaired =
  (1 << PG_private) | (1 << PG_locked) | (1 << PG_lru) | (1 << PG_active) |
  (1 << PG_dirty) | (1 << PG_swapcache) | (1 << PG_writeback);

/** Complains of a page that somebody still uses, and carries on with it. */
function bad_page(func: string, p: page): void {
  const flags = (p.flags >>> 0).toString(16).padStart(8, '0');
  const mapping = p.mapping === null ? '00000000' : 'set';
  const { comm } = get_current();
  printf(`Bad page state at ${func} (in process '${comm}', page pfn ${p.pfn})`);
  printf(
    `flags:0x${flags} mapping:${mapping} mapcount:${p._mapcount + 1} ` +
      `count:${page_count(p)}`,
  );
  printf('Backtrace:');
  printf('Trying to fix it up, but a reboot is needed');
  p.flags &= ~repaired;
  set_page_count(p, 0);
  p._mapcount = -1;
  p.mapping = null;
}

/** The order of the free block that p heads. */
export const page_order = (p: page): number => p.private;

function set_page_order(p: page, order: number): void {
  p.private = order;
  p.flags |= 1 << PG_private;
}

function rmv_page_order(p: page): void {
  p.flags &= ~(1 << PG_private);
  p.private = 0;
}

/** Is p the head of a free block of this order? Then it can be joined. */
function page_is_buddy(p: page, order: number): boolean {
  return (
    PagePrivate(p) &&
    page_order(p) === order &&
    !PageReserved(p) &&
    page_count(p) === 0
  );
}

/**
 * Frees the block that p heads: joins it with its buddy as long as that
 * one is free, and puts what comes of it at the front of its list.
 */
function __free_pages_bulk(p: page, z: zone, order: number): void {
  const base = z.zone_mem_map;
  let page_idx = p.pfn - z.zone_start_pfn;
  if ((page_idx & ((1 << order) - 1)) !== 0) {
    const call = `__free_pages(${p.pfn}, ${order})`;
    BUG(FILE, 'page_idx & (order_size - 1)', { call, page_idx, order });
  }
  checkRange(z, p, '__free_pages_bulk');

  z.free_pages += 1 << order;
  while (order < MAX_ORDER - 1) {
    const buddy_idx = page_idx ^ (1 << order);
    if (buddy_idx >= z.spanned_pages) break;
    const buddy = base[buddy_idx];
    if (!page_is_buddy(buddy, order)) break;

    // Of two buddies, the number without the bit is the lower half.
    list_del(buddy);
    z.free_area[order].nr_free--;
    rmv_page_order(buddy);
    page_idx &= buddy_idx;
    order++;
  }
  const coalesced = base[page_idx];
  set_page_order(coalesced, order);
  list_add(coalesced, z.free_area[order].free_list);
  z.free_area[order].nr_free++;
}

/**
 * Is this page fit to be free? @internal static in page_alloc.c
 */
export function free_pages_check(func: string, p: page): void {
  if (
    page_mapped(p) ||
    p.mapping !== null ||
    page_count(p) !== 0 ||
    (p.flags & (inUse | (1 << PG_slab))) !== 0
  ) {
    bad_page(func, p);
  }
  if (PageDirty(p)) p.flags &= ~(1 << PG_dirty);
}

/**
 * Frees count blocks of one order from the end of a list, the block that
 * came last to it. @internal static in page_alloc.c
 * @returns how many there were
 */
export function free_pages_bulk(
  z: zone,
  count: number,
  list: page,
  order: number,
): number {
  const flags = spin_lock_irqsave(z.lock);
  z.all_unreclaimable = 0;
  z.pages_scanned = 0;
  let ret = 0;
  while (!list_empty(list) && ret < count) {
    const p = list.prev;
    list_del(p);
    __free_pages_bulk(p, z, order);
    ret++;
  }
  spin_unlock_irqrestore(z.lock, flags);
  return ret;
}

/** A list for one block on its way; in C a local variable. */
const onStack = new page(-1);

onReboot(() => {
  onStack.next = onStack.prev = onStack;
});

/** Frees a block that nobody uses, past the per-CPU lists. */
export function __free_pages_ok(p: page, order: number): void {
  const z = page_zone(p);
  page_state.pgfree += 1 << order;
  const first = p.pfn - z.zone_start_pfn;
  for (let i = 0; i < 1 << order; i++) {
    free_pages_check('__free_pages_ok', z.zone_mem_map[first + i]);
  }
  list_add(p, onStack);
  free_pages_bulk(z, 1, onStack, order);
}

/**
 * Splits the block that p heads from order `high` down to `low`. Each time
 * the upper half goes to its list, so that p stays: what is left is the
 * lowest piece, and the next request gets the piece right above it.
 */
function expand(z: zone, p: page, low: number, high: number): page {
  const base = z.zone_mem_map;
  const page_idx = p.pfn - z.zone_start_pfn;
  while (high > low) {
    high--;
    const upper = base[page_idx + (1 << high)];
    const area = z.free_area[high];
    list_add(upper, area.free_list);
    area.nr_free++;
    set_page_order(upper, high);
  }
  return p;
}

/**
 * Makes the block that p heads ready for its user. Only the first page
 * gets a count. @internal static in page_alloc.c
 */
export function prep_new_page(p: page): void {
  if (
    p.mapping !== null ||
    page_mapped(p) ||
    (p.flags & (inUse | (1 << PG_dirty))) !== 0
  ) {
    bad_page('prep_new_page', p);
  }
  p.flags &= ~leftovers;
  p.private = 0;
  set_page_count(p, 1);
}

/**
 * Takes a block out of the buddy system: the first of the first list, from
 * its own order up, that has one. @internal static in page_alloc.c
 * @returns its first page, or null
 */
export function __rmqueue(z: zone, order: number): page | null {
  for (let current = order; current < MAX_ORDER; current++) {
    const area = z.free_area[current];
    if (list_empty(area.free_list)) continue;

    const p = area.free_list.next;
    list_del(p);
    rmv_page_order(p);
    area.nr_free--;
    z.free_pages -= 1 << order;
    return expand(z, p, order, current);
  }
  return null;
}

/**
 * Takes count blocks under one hold of the lock, to the end of a list:
 * who takes from its front gets them in the order in which they came.
 * @returns how many there were @internal static in page_alloc.c
 */
export function rmqueue_bulk(
  z: zone,
  order: number,
  count: number,
  list: page,
): number {
  const flags = spin_lock_irqsave(z.lock);
  let allocated = 0;
  while (allocated < count) {
    const p = __rmqueue(z, order);
    if (p === null) break;
    allocated++;
    list_add_tail(p, list);
  }
  spin_unlock_irqrestore(z.lock, flags);
  return allocated;
}
