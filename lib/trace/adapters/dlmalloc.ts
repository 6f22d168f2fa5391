// The heap behind the golden traces of system "dlmalloc".
//
// One process a trace. Each line is one call with the offset that came
// back, or the state of the whole heap: in full, with every chunk and every
// list in order, or in counts. The lines are described in
// test/golden/dlmalloc/README.md.
import {
  type malloc_state, newProcess, offset,
} from '../../libc/malloc_bins.js';
import { bins, chunks, fastbins } from '../../libc/malloc_check.js';
import {
  heapStart, Killed, mostLimit, type Model,
} from '../../libc/malloc_core.js';
import {
  free, M_MXFAST, M_TOP_PAD, M_TRIM_THRESHOLD, mallopt,
} from '../../libc/malloc_free.js';
import { malloc } from '../../libc/malloc_malloc.js';
import { calloc, memalign, realloc } from '../../libc/malloc_realloc.js';
import { MalformedTrace, type Header, type Outcome } from '../golden.js';
import type { Replayer } from '../golden.js';

type Line = { [name: string]: unknown };

const isLine = (value: unknown): value is Line =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

const models: readonly unknown[] = ['ilp32', 'lp64'];

/** How the header says that the heap is set up. */
const settings: { name: string; parameter: number; usual: number }[] = [
  { name: 'trim_threshold', parameter: M_TRIM_THRESHOLD, usual: 262_144 },
  { name: 'top_pad', parameter: M_TOP_PAD, usual: 0 },
  { name: 'mxfast', parameter: M_MXFAST, usual: 64 },
];

/** What this malloc leaves out, and a header may not switch on. */
const leftOut = ['mmap', 'trim_fastbins'];

/** Applies the header's `config`. */
function configure(av: malloc_state, config: unknown): void {
  if (config !== undefined && !isLine(config)) {
    throw new MalformedTrace('the header\'s "config" is no object');
  }
  const given = (config ?? {}) as Line;
  for (const name of leftOut) {
    if (given[name]) throw new MalformedTrace(`${name} is left out here`);
  }
  for (const { name, parameter, usual } of settings) {
    const value = given[name] ?? usual;
    if (!isCount(value) || mallopt(av, parameter, value) === 0) {
      throw new MalformedTrace(`${name} cannot be ${JSON.stringify(value)}`);
    }
  }
}

/** The replayer for a dlmalloc trace; null for any other system. */
export function makeDlmallocReplayer(header: Header): Replayer | null {
  if (header.system !== 'dlmalloc') return null;
  const { variant, model, morecore_limit: limit = 0xc000000 } = header;
  if (variant !== '2.7.2') {
    throw new MalformedTrace(
      `dlmalloc is replayed as version 2.7.2, not as ${variant}: ` +
        'that one is another design',
    );
  }
  if (!models.includes(model)) {
    throw new MalformedTrace(`the model is ilp32 or lp64, not ${model}`);
  }
  if (!isCount(limit) || limit > mostLimit) {
    throw new MalformedTrace(`"morecore_limit" is 0 to ${mostLimit}`);
  }
  const av = newProcess(model as Model, limit);
  configure(av, header.config);
  return new HeapReplayer(av);
}

/** The numbers that a call's line has, before the answer. */
const widths: { [op: string]: number } = {
  malloc: 2, // id, size
  calloc: 3, // id, n, elem
  memalign: 3, // id, align, size
  realloc: 2, // id, size
};

class HeapReplayer implements Replayer {
  private readonly blocks = new Map<number, number>();

  constructor(private readonly av: malloc_state) {}

  line(value: unknown): Outcome {
    if (!Array.isArray(value) || typeof value[0] !== 'string') {
      throw new MalformedTrace('a line must be an array that begins with a word');
    }
    const [op, ...rest] = value as [string, ...unknown[]];
    if (Object.hasOwn(widths, op)) return this.operation(op, rest);
    if (op === 'free') return this.free(rest);
    if (op === 'state') return this.state(rest[0]);
    if (op === 'note') {
      return { kind: 'other', call: 'note', expected: null, got: null };
    }
    throw new MalformedTrace(`unknown operation "${op}"`);
  }

  /** A call that returns a block, or null. */
  private operation(op: string, rest: unknown[]): Outcome {
    const width = widths[op];
    const numbers = rest.slice(0, width);
    const expected = rest[width];
    const answered = expected === null || isCount(expected);
    if (rest.length !== width + 1 || !answered || !numbers.every(isCount)) {
      throw new MalformedTrace(`${op}: the arguments ${JSON.stringify(rest)}`);
    }
    const [id, a, b] = numbers as number[];
    const call = `${op}(${numbers.join(', ')})`;
    const got = this.answer(() => this.call(op, id, a, b));
    return { kind: 'operation', call, expected, got };
  }

  /** Runs it; an id that has no block stands for a null pointer. */
  private call(op: string, id: number, a: number, b: number): number | null {
    const { av, blocks } = this;
    const old = blocks.get(id) ?? 0;
    let mem = 0;
    if (op === 'malloc') mem = malloc(av, a);
    else if (op === 'calloc') mem = calloc(av, a, b);
    else if (op === 'memalign') mem = memalign(av, a, b);
    else mem = realloc(av, old, a);
    if (mem !== 0) blocks.set(id, mem);
    return mem === 0 ? null : offset(mem);
  }

  private free(rest: unknown[]): Outcome {
    const [id] = rest;
    if (rest.length !== 1 || (id !== null && !isCount(id))) {
      throw new MalformedTrace(`free: the arguments ${JSON.stringify(rest)}`);
    }
    const mem = id === null ? 0 : (this.blocks.get(id as number) ?? 0);
    if (id !== null) this.blocks.delete(id as number);
    const got = this.answer(() => {
      free(this.av, mem);
      return null;
    });
    return { kind: 'operation', call: `free(${id})`, expected: null, got };
  }

  /** What a call answers, the end of the process included. */
  private answer(call: () => number | null): unknown {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      return { killed: error.message };
    }
  }

  /** The state with just the fields that the line has. */
  private state(expected: unknown): Outcome {
    if (!isLine(expected)) throw new MalformedTrace('state: no object');
    const all = stateOf(this.av);
    const got = Object.fromEntries(
      Object.keys(expected).map((name) => {
        if (name in all) return [name, all[name]];
        throw new MalformedTrace(`state: there is no "${name}" here`);
      }),
    );
    return { kind: 'checkpoint', call: 'the heap', expected, got };
  }
}

const kinds = { allocated: 'used', free: 'free', cached: 'fast' };

/** Everything that a state may have. */
function stateOf(av: malloc_state): Line {
  const all = chunks(av);
  const rows = all.flatMap(({ addr, size, kind }) =>
    kind === 'top' || kind === 'fence'
      ? []
      : [[offset(addr), size, kinds[kind]] as const],
  );
  const sizes = (word: string): number[] =>
    rows.flatMap(([, size, kind]) => (kind === word ? [size] : []));
  const lists = (found: ReturnType<typeof bins>) =>
    Object.fromEntries(
      found.map(({ index, chunks }) => [index, chunks.map(offset)]),
    );
  const free = sizes('free');
  const top = all.at(-1);
  return {
    brk: av.brk - heapStart,
    top: top ? offset(top.addr) : undefined,
    top_size: top?.size,
    chunks: rows,
    bins: lists(bins(av)),
    fastbins: lists(fastbins(av)),
    last_remainder: av.last_remainder === 0 ? null : offset(av.last_remainder),
    used_chunks: sizes('used').length,
    free_chunks: free.length,
    fast_chunks: sizes('fast').length,
    free_bytes: free.reduce((sum, size) => sum + size, 0),
    largest_free: Math.max(0, ...free),
  };
}
