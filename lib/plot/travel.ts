// Time travel: what was where, at any moment?
//
// A strip of addresses, and a slider. Each state of a run is a frame; the
// slider chooses one, and stepping back shows what stepping forward did.
// Frames differ little from each other, so a piece is kept once, with the
// frames in which it is there. Where nothing can be moved, on paper, the
// telling frame stands still.
import type { TopLevelSpec } from 'vega-lite';
import * as f from './frame.js';
import { fillByKind, inkOf, kinds, palette } from './palette.js';
import type { Row, Segment } from './strip.js';

export interface Travel extends f.Caption {
  unit: string; // what an address counts: 'bytes'
  frames: readonly Row[]; // in order of time, each with its name
  frame: number; // the telling one, counted from 0
  hex?: boolean; // addresses as 0x40
}

/** Beyond so many frames, or pieces in them, only some are kept. */
export const mostFrames = 240;
export const mostPieces = 2400;
const WIDTH = 600;
const HEIGHT = 64;

/** A piece, in frames [from, to). */
type Stay = Segment & { from: number; to: number };

/** The same piece, as long as it lies there and is of the same kind. */
const keyOf = ({ start, end, kind, label = '' }: Segment): string =>
  `${start} ${end} ${kind} ${label}`;

/** Each piece once, with the frames in which it stays as it is. */
export function stays(frames: readonly Row[]): Stay[] {
  const all: Stay[] = [];
  let present = new Map<string, Stay>();
  frames.forEach(({ segments }, now) => {
    const next = new Map<string, Stay>();
    for (const segment of segments) {
      const key = keyOf(segment);
      const stay = present.get(key) ?? { ...segment, from: now, to: now };
      if (stay.from === now) all.push(stay);
      stay.to = now + 1;
      next.set(key, stay);
    }
    present = next;
  });
  return all;
}

/** Every k-th frame if there are too many, and always the telling one. */
function kept({ frames, frame }: Travel): { frames: Row[]; frame: number } {
  const places = frames.map((_, i) => i);
  for (let step = Math.ceil(frames.length / mostFrames); ; step *= 2) {
    const chosen = places.filter(
      (i) => i % step === 0 || i === frame || i === frames.length - 1,
    );
    const few = chosen.map((i) => frames[i]);
    if (stays(few).length <= mostPieces || step >= frames.length) {
      return { frames: few, frame: chosen.indexOf(frame) };
    }
  }
}

/** Draws the telling frame, and a slider for the others. */
export function travel(p: Travel): TopLevelSpec {
  const { frames, frame } = kept(p);
  const all = frames.flatMap(({ segments }) => segments);
  const start = all.reduce((least, s) => Math.min(least, s.start), Infinity);
  const end = all.reduce((most, s) => Math.max(most, s.end), -Infinity);

  // Pale pieces are drawn last, so that their grey outline lies on top.
  const darkFirst = (a: Segment, b: Segment) =>
    kinds.indexOf(b.kind) - kinds.indexOf(a.kind);
  const pieces = stays(frames)
    .sort(darkFirst)
    .map((stay) => {
      const label = stay.label ?? f.count(stay.end - stay.start);
      const pixels = ((stay.end - stay.start) / (end - start)) * WIDTH;
      const text = f.fits(label, pixels)
        ? { label, ink: inkOf(stay.kind) }
        : {};
      const { from, to, kind } = stay;
      return { start: stay.start, end: stay.end, from, to, kind, ...text };
    });
  const names = frames.map(({ name, focus }, at) => ({
    at,
    name,
    ...(focus ? { focus: true, start: focus.start, end: focus.end } : {}),
  }));

  const free = frames[frame].segments
    .filter(({ kind }) => kind === 'free')
    .reduce((sum, s) => sum + s.end - s.start, 0);
  const focused = frames.some(({ focus }) => focus);
  const many = frames.some(({ segments }) => segments.length > 100);
  const x = { ...f.linear(start, end), axis: f.across(p, start, end) };
  const piece = { x: { ...x, field: 'start' }, x2: { field: 'end' } };
  const middle = { ...x, field: 'middle' };
  const here = 'datum.from <= frame && frame < datum.to';
  const input = 'range' as const;
  const bind = { input, min: 0, max: frames.length - 1, step: 1 };

  return {
    ...f.frame(
      p,
      'One moment of many; where there is a slider, it chooses.' +
        (focused ? ' Outlined: the piece just touched.' : ''),
      f.alt(
        `Strip of addresses ${f.count(start)} to ${f.count(end)} ` +
          `(${p.unit}), ${f.counted(frames.length, 'moment')}`,
        p.title,
        `${f.count(free)} free after ${frames[frame].name}`,
      ),
    ),
    data: { values: [...pieces, ...names] },
    params: [{ name: 'frame', value: frame, bind }],
    transform: [{ calculate: '(datum.start + datum.end) / 2', as: 'middle' }],
    width: WIDTH,
    height: HEIGHT,

    layer: [
      // Pieces.
      {
        transform: [{ filter: `datum.kind && ${here}` }],
        mark: { type: 'rect', strokeWidth: many ? 0.2 : 1 },
        encoding: { ...piece, ...fillByKind(all.map((s) => s.kind)) },
      },

      // The outline of the piece just touched.
      {
        transform: [{ filter: 'datum.focus && datum.at === frame' }],
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
        transform: [{ filter: `datum.label && ${here}` }],
        mark: {
          type: 'rect',
          width: { expr: 'length(datum.label) * 7.7 + 2' },
        },
        encoding: {
          x: middle,
          y: { value: HEIGHT / 2 - 9 },
          y2: { value: HEIGHT / 2 + 9 },
          fill: { field: 'kind' },
        },
      },
      {
        transform: [{ filter: `datum.label && ${here}` }],
        mark: { type: 'text' },
        encoding: {
          x: middle,
          text: { field: 'label' },
          color: { field: 'ink', scale: null },
        },
      },

      // The name of the frame.
      {
        transform: [{ filter: 'isValid(datum.at) && datum.at === frame' }],
        mark: { type: 'text', align: 'left', color: palette.guard },
        encoding: {
          x: { value: 0 },
          y: { value: -10 },
          text: { field: 'name' },
        },
      },
    ],
  };
}
