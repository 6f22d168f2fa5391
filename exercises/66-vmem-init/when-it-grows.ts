// When the table grows.
// Kind: predict. Minutes: 15.
//
// vmem_update has been called at boot, and comes back every 15 seconds. An
// arena of ids has just been created. Then, one after the other:
//
//   1. 41 ids are allocated, and 15 seconds pass.
//   2. One more is allocated, and 15 seconds pass.
//   3. 300 more are allocated.
//   4. 15 seconds pass.
//   5. All but 100 are freed, and 15 seconds pass.
//
// How many buckets has its hash table after each of the five?
//
// Return { first: 0, second: '?', ... }; '?' is no answer yet.

type Answer = number | '?';

/** Five moments. */
export function predict(): {
  first: Answer;
  second: Answer;
  third: Answer;
  fourth: Answer;
  fifth: Answer;
} {
  throw new Error('TODO: five numbers of buckets');
}
