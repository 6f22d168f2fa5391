// Programs that break the rules: what is noticed, what is not, and that
// nothing outside the process is ever touched.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newProcess } from '../../lib/libc/malloc_bins.js';
import { malloc_check } from '../../lib/libc/malloc_check.js';
import { heapStart, dataStart, Killed, type Model } from '../../lib/libc/malloc_core.js';
import { free, malloc_trim } from '../../lib/libc/malloc_free.js';
import { malloc } from '../../lib/libc/malloc_malloc.js';
import {
  calloc, malloc_usable_size, memalign, realloc,
} from '../../lib/libc/malloc_realloc.js';
import { killed, poke, steps } from './client.js';

const heap = () => newProcess('ilp32', 1 << 20);

describe('a block overrun by one byte', () => {
  /** A target, two neighbours, a wall. The first holds a false chunk. */
  function scene(links: (target: number) => [fd: number, bk: number]) {
    const av = heap();
    const target = malloc(av, 100);
    const a = malloc(av, 100);
    const b = malloc(av, 100);
    malloc(av, 20);
    poke(av, a, 0, 0, ...links(target)); // as if a chunk began at a
    poke(av, a + 96, b - 8 - a); // prev_size of b: that chunk's length
    av.span(a, 101)[100] = 0x68; // one byte too far: 0x69 less PREV_INUSE
    return { av, target, b };
  }

  test('goes unnoticed until the neighbour is freed; then unlink writes', () => {
    const { av, target, b } = scene((target) => [target - 12, target + 40]);
    free(av, b);
    // FD->bk = BK and BK->fd = FD: words of the program's choice, where it
    // chose to have them.
    expect(av.load(target)).toBe(target + 40);
    expect(av.load(target + 48)).toBe(target - 12);
    expect(malloc_check(av)).not.toEqual([]);
  });

  test('ends the process where the links lead out of memory', () => {
    const { av, b } = scene(() => [0x41414141, 0x42424242]);
    expect(killed(() => free(av, b))).toBe('Segmentation fault');
    const zero = scene(() => [0, 0]);
    expect(killed(() => free(zero.av, zero.b))).toBe('Segmentation fault');
    const odd = scene(() => [heapStart + 2, heapStart]);
    expect(killed(() => free(odd.av, odd.b))).toBe('Bus error');
  });

  test('is seen by malloc_check at once', () => {
    const { av } = scene(() => [0, 0]);
    expect(malloc_check(av)).toEqual([
      '3: the chunk before 0x100000d0 is in use; PREV_INUSE denies it',
    ]);
  });
});

describe('a block freed twice', () => {
  test('from a fastbin: it is given out twice', () => {
    const av = heap();
    const [a, b] = [malloc(av, 20), malloc(av, 20)];
    for (const mem of [a, b, a]) free(av, mem);
    expect([1, 2, 3].map(() => malloc(av, 20))).toEqual([a, b, a]);
  });

  test('twice in a row: the list is a circle of one', () => {
    const av = heap();
    const a = malloc(av, 20);
    free(av, a);
    free(av, a);
    expect(malloc_check(av)).toEqual([
      '10: fastbin 1 comes to 0x10000000 a second time',
    ]);
    expect([malloc(av, 20), malloc(av, 20)]).toEqual([a, a]);
  });

  test('of another size: it stands in the unsorted list beside itself', () => {
    const av = heap();
    const a = malloc(av, 100);
    malloc(av, 20);
    free(av, a);
    free(av, a);
    expect(malloc_check(av)).toContain(
      '7: unsorted comes to 0x10000000 a second time',
    );
    expect([malloc(av, 100), malloc(av, 100)]).toEqual([a, a]);
  });

  test('when it has become a part of top: nobody notices', () => {
    const av = heap();
    malloc(av, 20);
    const a = malloc(av, 100);
    free(av, a);
    expect(killed(() => free(av, a))).toBe('Segmentation fault'); // of top's end
  });

  test('and asked for with much: malloc goes round and round', () => {
    const av = heap();
    const [a, b] = [malloc(av, 20), malloc(av, 20)];
    malloc(av, 200);
    for (const mem of [a, b, a]) free(av, mem);
    const end = killed(() => malloc(av, 1000));
    expect(['Alarm clock', 'Segmentation fault']).toContain(end);
  });
});

describe('a tag that was written over', () => {
  test('with IS_MMAPPED set: free and realloc do nothing', () => {
    const av = heap();
    const a = malloc(av, 100);
    malloc(av, 20);
    poke(av, a - 4, 104 | 3);
    free(av, a);
    expect([av.have_anychunks(), realloc(av, a, 200)]).toEqual([false, 0]);
    expect(malloc_usable_size(av, a)).toBe(96);
    expect(malloc_check(av)).toContain('6: 0x10000000 has IS_MMAPPED');
  });

  test('with a small size: the fastbin before the first is max_fast', () => {
    const av = heap();
    const a = malloc(av, 100);
    malloc(av, 20);
    poke(av, a - 4, 9);
    free(av, a);
    expect(av.max_fast).toBe(a - 8);
    const zero = heap();
    const b = malloc(zero, 100);
    poke(zero, b - 4, 0);
    expect(killed(() => free(zero, b))).toBe('Segmentation fault');
  });

  test('with a size out of this world: the process dies', () => {
    for (const size of [0x41414141, 0x00100001, -16]) {
      const av = heap();
      const a = malloc(av, 100);
      malloc(av, 20);
      poke(av, a - 4, size);
      const end = killed(() => free(av, a));
      expect(end, String(size)).toBe('Segmentation fault');
    }
  });

  test('of top, with -1: malloc gives out anything, even what is below', () => {
    const av = heap();
    const a = malloc(av, 20);
    poke(av, a + 20, -1);
    const b = malloc(av, dataStart - (a + 16) - 8); // negative: back to av_
    expect(b).toBe(a + 24);
    expect(av.top).toBeLessThan(heapStart);
    expect(malloc(av, 20)).toBeLessThan(heapStart);
  });

  test('of top, with 0: one call more, and MORECORE is not where top ends', () => {
    const av = heap();
    const a = malloc(av, 20);
    poke(av, a + 20, 1);
    expect(malloc(av, 100)).not.toBe(0);
    expect(malloc_check(av)).not.toEqual([]);
  });
});

describe('a pointer that malloc never returned', () => {
  test('dies where no memory is; free(av, 0) does not', () => {
    const av = heap();
    malloc(av, 20);
    for (const mem of [8, -8, 0x41414140, dataStart, heapStart + 4096]) {
      expect(killed(() => free(av, mem)), String(mem)).toBe('Segmentation fault');
      expect(killed(() => realloc(av, mem, 5))).toBe('Segmentation fault');
    }
    expect(killed(() => free(av, heapStart + 10))).toBe('Bus error');
  });

  test('into a block: what lies there is taken for a tag', () => {
    const av = heap();
    const a = malloc(av, 100);
    malloc(av, 20);
    poke(av, a + 12, 25); // looks like the size of a small chunk
    free(av, a + 16);
    expect(malloc(av, 20)).toBe(a + 16);
    expect(malloc_check(av)).toEqual([]); // nothing is left to be seen
  });
});

describe('requests that cannot be', () => {
  test('memalign and calloc whose sums wrap around, as in the original', () => {
    const av = heap();
    expect(malloc_usable_size(av, calloc(av, 2 ** 31, 2))).toBe(12);
    expect(killed(() => memalign(av, 2 ** 32 - 15, 10))).toBe('Alarm clock');
    expect(() => malloc(av, NaN)).toThrow('NaN is no size');
  });

  test('of 4 GB and more, in lp64: the search takes a chunk too small', () => {
    const av = newProcess('lp64', 1 << 20);
    const a = malloc(av, 1000);
    malloc(av, 20);
    free(av, a);
    expect(killed(() => malloc(av, 2 ** 32 + 2000))).toBe(null);
    expect(killed(() => malloc(av, 2 ** 32 + 200))).toBe('Segmentation fault');
  });
});

describe('whatever a program writes into its heap', () => {
  const models: Model[] = ['ilp32', 'lp64'];
  const pokes = fc.array(
    fc.tuple(
      fc.nat({ max: 2000 }),
      fc.oneof(
        fc.integer({ min: 0, max: 400 }),
        fc.constantFrom(-1, -8, -16, 0x41414141, dataStart + 0x34, heapStart, heapStart + 4097),
        fc.integer(),
      ),
    ),
    { maxLength: 12 },
  );

  test('malloc answers, or the process dies; nothing else happens', () => {
    let deaths = 0;
    fc.assert(
      fc.property(steps, pokes, fc.constantFrom(...models), (program, words, model) => {
        const av = newProcess(model, 65_536);
        const blocks: number[] = [];
        const pick = (which: number) => blocks[which % blocks.length] ?? 0;
        const every = Math.ceil(program.length / (words.length + 1));
        try {
          program.forEach((step, i) => {
            if (step.op === 'malloc') blocks.push(malloc(av, step.size));
            else if (step.op === 'calloc') blocks.push(calloc(av, 1, step.size));
            else if (step.op === 'memalign') {
              blocks.push(memalign(av, step.align, step.size));
            } else if (step.op === 'free') free(av, pick(step.which));
            else if (step.op === 'realloc') {
              blocks.push(realloc(av, pick(step.which), step.size));
            } else if (step.op === 'trim') malloc_trim(av, step.pad);
            const [at, word] = words[Math.floor(i / every)] ?? [0, 0];
            if (i % every === every - 1 && av.brk > heapStart) {
              poke(av, heapStart + 4 * (at % 1024), word);
            }
            malloc_check(av); // must come to an end, and say what it says
          });
        } catch (error) {
          if (!(error instanceof Killed)) throw error;
          deaths++;
        }
      }),
      { numRuns: 300 },
    );
    expect(deaths).toBeGreaterThan(0);
  });
});
