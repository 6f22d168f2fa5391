// Back to the bug.
//
// The decision: first the state, which the whole words tell, then the bytes.
// A: 74 68 00 17 in memory, and a5 c2 0f 17 before: three bytes, a text with
// its end. B: both inactive. C: line 010 begins with byte 16, and the fifth
// of it is byte 20; the last user of a free object freed it. D: the frame at
// c04063bc was hit from below, where the next frame is 52 bytes lower and
// its object 4 higher. Two words of that frame lie between, and all four
// bytes of the third are gone: 12. E: expected is what the page says.

type Count = number | '?';

export function predict(): {
  aWhat: string;
  aBytes: Count;
  bWhat: string;
  cWhat: string;
  cByte: Count;
  cFreed: string;
  dWhat: string;
  dCulprit: string;
  dBytes: Count;
  eOwner: string;
} {
  return {
    aWhat: 'overrun',
    aBytes: 3,
    bWhat: 'double free',
    cWhat: 'use after free',
    cByte: 20,
    cFreed: 'c0210200',
    dWhat: 'overrun',
    dCulprit: 'c040638c',
    dBytes: 12,
    eOwner: 'session',
  };
}
