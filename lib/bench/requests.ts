// What the workloads ask for, drawn before the clock starts.
//
// Idea: a random number costs as much as a good free, so none is drawn in
// the timed loop. The loop reads two arrays: which slot is next, and how
// much it takes if something is to be allocated into it.
import { xorshift32 } from './bench.js';

/** One request an entry. */
export interface Requests {
  slot: Int32Array;
  want: Int32Array; // means something where the request allocates
}

/**
 * A slot by chance, again and again: what is in it is freed; an empty one
 * is allocated into.
 * @param slots a number of slots, all empty at first
 * @param draw makes a size, or an order, of random numbers, if it needs any
 */
export function freeOrFill(
  seed: number,
  slots: number,
  operations: number,
  draw: (next: () => number) => number,
): Requests {
  const slot = new Int32Array(operations);
  const want = new Int32Array(operations);
  const held = new Uint8Array(slots);
  const next = xorshift32(seed);
  for (let i = 0; i < operations; i++) {
    const k = next() % slots;
    slot[i] = k;
    if (held[k] === 0) want[i] = draw(next);
    held[k] ^= 1;
  }
  return { slot, want };
}
