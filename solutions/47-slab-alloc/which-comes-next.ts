// Which object comes next.
//
// The decision: write down the array, its top at the right, and the chain.
// New: 0 to 15 come, so 15 is on top; then the other four of the slab, so
// 19; then a slab of its own, again up to 19. Freed: the last one on top,
// the one before it next. Flushed: 0 and 1 are the oldest, 1 lands on the
// chain last; after 4, 3 and 2 a batch brings 1 and 0, with 0 on top. Slabs
// queue: slab 2's object was flushed first, and the array holds those of 1
// and 3. Shared: the oldest 60, and the top of a run of 16 is the 60th.

type Answer = number | '?';

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
  return {
    first: 15,
    seventeenth: 19,
    twentyFirst: 19,
    afterTwoFrees: 15,
    chainFirst: 1,
    fourthTake: 0,
    slabOfThird: 2,
    sharedFirst: 60,
  };
}
