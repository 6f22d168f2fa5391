// Find the overrun.
// Kind: bug. Minutes: 40.
//
// A C program has died in free(). Its heap was saved. Before that it had
// allocated four blocks, with nothing freed in between, and had copied a
// text into each with strcpy, which also writes the 0 byte that ends a
// text:
//
//   a = malloc(40);   b = malloc(24);   c = malloc(60);   d = malloc(20);
//
// The words of the heap, ilp32: offset, the bytes, the number, the letters.
// Lines of zeros are left out.
//
//      0  00 00 00 00  0x0
//      4  31 00 00 00  0x31        1...
//      8  6e 6f 74 65  0x65746f6e  note
//     12  73 20 6f 66  0x666f2073  s of
//     16  20 74 68 65  0x65687420   the
//     20  20 6c 65 63  0x63656c20   lec
//     24  74 75 72 65  0x65727574  ture
//     ..
//     52  21 00 00 00  0x21        !...
//     56  2f 75 73 72  0x7273752f  /usr
//     60  2f 73 68 61  0x6168732f  /sha
//     64  72 65 2f 64  0x642f6572  re/d
//     68  6f 63 2f 66  0x662f636f  oc/f
//     72  72 65 65 6c  0x6c656572  reel
//     76  69 73 74 2f  0x2f747369  ist/
//     80  52 45 41 44  0x44414552  READ
//     84  4d 45 00 00  0x454d      ME..
//     88  74 77 6f 20  0x206f7774  two
//     92  6c 69 73 74  0x7473696c  list
//     96  73 20 66 6f  0x6f662073  s fo
//    100  72 20 65 76  0x76652072  r ev
//    104  65 72 79 20  0x20797265  ery
//    108  73 65 67 6d  0x6d676573  segm
//    112  65 6e 74 00  0x746e65    ent.
//     ..
//    148  19 00 00 00  0x19        ....
//    152  65 6e 64 00  0x646e65    end.
//     ..
//    172  59 0f 00 00  0xf59       Y...   (top)
//
// 1. Read it back. Return from `wreck`
//
//   tag     the offset of the size word that cannot be right
//   was     the number that it was before
//   block   the offset of the block that was written beyond its end
//   beyond  how many bytes too many were written: into words that are not
//           the block's to use
//
// 2. Write the tool: `culprit` is given the words of a heap (words[i] is the
// word at offset 4 * i; chunks begin at offset 0, and top ends with the last
// word) and a log of the blocks that are in use, in any order: each with the
// offset of the block and the bytes that were asked for. It returns the
// block of the log that was written beyond its end, or 0 if all tags behind
// such blocks are right. If there are several, it returns the lowest.
//
// This heap has no fastbins, so what lies between two chunks of the log is
// one free chunk. So you know what each tag behind a block in use must be.

interface Block {
  mem: number; // offset of the block
  size: number; // bytes asked for
}

interface Wreck {
  tag: number | '?';
  was: number | '?';
  block: number | '?';
  beyond: number | '?';
}

export function wreck(): Wreck {
  throw new Error('TODO: four numbers');
}

export function culprit(words: number[], log: Block[]): number {
  throw new Error(`TODO: ${words.length} words, ${log.length} blocks`);
}
