// When the table grows.
//
// The decision: compute the wanted size, then ask whether the old one is
// off by more than a factor of 2. 41 segments want 32, which 16 may stay
// for; 42 want 64. Allocations alone change nothing. 342 segments want 512,
// and get it in one step; 100 want 128, which is less than half of it.

type Answer = number | '?';

export function predict(): {
  first: Answer;
  second: Answer;
  third: Answer;
  fourth: Answer;
  fifth: Answer;
} {
  return { first: 16, second: 64, third: 64, fourth: 512, fifth: 128 };
}
