// Which object comes next.
// Kind: predict. Minutes: 25.
//
// Objects are numbered from 0 in their slab, and slabs from 0 in the order
// in which they were made. Each group begins with a new cache.
//
// A cache of 200 bytes an object: 20 a slab, room in the array for 120, a
// batch of 60. Objects are taken one after the other, and none is freed.
// Which number in its slab has
//
//   first         the first object?
//   seventeenth   the 17th?
//   twentyFirst   the 21st?
//
// The same cache, new. Five objects are taken; then the first of them is
// freed, then the fourth.
//
//   afterTwoFrees  Which number has the *second* object that is taken now?
//
// A cache of 500 bytes an object: 8 a slab, room for 4, a batch of 2. All
// eight objects of one slab are taken. Then 0, 1, 2, 3 and 4 are freed, in
// this order.
//
//   chainFirst  Which object is the first of the slab's chain?
//   fourthTake  Which object does the fourth take from now return?
//
// A cache of 2,000 bytes an object: 2 a slab, room for 2, a batch of 1.
// Eight objects are in use, those of the slabs 0 to 3, and the array is
// empty. One object is freed of each slab, in the order slab 2, 0, 1, 3.
//
//   slabOfThird  From which slab is the third object that is taken now?
//
// Two CPUs, 100 bytes an object, room for 120, a batch of 60. CPU 0 holds
// 200 objects, and its array is empty. It frees 121 of them, one by one.
// Then CPU 1, which has never used the cache, takes one.
//
//   sharedFirst  Which of the 121 does it get? (1 is the one freed first.)
//
// Return { first: 7, seventeenth: '?', ... }; '?' is no answer yet.

type Answer = number | '?';

/** Eight numbers. */
export function predict(): {
  first: Answer;
  seventeenth: Answer;
  twentyFirst: Answer;
  afterTwoFrees: Answer;
  chainFirst: Answer;
  fourthTake: Answer;
  slabOfThird: Answer;
  sharedFirst: Answer;
} {
  throw new Error('TODO: eight numbers');
}
