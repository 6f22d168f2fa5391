// GFP masks: what a request for memory may do, and where it may look.
//
// Follows Linux 2.6.11 include/linux/gfp.h. Every allocation in the kernel
// carries a gfp_mask ("get free page"). Idea to carry away: a mask is a
// sum of permissions. GFP_ATOMIC has no bit that says "do not sleep"; it
// lacks the bit that says "you may".
//
// Bits 0 and 1 say where: they are the index of a list of zones (mmzone.ts).
// Bits 4 to 15 say how: what may be done when memory is short.
//
// 1. Each __GFP_ name is one bit; each GFP_ name is a sum of such bits.
// 2. DMA and HIGHMEM exclude each other: 3 is the index of no list.
// 3. Without __GFP_WAIT the other permissions are worth nothing: __GFP_IO,
//    __GFP_FS, __GFP_REPEAT and __GFP_NOFAIL are read when pages are being
//    reclaimed, and who may not wait never gets that far.
//
// Left out: __GFP_COMP's compound pages, which only CONFIG_HUGETLB_PAGE
// has (the bit is accepted and does nothing); gfp_t, a type of its own
// since 2.6.14; GFP_NOWAIT, a name that the mask 0 got later.

// Where: which zones. Neither bit: Normal, and if that is short, DMA.
export const __GFP_DMA = 0x01; // DMA only: ISA cards see 16 MB
export const __GFP_HIGHMEM = 0x02; // HighMem first: has no kernel address

/** The bits of a mask that choose the zones. */
export const GFP_ZONEMASK = 0x03;

// How: what may be done.
export const __GFP_WAIT = 0x10; // may sleep, so may reclaim pages itself
export const __GFP_HIGH = 0x20; // may go deep into the reserve
export const __GFP_IO = 0x40; // reclaim may start disk I/O
export const __GFP_FS = 0x80; // reclaim may call into the file system
export const __GFP_COLD = 0x100; // wants a page that is in no CPU's cache
export const __GFP_NOWARN = 0x200; // failing needs no message
export const __GFP_REPEAT = 0x400; // tries again even for a large block
export const __GFP_NOFAIL = 0x800; // tries again for ever
export const __GFP_NORETRY = 0x1000; // tries reclaim once, then gives up
export const __GFP_NO_GROW = 0x2000; // slab only: what is there, no more
export const __GFP_COMP = 0x4000; // mark the block as one compound page
export const __GFP_ZERO = 0x8000; // fill it with zeros

export const __GFP_BITS_SHIFT = 16;
export const __GFP_BITS_MASK = (1 << __GFP_BITS_SHIFT) - 1;

/** The how-bits that slab hands on; a bit missing here makes it BUG. */
export const GFP_LEVEL_MASK =
  __GFP_WAIT | __GFP_HIGH | __GFP_IO | __GFP_FS |
  __GFP_COLD | __GFP_NOWARN | __GFP_REPEAT |
  __GFP_NOFAIL | __GFP_NORETRY | __GFP_NO_GROW | __GFP_COMP;

// The sums that callers use, by the place that they call from.
export const GFP_ATOMIC = __GFP_HIGH; // interrupt, or under a spin lock
export const GFP_NOIO = __GFP_WAIT; // inside the block layer
export const GFP_NOFS = __GFP_WAIT | __GFP_IO; // inside a file system
export const GFP_KERNEL = __GFP_WAIT | __GFP_IO | __GFP_FS; // anywhere else
export const GFP_USER = __GFP_WAIT | __GFP_IO | __GFP_FS; // same, by intent
export const GFP_HIGHUSER = GFP_USER | __GFP_HIGHMEM; // pages of processes
export const GFP_DMA = __GFP_DMA; // no how at all: add it to another

/** Every single bit with its name, in the order of the bits. */
const bits: readonly (readonly [name: string, bit: number])[] = [
  ['__GFP_DMA', __GFP_DMA],
  ['__GFP_HIGHMEM', __GFP_HIGHMEM],
  ['__GFP_WAIT', __GFP_WAIT],
  ['__GFP_HIGH', __GFP_HIGH],
  ['__GFP_IO', __GFP_IO],
  ['__GFP_FS', __GFP_FS],
  ['__GFP_COLD', __GFP_COLD],
  ['__GFP_NOWARN', __GFP_NOWARN],
  ['__GFP_REPEAT', __GFP_REPEAT],
  ['__GFP_NOFAIL', __GFP_NOFAIL],
  ['__GFP_NORETRY', __GFP_NORETRY],
  ['__GFP_NO_GROW', __GFP_NO_GROW],
  ['__GFP_COMP', __GFP_COMP],
  ['__GFP_ZERO', __GFP_ZERO],
];

/** The names of the bits that are set; a bit without a name in hex. */
export function bitNames(gfp_mask: number): string[] {
  const names = bits
    .filter(([, bit]) => (gfp_mask & bit) !== 0)
    .map(([name]) => name);
  const known = bits.reduce((sum, [, bit]) => sum | bit, 0);
  const rest = (gfp_mask & ~known) >>> 0;
  return rest === 0 ? names : [...names, `0x${rest.toString(16)}`];
}

/** A mask answered in words. See `reach`. */
export interface Reach {
  zones: string[]; // where it looks, first choice first
  mayBlock: boolean; // may the caller be put to sleep?
  mayStartIO: boolean; // may reclaim start disk I/O?
  mayEnterFS: boolean; // may reclaim call the file system?
  mayKill: boolean; // may the out-of-memory killer be called?
  reserve: number; // of pages_min, the part that must be left, order 0
}

/** The zones of each list, by the mask's two low bits; empty ones drop out. */
const zonesOf: readonly (readonly string[])[] = [
  ['Normal', 'DMA'],
  ['DMA'],
  ['HighMem', 'Normal', 'DMA'],
];

/**
 * What a request with this mask may do, for a task of no special rank.
 * The how-bits beside __GFP_WAIT count only together with it (3).
 * @throws RangeError when both zone bits are set (2)
 */
export function reach(gfp_mask: number): Reach {
  const zones = zonesOf[gfp_mask & GFP_ZONEMASK];
  if (zones === undefined) {
    throw new RangeError('__GFP_DMA and __GFP_HIGHMEM together name no zones');
  }
  const wait = (gfp_mask & __GFP_WAIT) !== 0;
  const once = (gfp_mask & __GFP_NORETRY) !== 0;
  const fs = wait && (gfp_mask & __GFP_FS) !== 0;

  // Half of the reserve is open to __GFP_HIGH, and a quarter of what then
  // remains to those who cannot wait for anyone to free memory.
  const high = (gfp_mask & __GFP_HIGH) !== 0 ? 1 / 2 : 1;
  const harder = wait ? 1 : 3 / 4;
  return {
    zones: [...zones],
    mayBlock: wait,
    mayStartIO: wait && (gfp_mask & __GFP_IO) !== 0,
    mayEnterFS: fs,
    mayKill: fs && !once,
    reserve: high * harder,
  };
}
