// Choose the allocator.
//
// The decision: one question at a time. Must it succeed, because freeing
// depends on it? A mempool, and no mask by which reclaim comes back to the
// same disk. Must the pages be neighbours for a device? Pages, from the zone
// that it reaches. Is it too much for one piece, and for code only? vmalloc.
// Many of one odd size? A cache: 340 bytes would take 512. What is left,
// some bytes of any size, is kmalloc's. The mask follows from where the code
// is and what it holds, and from nothing else.
import {
  GFP_ATOMIC, GFP_DMA, GFP_KERNEL, GFP_NOFS, GFP_NOIO,
} from '../../lib/linux/gfp.js';

type Place = 'inode' | 'packet' | 'table' | 'card' | 'request';
type From = 'kmalloc' | 'cache' | 'pages' | 'vmalloc' | 'mempool';
type Trouble = 'NULL' | 'sleeps' | 'forever' | 'apart' | 'zone' | 'waste';

export function choose(place: Place): { from: From; mask: number } {
  switch (place) {
    case 'inode':
      return { from: 'cache', mask: GFP_NOFS };
    case 'packet':
      return { from: 'kmalloc', mask: GFP_ATOMIC };
    case 'table':
      return { from: 'vmalloc', mask: GFP_KERNEL };
    case 'card':
      return { from: 'pages', mask: GFP_KERNEL | GFP_DMA };
    case 'request':
      return { from: 'mempool', mask: GFP_NOIO };
  }
}

export function trouble(place: Place): Trouble {
  switch (place) {
    case 'inode':
      return 'waste';
    case 'packet':
      return 'sleeps';
    case 'table':
      return 'NULL';
    case 'card':
      return 'apart';
    case 'request':
      return 'forever';
  }
}
