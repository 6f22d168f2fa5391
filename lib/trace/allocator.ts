// What every allocator of the course can be asked.
//
// A map, boundary tags, a buddy system, a slab cache and a VMEM arena have
// little in common inside. From outside each gives out pieces of a range
// and takes them back. Idea: one small interface, so that every workload
// drives, every measure reads and every picture draws all of them.
//
// 1. What is given out lies inside the range, and overlaps nothing else
//    that is given out: [start, end) with start included, end not.
// 2. Holes are listed by address; two of them may touch, where a system
//    does not join neighbours.
// 3. What a system cannot say is no method of its: a map keeps no record
//    of what it gave out, so it is an Allocator, but no Keeper.
//
// Left out: who asks (threads, CPUs) and how (flags, alignment). These
// differ from system to system; their own notebooks call them directly.

/** The piece [start, end), in the allocator's units. */
export interface Piece {
  start: number;
  end: number;
}

/** A free list: its pieces in the order in which a search meets them. */
export interface FreeList {
  name: string; // 'map', 'freelist 10', 'bin 7'
  pieces: readonly Piece[];
}

/** An allocator under one set of choices: its policy, its size. */
export interface Allocator {
  readonly name: string; // as legends show it: 'v7', 'first fit'
  readonly unit: string; // what sizes and addresses count: 'bytes'
  readonly range: readonly [start: number, end: number]; // all it manages

  /** Gives out `size` units: the first address, or null when none fit. */
  alloc(size: number): number | null;

  /** Takes back what alloc gave for `size`. */
  free(addr: number, size: number): void;

  /** The units that a piece given for `size` occupies; never fewer. */
  given(addr: number, size: number): number;

  /** Free pieces by address. */
  holes(): Piece[];

  /** The same pieces as the allocator keeps them, list by list. */
  lists(): FreeList[];

  /**
   * Units it has needed so far from below: for one that grows, its break;
   * for one with a fixed range, from the start up to the highest end that
   * was ever given out.
   */
  taken(): number;

  /** Records of free pieces that the last alloc looked at. */
  steps(): number;
}

/** An allocator that keeps a record of what it gave out. */
export interface Keeper extends Allocator {
  /** Pieces given out, by address, each as long as it really is. */
  held(): Piece[];
}

/** Can it say what is given out? */
export const isKeeper = (allocator: Allocator): allocator is Keeper =>
  'held' in allocator;
