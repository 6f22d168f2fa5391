// A program that uses its heap fully: every byte that it was given is
// written, and looked at again before the block changes hands.
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { type malloc_state, newProcess } from '../../lib/libc/malloc_bins.js';
import { chunks, malloc_check } from '../../lib/libc/malloc_check.js';
import { heapStart, Killed, type Model } from '../../lib/libc/malloc_core.js';
import {
  free, M_MXFAST, malloc_trim, mallopt,
} from '../../lib/libc/malloc_free.js';
import { malloc } from '../../lib/libc/malloc_malloc.js';
import {
  calloc, malloc_usable_size, memalign, realloc,
} from '../../lib/libc/malloc_realloc.js';

interface Block {
  mem: number;
  size: number; // bytes asked for
  mark: number; // what they hold: mark, mark + 1, ...
}

/** One step of a program. `which` picks a block among those alive. */
export type Step =
  | { op: 'malloc' | 'calloc'; size: number }
  | { op: 'memalign'; size: number; align: number }
  | { op: 'realloc'; which: number; size: number }
  | { op: 'free'; which: number }
  | { op: 'trim'; pad: number }
  | { op: 'sbrk'; bytes: number };

export interface Setup {
  model: Model;
  mxfast: number;
  limit: number;
}

const small = fc.integer({ min: 0, max: 120 });
const size = fc.oneof(
  { weight: 4, arbitrary: small },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 2000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 60_000 }) },
);
const which = fc.nat({ max: 1000 });

/** Programs that a C programmer may write. */
export const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ op: fc.constant('malloc' as const), size }) },
    { weight: 7, arbitrary: fc.record({ op: fc.constant('free' as const), which }) },
    {
      weight: 3,
      arbitrary: fc.record({ op: fc.constant('realloc' as const), which, size }),
    },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('calloc' as const), size }) },
    {
      weight: 1,
      arbitrary: fc.record({
        op: fc.constant('memalign' as const),
        size,
        align: fc.constantFrom(0, 8, 16, 24, 32, 64, 100, 256, 4096),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        op: fc.constant('trim' as const),
        pad: fc.constantFrom(0, 100, 5000),
      }),
    },
  ),
  { minLength: 1, maxLength: 120 },
);

export const setups: fc.Arbitrary<Setup> = fc.record({
  model: fc.constantFrom('ilp32', 'lp64'),
  mxfast: fc.constantFrom(64, 0, 80),
  limit: fc.constantFrom(16_384, 131_072, 4_194_304),
});

/** A process that has set M_MXFAST. */
export function processOf({ model, mxfast, limit }: Setup): malloc_state {
  const av = newProcess(model, limit);
  expect(mallopt(av, M_MXFAST, mxfast)).toBe(1);
  return av;
}

export class Client {
  readonly blocks: Block[] = [];
  foreign = 0; // bytes that others have got from sbrk
  private marks = 0;

  constructor(readonly av: malloc_state) {}

  /** One step, then a look at everything. */
  step(step: Step): void {
    const { av, blocks } = this;
    const i = 'which' in step ? step.which % Math.max(1, blocks.length) : -1;
    switch (step.op) {
      case 'malloc':
        this.got(malloc(av, step.size), step.size);
        break;
      case 'calloc': {
        const mem = calloc(av, step.size, 1);
        if (mem !== 0) {
          const clear = av.span(mem, step.size).every((byte) => byte === 0);
          expect(clear, 'calloc clears').toBe(true);
        }
        this.got(mem, step.size);
        break;
      }
      case 'memalign': {
        const mem = memalign(av, step.align, step.size);
        if (step.align > 0 && (step.align & (step.align - 1)) === 0) {
          expect(mem % step.align).toBe(0);
        }
        this.got(mem, step.size);
        break;
      }
      case 'realloc':
        if (blocks.length > 0) this.resize(i, step.size);
        break;
      case 'free':
        if (blocks.length > 0) this.give(i);
        break;
      case 'trim':
        malloc_trim(av, step.pad);
        break;
      case 'sbrk':
        if (av.MORECORE(step.bytes) !== -1) this.foreign += step.bytes;
        break;
    }
    this.look();
  }

  /** Fills a new block, to its last usable byte. */
  private got(mem: number, size: number): void {
    if (mem === 0) return;
    const { av } = this;
    expect(mem % av.MALLOC_ALIGNMENT).toBe(0);
    expect(malloc_usable_size(av, mem)).toBeGreaterThanOrEqual(size);
    const block = { mem, size, mark: this.marks++ * 31 };
    this.fill(block);
    this.blocks.push(block);
  }

  /** The first bytes of a block hold what was written. */
  private holds({ mem, mark }: Block, bytes: number): void {
    const view = this.av.span(mem, bytes);
    const wrong = view.findIndex((byte, i) => byte !== ((mark + i) & 0xff));
    expect(wrong, `a byte of ${mem.toString(16)}`).toBe(-1);
  }

  private fill({ mem, mark }: Block): void {
    const usable = malloc_usable_size(this.av, mem);
    const view = this.av.span(mem, usable);
    for (let i = 0; i < usable; i++) view[i] = mark + i;
  }

  private resize(i: number, size: number): void {
    const block = this.blocks[i];
    const mem = realloc(this.av, block.mem, size);
    if (mem === 0) return;
    this.holds({ ...block, mem }, Math.min(block.size, size));
    this.blocks[i] = { mem, size, mark: this.marks++ * 31 };
    this.fill(this.blocks[i]);
  }

  private give(i: number): void {
    const [block] = this.blocks.splice(i, 1);
    this.holds(block, malloc_usable_size(this.av, block.mem));
    free(this.av, block.mem);
  }

  /** The invariants; no overlap; and every byte is accounted for. */
  look(): void {
    const { av, blocks } = this;
    expect(malloc_check(av)).toEqual([]);
    for (const block of blocks) this.holds(block, block.size);

    const all = chunks(av);
    const used = all.filter(({ kind }) => kind === 'allocated');
    const mine = blocks.map(({ mem }) => mem).sort((a, b) => a - b);
    expect(used.map(({ mem }) => mem)).toEqual(mine);
    if (this.foreign > 0 || all.length === 0) return;
    const sum = all.reduce((bytes, chunk) => bytes + chunk.size, 0);
    expect(sum).toBe(av.brk - heapStart);
    expect(av.sbrked_mem).toBe(av.brk - heapStart);
  }

  /** Frees all that is left, and looks at what remains. */
  finish(): void {
    while (this.blocks.length > 0) this.step({ op: 'free', which: 0 });
    malloc_trim(this.av, 0);
    this.look();
  }
}

/** The signal that ends f, as the shell prints it; null if none does. */
export function killed(f: () => unknown): string | null {
  try {
    f();
    return null;
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return error.message;
  }
}

/** Writes words of 4 bytes from an address on, as a program would. */
export function poke(av: malloc_state, at: number, ...words: number[]): void {
  const view = av.span(at, 4 * words.length);
  const data = new DataView(view.buffer, view.byteOffset);
  words.forEach((word, i) => data.setInt32(4 * i, word, true));
}
