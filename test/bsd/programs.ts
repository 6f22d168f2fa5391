// Random clients for a map, and the obvious map to compare it with.
//
// A program is a list of steps that any first-fit map can run. A client
// gives back only what it took, whole or a part of it. The obvious map is
// one flag a unit: too slow for a kernel, too simple to be wrong.
import * as fc from 'fast-check';
export { panicOf } from '../caught.js';

export interface Allocator {
  malloc(size: number): number;
  mfree(size: number, addr: number): void;
}

/** A piece in the client's hands: [addr, addr + size). */
export interface Piece {
  size: number;
  addr: number;
}

export type Step =
  | { op: 'malloc'; size: number }
  | { op: 'mfree'; which: number; part: [number, number] | null };

/** Programs of up to `steps` steps that ask for 1 to `most` units. */
export const programs = (most = 20, steps = 80): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      fc.record({
        op: fc.constant('malloc' as const),
        size: fc.integer({ min: 1, max: most }),
      }),
      fc.record({
        op: fc.constant('mfree' as const),
        which: fc.nat(1000),
        part: fc.option(fc.tuple(fc.nat(most), fc.nat(most))),
      }),
    ),
    { minLength: 10, maxLength: steps },
  );

/** An order in which to give back what is still held. */
export const orders = fc.array(fc.nat(), { minLength: 80, maxLength: 80 });

/**
 * Runs a program as a client that breaks no rule.
 * @param after called after each step with what the client holds then
 * @returns the pieces that it holds in the end
 */
export function run(
  program: Step[],
  map: Allocator,
  after: (live: readonly Piece[]) => void = () => {},
): Piece[] {
  const live: Piece[] = [];
  for (const step of program) {
    if (step.op === 'malloc') {
      const addr = map.malloc(step.size);
      if (addr !== 0) live.push({ size: step.size, addr });
    } else if (live.length > 0) {
      const [{ size, addr }] = live.splice(step.which % live.length, 1);
      // A part is kept below and above what is given back.
      const cuts = step.part ?? [0, size - 1];
      const [from, to] = cuts.map((cut) => cut % size).sort((a, b) => a - b);
      if (from > 0) live.push({ size: from, addr });
      if (to + 1 < size) {
        live.push({ size: size - to - 1, addr: addr + to + 1 });
      }
      map.mfree(to + 1 - from, addr + from);
    }
    after(live);
  }
  return live;
}

/** Gives everything back, in the order of the keys. */
export function drain(live: Piece[], map: Allocator, keys: number[]): void {
  const queue = live.map((piece, i) => ({ piece, key: keys[i % keys.length] }));
  queue.sort((a, b) => a.key - b.key);
  for (const { piece } of queue) map.mfree(piece.size, piece.addr);
}

/** Do two pieces share a unit? */
export function overlap(pieces: readonly Piece[]): boolean {
  const sorted = [...pieces].sort((a, b) => a.addr - b.addr);
  return sorted.some(
    ({ addr }, i) => i > 0 && sorted[i - 1].addr + sorted[i - 1].size > addr,
  );
}

export const total = (pieces: readonly Piece[]): number =>
  pieces.reduce((sum, { size }) => sum + size, 0);

/** A map whose record is one flag a unit, free or not. */
export class Bitmap implements Allocator {
  readonly free: boolean[] = [];

  constructor(size: number, addr: number) {
    this.mfree(size, addr);
  }

  isFree(size: number, addr: number): boolean {
    for (let i = addr; i < addr + size; i++) if (!this.free[i]) return false;
    return true;
  }

  /** The lowest address from which size units are free. */
  malloc(size: number): number {
    for (let addr = 1; addr + size <= this.free.length; addr++) {
      if (this.isFree(size, addr)) {
        this.take(size, addr);
        return addr;
      }
    }
    return 0;
  }

  take(size: number, addr: number): void {
    for (let i = addr; i < addr + size; i++) this.free[i] = false;
  }

  mfree(size: number, addr: number): void {
    for (let i = addr; i < addr + size; i++) this.free[i] = true;
  }

  /** The runs of free units as [size, addr]. */
  entries(): [number, number][] {
    const runs: [number, number][] = [];
    for (let i = 1; i < this.free.length; i++) {
      if (!this.free[i]) continue;
      if (this.free[i - 1]) runs[runs.length - 1][0]++;
      else runs.push([1, i]);
    }
    return runs;
  }
}

