// Where the bytes come from.
//
// The decision: find the class first, and only then ask what lies in this
// class's magazine. 113 is one more than 112, so b belongs to another cache
// and leaves nothing for c. 97 to 112 have one cache: a's buffer serves c,
// and goes back as 112 without harm. Size 0 and 40,000 never see a cache.

interface Row {
  from: 'magazine' | 'slab' | 'arena' | 'none' | '?';
  room: number | '?';
}

export function trace(): Row[] {
  return [
    { from: 'slab', room: 112 }, // a
    { from: 'slab', room: 128 }, // b
    { from: 'magazine', room: 112 }, // c: the buffer of a
    { from: 'slab', room: 96 }, // d
    { from: 'slab', room: 1152 }, // e
    { from: 'none', room: 0 }, // f
    { from: 'arena', room: 40960 }, // g
    { from: 'magazine', room: 112 }, // h: the buffer of c
  ];
}
