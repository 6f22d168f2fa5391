// Grow in order.
// Kind: order. Minutes: 20.
//
// Below are the lines of a cache_grow, shuffled. Return their numbers in an
// order in which they make a working function, the first number first. It
// may be called with or without __GFP_NO_GROW, and pages or descriptor may
// not be there to be had. Lines 5 and 10 may be used more than once. Some
// lines are wrong, each beside the right one; leave them out.
//
//    1  if (slabp === null) return false;
//    2  if (slabp === null) { kmem_freepages(cachep, objp); return false; }
//    3  set_slab_attr(cachep, slabp, objp);       // cache and slab, in pages
//    4  const objp = kmem_getpages(cachep, flags);               // may sleep
//    5  spin_lock(cachep.spinlock);
//    6  list_add_tail(slabp, cachep.lists.slabs_free);
//    7  list_add_tail(slabp, cachep.lists.slabs_full);
//    8  cache_init_objs(cachep, slabp);    // constructors, which may sleep
//    9  const offset = nextColour(cachep);
//   10  spin_unlock(cachep.spinlock);
//   11  if ((flags & __GFP_NO_GROW) !== 0) return false;
//   12  if (objp === 0) return false;
//   13  const slabp = alloc_slabmgmt(cachep, objp, offset);      // may sleep
//   14  cachep.lists.free_objects += cachep.num;
//   15  return true;
//
// Where two lines could change places without harm, either order counts.
// A part earns its points as soon as it works.

export function order(): number[] {
  throw new Error('TODO: the numbers of the lines');
}
