// The drift: is the free space usable?
//
// To the right the operations, upwards units. One line is all that is
// free, the other the largest free piece, which is the largest request
// that can be met. Idea to carry away: where the lines part, space is lost
// that no sum shows. Other lines may join them, what was asked for, say.
//
// A long run has more samples than pixels. They are put into buckets, and
// of each bucket only the samples with the least and the most of each line
// are drawn: whatever sticks out still does.
import type { TopLevelSpec } from 'vega-lite';
import * as f from './frame.js';
import { ink, palette } from './palette.js';

/** How things stood after an operation. Sizes in units. */
export interface Moment {
  operation: number;
  free: number; // in all free pieces together
  largest: number; // in the largest one
  live?: number; // asked for and not given back
  taken?: number; // needed from below
}

export interface Drift extends f.Caption {
  unit: string; // what a size counts: '64-byte clicks'
  samples: readonly Moment[];
  lines?: readonly LineName[]; // absent: free and largest
}

/** The lines, told apart by dash and name; colour comes second. */
const looks = {
  free: { name: 'free in all', color: ink, dash: [1, 0] },
  largest: { name: 'largest free piece', color: palette.guard, dash: [2, 2] },
  live: { name: 'asked for', color: palette.allocated, dash: [6, 3] },
  taken: { name: 'taken from below', color: palette.waste, dash: [8, 3, 2, 3] },
} as const;

export type LineName = keyof typeof looks;

const WIDTH = 540;
const HEIGHT = 280;
const BUCKETS = 120;

/** The places of the least and the most of each line in a bucket. */
function telling(bucket: readonly Moment[], lines: readonly LineName[]) {
  const found = new Set([0, bucket.length - 1]);
  for (const line of lines) {
    let [least, most] = [0, 0];
    bucket.forEach((moment, i) => {
      if ((moment[line] ?? 0) < (bucket[least][line] ?? 0)) least = i;
      if ((moment[line] ?? 0) > (bucket[most][line] ?? 0)) most = i;
    });
    found.add(least).add(most);
  }
  return [...found].sort((a, b) => a - b).map((i) => bucket[i]);
}

/** Few enough moments to draw, and all that stick out among them. */
export function thinned(
  samples: readonly Moment[],
  lines: readonly LineName[],
): Moment[] {
  const size = Math.ceil(samples.length / BUCKETS);
  if (size <= 4) return [...samples];
  const thin: Moment[] = [];
  for (let at = 0; at < samples.length; at += size) {
    thin.push(...telling(samples.slice(at, at + size), lines));
  }
  return thin;
}

/** Draws the lines. */
export function drift(p: Drift): TopLevelSpec {
  const lines = p.lines ?? ['free', 'largest'];
  const last = p.samples[p.samples.length - 1];
  const from = p.samples[0].operation;
  const to = Math.max(last.operation, from + 1); // one sample is a line, too
  const drawn = thinned(p.samples, lines);
  if (to > last.operation) drawn.push({ ...last, operation: to });
  const moments = drawn.map((moment) => ({
    operation: moment.operation,
    ...Object.fromEntries(lines.map((line) => [line, moment[line] ?? 0])),
  }));
  const most = (line: LineName) =>
    p.samples.reduce((top, moment) => Math.max(top, moment[line] ?? 0), 1);
  const top = Math.max(...lines.map(most));

  // A name stands beside the end of its line.
  const up = f.pixelOf(HEIGHT, [0, top]);
  const ends = lines.map((line) => ({
    name: looks[line].name,
    operation: to,
    pixel: HEIGHT - up(last[line] ?? 0),
  }));

  const quantitative = 'quantitative' as const;
  const x = {
    ...f.linear(from, to),
    field: 'operation',
    axis: { title: 'operation (number)', ...f.whole(6, from, to) },
  };
  const y = {
    ...f.linear(0, top),
    field: 'size',
    axis: { title: `size (${p.unit})`, grid: true, ...f.whole(6, 0, top) },
  };
  const byLine = <T>(range: readonly T[]) => ({
    field: 'line',
    scale: { domain: [...lines], range: [...range] },
    legend: null,
  });

  return {
    ...f.frame(
      p,
      'Each line is a size after each operation; its name stands at its end.',
      f.alt(
        `Lines of sizes (${p.unit}) by operation`,
        p.title,
        `In the end ${f.count(last.free)} free, ` +
          `${f.count(last.largest)} in one piece`,
      ),
    ),
    data: { values: [...moments, ...f.apart(ends)] },
    width: WIDTH,
    height: HEIGHT,

    layer: [
      // Lines: a size holds until the next operation changes it.
      {
        transform: [
          { filter: '!datum.name' },
          { fold: [...lines], as: ['line', 'size'] },
        ],
        mark: { type: 'line', interpolate: 'step-after', strokeWidth: 2 },
        encoding: {
          x,
          y,
          color: byLine(lines.map((line) => looks[line].color)),
          strokeDash: byLine(lines.map((line) => [...looks[line].dash])),
        },
      },

      // Names.
      {
        transform: [{ filter: 'datum.name' }],
        mark: { type: 'text', align: 'left', dx: 9 },
        encoding: {
          x,
          y: { field: 'pixel', type: quantitative, scale: null, axis: null },
          text: { field: 'name' },
        },
      },
    ],
  };
}
