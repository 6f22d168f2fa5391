// Slabs of ranges.
// Kind: predict. Minutes: 25.
//
// Three arenas with quantum caches, on a machine with one CPU, without
// debugging. Each is fresh for each question.
//
//   A  1,024 pages from page 0 on; quantum a page; qcache_max 6 pages
//   B  the same, but qcache_max is 24 pages
//   C  ids from 1 to 1,000; quantum 1; qcache_max 5
//
//   slabOfA     how many pages has a slab of A's quantum caches?
//   rangesOfA   how many ranges of 5 pages are in one slab?
//   lostOfA     how many pages of this slab are lost?
//   secondOfA   two ranges of 5 pages are taken from A. At which page does
//               the second one begin?
//   calledOfA   20 ranges of 4 pages are taken, then three of 7 pages. How
//               many segments were taken from A's lists?
//   keptOfA     ten ranges of 6 pages are taken, and all are given back. How
//               many pages has A given out in the end?
//   cachesOfB   how many quantum caches has B?
//   slabOfB     how many pages has a slab of B's?
//   slabOfC     how many ids has a slab of C's?
//
// Return { slabOfA: 0, rangesOfA: '?', ... }; '?' is no answer yet.

type Answer = number | '?';

/** Nine numbers. */
export function predict(): {
  slabOfA: Answer;
  rangesOfA: Answer;
  lostOfA: Answer;
  secondOfA: Answer;
  calledOfA: Answer;
  keptOfA: Answer;
  cachesOfB: Answer;
  slabOfB: Answer;
  slabOfC: Answer;
} {
  throw new Error('TODO: nine numbers');
}
