// The systems that a recorded program can be replayed on.
//
// One entry a system: its name on the command line, the line that says in
// the help how it is set up, options of its own, and how to make it.
import { InvalidArgumentError, Option } from 'commander';
import type { Allocator } from '../allocator.js';
import { inBytes } from '../bytes.js';
import type { Bench } from '../replay.js';
import { policies, rmapShim, vmemArena, type Policy } from './arena.js';
import { buddy } from './buddy.js';
import { dlHeap, type HeapOptions } from './heap.js';
import { kmallocAllocator } from './kmalloc.js';
import { kmemAllocator } from './kmembytes.js';
import { bsd43Map, v7Map } from './maps.js';

/** What a system is told of the program, and by the user. */
export interface Setting {
  ids: number; // of the program: it never holds more pieces than these
  options: { [name: string]: unknown }; // as commander names them
}

export interface System {
  name: string;
  about: string; // its pool, its unit, how a request is rounded
  options: readonly Option[]; // that no system without them may be given
  make(setting: Setting): Bench;
}

const UNIT = 16; // bytes
const UNITS = 2 ** 20; // a pool of 16 MB
const FIRST = 1; // its first unit: an address of 0 means no

/**
 * More holes than this do not fit into the pool, whatever the program
 * says of its ids.
 */
const mostHoles = UNITS / 2;

/** A system asked in bytes, whose offsets count from its start. */
function fromStart(
  allocator: Allocator,
  maxBrk = (): number => allocator.taken(),
): Bench {
  const [start] = allocator.range;
  return {
    allocator,
    align: 8, // what mdriver asks for
    offset: (addr) => addr - start,
    maxBrk,
  };
}

/** The pool: its end is an address, and unit 0, which no one gets, below. */
function overPool(units: Allocator): Bench {
  const allocator = inBytes(units, UNIT);
  const [start] = allocator.range;
  return fromStart(allocator, () =>
    allocator.taken() === 0 ? 0 : start + allocator.taken(),
  );
}

/** A map over the pool. */
function onMap(
  name: string,
  whose: string,
  map: (units: number, start: number, slots: number) => Allocator,
): System {
  return {
    name,
    about:
      `${whose} map. A pool of 2^20 units of 16 bytes from unit 1; ids + 2 ` +
      'slots. A request takes ceil(bytes / 16) units, at least one; r takes ' +
      'the new piece, then gives back the old one. Offsets count from unit ' +
      '1; max_brk is the highest end ever, in units, times 16.',
    options: [],
    make: ({ ids }) =>
      overPool(map(UNITS, FIRST, Math.min(ids, mostHoles) + 2)),
  };
}

/** illumos' map: the calls of those two, and an arena behind them. */
const onShim: System = {
  name: 'rmap',
  about:
    "illumos' map. A pool of 2^20 units of 16 bytes from unit 1, in a VMEM " +
    'arena that answers to rmalloc and rmfree: there are no slots. Requests, ' +
    'r, offsets and max_brk are as on v7.',
  options: [],
  make: () => overPool(rmapShim(UNITS, FIRST)),
};

/** An arena as large as that pool. */
const onArena: System = {
  name: 'vmem',
  about:
    'A VMEM arena of 2^24 bytes from address 16, quantum 16. A request is ' +
    'passed on in bytes, and takes a multiple of 16; r takes the new piece, ' +
    'then gives back the old one. Offsets count from address 16; max_brk is ' +
    'the highest end ever, less 16.',
  options: [
    new Option('--policy <policy>', 'how vmem searches')
      .choices(policies)
      .default('instant'),
  ],
  make({ options }) {
    const allocator = vmemArena({
      policy: options.policy as Policy | undefined,
      start: FIRST * UNIT,
      units: UNITS * UNIT,
      quantum: UNIT,
    });
    return fromStart({ ...allocator, unit: 'bytes' });
  },
};

const PAGE = 4096; // bytes
const PAGES = 2 ** 16; // more than 16 MB: a request takes a page at least

/** Linux' page allocator, with nothing above it. */
const onBuddy: System = {
  name: 'buddy',
  about:
    "Linux' page allocator. One zone of 2^16 pages of 4096 bytes from page " +
    '0, without watermarks. A request takes 2^k pages, the fewest that will ' +
    'do, 1024 at most; r takes the new block, then gives back the old one. ' +
    'Offsets count from page 0; max_brk is the highest end ever.',
  options: [],
  make: () => fromStart(inBytes(buddy(PAGES), PAGE)),
};

/** Linux' kmalloc, on a kernel that does nothing else. */
const onKmalloc: System = {
  name: 'kmalloc',
  about:
    "Linux' kmalloc on i386, one zone of 2^14 pages of 4096 bytes, the " +
    'lowest block of pages first. A request takes an object of the least ' +
    'size, 32 bytes to 128 KB, that will do; a larger one fails; r takes ' +
    'the new object, then gives back the old one. Offsets count from page ' +
    '0; max_brk is the highest end ever given out.',
  options: [],
  make: () => fromStart(kmallocAllocator(2 ** 14)),
};

/** OpenSolaris' kmem_alloc, on a kernel that does nothing else. */
const onKmem: System = {
  name: 'kmem',
  about:
    "OpenSolaris' kmem_alloc, one CPU, a heap of 2^26 bytes. A request takes " +
    'an object of the least of 34 sizes, 8 bytes to 32 KB, that will do, or ' +
    'whole pages; r takes the new object, then gives back the old one. ' +
    "Offsets count from the heap's start; max_brk is the highest end ever " +
    'given out.',
  options: [],
  make: () => fromStart(kmemAllocator()),
};

/** Bytes, as --mxfast has them. */
function fastSize(text: string): number {
  const bytes = /^\d+$/.test(text) ? Number(text) : NaN;
  if (bytes <= 80) return bytes;
  throw new InvalidArgumentError('It takes 0 to 80 bytes.');
}

/** Doug Lea's malloc 2.7.2. */
const onHeap: System = {
  name: 'dlmalloc',
  about:
    "Doug Lea's malloc 2.7.2, without mmap; pages of 4096 bytes, up to 192 " +
    'MB of them. r is its own realloc. Offsets are of blocks, and count from ' +
    'the start of the heap; max_brk is the highest break.',
  options: [
    new Option('--model <model>', 'words of 4 or 8 bytes, for dlmalloc')
      .choices(['ilp32', 'lp64'])
      .default('ilp32'),
    new Option('--mxfast <bytes>', 'largest request for a fastbin; 0: none')
      .argParser(fastSize)
      .default(64),
  ],
  make({ options }) {
    const heap = dlHeap(options as HeapOptions);
    return {
      allocator: heap,
      align: 8,
      realloc: heap.realloc,
      offset: heap.offset,
      maxBrk: () => heap.taken(),
    };
  },
};

export const systems: readonly System[] = [
  onMap('v7', "UNIX V7's", v7Map),
  onMap('43bsd', "4.3BSD's", bsd43Map),
  onArena,
  onShim,
  onBuddy,
  onKmalloc,
  onKmem,
  onHeap,
];
