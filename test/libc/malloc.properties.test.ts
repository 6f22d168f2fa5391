// What every legal program can count on: after every call the invariants
// hold, no byte of a block has changed, and no byte of the heap is lost.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newProcess } from '../../lib/libc/malloc_bins.js';
import { chunks } from '../../lib/libc/malloc_check.js';
import { heapStart } from '../../lib/libc/malloc_core.js';
import { free, M_MXFAST, malloc_trim, mallopt } from '../../lib/libc/malloc_free.js';
import { malloc } from '../../lib/libc/malloc_malloc.js';
import { Client, processOf, setups, steps, type Step } from './client.js';

/** Runs a program to its end and gives everything back. */
function live(client: Client, program: Step[]): void {
  for (const step of program) client.step(step);
  client.finish();
}

describe('a program of malloc, free, realloc, calloc, memalign and trim', () => {
  test('keeps all invariants and every byte, and leaves nothing but top', () => {
    fc.assert(
      fc.property(setups, steps, (setup, program) => {
        const client = new Client(processOf(setup));
        live(client, program);
        expect(chunks(client.av).map(({ kind }) => kind)).toEqual(
          client.av.starts.length === 0 ? [] : ['top'],
        );
      }),
      { numRuns: 150 },
    );
  });

  test('and others that call sbrk: nothing joins across their memory', () => {
    const sbrk = fc.record({
      op: fc.constant('sbrk' as const),
      bytes: fc.constantFrom(4, 8, 100, 4096, 5000),
    });
    const mixed = fc.array(
      fc.oneof({ weight: 9, arbitrary: steps }, { weight: 1, arbitrary: fc.tuple(sbrk) }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(setups, mixed, (setup, parts) => {
        const client = new Client(processOf(setup));
        live(client, parts.flat() as Step[]);
        const left = new Set(chunks(client.av).map(({ kind }) => kind));
        expect(left.has('allocated') || left.has('cached')).toBe(false);
      }),
      { numRuns: 40 },
    );
  });
});

describe('malloc(av, size) on a heap without fastbins', () => {
  test('takes the smallest free chunk that is large enough, or a new one', () => {
    const sizes = fc.array(fc.integer({ min: 260, max: 3000 }), {
      minLength: 2,
      maxLength: 25,
    });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 260, max: 3000 }), (holes, wanted) => {
        const av = newProcess('ilp32', 1 << 20);
        mallopt(av, M_MXFAST, 0);
        // Holes of these sizes, and a wall behind each of them.
        const blocks = holes.map((size) => {
          const mem = malloc(av, size);
          malloc(av, 300);
          return mem;
        });
        for (const mem of blocks) free(av, mem);
        const nb = av.request2size(wanted);
        const large = chunks(av)
          .filter(({ kind, size }) => kind === 'free' && size >= nb)
          .map(({ size }) => size);
        const mem = malloc(av, wanted);
        const left = chunks(av)
          .filter(({ kind, size }) => kind === 'free' && size >= nb)
          .map(({ size }) => size);
        if (large.length === 0) {
          expect(mem).toBeGreaterThan(blocks.at(-1)!);
          return;
        }
        const best = Math.min(...large);
        const rest = [...large];
        rest.splice(rest.indexOf(best), 1);
        const cut = best - nb;
        if (cut >= nb) rest.push(cut);
        expect(left.sort()).toEqual(rest.sort());
      }),
      { numRuns: 200 },
    );
  });

  test('the same calls give the same addresses', () => {
    fc.assert(
      fc.property(setups, steps, (setup, program) => {
        const runs = [0, 1].map(() => {
          const client = new Client(processOf(setup));
          for (const step of program) client.step(step);
          return client.blocks.map(({ mem }) => mem);
        });
        expect(runs[0]).toEqual(runs[1]);
      }),
      { numRuns: 20 },
    );
  });
});

describe('free(av, mem) of everything', () => {
  test('in any order ends with one chunk, once it is trimmed', () => {
    const order = fc.shuffledSubarray(
      Array.from({ length: 30 }, (_, i) => i),
      { minLength: 30 },
    );
    fc.assert(
      fc.property(order, fc.constantFrom('ilp32', 'lp64'), (turns, model) => {
        const av = newProcess(model as 'ilp32', 1 << 20);
        const blocks = turns.map((_, i) => malloc(av, 20 + 37 * i));
        for (const i of turns) free(av, blocks[i]);
        malloc_trim(av, 0);
        expect(chunks(av)).toEqual([
          { addr: heapStart, size: 4096, mem: heapStart + 2 * av.SIZE_SZ, kind: 'top' },
        ]);
      }),
      { numRuns: 60 },
    );
  });
});
