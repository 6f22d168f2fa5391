// Give it back: write mfree.
// Kind: change. Minutes: 40.
//
// The lecture shows malloc and leaves mfree out. Write it. A freed piece
// [addr, addr + size) may touch a free piece below it, one above it, both,
// or none; afterwards the map must keep its invariants:
//
//   1. entries stand in ascending order and do not overlap;
//   2. no two entries touch;
//   3. before the delimiter, sizes and addresses are greater than 0.
//
// The delimiter is the first entry of size 0. Its address means nothing,
// and it may be any number. The slots behind it have size 0 too, and there
// are enough of them. Waking the scheduler is left out here.
import { type map } from '../../lib/bsd/malloc.js';

/** Frees [addr, addr + size). */
export function mfree(mp: map[], size: number, addr: number): void {
  throw new Error(`TODO: free ${size} units at ${addr} in ${mp.length} slots`);
}
