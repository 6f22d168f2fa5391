// Bins: what share of an area of time and space do rectangles cover?
//
// A picture of ten thousand lifetimes is too large to send and too fine to
// see; a grid of their sums is neither.
import { palette } from './palette.js';

/** [addr, end) from operation `from` on, until operation `to`. */
export interface Rectangle {
  addr: number;
  end: number;
  from: number;
  to: number;
}

const COLUMNS = 60;
const ROWS = 36;
const round = (x: number): number => Math.round(x * 100) / 100;

/** The share of each bin that is covered; empty bins are left out. */
export function bins(
  all: readonly Rectangle[],
  area: Rectangle,
): (Rectangle & { share: number })[] {
  const wide = (area.to - area.from) / COLUMNS;
  const high = (area.end - area.addr) / ROWS;
  return Array.from({ length: COLUMNS * ROWS }, (_, i) => {
    const from = area.from + (i % COLUMNS) * wide;
    const addr = area.addr + Math.floor(i / COLUMNS) * high;
    const [to, end] = [from + wide, addr + high];
    let share = 0;
    for (const r of all) {
      const time = Math.min(r.to, to) - Math.max(r.from, from);
      const space = Math.min(r.end, end) - Math.max(r.addr, addr);
      if (time > 0 && space > 0) share += (time / wide) * (space / high);
    }
    return {
      addr: round(addr),
      end: round(end),
      from: round(from),
      to: round(to),
      share: round(share),
    };
  }).filter((bin) => bin.share > 0);
}

/** How bins are filled: the darker, the more of it was allocated. */
export const fillByShare = {
  fill: {
    field: 'share',
    type: 'quantitative' as const,
    scale: {
      domain: [0, 1],
      range: [palette.free, palette.allocated],
      interpolate: 'rgb' as const,
    },
    legend: { title: 'share allocated', format: '%', gradientLength: 160 },
  },
};
