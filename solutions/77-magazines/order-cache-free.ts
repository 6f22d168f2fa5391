// Put kmem_cache_free in order.
//
// The decision: from near to far. The loaded magazine is asked first, then
// the previous one, and only then the depot; a new magazine is made last,
// and goes through the depot. Between them stands the question whether
// magazines are on. The previous magazine leaves before the new one is
// loaded, because loading moves it out of sight. Behind the loop, with no
// lock held, the object is unmade first and given to its slab then.

export function order(): string[] {
  return [
    'F', // enter
    'J', // push
    'E', // exchange
    'C', // off
    'D', 'L', 'G', // depot
    'N', // make one
    'M', // leave
    'I', 'B', // unmake, slab
  ];
}
