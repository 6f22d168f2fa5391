// KMEM's kmem_alloc, as an allocator like any other.
//
// A machine with one CPU and a heap, on which nobody else allocates. It is
// a Keeper: an object is given out when it is neither on its slab's list of
// free buffers nor in a magazine. What kmem needs itself (slabs, bufctls,
// magazines, logs) lies in the same heap, and is neither held nor a hole.
//
// Holes are of three kinds: free objects of a size, pages that quantum
// caches keep, and free segments of the heap.
//
// The machine's statics exist once. To make a second allocator is to boot
// anew; the first is refused from then on.
import { P2ROUNDUP } from '../../sys/sysmacros.js';
import { reboot } from '../../sys/reboot.js';
import { run } from '../../sys/threads.js';
import { KM_NOSLEEP, KMEM_MAXBUF } from '../../opensolaris/kmem.js';
import { kmem_alloc, kmem_free } from '../../opensolaris/kmem_alloc.js';
import {
  cached, freeBuffers, held as heldOf, slabs,
} from '../../opensolaris/kmemcheck.js';
import { type kmem_cache_t, statics } from '../../opensolaris/kmem_impl.js';
import { bootKmem } from '../../opensolaris/kmem_init.js';
import { freelists, segments } from '../../opensolaris/vmem_check.js';
import type { vmem_t } from '../../opensolaris/vmem_impl.js';
import type { FreeList, Keeper, Piece } from '../allocator.js';

const byStart = (a: Piece, b: Piece): number => a.start - b.start;

/** One object, from its address on. */
const object = ({ cache_bufsize }: kmem_cache_t, start: number): Piece => ({
  start,
  end: start + cache_bufsize,
});

/** The caches behind kmem_alloc, by size. */
const general = (): kmem_cache_t[] => [...new Set(statics.kmem_alloc_table)];

/** The caches of pages. */
const ofPages = (): kmem_cache_t[] =>
  statics.kmem_va_arena!.vm_qcache as kmem_cache_t[];

/** The free lists of a cache, in the order in which they are looked at. */
function listsOf(cp: kmem_cache_t): FreeList[] {
  const free = slabs(cp).flatMap(freeBuffers);
  return [
    { name: `${cp.cache_name} magazines`, addrs: cached(cp) },
    { name: `${cp.cache_name} slabs`, addrs: free },
  ].map(({ name, addrs }) => ({
    name,
    pieces: addrs.map((addr) => object(cp, addr)),
  }));
}

/** The freelists of an arena. */
const freeIn = (vmp: vmem_t): FreeList[] =>
  freelists(vmp).map(({ n, pieces }) => ({
    name: `${vmp.vm_name} freelist ${n}`,
    pieces: pieces.map(({ start, end }) => ({ start, end })),
  }));

/** What is too large for a cache: whole pages. */
function oversize(): Piece[] {
  const { kmem_oversize_arena, PAGESIZE } = statics;
  return segments(kmem_oversize_arena!)
    .filter(({ type }) => type === 'alloc')
    .map(({ start, end }) => ({
      start,
      end: start + P2ROUNDUP(end - start, PAGESIZE),
    }));
}

/** A machine with a heap of so many bytes, a multiple of a page. */
export function kmemAllocator(bytes = 2 ** 26): Keeper {
  if (!Number.isInteger(bytes) || bytes < 2 ** 22 || bytes % 4096 !== 0) {
    throw new RangeError(
      `kmemAllocator(${bytes}): want whole pages, and 4 MB at least`,
    );
  }
  reboot();
  const heap = bootKmem({ heap_size: bytes });
  const mine = statics.kmem_null_cache;
  const { PAGESIZE } = statics;
  const [{ start }] = segments(heap).filter(({ type }) => type === 'span');
  const end = start + bytes;
  let highest = start;
  let looked = 0;

  /** @throws Error when this kernel is no longer there */
  const here = (): void => {
    if (statics.kmem_null_cache === mine) return;
    throw new Error(
      'the machine was booted anew since this kmem was made: make another',
    );
  };
  const given = (size: number): number =>
    size <= KMEM_MAXBUF
      ? statics.kmem_alloc_table[(size - 1) >> 3].cache_bufsize
      : P2ROUNDUP(size, PAGESIZE);
  /** Nodes passed by searches of the heap, so far. */
  const searched = (): number => heap.vm_kstat.vk_search;
  const lists = (): FreeList[] => {
    here();
    return [
      ...general().flatMap(listsOf),
      ...ofPages().flatMap(listsOf),
      ...freeIn(statics.kmem_va_arena!),
      ...freeIn(heap),
    ];
  };

  return {
    name: 'kmem',
    unit: 'bytes',
    range: [start, end],
    alloc(size) {
      here();
      const before = searched();
      let addr = kmem_alloc(size, KM_NOSLEEP);
      if (addr === null && size > 0) {
        run(); // kmem_taskq reaps; then there may be room
        addr = kmem_alloc(size, KM_NOSLEEP);
      }
      looked = searched() - before + (addr === null ? 0 : 1);
      if (addr !== null) highest = Math.max(highest, addr + given(size));
      return addr;
    },
    free(addr, size) {
      here();
      kmem_free(addr, size);
    },
    given: (_addr, size) => given(size),
    holes: () => lists().flatMap(({ pieces }) => pieces).sort(byStart),
    lists,
    held() {
      here();
      const objects = general().flatMap((cp) =>
        heldOf(cp).map((addr) => object(cp, addr)),
      );
      return [...objects, ...oversize()].sort(byStart);
    },
    taken: () => highest - start,
    steps: () => looked,
  };
}
