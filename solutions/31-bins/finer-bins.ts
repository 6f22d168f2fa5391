// Finer bins.
//
// The decision: leave the form as it is and count one bit more. With m
// doublings above 256 the highest bit is bit m + 8, so a shift by m + 5
// leaves it and three bits behind it. The way back begins with these four
// bits, 8 + part, and shifts them up again.

/** The bin of a chunk of sz bytes. */
export function bin_index(sz: number): number {
  if (sz < 256) return sz >> 3;
  if (sz >= 2 ** 24) return 160;
  const m = 31 - Math.clz32(sz) - 8;
  return 32 + 8 * m + ((sz >> (m + 5)) & 7);
}

/** The least size in bin i. */
export function smallest(i: number): number {
  if (i < 32) return 8 * i;
  const m = (i - 32) >> 3;
  return (8 + ((i - 32) & 7)) << (m + 5);
}
