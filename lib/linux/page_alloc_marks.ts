// Watermarks: how much of a zone a request may use up.
//
// Follows Linux 2.6.11 mm/page_alloc.c (zone_watermark_ok,
// setup_per_zone_pages_min, setup_per_zone_lowmem_reserve). Freeing memory
// needs memory: to write a page to disk, somebody allocates. Idea: never
// let ordinary requests take the last pages. Each zone has three marks in
// pages; below pages_low, kswapd starts to free in the background, until
// pages_high is reached; below pages_min only the privileged may take.
//
//   pages_min = the zone's part of min_free_kbytes
//   pages_low = pages_min * 5/4          pages_high = pages_min * 6/4
//
// A request that could have been served from a higher zone must leave more
// of a lower one: lowmem_reserve[its own class] on top of the mark.
//
// 1. Of a request that is granted by a mark, at least mark + reserve free
//    pages remain (the mark is cut for the privileged: see below).
// 2. Of a block of 2^k pages, half the mark must remain in blocks of order
//    1 and up, a quarter in order 2 and up, and so on below k: loose pages
//    do not count for who needs large blocks.
//
// Left out: reading and writing /proc/sys/vm. That these sums are unsigned
// in C changes no answer: what is negative fails at the next comparison.
import {
  contig_page_data, is_highmem, MAX_NR_ZONES, type zone,
} from './mmzone.js';
import { PAGE_SHIFT } from './mm.js';
import { GFP_USER, GFP_ZONEMASK } from './gfp.js';
import { onReboot } from '../sys/reboot.js';

/** Kilobytes that ordinary requests leave; set from memory's size. */
export let min_free_kbytes = 1024;

/** Which part of the higher zones' size a lower zone keeps from them. */
export const sysctl_lowmem_reserve_ratio = [256, 32];

/** Pages that reclaim tries to free at a time. */
export const SWAP_CLUSTER_MAX = 32;

onReboot(() => {
  min_free_kbytes = 1024;
  sysctl_lowmem_reserve_ratio.splice(0, 2, 256, 32);
});

/**
 * May a block of this order be taken from zone z, in view of a mark?
 * @param classzone_idx the first zone of the request's list
 * @param can_try_harder may leave a quarter less
 * @param gfp_high may leave half of it
 */
export function zone_watermark_ok(
  z: zone,
  order: number,
  mark: number,
  classzone_idx: number,
  can_try_harder: boolean,
  gfp_high: boolean,
): boolean {
  let min = mark;
  let free_pages = z.free_pages - (1 << order) + 1;
  if (gfp_high) min -= min >> 1;
  if (can_try_harder) min -= min >> 2;
  if (free_pages <= min + z.lowmem_reserve[classzone_idx]) return false;

  for (let o = 0; o < order; o++) {
    // Blocks of order o are too small: they do not count from here on.
    free_pages -= z.free_area[o].nr_free << o;
    min >>= 1;
    if (free_pages <= min) return false;
  }
  return true;
}

/** Pages of the zones in a list that lie above their pages_high. */
function nr_free_zone_pages(offset: number): number {
  return contig_page_data.node_zonelists[offset].zones.reduce(
    (sum, z) => sum + Math.max(0, z.present_pages - z.pages_high),
    0,
  );
}

/** The same for what the kernel's own data can be in. */
export const nr_free_buffer_pages = (): number =>
  nr_free_zone_pages(GFP_USER & GFP_ZONEMASK);

/** Sets each zone's reserves against requests from higher zones. */
export function setup_per_zone_lowmem_reserve(): void {
  const zones = contig_page_data.node_zones;
  for (let j = 0; j < MAX_NR_ZONES; j++) {
    zones[j].lowmem_reserve[j] = 0;
    let present_pages = zones[j].present_pages;
    for (let idx = j - 1; idx >= 0; idx--) {
      const lower_zone = zones[idx];
      const ratio = sysctl_lowmem_reserve_ratio[idx];
      lower_zone.lowmem_reserve[j] = Math.floor(present_pages / ratio);
      present_pages += lower_zone.present_pages;
    }
  }
}

/** Sets each zone's marks from min_free_kbytes. */
export function setup_per_zone_pages_min(): void {
  const zones = contig_page_data.node_zones;
  const pages_min = min_free_kbytes >> (PAGE_SHIFT - 10);
  let lowmem_pages = 0;
  for (const z of zones) if (!is_highmem(z)) lowmem_pages += z.present_pages;

  for (const z of zones) {
    if (is_highmem(z)) {
      // Nobody depends on high memory to free memory. Its marks only say
      // when kswapd starts, and how far it goes.
      const min_pages = Math.floor(z.present_pages / 1024);
      z.pages_min = Math.min(128, Math.max(SWAP_CLUSTER_MAX, min_pages));
    } else {
      const share = (pages_min * z.present_pages) / lowmem_pages;
      z.pages_min = lowmem_pages === 0 ? 0 : Math.floor(share);
    }
    z.pages_low = Math.floor((z.pages_min * 5) / 4);
    z.pages_high = Math.floor((z.pages_min * 6) / 4);
  }
}

/**
 * Sets min_free_kbytes from the size of low memory, and all marks from it.
 * It grows with the root: four times the memory needs twice the reserve.
 */
export function init_per_zone_pages_min(): void {
  const lowmem_kbytes = nr_free_buffer_pages() << (PAGE_SHIFT - 10);
  const root = Math.floor(Math.sqrt(lowmem_kbytes * 16));
  min_free_kbytes = Math.min(65536, Math.max(128, root));
  setup_per_zone_pages_min();
  setup_per_zone_lowmem_reserve();
}

/** Writes /proc/sys/vm/min_free_kbytes. */
export function min_free_kbytes_sysctl_handler(kbytes: number): void {
  min_free_kbytes = kbytes;
  setup_per_zone_pages_min();
}
