// Choose the freelist.
//
// The decision: ask from which list on every member fits. For 16 that is
// list 4 itself. For 17 it is list 5, and the first one that is not empty
// is list 7; best fit searches, so it begins at list 4. For 400 it is list
// 9, so 1500 units are cut, and 1100 of them stay on list 10. For 1200 and
// 1501 it is list 11, with nothing from there on: vmem_xalloc searches
// list 10, and 1500 are enough once. Next fit goes on at the rotor, and the
// 500 stand there.

type Answer = number | null | '?';

export function predict(): {
  power: Answer;
  within: Answer;
  best: Answer;
  next: Answer;
  large: Answer;
  fallback: Answer;
  refused: Answer;
  rest: Answer;
} {
  return {
    power: 4,
    within: 7,
    best: 4,
    next: 8,
    large: 10,
    fallback: 10,
    refused: null,
    rest: 10,
  };
}
