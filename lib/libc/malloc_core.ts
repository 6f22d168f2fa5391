// The memory under a malloc: one array of real bytes, and its break.
//
// The process that Doug Lea's malloc 2.7.2 lives in, as far as malloc can
// see it: a page of static data, the heap right above it, and sbrk, which
// moves the heap's end, the break. Idea: the allocator keeps its records in
// the same bytes that it gives out. So a program that writes past a block
// really destroys them, and what happens then happens here as well.
//
//      dataStart        heapStart             brk        heapStart + limit
//       | av_ of malloc  | the heap            | not mapped |
//
// A word is what C's size_t and pointers are: 4 bytes in the model ilp32
// (the i386 of the time), 8 in lp64 (x86-64); the low byte comes first. An
// lp64 word is two entries of the array. The lower one is the number: no
// address or size here comes near 2^31. The upper one extends its sign: 0,
// or -1 above a negative number. It is written and never read.
//
// 1. heap holds the bytes from dataStart to the break, rounded up to a page.
// 2. The break lies between heapStart and heapStart + limit.
// 3. What is mapped for the first time, or again, is zero.
// 4. An address that comes out of memory, or from the program, passes
//    through at() before anything is read or written there. Where there is
//    no memory, it ends the process: Killed.
//
// Left out: addresses that are no multiple of 4. An i386 would read across
// two words; here it is a bus error, as on a SPARC. An lp64 program that
// destroys the upper half of a word, and only that, goes unpunished.
import { Panic } from '../sys/panic.js';

/** First address of the static data: the page that holds av_. */
export const dataStart = 0x0ffff000;

/**
 * First address of the heap. Round, so that an address shows how far into
 * the heap it is, and every alignment that one may ask for divides it.
 */
export const heapStart = 0x10000000;

/** Bytes in a page: what is mapped ends with one. */
export const pageBytes = 4096;

/** The largest limit; addresses stay well below 2^31. */
export const mostLimit = 0x60000000;

/** The width of a word, and what follows from it. */
export type Model = 'ilp32' | 'lp64';

/**
 * The process is dead. `message` is what the shell prints: "Segmentation
 * fault", "Bus error", or "Alarm clock" where the original loops for ever.
 */
export class Killed extends Panic {
  constructor(message: string, call: string, addr: number) {
    super(message, { call, addr });
    this.name = 'Killed';
  }
}

/** Ends the process: there is no memory at addr. */
export function segv(call: string, addr: number): never {
  throw new Killed('Segmentation fault', call, addr);
}

/** The least multiple of the page that is >= x. */
export const pageUp = (x: number): number => (x + pageBytes - 1) & -pageBytes;

/** What MORECORE returns when it cannot: C's (void *)-1. */
export const MORECORE_FAILURE = -1;

/** A process's memory. */
export class Memory {
  heap = new Int32Array(0); // from dataStart to the break, 4 bytes an entry
  bytes = new Uint8Array(0); // the same, byte by byte
  brk = heapStart; // the break: the first address that is not the heap's
  maxBrk = heapStart; // the highest it has been
  readonly SIZE_SZ: number = 0; // bytes in a word
  readonly longest: number = 0; // entries of a list that is no circle
  private readonly buffer: ArrayBuffer;
  private readonly low: number = -dataStart;
  private room = 0; // bytes from dataStart on in which a chunk may begin

  /** @param limit bytes that the heap may grow to; taken at once */
  constructor(
    readonly model: Model,
    readonly limit: number,
  ) {
    if (!Number.isInteger(limit) || limit < 0 || limit > mostLimit) {
      throw new RangeError(`a heap of ${limit} bytes: 0 to ${mostLimit} work`);
    }
    this.longest = (pageBytes + limit) >> 2;
    this.SIZE_SZ = model === 'lp64' ? 8 : 4;
    this.buffer = new ArrayBuffer(pageUp(heapStart - dataStart + limit));
    this.map();
  }

  /** Lets heap and bytes end with the page of the break (1). */
  private map(): void {
    const length = pageUp(this.brk - dataStart);
    this.heap = new Int32Array(this.buffer, 0, length >> 2);
    this.bytes = new Uint8Array(this.buffer, 0, length);
    this.room = length - 4 * this.SIZE_SZ + 1;
  }

  /**
   * Moves the break by increment bytes, up or down: sbrk(2). By 0 it only
   * tells where the break is.
   * @returns where the break was, or MORECORE_FAILURE
   */
  MORECORE(increment: number): number {
    const old = this.brk;
    const brk = old + increment;
    const most = heapStart + this.limit;
    if (brk < heapStart || brk > most) return MORECORE_FAILURE;
    if (increment === 0) return old;

    // Pages given back are gone; the same ones come again as zeros (3).
    if (increment < 0) this.bytes.fill(0, brk - dataStart);
    this.brk = brk;
    this.maxBrk = Math.max(this.maxBrk, brk);
    this.map();
    return old;
  }

  /**
   * Lets a pass if there is memory for the four words of a chunk.
   * @returns a
   * @throws Killed if not (4)
   */
  at(a: number): number {
    // One comparison for both ends: what is negative, >>> makes large.
    if ((a + this.low) >>> 0 >= this.room || (a & 3) !== 0) this.fault(a);
    return a;
  }

  /** Ends the process: there is no memory at a, or none that fits. */
  fault(a: number): never {
    const outside = (a + this.low) >>> 0 >= this.room;
    if (outside) return segv('malloc', a);
    throw new Killed('Bus error', 'malloc', a);
  }

  /** Ends the process: the list at p is a circle. */
  hang(p: number): never {
    throw new Killed('Alarm clock', 'malloc', p);
  }

  /** The word at address a, as a signed number. @throws Killed */
  load(a: number): number {
    return this.heap[(this.at(a) - dataStart) >> 2];
  }

  /** Makes v the word at address a. @throws Killed */
  store(a: number, v: number): void {
    this.heap[(this.at(a) - dataStart) >> 2] = v;
  }

  /**
   * The n bytes from address a, alive: what is written there is in memory.
   * This is how a program uses its blocks, and how it overruns them.
   * @throws Killed when not all of them are memory
   */
  span(a: number, n: number): Uint8Array {
    const start = a - dataStart;
    const end = start + n;
    if (start < 0 || n < 0 || end > this.bytes.length) segv('program', a);
    return this.bytes.subarray(start, end);
  }
}
