// Class and waste.
//
// The decision: write the row down first, then never compute. With lines of
// 32 bytes 96 and 192 stand in it, with lines of 64 only 192. The worst
// request of a class is one byte more than the class below. kcalloc refuses
// a product above the largest int, even if 32 bits of it would look harmless.

type Answer = number | '?';

export function predict(): {
  given: Answer;
  unused: Answer;
  longLines: Answer;
  nothing: Answer;
  worst: Answer;
  array: Answer;
  product: Answer;
  large: Answer;
  thousand: Answer;
} {
  return {
    given: 96,
    unused: 26,
    longLines: 128,
    nothing: 32,
    worst: 513,
    array: 16384,
    product: 0,
    large: 0,
    thousand: 56000,
  };
}
