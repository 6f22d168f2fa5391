// Which number is next.
// Kind: trace. Minutes: 20.
//
// An arena of ids holds 1 to 8, with quantum 1. Six are opened, and they
// are 1, 2, 3, 4, 5 and 6. Then come these calls, from top to bottom:
//
//   call        instant fit    next fit
//   close 2
//   close 4
//   close 5
//   open        i1             n1
//   open        i2             n2
//   close 1
//   open        i3             n3
//   open        i4             n4
//
// Which id does each open return? Each column has an arena of its own. For
// instant fit every open is vmem_alloc(ids, 1, VM_NOSLEEP), for next fit
// vmem_alloc(ids, 1, VM_NOSLEEP | VM_NEXTFIT), the first six too. Write down
// what is free after each call. For instant fit do so by lists: list 0 for
// single ids, list 1 for two or three in a row. For next fit do so by
// number, with a mark behind the last id that was given out.
//
// Return { i1: 0, i2: '?', ... }; '?' is no answer yet.

type Answer = number | '?';

/** Eight ids. */
export function predict(): {
  i1: Answer;
  i2: Answer;
  i3: Answer;
  i4: Answer;
  n1: Answer;
  n2: Answer;
  n3: Answer;
  n4: Answer;
} {
  throw new Error('TODO: eight ids');
}
