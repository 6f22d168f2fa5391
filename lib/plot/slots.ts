// Raw slots: what does a full map hit?
//
// The words of a map as they lie in memory, a row for each state. The fill
// is what the code takes a slot for, the outline tells whether it belongs
// to the array: behind its end lie words of somebody else.
import type { TopLevelSpec } from 'vega-lite';
import * as f from './frame.js';
import { ink, outline, palette } from './palette.js';

const CELL = 80; // pixels

interface Slot {
  m_size: number;
  m_addr: number;
}

/** The words after one call; a copy, because the map goes on changing. */
export interface State {
  name: string;
  words: readonly Slot[];
}

export interface Slots extends f.Caption {
  slots: number; // the length of the array; further words are not its own
  states: readonly State[]; // the first one shows what lay behind the array
}

/** Copies the first n words of a map. */
export const state = (
  name: string,
  mp: readonly Slot[],
  n: number,
): State => ({
  name,
  words: mp.slice(0, n).map(({ m_size, m_addr }) => ({ m_size, m_addr })),
});

/** What a slot can be taken for: [name, fill, text]. */
const looks = [
  ['entry', palette.free, ink],
  ['delimiter', palette.tag, '#FFFFFF'],
  ['not read', '#FFFFFF', outline],
  ['overwritten', palette.guard, '#FFFFFF'],
] as const;

/** Every slot of every state, and what the code takes it for. */
function cellsOf({ slots, states }: Slots) {
  return states.flatMap(({ words }, row) => {
    const end = words.findIndex((word) => word.m_size === 0);
    return words.map(({ m_size, m_addr }, slot) => {
      const before = states[0].words[slot];
      const same = m_size === before.m_size && m_addr === before.m_addr;
      const outside = slot >= slots;
      const read = end === -1 || slot < end ? 0 : slot === end ? 1 : 2;
      const [look, , ink] = looks[outside && !same ? 3 : read];
      const edge = outside ? palette.guard : outline;
      const at = `at ${f.count(m_addr)}`;
      return { row, slot, m_size, at, look, ink, edge };
    });
  });
}

/** Draws the states below each other. */
export function slots(p: Slots): TopLevelSpec {
  const cells = cellsOf(p);
  const last = p.states.length - 1;
  const hit = cells.filter((c) => c.row === last && c.look === 'overwritten');
  const used = looks.filter(([name]) => cells.some((c) => c.look === name));
  const x = {
    field: 'slot',
    type: 'ordinal' as const,
    scale: { paddingInner: 0.06, paddingOuter: 0.03 },
    axis: {
      orient: 'top' as const,
      title: 'slot (number); the array ends at the rule',
      labelAngle: 0,
      domain: false,
      ticks: false,
    },
  };
  const place = { x, y: f.rowsOf(p.states.map(({ name }) => name)) };
  const color = { field: 'ink', scale: null };

  return {
    ...f.frame(
      p,
      'In each slot: m_size, and m_addr below. ' +
        'The fill is what the code takes it for.',
      f.alt(
        `Rows of cells: an array of ${p.slots} slots and the words behind ` +
          `it, ${p.states.length} states`,
        p.title,
        `Overwritten at the end: ${hit.length}`,
      ),
    ),
    data: { values: cells },
    width: { step: CELL },
    height: { step: 56 },

    layer: [
      // A slot.
      {
        mark: { type: 'rect', strokeWidth: 1.5 },
        encoding: {
          ...place,
          fill: {
            field: 'look',
            scale: {
              domain: used.map(([name]) => name),
              range: used.map(([, fill]) => fill),
            },
            legend: { symbolStrokeColor: outline },
          },
          stroke: { field: 'edge', scale: null },
        },
      },

      // Its words.
      {
        mark: { type: 'text', dy: -8, fontWeight: 'bold' },
        encoding: { ...place, text: { field: 'm_size', format: ',' }, color },
      },
      {
        mark: { type: 'text', dy: 9 },
        encoding: { ...place, text: { field: 'at' }, color },
      },

      // The end of the array.
      {
        data: f.once,
        mark: { type: 'rule', color: palette.guard, strokeWidth: 3 },
        encoding: { x: { value: p.slots * CELL } },
      },
    ],
  };
}
