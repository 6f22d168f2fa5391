// The lifetime map: who stays in the way?
//
// From left to right the operations, upwards the addresses. One rectangle
// is one allocation, from malloc to mfree: all moments in one picture, and
// a small one. A rule marks one moment; the strip on the right is the range
// after that operation. In Jupyter a slider moves both.
import type { TopLevelSpec } from 'vega-lite';
import { bins, fillByShare, Grid } from './bins.js';
import * as f from './frame.js';
import { fillByKind, inkOf, palette, type Kind } from './palette.js';

/** [addr, end) is taken after operation `from`, and no more after `to`. */
export interface Lifetime {
  addr: number;
  end: number;
  from: number;
  to?: number; // absent: never freed
  kind?: Kind; // absent: allocated
  label?: string; // drawn where it fits
}

export interface Lifetimes extends f.Caption {
  unit: string; // what an address counts: '64-byte clicks'
  range: readonly [number, number]; // all that is managed: [start, end)
  operations: number; // numbered from 0
  lifetimes: readonly Lifetime[] | Grid; // a Grid when there are too many
  moment: number; // the telling operation, seldom the last
  hex?: boolean; // addresses as 0x40
}

/** Beyond this many operations, bins show how much was allocated. */
export const binnedAfter = 3000;
const WIDTH = 540;
const HEIGHT = 324;

/** The lifetimes as rectangles: all ends known, labels where they fit. */
function rectangles(p: Lifetimes) {
  if (p.lifetimes instanceof Grid) return [];
  const wide = WIDTH / p.operations;
  const high = HEIGHT / (p.range[1] - p.range[0]);
  return p.lifetimes.map((life) => {
    const { addr, end, from, to = p.operations, label = '' } = life;
    const kind = life.kind ?? 'allocated';
    const roomy = f.fits(label, (to - from) * wide) && (end - addr) * high > 14;
    const text = label && roomy ? { label, ink: inkOf(kind) } : {};
    return { addr, end, from, to, kind, ...text };
  });
}

/** What is allocated at the moment; of bins, as far as they tell. */
function allocated(p: Lifetimes): number {
  const pieces =
    p.lifetimes instanceof Grid
      ? p.lifetimes.bins()
      : rectangles(p).map((r) => ({ ...r, share: 1 }));
  const size = pieces
    .filter(({ from, to }) => from <= p.moment && p.moment < to)
    .reduce((sum, { addr, end, share }) => sum + (end - addr) * share, 0);
  return Math.round(size);
}

/** The alt text; its number is what is allocated at the moment. */
function altOf(p: Lifetimes): string {
  return f.alt(
    `Lifetime map: addresses (${p.unit}) by operation, ` +
      `${f.count(p.operations)} in all`,
    p.title,
    `${f.count(allocated(p))} allocated after operation ${f.count(p.moment)}`,
  );
}

/** Draws the lifetimes, and beside them the strip of one moment. */
export function lifetimes(p: Lifetimes): TopLevelSpec {
  const [start, end] = p.range;
  const all = rectangles(p);
  const area = { addr: start, end, from: 0, to: p.operations };
  const grid = p.lifetimes instanceof Grid ? p.lifetimes : null;
  const binned = grid !== null || p.operations > binnedAfter;
  const fill = binned
    ? fillByShare
    : fillByKind(['free', ...all.map((r) => r.kind)]);

  const ticks = f.whole(6, 0, p.operations);
  const axis = { title: 'operation (number)', ...ticks };
  const x = { ...f.linear(area.from, area.to), axis };
  const from = { ...x, field: 'from' };
  const y = { ...f.linear(start, end), field: 'addr' };
  const upwards = { y2: { field: 'end' }, ...fill };
  const rectangle = {
    type: 'rect' as const,
    strokeWidth: p.operations > 300 ? 0.2 : 0.7,
  };

  // Rule and heads follow the slider: their places are expressions.
  const now = { ...x, datum: { expr: 'moment + 0.5' } };
  const input = 'range' as const;
  const bind = { input, min: 0, max: p.operations - 1, step: 1 };
  const head = (word: string) => ({
    type: 'text' as const,
    y: -9,
    color: palette.guard,
    text: { expr: `'${word} ' + format(moment, ',')` },
  });
  const align = { expr: `moment < ${p.operations / 2} ? 'left' : 'right'` };

  return {
    ...f.frame(
      p,
      (binned
        ? 'The darker, the more was allocated there and then'
        : 'Each bar is one allocation, for as long as it lives') +
        '; the strip is one moment.',
      altOf(p),
    ),
    data: { values: grid?.bins() ?? (binned ? bins(all, area) : all) },
    params: [{ name: 'moment', value: p.moment, bind }],
    transform: [{ calculate: '(datum.addr + datum.end) / 2', as: 'middle' }],
    spacing: 24,

    // The map, and beside it the strip of the moment.
    hconcat: [
      {
        width: WIDTH,
        height: HEIGHT,
        view: { fill: palette.free },
        layer: [
          {
            mark: rectangle,
            encoding: {
              x: from,
              x2: { field: 'to' },
              y: { ...y, axis: { ...f.addressAxis(p), tickCount: 8 } },
              ...upwards,
            },
          },
          f.border,
          {
            data: f.once,
            mark: { type: 'rule', color: palette.guard, strokeWidth: 2 },
            encoding: { x: now },
          },
          {
            data: f.once,
            mark: { ...head('operation'), align },
            encoding: { x: now },
          },
          f.labels({ x: from, y: { ...y, field: 'middle' } }, true),
        ],
      },

      {
        width: 44,
        height: HEIGHT,
        view: { fill: palette.free },
        layer: [
          {
            transform: [
              { filter: 'datum.from <= moment && moment < datum.to' },
            ],
            mark: rectangle,
            encoding: { y: { ...y, axis: null }, ...upwards },
          },
          f.border,
          { data: f.once, mark: head('after') },
        ],
      },
    ],
  };
}
