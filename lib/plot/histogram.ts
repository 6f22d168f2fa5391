// The histogram: how large are the free pieces?
//
// A bar for each power of two: how many free pieces are at least so long,
// and shorter than twice that. Several rows, one below the other, compare
// moments or allocators on the same axes. Idea to carry away: a request is
// helped by the bars on its right, however high those on its left are.
import type { TopLevelSpec } from 'vega-lite';
import * as f from './frame.js';
import { outline, palette } from './palette.js';

/** So many pieces have sizes in [from, 2 * from). */
export interface Bar {
  from: number; // a power of two
  count: number;
  units?: number; // together
}

/** One state of the free pieces, say. */
export interface Counts {
  name: string;
  bars: readonly Bar[];
  focus?: number; // `from` of a bar that is outlined: the list looked at
}

export interface Histogram extends f.Caption {
  unit: string; // what a size counts: 'bytes'
  rows: readonly Counts[];
  kind?: 'free' | 'allocated'; // what the pieces are; absent: free
  by?: 'count' | 'units'; // what a bar is as high as; absent: count
}

const WIDTH = 540;
const HEIGHT = 130;

/** The sizes of a bar, as people write them: '1', '2–3', '4–7'. */
export function classOf(from: number): string {
  if (from === 1) return '1';
  return from < 2 ** 20
    ? `${f.count(from)}–${f.count(2 * from - 1)}`
    : `from 2^${Math.log2(from)}`;
}

/** All powers of two from the least to the largest that is used. */
function classesOf(rows: readonly Counts[]): number[] {
  const used = rows.flatMap(({ bars, focus = 0 }) => [
    ...bars.filter(({ count }) => count > 0).map(({ from }) => from),
    focus,
  ]);
  const seen = used.filter((from) => from > 0);
  const classes = [Math.min(...seen, 2 ** 52)];
  if (seen.length === 0) return [1];
  const most = Math.max(...seen);
  while (classes[classes.length - 1] < most) {
    classes.push(classes[classes.length - 1] * 2);
  }
  return classes;
}

/** Draws the bars. */
export function histogram(p: Histogram): TopLevelSpec {
  const classes = classesOf(p.rows);
  const by = p.by ?? 'count';
  const values = p.rows.flatMap(({ bars, focus }, row) =>
    classes.map((from) => ({
      row,
      size: classOf(from),
      pieces: bars.find((bar) => bar.from === from)?.[by] ?? 0,
      ...(from === focus ? { focus: true } : {}),
    })),
  );
  const most = Math.max(1, ...values.map(({ pieces }) => pieces));

  const final = p.rows[p.rows.length - 1];
  const pieces = final.bars.reduce((sum, bar) => sum + (bar[by] ?? 0), 0);
  const what = p.kind ?? 'free';
  const x = {
    field: 'size',
    type: 'ordinal' as const,
    sort: classes.map(classOf),
    scale: { paddingInner: 0.15, paddingOuter: 0.1 },
  };
  const y = {
    ...f.linear(0, most),
    field: 'pieces',
    axis: {
      title: by === 'count' ? 'pieces (number)' : `together (${p.unit})`,
      grid: true,
      ...f.whole(4, 0, most),
    },
  };
  const step = WIDTH / classes.length; // where a text fits, it stands
  const labels = {
    title: `size of a ${what} piece (${p.unit})`,
    labelAngle: classes.every((c) => f.fits(classOf(c), step)) ? 0 : -50,
  };
  const roomy = `length(format(datum.pieces, ',')) * 7.7 + 6 <= ${step}`;
  const focus = { condition: { test: 'datum.focus', value: palette.guard } };

  return {
    ...f.frame(
      p,
      `A bar ${by === 'count' ? 'counts' : 'adds up'} the pieces whose size ` +
        'lies between two powers of two.',
      f.alt(
        `Histogram of ${what} pieces by size (${p.unit})` +
          (p.rows.length > 1 ? `, ${p.rows.length} rows` : ''),
        p.title,
        (by === 'count' ? f.counted(pieces, 'piece') : f.count(pieces)) +
          ` in all${final.name ? `, ${final.name}` : ''}`,
      ),
    ),
    data: { values },
    spacing: 14,

    // One panel a row of bars, with the same axes.
    vconcat: p.rows.map(({ name }, row) => ({
      transform: [{ filter: `datum.row === ${row}` }],
      ...(name ? { title: { text: name, fontSize: 12, offset: 4 } } : {}),
      width: WIDTH,
      height: HEIGHT,
      layer: [
        {
          mark: { type: 'bar' as const, fill: palette[what] },
          encoding: {
            x: { ...x, axis: row === p.rows.length - 1 ? labels : null },
            y,
            stroke: { ...focus, value: outline },
            strokeWidth: {
              condition: { test: 'datum.focus', value: 2 },
              value: 1,
            },
          },
        },
        {
          transform: [{ filter: `datum.pieces > 0 && ${roomy}` }],
          mark: { type: 'text' as const, dy: -8 },
          encoding: { x, y, text: { field: 'pieces', format: ',' } },
        },
      ],
    })),
  };
}
