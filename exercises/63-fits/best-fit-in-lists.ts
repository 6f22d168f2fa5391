// Best fit within the freelists.
// Kind: change. Minutes: 25.
//
// The map's best fit has to look at every entry. VMEM's need not: its free
// segments stand on lists by size, and list n has the sizes from 2^n to
// 2^(n+1) - 1. Write the search that VM_BESTFIT asks for.
//
// `lists` has the lists that are not empty, in ascending order of n; the
// segments of a list stand as in its chain, head first.
//
//   addr    where the segment starts that is the smallest one large enough;
//           among equals the first of its list; null if there is none
//   steps   nodes looked at, from the first segment that you look at on:
//           each segment counts 1, and each end of a list that you reach
//           counts 1 too, because there you look at the next list's head
//
// Begin at the first list that can have a segment of this size. End at an
// exact fit, or at the end of the first list that has one large enough.
// The size is at least 1.
import { highbit } from '../../lib/sys/sysmacros.js';

/** Freelist n: its segments [start, end), head first. */
interface List {
  n: number;
  pieces: { start: number; end: number }[];
}

/** Searches the lists for size units, best fit. */
export function bestFit(
  lists: List[],
  size: number,
): { addr: number | null; steps: number } {
  const seen = `${lists.length} lists, first bit of the size: ${highbit(size)}`;
  throw new Error(`TODO: best fit within the freelists (${seen})`);
}
