import { it } from 'vitest';
import { attempt, Finding, judge, write, type Belief }
  from '../../lib/grade/judge.js';
import { resize } from './grow-in-place.js';

type Kind = 'used' | 'free' | 'top';
type Row = [offset: number, size: number, kind: Kind];
type Plan = [size: number, kind: Kind][];
interface Heap { words: number[]; top: number }

const least = (bytes: number): number => Math.max(16, (bytes + 11) & ~7);
const mark = (i: number): number => 0x51000000 + i; // what programs wrote

/** A heap of these chunks, each word of a block with a mark of its own. */
function build(plan: Plan): Heap {
  const total = plan.reduce((sum, [size]) => sum + size, 0);
  const words = Array.from({ length: total / 4 }, (_, i) => mark(i));
  let p = 0;
  let inUse = 1;
  for (const [size, kind] of plan) {
    words[p / 4 + 1] = size | inUse;
    inUse = kind === 'used' ? 1 : 0;
    if (kind === 'free') words[(p + size) / 4] = size;
    p += size;
  }
  const [last] = plan[plan.length - 1];
  return { words, top: total - last };
}

/** The chunks as the tags have them, or what is wrong with a tag. */
function walk({ words, top }: Heap): Row[] | string {
  const rows: Row[] = [];
  for (let p = 0; p <= top;) {
    const head = words[p / 4 + 1];
    const size = head & ~7;
    if (size < 16 || (head & 6) !== 0 || p + size > 4 * words.length) {
      return `the size word at ${p + 4} is ${head}`;
    }
    const before = rows.at(-1);
    const isFree = (head & 1) === 0;
    if (isFree && before === undefined) return 'nothing free is before chunk 0';
    if (isFree && before !== undefined) {
      before[2] = 'free';
      if (words[p / 4] !== before[1]) {
        return `prev_size at ${p} is ${words[p / 4]}, the free chunk before `
          + `has ${before[1]} bytes`;
      }
    }
    rows.push([p, size, p === top ? 'top' : 'used']);
    p += size;
  }
  const end = rows.at(-1)!;
  if (end[2] !== 'top') return `no chunk begins at top, ${top}`;
  if (end[0] + end[1] !== 4 * words.length) return 'top does not end the heap';
  return rows;
}

/** The right rows; null if the block has to move. */
function after(rows: Row[], mem: number, bytes: number): Row[] | null {
  const i = rows.findIndex(([p]) => p === mem - 8);
  const [p, size] = rows[i];
  const [, room, kind] = rows[i + 1];
  const nb = least(bytes);
  const out = rows.map((row): Row => [...row]);
  const put = (length: number, joins: boolean): Row[] => {
    const end = p + size + (joins ? room : 0);
    out.splice(i, joins ? 2 : 1, [p, length, 'used']);
    const rest = end - p - length;
    if (rest > 0) out.splice(i + 1, 0, [p + length, rest, kind === 'top' && joins ? 'top' : 'free']);
    return out;
  };
  if (nb <= size) {
    if (size - nb < 16) return out;
    return put(nb, kind !== 'used');
  }
  if (kind === 'used') return null;
  const whole = size + room;
  if (kind === 'top') return whole < nb + 16 ? null : put(nb, true);
  if (whole < nb) return null;
  return put(whole - nb < 16 ? whole : nb, true);
}

/** The heap in text. */
const draw = (name: string, rows: Row[]): string =>
  `  ${name.padEnd(6)} ` +
  rows.map(([p, size, kind]) => `${kind} [${p}, ${p + size})`).join('  ');

/** Resizes a block of a fresh heap, and judges all of it. */
function ask(plan: Plan, which: number, bytes: number): void {
  const heap = build(plan);
  const before = walk(heap) as Row[];
  const [p, size] = before[which];
  const mem = p + 8;
  const call = `resize(heap, ${mem}, ${bytes})`;
  const was = [...heap.words];
  const have = attempt(call, () => resize(heap, mem, bytes));
  const right = after(before, mem, bytes);
  const is = right === null ? 0 : mem;
  const drawn = [draw('before', before)];
  const [, , kind] = before[which + 1];
  judge({
    call, have, is, drawn,
    beliefs: [
      { if: 0, then: kind === 'used' ? 'A block that shrinks can stay.'
        : 'The chunk behind is free or top, and there is room enough.' },
      { if: mem - 8, then: 'That is the chunk; what is returned is the block.' },
      { if: (got: unknown) => is === 0 && got === mem && kind === 'top',
        then: 'Top has to keep 16 bytes.' },
      { if: (got: unknown) => is === 0 && got === mem && kind === 'free',
        then: 'The free chunk behind is too short, even together.' },
      { if: (got: unknown) => is === 0 && got === mem,
        then: 'The chunk behind is in use: ask the tag behind it.' },
    ],
  });
  if (is === 0) {
    const i = heap.words.findIndex((word, k) => word !== was[k]);
    if (i >= 0 || heap.words.length !== was.length) {
      throw new Finding([`${call} returns 0, and the word at ${4 * i} is `
        + `changed. Look before you write.`, ...drawn].join('\n'));
    }
    return;
  }

  const rows = walk(heap);
  const now = right!;
  if (typeof rows === 'string') {
    const foot = now.some(([q, length, what]) =>
      what === 'free' && rows.startsWith(`prev_size at ${q + length} `));
    const hint = foot
      ? 'A free chunk has its length at its end, too.'
      : rows.startsWith('prev_size')
        ? 'That chunk is in use: the tag behind it has to say so.'
        : rows.startsWith('nothing')
          ? 'The flag in the tag of the block is about the chunk before it: '
            + 'keep it.'
          : 'No chunk can have this size; a rest of fewer than 16 bytes stays '
            + 'with the block.';
    throw new Finding([`${call}: ${rows}. ${hint}`, ...drawn,
      draw('it is', now)].join('\n'));
  }
  const at = (list: Row[], k: number): Row => list[which + k] ?? [0, 0, 'top'];
  const nb = least(bytes);
  const beliefs: Belief[] = [
    { if: (got: Row[]) => got.length === before.length
        && write(got) === write(before),
      then: 'Nothing is changed. Is that so?' },
    { if: (got: Row[]) => got.length > now.length && at(got, 1)[2] !== 'used'
        && at(got, 2)[2] !== 'used',
      then: 'Two free chunks touch: the rest joins what is free behind it.' },
    { if: (got: Row[]) => got.length > now.length && at(got, 1)[1] < 16,
      then: 'The rest has fewer than 16 bytes: it stays with the block.' },
    { if: (got: Row[]) => at(got, 0)[1] !== at(now, 0)[1]
        && [bytes, (bytes + 7) & ~7, (bytes + 11) & ~7].includes(at(got, 0)[1]),
      then: 'A chunk is longer than its request, by a word for the tag, and '
        + 'has at least 16 bytes.' },
    { if: (got: Row[]) => got.length < now.length && at(got, 0)[1] > nb,
      then: 'What is left over is enough for a chunk of its own.' },
    { if: (got: Row[]) => at(got, 1)[2] === 'used' && at(now, 1)[2] === 'free',
      then: 'The chunk behind the rest has to learn that the one before it is '
        + 'free: clear its PREV_INUSE.' },
    { if: (got: Row[]) => at(got, 0)[2] === 'free',
      then: 'The chunk behind the block has to learn that the one before it is '
        + 'in use: set its PREV_INUSE.' },
    { if: (got: Row[]) => which > 0 && got[which - 1][2] !== now[which - 1][2],
      then: 'The flag in the tag of the block is about the chunk before it: '
        + 'keep it.' },
    { if: (got: Row[]) => got.length === now.length,
      then: 'The sizes differ.' },
  ];
  judge({
    call: `the chunks after ${call}`, have: rows, is: now, beliefs,
    drawn: [...drawn, draw('yours', rows), draw('it is', now)],
  });

  // The bytes of each block, as far as they go before and after.
  for (const [q, length, what] of before) {
    if (what !== 'used') continue;
    const ends = q === p ? Math.min(length, size, at(now, 0)[1]) : length;
    for (let i = q / 4 + 2; i <= (q + ends) / 4; i++) {
      if (heap.words[i] === was[i]) continue;
      throw new Finding([`${call}: the word at ${4 * i} belongs to the block at `
        + `${q + 8}, and has changed.`, ...drawn].join('\n'));
    }
  }
}

const wall: Plan = [[24, 'used'], [64, 'top']];

it('shrinks, and makes a free chunk of the rest [2 points]', () => {
  ask([[16, 'used'], [104, 'used'], ...wall], 1, 60);
  ask([[104, 'used'], ...wall], 0, 4);
  ask([[104, 'free'], [104, 'used'], ...wall], 1, 60);
});

it('keeps a rest of fewer than 16 bytes, and makes one of 16 [1 point]', () => {
  ask([[104, 'used'], ...wall], 0, 85);
  ask([[104, 'used'], ...wall], 0, 84);
  ask([[104, 'used'], ...wall], 0, 92);
  ask([[104, 'used'], ...wall], 0, 100);
});

it('joins the rest with the free chunk behind [2 points]', () => {
  ask([[104, 'used'], [32, 'free'], ...wall], 0, 60);
  ask([[48, 'free'], [64, 'used'], [104, 'free'], ...wall], 1, 0);
});

it('joins the rest with top [1 point]', () => {
  ask([[104, 'used'], [64, 'top']], 0, 60);
  ask([[24, 'free'], [104, 'used'], [16, 'top']], 1, 20);
});

it('grows into top, which keeps 16 bytes or the block moves [2 points]', () => {
  ask([[104, 'used'], [200, 'top']], 0, 150);
  ask([[104, 'used'], [72, 'top']], 0, 156);
  ask([[104, 'used'], [72, 'top']], 0, 157);
  ask([[32, 'free'], [24, 'used'], [64, 'top']], 1, 40);
});

it('grows into the free chunk behind, and leaves what is over [2 points]', () => {
  ask([[104, 'used'], [104, 'free'], ...wall], 0, 150);
  ask([[104, 'used'], [56, 'free'], ...wall], 0, 140);
  ask([[104, 'used'], [56, 'free'], ...wall], 0, 141);
  ask([[104, 'used'], [56, 'free'], ...wall], 0, 156);
  ask([[16, 'free'], [24, 'used'], [104, 'free'], ...wall], 1, 50);
});

it('returns 0 where there is no room, and changes nothing [1 point]', () => {
  ask([[104, 'used'], [104, 'free'], ...wall], 0, 150);
  ask([[104, 'used'], [104, 'used'], ...wall], 0, 150);
  ask([[104, 'free'], [104, 'used'], ...wall], 1, 150);
  ask([[104, 'used'], [48, 'free'], ...wall], 0, 150);
});
