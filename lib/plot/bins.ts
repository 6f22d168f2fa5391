// Bins: what share of an area of time and space do rectangles cover?
//
// A picture of ten thousand lifetimes is too large to send and too fine to
// see; a grid of their sums is neither. Idea: a rectangle touches few bins,
// so each is added on the spot and forgotten. A million operations need
// the room of the grid, and no more. How many they will be need not be
// known: a run that outgrows the grid makes its columns twice as wide.
import { palette } from './palette.js';

/** [addr, end) from operation `from` on, until operation `to`. */
export interface Rectangle {
  addr: number;
  end: number;
  from: number;
  to: number;
}

export type Bin = Rectangle & { share: number };

/** What a grid lies over. Without `to` it goes on as long as the run. */
export interface Area {
  addr: number;
  end: number;
  from: number;
  to?: number;
}

export const columnsOfGrid = 60;
export const rowsOfGrid = 36;
const FINER = 4; // columns for one that is shown, where the end is unknown
const round = (x: number): number => Math.round(x * 100) / 100;

/** Shares of an area, to which rectangles are added one by one. */
export class Grid {
  private wide: number; // operations a column
  private readonly high: number; // addresses a row
  private readonly columns: number;
  private readonly shares: Float64Array;
  private end: number; // of time

  constructor(
    private readonly area: Area,
    private readonly shown = columnsOfGrid,
    private readonly rows = rowsOfGrid,
  ) {
    const { addr, end, from, to } = area;
    this.columns = to === undefined ? FINER * shown : shown;
    this.wide = to === undefined ? 1 : (to - from) / shown;
    this.high = (end - addr) / rows;
    this.end = to ?? from;
    this.shares = new Float64Array(this.columns * rows);
  }

  /** Adds what lies inside the area. */
  add(r: Rectangle): void {
    const { area, high, columns, rows } = this;
    if (area.to === undefined) this.reach(r.to);
    const { wide } = this;
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

  /** Makes room for a moment: two columns become one, as often as needed. */
  private reach(to: number): void {
    const { area, columns, shares } = this;
    this.end = Math.max(this.end, to);
    while (this.end - area.from > this.wide * columns) {
      for (let at = 0; at < shares.length; at += columns) {
        const row = shares.subarray(at, at + columns);
        for (let i = 0; i < columns / 2; i++) {
          row[i] = (row[2 * i] + row[2 * i + 1]) / 2;
        }
        row.fill(0, columns / 2);
      }
      this.wide *= 2;
    }
  }

  /**
   * What is covered of each bin; empty bins are left out.
   * @param most columns at most: so many neighbours are put together
   */
  bins(most = this.shown): Bin[] {
    const { area, wide, high, columns, shares, end } = this;
    const used = Math.min(Math.ceil((end - area.from) / wide), columns);
    const group = Math.ceil(used / most);
    const bins: Bin[] = [];
    for (let at = 0; at < shares.length; at += columns) {
      const addr = area.addr + (at / columns) * high;
      for (let column = 0; column < used; column += group) {
        const next = Math.min(column + group, used);
        const sum = shares
          .subarray(at + column, at + next)
          .reduce((a, b) => a + b, 0);
        const from = area.from + column * wide;
        const to = Math.min(area.from + next * wide, end);
        const share = round((sum * wide) / (to - from));
        if (share === 0) continue;
        bins.push({
          addr: round(addr),
          end: round(addr + high),
          from: round(from),
          to: round(to),
          share,
        });
      }
    }
    return bins;
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
