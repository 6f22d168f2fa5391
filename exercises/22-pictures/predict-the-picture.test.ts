import { it } from 'vitest';
import { malloc, mfree, newMap } from '../../lib/bsd/malloc.js';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import { lifetimes } from '../../lib/plot/lifetimes.js';
import { fromMap, strip } from '../../lib/plot/strip.js';
import { record, type Lifetime } from '../../lib/trace/record.js';
import type { Request } from '../../lib/trace/requests.js';
import { predict } from './predict-the-picture.js';

const ask = (id: number, size: number): Request => ({ op: 'alloc', id, size });
const back = (id: number, size: number): Request => ({ op: 'free', id, size });
const requests: Request[] = [
  ask(0, 5), ask(1, 3), ask(2, 4), back(0, 5), ask(3, 2), ask(4, 6), back(2, 4), ask(5, 5),
];

/** The map and the lifetimes after the first n operations. */
function after(n: number) {
  const mp = newMap(20);
  mfree(mp, 20, 1);
  const kept = record(requests.slice(0, n), (size) => malloc(mp, size),
    (addr, size) => mfree(mp, size, addr));
  return { mp, bars: kept.lifetimes };
}

/** The bars as the picture has them. */
function drawnBars(): Required<Lifetime>[] {
  const { bars } = after(8);
  const spec = lifetimes({
    title: '', unit: 'units', range: [1, 21], operations: 8, moment: 6, lifetimes: bars,
  });
  return (spec.data as { values: Required<Lifetime>[] }).values;
}

/** The bar that operation `now` began. */
function barOf(now: number): number[] {
  const bar = drawnBars().find(({ from }) => from === now) as Lifetime;
  return [bar.addr, bar.end, bar.from, bar.to];
}

/** How many rectangles the strip after n operations has. */
function rectangles(n: number, cuts: number[] = []): number {
  const segments = fromMap(after(n).mp, [1, 21], cuts);
  const spec = strip({ title: '', unit: 'units', rows: [{ name: '', segments }] });
  return (spec.data as { values: unknown[] }).values.length;
}

/** The two numbers at the end of the alt text after all operations. */
function told(): number[] {
  const segments = fromMap(after(8).mp, [1, 21]);
  const { description = '' } = strip({
    title: '', unit: 'units', rows: [{ name: '', segments }],
  });
  return (/Free: (\d+), largest (\d+)/.exec(description) ?? []).slice(1).map(Number);
}

/** A bar of which one number is wrong. */
const wrongAt = (is: number[], i: number, value?: number) => (have: unknown): boolean =>
  Array.isArray(have) && have[i] !== is[i] && (value === undefined || have[i] === value);

const needsFour: Belief = {
  if: (have: unknown) => !Array.isArray(have) || have.length !== 4,
  then: 'A bar is a list of four numbers: [addr, end, from, to].',
};

it('knows which operations make a bar [1 point]', () => {
  predicted(predict, 'bars', { call: 'bars of the lifetime map', is: drawnBars().length, beliefs: [
    { if: 6, then: 'F gets nothing: 9 units are free, but at most 4 together. '
      + 'A refused request leaves no bar.' },
    { if: 8, then: 'An operation that gives back ends a bar; it makes none.' },
    { if: 3, then: 'What was freed before the end has its bar too.' },
  ] });
});

it("knows C's bar [1 point]", () => {
  const is = barOf(2);
  predicted(predict, 'barC', { call: "C's bar", is, beliefs: [
    needsFour,
    { if: wrongAt(is, 1, is[1] - 1), then: 'The end is the first unit behind the piece.' },
    { if: wrongAt(is, 3, 5), then: 'The end is the operation that freed it; 6 is the '
      + 'first column without it.' },
    { if: wrongAt(is, 3, 8), then: 'C gives back with operation 6; its bar ends there.' },
    { if: wrongAt(is, 2, 3), then: 'Operations are counted from 0; C asks with operation 2.' },
    { if: wrongAt(is, 0), then: 'A has 5 units from 1 on, and B has 3 behind it.' },
  ] });
});

it("knows E's bar [1 point]", () => {
  const is = barOf(5);
  predicted(predict, 'barE', { call: "E's bar", is, beliefs: [
    needsFour,
    { if: wrongAt(is, 0, 3), then: 'From 3 on only 3 units are free, up to B. E needs 6.' },
    { if: wrongAt(is, 0, 9), then: 'C gives back with operation 6, after E has asked.' },
    { if: wrongAt(is, 1, is[1] - 1), then: 'The end is the first unit behind the piece.' },
    { if: wrongAt(is, 3, 7), then: 'Never freed: it ends with the number of operations. '
      + 'Column 7 is still its own.' },
    { if: wrongAt(is, 2, 6), then: 'Operations are counted from 0; E asks with operation 5.' },
  ] });
});

it('knows who is alive at a moment [1 point]', () => {
  const alive = drawnBars().filter(({ from, to }) => from <= 6 && 6 < to);
  predicted(predict, 'narrow', { call: 'pieces in the narrow strip at 6', is: alive.length, beliefs: [
    { if: 4, then: 'C is freed by operation 6; the strip shows what is after it.' },
    { if: 2, then: 'The strip draws bars, not a map: B and D and E are three, '
      + 'even where they would touch.' },
    { if: 5, then: 'Only bars that cross the moment are drawn; A and C have ended.' },
  ] });
});

it('knows what a map alone can show [1 point]', () => {
  predicted(predict, 'unknown', { call: 'rectangles without cuts', is: rectangles(6), beliefs: [
    { if: 6, then: 'B, C and E touch. The map does not know where one of them ends.' },
    { if: 2, then: 'Free and in use are both drawn: asked are all rectangles.' },
    { if: 3, then: 'Behind E, two units are free at the end.' },
  ] });
});

it('knows what cuts add [1 point]', () => {
  const cuts = drawnBars().flatMap(({ addr, end }) => [addr, end]);
  predicted(predict, 'known', { call: 'rectangles with cuts', is: rectangles(6, cuts), beliefs: [
    { if: 4, then: 'Cuts part what touches: B, C and E become three rectangles.' },
    { if: 7, then: "A's old end lies inside no piece that is in use, so it cuts nothing." },
    { if: 8, then: 'A cut inside a free piece, or at its border, cuts nothing.' },
  ] });
});

it('knows the sum that the alt text tells [1 point]', () => {
  predicted(predict, 'free', { call: 'free, in the alt text', is: told()[0], beliefs: [
    { if: 4, then: 'F was refused, so its 5 units are free as before.' },
    { if: 5, then: 'C has come back with operation 6: 4 units more.' },
    { if: 11, then: 'In use are 2 of D, 3 of B and 6 of E: that is not what is free.' },
  ] });
});

it('knows the largest free piece that the alt text tells [1 point]', () => {
  predicted(predict, 'largest', { call: 'largest, in the alt text', is: told()[1], beliefs: [
    { if: 3, then: "C's place is free again, and it is longer." },
    { if: 9, then: 'That is the sum; the free pieces do not touch.' },
    { if: 7, then: 'Between [3, 6) and [9, 13) lies B; they do not join.' },
  ] });
});
