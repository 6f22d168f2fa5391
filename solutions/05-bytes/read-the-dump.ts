// Read the dump.
//
// The decision: turn the four bytes round before anything else. 2c 01 00 00
// is 0x0000012c, which is 256 + 44. Without its lowest byte, 256 is left.
// Addresses are counted from the line's own: 0x2010 and eleven more.

type Answer = number | '?';

export function predict(): {
  at2000: Answer;
  at2004: Answer;
  half2024: Answer;
  points: Answer;
  letters: Answer;
  stray: Answer;
  spoilt: Answer;
} {
  return {
    at2000: 300,
    at2004: 16384,
    half2024: 256,
    points: 0x2010,
    letters: 5,
    stray: 0x201b,
    spoilt: 256,
  };
}
