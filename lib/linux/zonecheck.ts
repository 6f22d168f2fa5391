// Is the page allocator whole? Its invariants, checked one by one.
//
// There is no such file in Linux: a kernel notices a broken list when it
// falls over it. Idea: what must hold stands in mmzone.ts, with numbers,
// so a program can read the lists and say which of them fails.
//
// 1. Each fault begins with the number of the invariant in mmzone.ts.
// 2. Nothing is changed. A list is followed no further than there are
//    pages, so that a broken ring ends here too.
import { type page, page_count, PagePrivate } from './mm.js';
import { contig_page_data, MAX_ORDER, mem_map, type zone } from './mmzone.js';
import { page_order } from './page_alloc_buddy.js';

/** The pages of a list by number, first to last. */
export function listed(head: page): number[] {
  const pfns: number[] = [];
  for (let p = head.next; p !== head; p = p.next) {
    // The head of another list has no number: the ring is broken.
    if (p.pfn < 0 || pfns.length > mem_map.length) break;
    pfns.push(p.pfn);
  }
  return pfns;
}

/** Where each page of a zone is free, and what is wrong with it. */
class Inspection {
  readonly faults: string[] = [];
  private readonly places = new Map<number, string>(); // by page number

  constructor(private readonly zone: zone) {}

  /** Page pfn is free in this place. */
  private claim(pfn: number, place: string): void {
    const other = this.places.get(pfn);
    if (other !== undefined) {
      this.faults.push(`3: page ${pfn} is in ${other} and in ${place}`);
    }
    this.places.set(pfn, place);
  }

  /** One free block: its place, its head, its pages. */
  block(pfn: number, order: number): void {
    const { zone_start_pfn, spanned_pages } = this.zone;
    const place = `the block of order ${order} at ${pfn}`;
    const idx = pfn - zone_start_pfn;
    const size = 1 << order;
    if (idx % size !== 0 || idx + size > spanned_pages) {
      this.faults.push(`2: ${place} is not aligned, or leaves the zone`);
      return;
    }
    if (page_order(mem_map[pfn]) !== order) {
      this.faults.push(`1: ${place} has private ${page_order(mem_map[pfn])}`);
    }
    for (let i = pfn; i < pfn + size; i++) {
      this.claim(i, place);
      if (PagePrivate(mem_map[i]) !== (i === pfn)) {
        this.faults.push(`1: PG_private is wrong at ${i}, in ${place}`);
      }
      if (page_count(mem_map[i]) !== 0) {
        this.faults.push(`1: page ${i} is in use, in ${place}`);
      }
    }
  }

  /** One list of the buddy system. @returns the pages in its blocks */
  area(order: number): number {
    const { free_area, zone_start_pfn } = this.zone;
    const { free_list, nr_free } = free_area[order];
    const heads = listed(free_list);
    if (heads.length !== nr_free) {
      this.faults.push(
        `5: nr_free of order ${order} is ${nr_free}, not ${heads.length}`,
      );
    }
    const all = new Set(heads);
    for (const pfn of heads) {
      this.block(pfn, order);
      const buddy = ((pfn - zone_start_pfn) ^ (1 << order)) + zone_start_pfn;
      if (order < MAX_ORDER - 1 && pfn < buddy && all.has(buddy)) {
        this.faults.push(`4: ${pfn} and ${buddy} of order ${order} are free`);
      }
    }
    return heads.length << order;
  }

  /** The two lists of one CPU. */
  cpu(n: number): void {
    this.zone.pageset[n].pcp.forEach(({ count, list }, cold) => {
      const place = `the ${cold ? 'cold' : 'hot'} list of CPU ${n}`;
      const pfns = listed(list);
      if (pfns.length !== count) {
        this.faults.push(`6: ${place} has count ${count}, not ${pfns.length}`);
      }
      for (const pfn of pfns) {
        this.claim(pfn, place);
        if (page_count(mem_map[pfn]) !== 0 || PagePrivate(mem_map[pfn])) {
          this.faults.push(`6: page ${pfn} of ${place} is in use, or a head`);
        }
      }
    });
  }
}

/** Which invariants does this zone break? */
export function checkZone(z: zone): string[] {
  const seen = new Inspection(z);
  let free = 0;
  for (let order = 0; order < MAX_ORDER; order++) free += seen.area(order);
  if (free !== z.free_pages) {
    seen.faults.push(`5: free_pages is ${z.free_pages}, not ${free}`);
  }
  z.pageset.forEach((_, n) => seen.cpu(n));
  return seen.faults;
}

/** The same of all zones. */
export const checkZones = (): string[] =>
  contig_page_data.node_zones.flatMap(checkZone);
