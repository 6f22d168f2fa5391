// The strip: what is where now?
//
// A range of addresses as a bar, from left to right; pieces as rectangles
// with their length inside, where it fits. Several strips, one below the
// other, show what a list of calls does to a map.
import type { TopLevelSpec } from 'vega-lite';
import * as f from './frame.js';
import { fillByKind, inkOf, kinds, palette, type Kind } from './palette.js';

/** The piece [start, end), and what it is. */
export interface Segment {
  start: number;
  end: number;
  kind: Kind;
  label?: string; // in place of its length
}

/** One state of the range, and the piece that was just touched. */
export interface Row {
  name: string;
  segments: readonly Segment[];
  focus?: { start: number; end: number };
}

export interface Strip extends f.Caption {
  unit: string; // what an address counts: '64-byte clicks'
  rows: readonly Row[];
  hex?: boolean; // addresses as 0x40
}

const WIDTH = 600;

/**
 * A map's pieces: what it does not list in [start, end) is allocated. It
 * does not know where one allocation ends and the next begins; `cuts` may.
 */
export function fromMap(
  mp: readonly { m_size: number; m_addr: number }[],
  [start, end]: readonly [number, number],
  cuts: readonly number[] = [],
): Segment[] {
  const segments: Segment[] = [];
  let at = start;
  const taken = (to: number) => {
    const inside = cuts.filter((cut) => at < cut && cut < to);
    for (const edge of [...inside.sort((a, b) => a - b), to]) {
      if (at < edge) segments.push({ start: at, end: edge, kind: 'allocated' });
      at = edge;
    }
  };
  for (let bp = 0; mp[bp].m_size !== 0; bp++) {
    const { m_size, m_addr } = mp[bp];
    taken(m_addr);
    at = m_addr + m_size;
    segments.push({ start: m_addr, end: at, kind: 'free' });
  }
  taken(end);
  return segments;
}

/** The alt text; its number is the free space of the last row. */
function altOf(p: Strip, start: number, end: number): string {
  const { name, segments } = p.rows[p.rows.length - 1];
  const free = segments.filter((s) => s.kind === 'free');
  const sizes = free.map((s) => s.end - s.start);
  const sum = f.count(sizes.reduce((a, b) => a + b, 0));
  const largest = f.count(Math.max(0, ...sizes));
  const strips = p.rows.length === 1 ? 'Strip' : `${p.rows.length} strips`;
  return f.alt(
    `${strips} of addresses ${f.count(start)} to ${f.count(end)} (${p.unit})`,
    p.title,
    `Free${name ? ` after ${name}` : ''}: ${sum}, largest ${largest}`,
  );
}

/** Draws one strip, or several below each other. */
export function strip(p: Strip): TopLevelSpec {
  const all = p.rows.flatMap((row) => row.segments);
  const edges = [...new Set(all.flatMap((s) => [s.start, s.end]))];
  edges.sort((a, b) => a - b);
  const [start, end] = [edges[0], edges[edges.length - 1]];

  // Pale pieces are drawn last, so that their grey outline lies on top.
  const darkFirst = (a: Segment, b: Segment) =>
    kinds.indexOf(b.kind) - kinds.indexOf(a.kind);
  const pieces = p.rows.flatMap(({ segments }, row) =>
    [...segments].sort(darkFirst).map((s) => {
      const label = s.label ?? f.count(s.end - s.start);
      const pixels = ((s.end - s.start) / (end - start)) * WIDTH;
      const text = f.fits(label, pixels) ? { label, ink: inkOf(s.kind) } : {};
      return { row, start: s.start, end: s.end, kind: s.kind, ...text };
    }),
  );
  const touched = p.rows.flatMap(({ focus }, row) =>
    focus ? [{ row, ...focus, focus: true }] : [],
  );

  // Each border has its tick; where there are too many, round addresses.
  const axis =
    edges.length <= 16
      ? { ...f.addressAxis(p), values: edges, labelOverlap: 'greedy' as const }
      : f.across(p, start, end);
  const x = { ...f.linear(start, end), axis };
  const piece = { x: { ...x, field: 'start' }, x2: { field: 'end' } };
  const middle = { ...x, field: 'middle' };

  return {
    ...f.frame(
      p,
      (all.some((s) => s.label === undefined)
        ? 'Inside each piece stands its length.'
        : 'Each piece has its name.') +
        (touched.length > 0 ? ' Outlined: the piece just touched.' : ''),
      altOf(p, start, end),
    ),
    data: { values: [...pieces, ...touched] },
    transform: [{ calculate: '(datum.start + datum.end) / 2', as: 'middle' }],
    width: WIDTH,
    height: { step: 44 },
    encoding: { y: f.rowsOf(p.rows.map((row) => row.name)) },

    layer: [
      // Pieces.
      {
        transform: [{ filter: 'datum.kind' }],
        mark: { type: 'rect', strokeWidth: 1 },
        encoding: { ...piece, ...fillByKind(all.map((s) => s.kind)) },
      },

      // The outline of the piece just touched.
      {
        transform: [{ filter: 'datum.focus' }],
        mark: {
          type: 'rect',
          fill: null,
          stroke: palette.guard,
          strokeWidth: 2,
        },
        encoding: piece,
      },

      // Labels; where the outline would cross one, it gives way.
      {
        transform: [{ filter: 'datum.label' }],
        mark: {
          type: 'rect',
          height: 18,
          width: { expr: 'length(datum.label) * 7.7 + 2' },
        },
        encoding: { x: middle, fill: { field: 'kind' } },
      },
      f.labels({ x: middle }),
    ],
  };
}
