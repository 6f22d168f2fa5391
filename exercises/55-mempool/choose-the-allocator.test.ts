import { it } from 'vitest';
import { attempt, Finding, write } from '../../lib/grade/judge.js';
import {
  __GFP_NOWARN, __GFP_WAIT, bitNames, GFP_ATOMIC, GFP_DMA, GFP_KERNEL,
  GFP_NOFS, GFP_NOIO, GFP_ZONEMASK, reach,
} from '../../lib/linux/gfp.js';
import { kmalloc } from '../../lib/linux/kmalloc.js';
import {
  mempool_alloc, mempool_alloc_slab, mempool_create, mempool_free,
  mempool_free_slab,
} from '../../lib/linux/mempool.js';
import { mem_map, virt_addr_valid, virt_to_page }
  from '../../lib/linux/mmzone.js';
import { __get_free_pages, alloc_page, nr_free_pages }
  from '../../lib/linux/page_alloc.js';
import { bootMemory } from '../../lib/linux/page_alloc_boot.js';
import { init_per_zone_pages_min } from '../../lib/linux/page_alloc_marks.js';
import { __free_page, drain_local_pages }
  from '../../lib/linux/page_alloc_pcp.js';
import { interrupt } from '../../lib/linux/sched.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../lib/linux/slab_alloc.js';
import { kmem_cache_create, kmem_cache_init } from '../../lib/linux/slab_create.js';
import { SLAB_CACHE_DMA } from '../../lib/linux/slab_layout.js';
import { __vmalloc } from '../../lib/linux/vmalloc.js';
import { vmalloc_to_page } from '../../lib/linux/vmalloc_area.js';
import { reclaim } from '../../lib/linux/vmscan.js';
import { printed } from '../../lib/sys/cons.js';
import { reboot } from '../../lib/sys/reboot.js';
import { Deadlock, thread } from '../../lib/sys/threads.js';
import { choose, trouble } from './choose-the-allocator.js';

type Name = Parameters<typeof choose>[0];
type Pick = ReturnType<typeof choose>;
type Trouble = ReturnType<typeof trouble>;
type Wrong = Trouble | 'BUG';

const PAGE = 4096;
const sources: Pick['from'][] = ['kmalloc', 'cache', 'pages', 'vmalloc', 'mempool'];
const troubles: Trouble[] = ['NULL', 'sleeps', 'forever', 'apart', 'zone', 'waste'];

/** What a place needs, what it allows, and in what a state memory is. */
interface Place {
  sizes: number[]; // of all that is in use at once
  sleep: boolean;
  io: boolean;
  fs: boolean;
  zone: 'Normal' | 'DMA';
  device?: boolean; // the pages must be neighbours, below 4,096
  state?: 'few' | 'comb' | 'holes' | 'full';
  lends?: boolean; // what is in use comes back
  other: Pick; // what somebody else chooses
}

const task = { sleep: true, io: true, fs: true, zone: 'Normal' as const };
const some = (n: number, of: number[]) =>
  Array.from({ length: n }, (_, i) => of[i % of.length]);

const places: Record<Name, Place> = {
  inode: { ...task, fs: false, sizes: some(400, [340]),
    other: { from: 'kmalloc', mask: GFP_NOFS } },
  packet: { ...task, sleep: false, io: false, fs: false, state: 'few',
    sizes: some(60, [60, 90, 200, 500, 1500]),
    other: { from: 'kmalloc', mask: GFP_KERNEL } },
  table: { ...task, sizes: [1_200_000], state: 'comb',
    other: { from: 'kmalloc', mask: GFP_KERNEL } },
  card: { ...task, zone: 'DMA', device: true, sizes: [256 * 1024], state: 'holes',
    other: { from: 'vmalloc', mask: GFP_KERNEL | GFP_DMA } },
  request: { ...task, io: false, fs: false, sizes: some(4, [256]), state: 'full',
    lends: true, other: { from: 'cache', mask: GFP_NOIO } },
};

/** Takes single pages until there are none, or so many. */
function takePages(mask: number, most = Infinity): number[] {
  const pfns: number[] = [];
  while (pfns.length < most) {
    const p = alloc_page(mask | __GFP_NOWARN);
    if (p === null) break;
    pfns.push(p.pfn);
  }
  return pfns;
}

function giveBack(pfns: number[]): void {
  for (const pfn of pfns) __free_page(mem_map[pfn]);
  drain_local_pages();
}

/** Brings memory into the state of the place. */
function spoil(state: Place['state']): void {
  if (state === 'few') giveBack(takePages(GFP_ATOMIC).slice(-20));
  if (state === 'comb') giveBack(takePages(GFP_ATOMIC).filter((pfn) => pfn % 2 === 1));
  if (state === 'holes') {
    giveBack(takePages(GFP_ATOMIC | GFP_DMA, 1024).filter((pfn) => pfn % 2 === 1));
  }
  if (state === 'full') takePages(GFP_ATOMIC);
}

interface Source {
  alloc: (size: number, mask: number) => number;
  free?: (addr: number) => void;
}

/** An allocator, ready for a place; null: no cache is that large. */
function sourceOf(from: Pick['from'], { sizes, zone }: Place): Source | null {
  if (from === 'kmalloc') return { alloc: kmalloc };
  if (from === 'vmalloc') return { alloc: __vmalloc };
  if (from === 'pages') {
    return { alloc: (size, mask) =>
      __get_free_pages(mask, Math.ceil(Math.log2(Math.ceil(size / PAGE)))) };
  }
  const most = Math.max(...sizes);
  if (most > 128 * 1024) return null;
  const cachep = kmem_cache_create('mine', most, 0, zone === 'DMA' ? SLAB_CACHE_DMA : 0)!;
  if (from === 'cache') {
    return { alloc: (_size, mask) => kmem_cache_alloc(cachep, mask),
      free: (addr) => kmem_cache_free(cachep, addr) };
  }
  const pool = mempool_create(sizes.length, mempool_alloc_slab, mempool_free_slab,
    cachep)!;
  return { alloc: (_size, mask) => mempool_alloc(pool, mask),
    free: (addr) => mempool_free(addr, pool) };
}

const pageAt = (addr: number, i: number) => virt_addr_valid(addr)
  ? virt_to_page(addr + i * PAGE)!.pfn
  : vmalloc_to_page(addr + i * PAGE).pfn;

/** Where are the pages of an address? */
function pagesWrong(addr: number, size: number): Trouble | null {
  const pfns = Array.from({ length: size / PAGE }, (_, i) => pageAt(addr, i));
  if (pfns.some((pfn) => pfn >= 4096)) return 'zone';
  return pfns.every((pfn, i) => pfn === pfns[0] + i) ? null : 'apart';
}

class Forever extends Error {}

/** Runs a choice. @returns what goes wrong, and the pages taken if nothing does */
function play(place: Place, { from, mask }: Pick): { wrong: Wrong | null; pages: number } {
  reboot();
  bootMemory({ zones: [4096, 4096, 0] });
  kmem_cache_init();
  init_per_zone_pages_min();
  drain_local_pages();
  const before = nr_free_pages();
  const source = sourceOf(from, place);
  if (source === null) return { wrong: 'NULL', pages: 0 };
  if (place.state !== 'full') spoil(place.state);
  drain_local_pages();
  const made = place.state === undefined ? 0 : before - nr_free_pages();
  let waits = 0;
  reclaim.try_to_free_pages = () => (place.state === 'full' ? 0 : 1);
  reclaim.out_of_memory = () => {
    throw new Forever();
  };
  reclaim.blk_congestion_wait = () => {
    if (++waits > 20) throw new Forever();
  };
  const said = printed;
  let wrong: Wrong | null = null;
  const got: number[] = [];
  const use = (): void => {
    for (const size of place.sizes) {
      const addr = source.alloc(size, mask | __GFP_NOWARN);
      if (addr === 0) wrong ??= 'NULL';
      else if (place.device) wrong ??= pagesWrong(addr, size);
      got.push(addr);
    }
    if (!place.lends) return;
    // All are in use, memory is full; one of them comes back later.
    takePages(GFP_ATOMIC);
    while (source.free && from === 'cache' && source.alloc(0, GFP_ATOMIC | __GFP_NOWARN));
    while (from === 'kmalloc' && kmalloc(place.sizes[0], GFP_ATOMIC | __GFP_NOWARN));
    if (source.free) thread('disk', () => source.free!(got[0]));
    if (source.alloc(place.sizes[0], mask | __GFP_NOWARN) === 0) wrong ??= 'NULL';
  };
  try {
    if (place.sleep) use();
    else interrupt(use);
  } catch (error) {
    if (error instanceof Forever || error instanceof Deadlock) wrong = 'forever';
    else if (/^kernel BUG|^Oops/.test((error as Error).message)) wrong = 'BUG';
    else throw error;
  }
  if (printed > said && !place.sleep) wrong = 'sleeps';
  drain_local_pages();
  return { wrong, pages: before - made - nr_free_pages() };
}

/** The mask that permits all that a place allows. */
function maskOf({ sleep, io, fs, zone }: Place): number {
  const mask = !sleep ? GFP_ATOMIC : fs ? GFP_KERNEL : io ? GFP_NOFS : GFP_NOIO;
  return zone === 'DMA' ? mask | GFP_DMA : mask;
}

/** The fewest pages with which a place can be served. */
function fewest(place: Place): number {
  const runs = sources.map((from) => play(place, { from, mask: maskOf(place) }));
  return Math.min(...runs.filter(({ wrong }) => wrong === null).map(({ pages }) => pages));
}

/** A run, and whether it takes too many pages. */
function outcome(place: Place, pick: Pick): { wrong: Wrong | null; pages: number } {
  const { wrong, pages } = play(place, pick);
  if (wrong !== null || place.lends) return { wrong, pages };
  return { wrong: pages > 1.1 * fewest(place) ? 'waste' : null, pages };
}

const sentences: Record<Wrong, string> = {
  NULL: 'It was run, and got NULL. Is so much to be had, in such a piece, in '
    + 'this state of memory?',
  sleeps: 'It was run in the interrupt, and the kernel complains that a function '
    + 'was called that may sleep.',
  forever: 'It was run, and did not come back: it waits for memory that gets free '
    + 'only by its own work.',
  apart: 'It was run, and the pages are not side by side. The device sees page '
    + 'numbers, and no page table.',
  zone: 'It was run, and got pages that the card cannot reach.',
  BUG: 'It was run, and the kernel stopped at a BUG: this allocator takes no such '
    + 'mask.',
  waste: 'It was run and works, but takes too many pages.',
};

/** What is wrong with a mask, apart from the run. */
function maskFault(mask: number, place: Place): string | null {
  if (mask !== (mask & 0xff) || (mask & GFP_ZONEMASK) === 3) {
    return 'The mask is no sum of one GFP_ name and, perhaps, GFP_DMA.';
  }
  const { mayBlock, mayStartIO, mayEnterFS, zones } = reach(mask);
  if (mayBlock && !place.sleep) return 'This code must not sleep.';
  if (mayStartIO && !place.io) {
    return 'Reclaim may start disk I/O for this mask, and that needs this queue.';
  }
  if (mayEnterFS && !place.fs) {
    return 'Reclaim may call the file system for this mask, which wants the lock.';
  }
  if (place.zone === 'DMA' && zones[0] !== 'DMA') {
    return 'Does the mask say which pages the card reaches?';
  }
  if (place.zone !== 'DMA' && zones[0] === 'DMA') {
    return 'It takes pages of the scarcest zone, and no card needs them.';
  }
  const permits = (m: number) => m & 0xf0;
  if (permits(mask) === permits(maskOf(place))) return null;
  return (mask & __GFP_WAIT) === 0 && place.sleep
    ? 'This code may sleep: the mask fails sooner than it must.'
    : 'The mask permits less than this place allows.';
}

const inHex = (mask: number): string =>
  `0x${mask.toString(16)} (${bitNames(mask).join(' | ')})`;

function ask(name: Name): void {
  const place = places[name];
  const call = `choose('${name}')`;
  const have: unknown = attempt(call, () => choose(name));
  const { from, mask } = Object(have) as Pick;
  if (!sources.includes(from) || !Number.isInteger(mask) || mask < 0) {
    throw new Finding(`${call}: you have ${write(have)}, it is { from, mask } with `
      + 'an allocator and a number.');
  }
  const you = `${call}: you have ${from} with ${inHex(mask)}.`;
  // Words for a mask come first where a run would not show it.
  const fault = maskFault(mask, place);
  if (fault?.startsWith('The mask is no')) throw new Finding(`${you}\n${fault}`);
  const { wrong, pages } = outcome(place, { from, mask });
  // With vmalloc, high memory would do as well; the others need an address.
  const high = from !== 'vmalloc' && (mask & GFP_ZONEMASK) === 2
    ? 'A page of high memory has no kernel address, and somebody here needs one.'
    : null;
  const words = [
    ...(wrong === null ? [] : [sentences[wrong]
      + (wrong === 'waste' ? ` It has ${pages}, and another has ${fewest(place)}.` : '')]),
    ...(fault === null ? [] : [fault]),
    ...(high === null ? [] : [high]),
  ];
  if (words.length > 0) throw new Finding([you, ...words].join('\n'));
}

it('chooses for inodes [2 points]', () => {
  ask('inode');
});

it('chooses for packets [2 points]', () => {
  ask('packet');
});

it('chooses for the table of a module [2 points]', () => {
  ask('table');
});

it('chooses for a card [2 points]', () => {
  ask('card');
});

it('chooses for the queue of a disk [2 points]', () => {
  ask('request');
});

/** What may help whose answer is not what happens. */
const questions: Record<Name, string> = {
  inode: 'Which object does a request for 340 bytes get, and how many go into a page?',
  packet: 'Where is this code, and what may the mask do?',
  table: 'Where does the row of general caches end?',
  card: 'How many blocks of which order does vmalloc ask for?',
  request: 'Can the cache grow? Who would have to free a page, and what for?',
};

function askTrouble(...names: Name[]): void {
  for (const name of names) {
    const place = places[name];
    const { from, mask } = place.other;
    const call = `trouble('${name}')`;
    const have: unknown = attempt(call, () => trouble(name));
    if (!troubles.includes(have as Trouble)) {
      throw new Finding(`${call}: you have ${write(have)}, it is one of `
        + `${troubles.map(write).join(', ')}.`);
    }
    if (have === outcome(place, place.other).wrong) continue;
    throw new Finding(`${call}: you have ${write(have)}. With ${from} and ${inHex(mask)} `
      + `something else happens.\n${questions[name]}`);
  }
}

it('says what goes wrong with inodes and packets [1 point]', () => {
  askTrouble('inode', 'packet');
});

it('says what goes wrong with the table, the card and the queue [1 point]', () => {
  askTrouble('table', 'card', 'request');
});
