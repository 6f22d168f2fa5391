// Choose the allocator.
// Kind: choose. Minutes: 40.
//
// Five places in a kernel need memory:
//
//   'inode'    A file system keeps inodes of 340 bytes, 400 at a time. It
//              allocates one while it holds a lock that its own reclaim
//              would want. It may sleep.
//   'packet'   The interrupt handler of a network card needs buffers for
//              packets of 60 to 1,500 bytes; 60 are in use at once. Few pages
//              are left, and the next interrupt will not wait.
//   'table'    A module is loaded. It needs a table of 1.2 MB, which only the
//              kernel's code reads. Half of all pages are free, but no two of
//              them side by side.
//   'card'     A program opens a card on the ISA bus, which writes 256 KB in
//              one piece, by page numbers below 4,096.
//   'request'  The queue of a disk needs a record of 256 bytes for each write,
//              4 in use at once. Memory is full: it gets free by such writes
//              only. It may sleep, and the write must not be lost.
//
// 1. choose(place) returns an allocator and a mask:
//
//      'kmalloc'   kmalloc(bytes, mask)
//      'cache'     a cache of your own, for objects of the largest size
//      'pages'     alloc_pages(mask, order)
//      'vmalloc'   __vmalloc(bytes, mask)
//      'mempool'   a pool over such a cache; it keeps as many as are in use
//
//    The mask is one of the GFP_ names, or one of them and GFP_DMA. It permits
//    as much as the place allows, and no more. Your choice is run: it must
//    work, and take no more than 10 % above the fewest pages that do.
//
// 2. trouble(place) says what happens if somebody else chooses
//
//      'inode'    kmalloc, GFP_NOFS            'packet'   kmalloc, GFP_KERNEL
//      'table'    kmalloc, GFP_KERNEL          'card'     vmalloc, GFP_KERNEL
//      'request'  cache, GFP_NOIO                         | GFP_DMA
//
//    as one of: 'NULL' (it gets nothing), 'sleeps' (where it must not),
//    'forever' (it never returns), 'apart' (the pages are no neighbours),
//    'zone' (the pages are too high), 'waste' (it works, and takes too much).
import {
  GFP_ATOMIC, GFP_DMA, GFP_HIGHUSER, GFP_KERNEL, GFP_NOFS, GFP_NOIO,
} from '../../lib/linux/gfp.js';

type Place = 'inode' | 'packet' | 'table' | 'card' | 'request';
type From = 'kmalloc' | 'cache' | 'pages' | 'vmalloc' | 'mempool';
type Trouble = 'NULL' | 'sleeps' | 'forever' | 'apart' | 'zone' | 'waste';

/** An allocator and a mask for a place. */
export function choose(place: Place): { from: From; mask: number } {
  // These may serve you.
  void [GFP_ATOMIC, GFP_DMA, GFP_HIGHUSER, GFP_KERNEL, GFP_NOFS, GFP_NOIO];
  throw new Error(`TODO: an allocator and a mask for ${place}`);
}

/** What goes wrong there with the choice above. */
export function trouble(place: Place): Trouble {
  throw new Error(`TODO: what goes wrong at ${place}`);
}
