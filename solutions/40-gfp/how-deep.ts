// How deep may it go.
//
// The decision: look at bits, not at names. GFP_USER is GFP_KERNEL; a sum
// of GFP_ATOMIC and __GFP_WAIT can wait, so it has the half and no quarter.
// Half of 100 is 50, and 50 less a quarter, 12 in whole numbers, is 38. The
// rank of a real-time task is worth the quarter, and who frees memory may
// take all.

type Answer = number | '?';

export function predict(): {
  kernel: Answer;
  user: Answer;
  atomic: Answer;
  noWait: Answer;
  mixed: Answer;
  realtime: Answer;
  freeing: Answer;
} {
  return {
    kernel: 100,
    user: 100,
    atomic: 38,
    noWait: 75,
    mixed: 50,
    realtime: 75,
    freeing: 0,
  };
}
