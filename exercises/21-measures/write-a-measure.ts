// Write a measure.
// Kind: change. Minutes: 30.
//
// usableShare knows nothing of the next request, and the share that is
// lost at the peak has no measure yet. Write three:
//
// unusable(holes, size) is the share of the free units that lie in holes
// too small for a request of `size` units. Where nothing is free, nothing
// free is unusable: 0.
//
// served(holes, size) is the number of requests for `size` units that can
// be served one after the other, if nothing is given back meanwhile. size
// is at least 1.
//
// lostAtPeak(samples) is the share of the units taken that nobody has asked
// for: by rounding or in holes, both together. It is that of the moment at
// which most is alive; of equal moments, the first. Without samples, or
// when nothing was taken, nothing is lost: 0.
//
// A share is a number between 0 and 1.
import type { Piece } from '../../lib/trace/allocator.js';
import type { Sample } from '../../lib/trace/run.js';

/** The share of the free units that a request of `size` cannot use. */
export function unusable(holes: Piece[], size: number): number {
  throw new Error(`TODO: what ${size} units cannot use of ${holes.length} holes`);
}

/** How many requests of `size` units can be served. */
export function served(holes: Piece[], size: number): number {
  throw new Error(`TODO: requests for ${size} units, in ${holes.length} holes`);
}

/** The share of the units taken that nobody has asked for. */
export function lostAtPeak(samples: Sample[]): number {
  throw new Error(`TODO: what is lost at the peak of ${samples.length} samples`);
}
