// Splits, joins and holes.
//
// The decision: look at what is left of the hole, or beside the piece. A
// request that leaves a rest splits once, one that fits exactly does not,
// and one that is refused does nothing, though 25 units are free in row 3.
// A free joins once for each side on which a hole lies: none in row 5, the
// one above in row 6, both in row 7, the one below in row 8. The holes
// then follow by adding: splits - 1 if served, 1 - joins if given back.

interface Row {
  splits: number | '?';
  joins: number | '?';
  holes: number | '?';
}

export function trace(): Row[] {
  return [
    { splits: 1, joins: 0, holes: 3 },
    { splits: 0, joins: 0, holes: 2 },
    { splits: 0, joins: 0, holes: 2 },
    { splits: 1, joins: 0, holes: 2 },
    { splits: 0, joins: 0, holes: 3 },
    { splits: 0, joins: 1, holes: 3 },
    { splits: 0, joins: 2, holes: 2 },
    { splits: 0, joins: 1, holes: 2 },
  ];
}
