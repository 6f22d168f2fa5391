// The colours of a cache.
// Kind: predict. Minutes: 25.
//
// Four caches on an arena with quantum 4096, without debugging and without
// magazines. No slab is there yet.
//
//   A  200 bytes an object, align 16. 120 objects are taken, none is freed.
//   B  192 bytes an object, align 64. 60 objects are taken, none is freed.
//   C  1200 bytes an object, align 8. 400 objects are taken, none is freed.
//   D  as A, but one object is taken and freed, three times; then one is
//      taken.
//
// A slab's colour is the number of bytes from its start to its chunk 0.
//
//   secondOfA   the colour of the second slab that A has made
//   sixthOfA    the colour of its sixth
//   chunksOfA   how many chunks are in the fifth slab of A?
//   objectOfA   how far from the start of its slab begins the object that
//               was taken first from A? In bytes.
//   thirdOfB    the colour of the third slab of B
//   zeroOfC     which slab of C is the first with colour 0? 1 is the first
//               slab that was made.
//   slabsOfD    how many slabs has D made?
//   colourOfD   the colour of the slab that is there at the end
//
// Return { secondOfA: 0, sixthOfA: '?', ... }; '?' is no answer yet.

type Answer = number | '?';

/** Eight numbers. */
export function predict(): {
  secondOfA: Answer;
  sixthOfA: Answer;
  chunksOfA: Answer;
  objectOfA: Answer;
  thirdOfB: Answer;
  zeroOfC: Answer;
  slabsOfD: Answer;
  colourOfD: Answer;
} {
  throw new Error('TODO: eight numbers');
}
