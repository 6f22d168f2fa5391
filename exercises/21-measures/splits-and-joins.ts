// Splits, joins and holes.
// Kind: trace. Minutes: 15.
//
// Eight calls, one after the other, on a map of 60 units from 100, first
// fit. For each, write down how many splits it makes, how many joins, and
// how many holes there are afterwards. The holes before the first call, as
// [start, end):
//
//   [100, 110) [120, 125) [140, 160)
//
// The units between them are in use.
//
//   1  alloc(5)
//   2  alloc(5)
//   3  alloc(25)
//   4  alloc(12)
//   5  free 5 units at 100
//   6  free 10 units at 110
//   7  free 5 units at 105
//   8  free 15 units at 125
//
// Return one row for each call, for instance (this is not row 1)
//
//   return [
//     { splits: 7, joins: 7, holes: 9 },
//     …
//   ];
//
// Splits and joins are those of this call alone. '?' stands for a number
// that is still open. A wrong number of holes counts once: the next row may
// go on from it.

interface Row {
  splits: number | '?';
  joins: number | '?';
  holes: number | '?';
}

export function trace(): Row[] {
  throw new Error('TODO: eight rows');
}
