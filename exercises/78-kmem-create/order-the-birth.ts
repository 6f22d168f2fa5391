// Put the birth of a cache in order.
// Kind: order. Minutes: 20.
//
// Below are the steps of kmem_cache_create(name, bufsize, align), for a
// cache on kmem_default without constructor, shuffled. Return their letters
// in the order in which they make a working function, the first letter
// first, for instance ['C', 'A']. cflags is 0 before the first step, and cp
// has no value yet. Three steps are wrong and look like right ones; leave
// them out. No step is used twice.
//
//   A  enlist(cp); // from now on the reaper of another CPU can see it
//   B  cp.cache_magtype = kmem_magtype.find(
//        (mtp) => bufsize > mtp.mt_minbuf);
//   C  cp = newCache(name, bufsize); // takes memory from kmem_cache
//   D  for (const ccp of cp.cache_cpu)
//        ccp.cc_magsize = cp.cache_magtype.mt_magsize;
//   E  if (align === 0) align = 8;
//      if (align < 8) cflags |= KMC_NOTOUCH;
//      // cp.cache_align and cp.cache_cflags get these with step L
//   F  cp.cache_arena = (cp.cache_flags & KMF_FIREWALL) !== 0
//        ? kmem_firewall_arena : kmem_default_arena;
//   G  for (let i = 0; i < max_ncpus; i++)
//        cp.cache_cpu.push(new kmem_cpu_cache_t(…, cp.cache_flags));
//   H  cp.cache_color = cp.cache_mincolor;
//   I  if (align is no power of 2, or more than the quantum)
//        panic('kmem_cache_create: bad alignment');
//   J  cp.cache_magtype = kmem_magtype.find(
//        (mtp) => cp.cache_chunksize > mtp.mt_minbuf);
//   K  if (kmem_ready) kmem_cache_magazine_enable(cp);
//   L  Object.assign(cp, geometry(bufsize, align, cflags));
//      // cache_flags, cache_chunksize, cache_slabsize, cache_mincolor, …
//   M  if ((cp.cache_flags & KMF_HASH) !== 0) createHash(cp);
//      // cache_hash_shift follows from cache_chunksize
//   N  cp.cache_color = 0;
//
// The tests run your steps on one machine, and kmem_cache_create on another
// one like it. Every order that works is right; there are several.

export function order(): string[] {
  throw new Error('TODO: the letters of the steps');
}
