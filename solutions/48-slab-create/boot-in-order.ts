// Boot in order.
//
// The decision: write beside each stage what it takes from which cache.
// Descriptors come from cache_cache, which is made of nothing. Arrays of
// one entry come from size-32, so its own is a static. size-512 and up keep
// descriptors in size-32 and size-64, so they are last. Statics are copied
// before the old arrays are freed, because kfree cannot take a static. And
// FULL comes after all that it promises.

export function order(): string[] {
  return [
    'G', // descriptors
    'C', // first size
    'A', 'I', // other sizes
    'K', 'F', // move
    'B', // full size
    'E', // open
  ];
}
