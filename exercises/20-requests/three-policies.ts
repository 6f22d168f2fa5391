// Three policies.
// Kind: trace. Minutes: 15.
//
// Twelve requests on a range of 40 units, [1, 41), all free at first:
//
//    0  A 8          5  free A       8  G 5
//    1  B 3          6  free C       9  H 8
//    2  C 5          7  F 4         10  I 6
//    3  D 3                         11  J 5
//    4  E 6
//
// They are sent to first fit, best fit and next fit, each on a map of its
// own. Up to the second free all three do the same. Where do F, G, H, I and
// J lie? Return the five answers of each policy in this order, null for a
// request that gets nothing and '?' for one that is still open. Draw the
// range after request 6, three times, and go on with the pencil.
//
// For instance (this is not the answer)
//
//   return { first: [7, 8, null, 9, 10], best: [...], next: [...] };
//
// A mistake counts once: what follows is held against your own drawing, if
// that can be one.

type Answer = number | null | '?';

interface Answers {
  first: Answer[];
  best: Answer[];
  next: Answer[];
}

export function trace(): Answers {
  throw new Error('TODO: five answers of each policy');
}
