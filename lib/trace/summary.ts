// What a workload asks for, before any allocator has seen it.
//
// Idea: how hard a program is on memory shows in four things: how much is
// alive at most, in how many pieces, of which sizes, and for how long. All
// of them are known from the requests alone, so they are the same for every
// allocator, and one reading of the stream finds them.
//
// 1. A size counts when it is asked for: once for an alloc, once more for
//    each realloc.
// 2. A lifetime is counted in operations: a piece that is freed by the next
//    operation has lived for 1. To be resized does not end it.
// 3. Payload is what was asked for, without an allocator's rounding. A
//    realloc changes it by the new size less the old one, as in mdriver.
//
// Left out: time. Papers also measure lifetimes in bytes allocated, which
// compares better between programs; operations can be read off a picture.
import type { Request } from './requests.js';

/** How many there are of [from, 2 × from); without those of which none is. */
export interface Octave {
  from: number; // a power of two
  count: number;
}

/** A workload's demands. Names are those of recorded results. */
export interface Summary {
  operations: number;
  allocs: number;
  reallocs: number;
  frees: number;
  ids: number;
  peak_payload: number; // units asked for and not given back, at most
  peak_blocks: number; // pieces alive at most
  sizes: Octave[]; // in units
  lifetimes: Octave[]; // in operations, of the pieces that were freed
  never_freed: number;
}

/** A histogram by powers of two. */
class Octaves {
  private readonly counts: number[] = [];

  add(value: number): void {
    let k = 0;
    for (let end = 2; value >= end; end *= 2) k++;
    this.counts[k] = (this.counts[k] ?? 0) + 1;
  }

  list(): Octave[] {
    // flatMap passes over what was never set.
    return this.counts.flatMap((count, k) => ({ from: 2 ** k, count }));
  }
}

/** Reads a workload to its end and says what it asks for. */
export function summary(requests: Iterable<Request>): Summary {
  const alive = new Map<number, { size: number; since: number }>();
  const ops = { alloc: 0, realloc: 0, free: 0 };
  const sizes = new Octaves();
  const lifetimes = new Octaves();
  let operations = 0;
  let payload = 0;
  let peakPayload = 0;
  let peakBlocks = 0;
  for (const { op, id, size } of requests) {
    const now = operations++;
    ops[op]++;
    const old = alive.get(id);
    payload += (op === 'free' ? 0 : size) - (old?.size ?? 0);
    if (op === 'free') {
      lifetimes.add(now - (old?.since ?? now));
      alive.delete(id);
    } else {
      sizes.add(size);
      alive.set(id, { size, since: old?.since ?? now });
    }
    peakPayload = Math.max(peakPayload, payload);
    peakBlocks = Math.max(peakBlocks, alive.size);
  }
  return {
    operations,
    allocs: ops.alloc,
    reallocs: ops.realloc,
    frees: ops.free,
    ids: ops.alloc,
    peak_payload: peakPayload,
    peak_blocks: peakBlocks,
    sizes: sizes.list(),
    lifetimes: lifetimes.list(),
    never_freed: alive.size,
  };
}
