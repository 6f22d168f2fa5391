// Side by side: what does each system cost?
//
// One row a system, one column a measure, a bar where they meet. A last
// column may show a size over time, with what was asked for as a line.
// Idea to carry away: no column decides alone. Read along a row for what a
// system is good at, and down a column for who is best at it.
import type { TopLevelSpec } from 'vega-lite';
import * as f from './frame.js';
import { ink, palette } from './palette.js';

/** A column: one value a row, 0 or more. */
export interface Measure {
  name: string; // 'utilisation'
  unit: string; // '%'
  values: readonly number[];
  digits?: number; // behind the point; absent: 0
}

/** The last column: a size by operation. */
export interface OverTime {
  name: string; // 'memory'
  unit: string; // 'KB'
  rows: readonly (readonly f.Point[])[]; // [operation, size]
  line: readonly f.Point[]; // what was asked for, the same in all rows
  most?: number; // what is more than this is cut off
}

export interface Compare extends f.Caption {
  rows: readonly string[]; // the systems
  measures: readonly Measure[]; // one to three
  over?: OverTime;
}

const [WIDTH, GAP] = [500, 16]; // of all columns together, between two
const [ROW, BAR] = [38, 28]; // pixels; the rest of a row is a gap
const pixel = { type: 'quantitative' as const, scale: null, axis: null };
const [y, y2] = [{ ...pixel, field: 'y' }, { field: 'y2' }];
const low = (row: number): number => row * ROW + (ROW + BAR) / 2;
const only = (what: string) => [{ filter: `isValid(datum.${what})` }];

/** Bars, and their numbers. */
function bars({ values, digits = 0 }: Measure, column: number) {
  return values.map((bar, row) => {
    const fixed = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    const text = bar.toLocaleString('en-US', fixed);
    return { column, bar, text, y: low(row) - BAR, y2: low(row) };
  });
}

function barLayers({ name, unit, values }: Measure) {
  const most = values.reduce((a, b) => Math.max(a, b), 0) || 1;
  const axis = { title: `${name} (${unit})`, labels: false, ticks: false };
  const x = { ...f.linear(0, 1.6 * most), field: 'bar', axis }; // and a number
  const rect = { type: 'rect' as const, fill: palette.allocated };
  const number = { type: 'text' as const, align: 'left' as const, dx: 5, dy: BAR / 2 };
  return [
    { transform: only('bar'), mark: rect, encoding: { x, x2: { datum: 0 }, y, y2 } },
    { transform: only('bar'), mark: number, encoding: { x, y, text: { field: 'text' } } },
  ];
}

/** The size at the top of a row. */
const tallest = ({ rows, line, most = Infinity }: OverTime): number =>
  Math.min(most, [...rows.flat(), ...line].reduce((a, b) => Math.max(a, b[1]), 1));

/** Areas, and the line in each of them. */
function curves(over: OverTime, column: number) {
  return over.rows.flatMap((points, row) => {
    const at = (of: 'area' | 'line') => ([x, size]: f.Point) => {
      const height = BAR * Math.min(1, size / tallest(over));
      return { column, [of]: row, x, y: low(row) - height, y2: low(row) };
    };
    return [...points.map(at('area')), ...over.line.map(at('line'))];
  });
}

function curveLayers({ name, unit, line }: OverTime) {
  const axis = { title: `${name} (${unit})`, labels: false, ticks: false };
  const [start, end] = [line[0][0], line[line.length - 1][0]];
  const x = { ...f.linear(start, end), field: 'x', axis };
  const of = (field: string) => ({ field, type: 'nominal' as const });
  const area = { type: 'area' as const, fill: palette.waste };
  const asked = { type: 'line' as const, color: ink, strokeWidth: 1.5 };
  return [
    { transform: only('area'), mark: area, encoding: { x, y, y2, detail: of('area') } },
    { transform: only('line'), mark: asked, encoding: { x, y, detail: of('line') } },
  ];
}

/** Draws a bar for each measure of each system. */
export function comparison(p: Compare): TopLevelSpec {
  const { rows, measures, over } = p;
  const columns = [...measures.map(barLayers), ...(over ? [curveLayers(over)] : [])];
  const names = rows.map((name, row) => ({ column: 0, name, y: low(row) - BAR / 2 }));
  const drawn = [...measures.flatMap(bars), ...(over ? curves(over, measures.length) : [])];
  const height = over ? `${f.count(Math.round(tallest(over)))} ${over.unit}` : '';
  const last = over ? ` Last column: by operation, a row is ${height} high; the ` +
    'line is what was asked for.' : '';
  const [first] = bars(measures[0], 0);
  const name = { type: 'text' as const, align: 'right' as const, x: -8 };
  return {
    ...f.frame(p, `One row a system, one column a measure.${last}`, f.alt(
      `Bars: ${measures.map((one) => one.name).join(', ')} of ${rows.length} systems`,
      p.title,
      `${rows[0]}: ${measures[0].name} ${first.text} (${measures[0].unit})`,
    )),
    data: { values: [...names, ...drawn] },
    spacing: GAP,
    hconcat: columns.map((layers, column) => ({
      transform: [{ filter: `datum.column === ${column}` }],
      width: Math.floor((WIDTH + GAP) / columns.length - GAP),
      height: rows.length * ROW,
      layer: [
        ...layers,
        { transform: only('name'), mark: name, encoding: { y, text: { field: 'name' } } },
      ],
    })),
  };
}
