// Areas: what lies where in an address map?
//
// The same areas twice, higher addresses up: on the left to scale, on the
// right with the same height for each, so that all can be named. Lines lead
// from a border to itself. A dashed one has no fixed place: it floats.
import type { TopLevelSpec } from 'vega-lite';
import * as f from './frame.js';
import { fillByKind, ink as black, inkOf, outline, type Kind } from './palette.js';

/** An area [start, end) without a gap to the next. */
export interface Area {
  start: bigint;
  end: bigint;
  name: string; // of its start, or ''
  what: string;
  floats: boolean; // has its start no fixed place?
  kind: Kind;
}

export interface Areas extends f.Caption {
  areas: readonly Area[]; // bottom up
}

const ROW = 24;
const SCALED = 60; // the bar to scale ends here
const LEFT = 112; // the bar that is not begins here
const RIGHT = 440;
const WIDTH = 690;

/** A length in the largest unit it reaches; ~ if not exactly so many. */
export function lengthOf(bytes: number): string {
  const power = Math.min(6, Math.floor(Math.log2(bytes) / 10));
  const size = 1024 ** power;
  const exact = bytes % size === 0;
  if (power === 0 || (power === 1 && !exact)) return f.count(bytes);
  const unit = ['', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB'][power];
  return `${exact ? '' : '~'}${Math.round(bytes / size)} ${unit}`;
}

const hex = (address: bigint): string => `0x${address.toString(16)}`;

/** Draws the areas to scale and not to scale, side by side. */
export function areas(p: Areas): TopLevelSpec {
  const [low, high] = [p.areas[0].start, p.areas[p.areas.length - 1].end];
  const height = p.areas.length * ROW;
  const scaled = (at: bigint): number =>
    Number(((high - at) * BigInt(height * 100)) / (high - low)) / 100;

  const values = p.areas.flatMap(({ start, end, name, what, floats, kind }, i) => {
    const y = height - i * ROW; // of its start
    const middle = y - ROW / 2;
    const look = floats ? 'floats' : 'fixed';
    const length = lengthOf(Number(end - start));
    const ink = inkOf(kind);
    return [
      { kind, x: 0, x2: SCALED, y: scaled(start), y2: scaled(end) },
      { kind, x: LEFT, x2: RIGHT, y, y2: y - ROW },
      { look, x: SCALED, x2: LEFT, y: scaled(start), y2: y },
      { look, x: RIGHT, x2: RIGHT + 12, y, y2: y },
      { left: what, x: LEFT + 6, y: middle, ink },
      { right: length, x: RIGHT - 6, y: middle, ink },
      { left: `${hex(start)} ${name}`, x: RIGHT + 15, y: y - 1, ink: black },
    ];
  });
  const floating = p.areas.filter(({ floats }) => floats).length;
  const quarters = [0n, 1n, 2n, 3n, 4n].map((i) => low + ((high - low) * i) / 4n);
  const ticks = Object.fromEntries(quarters.map((at) => [scaled(at), hex(at)]));
  const axis = {
    title: 'address (bytes); the left bar is to scale',
    values: Object.keys(ticks).map(Number),
    labelExpr: `${JSON.stringify(ticks)}[datum.value]`,
    domain: false,
  };
  const x = { ...f.linear(0, WIDTH), axis: null, field: 'x' };
  const y = { ...f.linear(height, 0), axis, field: 'y' };
  const box = { x, y, x2: { field: 'x2' }, y2: { field: 'y2' } };
  const domain = ['fixed', 'floats'];
  const dashes = { domain, range: [[1, 0], [3, 3]] };

  return {
    ...f.frame(
      p,
      'Left: to scale. Right: the same areas, not to scale, each with the ' +
        'address of its start. A dashed border floats.',
      f.alt(
        `Address map of ${f.counted(p.areas.length, 'area')} from ${hex(low)} ` +
          `to ${hex(high)}, to scale and not to scale`,
        p.title,
        `${f.counted(floating, 'border')} that float`,
      ),
    ),
    data: { values },
    width: WIDTH,
    height,
    layer: [
      {
        transform: [{ filter: 'datum.kind' }],
        mark: { type: 'rect', strokeWidth: 0.5 },
        encoding: { ...box, ...fillByKind(p.areas.map((a) => a.kind)) },
      },
      {
        transform: [{ filter: 'datum.look' }],
        mark: { type: 'rule', color: outline },
        encoding: {
          ...box,
          strokeDash: { field: 'look', scale: dashes, legend: null },
        },
      },
      ...(['left', 'right'] as const).map((align) => ({
        transform: [{ filter: `datum.${align}` }],
        mark: { type: 'text' as const, align },
        encoding: {
          x, y, text: { field: align }, color: { field: 'ink', scale: null },
        },
      })),
    ],
  };
}
