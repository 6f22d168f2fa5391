// Read the dump.
// Kind: predict. Minutes: 15.
//
// A machine like those of the notebook: little-endian, words of 4 bytes.
// Part of its memory, as hexDump shows it:
//
//   0x2000  2c 01 00 00 00 40 00 00 73 77 61 70 00 6b 6b 6b  ,....@..swap.kkk
//   0x2010  6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 00 6b 6b 6b 6b  kkkkkkkkkkk.kkkk
//   0x2020  ff ff ff ff 00 01 00 00 10 20 00 00 ef be ad de  ......... ......
//
// A word at an address is made of the byte there and the three behind it.
// From 0x200d to 0x201f the memory is free, and was filled with 0x6b.
//
//   at2000    the word at 0x2000, as a decimal number
//   at2004    the word at 0x2004, as a decimal number
//   half2024  the number of 16 bits (two bytes) at 0x2024
//   points    the address that the word at 0x2028 is
//   letters   how many bytes the string at 0x2008 takes, its 0 included
//   stray     the address of the byte that somebody wrote to free memory
//   spoilt    the word at 0x2000 after a byte 0 was written to 0x2000
//
// Replace the line that throws by
//
//   return { at2000: '?', at2004: '?', half2024: '?', points: '?',
//     letters: '?', stray: '?', spoilt: '?' };
//
// with your numbers; 0x2000 is a number, too. '?' stands for no answer yet.

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
  throw new Error('TODO: seven values');
}
