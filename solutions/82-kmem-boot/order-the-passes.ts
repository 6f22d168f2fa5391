// Order the passes.
//
// The decision: arenas need no cache, so they are first, and both passes
// use them. Records and magazines come before what needs them. The file is
// read when kmem_alloc works in the plainest way: no quantum caches, no
// magazines. A chunk never changes its size, so all caches go and are made
// again, this time with kmem_va. Magazines of 7 and of 15 rounds come from
// each other's caches, so none is switched on before both are there.

export function order(): string[] {
  return [
    'H', // arenas
    'F', 'J', // pass 1
    'D', // read
    'B', // destroy
    'F', 'A', 'C', // pass 2
    'I', // switch on
  ];
}
