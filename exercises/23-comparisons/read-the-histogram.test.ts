import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import { fitMap, type Policy } from '../../lib/trace/adapters/fits.js';
import type { Allocator } from '../../lib/trace/allocator.js';
import { histogram, total } from '../../lib/trace/measures.js';
import { predict } from './read-the-histogram.js';

const bars: Record<number, number> = { 1: 5, 2: 3, 4: 0, 8: 2, 16: 1 };

/** The sizes of all pieces, each drawn between the two ends of its bar. */
const sizesBy = (drawn: (from: number) => number): number[] =>
  Object.entries(bars).flatMap(([from, count]) =>
    Array.from({ length: count }, () => drawn(Number(from))));

/** A map with such holes, from the low end on; between them one unit each. */
function mapOf(sizes: number[], policy: Policy): Allocator {
  const units = sizes.reduce((sum, size) => sum + size + 1, 0);
  const map = fitMap({ policy, units, start: 1, slots: 40 });
  const pieces = sizes.map((size) => {
    const addr = map.alloc(size) as number;
    map.alloc(1);
    return { addr, size };
  });
  for (const { addr, size } of pieces) map.free(addr, size);
  for (const { from, count } of histogram(map.holes())) {
    if (count !== bars[from]) throw new Error('a map with another histogram');
  }
  return map;
}

/** Maps that look alike: short, middling, long pieces, in two orders. */
function alike(policy: Policy): Allocator[] {
  const drawn = [(f: number) => f, (f: number) => Math.floor(1.5 * f), (f: number) => 2 * f - 1];
  return drawn.flatMap((by) => {
    const sizes = sizesBy(by);
    return [mapOf(sizes, policy), mapOf([...sizes].reverse(), policy)];
  });
}

/** What becomes of the last request, in all maps and policies. */
function fate(requests: number[], policies: Policy[]): string {
  const met = policies.flatMap(alike).map((map) =>
    requests.map((size) => map.alloc(size)).pop() !== null);
  if (met.every(Boolean)) return 'yes';
  return met.some(Boolean) ? 'perhaps' : 'no';
}

const words: Belief = {
  if: (have: unknown) => !['yes', 'no', 'perhaps'].includes(have as string),
  then: "The answer is 'yes', 'no' or 'perhaps'.",
};

function ask(
  name: keyof ReturnType<typeof predict>,
  call: string,
  requests: number[],
  policies: Policy[],
  beliefs: Belief[],
): void {
  const is = fate(requests, policies);
  predicted(predict, name, { call, is, beliefs: [...beliefs, words] });
}

const any: Policy[] = ['first', 'best', 'next'];

it('knows how much is free at least [1 point]', () => {
  const sums = alike('first').map((map) => total(map.holes()));
  predicted(predict, 'least', { call: 'free, at least', is: Math.min(...sums), beliefs: [
    { if: Math.max(...sums), then: 'That is the most: each piece as long as its bar allows.' },
    { if: 11, then: 'That is the number of pieces; asked are their units.' },
    { if: 31, then: 'Each bar counts pieces: two of 8 to 15 have 16 units at least.' },
  ] });
});

it('knows how much is free at most [1 point]', () => {
  const sums = alike('first').map((map) => total(map.holes()));
  predicted(predict, 'most', { call: 'free, at most', is: Math.max(...sums), beliefs: [
    { if: Math.min(...sums), then: 'That is the least: each piece as short as its bar allows.' },
    { if: 57, then: 'Each bar counts pieces: two of 8 to 15 can have 30 units.' },
    { if: 86, then: 'A bar ends below the next power of two: 31, and not 32.' },
  ] });
});

it('knows that bars on the right help [1 point]', () => {
  ask('six', 'a request for 6', [6], any, [
    { if: 'no', then: 'No piece has 4 to 7 units, but a longer one can be cut.' },
    { if: 'perhaps', then: 'The pieces of 8 to 15 units are long enough, however long they are.' },
  ]);
});

it('knows that a bar begins with a power of two [1 point]', () => {
  ask('sixteen', 'a request for 16', [16], any, [
    { if: 'perhaps', then: 'The last piece has 16 units at least, and that is enough.' },
    { if: 'no', then: 'The last piece has 16 to 31 units.' },
  ]);
});

it('knows what a request inside a bar meets [1 point]', () => {
  ask('twenty', 'a request for 20', [20], any, [
    { if: 'yes', then: 'The last piece may have 16 units only.' },
    { if: 'no', then: 'The last piece may have up to 31 units.' },
  ]);
});

it('knows that sums serve nobody [1 point]', () => {
  ask('larger', 'a request for 32', [32], any, [
    { if: 'yes', then: 'More than 32 units are free, but they do not lie together.' },
    { if: 'perhaps', then: 'The longest piece that is possible has 31 units.' },
  ]);
});

it('knows what a piece can serve twice [1 point]', () => {
  ask('twice', '16 units, then 16 again', [16, 16], any, [
    { if: 'perhaps', then: 'Of 31 units, 15 are left when 16 have been cut off.' },
    { if: 'yes', then: 'The first request has cut the only piece that is long enough.' },
  ]);
});

it('knows that first fit goes by place [1 point]', () => {
  ask('byFirst', '8 units, then 16, first fit', [8, 16], ['first'], [
    { if: 'yes', then: 'If the longest piece lies lowest, first fit cuts the 8 units from it.' },
    { if: 'no', then: 'If a piece of 8 to 15 units lies lowest, the longest one stays whole.' },
  ]);
});

it('knows that best fit goes by size [1 point]', () => {
  ask('byBest', '8 units, then 16, best fit', [8, 16], ['best'], [
    { if: 'perhaps', then: 'Best fit takes one of the two pieces of 8 to 15, wherever they lie.' },
    { if: 'no', then: 'Best fit leaves the longest piece whole, and it has 16 units at least.' },
  ]);
});
