// Measures: how much of the memory is lost, and to what?
//
// Each reads free pieces or samples of a run, never an allocator's insides,
// so that all allocators are measured by the same rule. Idea: there is no
// one number for fragmentation. A measure says what is divided by what, at
// which moment; two that share a name may disagree about the same run.
//
// 1. Sizes are in the allocator's units, shares between 0 and 1.
// 2. Where there is nothing to divide by, nothing is lost: the share of
//    waste is 0, the share that is usable 1.
//
// Sources: Wilson, Johnstone, Neely and Boles, "Dynamic storage allocation:
// a survey and critical review" (1995); Johnstone and Wilson, "The memory
// fragmentation problem: solved?" (1998); Knuth, TAOCP 1, section 2.5; and
// mdriver, which marks the malloc exercise of Bryant and O'Hallaron's book.
import type { Piece } from './allocator.js';
import type { Sample, Totals } from './run.js';

/** a / b, or what is said when b is 0. */
const share = (a: number, b: number, otherwise: number): number =>
  b === 0 ? otherwise : a / b;

/** All units of some pieces. */
export function total(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** The units of the largest piece; 0 when there is none. */
export function largest(pieces: readonly Piece[]): number {
  const sizes = pieces.map(({ start, end }) => end - start);
  return sizes.reduce((a, b) => Math.max(a, b), 0);
}

/**
 * Internal fragmentation: the share of the units given out that nobody had
 * asked for. They are lost inside pieces, by rounding up.
 * (given - asked for) / given; the word is B. Randell's (1969).
 */
export function internalFragmentation({ given, live }: Sample): number {
  return share(given - live, given, 0);
}

/**
 * External fragmentation: the share of the units taken from below that lie
 * in no piece. They are free, and yet the mark went up, because what was
 * asked for did not fit.
 * (taken - given) / taken: memory used against memory in use, at one
 * moment, as Johnstone and Wilson (1998) compare them, but with rounding
 * left aside. Once the clients have given much back it is high and means
 * little: look at it while much is alive.
 */
export function externalFragmentation({ taken, given }: Sample): number {
  return share(taken - given, taken, 0);
}

/**
 * The share of free units that one request could get: the largest hole
 * over all holes. 1 is no fragmentation, for whatever is asked next.
 */
export function usableShare({ free, largest: hole }: Sample): number {
  return share(hole, free, 1);
}

/** Four answers to one question. Each is a surplus: 0.2 is 20 % more. */
export interface Surplus {
  average: number; // at every moment, then the mean
  atPeakLive: number; // when most was asked for
  atPeakTaken: number; // when most was taken; the first such moment
  ofPeaks: number; // most ever taken over most ever asked for
}

/**
 * Fragmentation in the four ways that Johnstone and Wilson (1998) tell
 * apart: memory taken over memory asked for, less 1. The survey of 1995
 * defines the word alone, as the inability to reuse memory that is free.
 * We quote `ofPeaks`: how much more memory a machine needs than the program
 * asks for. Rounding counts as loss here.
 * @param samples one an operation is exact; fewer may miss the peaks
 */
export function surplus(samples: readonly Sample[]): Surplus {
  const at = ({ taken, live }: Sample) => share(taken, live, 1) - 1;
  const busy = samples.filter(({ live }) => live > 0);
  if (busy.length === 0) {
    return { average: 0, atPeakLive: 0, atPeakTaken: 0, ofPeaks: 0 };
  }
  const by = (size: 'live' | 'taken') =>
    busy.reduce((most, s) => (s[size] > most[size] ? s : most));
  const most = { live: by('live'), taken: by('taken') };
  return {
    average: busy.reduce((sum, s) => sum + at(s), 0) / busy.length,
    atPeakLive: at(most.live),
    atPeakTaken: at(most.taken),
    ofPeaks: most.taken.taken / most.live.live - 1,
  };
}

/**
 * The high-water mark over the most that was alive: `ofPeaks` of the whole
 * run, plus 1. Robson (1974): whatever the policy, for sizes that are
 * powers of two up to n, some workload brings it to about 1 + log2(n) / 2.
 */
export function highWater({ peakTaken, peakLive }: Totals): number {
  return share(peakTaken, peakLive, 1);
}

/**
 * Utilisation as mdriver marks it: the most that was alive over the memory
 * taken at the end. There the heap never shrinks, so this is the inverse of
 * `highWater`; for an allocator that gives memory back it is more.
 */
export function utilisation({ peakLive, last }: Totals): number {
  return share(peakLive, last.taken, 1);
}

/**
 * Holes per piece alive. Knuth's fifty-percent rule: under steady load,
 * where every piece is equally likely to be the next one freed and freed
 * neighbours join, it tends to p / 2, where p is the probability that an
 * allocation leaves a rest.
 */
export function holesPerBlock({ holes, blocks }: Sample): number {
  return share(holes, blocks, 0);
}

/**
 * What the rule expects of a run whose joints were counted. On a map a
 * request splits one hole, or takes it whole: p is splits an allocation.
 */
export function fiftyPercent(splits: number, allocations: number): number {
  return share(splits, allocations, 0) / 2;
}

/** Records looked at by an allocation: the mean and the worst. */
export function search(samples: readonly Sample[]): {
  mean: number;
  worst: number;
} {
  const steps = samples.map((sample) => sample.steps);
  const sum = steps.reduce((a, b) => a + b, 0);
  return {
    mean: share(sum, steps.length, 0),
    worst: steps.reduce((a, b) => Math.max(a, b), 0),
  };
}

/** The pieces of [from, 2 × from) units. */
export interface Bucket {
  from: number; // a power of two
  count: number;
  units: number; // together
}

/**
 * How many pieces there are of each size, by power of two: from 1 up to
 * the largest piece, empty buckets included, as a picture needs them.
 */
export function histogram(pieces: readonly Piece[]): Bucket[] {
  const buckets: Bucket[] = [];
  const most = largest(pieces);
  for (let from = 1; from <= most; from *= 2) {
    buckets.push({ from, count: 0, units: 0 });
  }
  for (const { start, end } of pieces) {
    const size = end - start;
    let i = buckets.length - 1;
    while (buckets[i].from > size) i--;
    buckets[i].count++;
    buckets[i].units += size;
  }
  return buckets;
}
