// Read it back.
//
// The decision: the offset in a message is that of a word of 8 bytes, so
// look inside the word. Its highest byte lies at the highest address. A word
// is printed without leading zeros: 1000deadbeef has its upper half, 1000,
// at offset 4. The size in a tag is (number - 1) / 251. What stands behind
// "previous transaction" is the one before the one that stopped.

interface Answers {
  a: number | '?';
  b: number | '?';
  bAt: number | '?';
  c: number | '?';
  d: number | '?';
  e: number | '?';
  f: string;
}

export function predict(): Answers {
  return {
    a: 8 + 7, // 2d is the highest byte of the word at 8
    b: 0x1000,
    bAt: 16 + 4, // the upper half of the word at 16
    c: 60,
    d: (0x3107 - 1) / 251,
    e: 40 + 16 + 1, // redzone and bufctl are 16 bytes; then the second byte
    f: 'tcp_close',
  };
}
