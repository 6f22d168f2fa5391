// The pictures that the tests look at, each on a run of a real allocator.
import { malloc, mfree, newMap } from '../../lib/bsd/malloc.js';
import { lifetimes } from '../../lib/plot/lifetimes.js';
import { slots, state } from '../../lib/plot/slots.js';
import { steps } from '../../lib/plot/steps.js';
import { fromMap, strip, type Row } from '../../lib/plot/strip.js';
import {
  churn,
  record,
  watch,
  type Churn,
  type Recorded,
} from '../../lib/trace/churn.js';

/** A coremap of 100 clicks, after each of eight calls. */
export function stripRows(): Row[] {
  const mp = newMap(10);
  const rows: Row[] = [];
  const note = (name: string, start: number, size: number) => {
    const focus = { start, end: start + size };
    const segments = fromMap(mp, [1, 101], [focus.start, focus.end]);
    rows.push({ name, segments, focus });
  };
  const take = (size: number) => {
    const a = malloc(mp, size);
    note(`malloc(mp, ${size}) → ${a}`, a, size);
    return a;
  };
  const give = (size: number, a: number) => {
    mfree(mp, size, a);
    note(`mfree(mp, ${size}, ${a})`, a, size);
  };
  give(100, 1);
  take(10);
  const b = take(20);
  take(10);
  const c = take(30);
  give(20, b);
  take(8);
  give(30, c);
  return rows;
}

/** The lifetimes of a random load on a map of `size` units. */
export function load(size: number, churned: Churn): Recorded {
  const mp = newMap(1000);
  mfree(mp, size, 1);
  return record(
    churn(churned),
    (n) => malloc(mp, n),
    (addr, n) => mfree(mp, n, addr),
  );
}

/** A map of 4 slots that is freed into once too often. */
function overflow() {
  const word = (n: number) => ({ m_size: n, m_addr: n });
  const mp = newMap(4, [7777, 8888, 0, 0].map(word));
  const states = [state('at first', mp, 7)];
  for (const a of [10, 20, 30, 40, 50]) {
    mfree(mp, 1, a);
    if (a >= 30) states.push(state(`mfree(mp, 1, ${a})`, mp, 7));
  }
  return states;
}

/** Slots read by a search that fails, in maps of 10 to 300 entries. */
function searches(): [number, number][] {
  return Array.from({ length: 30 }, (_, i) => {
    const entries = 10 * (i + 1);
    const { mp, visits } = watch(newMap(entries + 1).slice(0, entries + 1));
    for (let e = 0; e < entries; e++) mfree(mp, 1, 10 + 2 * e);
    return [entries, visits(() => malloc(mp, 5))];
  });
}

const sizes = (most: number): [number, number] => [1, most];
const short = load(100, { seed: 1, operations: 60, live: 9, sizes: sizes(14) });
const long = load(4000, {
  seed: 7,
  operations: 12_000,
  live: 110,
  sizes: sizes(60),
});
const points = searches();

/** All pictures by name. */
export const examples = {
  strip: strip({
    title: 'Half of the core is free, and no piece is longer than 30 clicks',
    unit: '64-byte clicks',
    rows: [{ name: '', segments: stripRows()[5].segments }],
  }),
  strips: strip({
    title: 'mfree joins what touches',
    unit: '64-byte clicks',
    rows: stripRows(),
  }),
  kinds: strip({
    title: 'A slab with one object in the hands of the client',
    unit: 'bytes',
    hex: true,
    rows: [
      {
        name: 'slab',
        segments: [
          { start: 4096, end: 4256, kind: 'tag' },
          { start: 4256, end: 4320, kind: 'offset' },
          { start: 4320, end: 5344, kind: 'allocated', label: 'object 0' },
          { start: 5344, end: 5376, kind: 'guard' },
          { start: 5376, end: 6400, kind: 'cached' },
          { start: 6400, end: 7424, kind: 'free' },
          { start: 7424, end: 8192, kind: 'waste' },
        ],
      },
    ],
  }),
  lifetimes: lifetimes({
    title: 'Four long-lived pieces keep the free space apart',
    unit: '64-byte clicks',
    range: [1, 101],
    ...short,
    lifetimes: short.lifetimes.map((life) => ({
      ...life,
      label: String(life.end - life.addr),
    })),
    moment: 45,
  }),
  bins: lifetimes({
    title: 'First fit fills the low end and scatters the rest',
    unit: '512-byte blocks',
    range: [1, 4001],
    ...long,
    moment: 8400,
  }),
  slots: slots({
    title: 'The fifth free writes into the neighbour',
    slots: 4,
    states: overflow(),
  }),
  steps: steps({
    title: 'A failing search reads every entry',
    x: 'entries in the map (number)',
    y: 'entries visited (number)',
    series: [{ name: 'first fit', points, line: [[0, 0], [300, 300]] }],
  }),
  log: steps({
    title: 'Instant fit does not depend on the entries',
    x: 'entries (number)',
    y: 'steps a search (number)',
    log: true,
    series: [
      { name: 'first fit', points },
      { name: 'best fit', line: points.map(([x, y]) => [x, y * 1.01]) },
      { name: 'instant fit', line: [[10, 1], [300, 1]], look: 'instant' },
    ],
  }),
};
