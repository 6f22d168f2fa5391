// Put the birth of a cache in order.
//
// The decision: first the alignment gets its final value, and is checked
// before any memory is taken. The geometry follows, because all that comes
// after it reads a field that it writes: the colour, the arena, the hash
// table, the magazines. Only a cache that is complete enters the ring. Last
// the magazines are switched on, on all CPUs at once, if KMEM has started.

export function order(): string[] {
  return [
    'E', 'I', // align, check
    'C', 'L', // structure, geometry
    'H', 'F', 'M', // colour, arena, hash table
    'J', 'G', // length of magazines, CPUs
    'A', 'K', // public
  ];
}
