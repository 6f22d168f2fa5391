// Single pages, kept by each CPU for itself.
//
// Follows Linux 2.6.11 mm/page_alloc.c: free_hot_cold_page,
// buffered_rmqueue, __free_pages. Nearly all requests are for one page.
// Idea: keep a few of them per CPU and zone, outside the buddy system.
// Taking one needs no lock, and comes back to a page that this CPU has
// just used, so that its cache still holds it: a hot page. Pages that the
// CPU will not touch itself (a disk writes them) come from the cold list.
//
// A list is a stack at its front, and a queue at its end: the last page
// freed is the first taken; what has lain longest goes back to the buddy
// system. `batch` pages at a time go in or out, under one hold of the lock.
//
// 1. Only order 0 uses these lists, and only those of the CPU that runs.
// 2. Taking: at `low` or below, first a batch is fetched, to the end.
//    Freeing: at `high` or above, first a batch is given back, from there.
// 3. Hot: low 2 batches, high 6. Cold: low 0, high 2.
//
// Left out: get_cpu and put_cpu, for nobody is moved to another CPU here;
// NUMA statistics; anonymous pages' mapping.
import {
  __GFP_COLD, __GFP_HIGHMEM, __GFP_WAIT, __GFP_ZERO,
} from './gfp.js';
import {
  clear_highpage, list_add, list_del, type page, page_count, PageReserved,
} from './mm.js';
import {
  contig_page_data, page_state, page_zone, ZONE_DMA, ZONE_HIGHMEM, type zone,
} from './mmzone.js';
import {
  __free_pages_ok, __rmqueue, checkRange, free_pages_bulk, free_pages_check,
  prep_new_page, rmqueue_bulk,
} from './page_alloc_buddy.js';
import {
  BUG, local_irq_restore, local_irq_save, smp_processor_id,
  spin_lock_irqsave, spin_unlock_irqrestore,
} from './sched.js';

/** Frees one page to this CPU's hot (0) or cold (1) list. */
function free_hot_cold_page(p: page, cold: 0 | 1): void {
  const z = page_zone(p);
  page_state.pgfree++;
  free_pages_check('free_hot_cold_page', p);

  // An interrupt handler may free pages too: it has to wait.
  const pcp = z.pageset[smp_processor_id()].pcp[cold];
  const flags = local_irq_save();
  if (pcp.count >= pcp.high) {
    pcp.count -= free_pages_bulk(z, pcp.batch, pcp.list, 0);
  }
  list_add(p, pcp.list);
  pcp.count++;
  local_irq_restore(flags);
}

export function free_hot_page(p: page): void {
  free_hot_cold_page(p, 0);
}

export function free_cold_page(p: page): void {
  free_hot_cold_page(p, 1);
}

/** Gives all pages that a CPU keeps back to the buddy system. */
export function __drain_pages(cpu: number): void {
  for (const z of contig_page_data.node_zones) {
    for (const pcp of z.pageset[cpu]?.pcp ?? []) {
      pcp.count -= free_pages_bulk(z, pcp.count, pcp.list, 0);
    }
  }
}

/** The same for the CPU that runs. */
export function drain_local_pages(): void {
  const flags = local_irq_save();
  __drain_pages(smp_processor_id());
  local_irq_restore(flags);
}

/** Fills the block that p heads with zeros. */
function prep_zero_page(p: page, order: number, gfp_flags: number): void {
  // To clear a page without an address one has to map it, and may sleep.
  if ((gfp_flags & (__GFP_WAIT | __GFP_HIGHMEM)) === __GFP_HIGHMEM) {
    const check =
      '(gfp_flags & (__GFP_WAIT | __GFP_HIGHMEM)) == __GFP_HIGHMEM';
    const call = `prep_zero_page(${p.pfn}, ${order}, ${gfp_flags})`;
    BUG('mm/page_alloc.c', check, { call, pfn: p.pfn, order });
  }
  const { zone_mem_map, zone_start_pfn } = page_zone(p);
  const first = p.pfn - zone_start_pfn;
  for (let i = 0; i < 1 << order; i++) clear_highpage(zone_mem_map[first + i]);
}

/** One page from this CPU's hot or cold list, refilled if need be. */
function fromList(z: zone, cold: 0 | 1): page | null {
  const pcp = z.pageset[smp_processor_id()].pcp[cold];
  const flags = local_irq_save();
  if (pcp.count <= pcp.low) {
    pcp.count += rmqueue_bulk(z, 0, pcp.batch, pcp.list);
  }
  let p: page | null = null;
  if (pcp.count !== 0) {
    p = pcp.list.next;
    list_del(p);
    pcp.count--;
  }
  local_irq_restore(flags);
  return p;
}

/** A block straight from the buddy system. */
function fromBuddies(z: zone, order: number): page | null {
  const flags = spin_lock_irqsave(z.lock);
  const p = __rmqueue(z, order);
  spin_unlock_irqrestore(z.lock, flags);
  return p;
}

/** Counts pages that a zone has given out. */
function countAlloc({ idx }: zone, pages: number): void {
  if (idx === ZONE_HIGHMEM) page_state.pgalloc_high += pages;
  else if (idx === ZONE_DMA) page_state.pgalloc_dma += pages;
  else page_state.pgalloc_normal += pages;
}

/**
 * Takes a block out of a zone, whatever its watermarks say.
 * @returns its first page, or null when no free block is large enough
 * @internal static in page_alloc.c
 */
export function buffered_rmqueue(
  z: zone,
  order: number,
  gfp_flags: number,
): page | null {
  let p: page | null = null;
  if (order === 0) p = fromList(z, (gfp_flags & __GFP_COLD) !== 0 ? 1 : 0);
  if (p === null) p = fromBuddies(z, order);
  if (p === null) return null;

  checkRange(z, p, 'buffered_rmqueue');
  countAlloc(z, 1 << order);
  prep_new_page(p);
  if ((gfp_flags & __GFP_ZERO) !== 0) prep_zero_page(p, order, gfp_flags);
  return p;
}

/** One user less. @returns whether that was the last one */
export function put_page_testzero(p: page): boolean {
  if (page_count(p) === 0) {
    const call = `put_page_testzero(page ${p.pfn})`;
    BUG('include/linux/mm.h', 'page_count(p) == 0', { call, pfn: p.pfn });
  }
  p._count--;
  return p._count < 0;
}

/**
 * Gives up a block: if nobody else uses its first page, it is freed. A
 * reserved page stays what it is.
 * @param order the order it was asked for with: nobody has written it down
 * @throws Panic "kernel BUG at include/linux/mm.h!" for a page that is free
 */
export function __free_pages(p: page, order: number): void {
  if (PageReserved(p) || !put_page_testzero(p)) return;
  if (order === 0) free_hot_page(p);
  else __free_pages_ok(p, order);
}

export function __free_page(p: page): void {
  __free_pages(p, 0);
}
