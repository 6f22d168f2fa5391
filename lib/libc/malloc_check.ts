// A look at a heap from outside: its chunks, its lists, its faults.
//
// Ours; in the place of do_check_malloc_state of Doug Lea's malloc 2.7.2,
// which only its debugging build has. Idea: the tags and the lists say the
// same things twice. Walk the chunks from end to end, walk the lists, and
// compare: that proves the invariants of malloc_chunk.ts and malloc_bins.ts
// by their numbers, and names the one that a stray store has broken.
//
// Nothing here writes to the heap, and a destroyed heap stops no walk: it
// ends where it can make nothing of what it reads, and says so.
import { bytesInHex } from '../sys/bytes.js';
import { heapStart, dataStart, Killed } from './malloc_core.js';
import { type malloc_state, MAX_FAST_SIZE, NBINS } from './malloc_bins.js';

/** What a chunk is to its program. */
export type Kind = 'allocated' | 'free' | 'cached' | 'top' | 'fence';

/** The chunk [addr, addr + size), and its payload from mem on. */
export interface Chunk {
  addr: number;
  size: number;
  mem: number;
  kind: Kind; // cached: in a fastbin; fence: no chunk, see newTop
}

/** A list and the chunks in it, in the order from fd to bk. */
export interface List {
  name: string; // 'unsorted', 'bin 12', 'fastbin 3'
  index: number;
  chunks: number[];
}

/** An address as a fault names it. */
const hex = (a: number): string => `0x${(a >>> 0).toString(16)}`;

/** Has this malloc got any memory yet? */
const started = (av: malloc_state): boolean =>
  av.top !== 0 && av.top !== av.initial_top;

/**
 * Follows a list from one entry to the next until it comes to `end`.
 * @param broken told what is wrong, if that never happens
 */
function follow(
  av: malloc_state,
  from: number,
  next: (p: number) => number,
  end: number,
  broken: (fault: string) => void,
): number[] {
  const found = new Set<number>();
  let p = from;
  try {
    while (p !== end) {
      if (found.has(p)) {
        broken(`comes to ${hex(p)} a second time`);
        break;
      }
      found.add(av.at(p));
      p = next(p);
    }
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    found.delete(p);
    broken(`leads to ${hex(p)}, where no chunk can be`);
  }
  return [...found];
}

const ignore = (): void => {};

/** The bins that hold anything, from the unsorted list up. */
export function bins(
  av: malloc_state,
  broken: (name: string, fault: string) => void = ignore,
): List[] {
  const lists: List[] = [];
  if (av.top === 0) return lists;
  for (let index = 1; index < NBINS; index++) {
    const name = index === 1 ? 'unsorted' : `bin ${index}`;
    const b = av.bin_at(index);
    const next = (p: number) => av.fd(p);
    const told = (fault: string) => broken(name, fault);
    const chunks = follow(av, av.fd(b), next, b, told);
    if (chunks.length > 0) lists.push({ name, index, chunks });
  }
  return lists;
}

/** The fastbins that hold anything; the next to be used comes first. */
export function fastbins(
  av: malloc_state,
  broken: (name: string, fault: string) => void = ignore,
): List[] {
  const lists: List[] = [];
  const most = av.fastbin_index(av.request2size(MAX_FAST_SIZE));
  for (let index = 0; index <= most; index++) {
    const name = `fastbin ${index}`;
    const from = av.load(av.fastbins + av.SIZE_SZ * index);
    const next = (p: number) => av.fd(p);
    const told = (fault: string) => broken(name, fault);
    const chunks = follow(av, from, next, 0, told);
    if (chunks.length > 0) lists.push({ name, index, chunks });
  }
  return lists;
}

/**
 * All chunks by address, as far as the tags lead.
 * @param broken told where they lead nowhere
 */
export function chunks(
  av: malloc_state,
  broken: (fault: string) => void = ignore,
): Chunk[] {
  if (!started(av)) return [];
  const cached = new Set(fastbins(av).flatMap((list) => list.chunks));
  const found: Chunk[] = [];
  for (const [i, start] of av.starts.entries()) {
    const end = av.starts[i + 1] ?? av.brk;
    let p = start;
    while (p < end) {
      const size = av.chunksize(p);
      const kind = kindOf(av, p, size, end, cached);
      if (kind === null) {
        const tag = `size word ${hex(av.head(p))}`;
        broken(`${hex(p)} with the ${tag} leads nowhere`);
        break;
      }
      found.push({ addr: p, size, mem: av.chunk2mem(p), kind });
      // Behind the second fencepost lies what is not ours.
      const post = (chunk?: Chunk) => chunk?.size === av.SIZE_SZ;
      if (p === av.top || (post(found.at(-1)) && post(found.at(-2)))) break;
      p += size;
    }
  }
  return found;
}

/** What the chunk p is; null if there is none with such a tag. */
function kindOf(
  av: malloc_state,
  p: number,
  size: number,
  end: number,
  cached: Set<number>,
): Kind | null {
  if (p === av.top) return p + size <= end ? 'top' : null;
  if (size === av.SIZE_SZ) return 'fence';
  const next = p + size;
  if (size < 2 * av.SIZE_SZ || size % av.SIZE_SZ !== 0) return null;
  if (next + 2 * av.SIZE_SZ > end) return null;
  // An old top that had next to nothing left beside its fenceposts.
  if (size < av.MINSIZE && av.chunksize(next) === av.SIZE_SZ) return 'fence';
  if (size < av.MINSIZE) return null;
  if (cached.has(p)) return 'cached';
  return av.prev_inuse(next) ? 'allocated' : 'free';
}

/**
 * Which invariants does this heap break? Each fault begins with the number
 * that it has in malloc_chunk.ts or malloc_bins.ts.
 */
export function malloc_check(av: malloc_state): string[] {
  if (!started(av)) return [];
  const faults: string[] = [];
  const all = chunks(av, (fault) => faults.push(`1: ${fault}`));
  const inBins = bins(av, (name, what) => faults.push(`7: ${name} ${what}`));
  const inFast = fastbins(av, (name, what) =>
    faults.push(`10: ${name} ${what}`),
  );
  const filed = new Set(inBins.flatMap((list) => list.chunks));
  faults.push(...checkTags(av, all, filed));
  faults.push(...checkBins(av, inBins, new Set(all.map((c) => c.addr))));
  faults.push(...checkFastbins(av, inFast, all));
  faults.push(...checkTop(av, all.at(-1)));
  return faults;
}

/** 2 to 6: each tag, against the chunk before and against the lists. */
function checkTags(
  av: malloc_state,
  all: Chunk[],
  filed: Set<number>,
): string[] {
  const faults: string[] = [];
  let before: Chunk | null = null;
  for (const chunk of all) {
    const { addr, size, kind } = chunk;
    const at = hex(addr);
    const fence = kind === 'fence';
    const odd = kind !== 'top' && size % av.MALLOC_ALIGNMENT !== 0;
    if (!fence && (odd || size < av.MINSIZE)) {
      faults.push(`2: ${at} is of ${size} bytes`);
    }
    if (!fence && chunk.mem % av.MALLOC_ALIGNMENT !== 0) {
      faults.push(`2: the block ${hex(chunk.mem)} is not aligned`);
    }
    if (av.chunk_is_mmapped(addr)) faults.push(`6: ${at} has IS_MMAPPED`);

    const behind = before !== null && before.addr + before.size === addr;
    const freeBefore = behind && filed.has(before!.addr);
    if (av.prev_inuse(addr) === freeBefore) {
      const is = freeBefore ? 'free' : 'in use';
      faults.push(`3: the chunk before ${at} is ${is}; PREV_INUSE denies it`);
    }
    if (freeBefore && av.prev_size(addr) !== before!.size) {
      const got = av.prev_size(addr);
      faults.push(`4: before ${at} are ${before!.size} bytes, not ${got}`);
    }
    if (freeBefore && (filed.has(addr) || kind === 'top')) {
      faults.push(`5: ${hex(before!.addr)} and ${at} are free and touch`);
    }
    before = chunk;
  }
  return faults;
}

/** 7 to 9: each list, against itself and against the chunks. */
function checkBins(
  av: malloc_state,
  lists: List[],
  known: Set<number>,
): string[] {
  const faults: string[] = [];
  const seen = new Set<number>();
  for (const { name, index, chunks } of lists) {
    let larger = Infinity;
    for (const p of chunks) {
      const at = `${hex(p)} in ${name}`;
      const size = av.chunksize(p);
      if (seen.has(p)) faults.push(`7: ${at} is in another list, too`);
      if (!known.has(p)) faults.push(`7: ${at} is no chunk`);
      if (!linked(av, p)) faults.push(`7: the neighbours of ${at} differ`);
      if (index > 1 && av.bin_index(size) !== index) {
        faults.push(`8: ${at} is of ${size} bytes`);
      }
      if (index > 1 && size > larger) faults.push(`8: ${at} is out of order`);
      larger = size;
      seen.add(p);
    }
    if (index > 1 && av.nextMarked(index) !== index) {
      faults.push(`9: ${name} is not marked`);
    }
  }
  if (seen.size > 0 && !av.have_anychunks()) faults.push('11: ANYCHUNKS_BIT');
  return faults;
}

/** Do p's neighbours in its list point at p? */
function linked(av: malloc_state, p: number): boolean {
  try {
    return av.bk(av.first(p)) === p && av.fd(av.last(p)) === p;
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return false;
  }
}

/** 10 and 11: the fastbins. */
function checkFastbins(
  av: malloc_state,
  lists: List[],
  all: Chunk[],
): string[] {
  const faults: string[] = [];
  const kinds = new Map(all.map(({ addr, kind }) => [addr, kind]));
  for (const { name, index, chunks } of lists) {
    for (const p of chunks) {
      const at = `${hex(p)} in ${name}`;
      const size = av.chunksize(p);
      if (kinds.get(p) !== 'cached') faults.push(`10: ${at} is no chunk`);
      else if (!av.inuse(p)) faults.push(`10: ${at} looks free`);
      if (av.fastbin_index(size) !== index || size > av.max_fast) {
        faults.push(`10: ${at} is of ${size} bytes`);
      }
    }
  }
  const all11 = av.have_fastchunks() && av.have_anychunks();
  if (lists.length > 0 && !all11) faults.push('11: FASTCHUNKS_BIT');
  return faults;
}

/** 12, and the sum: top ends the heap. */
function checkTop(av: malloc_state, end: Chunk | undefined): string[] {
  if (end?.kind !== 'top') return [`12: no chunk leads to top`];
  const faults: string[] = [];
  if (end.size < av.MINSIZE) faults.push(`12: top is of ${end.size} bytes`);
  const alone = av.sbrked_mem === av.brk - heapStart;
  if (alone && end.addr + end.size !== av.brk) {
    faults.push(`12: top ends at ${hex(end.addr + end.size)}, not the break`);
  }
  return faults;
}

/**
 * n bytes from address a as text, a word a line: address, bytes in the
 * order of memory, and the number that they are.
 */
export function dump(av: malloc_state, a: number, n: number): string {
  const lines: string[] = [];
  for (let at = a; at < a + n; at += av.SIZE_SZ) {
    const start = at - dataStart;
    const word = bytesInHex(av.bytes.subarray(start, start + av.SIZE_SZ));
    lines.push(`${hex(at)}  ${word}  ${hex(av.heap[start >> 2])}`);
  }
  return lines.join('\n');
}
