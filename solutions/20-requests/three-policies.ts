// Three policies.
//
// The decision: draw the holes, and for next fit the rotor too. After the
// second free there are 8 units at 1, 5 at 12 and 15 at 26. First fit and
// best fit both break the two low holes, in another order. Next fit leaves
// them whole until it comes round, which is why it alone serves J.

type Answer = number | null | '?';

interface Answers {
  first: Answer[];
  best: Answer[];
  next: Answer[];
}

export function trace(): Answers {
  return {
    first: [1, 12, 26, 34, null],
    best: [12, 1, 26, 34, null],
    next: [26, 30, 1, 35, 12],
  };
}
