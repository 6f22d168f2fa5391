import { it } from 'vitest';
import { attempt, Finding, judge, write, type Belief }
  from '../../lib/grade/judge.js';
import { newProcess, offset } from '../../lib/libc/malloc_bins.js';
import { bins, chunks, fastbins } from '../../lib/libc/malloc_check.js';
import { free } from '../../lib/libc/malloc_free.js';
import { malloc } from '../../lib/libc/malloc_malloc.js';
import { trace } from './trace-the-joins.js';

type Piece = [offset: number, size: number];
interface State { fast: number[]; unsorted: Piece[]; map: string }

const calls = [
  'free(C)', 'free(B)', 'free(A)', 'free(D)', 'free(E)', 'malloc(24)',
  'free(the block of call 6)', 'malloc(250)',
];
const letters = { allocated: '#', free: '.', cached: 'c', top: '', fence: '' };

/** The states after 0, 1 ... 8 calls. */
function states(): State[] {
  const av = newProcess('ilp32', 65536);
  const [a, b, c, d, e] =
    [100, 24, 100, 24, 100, 20].map((bytes) => malloc(av, bytes));
  let sixth = 0;
  const steps = [
    () => {}, () => free(av, c), () => free(av, b), () => free(av, a),
    () => free(av, d), () => free(av, e), () => { sixth = malloc(av, 24); },
    () => free(av, sixth), () => { malloc(av, 250); },
  ];
  return steps.map((step): State => {
    step();
    const all = bins(av).flatMap((list) => list.chunks);
    const drawn = chunks(av).map(({ size, kind }) => {
      const [first, ...rest] = letters[kind].repeat(size / 8);
      return first === undefined ? '' : `|${rest.join('')}`;
    });
    return {
      fast: fastbins(av).flatMap((list) => list.chunks).map(offset),
      unsorted: all.map((p): Piece => [offset(p), av.chunksize(p)]),
      map: drawn.join(''),
    };
  });
}

const isPiece = (p: unknown): boolean =>
  Array.isArray(p) && p.length === 2 && p.every((n) => Number.isInteger(n));

/** A student's row, or a finding that says what is not a row about it. */
function rowOf(all: unknown, i: number): Omit<State, 'map'> {
  if (!Array.isArray(all)) {
    throw new Finding(`trace(): you have ${write(all)}, it is an array of rows.`);
  }
  const { fast, unsorted } = Object(all[i]);
  const call = `row ${i + 1}, ${calls[i]}`;
  if (fast === undefined || fast === '?') {
    throw new Finding(`${call}: no answer yet.`);
  }
  if (!Array.isArray(fast) || !fast.every((n) => Number.isInteger(n))) {
    throw new Finding(`${call}: "fast" is an array of offsets.`);
  }
  if (!Array.isArray(unsorted) || !unsorted.every(isPiece)) {
    throw new Finding(`${call}: "unsorted" is an array of [offset, size].`);
  }
  return { fast, unsorted };
}

const sorted = (pieces: Piece[]): Piece[] =>
  [...pieces].sort(([a], [b]) => a - b);

/** Pieces by address, those that touch made one. */
function joined(pieces: Piece[]): Piece[] {
  const out: Piece[] = [];
  for (const [at, size] of sorted(pieces)) {
    const last = out.at(-1);
    if (last !== undefined && last[0] + last[1] === at) last[1] += size;
    else out.push([at, size]);
  }
  return out;
}

function judgeRow(i: number): void {
  const have = rowOf(attempt('trace()', trace), i);
  const all = states();
  const [before, is] = [all[i], all[i + 1]];
  const call = `row ${i + 1}, ${calls[i]}`;
  const drawn = [
    `  before ${before.map}`,
    `  after  ${is.map}`,
    "         8 bytes a character: '#' in use, '.' free, 'c' cached,",
    "         and '|' the first 8 bytes of a chunk",
  ];
  const cached = before.fast.map((at): Piece => [at, 32]);
  const waiting = new Set([...is.fast, ...before.fast]);
  const fast: Belief[] = [
    { if: (got: number[]) => got.length > 1
        && write([...got].reverse()) === write(is.fast),
      then: 'A fastbin is last in, first out: the chunk freed last is in front.' },
    { if: (got: number[]) => i === 7 && got.length > 0,
      then: 'A large request consolidates before it searches.' },
    { if: (got: number[]) => got.some((at) => is.fast.includes(at - 8)),
      then: 'That is the offset of a block. Its chunk begins 8 bytes earlier.' },
    { if: (got: number[]) => got.some((at) => ![104, 240].includes(at)),
      then: 'Only chunks of at most 72 bytes go to a fastbin.' },
    { if: (got: number[]) => got.length < is.fast.length,
      then: 'A small chunk that is freed goes to its fastbin, and joins nothing.' },
    { if: (got: number[]) => got.length > is.fast.length,
      then: 'A request for 24 bytes takes the chunk in front of the fastbin.' },
  ];
  const unsorted: Belief[] = [
    { if: (got: Piece[]) => i < 7 && got.some(([at]) => waiting.has(at)),
      then: 'A small chunk goes to a fastbin, not to the unsorted list.' },
    { if: (got: Piece[]) => i < 7 && is.fast.length > 0
        && write(sorted(got)) === write(joined([...is.unsorted, ...cached])),
      then: 'A cached chunk looks in use to its neighbours: nothing joins it.' },
    { if: (got: Piece[]) => got.length > 1
        && write(sorted(got)) === write(sorted(is.unsorted)),
      then: 'These are the chunks, in another order: free puts a chunk in '
        + 'front of the list, whatever its address.' },
    { if: (got: Piece[]) => i === 7
        && write(sorted(got)) === write(sorted(before.unsorted)),
      then: 'No chunk alone is large enough; what happens to the cached ones '
        + 'before the search?' },
    { if: (got: Piece[]) => i === 7 && got.some(([, size]) => size === 376),
      then: 'Of the joined chunk the low end is taken; what is left?' },
    { if: (got: Piece[]) => i === 7 && got.length === 0,
      then: 'The joined chunk is longer than the request. What is left of it?' },
    { if: (got: Piece[]) => i === 7
        && got.every(([at, size]) => at + size === 376),
      then: 'The chunk for 250 bytes: one word for the tag, then rounded up to '
        + 'a multiple of 8.' },
    { if: (got: Piece[]) => write(got) === write(before.unsorted),
      then: 'Nothing is changed. Is that so?' },
  ];
  judge({ call: `${call}, fast`, have: have.fast, is: is.fast, beliefs: fast, drawn });
  judge({
    call: `${call}, unsorted`, have: have.unsorted, is: is.unsorted,
    beliefs: unsorted, drawn,
  });
}

it('row 1 is what free(C) makes of the start [1 point]', () => {
  judgeRow(0);
});

it('row 2 is what free(B) makes of row 1 [1 point]', () => {
  judgeRow(1);
});

it('row 3 is what free(A) makes of row 2 [1 point]', () => {
  judgeRow(2);
});

it('row 4 is what free(D) makes of row 3 [1 point]', () => {
  judgeRow(3);
});

it('row 5 is what free(E) makes of row 4 [1 point]', () => {
  judgeRow(4);
});

it('rows 6 and 7 take a chunk and bring it back [1 point]', () => {
  judgeRow(5);
  judgeRow(6);
});

it('row 8 is what malloc(250) makes of row 7 [2 points]', () => {
  judgeRow(7);
});
