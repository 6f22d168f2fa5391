// Robson by hand.
// Kind: trace. Minutes: 20.
//
// You are the adversary. At most 8 units may be alive, the sizes are 1, 2
// and 4 units, and addresses count from 0. Whatever the allocator answers,
// you go on as lib/trace/robson.ts does: look at the rests, keep what is in
// the way, give back all else, ask for as many pieces of m units as may be
// alive. In the beginning the rest is 0, and eight pieces of 1 unit come.
//
//   game 1  An allocator that leaves room. Pieces of 1 unit lie at
//             0 1 3 5 7 9 11 13
//           Pieces of 2 units, if you ask for any: first at 15, then at 17.
//
//   game 2  An allocator that leaves little. Pieces of 1 unit lie at
//             1 2 3 4 5 6 7 10
//           Pieces of 2 units, if you ask for any: first at 8, then at 11.
//
// Four rounds: m = 2 and m = 4 of game 1, then the same of game 2. For each
// return
//
//   kept  the addresses at which the pieces begin that you keep
//   asks  how many pieces of m units you then ask for
//
// as one row each, for instance (this is not row 1)
//
//   return [
//     { kept: [0, 99], asks: 7 },
//     …
//   ];
//
// '?' stands for a number that is still open. A wrong list of what is kept
// counts once: `asks` may go on from it.

interface Row {
  kept: number[] | '?';
  asks: number | '?';
}

export function trace(): Row[] {
  throw new Error('TODO: four rows');
}
