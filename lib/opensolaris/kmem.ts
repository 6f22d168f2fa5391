// KMEM: flags, constants, and the functions that an owner hands over.
//
// Follows OpenSolaris sys/kmem.h and sys/kmem_impl.h, in the version of
// 2007. Idea: whoever makes a cache says once what its objects are, and how
// one is made and unmade; from then on he only asks for objects.
//
// Three sets of flags, which do not overlap: KM_ says how one allocation
// may fail, KMC_ what a cache is, KMF_ what it does to find errors. The
// KMF_ flags of a cache follow from kmem_flags, the administrator's choice,
// and from what the cache is (kmem_sizes.ts).
//
// Left out: KMC_PREFILL, KM_BESTFIT and all else of later versions.

// How an allocation may fail: bits of kmflag. They are vmem's.
export const KM_SLEEP = 0x0000; // may wait, so never fails
export const KM_NOSLEEP = 0x0001; // may fail
export const KM_PANIC = 0x0002; // with KM_NOSLEEP: must not fail
export const KM_PUSHPAGE = 0x0004; // may wait, in the way of no other
export const KM_VMFLAGS = 0x00ff; // what is handed on to vmem
export const KM_FLAGS = 0xffff;

// What a cache is: bits of cflags, for kmem_cache_create.
export const KMC_NOTOUCH = 0x00010000; // its objects are not memory to write
export const KMC_NODEBUG = 0x00020000; // whatever kmem_flags says
export const KMC_NOMAGAZINE = 0x00040000; // slab layer only
export const KMC_NOHASH = 0x00080000; // kmem_slab_t in the slab, always
export const KMC_QCACHE = 0x00100000; // a quantum cache of vmem's
export const KMC_KMEM_ALLOC = 0x00200000; // one of those behind kmem_alloc
export const KMC_IDENTIFIER = 0x00400000; // gives out ids

// What a cache does to find errors: bits of kmem_flags and cache_flags.
export const KMF_AUDIT = 0x00000001; // notes who had each buffer last
export const KMF_DEADBEEF = 0x00000002; // fills free buffers, and looks
export const KMF_REDZONE = 0x00000004; // a word behind each buffer
export const KMF_CONTENTS = 0x00000008; // keeps what freed buffers held
export const KMF_STICKY = 0x00000010; // /etc/system cannot change them
export const KMF_NOMAGAZINE = 0x00000020; // slab layer only
export const KMF_FIREWALL = 0x00000040; // buffers end where a page does
export const KMF_LITE = 0x00000100; // a little of it, for production
export const KMF_HASH = 0x00000200; // has a hash table; not a choice
export const KMF_RANDOMIZE = 0x00000400; // other flags for each cache

export const KMF_BUFTAG = KMF_DEADBEEF | KMF_REDZONE; // needs a buftag
export const KMF_TOUCH = KMF_BUFTAG | KMF_LITE | KMF_CONTENTS;
export const KMF_RANDOM = KMF_TOUCH | KMF_AUDIT | KMF_NOMAGAZINE;
export const KMF_DEBUG = KMF_RANDOM | KMF_FIREWALL;

export const KMEM_STACK_DEPTH = 15; // callers that an audit record keeps
export const KMEM_CACHE_NAMELEN = 31; // characters of cache_name
export const KMEM_ALIGN = 8; // what a word wants, and the least alignment
export const KMEM_ALIGN_SHIFT = 3; // log2 of it
export const KMEM_VOID_FRACTION = 8; // at most 1/8 of a slab is waste
export const KMEM_HASH_INITIAL = 64; // buckets of the first hash table
export const KMEM_MAXBUF = 32768; // the largest that kmem_alloc has a cache for

// What the structures take in C, in bytes. Ours have no size, but a small
// slab has room for its kmem_slab_t, and the others come from caches.
export const sizeofSlab = 56; // sizeof (kmem_slab_t)
export const sizeofBufctl = 24; // sizeof (kmem_bufctl_t)
export const sizeofBufctlAudit = 192; // sizeof (kmem_bufctl_audit_t)
export const sizeofBuftag = 24; // sizeof (kmem_buftag_t)
export const KMEM_CPU_CACHE_SIZE = 64; // a cache line, so that none is shared

/** sizeof (kmem_cache_t) on a machine of so many CPUs, by our count. */
export const KMEM_CACHE_SIZE = (ncpus: number): number =>
  512 + ncpus * KMEM_CPU_CACHE_SIZE;

/** KMF_LITE's tag: the tag, and room for the last n callers. */
export const KMEM_BUFTAG_LITE_SIZE = (n: number): number =>
  sizeofBuftag + n * 8;

/** Makes a buffer an object. @returns 0, or else: it could not */
export type Constructor = (
  buf: number,
  cache_private: unknown,
  kmflag: number,
) => number;

/** Makes an object a mere buffer again. */
export type Destructor = (buf: number, cache_private: unknown) => void;

/** Asks the cache's owner to free what he can do without. */
export type Reclaim = (cache_private: unknown) => void;
