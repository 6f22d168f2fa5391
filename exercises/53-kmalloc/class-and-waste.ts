// Class and waste.
// Kind: predict. Minutes: 15.
//
// The machine is an i386 with cache lines of 32 bytes, unless a question says
// otherwise; 60 MB are free. Nine questions:
//
//   given      how many bytes has the object of kmalloc(70)?
//   unused     how many of them does nobody use?
//   longLines  and kmalloc(70) on a machine with cache lines of 64 bytes: how
//              many bytes has the object?
//   nothing    how many bytes has the object of kmalloc(0)?
//   worst      which request, of those that get 1,024 bytes, wastes most?
//   array      kcalloc(300, 44): how many bytes are given?
//   product    kcalloc(65536, 65537): how many bytes are given? (0 for NULL)
//   large      kmalloc(150000): how many bytes are given? (0 for NULL)
//   thousand   1,000 structures of 136 bytes each are allocated by kmalloc:
//              how many bytes does nobody use, in all these objects together?
//
// Return { given: 1000, unused: '?', ... }; '?' is no answer yet.

type Answer = number | '?';

/** Nine numbers of bytes. */
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
  throw new Error('TODO: nine numbers of bytes');
}
