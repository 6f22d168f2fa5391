import { it } from 'vitest';
import { attempt, Finding, judge, same, type Belief } from '../../lib/grade/judge.js';
import { newProcess, offset, type malloc_state } from '../../lib/libc/malloc_bins.js';
import { bins } from '../../lib/libc/malloc_check.js';
import { free } from '../../lib/libc/malloc_free.js';
import { malloc } from '../../lib/libc/malloc_malloc.js';
import { trace } from './what-one-call-leaves.js';

type Chunk = number[]; // [offset, size]
type Filed = number[]; // [bin, offset, size]
interface Row { chunk: Chunk; unsorted: Chunk[]; bins: Filed[] }

const calls = [200, 90, 20, 20, 300, 20, 590, 100];

function row(av: malloc_state, mem: number): Row {
  const of = (p: number): Chunk => [offset(p), av.chunksize(p)];
  const lists = bins(av);
  return {
    chunk: of(av.mem2chunk(mem)),
    unsorted: lists.filter(({ index }) => index === 1).flatMap((l) => l.chunks.map(of)),
    bins: lists.filter(({ index }) => index > 1).flatMap(({ index, chunks }) =>
      chunks.map((p) => [index, ...of(p)])),
  };
}

/** The start, and the right rows. */
function rows(): Row[] {
  const av = newProcess('ilp32', 65_536);
  const blocks = [100, 200, 400, 600].map((size) => {
    const mem = malloc(av, size);
    malloc(av, 20);
    return mem;
  });
  for (const mem of blocks) free(av, mem);
  const start = row(av, blocks[0]);
  return [start, ...calls.map((size) => row(av, malloc(av, size)))];
}

const isList = (list: unknown, width: number): boolean =>
  Array.isArray(list) && list.length < 16 && list.every((one: unknown) =>
    Array.isArray(one) && one.length === width && one.every((n) => Number.isSafeInteger(n)));

/** A student's row, or a finding that says what is not a row about it. */
function rowOf(i: number): Row {
  const all: unknown = attempt('trace()', trace);
  if (!Array.isArray(all)) throw new Finding('trace(): it returns an array of rows.');
  const { chunk, unsorted, bins: filed } = Object(all[i]);
  const call = `row ${i + 1}, malloc(${calls[i]})`;
  if (chunk === undefined || chunk === '?') throw new Finding(`${call}: no answer yet.`);
  if (!isList([chunk], 2)) throw new Finding(`${call}: "chunk" is [offset, size].`);
  if (!isList(unsorted, 2)) {
    throw new Finding(`${call}: "unsorted" is an array of pairs [offset, size].`);
  }
  if (!isList(filed, 3)) {
    throw new Finding(`${call}: "bins" is an array of triples [bin, offset, size].`);
  }
  return { chunk, unsorted, bins: filed };
}

const freeIn = (r: Row): Chunk[] => [...r.unsorted, ...r.bins.map(([, ...of]) => of)];

function aboutChunk(i: number, before: Row, { chunk: is }: Row): Belief[] {
  const [at, size] = is;
  const all = freeIn(before);
  const need = newProcess('ilp32', 0).request2size(calls[i]);
  const fits = all.filter(([, n]) => n >= need).sort(([, a], [, b]) => a - b);
  const whole = all.find(([from]) => from === at);
  return [
    { if: [at + 8, size], then: 'The block begins 8 bytes behind its chunk.' },
    { if: [at, calls[i]], then: 'A chunk is its request and a word of 4 bytes, rounded up to 8.' },
    ...(whole && whole[1] !== size ? [{ if: whole,
      then: 'The chunk is cut: the rest is 16 bytes or more, so it is a chunk of its own.' }] : []),
    ...(need !== size ? [{ if: [at, need],
      then: `A rest of ${size - need} bytes could not be a chunk, so it stays with the block.` }] : []),
    { if: ([, n]: Chunk) => n !== size && n !== need,
      then: `malloc(${calls[i]}) needs a chunk of ${need} bytes.` },
    { if: ([from, n]: Chunk) => whole !== undefined && from === at + whole[1] - n,
      then: 'A chunk is cut at its low end: the program gets that.' },
    { if: ([from]: Chunk) => from === 1424, then: 'Top is asked when no list has a chunk that fits.' },
    { if: ([from]: Chunk) => fits.length > 0 && from === fits[0][0] && from !== at,
      then: 'That would be the best fit. But what is alone in the unsorted list, and left '
        + 'by the last small request, comes first.' },
    { if: ([from]: Chunk) => fits.some((one) => one[0] === from),
      then: 'That one is large enough. But a smaller one is, too, or one of exactly '
        + 'this size was met in the unsorted list.' },
    { if: ([from]: Chunk) => all.some((one) => one[0] === from),
      then: `That one is too small: the request needs ${need} bytes.` },
    { if: () => true, then: 'No free chunk begins there before this call.' },
  ];
}

const sorted = (list: number[][]): number[][] =>
  [...list].sort((a, b) => a[0] - b[0] || a[1] - b[1]);

function aboutUnsorted(before: Row, is: Row): Belief[] {
  return [
    { if: (have: Chunk[]) => same(sorted(have), sorted(is.unsorted)),
      then: 'The chunks are right; the last freed stands in front.' },
    { if: before.unsorted, then: 'That is the list before this call. Which chunks did it meet?' },
    { if: [], then: is.unsorted.length === 1
      ? 'The rest of the chunk that was cut is unsorted now.'
      : 'The search stops at an exact fit; what it has not met stays.' },
    { if: (have: Chunk[]) => have.some(([at]) => is.bins.some((one) => one[1] === at)),
      then: 'A chunk that the search has met and not taken is filed into its bin.' },
    { if: (have: Chunk[]) => have.length > is.unsorted.length,
      then: 'Does the list still hold what this call took or filed?' },
    { if: (have: Chunk[]) => have.length === is.unsorted.length,
      then: 'Where does the rest begin, and how long is it?' },
  ];
}

function aboutBins(before: Row, is: Row): Belief[] {
  const places = (all: Filed[]): number[][] => sorted(all.map(([, ...of]) => of));
  return [
    { if: (have: Filed[]) => same(sorted(have), sorted(is.bins)),
      then: 'The chunks are right; they stand bin by bin.' },
    { if: before.bins, then: 'Those are the bins before this call. What was filed, or taken?' },
    { if: (have: Filed[]) => same(places(have), places(is.bins)),
      then: 'The chunks are right, a bin is not: small sizes are divided by 8; from 256 on '
        + 'a doubling has four bins.' },
    { if: (have: Filed[]) => have.some(([, at]) => is.unsorted.some((one) => one[0] === at)),
      then: 'A rest that was just cut off is unsorted; the next search files it.' },
    { if: (have: Filed[]) => have.some(([, at]) => at === is.chunk[0]),
      then: 'What the program got stands in no list.' },
    { if: (have: Filed[]) => have.length < is.bins.length,
      then: 'A chunk that the search has met and not taken is filed into its bin.' },
  ];
}

/** Judges row i. */
function judgeRow(i: number): void {
  const have = rowOf(i);
  const right = rows();
  const [before, is] = [right[i], right[i + 1]];
  const call = `row ${i + 1}, malloc(${calls[i]})`;
  judge({ call: `${call}, chunk`, have: have.chunk, is: is.chunk,
    beliefs: aboutChunk(i, before, is) });
  judge({ call: `${call}, unsorted`, have: have.unsorted, is: is.unsorted,
    beliefs: aboutUnsorted(before, is) });
  judge({ call: `${call}, bins`, have: have.bins, is: is.bins,
    beliefs: aboutBins(before, is) });
}

it('row 1 is what malloc(200) leaves [1 point]', () => {
  judgeRow(0);
});

it('row 2 is what malloc(90) leaves [1 point]', () => {
  judgeRow(1);
});

it('row 3 is what the first malloc(20) leaves [1 point]', () => {
  judgeRow(2);
});

it('row 4 is what the second malloc(20) leaves [1 point]', () => {
  judgeRow(3);
});

it('row 5 is what malloc(300) leaves [1 point]', () => {
  judgeRow(4);
});

it('row 6 is what the third malloc(20) leaves [1 point]', () => {
  judgeRow(5);
});

it('row 7 is what malloc(590) leaves [1 point]', () => {
  judgeRow(6);
});

it('row 8 is what malloc(100) leaves [1 point]', () => {
  judgeRow(7);
});
