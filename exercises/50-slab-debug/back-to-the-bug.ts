// Back to the bug.
// Kind: predict. Minutes: 20.
//
// A kernel with CONFIG_DEBUG_SLAB has a cache `session` of 40 bytes an
// object; with its frame an object takes 52. The code at
//
//   c0210040  takes sessions      c0210100  frees them
//   c0210200  is a timer that frees those which are too old
//
// The kernel has said five things. Each is about another boot.
//
//   A  slab error in cache_free_debugcheck(): cache `session': double free,
//        or memory outside object was overwritten
//      c04063bc: redzone 1: 0x170fc2a5, redzone 2: 0x17006874.
//
//   B  slab error in cache_free_debugcheck(): cache `session': double free,
//        or memory outside object was overwritten
//      c04063bc: redzone 1: 0x5a2cf071, redzone 2: 0x5a2cf071.
//
//   C  Slab corruption: start=c040638c, len=40
//      Redzone: 0x5a2cf071/0x5a2cf071.
//      Last user: [<c0210200>]
//      010: 6b 6b 6b 6b 6c 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b
//      Prev obj: start=c0406358, len=40
//      Redzone: 0x170fc2a5/0x170fc2a5.
//      Last user: [<c0210040>]   (... two lines of 5a)
//      Next obj: start=c04063c0, len=40
//      Redzone: 0x170fc2a5/0x170fc2a5.
//      Last user: [<c0210040>]   (... two lines of 5a)
//
//   D  slab error in cache_free_debugcheck(): cache `session': double free,
//        or memory outside object was overwritten
//      c04063bc: redzone 1: 0x0, redzone 2: 0x170fc2a5.
//      (The owner of this object has not written into it at all.)
//
//   E  mismatch in kmem_cache_free: expected cache c0402ea0, got c0402de0
//      c0402de0 is packet.
//      c0402ea0 is session.
//
// Questions. "What" is one of 'double free', 'overrun', 'underrun',
// 'use after free', 'wrong cache'.
//
//   aWhat     what happened in A
//   aBytes    how many bytes outside were written
//   bWhat     what happened in B
//   cWhat     what happened in C
//   cByte     which byte of the object was written; the first is 0
//   cFreed    the address of the code that had freed it: 'c0210040', say
//   dWhat     what happened in D
//   dCulprit  the address, as its owner sees it, of the object whose owner
//             wrote too far: 'c04063c0', say
//   dBytes    how many bytes behind that object were written, at least
//   eOwner    the cache that the object in E belongs to: 'packet', say
//
// Return { aWhat: 'underrun', aBytes: '?', ... }; '?' is no answer yet.

type Count = number | '?';

/** Ten answers. */
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
  throw new Error('TODO: ten answers');
}
