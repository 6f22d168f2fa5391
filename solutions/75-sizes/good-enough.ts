// Good enough.
//
// The decision: go through the multiples of the quantum from below, so that
// the first slab that passes is the smallest. What is left over is a
// remainder, and is compared without a fraction: eight times of it against
// the slab. With eight chunks it always passes, so the loop ends.

export function goodEnough(chunksize: number, quantum: number): number {
  let slab = quantum;
  while (slab < chunksize || (slab % chunksize) * 8 > slab) slab += quantum;
  return slab;
}
