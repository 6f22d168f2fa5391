// Doug Lea's malloc as an allocator like any other.
//
// A Keeper: the tags say what is given out and how long it is. A piece is
// what a chunk is used for: from its size word to the size word of the
// next one, so that the whole payload lies inside, and the tag before it.
// Holes are free chunks, those in fastbins too, and top. steps() counts
// the chunks that malloc looked at, top included.
//
// Addresses are those of the process; offset() turns one into bytes from
// the start of its heap, as traces write it.
import { type malloc_state, newProcess } from '../../libc/malloc_bins.js';
import { bins, chunks, fastbins, type Kind } from '../../libc/malloc_check.js';
import { heapStart, type Model } from '../../libc/malloc_core.js';
import { free, M_MXFAST, mallopt } from '../../libc/malloc_free.js';
import { malloc } from '../../libc/malloc_malloc.js';
import { malloc_usable_size, realloc } from '../../libc/malloc_realloc.js';
import type { FreeList, Keeper, Piece } from '../allocator.js';

export interface HeapOptions {
  model?: Model; // ilp32 if not said
  mxfast?: number; // largest request for a fastbin; 64 if not said, 0: none
  limit?: number; // bytes that MORECORE has
}

/** A heap, and what other allocators have not. */
export interface Heap extends Keeper {
  readonly av: malloc_state; // to look at, or to go on with
  /** Resizes in place if it can; null, and the old piece stays, if not. */
  realloc(addr: number, old: number, size: number): number | null;
  offset(addr: number): number;
}

/** What a chunk at p of this size is used for. */
function pieceAt(av: malloc_state, p: number, size: number): Piece {
  const start = p + av.SIZE_SZ;
  return { start, end: Math.min(start + size, av.brk) };
}

/** The chunks of some kinds, by address. */
const piecesOf = (av: malloc_state, ...kinds: Kind[]): Piece[] =>
  chunks(av)
    .filter(({ kind }) => kinds.includes(kind))
    .map(({ addr, size }) => pieceAt(av, addr, size));

/** The free lists, each from where malloc takes its chunks. */
function freeLists(av: malloc_state): FreeList[] {
  const listed = (name: string, all: number[]): FreeList => ({
    name,
    pieces: all.map((p) => pieceAt(av, p, av.chunksize(p))),
  });
  return [
    ...fastbins(av).map((list) => listed(list.name, list.chunks)),
    ...bins(av).map((list) => listed(list.name, list.chunks.reverse())),
    { name: 'top', pieces: piecesOf(av, 'top') },
  ];
}

/** A heap of its own process, which has not asked for memory yet. */
export function dlHeap({
  model = 'ilp32',
  mxfast = 64,
  limit = 0xc000000,
}: HeapOptions = {}): Heap {
  const av = newProcess(model, limit);
  if (mallopt(av, M_MXFAST, mxfast) === 0) {
    throw new RangeError(`mxfast is 0 to 80, not ${mxfast}`);
  }
  return {
    av,
    name: 'dlmalloc',
    unit: 'bytes',
    range: [heapStart, heapStart + limit],
    alloc: (size) => malloc(av, size) || null,
    free: (addr) => free(av, addr),
    realloc: (addr, _old, size) => realloc(av, addr, size) || null,
    given: (addr) => malloc_usable_size(av, addr) + av.SIZE_SZ,
    holes: () => piecesOf(av, 'free', 'cached', 'top'),
    lists: () => freeLists(av),
    held: () => piecesOf(av, 'allocated'),
    taken: () => av.maxBrk - heapStart,
    steps: () => av.steps,
    offset: (addr) => addr - heapStart,
  };
}
