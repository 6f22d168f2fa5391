// Choose the freelist.
// Kind: predict. Minutes: 20.
//
// An arena with quantum 1 has five free segments, and no source:
//
//   list 4    30 units, then 20 units (the 30 were freed later)
//   list 7    200 units
//   list 8    500 units
//   list 10   1500 units
//
// All other lists are empty. In the arena list, the order is 20, 30, 200,
// 500, 1500, with an allocated segment behind each; the rotor stands just
// before the 500. Each request below finds the arena like this. All are
// made with VM_NOSLEEP and, if one is named, another flag.
//
//   power     vmem_alloc of 16
//   within    vmem_alloc of 17
//   best      vmem_alloc of 17, VM_BESTFIT
//   next      vmem_alloc of 17, VM_NEXTFIT
//   large     vmem_alloc of 400
//   fallback  vmem_alloc of 1200
//   refused   vmem_alloc of 1501
//
// On which list is the segment that it is cut from? The number of the list,
// or null if the request gets null. And one more:
//
//   rest      on which list is the rest of the segment, after vmem_alloc of
//             400? (The list's number, or null if nothing is left.)
//
// Return { power: 0, within: null, best: '?', ... }; '?' is no answer yet.

type Answer = number | null | '?';

/** Eight numbers of lists. */
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
  throw new Error('TODO: eight numbers of lists');
}
