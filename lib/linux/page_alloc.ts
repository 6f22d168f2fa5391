// __alloc_pages: what the kernel does, step by step, to find a free page.
//
// Follows Linux 2.6.11 mm/page_alloc.c (__alloc_pages and what callers use)
// and linux/gfp.h (alloc_pages). Idea: each step may do more than the one
// before, and a mask says how far its owner may go. Most requests end at
// the first step; the last ones start killing processes.
//
//   1  every zone of the list, down to pages_low
//   2  wake kswapd, which frees in the background
//   3  every zone, down to pages_min, less for the privileged
//   4  who is freeing memory, or is being killed: anything; or else NULL
//   5  who may not wait: NULL
//   6  reclaim: free some pages oneself
//   7  some progress: step 3 again. None: if the mask allows, one look down
//      to pages_high, then the out-of-memory killer, and back to step 1
//   8  wait for the disk a little and go back to 6, or NULL
//
// 1. Who has no __GFP_WAIT never gets beyond step 5, so never sleeps.
// 2. An ordinary task that asks for a small block (order 3 or less), with
//    __GFP_WAIT and without __GFP_NORETRY, is never refused: the block is
//    found, or waited for, or somebody is killed for it.
// 3. NULL is announced, unless the mask has __GFP_NOWARN.
//
// Left out: page replacement, which steps 2, 6, 7 and 8 call (vmscan.ts);
// cond_resched; the limit on messages, and the backtrace after them.
import { printf } from '../sys/cons.js';
import { panic } from '../sys/panic.js';
import {
  __GFP_FS, __GFP_HIGH, __GFP_HIGHMEM, __GFP_NOFAIL, __GFP_NORETRY,
  __GFP_NOWARN, __GFP_REPEAT, __GFP_WAIT, __GFP_ZERO, GFP_DMA, GFP_ZONEMASK,
} from './gfp.js';
import type { page } from './mm.js';
import {
  contig_page_data, MAX_ORDER, page_address, virt_addr_valid, virt_to_page,
  zone_idx, type zone, type zonelist,
} from './mmzone.js';
import { zone_watermark_ok } from './page_alloc_marks.js';
import { __free_pages, buffered_rmqueue } from './page_alloc_pcp.js';
import {
  BUG, get_current, HZ, in_interrupt, might_sleep, PF_MEMALLOC, rt_task,
  schedule_timeout, test_thread_flag, TIF_MEMDIE,
} from './sched.js';
import { reclaim, WRITE } from './vmscan.js';

const FILE = 'mm/page_alloc.c';

/** One request on its way through the steps. */
interface Request {
  gfp_mask: number;
  order: number;
  zones: readonly zone[];
  classzone_idx: number; // the zone that was meant
  can_try_harder: boolean; // may leave a quarter less
}

/** The first block that is found above pages_min, cut for the privileged. */
function aboveMin(request: Request): page | null {
  const { gfp_mask, order, zones, classzone_idx, can_try_harder } = request;
  const high = (gfp_mask & __GFP_HIGH) !== 0;
  const ok = (z: zone) =>
    zone_watermark_ok(
      z, order, z.pages_min, classzone_idx, can_try_harder, high,
    );
  for (const z of zones) {
    if (!ok(z)) continue;
    const p = buffered_rmqueue(z, order, gfp_mask);
    if (p !== null) return p;
  }
  return null;
}

/** The first block found above pages_high: has somebody else been killed? */
function aboveHigh({ gfp_mask, order, zones, classzone_idx }: Request) {
  for (const z of zones) {
    const mark = z.pages_high;
    if (zone_watermark_ok(z, order, mark, classzone_idx, false, false)) {
      const p = buffered_rmqueue(z, order, gfp_mask);
      if (p !== null) return p;
    }
  }
  return null;
}

/** The first block there is, whatever the marks say. */
function atAnyPrice({ gfp_mask, order, zones }: Request): page | null {
  for (const z of zones) {
    const p = buffered_rmqueue(z, order, gfp_mask);
    if (p !== null) return p;
  }
  return null;
}

/** Step 6. What reclaim itself allocates may take any page (step 4). */
function freeSome({ gfp_mask, order, zones }: Request): boolean {
  const p = get_current();
  p.flags |= PF_MEMALLOC;
  try {
    return reclaim.try_to_free_pages(zones, gfp_mask, order) !== 0;
  } finally {
    p.flags &= ~PF_MEMALLOC;
  }
}

/** Step 8: does this mask try again, however long it takes? */
function retries(gfp_mask: number, order: number): boolean {
  if ((gfp_mask & __GFP_NORETRY) !== 0) return false;
  return order <= 3 || (gfp_mask & (__GFP_REPEAT | __GFP_NOFAIL)) !== 0;
}

/** Says that there is no page. */
function nopage(gfp_mask: number, order: number): null {
  if ((gfp_mask & __GFP_NOWARN) === 0) {
    const { comm } = get_current();
    const mode = `0x${gfp_mask.toString(16)}`;
    printf(`${comm}: page allocation failure. order:${order}, mode:${mode}`);
  }
  return null;
}

/** What step 7 wants: a block, or 'restart' at step 1, or 'retry' from 6. */
type Way = page | 'restart' | 'retry' | null;

/** Steps 6 to 8, once. */
function rebalance(request: Request): Way {
  const { gfp_mask, order } = request;
  if (freeSome(request)) {
    const p = aboveMin(request);
    if (p !== null) return p;
  } else if ((gfp_mask & (__GFP_FS | __GFP_NORETRY)) === __GFP_FS) {
    const p = aboveHigh(request);
    if (p !== null) return p;
    reclaim.out_of_memory(gfp_mask);
    schedule_timeout(1); // the victim needs a moment to die
    return 'restart';
  }

  if (!retries(gfp_mask, order)) return null;
  reclaim.blk_congestion_wait(WRITE, HZ / 50);
  return 'retry';
}

/** Step 2 and all that follows, until a block is found or refused. */
function belowLow(request: Request): Way {
  const { gfp_mask, order, zones } = request;
  for (const z of zones) reclaim.wakeup_kswapd(z, order);

  const p = aboveMin(request);
  if (p !== null) return p;
  const privileged =
    (get_current().flags & PF_MEMALLOC) !== 0 || test_thread_flag(TIF_MEMDIE);
  if (privileged && !in_interrupt()) return atAnyPrice(request);
  if ((gfp_mask & __GFP_WAIT) === 0) return null;

  let way = rebalance(request);
  while (way === 'retry') way = rebalance(request);
  return way;
}

/** A request that was not served by step 1. */
function slowly(
  gfp_mask: number,
  order: number,
  zones: readonly zone[],
): page | null {
  const wait = (gfp_mask & __GFP_WAIT) !== 0;
  const can_try_harder = (rt_task(get_current()) && !in_interrupt()) || !wait;
  const classzone_idx = zone_idx(zones[0]);
  const request = { gfp_mask, order, zones, classzone_idx, can_try_harder };

  for (;;) {
    const way = belowLow(request);
    if (way === null) return nopage(gfp_mask, order);
    if (typeof way !== 'string') return way;
    const p = aboveLow(gfp_mask, order, zones);
    if (p !== null) return p;
  }
}

/** Step 1: the first block that is found above pages_low. */
function aboveLow(
  gfp_mask: number,
  order: number,
  zones: readonly zone[],
): page | null {
  const classzone_idx = zone_idx(zones[0]);
  for (let i = 0; i < zones.length; i++) {
    const z = zones[i];
    const mark = z.pages_low;
    if (zone_watermark_ok(z, order, mark, classzone_idx, false, false)) {
      const p = buffered_rmqueue(z, order, gfp_mask);
      if (p !== null) return p;
    }
  }
  return null;
}

/**
 * Allocates a block of 2^order pages from the zones of a list.
 * @returns its first page, or null: only if the mask allows that
 */
export function __alloc_pages(
  gfp_mask: number,
  order: number,
  zonelist: zonelist,
): page | null {
  if ((gfp_mask & __GFP_WAIT) !== 0) might_sleep(FILE);
  const { zones } = zonelist;
  if (zones.length === 0) return null;
  const p = aboveLow(gfp_mask, order, zones);
  return p !== null ? p : slowly(gfp_mask, order, zones);
}

/**
 * Allocates 2^order pages, from the zones that the mask asks for.
 * @returns the first page, or null; always null for an order above 10
 */
export function alloc_pages(gfp_mask: number, order: number): page | null {
  if (order >>> 0 >= MAX_ORDER) return null;
  const zonelist = contig_page_data.node_zonelists[gfp_mask & GFP_ZONEMASK];
  if (zonelist === undefined) {
    const call = `alloc_pages(0x${gfp_mask.toString(16)}, ${order})`;
    panic('trap', { call, what: 'there is no list of zones number 3' });
  }
  return __alloc_pages(gfp_mask, order, zonelist);
}

export const alloc_page = (gfp_mask: number): page | null =>
  alloc_pages(gfp_mask, 0);

/** The same, but the block's kernel address; 0 if there is none. */
export function __get_free_pages(gfp_mask: number, order: number): number {
  const p = alloc_pages(gfp_mask, order);
  return p === null ? 0 : page_address(p);
}

export const __get_free_page = (gfp_mask: number): number =>
  __get_free_pages(gfp_mask, 0);

export const __get_dma_pages = (gfp_mask: number, order: number): number =>
  __get_free_pages(gfp_mask | GFP_DMA, order);

/** A page of zeros, by its address; so it cannot be in high memory. */
export function get_zeroed_page(gfp_mask: number): number {
  if ((gfp_mask & __GFP_HIGHMEM) !== 0) {
    const call = `get_zeroed_page(0x${gfp_mask.toString(16)})`;
    BUG(FILE, 'gfp_mask & __GFP_HIGHMEM', { call });
  }
  return __get_free_page(gfp_mask | __GFP_ZERO);
}

/** Gives back what __get_free_pages gave; 0 is nothing. */
export function free_pages(addr: number, order: number): void {
  if (addr === 0) return;
  if (!virt_addr_valid(addr)) {
    const call = `free_pages(0x${addr.toString(16)}, ${order})`;
    BUG(FILE, '!virt_addr_valid((void *)addr)', { call, addr, order });
  }
  __free_pages(virt_to_page(addr), order);
}

export function free_page(addr: number): void {
  free_pages(addr, 0);
}

/** All pages that are free, without those on the CPUs' lists. */
export const nr_free_pages = (): number =>
  contig_page_data.node_zones.reduce((sum, z) => sum + z.free_pages, 0);

/** The text of /proc/buddyinfo: free blocks by order, a line a zone. */
export function frag_show(): string {
  return contig_page_data.node_zones
    .filter((z) => z.present_pages !== 0)
    .map(({ name, free_area }) => {
      const counts = free_area.map(({ nr_free }) => `${nr_free}`.padStart(6));
      return `Node 0, zone ${name.padStart(8)} ${counts.join(' ')} \n`;
    })
    .join('');
}
