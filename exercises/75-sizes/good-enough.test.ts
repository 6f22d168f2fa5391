import { it } from 'vitest';
import { attempt, judge, type Belief } from '../../lib/grade/judge.js';
import { bestSlab } from '../../lib/opensolaris/kmem_sizes.js';
import { goodEnough } from './good-enough.js';

/** The first multiple of the quantum, from `first` on, that will do. */
function search(
  quantum: number,
  will: (slab: number) => boolean,
  next = (slab: number): number => slab + quantum,
): number {
  let slab = quantum;
  while (!will(slab)) slab = next(slab);
  return slab;
}

const holds = (chunk: number, slab: number): boolean => slab >= chunk;

/** The slab in text: what it holds, and what is left. */
function draw(name: string, slab: number, chunk: number): string {
  if (!Number.isSafeInteger(slab) || slab < 1) return `  ${name} no slab`;
  const chunks = Math.floor(slab / chunk);
  const left = slab - chunks * chunk;
  return `  ${name} ${slab} bytes: ${chunks} chunks, ${left} left over, `
    + `an eighth is ${slab / 8}`;
}

function ask(chunk: number, quantum: number): void {
  const call = `goodEnough(${chunk}, ${quantum})`;
  const have = attempt(call, () => goodEnough(chunk, quantum));
  const left = (slab: number): number => slab % chunk;
  const fit = (slab: number): number => Math.floor(slab / chunk);
  const is = search(quantum, (s) => holds(chunk, s) && left(s) * 8 <= s);
  const beliefs: Belief[] = [
    { if: undefined, then: 'It returns the size of the slab.' },
    { if: (s: unknown) => typeof s === 'number' && s < chunk,
      then: 'A slab holds at least one chunk.' },
    { if: (s: unknown) => typeof s === 'number' && s % quantum !== 0,
      then: 'The arena gives out multiples of the quantum.' },
    { if: search(quantum, (s) => holds(chunk, s) && left(s) * 8 < s),
      then: 'Exactly an eighth is good enough.' },
    { if: search(quantum, (s) => holds(chunk, s) && left(s) * 8 <= s,
      (s) => 2 * s),
      then: 'The slab need not be a power of two of quanta.' },
    { if: search(quantum, (s) => holds(chunk, s)
      && left(s) / fit(s) * 8 <= chunk),
      then: 'Compare what is left over with the slab, not the share of each '
        + 'chunk with the chunk.' },
    { if: search(quantum, (s) => holds(chunk, s) && left(s) * 8 <= chunk),
      then: 'What is left over may be an eighth of the slab, not of a chunk.' },
    { if: search(quantum, (s) => holds(chunk, s)
      && left(s) * 8 <= Math.floor(s / chunk) * chunk),
      then: 'An eighth of the whole slab may be left, not of its chunks.' },
    { if: bestSlab(chunk, quantum),
      then: 'That slab loses least. A smaller one is good enough.' },
    { if: Math.ceil(chunk / quantum) * quantum,
      then: 'More than an eighth of that slab is left over.' },
    { if: (s: unknown) => typeof s === 'number' && s > is,
      then: 'A smaller multiple of the quantum is good enough.' },
    { if: (s: unknown) => typeof s === 'number' && s < is,
      then: 'More than an eighth of that slab is left over.' },
  ];
  judge({
    call,
    have,
    is,
    beliefs,
    drawn: [draw('yours', have, chunk), draw('it is', is, chunk)],
  });
}

it('takes one quantum when that is good enough [1 point]', () => {
  ask(12, 64);
  ask(680, 4096);
  ask(1000, 4096);
});

it('takes more when it must [2 points]', () => {
  ask(24, 64);
  ask(44, 64);
  ask(40, 64);
  ask(1504, 4096);
  ask(2088, 4096);
});

it('knows that exactly an eighth is good enough [2 points]', () => {
  ask(28, 64);
  ask(56, 64);
  ask(896, 4096);
  ask(1792, 4096);
});

it('makes room for chunks that are larger than a quantum [2 points]', () => {
  ask(72, 64);
  ask(100, 64);
  ask(4104, 4096);
  ask(5000, 4096);
  ask(10_000, 4096);
});

it('is right for every size up to two quanta [1 point]', () => {
  for (let chunk = 1; chunk <= 128; chunk++) ask(chunk, 64);
});
