// The frame: what all pictures share.
//
// The title states the finding, the subtitle says how to read the picture,
// and the description says both to those who do not see it. Fonts are 12
// pixels or more, and the ground is white on dark pages too.
import { ink, outline } from './palette.js';

/** What every picture is told besides its data. */
export interface Caption {
  title: string; // the finding, one sentence
  subtitle?: string; // how to read it, if not as usual
}

/** The part of a spec that is the same in every picture. */
export const frame = (caption: Caption, reading: string, alt: string) => ({
  $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
  description: alt,
  background: 'white',
  title: {
    text: wrap(caption.title, 64),
    subtitle: wrap(caption.subtitle ?? reading, 92),
  },
  config,
});

/** What is drawn, the finding, one number: at most 250 characters. */
export function alt(what: string, finding: string, number: string): string {
  const room = 250 - what.length - number.length - 5;
  const told = finding.replace(/\.$/, '');
  const short = told.length > room ? `${told.slice(0, room - 1)}…` : told;
  return `${what}. ${short}. ${number}.`;
}

/** A number as people write it: 12,345. */
export const count = (n: number): string => n.toLocaleString('en-US');

/** So many of something: '1 piece', '2 pieces'. */
export const counted = (n: number, what: string): string =>
  `${count(n)} ${what}${n === 1 ? '' : 's'}`;

/** Does a text of 12 pixels fit? Digits of DejaVu Sans are 7.6 wide. */
export const fits = (text: string, pixels: number): boolean =>
  text.length * 7.7 + 6 <= pixels;

/** Cuts a text into lines of at most `columns` characters. */
function wrap(text: string, columns: number): string[] {
  const rows: string[] = [];
  for (const word of text.split(' ')) {
    const row = `${rows[rows.length - 1]} ${word}`;
    if (rows.length === 0 || row.length > columns) rows.push(word);
    else rows[rows.length - 1] = row;
  }
  return rows;
}

/** A number on an axis that ends exactly where the range does. */
export const linear = (start: number, end: number) => ({
  type: 'quantitative' as const,
  scale: { domain: [start, end], nice: false, zero: false },
});

/** How many of the pixels of an axis lie before a value. */
export const pixelOf =
  (pixels: number, [low, high]: readonly number[], log = false) =>
  (value: number): number => {
    const of = log ? Math.log : Number;
    return (pixels * (of(value) - of(low))) / (of(high) - of(low));
  };

/** Ticks about so many, and none between whole numbers. */
export const whole = (ticks: number, start: number, end: number) => ({
  tickCount: Math.max(1, Math.min(ticks, Math.floor(end - start))),
});

/** The axis of addresses; in hexadecimal, ticks are round there. */
export function addressAxis(p: {
  unit: string;
  hex?: boolean;
  range?: readonly [number, number];
}) {
  const title = `address (${p.unit})`;
  if (!p.hex) return { title };
  if (p.range === undefined) return { title, format: '#x' };
  const [start, end] = p.range;
  const step = Math.max(1, 2 ** Math.ceil(Math.log2((end - start) / 8)));
  const values: number[] = [];
  for (let at = Math.ceil(start / step) * step; at <= end; at += step) {
    values.push(at);
  }
  return { title, format: '#x', values };
}

/** The axis of addresses below a strip: labels that do not touch. */
export const across = (
  p: { unit: string; hex?: boolean },
  start: number,
  end: number,
) => ({
  ...whole(8, start, end),
  labelSeparation: 8,
  ...addressAxis({ ...p, range: [start, end] }),
});

/** Rows from top to bottom with their names; equal names stay two rows. */
export const rowsOf = (names: readonly string[]) => ({
  field: 'row',
  type: 'ordinal' as const,
  scale: { paddingInner: 0.3, paddingOuter: 0.1 },
  axis: {
    title: null,
    labelExpr: `${JSON.stringify(names)}[datum.value]`,
    labelPadding: 8,
    domain: false,
    ticks: false,
  },
});

/** The text of what has a `label`, at a place or to the right of it. */
export const labels = <Place extends object>(place: Place, right = false) => ({
  transform: [{ filter: 'datum.label' }],
  mark: { type: 'text' as const, ...(right ? LEFT : {}) },
  encoding: {
    ...place,
    text: { field: 'label' },
    color: { field: 'ink', scale: null },
  },
});

const LEFT = { align: 'left', dx: 5 } as const;

/**
 * Moves names apart that would stand on each other: upwards, to 16 pixels,
 * and down again from above the top.
 * @param names with the pixel of each, counted from the top
 */
export function apart<T extends { pixel: number }>(names: T[]): T[] {
  names.sort((a, b) => b.pixel - a.pixel);
  for (let i = 1; i < names.length; i++) {
    names[i].pixel = Math.min(names[i].pixel, names[i - 1].pixel - 16);
  }
  for (let i = names.length - 1, top = 0; i >= 0; i--, top += 16) {
    names[i].pixel = Math.max(names[i].pixel, top);
  }
  return names;
}

/** Points that have a place: on logarithmic axes, none with a 0. */
export const placed = (points: readonly Point[] = [], log = false): Point[] =>
  points.filter(([x, y]) => !log || (x > 0 && y > 0));

/** Says how many points have none. */
export function leftOut(
  series: readonly { points?: readonly Point[] }[],
  log = false,
): string {
  const points = series.flatMap((one) => one.points ?? []);
  const lost = points.length - placed(points, log).length;
  return lost > 0 ? ` Left out, because of a 0: ${count(lost)}.` : '';
}

/** One point of those that would lie on each other, where there are many. */
export function sparse(points: readonly Point[], log = false): Point[] {
  if (points.length <= FEW) return [...points];
  const of = log ? Math.log : Number;
  const cellOf = [0, 1].map((i) => {
    const all = points.map((point) => of(point[i]));
    const low = all.reduce((a, b) => Math.min(a, b));
    const high = all.reduce((a, b) => Math.max(a, b));
    return (n: number) => Math.round((CELLS * (of(n) - low)) / (high - low));
  });
  const taken = new Set<string>();
  return points.filter((point) => {
    const key = cellOf.map((cell, i) => cell(point[i])).join();
    return !taken.has(key) && taken.add(key);
  });
}

export type Point = readonly [x: number, y: number];
const FEW = 500;
const CELLS = 80; // across, and up

/** The data of a mark that is drawn once. */
export const once = { values: [{}] };

/** An outline around a drawing, above all that it holds. */
export const border = {
  data: once,
  mark: { type: 'rect' as const, fill: null, stroke: outline },
  encoding: {
    x: { value: 0 },
    x2: { value: 'width' as const },
    y: { value: 0 },
    y2: { value: 'height' as const },
  },
};

/**
 * Fonts, greys and places. All colours are named, because JupyterLab lays a
 * dark theme under them. Marks are silent: the description speaks.
 */
const config = {
  font: 'DejaVu Sans, Verdana, sans-serif',
  aria: false,
  view: { stroke: null },
  text: { fontSize: 12, color: ink },
  style: { 'guide-label': { fill: ink }, 'guide-title': { fill: ink } },
  title: {
    color: ink,
    anchor: 'start',
    frame: 'bounds',
    fontSize: 15,
    subtitleFontSize: 12,
    subtitleColor: outline,
    subtitlePadding: 5,
    offset: 12,
  },

  axis: {
    grid: false,
    labelFontSize: 12,
    labelLimit: 0,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    titlePadding: 8,
    domainColor: outline,
    tickColor: outline,
    gridColor: '#E3E7EA',
  },

  legend: {
    orient: 'bottom',
    direction: 'horizontal',
    title: null,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    labelFontSize: 12,
    symbolType: 'square',
    symbolSize: 170,
    symbolStrokeWidth: 1,
    offset: 12,
  },
} as const;
