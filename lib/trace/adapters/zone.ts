// The pages of a machine with one zone and one CPU, as its allocators'
// adapters see them: which are free, and which are given out first.
import {
  contig_page_data, MAX_ORDER, mem_map, ZONE_NORMAL,
} from '../../linux/mmzone.js';
import { alloc_pages } from '../../linux/page_alloc.js';
import { __free_pages } from '../../linux/page_alloc_pcp.js';
import { listed } from '../../linux/zonecheck.js';
import type { FreeList } from '../allocator.js';

/**
 * Puts the largest blocks in ascending order: takes them all, and frees the
 * lowest one last. Boot frees upwards, so the last of them would be the
 * first to be used, and `taken` meant nothing.
 * @param gfp_mask one that neither waits nor complains
 */
export function lowestFirst(gfp_mask: number): void {
  const order = MAX_ORDER - 1;
  const { free_area } = contig_page_data.node_zones[ZONE_NORMAL];
  const heads = listed(free_area[order].free_list).map((pfn) => mem_map[pfn]);
  for (const _ of heads) alloc_pages(gfp_mask, order);
  heads.sort((a, b) => b.pfn - a.pfn);
  for (const head of heads) __free_pages(head, order);
}

/** The free lists, in pages: the CPU's own, and those of the buddies. */
export function pageLists(): FreeList[] {
  const { free_area, pageset } = contig_page_data.node_zones[ZONE_NORMAL];
  const [hot] = pageset[0].pcp;
  const blocks = (pfns: readonly number[], order: number) =>
    pfns.map((pfn) => ({ start: pfn, end: pfn + 2 ** order }));
  return [
    { name: 'hot', pieces: blocks(listed(hot.list), 0) },
    ...free_area.map(({ free_list }, order) => ({
      name: `order ${order}`,
      pieces: blocks(listed(free_list), order),
    })),
  ];
}
