// The working set.
//
// The decision: three rules, one for each number. The total counts. The
// minimum follows the total down and never up, until an update sets it to
// the total. The limit is changed by an update alone, to the old minimum.
// A reap lets the lesser of the two leave; so it lowers the minimum, and a
// second reap in the same interval is bound by that.

type Row = [number, number, number] | '?';

export function rows(): Row[] {
  return [
    [5, 5, 12],
    [12, 5, 12],
    [12, 12, 5],
    [9, 9, 5],
    [4, 4, 5],
    [7, 4, 5],
    [7, 7, 4],
    [3, 3, 4],
    [0, 0, 4],
  ];
}
