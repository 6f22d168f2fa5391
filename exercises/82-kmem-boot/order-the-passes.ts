// Order the passes.
// Kind: order. Minutes: 20.
//
// Below are the stages of kmem_init, shuffled. Return their letters in an
// order in which each stage finds what it needs, for instance ['C', 'A'].
// Three stages are wrong and look like right ones; leave them out. One of
// the right ones is used twice, all others once.
//
//   A  make kmem_va with its quantum caches, and kmem_default, which imports
//      from it
//   B  destroy all caches, newest first
//   C  make the 34 caches of kmem_alloc on kmem_default
//   D  read /etc/system: memory of many sizes is allocated by kmem_alloc
//      and freed, and kmem_flags is set
//   E  destroy all caches, newest first, and kmem_metadata, kmem_msb,
//      kmem_cache and kmem_hash
//   F  make the 9 magazine caches and the 3 caches for records on kmem_msb
//   G  make the 9 magazine caches and the 3 caches for records on kmem_msb,
//      and switch on the magazines of each as soon as it is made
//   H  make the arenas kmem_metadata, kmem_msb, kmem_cache and kmem_hash
//   I  switch on the magazines of all caches, and set kmem_ready: from here
//      on a new cache has magazines at once
//   J  let kmem_default be another name of kmem_msb, and make the 34 caches
//      of kmem_alloc on it
//   K  give all caches that are there the flags that the file says
//
// The tests go through your stages until one cannot find what it needs, and
// a part earns its points as soon as it is reached. In the end all caches
// must be as the file says. Every order that works is right.

export function order(): string[] {
  throw new Error('TODO: the letters of the stages');
}
