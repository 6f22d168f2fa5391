import { it } from 'vitest';
import { attempt, Finding, write } from '../../lib/grade/judge.js';
import { random } from '../../lib/trace/random.js';
import { free, init, malloc } from './your-own-malloc.js';

interface Heap { words: Int32Array; brk: number; steps: number }
interface Block { at: number; size: number; id: number }

/** One call of a program: a size, or the number of the malloc to undo. */
type Op = { ask: number } | { drop: number };

const show = (op: Op): string =>
  'ask' in op ? `malloc(${op.ask})` : `free(block ${op.drop})`;

/** A program that uses an allocator, and looks at everything it does. */
class Program {
  readonly heap: Heap;
  readonly blocks = new Map<number, Block>();
  readonly costs: number[] = []; // steps of each call
  peak = 0;
  private live = 0;
  private count = 0;
  private readonly calls: string[] = [];

  constructor(bytes: number) {
    this.heap = { words: new Int32Array(bytes / 4), brk: 0, steps: 0 };
    this.call('init(heap)', () => init(this.heap));
  }

  run(ops: readonly Op[]): this {
    for (const op of ops) {
      if ('ask' in op) this.malloc(op.ask);
      else this.free(op.drop);
    }
    return this;
  }

  /** A block of size bytes, filled. @returns 0 when it was refused */
  malloc(size: number): number {
    const { heap, blocks } = this;
    const id = this.count++;
    const call = `malloc(heap, ${size})`;
    const at: unknown = this.call(call, () => malloc(heap, size), id);
    if (typeof at !== 'number') {
      this.fault(`${call}: you have ${write(at)}, it is an offset`);
    }
    if (at === 0) return 0;
    if (!Number.isInteger(at) || at < 0 || at % 8 !== 0) {
      this.fault(`${call}: you have ${at}, it is a positive multiple of 8`);
    }
    if (at + size > heap.brk) {
      this.fault(`${call}: the block [${at}, ${at + size}) ends beyond brk, `
        + `${heap.brk}`);
    }
    for (const b of blocks.values()) {
      if (at < b.at + b.size && b.at < at + size) {
        this.fault(`${call}: the block [${at}, ${at + size}) overlaps block `
          + `${b.id}, [${b.at}, ${b.at + b.size}), which is in use`);
      }
    }
    this.bytes(at, size).fill(0x80 + (id % 0x7f));
    blocks.set(id, { at, size, id });
    this.live += size;
    this.peak = Math.max(this.peak, this.live);
    return at;
  }

  free(id: number): void {
    const block = this.blocks.get(id);
    if (block === undefined) return; // it was refused
    this.blocks.delete(id);
    this.live -= block.size;
    const call = `free(heap, ${block.at})`;
    this.call(`${call}, block ${id}`, () => free(this.heap, block.at));
  }

  /** A call, and a look at what it may not do. */
  private call<T>(call: string, f: () => T, id = -1): T {
    const { heap } = this;
    const { brk, steps, words } = heap;
    const was = [...words];
    const result = attempt(call, f, this.calls.slice(-6));
    this.calls.push(id < 0 ? call : `${call} for block ${id}`);
    if (!Number.isInteger(heap.brk) || heap.brk % 4 !== 0 || heap.brk < brk
      || heap.brk > 4 * words.length) {
      this.fault(`${call}: brk was ${brk} and is ${heap.brk}; it is a multiple `
        + `of 4, never goes down, and is at most ${4 * words.length}`);
    }
    const changed = was.flatMap((word, i) => (word === words[i] ? [] : [i]));
    const beyond = changed.find((i) => 4 * i >= heap.brk);
    if (beyond !== undefined) {
      this.fault(`${call}: the word at ${4 * beyond} is changed, beyond brk, `
        + `${heap.brk}`);
    }
    if (heap.steps - steps < changed.length) {
      this.fault(`${call}: ${changed.length} words have changed, and steps `
        + `counted ${heap.steps - steps}. Reach them with get and put only`);
    }
    for (const b of this.blocks.values()) {
      const mark = 0x80 + (b.id % 0x7f);
      const i = this.bytes(b.at, b.size).findIndex((byte) => byte !== mark);
      if (i < 0) continue;
      this.fault(`${call}: byte ${i} of block ${b.id}, at ${b.at + i}, has `
        + `changed; the block is [${b.at}, ${b.at + b.size}), and in use. A tag `
        + 'of yours lies in it');
    }
    this.costs.push(heap.steps - steps);
    return result;
  }

  private bytes(at: number, size: number): Uint8Array {
    const { words } = this.heap;
    return new Uint8Array(words.buffer, words.byteOffset + at, size);
  }

  /** @throws Finding, with the calls before and the blocks drawn */
  private fault(what: string): never {
    const before = this.calls.slice(0, -1);
    const calls = before.slice(-8).join('; ');
    const dots = before.length > 8 ? '...; ' : '';
    throw new Finding([
      `${what}.`,
      ...(before.length > 0 ? [`  before: ${dots}${calls}`] : []),
      ...this.draw(),
    ].join('\n'));
  }

  /** Where the blocks lie: a character for each 8 bytes, or more. */
  draw(): string[] {
    const step = Math.max(8, Math.ceil(this.heap.brk / 8 / 60) * 8);
    const cells = Math.ceil(this.heap.brk / step);
    const row = Array.from({ length: cells }, (_, i) => {
      const hit = [...this.blocks.values()].filter((b) =>
        b.at < (i + 1) * step && b.at + b.size > i * step);
      return hit.length === 0 ? '.' : String(hit[0].id % 10);
    });
    return [`  in use ${row.join('')}`,
      `         0 to ${this.heap.brk}, ${step} bytes a character; a digit is `
      + 'the last one of a block\'s number'];
  }
}

/** Fails with what was said, and the heap drawn. */
function mustBe(right: boolean, program: Program, text: string): void {
  if (!right) throw new Finding([text, ...program.draw()].join('\n'));
}

/** Requests that fit into what was given back; few steps alone are nothing. */
function mustReuse(program: Program, ops: readonly Op[]): void {
  const { brk } = program.heap;
  program.run(ops);
  mustBe(program.heap.brk === brk, program,
    `${ops.map(show).join('; ')}: brk was ${brk} and is ${program.heap.brk}. `
    + 'There is room in what was given back: few steps are no merit when '
    + 'nothing is used again.');
}

// ---- the allocators to compare with: they keep lists, and no memory

type Chunk = { at: number; size: number; id: number }; // id -1: free

/** The brk of an allocator with `tags` bytes a chunk, at least 16 long. */
function reference(
  ops: readonly Op[], tags: number, best: boolean, joins: boolean,
): number {
  const chunks: Chunk[] = [];
  let end = 8; // what a heap begins and ends with
  let id = 0;
  const freed = (i: number): boolean => chunks[i]?.id === -1;
  for (const op of ops) {
    if ('drop' in op) {
      const i = chunks.findIndex((c) => c.id === op.drop);
      chunks[i].id = -1;
      if (!joins) continue;
      for (const k of [i, i - 1]) {
        if (!freed(k) || !freed(k + 1)) continue;
        chunks[k].size += chunks[k + 1].size;
        chunks.splice(k + 1, 1);
      }
      continue;
    }
    const n = Math.max(16, (op.ask + tags + 7) & ~7);
    let found = -1;
    for (const [i, c] of chunks.entries()) {
      if (c.id !== -1 || c.size < n) continue;
      if (found < 0 || (best && c.size < chunks[found].size)) found = i;
    }
    if (found < 0) {
      if (!freed(chunks.length - 1) || !joins) {
        chunks.push({ at: end, size: 0, id: -1 });
      }
      found = chunks.length - 1;
      end += n - chunks[found].size;
      chunks[found].size = n;
    }
    const chunk = chunks[found];
    if (chunk.size - n >= 16) {
      chunks.splice(found + 1, 0, { at: chunk.at + n, size: chunk.size - n, id: -1 });
      chunk.size = n;
    }
    chunk.id = id++;
  }
  return end;
}

const bump = (ops: readonly Op[]): number =>
  ops.reduce((sum, op) => sum + ('ask' in op ? (op.ask + 15) & ~7 : 0), 8);
const firstFit = (ops: readonly Op[]): number => reference(ops, 8, false, true);
const bestFit = (ops: readonly Op[]): number => reference(ops, 4, true, true);

// ---- the programs

/** Random sizes; about `live` blocks at a time. */
function mixed(seed: number, live: number, most: number): Op[] {
  const next = random(seed);
  const held: number[] = [];
  const ops: Op[] = [];
  for (let id = 0; ops.length < 180; ) {
    if (next() * 2 * live > held.length) {
      const small = next() < 0.6;
      ops.push({ ask: 1 + Math.floor(next() * (small ? most / 5 : most)) });
      held.push(id++);
    } else {
      ops.push({ drop: held.splice(Math.floor(next() * held.length), 1)[0] });
    }
  }
  return ops;
}

/** Small and large in turn, the large ones freed, then larger ones. */
function inTurn(small: number, large: number): Op[] {
  const ops: Op[] = [];
  for (let i = 0; i < 30; i++) ops.push({ ask: small }, { ask: large });
  for (let i = 0; i < 30; i++) ops.push({ drop: 2 * i + 1 });
  for (let i = 0; i < 10; i++) ops.push({ drop: 6 * i + 2 });
  for (let i = 0; i < 30; i++) ops.push({ ask: large + small });
  return ops;
}

/** Grows to many blocks, shrinks to few, with other sizes each time. */
function phases(seed: number): Op[] {
  const next = random(seed);
  const held: number[] = [];
  const ops: Op[] = [];
  let id = 0;
  for (const most of [40, 130, 260]) {
    for (let i = 0; i < 34; i++) {
      ops.push({ ask: 8 + Math.floor(next() * most) });
      held.push(id++);
    }
    while (held.length > 6) {
      ops.push({ drop: held.splice(Math.floor(next() * held.length), 1)[0] });
    }
  }
  return ops.slice(0, 190);
}

/** Runs a program, and demands a brk of at most `limit` for a reason. */
function score(ops: readonly Op[], limit: number, what: string): void {
  const program = new Program(16384).run(ops);
  const { peak, heap } = program;
  if (program.blocks.size === 0 && peak === 0) {
    throw new Finding('malloc(heap, size) gave no block at all.');
  }
  const asked = ops.filter((op) => 'ask' in op).length;
  const left = asked - ops.filter((op) => 'drop' in op).length;
  mustBe(program.blocks.size === left, program,
    'A block was refused, although the heap has 16,384 bytes.');
  const per = (brk: number) => `${((100 * peak) / brk).toFixed(1)} %`;
  const rows = [
    ['yours', heap.brk], ['bump', bump(ops)], ['first fit', firstFit(ops)],
    ['best fit', bestFit(ops)],
  ] as const;
  mustBe(heap.brk <= limit, program, [
    `A program of ${ops.length} calls: your brk is ${heap.brk} bytes, it is at `
      + `most ${limit}: ${what}.`,
    ...rows.map(([name, brk]) =>
      `  ${name.padEnd(9)} ${`${brk}`.padStart(6)} bytes  utilisation ${per(brk)}`),
  ].join('\n'));
}

it('gives blocks inside of the heap, aligned and apart [2 points]', () => {
  new Program(4096).run([{ ask: 1 }]).run([{ ask: 8 }, { ask: 24 }]);
  const sizes = [12, 13, 20, 4, 100, 1, 7, 64, 33, 250];
  const program = new Program(4096).run(sizes.map((ask) => ({ ask })));
  mustBe(program.blocks.size === sizes.length, program,
    'A block was refused, although the heap has 4,096 bytes.');
});

it('keeps what is in a block while others come and go [2 points]', () => {
  const program = new Program(4096).run([
    { ask: 24 }, { ask: 24 }, { ask: 24 }, { drop: 1 }, { ask: 24 }, { drop: 0 },
    { ask: 8 }, { ask: 8 }, { drop: 2 }, { ask: 50 }, { drop: 3 }, { ask: 10 },
  ]);
  mustBe(program.blocks.size === 4, program, 'A block was refused.');
  new Program(16384).run(mixed(5, 12, 120));
});

it('uses again what was given back [1 point]', () => {
  for (const size of [24, 100]) {
    const program = new Program(4096).run([{ ask: size }, { ask: 24 }]);
    const { brk } = program.heap;
    program.run([{ drop: 0 }, { ask: size }]);
    mustBe(program.blocks.size === 2 && program.heap.brk === brk, program,
      `malloc(${size}) after the free of a block of ${size}: brk was ${brk} and `
      + `is ${program.heap.brk}. Search before you raise it.`);
  }
});

it('splits what is longer than needed [1 point]', () => {
  const program = new Program(4096).run([{ ask: 200 }, { ask: 24 }]);
  const { brk } = program.heap;
  program.run([{ drop: 0 }, { ask: 40 }, { ask: 40 }, { ask: 40 }]);
  mustBe(program.blocks.size === 4 && program.heap.brk === brk, program,
    'Three blocks of 40 bytes fit where one of 200 was; brk was '
    + `${brk} and is ${program.heap.brk}. What is not needed becomes a free chunk.`);
});

it('joins a free chunk with both neighbours [2 points]', () => {
  const orders = [[0, 1, 2], [2, 1, 0], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1]];
  for (const order of orders) {
    const program = new Program(4096)
      .run([{ ask: 40 }, { ask: 40 }, { ask: 40 }, { ask: 24 }]);
    const { brk } = program.heap;
    program.run(order.map((drop) => ({ drop }))).run([{ ask: 120 }]);
    const said = order.map((i) => show({ drop: i })).join('; ');
    mustBe(program.blocks.size === 2 && program.heap.brk === brk, program,
      `malloc(120) after ${said}, three neighbours of 40: brk was ${brk} and is `
      + `${program.heap.brk}. A chunk that is freed joins what is free before it `
      + 'and behind it.');
  }
});

it('returns 0 when there is no room, and goes on [1 point]', () => {
  const program = new Program(1024).run([{ ask: 100 }, { ask: 700 }]);
  mustBe(program.blocks.size === 2, program, 'A block was refused too early.');
  mustBe(program.malloc(900) === 0, program, 'malloc(900) cannot have a block.');
  program.run([{ drop: 1 }, { ask: 600 }, { ask: 60 }]);
  mustBe(program.blocks.size === 3, program,
    'After malloc(900) was refused, a request that fits was refused too.');
});

it('pays one word a block: 20 blocks of 12 bytes need 16 each [1 point]', () => {
  const ops: Op[] = Array.from({ length: 20 }, (): Op => ({ ask: 12 }));
  ops.push({ drop: 3 }, { drop: 7 }, { ask: 12 }, { ask: 12 });
  score(ops, 20 * 16 + 24, 'only a free chunk needs a length at its end');
});

it('needs much less than a bump allocator [2 points]', () => {
  const ops = mixed(11, 20, 200);
  score(ops, Math.floor((bump(ops) + firstFit(ops)) / 2),
    'half way from bump to first fit');
});

it('needs no more than first fit: random sizes [1 point]', () => {
  const ops = mixed(23, 25, 250);
  score(ops, Math.floor(firstFit(ops) * 1.01), 'first fit, and 1 % more');
});

it('needs no more than first fit: small and large in turn [1 point]', () => {
  const ops = inTurn(16, 112);
  score(ops, Math.floor(firstFit(ops) * 1.01), 'first fit, and 1 % more');
});

it('needs no more than first fit: three phases [1 point]', () => {
  const ops = phases(31);
  score(ops, Math.floor(firstFit(ops) * 1.01), 'first fit, and 1 % more');
});

it('needs no more than best fit with one tag [2 points]', () => {
  const ops = mixed(47, 25, 250);
  score(ops, Math.floor(bestFit(ops) * 1.01), 'best fit, and 1 % more');
});

it('frees in a few steps, however many chunks there are [2 points]', () => {
  for (const many of [8, 90]) {
    const program = new Program(16384)
      .run(Array.from({ length: many }, (): Op => ({ ask: 40 })));
    mustBe(program.blocks.size === many, program, 'A block was refused.');
    const drops = [many / 2, 1, many - 2, many / 2 + 1, 2];
    program.run(drops.map((drop) => ({ drop })));
    const most = Math.max(...program.costs.slice(-drops.length));
    mustReuse(program, drops.map(() => ({ ask: 40 })));
    mustBe(most <= 40, program,
      `A free among ${many} blocks takes ${most} steps, it is at most 40. The `
      + 'tags say where both neighbours are: no search is needed.');
  }
});

it('looks at each chunk about once in a search [1 point]', () => {
  const program = new Program(16384)
    .run(Array.from({ length: 60 }, (): Op => ({ ask: 100 })))
    .run(Array.from({ length: 30 }, (_, i): Op => ({ drop: 2 * i })))
    .run([{ ask: 20 }, { ask: 150 }]);
  const most = Math.max(...program.costs.slice(-2));
  mustReuse(program, [{ ask: 40 }]);
  mustBe(program.blocks.size === 33, program, 'A block was refused.');
  mustBe(most <= 2 * 62 + 40, program,
    `A malloc with 60 chunks in the heap takes ${most} steps, it is at most `
    + '164. Go from header to header, not from word to word.');
});
