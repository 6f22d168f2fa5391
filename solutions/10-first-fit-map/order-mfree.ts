// Put mfree in order.
//
// The decision: search first, since every case speaks of bp. Then the lower
// neighbour: it grows, and only then can one ask whether it has reached the
// upper one. Its size is added before the slot is closed up, because
// afterwards another entry stands at bp. What is left is to join above, and
// last, for a piece that touches nothing, the new entry.

export function order(): number[] {
  return [
    5, // search
    11, 13, // join below
    7, 1, 4, 14, // and above, if the gap is closed
    12, 8, // join above
    2, 10, 14, // insert
  ];
}
