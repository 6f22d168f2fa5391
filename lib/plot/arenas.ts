// The arena tree: who has which addresses, and from whom?
//
// A row an arena, indented below its source. All rows share one axis, so
// a child's imported span stands right below the piece of its source that
// it is. The axis keeps the order of addresses and not their distances: a
// page and 64 GB could not be seen side by side. A slider chooses the
// moment; on paper the telling one stands still.
import type { TopLevelSpec } from 'vega-lite';
import type { Piece } from '../trace/allocator.js';
import { lengthOf } from './areas.js';
import * as f from './frame.js';
import { fillByKind, ink, inkOf, outline, palette } from './palette.js';

/** An arena at one moment. Names tell arenas apart. */
export interface Arena {
  name: string;
  source: string | null; // the arena above it
  imports: boolean; // has it a function to import by?
  spans: readonly (Piece & { imported: boolean })[];
  held: readonly Piece[];
  holes: readonly Piece[];
}

export interface Tree extends f.Caption {
  moments: readonly { name: string; arenas: readonly Arena[] }[]; // few
  moment: number; // the telling one, counted from 0
}

const WIDTH = 740;
const ROW = 34;
const INDENT = 18;

/** Every arena there ever is, below its source: its row, and how deep. */
function rowsOf({ moments }: Tree) {
  const all = new Map(
    moments.flatMap(({ arenas }) => arenas.map((arena) => [arena.name, arena])),
  );
  const rows = new Map<string, { y: number; depth: number }>();
  const add = (source: string | null, depth: number): void => {
    for (const arena of all.values()) {
      if (arena.source !== source) continue;
      rows.set(arena.name, { y: rows.size * ROW + 20, depth });
      add(arena.name, depth + 1);
    }
  };
  add(null, 0);
  return rows;
}

/**
 * Where each border stands, in their order. What lies between two borders
 * gets room by its logarithm, and more of it the more arenas share it.
 */
function placesOf({ moments }: Tree, left: number): Map<number, number> {
  const all = moments.flatMap(({ arenas }) => arenas);
  const pieces = all.flatMap((a) => [...a.spans, ...a.held, ...a.holes]);
  const edges = [...new Set(pieces.flatMap((p) => [p.start, p.end]))];
  edges.sort((a, b) => a - b);
  const room = edges.slice(1).map((end, i) => {
    const sharing = all.filter(({ spans }) =>
      spans.some((span) => span.start <= edges[i] && end <= span.end));
    const arenas = new Set(sharing.map(({ name }) => name)).size;
    return arenas * Math.max(4, Math.log2(end - edges[i]) - 6) || 10;
  });
  const sum = (to: number): number =>
    room.slice(0, to).reduce((a, b) => a + b, 0);
  const scale = (WIDTH - left) / (sum(room.length) || 1);
  return new Map(
    edges.map((edge, i) => [edge, Math.round(left + sum(i) * scale)]),
  );
}

/** Lines by what they say. */
const dashes = {
  given: [1, 0], // a span that nobody brought
  imported: [4, 3], // a span from the source
  link: [1, 3], // to the piece of the source that it is
  branch: [1, 0], // from source to child
  'in name only': [2, 3], // a source that nothing is imported from
} as const;

/** Where rows and borders are, in pixels from the top left. */
interface Sheet {
  rows: ReturnType<typeof rowsOf>;
  places: ReturnType<typeof placesOf>;
  left: number; // where the axis begins
}

/** An arena at moment `at`: its name, its branch, its spans and pieces. */
function drawn(arena: Arena, at: number, { rows, places, left }: Sheet) {
  const { name, source, imports, spans, held, holes } = arena;
  const { y, depth } = rows.get(name)!;
  const above = rows.get(source ?? '')?.y ?? y;
  const line = (look: keyof typeof dashes, x: number, x2: number,
    from: number, to: number) => ({ at, look, x, x2, y: from, y2: to });
  const text = (label: string, x: number, color: string) =>
    ({ at, label, x, y, ink: color });

  const pieces = [
    ...held.map((piece) => ({ ...piece, kind: 'allocated' as const })),
    ...holes.map((piece) => ({ ...piece, kind: 'free' as const })),
  ].flatMap(({ start, end, kind }) => {
    const [x, x2] = [places.get(start)!, places.get(end)!];
    const label = lengthOf(end - start);
    return [
      { at, kind, x, x2, y: y - 9, y2: y + 9 },
      ...(f.fits(label, x2 - x)
        ? [{ ...text(label, (x + x2) / 2, inkOf(kind)), centred: true }]
        : []),
    ];
  });
  const lines = spans.flatMap(({ start, end, imported }) => {
    const [x, x2] = [places.get(start)!, places.get(end)!];
    if (!imported) return [line('given', x, x2, y - 12, y - 12)];
    const down = (to: number) => line('link', to, to, above + 9, y - 12);
    return [line('imported', x, x2, y - 12, y - 12), down(x), down(x2)];
  });

  // The branch that leads to it from its source, and its name.
  const x = depth * INDENT;
  const branch = imports ? 'branch' : 'in name only';
  return [
    ...pieces,
    ...lines,
    ...(source === null ? [] : [
      line(branch, x - 11, x - 11, above + 9, y),
      line(branch, x - 11, x - 2, y, y),
    ]),
    text(name, x, ink),
    ...(spans.length === 0 ? [text('no span', left, outline)] : []),
  ];
}

/** The axis: the borders of spans that were not imported. */
function axisOf({ moments }: Tree, { places }: Sheet) {
  const given = moments.flatMap(({ arenas }) => arenas)
    .flatMap(({ spans }) => spans.filter(({ imported }) => !imported));
  const ticks = Object.fromEntries(
    given.flatMap(({ start, end }) => [start, end])
      .map((edge) => [places.get(edge)!, `0x${edge.toString(16)}`]),
  );
  const values = Object.keys(ticks).map(Number);
  return {
    title: 'address (bytes, not to scale)',
    values,
    labelExpr: `${JSON.stringify(ticks)}[datum.value]`,
    labelAngle: -40,
    labelOverlap: values.length > 12,
    domain: false,
  };
}

/** Draws the tree at the telling moment, and a slider for the others. */
export function arenaTree(p: Tree): TopLevelSpec {
  const rows = rowsOf(p);
  const names = [...rows].map(([name, { depth }]) =>
    depth * INDENT + name.length * 7.7);
  const left = Math.max(0, ...names) + 20;
  const sheet = { rows, places: placesOf(p, left), left };
  const height = rows.size * ROW + 4;

  const { name, arenas } = p.moments[p.moment];
  const bare = arenas.filter(({ spans }) => spans.length === 0).length;
  const x = { ...f.linear(0, WIDTH), axis: axisOf(p, sheet), field: 'x' };
  const y = { ...f.linear(height, 0), axis: null, field: 'y' };
  const box = { x, y, x2: { field: 'x2' }, y2: { field: 'y2' } };
  const looks = Object.keys(dashes);
  const range = Object.values(dashes).map((dash) => [...dash]);
  const color = { field: 'ink', scale: null };
  const input = 'range' as const;
  const bind = { input, min: 0, max: p.moments.length - 1, step: 1 };

  return {
    ...f.frame(
      p,
      'A row an arena, below its source; addresses in order, not to scale. ' +
        'Line above: a span; dashed: imported, from the piece above it.',
      f.alt(
        `Tree of ${f.counted(rows.size, 'arena')} with their spans, ` +
          f.counted(p.moments.length, 'moment'),
        p.title,
        `${name}: ${f.counted(arenas.length, 'arena')}, ${bare} without a span`,
      ),
    ),
    data: {
      values: p.moments.flatMap((moment, at) => [
        { at, now: moment.name },
        ...moment.arenas.flatMap((arena) => drawn(arena, at, sheet)),
      ]),
    },
    params: [{ name: 'moment', value: p.moment, bind }],
    transform: [{ filter: 'datum.at === moment' }],
    width: WIDTH,
    height,
    layer: [
      // Pieces, and the lines over them.
      {
        transform: [{ filter: 'datum.kind' }],
        mark: { type: 'rect', strokeWidth: 1 },
        encoding: { ...box, ...fillByKind(['free', 'allocated']) },
      },
      {
        transform: [{ filter: 'datum.look' }],
        mark: { type: 'rule', color: outline, strokeWidth: 1.5 },
        encoding: {
          ...box,
          strokeDash: {
            field: 'look', scale: { domain: looks, range }, legend: null,
          },
        },
      },

      // Lengths, names, and the moment.
      ...[true, false].map((centred) => ({
        transform: [
          { filter: `datum.label && ${centred ? '' : '!'}datum.centred` },
        ],
        mark: centred
          ? { type: 'text' as const }
          : { type: 'text' as const, align: 'left' as const },
        encoding: { x, y, text: { field: 'label' }, color },
      })),
      {
        transform: [{ filter: 'datum.now' }],
        mark: { type: 'text', align: 'left', color: palette.guard },
        encoding: {
          x: { value: 0 },
          y: { value: -8 },
          text: { field: 'now' },
        },
      },
    ],
  };
}
