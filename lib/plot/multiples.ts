// Small multiples: which policy keeps the memory in one piece?
//
// One lifetime map an allocator, side by side, on the same axes: the same
// requests, and what each made of them. Above a map stands its name; a
// mark on top is an operation that got no address. Idea to carry away: to
// compare, change one thing and keep all else, the axes too.
import type { TopLevelSpec } from 'vega-lite';
import { Grid, fillByShare } from './bins.js';
import * as f from './frame.js';
import { binnedAfter, type Lifetime } from './lifetimes.js';
import { palette } from './palette.js';

/** What one allocator made of the requests. */
export interface Panel {
  name: string; // 'best fit'
  lifetimes: readonly Lifetime[] | Grid;
  failed?: readonly number[]; // operations that got no address
}

export interface Multiples extends f.Caption {
  unit: string; // what an address counts: '64-byte clicks'
  range: readonly [number, number]; // all that is drawn: [start, end)
  operations: number; // the same in all panels, numbered from 0
  panels: readonly Panel[]; // two to four
  hex?: boolean; // addresses as 0x40
}

const WIDTH = 580; // of all panels together
const HEIGHT = 240;
const GAP = 22;
const MARKS = 200; // so many failures are drawn, spread over all

/** Of too many numbers, some, from the first to the last. */
function spread(all: readonly number[]): number[] {
  const step = Math.ceil(all.length / MARKS);
  return all.filter((_, i) => i % step === 0);
}

/** The rectangles of a panel: lifetimes, or bins if there are too many. */
function rectangles(panel: Panel, p: Multiples, columns: number) {
  const { operations } = p;
  const [addr, end] = p.range;
  if (panel.lifetimes instanceof Grid) return panel.lifetimes.bins(columns);
  const all = panel.lifetimes.map(({ to = operations, ...life }) => ({
    addr: life.addr,
    end: life.end,
    from: life.from,
    to,
  }));
  if (operations <= binnedAfter / p.panels.length) {
    return all.map((life) => ({ ...life, share: 1 }));
  }
  const grid = new Grid({ addr, end, from: 0, to: operations }, columns);
  for (const life of all) grid.add(life);
  return grid.bins();
}

/** Draws one map a panel. */
export function multiples(p: Multiples): TopLevelSpec {
  const [start, end] = p.range;
  const count = p.panels.length;
  const width = Math.floor((WIDTH - GAP * (count - 1)) / count);
  const values = p.panels.flatMap((panel, at) => [
    ...rectangles(panel, p, Math.floor(width / 9)).map((r) => ({
      panel: at,
      ...r,
    })),
    ...spread(panel.failed ?? []).map((failed) => ({ panel: at, failed })),
  ]);
  const binned = values.some((v) => 'share' in v && v.share !== 1);
  const refused = p.panels.some(({ failed = [] }) => failed.length > 0);

  const ticks = f.whole(3, 0, p.operations);
  const axis = { title: 'operation (number)', ...ticks };
  const x = { ...f.linear(0, p.operations), axis };
  const y = f.linear(start, end);
  const address = { ...f.addressAxis(p), tickCount: 6 };
  const { fill } = fillByShare;

  const first = p.panels[0];
  const failures = first.failed?.length ?? 0;
  const said = p.panels
    .map(({ name, failed = [] }) => `${name} ${f.count(failed.length)}`)
    .join(', ');

  return {
    ...f.frame(
      p,
      (binned
        ? 'The darker, the more was allocated there and then'
        : 'Each bar is one allocation') +
        (refused ? '; a mark on top is a request that got nothing.' : '.'),
      f.alt(
        `${count} lifetime maps: addresses (${p.unit}) by operation`,
        p.title,
        refused || failures > 0
          ? `Requests that got nothing: ${said}`
          : `${f.count(p.operations)} operations each, ` +
              p.panels.map(({ name }) => name).join(', '),
      ),
    ),
    data: { values },
    spacing: GAP,

    // Panels share their axes; only the first shows the addresses.
    hconcat: p.panels.map(({ name }, at) => ({
      transform: [{ filter: `datum.panel === ${at}` }],
      width,
      height: HEIGHT,
      view: { fill: palette.free },
      layer: [
        // What was allocated.
        {
          transform: [{ filter: 'isValid(datum.from)' }],
          mark: {
            type: 'rect' as const,
            stroke: '#FFFFFF',
            strokeWidth: binned ? 0 : 0.4,
          },
          encoding: {
            x: { ...x, field: 'from' },
            x2: { field: 'to' },
            y: { ...y, field: 'addr', axis: at === 0 ? address : null },
            y2: { field: 'end' },
            fill: binned ? fill : { value: palette.allocated },
          },
        },
        f.border,

        // The name is no title: that would stand higher above marks.
        {
          data: f.once,
          mark: {
            type: 'text' as const,
            text: name,
            fontWeight: 'bold' as const,
            x: width / 2,
            y: -20,
          },
        },

        // What got nothing.
        {
          transform: [{ filter: 'isValid(datum.failed)' }],
          mark: {
            type: 'rule' as const,
            color: palette.guard,
            strokeWidth: 1.5,
          },
          encoding: {
            x: { ...x, field: 'failed' },
            y: { value: -9 },
            y2: { value: -1 },
          },
        },
      ],
    })),
  };
}
