// Read the bytes.
//
// The decision: walk by sizes alone and believe no other word. 16 bytes lead
// from 0 to 16, 56 from there to 72: what lies between, the old tag 0x20 at
// 44 too, is inside a free chunk. A kind is read one chunk further on. Of
// the two free chunks, the one at 88 has the head as its bk: it is in front.

interface Row {
  at: number;
  size: number;
  kind: 'used' | 'free' | 'top';
  before: number | null;
}

export function trace(): Row[] {
  return [
    { at: 0, size: 16, kind: 'used', before: null },
    { at: 16, size: 56, kind: 'free', before: null },
    { at: 72, size: 16, kind: 'used', before: 56 },
    { at: 88, size: 24, kind: 'free', before: null },
    { at: 112, size: 16, kind: 'used', before: 24 },
    { at: 128, size: 3968, kind: 'top', before: null },
  ];
}

export function free(): number[] {
  return [88, 16];
}
