// Read the histogram.
// Kind: predict. Minutes: 15.
//
// The free pieces of a map, by size in units. Nothing else is known: not
// where they lie, and not how long each of them really is.
//
//   size      1   2-3   4-7   8-15   16-31
//   pieces    5     3     0      2       1
//
// No two of them touch. How much is free, at least and at most?
//
//   least    units
//   most     units
//
// Can the request be met? Each line meets the map as it is above. Where
// there are two requests, the first is met, and the question is about the
// second.
//
//   six      6 units
//   sixteen  16 units
//   twenty   20 units
//   larger   32 units
//   twice    16 units, then 16 units again
//   byFirst  8 units, then 16 units, under first fit
//   byBest   8 units, then 16 units, under best fit
//
// Answer 'yes' if it is met in any such map, 'no' if in none, and 'perhaps'
// if it depends on what the histogram does not show. Return
// { least: '?', most: '?', six: '?', … } with your answers; '?' stands for
// no answer yet.

type Answer = 'yes' | 'no' | 'perhaps' | '?';

export function predict(): {
  least: number | '?';
  most: number | '?';
  six: Answer;
  sixteen: Answer;
  twenty: Answer;
  larger: Answer;
  twice: Answer;
  byFirst: Answer;
  byBest: Answer;
} {
  throw new Error('TODO: two numbers and seven answers');
}
