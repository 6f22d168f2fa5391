import { it } from 'vitest';
import { attempt, drawMaps, judge, type Belief } from '../../lib/grade/judge.js';
import type { Piece } from '../../lib/trace/allocator.js';
import { internalFragmentation, largest, total } from '../../lib/trace/measures.js';
import type { Sample } from '../../lib/trace/run.js';
import { lostAtPeak, served, unusable } from './write-a-measure.js';

/** Holes of these lengths, with something in use between them. */
function holesOf(lengths: number[]): Piece[] {
  let at = 100;
  return lengths.map((length) => {
    const start = at;
    at += length + 2;
    return { start, end: start + length };
  });
}

const length = ({ start, end }: Piece): number => end - start;
const sum = (ns: number[]): number => ns.reduce((a, b) => a + b, 0);

/** Shares may be rounded in another order. */
const near = (a: unknown, b: number): boolean =>
  typeof a === 'number' && Math.abs(a - b) < 1e-9;

/** Judges a number; a belief is a wrong number and what leads to it. */
function judgeNumber(
  call: string,
  have: unknown,
  is: number,
  wrong: [number: number, then: string][],
  drawn: string[],
): void {
  if (near(have, is)) return;
  const beliefs: Belief[] = wrong.map(([number, then]) => ({
    if: (said: unknown) => near(said, number),
    then,
  }));
  beliefs.push({
    if: Number.NaN,
    then: 'That is 0 / 0. Where there is nothing to divide by, nothing is lost.',
  });
  judge({ call, have, is, beliefs, drawn });
}

const draw = (holes: Piece[]): string[] =>
  drawMaps([{ name: 'holes', pieces: holes.map((h) => [length(h), h.start]) }]);

const called = (name: string, lengths: number[], size: number): string =>
  `${name}(holes of ${lengths.join(', ') || 'nothing'}; ${size})`;

function askUnusable(lengths: number[], size: number): void {
  const holes = holesOf(lengths);
  const free = sum(lengths);
  const part = (units: number): number => (free === 0 ? 0 : units / free);
  const small = lengths.filter((n) => n < size);
  const rests = lengths.map((n) => n % size);
  const call = called('unusable', lengths, size);
  judgeNumber(
    call,
    attempt(call, () => unusable(holes, size)),
    part(sum(small)),
    [
      [free === 0 ? 1 : part(free - sum(small)),
        free === 0
          ? 'Nothing is free, so nothing free is unusable.'
          : 'That is the share that the request can use.'],
      [part(sum(lengths.filter((n) => n <= size))),
        'A hole of exactly this size can serve the request.'],
      [small.length / lengths.length,
        'That is a share of the holes. Each hole counts with its units.'],
      [small.length, 'That is a number of holes. A share of units is asked for.'],
      [sum(small), 'Those are units. Divide them by all that is free.'],
      [1 - largest(holes) / total(holes),
        'Other holes than the largest can be large enough, too.'],
      [part(sum(rests)),
        'A hole that is large enough counts as usable, whole: the rest that '
        + 'one request would leave is not asked for.'],
    ],
    draw(holes),
  );
}

function askServed(lengths: number[], size: number): void {
  const holes = holesOf(lengths);
  const fit = lengths.filter((n) => n >= size);
  const call = called('served', lengths, size);
  judgeNumber(
    call,
    attempt(call, () => served(holes, size)),
    sum(lengths.map((n) => Math.floor(n / size))),
    [
      [Math.floor(sum(lengths) / size),
        'A request takes its units from one hole. Rests of several holes do '
        + 'not add up.'],
      [sum(lengths) / size, 'A request is served whole or not at all.'],
      [fit.length, 'A hole can serve several requests.'],
      [Math.floor(sum(fit) / size),
        'Rests of several holes do not add up to a request.'],
      [sum(lengths.map((n) => Math.ceil(n / size))),
        'A rest that is too small serves nobody: round down.'],
      [sum(lengths.map((n) => Math.ceil(n / size) - 1)),
        'A hole of exactly this size can serve the request.'],
      [Math.floor(largest(holes) / size), 'Other holes can serve, too.'],
    ],
    draw(holes),
  );
}

type Moment = [live: number, given: number, taken: number];

const sampleOf = ([live, given, taken]: Moment, i: number): Sample => ({
  operation: i + 1,
  live,
  given,
  taken,
  blocks: 3,
  free: taken - given,
  largest: taken - given,
  holes: taken > given ? 1 : 0,
  steps: 1,
});

function askLost(moments: Moment[]): void {
  const samples = moments.map(sampleOf);
  const lost = (s?: Sample): number =>
    s && s.taken > 0 ? (s.taken - s.live) / s.taken : 0;
  const most = (key: 'live' | 'taken'): number =>
    Math.max(0, ...samples.map((s) => s[key]));
  const peak = samples.find((s) => s.live === most('live'));
  const wrong: [number, string][] = peak === undefined ? [] : [
    [(peak.taken - peak.live) / peak.live,
      'That is the surplus, which divides by what was asked for.'],
    [(peak.taken - peak.given) / peak.taken,
      'Rounding is lost too: what was given is more than what was asked for.'],
    [internalFragmentation(peak),
      'That is rounding alone. Holes are lost too.'],
    [peak.live / peak.taken, 'That is the share that was asked for.'],
    [peak.taken - peak.live, 'Those are units. Divide them by all that is taken.'],
    [lost(samples.filter((s) => s.live === peak.live).at(-1)),
      'Of equal moments, the first one counts.'],
    [lost(samples.at(-1)), 'That is the last moment, not the one when most is alive.'],
    [(most('taken') - peak.live) / most('taken'),
      'Those are two moments. Take both numbers from the one when most is '
      + 'alive.'],
    [lost(samples.find((s) => s.taken === most('taken'))),
      'That is the moment when most is taken, not when most is alive.'],
    [Math.max(...samples.map(lost)),
      'That is the worst moment, not the one when most is alive.'],
    [sum(samples.map(lost)) / samples.length,
      'That is the mean of all moments. One moment is asked for.'],
  ];
  const call = `lostAtPeak(samples 1 to ${samples.length})`;
  judgeNumber(
    samples.length === 0 ? 'lostAtPeak([])' : call,
    attempt(call, () => lostAtPeak(samples)),
    lost(peak),
    wrong,
    samples.map(({ operation, live, given, taken }) =>
      `  ${operation}  live ${live}, given ${given}, taken ${taken}`),
  );
}

it('unusable counts the units of holes that are too small [2 points]', () => {
  askUnusable([12, 28], 15);
  askUnusable([5, 15], 8);
  askUnusable([1, 2, 3, 10, 24], 4);
  askUnusable([7, 7], 30);
});

it('unusable takes a hole of exactly the size as usable [1 point]', () => {
  askUnusable([6, 4], 6);
  askUnusable([4, 8, 12, 16], 8);
});

it('unusable is 0 where nothing is free, after a success [1 point]', () => {
  askUnusable([3, 9], 5);
  askUnusable([], 5);
});

it('served rounds down in each hole [2 points]', () => {
  askServed([17, 26], 10);
  askServed([9, 9, 9], 5);
  askServed([6, 12, 5, 30], 6);
  askServed([5, 5, 25], 6);
});

it('lostAtPeak divides two numbers of one moment [2 points]', () => {
  askLost([[10, 16, 16], [51, 64, 64], [21, 24, 64], [40, 48, 64]]);
  askLost([[30, 32, 40], [10, 16, 80], [20, 24, 80]]);
  askLost([[10, 10, 10], [40, 44, 50], [20, 20, 60]]);
});

it('lostAtPeak takes the first of equal moments, and nothing from none [1 point]', () => {
  askLost([[8, 8, 16], [4, 8, 16], [8, 8, 32]]);
  askLost([[0, 0, 0]]);
  askLost([]);
});
