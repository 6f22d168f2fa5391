// Lose least.
// Kind: design. Minutes: 60.
//
// Solaris gives up the smaller of the last two entries. Find something
// better. Both functions are yours: mfree decides what goes when the map is
// full, and malloc decides how many pieces there are in the first place.
// You may begin with your answers to best-fit and repair-the-overflow.
//
// The map is V7's array with so many slots, one of them the delimiter's.
// You are free in your design as long as this holds:
//
//   malloc  returns the first of size units that are all free, and takes
//           them out of the map; 0 only if no piece is large enough.
//   mfree   returns how many units are lost by the call. It loses nothing
//           when there is a slot, or when the piece touches an entry. What
//           is lost stays lost: nothing comes back by itself.
//   both    keep the invariants 1 to 4 of notebook 10, and do not touch
//           what lies behind the slots.
//
// Then the same requests go to your functions and to Solaris' map with the
// same room. A point each for losing no more, at most half as much, and at
// most a quarter.
import { type map } from '../../lib/bsd/malloc.js';

/** Allocates size units. @returns the first unit, or 0 */
export function malloc(mp: map[], slots: number, size: number): number {
  throw new Error(`TODO: ${size} units of ${mp.length}, ${slots}`);
}

/** Frees [addr, addr + size). @returns the number of units lost */
export function mfree(
  mp: map[],
  slots: number,
  size: number,
  addr: number,
): number {
  throw new Error(`TODO: free ${size} at ${addr} of ${mp.length}, ${slots}`);
}
