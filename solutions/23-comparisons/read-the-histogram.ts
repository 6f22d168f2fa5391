// Read the histogram.
//
// The decision: for "yes" think of the shortest pieces that a bar allows,
// for "no" of the longest. 5 + 3 * 2 + 2 * 8 + 16 units are free at least,
// 5 + 3 * 3 + 2 * 15 + 31 at most. A request up to 16 fits the last piece
// whatever its length; one for 20 fits it only if it is long enough. Cut
// once by 16, it has 15 left at most. First fit may take the 8 units from
// it, if it lies below the others; best fit takes them from a shorter one,
// and there are two.

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
  return {
    least: 43,
    most: 75,
    six: 'yes',
    sixteen: 'yes',
    twenty: 'perhaps',
    larger: 'no',
    twice: 'no',
    byFirst: 'perhaps',
    byBest: 'yes',
  };
}
