// Boot: how zones come to be, and how memory gets into them.
//
// Follows Linux 2.6.11 mm/page_alloc.c (free_area_init_core,
// build_zonelists, memmap_init_zone), mm/bootmem.c (free_all_bootmem_core)
// and arch/i386/mm/init.c (one_highpage_init). Idea: an allocator starts
// empty. All pages are born reserved, in use by nobody knows whom; boot
// gives back what it does not need, by the same __free_pages as anybody.
// So the order in which memory is freed here is the order of the first
// allocations.
//
// 1. Zones follow each other from page 0: DMA, Normal, HighMem.
// 2. A zone is in a list of zones only if it has pages.
// 3. Low memory is freed upwards, 32 pages at a time: as one block if none
//    of them is reserved, or else page by page. High memory comes page by
//    page, after it.
//
// Left out: the boot-time allocator itself (what it gave away is passed in
// as reserved ranges); wait tables; CPUs that come or go later.
import { printf } from '../sys/cons.js';
import { max_ncpus } from '../sys/cpu.js';
import { __GFP_DMA, __GFP_HIGHMEM } from './gfp.js';
import {
  page, PAGE_SIZE, PG_reserved, set_page_count,
} from './mm.js';
import {
  contig_page_data, GFP_ZONETYPES, MAX_ORDER, mem_map, newMemory,
  NODEZONE_SHIFT, per_cpu_pages, pfn_to_page, ZONE_DMA, ZONE_HIGHMEM,
  ZONE_NORMAL, type per_cpu_pageset, type zone,
} from './mmzone.js';
import { __free_page, __free_pages } from './page_alloc_pcp.js';

/** A machine's memory, before it is booted. */
export interface Memory {
  zones: readonly [dma: number, normal: number, highmem: number]; // in pages
  reserved?: readonly (readonly [start: number, end: number])[]; // pfns
  PAGE_OFFSET?: number; // where page 0 is mapped; i386's if not given
}

/** How many pages a CPU's lists move at a time, in a zone of that size. */
function batchFor(present_pages: number): number {
  // A thousandth of the zone, at most 256 KB; a quarter of it, because the
  // hot list may grow to six batches.
  const most = (256 * 1024) / PAGE_SIZE;
  const batch = Math.min(Math.floor(present_pages / 1024), most) >> 2;
  return Math.max(1, batch);
}

function newPageset(batch: number): per_cpu_pageset {
  return {
    pcp: [
      new per_cpu_pages(2 * batch, 6 * batch, batch),
      new per_cpu_pages(0, 2 * batch, batch),
    ],
  };
}

/** Gives a zone its pages: [start_pfn, start_pfn + size), all reserved. */
function memmap_init_zone(z: zone, size: number, start_pfn: number): void {
  z.zone_mem_map = mem_map.slice(start_pfn, start_pfn + size);
  for (const p of z.zone_mem_map) {
    p.flags = (z.idx << NODEZONE_SHIFT) | (1 << PG_reserved);
  }
}

/** Sets up the three zones, of so many pages each. */
function free_area_init_core(zones_size: readonly number[]): void {
  let zone_start_pfn = 0;
  for (const z of contig_page_data.node_zones) {
    const size = zones_size[z.idx];
    z.spanned_pages = size;
    z.present_pages = size;
    const batch = batchFor(size);
    z.pageset = Array.from({ length: max_ncpus }, () => newPageset(batch));
    if (size === 0) continue;

    // A buddy is found by its index in the zone. For blocks to be aligned
    // in memory too, the zone must start at a multiple of the largest.
    z.zone_start_pfn = zone_start_pfn;
    if ((zone_start_pfn & ((1 << (MAX_ORDER - 1)) - 1)) !== 0) {
      printf('BUG: wrong zone alignment, it will crash');
    }
    memmap_init_zone(z, size, zone_start_pfn);
    zone_start_pfn += size;
  }
}

/** The zones from k downwards that have pages. */
function build_zonelists_node(k: number): zone[] {
  const downwards = contig_page_data.node_zones.slice(0, k + 1).reverse();
  return downwards.filter((z) => z.present_pages !== 0);
}

/** Makes the lists of zones, one for each value of a mask's zone bits. */
export function build_all_zonelists(): void {
  for (let i = 0; i < GFP_ZONETYPES; i++) {
    let k = ZONE_NORMAL;
    if ((i & __GFP_HIGHMEM) !== 0) k = ZONE_HIGHMEM;
    if ((i & __GFP_DMA) !== 0) k = ZONE_DMA;
    contig_page_data.node_zonelists[i].zones = build_zonelists_node(k);
  }
}

/** Makes a reserved page one that has a user, who is about to free it. */
function unreserve(p: page): void {
  p.flags &= ~(1 << PG_reserved);
  set_page_count(p, 1);
}

/** Gives pages [0, lowmem) to the buddy system, but for the reserved. */
function free_all_bootmem_core(lowmem: number, reserved: Uint8Array): void {
  const word = 32; // bits in a word of the map of reserved pages
  for (let start = 0; start < lowmem; start += word) {
    const end = Math.min(start + word, lowmem);
    const free: page[] = [];
    for (let pfn = start; pfn < end; pfn++) {
      if (reserved[pfn] === 0) free.push(pfn_to_page(pfn));
    }
    free.forEach(unreserve);
    if (free.length === word) {
      for (const p of free.slice(1)) set_page_count(p, 0);
      __free_pages(free[0], 5);
    } else {
      free.forEach(__free_page);
    }
  }
}

/**
 * Boots a machine's memory: zones, lists of zones, free pages. The zones
 * have no watermarks yet: see init_per_zone_pages_min. CPUs have to be
 * started before; CPU 0 boots.
 */
export function bootMemory(memory: Memory): void {
  const { zones, reserved = [], PAGE_OFFSET = 0xc0000000 } = memory;
  if (!zones.every((size) => Number.isInteger(size) && size >= 0)) {
    throw new RangeError(`zones of [${zones}] pages: want three whole numbers`);
  }
  const lowmem = zones[ZONE_DMA] + zones[ZONE_NORMAL];
  const pages = lowmem + zones[ZONE_HIGHMEM];
  newMemory(pages, lowmem, PAGE_OFFSET);
  free_area_init_core(zones);
  build_all_zonelists();

  const isReserved = new Uint8Array(pages);
  for (const [start, end] of reserved) isReserved.fill(1, start, end);
  free_all_bootmem_core(lowmem, isReserved);
  for (let pfn = lowmem; pfn < pages; pfn++) {
    if (isReserved[pfn] !== 0) continue;
    unreserve(pfn_to_page(pfn));
    __free_page(pfn_to_page(pfn));
  }
}
