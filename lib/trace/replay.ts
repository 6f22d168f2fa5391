// Recorded programs: what an allocator makes of a `.rep` file.
//
// Apparatus, after mdriver. Idea: a recorded program is a workload like any
// other, so it runs like any other; what is special is how its result is
// told, for people who compare it with the results of other allocators.
//
// 1. Sizes are bytes. An offset counts from where the system's memory
//    begins, which the system says.
// 2. An allocation that fails counts as offset ffffffff. The program goes
//    on as one in C would: the id holds nothing, its free does nothing; a
//    reallocation that fails leaves the old piece alive.
// 3. Every block is checked when it comes: its address is aligned, it lies
//    inside the memory taken so far, it overlaps no block alive.
import { Panic } from '../sys/panic.js';
import type { Allocator } from './allocator.js';
import { Ledger, Misplaced } from './ledger.js';
import type { Request, Workload } from './requests.js';
import { run, type Wishes } from './run.js';

/** An allocator set up for one recorded program. */
export interface Bench {
  allocator: Allocator; // in bytes
  align: number; // of each address, in bytes
  realloc?: Wishes['realloc']; // absent: a new piece, then the old one goes
  offset(addr: number): number;
  maxBrk(): number; // bytes, at their most
}

/** What is told, by the names of `expected-dlmalloc.jsonl`. */
export interface Replay {
  operations: number;
  peak_payload: number; // bytes asked for, when they were most
  max_brk: number; // bytes taken, when they were most
  util: number; // peak_payload / max_brk, to four places
  offsets_fnv1a32: number; // of the offsets of all `a` and `r`, in order
  last_offset: number | null; // null: the last one failed, or there is none
  search_mean: number; // records looked at by an `a` or `r`
  search_max: number;
}

/** An allocator that broke a rule, and at which operation. */
export class BadReplay extends Error {
  readonly exit = 1;
}

/** FNV-1a, 32 bits, of 32-bit words: the lowest byte first. */
export class Digest {
  value = 0x811c9dc5;

  add(word: number): void {
    for (let shift = 0; shift < 32; shift += 8) {
      const byte = (word >>> shift) & 0xff;
      this.value = Math.imul(this.value ^ byte, 0x01000193) >>> 0;
    }
  }
}

/**
 * Replays a recorded program to its end.
 * @param onOperation told how many are done, for a progress bar
 * @throws BadReplay when a block is not valid, or the kernel panics
 */
export function replay(
  requests: Iterable<Request>,
  { allocator, align, realloc, offset, maxBrk }: Bench,
  onOperation: (operations: number) => void = () => {},
): Replay & { failed: number } {
  const digest = new Digest();
  let last: number | null = null;
  let operations = 0;
  let current: Request | undefined;

  function* heard(): Workload {
    for (const request of requests) {
      current = request;
      const addr = yield request;
      if (request.op !== 'free') {
        last = addr === null ? null : offset(addr as number);
        digest.add(last ?? 0xffffffff);
      }
      onOperation(++operations);
    }
  }

  try {
    const check = new Ledger(allocator.range[0], align);
    const totals = run(heard(), allocator, { check, realloc });
    const brk = maxBrk();
    const util = brk === 0 ? 0 : totals.peakLive / brk;
    return {
      operations,
      peak_payload: totals.peakLive,
      max_brk: brk,
      util: Number(util.toFixed(4)),
      offsets_fnv1a32: digest.value,
      last_offset: last,
      search_mean: totals.searchMean,
      search_max: totals.searchMax,
      failed: totals.failed,
    };
  } catch (error) {
    if (!(error instanceof Misplaced || error instanceof Panic)) throw error;
    const { op, id, size } = current!;
    const panic = error instanceof Panic ? 'panic: ' : '';
    throw new BadReplay(
      `operation ${operations + 1} (${op} of ${id}, ${size} bytes) ` +
        `on ${allocator.name}: ${panic}${error.message}`,
    );
  }
}
