// Slabs of ranges.
//
// The decision: first the limit. B's 24 pages are cut to 16, since it has
// room for 16 caches. Then three times the limit and the power of two
// above: 18 gives 32, 48 gives 64; 15 gives 16, and 64 is the least. The
// rest is division: 32 / 5 is 6, rest 2, and the fifth range of the six
// begins at 20. 20 ranges of 4 need three slabs, and 7 pages are above the
// limit. Ten ranges of 6 lie in two slabs, which stay.

type Answer = number | '?';

export function predict(): Record<
  'slabOfA' | 'rangesOfA' | 'lostOfA' | 'secondOfA' | 'calledOfA' | 'keptOfA'
  | 'cachesOfB' | 'slabOfB' | 'slabOfC',
  Answer
> {
  return {
    slabOfA: 32,
    rangesOfA: 6,
    lostOfA: 2,
    secondOfA: 20,
    calledOfA: 6,
    keptOfA: 64,
    cachesOfB: 16,
    slabOfB: 64,
    slabOfC: 64,
  };
}
