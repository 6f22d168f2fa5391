// The working set.
// Kind: trace. Minutes: 20.
//
// A depot has 12 full magazines. Nobody has used it for two updates, so
// its three numbers are
//
//   ml_total 12, ml_min 12, ml_reaplimit 12
//
// Then comes this. "Leave" and "come back" are full magazines that CPUs
// load, and that they bring back full. An update is kmem_depot_ws_update,
// a reap is kmem_depot_ws_reap.
//
//   1  7 leave
//   2  7 come back
//   3  update
//   4  3 leave
//   5  reap
//   6  3 come back
//   7  update
//   8  reap
//   9  reap
//
// Write down the three numbers after each event, nine rows in all:
//
//   return [
//     [12, 12, 12],
//     …
//   ];
//
// '?' in the place of a row is a row that is still open.

/** ml_total, ml_min, ml_reaplimit. */
type Row = [number, number, number] | '?';

/** The numbers after each event. */
export function rows(): Row[] {
  throw new Error('TODO: nine rows');
}
