// Boot in order.
// Kind: order. Minutes: 20.
//
// Below are the stages of kmem_cache_init, shuffled. Return their letters
// in an order in which each stage finds what it needs, for instance
// ['C', 'A']. Three stages are wrong and look like right ones; leave them
// out. No stage is used twice.
//
//   A  make size-64 to size-256: for each its descriptor, and an array of
//      one entry by kmalloc
//   B  replace all arrays by arrays of full size, by kmalloc; the old ones
//      are freed by kfree
//   C  make size-32: its descriptor, and an array of one entry that is a
//      static
//   D  make size-32: its descriptor, and an array of one entry by kmalloc
//   E  set g_cpucache_up to 'FULL': from here on kmem_cache_create gives a
//      new cache arrays of full size, by kmalloc
//   F  copy the array of size-32 into one of kmalloc, and use that
//   G  fill in cache_cache, a static, and give it a static array
//   H  make kmem_cache by kmem_cache_create, as every other cache
//   I  make size-512 to size-131072: for each its descriptor, an array of
//      one entry by kmalloc, and a cache for the descriptors of its slabs
//   J  make size-64 to size-256: for each its descriptor, and an array of
//      full size by kmalloc
//   K  copy the array of cache_cache into one of kmalloc, and use that
//
// Every size has two caches, as in the notebook; both are made together.
// The tests go through your stages until one cannot find what it needs, and
// a part earns its points as soon as it is reached. Every order that works
// is right; there are several.

export function order(): string[] {
  throw new Error('TODO: the letters of the stages');
}
