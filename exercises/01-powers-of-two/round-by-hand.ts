// Round by hand.
// Kind: predict. Minutes: 10.
//
// Seven calls, seven values. Work them out with a pencil, in binary where
// it helps, before you let a machine do it. Then put
//
//   return { roundup70: '?', roundup96: '?', phase77: '?', nphase80: '?',
//     highbit100: '?', lowbit100: '?', phaseup20: '?' };
//
// in the place of the line that throws, with your numbers. '?' stands for
// no answer yet.
//
//   roundup70    P2ROUNDUP(70, 16)
//   roundup96    P2ROUNDUP(96, 32)
//   phase77      P2PHASE(77, 16)
//   nphase80     P2NPHASE(80, 16)
//   highbit100   highbit(100)          100 is 1100100 in binary
//   lowbit100    lowbit(100)
//   phaseup20    P2PHASEUP(20, 64, 8)

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
  throw new Error('TODO: seven values');
}
