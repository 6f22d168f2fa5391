// The colours of a cache.
//
// The decision: chunk first, then slab, then what is left over. A and D have
// chunks of 208: 4040 mod 208 is 88, so the colours are 16, 32, 48, 64, 80
// and 0, with 19 chunks in each slab. The first object is the last chunk,
// 16 + 18 * 208. B: 4040 mod 192 is 8, less than 64. C: 12288 bytes hold ten
// chunks, 288 are left, and the colours 8 to 288 are 36. D makes four slabs,
// and each advances the colour.

type Answer = number | '?';

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
  return {
    secondOfA: 32,
    sixthOfA: 0,
    chunksOfA: 19,
    objectOfA: 3760,
    thirdOfB: 0,
    zeroOfC: 37,
    slabsOfD: 4,
    colourOfD: 64,
  };
}
