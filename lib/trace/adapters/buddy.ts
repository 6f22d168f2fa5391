// Linux' page allocator, as an allocator like any other.
//
// A request for n pages takes a block of 2^order, order = ceil(log2 n). The
// zones have no watermarks, so that every page can be given out; on one
// CPU, single pages pass through its hot list, and those on the list are
// free, too. It is a Keeper: the first page of a block in use has a count,
// those behind it have none, so mem_map tells where each block ends. What
// it does not tell is the order: a block of 4 pages whose neighbour is
// reserved would look longer, so nothing is reserved here.
//
// The page allocator's statics exist once. To make a second allocator is
// to boot the machine anew; the first is refused from then on.
import { GFP_ATOMIC, __GFP_NOWARN } from '../../linux/gfp.js';
import { type page, page_count } from '../../linux/mm.js';
import {
  contig_page_data, MAX_ORDER, mem_map, ZONE_NORMAL,
} from '../../linux/mmzone.js';
import { alloc_pages } from '../../linux/page_alloc.js';
import { bootMemory } from '../../linux/page_alloc_boot.js';
import { __free_pages } from '../../linux/page_alloc_pcp.js';
import { highbit } from '../../sys/sysmacros.js';
import type { Keeper, Piece } from '../allocator.js';
import { lowestFirst, pageLists } from './zone.js';

const GFP = GFP_ATOMIC | __GFP_NOWARN; // never waits, never complains

/** The order of the smallest block for so many pages. */
const orderFor = (pages: number): number =>
  pages <= 1 ? 0 : highbit(pages - 1);

/** How many lists a request of this order has to look at. */
function looks(order: number): number {
  const { free_area, pageset } = contig_page_data.node_zones[ZONE_NORMAL];
  const [hot] = pageset[0].pcp;
  if (order === 0 && hot.count > hot.low) return 1;
  let seen = order;
  while (seen < MAX_ORDER - 1 && free_area[seen].nr_free === 0) seen++;
  return seen - order + 1;
}

/** A machine of one zone of so many pages, all of them free. */
export function buddy(pages: number): Keeper {
  bootMemory({ zones: [0, pages, 0] });
  lowestFirst(GFP);
  const mine: readonly page[] = mem_map;
  let highest = 0;
  let looked = 0;

  /** @throws Error when these pages are no longer there */
  const here = (): void => {
    if (mem_map === mine) return;
    throw new Error(
      'the machine was booted anew since this buddy was made: make another',
    );
  };
  const holes = (): Piece[] => {
    here();
    const pieces = pageLists().flatMap((list) => list.pieces);
    return pieces.sort((a, b) => a.start - b.start);
  };

  return {
    name: 'buddy',
    unit: 'pages',
    range: [0, pages],
    alloc(size) {
      here();
      const order = orderFor(size);
      if (order >= MAX_ORDER) {
        looked = 0;
        return null;
      }
      looked = looks(order);
      const p = alloc_pages(GFP, order);
      if (p === null) return null;
      highest = Math.max(highest, p.pfn + 2 ** order);
      return p.pfn;
    },
    free(addr, size) {
      here();
      __free_pages(mem_map[addr], orderFor(size));
    },
    given: (_addr, size) => 2 ** orderFor(size),
    holes,
    lists() {
      here();
      return pageLists();
    },
    held() {
      const free = new Set(holes().map(({ start }) => start));
      const heads = mine.filter((p) => page_count(p) > 0).map(({ pfn }) => pfn);
      return heads.map((start) => {
        let end = start + 1;
        const goesOn = (pfn: number) =>
          pfn < pages && !free.has(pfn) && page_count(mine[pfn]) === 0;
        while (goesOn(end)) end++;
        return { start, end };
      });
    },
    taken: () => highest,
    steps: () => looked,
  };
}
