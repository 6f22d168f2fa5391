// Bins: what share of an area of time and space do rectangles cover?
//
// A picture of ten thousand lifetimes is too large to send and too fine to
// see; a grid of their sums is neither. Idea: a rectangle touches few bins,
// so each is added on the spot and forgotten. A million operations need
// the room of the grid, and no more.
import { palette } from './palette.js';

/** [addr, end) from operation `from` on, until operation `to`. */
export interface Rectangle {
  addr: number;
  end: number;
  from: number;
  to: number;
}

export type Bin = Rectangle & { share: number };

export const columnsOfGrid = 60;
export const rowsOfGrid = 36;
const round = (x: number): number => Math.round(x * 100) / 100;

/** Shares of an area, to which rectangles are added one by one. */
export class Grid {
  private readonly wide: number;
  private readonly high: number;
  private readonly shares: Float64Array;

  constructor(
    readonly area: Rectangle,
    private readonly columns = columnsOfGrid,
    private readonly rows = rowsOfGrid,
  ) {
    this.wide = (area.to - area.from) / columns;
    this.high = (area.end - area.addr) / rows;
    this.shares = new Float64Array(columns * rows);
  }

  /** Adds what lies inside the area. */
  add(r: Rectangle): void {
    const { area, wide, high, columns, rows } = this;
    const place = (at: number, size: number, most: number): number =>
      Math.min(Math.max(Math.floor(at / size), 0), most - 1);
    const lastColumn = place(r.to - area.from, wide, columns);
    const lastRow = place(r.end - area.addr, high, rows);
    let row = place(r.addr - area.addr, high, rows);
    for (; row <= lastRow; row++) {
      const addr = area.addr + row * high;
      const space = Math.min(r.end, addr + high) - Math.max(r.addr, addr);
      if (space <= 0) continue;
      let column = place(r.from - area.from, wide, columns);
      for (; column <= lastColumn; column++) {
        const from = area.from + column * wide;
        const time = Math.min(r.to, from + wide) - Math.max(r.from, from);
        if (time <= 0) continue;
        this.shares[row * columns + column] += (time / wide) * (space / high);
      }
    }
  }

  /** What is covered of each bin; empty bins are left out. */
  bins(): Bin[] {
    const { area, wide, high, columns } = this;
    return Array.from(this.shares, (share, i) => {
      const from = area.from + (i % columns) * wide;
      const addr = area.addr + Math.floor(i / columns) * high;
      return {
        addr: round(addr),
        end: round(addr + high),
        from: round(from),
        to: round(from + wide),
        share: round(share),
      };
    }).filter((bin) => bin.share > 0);
  }
}

/** The share of each bin that is covered; empty bins are left out. */
export function bins(all: readonly Rectangle[], area: Rectangle): Bin[] {
  const grid = new Grid(area);
  for (const rectangle of all) grid.add(rectangle);
  return grid.bins();
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
