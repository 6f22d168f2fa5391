// Trace the pool.
//
// The decision: three questions for each take. Does the allocator work? Has
// the mask __GFP_FS, and is half of the pool gone (one of three or fewer)?
// Is anything in the pool? Only row 4 asks twice. In row 9 element 2 comes
// to the pool and A, which is woken, starts over: it asks the allocator, in
// vain, and takes 2. The last step fills the pool, and 2 is one too many.

interface Row {
  returned: number | 'sleeps' | '-' | '?';
  pool: number[];
  asked: number;
}

export function trace(): Row[] {
  return [
    { returned: 4, pool: [1, 2, 3], asked: 1 },
    { returned: 3, pool: [1, 2], asked: 1 },
    { returned: 2, pool: [1], asked: 1 },
    { returned: 1, pool: [], asked: 2 },
    { returned: 0, pool: [], asked: 1 },
    { returned: '-', pool: [4], asked: 0 },
    { returned: 4, pool: [], asked: 1 },
    { returned: 'sleeps', pool: [], asked: 1 },
    { returned: 2, pool: [], asked: 1 },
    { returned: 5, pool: [], asked: 1 },
    { returned: '-', pool: [1], asked: 0 },
    { returned: '-', pool: [1, 5, 3], asked: 0 },
  ];
}
