import fc from 'fast-check';
import { it } from 'vitest';
import * as lib from '../../lib/bsd/malloc.js';
import * as sun from '../../lib/bsd/rmap.js';
import { attempt, drawMaps, Finding, same, write } from '../../lib/grade/judge.js';
import { uniform } from '../../lib/trace/random.js';
import { record } from '../../lib/trace/record.js';
import { churn } from '../../lib/trace/workloads.js';
import { malloc, mfree } from './lose-least.js';

type Piece = [size: number, addr: number];

/** What is judged: only what is named here. */
type Property = 'take' | 'keep' | 'account' | 'order';

const total = (pieces: Piece[]): number => pieces.reduce((sum, [s]) => sum + s, 0);

/** Words of somebody else behind the array. */
const neighbour = (): lib.map[] =>
  [7, 8, 9].map((n) => ({ m_size: 1000 * n, m_addr: 10000 * n }));

/** A map, the calls made on it, and what has been seen to be wrong. */
class Run {
  readonly mp: lib.map[];
  readonly calls: string[] = [];

  constructor(
    readonly slots: number,
    readonly judged: readonly Property[],
  ) {
    this.mp = lib.newMap(slots, [...neighbour(), ...lib.zeros(8)]);
  }

  /** The entries inside the slots. */
  get entries(): Piece[] {
    const own = this.mp.slice(0, this.slots);
    const end = own.findIndex(({ m_size }) => m_size === 0);
    return own
      .slice(0, end < 0 ? undefined : end)
      .map(({ m_size, m_addr }) => [m_size, m_addr]);
  }

  /** Is it judged at all, and is it so? */
  private must(property: Property, holds: boolean, says: () => string[]): void {
    if (this.judged.includes(property) && !holds) {
      throw new Finding(says().join('\n'));
    }
  }

  private where(call: string): string {
    const { length } = this.calls;
    const before = length > 12 ? `${length} calls` : this.calls.join('; ');
    return length === 0 ? call : `${call} (after ${before})`;
  }

  take(size: number, f = malloc): number {
    const before = this.entries;
    const call = `malloc(mp, ${this.slots}, ${size})`;
    const addr = attempt(call, () => f(this.mp, this.slots, size), this.calls);
    const drawn = () => drawMaps([
      { name: 'before', pieces: before },
      { name: 'yours', pieces: this.entries },
    ]);
    if (addr === 0) {
      this.must('take', before.every(([s]) => s < size), () => [
        `${this.where(call)}: you have 0, and a piece of ${size} units is free.`,
        '0 says that no piece is large enough.', ...drawn()]);
    } else {
      const from = before.find(([s, a]) => a <= addr && addr + size <= a + s);
      this.must('take', from !== undefined, () => [
        `${this.where(call)}: you have ${write(addr)}, and not all of these `
          + `${size} units are free.`, ...drawn()]);
      const is = cut(before, from ?? [0, 0], size, addr);
      this.must('take', same(this.entries, is), () => [
        `entries(mp) after ${this.where(call)}: you have ${write(this.entries)}, `
          + `it is ${write(is)}.`,
        'What is given out leaves the map, and nothing else does.', ...drawn()]);
    }
    this.judgeOrder(call);
    this.calls.push(call);
    return addr;
  }

  give(size: number, addr: number): number {
    const before = this.entries;
    const call = `mfree(mp, ${this.slots}, ${size}, ${addr})`;
    const lost = attempt(
      call,
      () => mfree(this.mp, this.slots, size, addr),
      this.calls,
    );
    const after = this.entries;
    if (after.length === this.slots) {
      throw new Finding(`${this.where(call)}: all ${this.slots} slots hold entries.\n`
        + 'The delimiter needs a slot of its own (invariant 4).');
    }
    const drawn = () => drawMaps([
      { name: 'before', pieces: before },
      { name: 'freed', pieces: [[size, addr]] },
      { name: 'yours', pieces: after },
    ]);
    const touches = before.some(([s, a]) => a + s === addr || addr + size === a);
    const slot = before.length < this.slots - 1;
    this.must('keep', lost === 0 || (!touches && !slot), () => [
      `${this.where(call)}: you have ${write(lost)}, it is 0.`,
      touches
        ? 'It touches an entry. Joining needs no slot, so nothing is lost.'
        : `A slot is left: ${this.slots} slots hold ${this.slots - 1} entries.`,
      ...drawn()]);
    const sum = total(after) + Number(lost);
    this.must('account', Number.isInteger(lost) && total(before) + size === sum, () => [
      `${this.where(call)}: ${total(before)} units were free and ${size} came `
        + `back; now ${total(after)} are free and ${write(lost)} are lost.`,
      'Every unit is free or lost, and none is both.', ...drawn()]);
    const known = [...before, [size, addr]] as Piece[];
    this.must('account', after.every((piece) => covered(piece, known)), () => [
      `${this.where(call)}: units are free now that were neither free nor given `
        + 'back.', ...drawn()]);
    this.judgeOrder(call);
    this.calls.push(call);
    return lost;
  }

  private judgeOrder(call: string): void {
    const faults = lib.checkMap(this.mp, this.slots)
      .filter((fault) => !fault.startsWith('5'));
    this.must('order', faults.length === 0, () => [
      `the map after ${this.where(call)} breaks an invariant.`,
      ...faults.map((fault) => `  ${fault}`),
      `  the slots: ${write(this.mp.slice(0, this.slots).map(({ m_size, m_addr }) =>
        [m_size, m_addr]))}`]);
    const behind = this.mp.slice(this.slots, this.slots + 3);
    this.must('order', same(behind.map((w) => ({ ...w })), neighbour()), () => [
      `${this.where(call)} writes behind the ${this.slots} slots.`,
      'Is there a slot? Ask before the first entry is moved.']);
  }
}

/** The entries without [addr, addr + size), which lies in one of them. */
function cut(pieces: Piece[], from: Piece, size: number, addr: number): Piece[] {
  return pieces.flatMap((piece) => {
    if (!same(piece, from)) return [piece];
    const [s, a] = piece;
    const parts: Piece[] = [[addr - a, a], [a + s - addr - size, addr + size]];
    return parts.filter(([part]) => part > 0);
  });
}

/** Is every unit of the piece in one of the others? */
function covered([size, addr]: Piece, others: Piece[]): boolean {
  let at = addr;
  while (at < addr + size) {
    const holder = others.find(([s, a]) => a <= at && at < a + s);
    if (holder === undefined) return false;
    at = holder[0] + holder[1];
  }
  return true;
}

/**
 * Pieces of these sizes lie side by side, all in use. A step above 0 gives
 * one of them back, a step below 0 takes so many units.
 */
interface Story { sizes: number[]; steps: number[] }

const stories: fc.Arbitrary<Story> = fc.record({
  sizes: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 5, maxLength: 9 }),
  steps: fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 9 }) },
      { weight: 1, arbitrary: fc.integer({ min: -5, max: -1 }) },
    ),
    { minLength: 1, maxLength: 12, size: 'max' },
  ),
});

/** V7's malloc, which asks for no slots. */
const v7: typeof malloc = (mp, _, size) => lib.malloc(mp, size);

/** Plays a story; malloc is V7's unless it is judged, and mfree likewise. */
function play({ sizes, steps }: Story, judged: readonly Property[]): void {
  const mine = judged.includes('take');
  const run = new Run(mine ? 12 : 3, judged);
  let next = 1;
  const held = sizes.map((size): Piece => [size, (next += size) - size]);
  for (const step of steps) {
    if (step < 0) {
      const addr = run.take(-step, mine ? malloc : v7);
      if (addr > 0) held.push([-step, addr]);
    } else if (held.length > 0) {
      const [[size, addr]] = held.splice((step - 1) % held.length, 1);
      if (mine) lib.mfree(run.mp, size, addr);
      else run.give(size, addr);
    }
  }
}

/** Holds a property on stories, and tells it on the smallest that fails. */
function hold(judged: Property[], seed: number): void {
  const property = fc.property(stories, (story) => play(story, judged));
  const { errorInstance } = fc.check(property, { seed, numRuns: 16 });
  if (errorInstance !== null) throw errorInstance;
}

it('malloc gives out what is free, and 0 only if nothing fits [1 point]', () => {
  const run = new Run(12, ['take']);
  lib.mfree(run.mp, 9, 10);
  run.take(4);
  run.take(6);
  hold(['take'], 1);
});

it('mfree loses nothing when it can join or has a slot [1 point]', () => {
  const run = new Run(3, ['keep', 'account']);
  run.give(4, 10);
  run.give(4, 30);
  run.give(4, 14);
  hold(['keep', 'account'], 2);
});

it('mfree says what it loses, and brings nothing back [1 point]', () => {
  const run = new Run(3, ['account']);
  for (const [size, addr] of [[4, 10], [3, 30], [2, 20], [5, 40]]) {
    run.give(size, addr);
  }
  hold(['account'], 3);
});

it('mfree keeps the invariants, and stays inside its slots [1 point]', () => {
  const run = new Run(3, ['account', 'order']);
  for (const [size, addr] of [[4, 30], [3, 10], [2, 20], [5, 40]]) {
    run.give(size, addr);
  }
  hold(['order'], 4);
});

/** A churn: pieces at once, and the least and the greatest size. */
interface Load {
  seed: number;
  operations: number;
  live: number;
  sizes: [least: number, most: number];
}

/** Units that are lost under a load: [yours, Solaris']. */
function losses(room: number, load: Load): [yours: number, theirs: number] {
  const run = new Run(room + 1, ['take', 'keep', 'account', 'order']);
  Object.assign(run.mp[0], { m_size: 1000, m_addr: 1 });
  const solaris = sun.rmallocmap(room);
  sun.rmfree(solaris, 1000, 1);
  const pair: [take: (n: number) => number, give: (n: number, a: number) => unknown,
    free: () => number][] = [
    [(n) => run.take(n), (n, a) => run.give(n, a), () => total(run.entries)],
    [(n) => sun.rmalloc(solaris, n), (n, a) => sun.rmfree(solaris, n, a),
      () => total(solaris.mapstart.map(({ m_size, m_addr }) => [m_size, m_addr]))],
  ];
  const [yours, theirs] = pair.map(([take, give, free]) => {
    const requests = churn({ ...load, sizes: uniform(...load.sizes) });
    const { lifetimes, operations } =
      record(requests, take, (addr, size) => void give(size, addr));
    const held = lifetimes.filter(({ to }) => to === operations);
    return 1000 - free() - held.reduce((sum, { addr, end }) => sum + end - addr, 0);
  });
  return [yours, theirs];
}

/** Judges the loss under a load against a share of Solaris'. */
function compare(room: number, load: Load, share: number, belief: string): void {
  const [yours, theirs] = losses(room, load);
  const most = Math.floor(theirs * share);
  if (yours <= most) return;
  const { operations, live, sizes } = load;
  throw new Finding(
    `${operations} requests for ${sizes.join(' to ')} units, ${live} pieces at `
      + `once, room for ${room} entries: you lose ${yours} of 1,000 units, `
      + `Solaris ${theirs}; asked for are at most ${most}.\n${belief}`,
  );
}

it('loses no more than Solaris in a tight map [1 point]', () => {
  compare(4, { seed: 1, operations: 190, live: 20, sizes: [1, 40] }, 1,
    'Solaris looks at two entries. You may look at all.');
});

it('loses at most half as much as Solaris in a wider one [1 point]', () => {
  compare(8, { seed: 1, operations: 190, live: 30, sizes: [1, 30] }, 1 / 2,
    'What is the cheapest piece to give up? The freed one is among them.');
});

it('loses at most a quarter of what Solaris loses [1 point]', () => {
  compare(8, { seed: 1, operations: 190, live: 30, sizes: [1, 30] }, 1 / 4,
    'A piece that is used up whole makes a slot. Who decides which one is?');
});
