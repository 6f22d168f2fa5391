// Best fit in place of first fit.
// Kind: change. Minutes: 20.
//
// malloc takes the first piece that is large enough. Write the other
// policy: take the smallest piece that is large enough, and among equals
// the one with the lowest address. All else stays as in malloc: the low
// end of the piece is given out, an entry that becomes empty is closed up,
// and 0 means that no piece is large enough.
import { type map } from '../../lib/bsd/malloc.js';

/**
 * Allocates size units, best fit.
 * @returns the first unit, or 0
 */
export function bestFit(mp: map[], size: number): number {
  throw new Error(`TODO: best fit for ${size} units in ${mp.length} slots`);
}
