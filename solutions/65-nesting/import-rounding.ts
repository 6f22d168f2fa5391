// Import rounding.
//
// The decision: first ask whether it fits, then how much comes. After 100
// bytes 3968 are left of the first page: too few for 4000, and enough for
// 3000, which vmem_xalloc finds on list 11 before it imports. Each span
// goes back when it is empty. 9000 is rounded to 8192s. 5 whole quanta are
// 2560 bytes, 3 * 2560 is 7680, the next power of 2 is 8192. And before a
// multiple of 16384 at most 12288 bytes lie in pages: 12388 are 4 pages.

type Answer = number | '?';

export function predict(): {
  small: Answer;
  large: Answer;
  between: Answer;
  kept: Answer;
  coarse: Answer;
  bulk: Answer;
  aligned: Answer;
} {
  return {
    small: 4096,
    large: 4096,
    between: 0,
    kept: 0,
    coarse: 16384,
    bulk: 8192,
    aligned: 16384,
  };
}
