import { it } from 'vitest';
import { attempt, Finding, judge, write, type Belief } from '../../lib/grade/judge.js';
import { newProcess, offset, type malloc_state } from '../../lib/libc/malloc_bins.js';
import { bins, chunks } from '../../lib/libc/malloc_check.js';
import { heapStart } from '../../lib/libc/malloc_core.js';
import { free, M_MXFAST, mallopt } from '../../lib/libc/malloc_free.js';
import { malloc } from '../../lib/libc/malloc_malloc.js';
import { free as freeList, trace } from './read-the-bytes.js';

interface Row { at: number; size: number; kind: string; before: number | null }

/** The heap of the dump. */
function heap(): malloc_state {
  const av = newProcess('ilp32', 65_536);
  mallopt(av, M_MXFAST, 0);
  const asked: [size: number, word: number][] = [
    [12, 0x11], [20, 0x18], [28, 0x20], [8, 0x18], [20, 0x29], [12, 0x21],
  ];
  const blocks = asked.map(([size, word]) => {
    const mem = malloc(av, size);
    for (let at = 0; at < size; at += 4) av.store(mem + at, word);
    return mem;
  });
  for (const i of [1, 2, 4]) free(av, blocks[i]);
  return av;
}

/** Its chunks, as the rows have them. */
function right(): Row[] {
  const av = heap();
  const name = { allocated: 'used', free: 'free', top: 'top', cached: '', fence: '' };
  return chunks(av).map(({ addr, size, kind }) => ({
    at: offset(addr),
    size,
    kind: name[kind],
    before: av.prev_inuse(addr) ? null : av.prev_size(addr),
  }));
}

const inOrder = (): number[] => bins(heap()).flatMap((list) => list.chunks.map(offset));

/** The student's rows. */
function rows(): Row[] {
  const all: unknown = attempt('trace()', trace);
  if (!Array.isArray(all)) throw new Finding('trace(): it returns an array of rows.');
  const fields = 'A row is { at, size, kind, before }.';
  all.forEach((row: unknown, i) => {
    const { at, size, kind, before } = Object(row);
    const whole = [at, size].every((n) => Number.isSafeInteger(n));
    if (!whole || typeof kind !== 'string' || before === undefined) {
      throw new Finding(`trace(), row ${i + 1}: you have ${write(row)}. ${fields}`);
    }
  });
  return all as Row[];
}

/** What to say of a row for the chunk at `at` that is not there. */
function missing(at: number, have: Row[]): string {
  const near: [distance: number, then: string][] = [
    [4, 'The chunk begins one word before its tag.'],
    [8, 'The chunk begins 8 bytes before the block.'],
  ];
  const found = near.find(([distance]) => have.some((row) => row.at === at + distance));
  const walk = 'Walk: where a chunk ends, the next one begins.';
  return `trace(): no row has at: ${at}. ${found?.[1] ?? walk}`;
}

function aboutSize(row: Row, av: malloc_state): Belief[] {
  const addr = heapStart + row.at;
  return [
    { if: av.head(addr), then: 'The low bits of a tag are flags, not size.' },
    { if: row.size - 4, then: 'That is what the program can use; the tag belongs to the chunk.' },
    { if: row.size - 8, then: 'The size counts the whole chunk, the tag too.' },
    { if: av.prev_size(addr), then: 'That is the word prev_size. The size is in the word behind it.' },
    { if: (n: number) => row.kind === 'free' && n < row.size,
      then: 'Two freed neighbours have become one. Only the tag at its start counts; '
        + 'what was a tag inside it is left over.' },
  ];
}

function aboutKind(row: Row, next: Row | undefined): Belief[] {
  return [
    { if: (kind: string) => !['used', 'free', 'top'].includes(kind),
      then: "A kind is 'used', 'free' or 'top'." },
    { if: (kind: string) => kind === 'top' || row.kind === 'top',
      then: 'Top is the last chunk: it ends where the heap ends, at 4096.' },
    { if: () => next !== undefined,
      then: 'A tag says of the chunk before whether it is in use. So look at the tag '
        + `of the next chunk, at ${next?.at}.` },
  ];
}

function aboutBefore(row: Row): Belief[] {
  return [
    { if: () => row.at === 0, then: 'Nothing is before the first chunk, and PREV_INUSE is set in it.' },
    { if: () => row.before === null,
      then: 'PREV_INUSE is set in this tag, so the word before it is payload.' },
    { if: null, then: 'PREV_INUSE is clear in this tag, so the chunk before is free, and '
      + 'its length stands in prev_size.' },
    { if: () => true, then: 'prev_size is the word at the offset of the chunk itself.' },
  ];
}

/** Judges the row for chunk i, wherever it stands among the rows. */
function chunk(i: number): void {
  const have = rows();
  const is = right();
  const row = have.find(({ at }) => at === is[i].at);
  if (row === undefined) throw new Finding(missing(is[i].at, have));
  const call = `trace(), the chunk at ${is[i].at}`;
  judge({ call: `${call}, size`, have: row.size, is: is[i].size,
    beliefs: aboutSize(is[i], heap()) });
  judge({ call: `${call}, kind`, have: row.kind, is: is[i].kind,
    beliefs: aboutKind(is[i], is[i + 1]) });
  judge({ call: `${call}, before`, have: row.before, is: is[i].before,
    beliefs: aboutBefore(is[i]) });
}

it('knows the first chunk [1 point]', () => {
  chunk(0);
});

it('knows the second chunk [1 point]', () => {
  chunk(1);
});

it('knows the third chunk [1 point]', () => {
  chunk(2);
});

it('knows the fourth chunk [1 point]', () => {
  chunk(3);
});

it('knows the fifth chunk [1 point]', () => {
  chunk(4);
});

it('knows top [1 point]', () => {
  chunk(5);
});

it('sees no chunk where none is, and each once, in order [1 point]', () => {
  const have = rows().map(({ at }) => at);
  const is = right().map(({ at }) => at);
  judge({ call: 'trace(), all "at"', have, is, beliefs: [
    { if: (all: number[]) => [...all].sort((a, b) => a - b).join() === is.join(),
      then: 'The chunks are right; they stand in order of address.' },
    { if: (all: number[]) => all.includes(40),
      then: 'At 40 was a chunk once. It was joined with the free one before it.' },
    { if: (all: number[]) => all.length < is.length, then: 'A chunk is not there yet.' },
    { if: (all: number[]) => all.some((at) => !is.includes(at)),
      then: 'A word that looks like a tag is one only where a chunk before it ends.' },
  ] });
});

it('knows the order of the free list [2 points]', () => {
  const have: unknown = attempt('free()', freeList);
  const is = inOrder();
  judge({ call: 'free()', have, is, beliefs: [
    { if: [...is].reverse(), then: 'The front is the chunk that no fd of another chunk leads '
      + 'to: the head leads to it. Follow fd from there.' },
    { if: is.map((at) => at + 8), then: 'A link leads to the chunk, not to its block.' },
    { if: is.map((at) => at + heapStart), then: 'Offsets count from heapStart.' },
    { if: (all: unknown) => Array.isArray(all) && all.length > is.length,
      then: 'Only free chunks stand in the list, and the head is no chunk.' },
    { if: (all: unknown) => Array.isArray(all) && all.length < is.length,
      then: 'The list ends where fd leads back to the head.' },
  ] });
});
