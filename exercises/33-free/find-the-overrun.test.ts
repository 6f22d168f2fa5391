import { it } from 'vitest';
import { attempt, Finding, judge, predicted, write, type Belief }
  from '../../lib/grade/judge.js';
import { type malloc_state, newProcess, offset }
  from '../../lib/libc/malloc_bins.js';
import { heapStart } from '../../lib/libc/malloc_core.js';
import { free, M_MXFAST, mallopt } from '../../lib/libc/malloc_free.js';
import { malloc } from '../../lib/libc/malloc_malloc.js';
import { malloc_usable_size } from '../../lib/libc/malloc_realloc.js';
import { culprit, wreck } from './find-the-overrun.js';

interface Block { mem: number; size: number }

/** strcpy: the letters of a text and a 0 byte. */
function strcpy(av: malloc_state, mem: number, text: string): void {
  const view = av.span(mem, text.length + 1);
  [...text, '\0'].forEach((c, i) => { view[i] = c.charCodeAt(0); });
}

const path = '/usr/share/doc/freelist/README';

/** The program of the task: the heap before and after the second strcpy. */
function scene() {
  const av = newProcess('ilp32', 65536);
  const [, b, c] = [40, 24, 60, 20].map((bytes) => malloc(av, bytes));
  const usable = malloc_usable_size(av, b);
  const tag = offset(c) - 4;
  const was = av.head(c - 8);
  strcpy(av, b, path);
  return {
    tag, was, block: offset(b), beyond: path.length + 1 - usable,
    is: av.head(c - 8), c: offset(c),
  };
}

it('finds the size word that is wrong [1 point]', () => {
  const { tag, block, c } = scene();
  predicted(wreck, 'tag', {
    call: 'the wrong size word, tag', is: tag,
    beliefs: [
      { if: c, then: 'That is the block behind the tag; the size word is the '
        + 'word before.' },
      { if: c - 8, then: 'That is where the chunk begins: its prev_size. The '
        + 'size word is the next one, and prev_size belongs to the block before.' },
      { if: block - 4, then: 'This tag says 32 and PREV_INUSE, and 32 bytes '
        + 'further there is a tag: it is right.' },
      { if: 148, then: 'This tag is right: 24 bytes further stands top.' },
    ],
  });
});

it('knows what it was before [1 point]', () => {
  const { was, is } = scene();
  predicted(wreck, 'was', {
    call: 'the tag before, was', is: was,
    beliefs: [
      { if: is, then: 'That is what it says now.' },
      { if: was - 1, then: 'That is the size alone; the block before was in '
        + 'use.' },
      { if: 60, then: 'That is what was asked for; the tag has the size of the '
        + 'chunk, and a flag.' },
      { if: 61, then: 'That is what was asked for, and the flag; the tag has '
        + 'the size of the chunk.' },
    ],
  });
});

it('names the block that was written beyond its end [1 point]', () => {
  const { block, c } = scene();
  predicted(wreck, 'block', {
    call: 'who wrote it, block', is: block,
    beliefs: [
      { if: c, then: 'That is the victim: the tag is its own. Who overruns a '
        + 'block writes upwards, into the tag of the next one.' },
      { if: block - 8, then: 'That is the chunk; the block begins 8 bytes '
        + 'further.' },
    ],
  });
});

it('counts the bytes that were too many [1 point]', () => {
  const { beyond } = scene();
  predicted(wreck, 'beyond', {
    call: 'bytes beyond the end, beyond', is: beyond,
    beliefs: [
      { if: beyond - 1, then: 'strcpy writes the 0 byte too. It changed '
        + 'nothing that can be seen here, but it was written.' },
      { if: path.length + 1 - 24, then: 'More than was asked for; but the block '
        + 'may use 28 bytes, with the prev_size of the next chunk.' },
      { if: path.length - 24, then: 'More than was asked for, and without the '
        + '0 byte; but the block may use 28 bytes.' },
    ],
  });
});

type Plan = [size: number, freed?: 'freed'][];

/** A heap without fastbins, in which each block is full of letters. */
function build(plan: Plan) {
  const av = newProcess('ilp32', 65536);
  mallopt(av, M_MXFAST, 0);
  const all = plan.map(([size]): Block => ({ mem: malloc(av, size), size }));
  for (const { mem } of all) {
    av.span(mem, malloc_usable_size(av, mem)).fill(0x61);
  }
  for (const [i, { mem }] of all.entries()) {
    if (plan[i][1] === 'freed') free(av, mem);
  }
  const log = all.filter((_, i) => plan[i][1] !== 'freed')
    .map(({ mem, size }): Block => ({ mem: offset(mem), size }));
  return { av, log };
}

/**
 * Lets block `who` of the log write these bytes beyond its end, and asks.
 * @param who -1: nobody
 */
function ask(plan: Plan, who: number, bytes: number[], turn = 0): void {
  const { av, log } = build(plan);
  const end = av.brk;
  if (who >= 0) {
    const mem = heapStart + log[who].mem;
    const usable = malloc_usable_size(av, mem);
    av.span(mem + usable, bytes.length).set(bytes);
  }
  const all = new DataView(av.bytes.buffer, av.span(heapStart, 0).byteOffset);
  const words = Array.from({ length: (end - heapStart) / 4 }, (_, i) =>
    all.getInt32(4 * i, true));
  const given = [...log.slice(turn), ...log.slice(0, turn)];
  const is = who < 0 ? 0 : log[who].mem;
  const said = given.map(({ mem, size }) => `${mem}: ${size}`).join(', ');
  const call = `culprit(words, the log {${said}})`;
  const have = attempt(call, () =>
    culprit([...words], given.map((block) => ({ ...block }))));
  if (typeof have !== 'number') {
    throw new Finding(`${call}: you have ${write(have)}, it is an offset.`);
  }
  const chunk = ({ size }: Block) => Math.max(16, (size + 11) & ~7);
  const at = who < 0 ? 0 : is - 8 + chunk(log[who]);
  const beliefs: Belief[] = [
    { if: (got: number) => who >= 0 && got === log[who + 1]?.mem,
      then: 'That is the block whose tag is destroyed. The one before wrote it.' },
    { if: (got: number) => who >= 0 && got !== 0 && got === is - 8,
      then: 'That is the chunk. The log has the offsets of blocks.' },
    { if: (got: number) => got === 0 && who >= 0 && bytes.length === 1,
      then: 'The size is right, but a flag is not: compare the whole word.' },
    { if: (got: number) => got === 0 && who === log.length - 1,
      then: 'The tag behind the last block is that of top, or of a free chunk: '
        + 'it reaches up to the end of the words.' },
    { if: 0, then: 'A tag is not what it must be.' },
    { if: (got: number) => who < 0 && got !== 0,
      then: 'All tags are right here. A gap in the log is a free chunk with a '
        + 'tag of its own; and no chunk has less than 16 bytes.' },
    { if: (got: number) => log.some(({ mem }) => mem === got)
        && got > is && who >= 0,
      then: 'There is a wrong tag at a lower address. Is the log in order?' },
    { if: (got: number) => log.some(({ mem }) => mem === got) && who >= 0,
      then: 'The tag behind that block is right. Is the chunk as long as you '
        + 'think? The request and a word, rounded up to 8, at least 16.' },
  ];
  const drawn = who < 0 ? [] : [
    '  the words around the destroyed tag:',
    ...[at - 4, at, at + 4, at + 8].map((to) => {
      const number = (words[to / 4] >>> 0).toString(16);
      return `  ${`${to}`.padStart(5)}  0x${number.padStart(8, '0')}`
        + (to === at + 4 ? '  <- the tag' : '');
    }),
  ];
  judge({ call, have, is, beliefs, drawn });
}

const text = [...'overrun'].map((c) => c.charCodeAt(0));

it('finds who wrote over the tag of a block in use [2 points]', () => {
  ask([[40], [24], [60]], 0, text);
  ask([[40], [24], [60]], 1, text);
  ask([[12], [13], [20], [21], [100]], 2, [0]);
  ask([[12], [13], [20], [21], [100]], 3, [0x41]);
});

it('takes the log in any order [1 point]', () => {
  ask([[40], [24], [60], [8]], 1, text, 2);
  ask([[8], [16], [24], [32]], 2, text, 3);
});

it('sees a single bit: PREV_INUSE is clear [1 point]', () => {
  ask([[100], [100], [20]], 0, [0x68]);
  ask([[28], [44], [20]], 1, [0x18]);
});

it('sees it before a free chunk, and before top [1 point]', () => {
  ask([[40], [100, 'freed'], [60]], 0, text);
  ask([[40], [100, 'freed'], [60]], 1, text);
  ask([[40], [100, 'freed'], [60, 'freed'], [20], [9]], 2, [0x41]);
});

it('returns 0 for a heap that is sound, after a find [1 point]', () => {
  ask([[40], [24], [60]], 1, text);
  ask([[40], [24], [60]], -1, []);
  ask([[40], [100, 'freed'], [60]], -1, []);
  ask([[100, 'freed'], [3], [100, 'freed'], [50], [9]], -1, [], 1);
});
