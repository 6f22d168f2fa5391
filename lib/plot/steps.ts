// Search length: what does a search cost?
//
// Steps are counted, not timed, so that every machine draws the same
// picture. Points are measured; a line is what one expects, or joins them.
// Each series has its own shape and dash, and its name at its end.
import type { TopLevelSpec } from 'vega-lite';
import * as f from './frame.js';
import { lines, type Line } from './palette.js';

export interface Series {
  name: string; // written at its end
  points?: readonly f.Point[];
  line?: readonly f.Point[];
  look?: Line; // absent: the next one of the palette
}

export interface Steps extends f.Caption {
  x: string; // titles of the axes, with units: 'entries in the map'
  y: string; // 'entries visited a search'
  series: readonly Series[];
  log?: boolean; // both axes logarithmic
}

const WIDTH = 540;
const HEIGHT = 320;
const SHAPES = ['circle', 'square', 'triangle-up', 'diamond', 'cross'];

/** An axis with all values on it: from 0 on, or in powers of ten. */
function axisOf(title: string, values: readonly number[], log = false) {
  const type = 'quantitative' as const;
  const top = values.reduce((a, b) => Math.max(a, b), 0) || 1;
  const labels = { labelOverlap: true, labelFlush: false, labelSeparation: 8 };
  const axis = { title, grid: true, tickCount: 7, ...labels };
  if (!log) return { type, axis, scale: { domain: [0, top], nice: false } };

  const least = values.reduce((a, b) => Math.min(a, b), top) / 1.3; // off it
  const tens = Array.from({ length: 16 }, (_, i) => 10 ** i);
  const seen = tens.filter((ten) => least <= ten && ten <= top);
  const scale = { domain: [least, top], type: 'log' as const, nice: false };
  const ticks = seen.length > 1 ? { values: seen } : {};
  return { type, axis: { ...axis, ...ticks }, scale };
}

/** Where the names stand: at the last point, 16 pixels from each other. */
function namesOf(series: readonly Series[], domain: number[], log = false) {
  const up = f.pixelOf(HEIGHT, domain, log);
  const names = series.flatMap(({ name, points = [], line = [] }) => {
    const [first, ...others] = [...points, ...line];
    if (first === undefined) return [];
    const [x, y] = others.reduce((a, b) => (b[0] >= a[0] ? b : a), first);
    return [{ name, x, pixel: HEIGHT - up(y) }];
  });
  return f.apart(names);
}

/** Draws points and lines. */
export function steps(p: Steps): TopLevelSpec {
  const series = p.series.map(({ name, points, line }) => ({
    name,
    points: f.sparse(f.placed(points, p.log), p.log),
    line: f.placed(line, p.log),
  }));
  const values = series.flatMap(({ name, points, line }) => [
    ...line.map(([x, y]) => ({ series: name, mark: 'line', x, y })),
    ...points.map(([x, y]) => ({ series: name, mark: 'point', x, y })),
  ]);
  const x = { field: 'x', ...axisOf(p.x, values.map((v) => v.x), p.log) };
  const y = { field: 'y', ...axisOf(p.y, values.map((v) => v.y), p.log) };

  const keys = Object.keys(lines) as Line[];
  const looks = p.series.map(({ look }, i) => lines[look ?? keys[i]]);
  const bySeries = <T>(range: readonly T[]) => ({
    field: 'series',
    scale: { domain: p.series.map(({ name }) => name), range: [...range] },
    legend: null,
  });
  const color = bySeries(looks.map((look) => look.color));

  const first = p.series[0];
  const [at, cost] = (first.points ?? first.line ?? []).at(-1) ?? [0, 0];

  return {
    ...f.frame(
      p,
      'Points are measured; each name stands at the end of its line.' +
        f.leftOut(p.series, p.log),
      f.alt(
        `Plot: ${p.y} against ${p.x}`,
        p.title,
        `${first.name}: ${f.count(cost)} at ${f.count(at)}`,
      ),
    ),
    data: { values: [...values, ...namesOf(series, y.scale.domain, p.log)] },
    width: WIDTH,
    height: HEIGHT,

    layer: [
      // Lines.
      {
        transform: [{ filter: "datum.mark === 'line'" }],
        mark: { type: 'line', strokeWidth: 2 },
        encoding: {
          x,
          y,
          color,
          strokeDash: bySeries(looks.map((look) => [...look.dash])),
        },
      },

      // Points.
      {
        transform: [{ filter: "datum.mark === 'point'" }],
        mark: { type: 'point', size: 45, filled: true, opacity: 1 },
        encoding: { x, y, color, shape: bySeries(SHAPES) },
      },

      // Names.
      {
        transform: [{ filter: 'datum.name' }],
        mark: { type: 'text', align: 'left', dx: 9 },
        encoding: {
          x,
          y: { field: 'pixel', type: y.type, scale: null, axis: null },
          text: { field: 'name' },
        },
      },
    ],
  };
}
