// Zones, and lists of zones: the map of physical memory.
//
// Follows Linux 2.6.11 include/linux/mmzone.h, and mm.h where it finds a
// page's zone and address. Not all memory is fit for all uses: an ISA card
// reaches 16 MB, and the kernel's own addresses 896 MB. Idea: cut memory
// into three zones by what it can be used for, and give each request a
// list of the zones that would do, the least precious first.
//
// A zone is a range of page numbers, [zone_start_pfn, zone_start_pfn +
// spanned_pages). A free block of order k is 2^k pages; its first page,
// the head, is in the list free_area[k]. A page can also be free on a list
// of one CPU: then the buddy system sees it as used.
//
// 1. A head in free_area[k] has PG_private, private k, and count 0; no
//    other page of its block has PG_private.
// 2. A block of order k starts at a multiple of 2^k, counted from the
//    start of its zone, and ends inside the zone.
// 3. No page is in two free blocks, or in a free block and on a CPU's list.
// 4. Two buddies, the halves of one block of order k + 1, are never both
//    in free_area[k].
// 5. nr_free is the length of its list, and free_pages the pages in all
//    blocks of the zone, without those on the CPUs' lists.
// 6. count is the length of a CPU's list; its pages have count 0 and no
//    PG_private.
//
// Left out: NUMA (there is one node, contig_page_data); holes in zones;
// fields of struct zone that only page replacement uses.
import { onReboot } from '../sys/reboot.js';
import { page, PAGE_SIZE } from './mm.js';
import { spinlock_t } from './sched.js';

/** Orders are 0 to 10: the largest block is 1,024 pages, 4 MB. */
export const MAX_ORDER = 11;

/** Below 16 MB; up to 896 MB; above, where the kernel has no addresses. */
export const ZONE_DMA = 0;
export const ZONE_NORMAL = 1;
export const ZONE_HIGHMEM = 2;
export const MAX_NR_ZONES = 3;

/** Lists of zones: one for each value of a mask's zone bits, but 3. */
export const GFP_ZONETYPES = 3;

/** The bits of page.flags from here on are the number of its zone. */
export const NODEZONE_SHIFT = 29;

/** Free blocks of one order. */
export class free_area {
  free_list = new page(-1);
  nr_free = 0;
}

/** Single pages that one CPU keeps for itself. */
export class per_cpu_pages {
  count = 0; // pages on the list
  list = new page(-1);

  constructor(
    public low: number, // at or below: refill
    public high: number, // at or above: give some back
    public batch: number, // how many at a time
  ) {}
}

/** The two lists of a CPU. */
export interface per_cpu_pageset {
  pcp: [hot: per_cpu_pages, cold: per_cpu_pages];
}

export class zone {
  free_pages = 0;
  pages_min = 0; // the watermarks, in pages: see page_alloc_marks.ts
  pages_low = 0;
  pages_high = 0;
  lowmem_reserve = [0, 0, 0]; // kept from requests that may go higher
  pageset: per_cpu_pageset[] = []; // by CPU
  lock: spinlock_t; // guards free_area
  free_area = Array.from({ length: MAX_ORDER }, () => new free_area());
  pages_scanned = 0; // by reclaim, since a page was freed here
  all_unreclaimable = 0; // reclaim has given up on this zone
  zone_mem_map: page[] = []; // its part of mem_map
  zone_start_pfn = 0;
  spanned_pages = 0;
  present_pages = 0;

  constructor(
    readonly name: string,
    readonly idx: number, // ZONE_: C subtracts addresses for it
  ) {
    this.lock = new spinlock_t(`${name} zone->lock`);
  }
}

/** Zones in the order in which a request tries them. */
export interface zonelist {
  zones: zone[];
}

/** A node's memory; without NUMA there is one. */
export interface pglist_data {
  node_zones: zone[]; // three, some perhaps empty
  node_zonelists: zonelist[]; // by the zone bits of a mask
  node_mem_map: page[];
}

const zone_names = ['DMA', 'Normal', 'HighMem'];

function newNode(): pglist_data {
  return {
    node_zones: zone_names.map((name, j) => new zone(name, j)),
    node_zonelists: zone_names.map(() => ({ zones: [] })),
    node_mem_map: [],
  };
}

/** Counters of the whole system, as /proc/vmstat has them. */
const newPageState = () => ({
  nr_slab: 0, // pages in slabs
  pgalloc_dma: 0, // pages given out since boot, by zone
  pgalloc_normal: 0,
  pgalloc_high: 0,
  pgfree: 0, // pages taken back
});

/** The statics. They are one object each, and filled at boot. */
export const contig_page_data = newNode();
export const page_state = newPageState();

/** The zone that a page's flags name. */
export const zone_table: zone[] = [...contig_page_data.node_zones];

/** All pages, by number. */
export let mem_map: page[] = [];

/** How many there are. */
export let num_physpages = 0;

/** Where page 0 is in the kernel's address space: i386, if not said. */
export let PAGE_OFFSET = 0xc0000000;

/** End of the memory that has kernel addresses. */
export let high_memory = PAGE_OFFSET;

/** Forgets all memory, and lays out a node of so many pages. */
export function newMemory(pages: number, lowmem: number, offset: number): void {
  Object.assign(contig_page_data, newNode());
  Object.assign(page_state, newPageState());
  zone_table.splice(0, zone_table.length, ...contig_page_data.node_zones);
  mem_map = Array.from({ length: pages }, (_, pfn) => new page(pfn));
  contig_page_data.node_mem_map = mem_map;
  num_physpages = pages;
  PAGE_OFFSET = offset;
  high_memory = offset + lowmem * PAGE_SIZE;
}

onReboot(() => newMemory(0, 0, 0xc0000000));

export const page_zone = (p: page): zone =>
  zone_table[p.flags >>> NODEZONE_SHIFT];
export const page_to_pfn = (p: page): number => p.pfn;
export const pfn_to_page = (pfn: number): page => mem_map[pfn];
export const is_highmem = (z: zone): boolean => z.idx === ZONE_HIGHMEM;
export const zone_idx = (z: zone): number => z.idx;

/** Is addr a kernel address of a page that exists? */
export const virt_addr_valid = (addr: number): boolean =>
  addr >= PAGE_OFFSET && addr < high_memory;

/** The page that a kernel address lies in. */
export const virt_to_page = (addr: number): page =>
  mem_map[Math.floor((addr - PAGE_OFFSET) / PAGE_SIZE)];

/** The kernel's address of a page; 0 (NULL) in HighMem, which has none. */
export function page_address(p: page): number {
  const addr = PAGE_OFFSET + p.pfn * PAGE_SIZE;
  return addr < high_memory ? addr : 0;
}
