// Read the bytes.
// Kind: trace. Minutes: 25.
//
// The beginning of a heap, word by word; words have 4 bytes, and fastbins
// are off. Offsets are decimal and count from heapStart, 0x10000000.
//
//    offset   word          offset   word          offset   word
//         0   0x0               48   0x20              96   0x10000010
//         4   0x11              52   0x20             100   0x0ffff034
//         8   0x11              56   0x20             104   0x29
//        12   0x11              60   0x20             108   0x29
//        16   0x11              64   0x20             112   0x18
//        20   0x39              68   0x20             116   0x10
//        24   0x0ffff034        72   0x38             120   0x21
//        28   0x10000058        76   0x10             124   0x21
//        32   0x18              80   0x18             128   0x21
//        36   0x18              84   0x18             132   0xf81
//        40   0x18              88   0x0
//        44   0x20              92   0x19
//
// The program has filled its blocks with words that look like tags, and
// what it has freed is not erased. The heap has 4096 bytes; its last chunk
// is top. The first chunk begins at 0.
//
// trace() returns a row for each chunk, in order of address, for instance
// (this is no chunk of this heap)
//
//   return [
//     { at: 1000, size: 48, kind: 'free', before: null },
//     …
//   ];
//
// at: the offset of the chunk, not of its tag, nor of its block.
// size: its length in bytes, without flags.
// kind: 'used', 'free' or 'top'.
// before: what its word prev_size says, where that is a length; null where
//   the word means nothing, or is somebody's payload.
//
// free() returns the offsets of the free chunks in the order of their list,
// front first. The list's head is at 0x0ffff034.

interface Row {
  at: number;
  size: number;
  kind: 'used' | 'free' | 'top';
  before: number | null;
}

export function trace(): Row[] {
  throw new Error('TODO: a row for each chunk');
}

export function free(): number[] {
  throw new Error('TODO: the offsets of the free chunks, as listed');
}
