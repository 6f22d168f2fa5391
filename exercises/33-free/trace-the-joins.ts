// Trace the joins.
// Kind: trace. Minutes: 25.
//
// A heap in ilp32, with fastbins as usual (chunks up to 72 bytes). Six
// blocks have been allocated; nothing was freed yet:
//
//   block      A         B           C           D           E           F
//   malloc     100       24          100         24          100         20
//   chunk      [0,104)   [104,136)   [136,240)   [240,272)   [272,376)   [376,400)
//
// Then come eight calls:
//
//   1  free(C)
//   2  free(B)
//   3  free(A)
//   4  free(D)
//   5  free(E)
//   6  malloc(24)
//   7  free(the block of call 6)
//   8  malloc(250)
//
// For each, write down how it leaves the lists:
//
//   fast      the offsets of the chunks in the fastbin of 32 bytes, the one
//             that will be used next in front
//   unsorted  the chunks of the unsorted list, each as [offset, size], from
//             the front (fd), where free puts them, to the end
//
// No other list ever holds a chunk after one of these calls.
//
// Return one row for each call, for instance (this is not row 1)
//
//   return [
//     { fast: [640, 608], unsorted: [[800, 104], [480, 128]] },
//     …
//   ];
//
// '?' in the place of `fast` stands for a row that is still open.

interface Row {
  fast: number[] | '?';
  unsorted: [offset: number, size: number][];
}

export function trace(): Row[] {
  throw new Error('TODO: eight rows');
}
