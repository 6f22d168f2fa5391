// Round by hand.
//
// The decision: put every number into its block first. 70 lies in [64, 80),
// 77 too; 96 and 80 are starts themselves, and a start needs no rounding.
// 100 is 1100100: its highest one is the seventh digit from the right, its
// lowest the third. 8 lies 8 above 0, but below 20; the next is 64 + 8.

type Answer = number | '?';

export function predict(): {
  roundup70: Answer;
  roundup96: Answer;
  phase77: Answer;
  nphase80: Answer;
  highbit100: Answer;
  lowbit100: Answer;
  phaseup20: Answer;
} {
  return {
    roundup70: 80,
    roundup96: 96,
    phase77: 13,
    nphase80: 0,
    highbit100: 7,
    lowbit100: 3,
    phaseup20: 72,
  };
}
