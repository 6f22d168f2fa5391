// The numbers of a picture, as a table to stand below it.
//
// Idea: a Vega-Lite spec says which field of its data stands for what, and
// what its axes are called. So the table is read off the spec, for every
// kind of picture alike; marks that only decorate have no data of their own
// there. A table of more than 20 rows is no help, and is not made.
import { escapeHtml } from './listing.js';

type Json = Record<string, unknown>;
type Row = Record<string, unknown>;

export interface Table {
  head: string[];
  rows: string[][];
  note: string; // what the numbers inside are, where no head says it
}

const MOST = 20;

/** A field of the data, and what its values stand for. */
interface Column {
  field: string;
  title: string;
  type: string;
  names: string[] | null; // in place of the numbers 0, 1, 2 …
  hex: boolean;
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The parts of a spec that draw, each with the encoding it inherits. */
function* units(spec: Json, inherited: Json = {}): Generator<Json> {
  const own = isObject(spec.encoding) ? spec.encoding : {};
  const encoding = { ...inherited, ...own };
  yield encoding;
  for (const key of ['layer', 'hconcat', 'vconcat', 'concat']) {
    const parts = spec[key];
    if (!Array.isArray(parts)) continue;
    for (const part of parts) if (isObject(part)) yield* units(part, encoding);
  }
}

/** What a channel shows; null if it is no value of the data. */
function columnOf(channel: unknown): Column | null {
  if (!isObject(channel) || typeof channel.field !== 'string') return null;
  if (channel.scale === null) return null; // a colour, a place in pixels
  const axis = isObject(channel.axis) ? channel.axis : {};
  const expr = /^(\[.*\])\[datum\.value\]$/.exec(String(axis.labelExpr ?? ''));
  return {
    field: channel.field,
    title: typeof axis.title === 'string' ? axis.title : '',
    type: String(channel.type ?? ''),
    names: expr === null ? null : (JSON.parse(expr[1]) as string[]),
    hex: axis.format === '#x',
  };
}

/** The columns of one channel, over all parts, each field once. */
function columnsOf(spec: Json, channel: string): Column[] {
  const found = new Map<string, Column>();
  for (const encoding of units(spec)) {
    const column = columnOf(encoding[channel]);
    if (column === null) continue;
    const known = found.get(column.field);
    if (known === undefined || known.title === '') {
      found.set(column.field, column);
    }
  }
  return [...found.values()];
}

/** A value as a picture writes it. */
function written({ names, hex }: Column, value: unknown): string {
  if (typeof value !== 'number') return String(value ?? '');
  if (names !== null) return names[value] ?? '';
  if (hex) return `0x${value.toString(16)}`;
  return value.toLocaleString('en-US');
}

/** A title that counts "(number)" is clear without it. */
const headOf = ({ title, field }: Column): string =>
  (title || field).replace(/ \(number\).*/, '');

/**
 * Rows by x, a column for each series: lines and points. Null if they do
 * not share their x.
 */
function bySeries(
  values: Row[],
  x: Column,
  y: Column,
  series: Column,
): Table | null {
  const names = [...new Set(values.map((row) => String(row[series.field])))];
  const at = new Map<number, Map<string, string>>();
  for (const row of values) {
    const key = Number(row[x.field]);
    if (!at.has(key)) at.set(key, new Map());
    at.get(key)?.set(String(row[series.field]), written(y, row[y.field]));
  }
  const rows = [...at].sort(([a], [b]) => a - b);
  if (rows.some(([, cells]) => cells.size < names.length)) return null;
  return {
    head: [headOf(x), ...names],
    rows: rows.map(([key, cells]) => [
      written(x, key),
      ...names.map((name) => cells.get(name) ?? ''),
    ]),
    note: y.title,
  };
}

/** A grid as it is drawn: rows by y, columns by x, texts inside. */
function asGrid(values: Row[], x: Column, y: Column, inside: Column[]): Table {
  const across = [...new Set(values.map((row) => Number(row[x.field])))];
  const down = [...new Set(values.map((row) => Number(row[y.field])))];
  const cell = (i: number, j: number): string => {
    const row = values.find((r) => r[y.field] === i && r[x.field] === j);
    if (row === undefined) return '';
    return inside.map((column) => written(column, row[column.field])).join(' ');
  };
  return {
    head: ['', ...across.map((j) => `${x.field} ${written(x, j)}`)],
    rows: down.map((i) => [written(y, i), ...across.map((j) => cell(i, j))]),
    note: '',
  };
}

/** One row for each datum: where it lies, from the top, and what it is. */
function asList(values: Row[], places: Column[][], rest: Column[]): Table {
  const order = places.flat().map(({ field }) => {
    const met = [...new Set(values.map((row) => row[field]))];
    return ({ [field]: value }: Row): number =>
      typeof value === 'number' ? value : met.indexOf(value);
  });
  const sorted = [...values].sort((a, b) => {
    const differs = order.find((at) => at(a) !== at(b));
    return differs === undefined ? 0 : differs(a) - differs(b);
  });
  const columns = [...places.flat(), ...rest].filter(
    ({ names }) => names === null || names.some((name) => name !== ''),
  );
  const heads = places.flatMap(([from, to]) => {
    if (from === undefined) return [];
    if (from.names !== null) return columns.includes(from) ? [''] : [];
    if (to === undefined) return [headOf(from)];
    return [`${headOf(from)}: from`, 'to'];
  });
  return {
    head: [...heads, ...rest.map(headOf)],
    rows: sorted.map((row) => columns.map((c) => written(c, row[c.field]))),
    note: '',
  };
}

/** The numbers of a picture; null if they are too many, or not its own. */
export function numbersOf(spec: unknown): Table | null {
  if (!isObject(spec) || !isObject(spec.data)) return null;
  const { values: all } = spec.data;
  if (!Array.isArray(all) || all.length === 0 || !all.every(isObject)) {
    return null;
  }
  const has = ({ field }: Column): boolean => all.some((row) => field in row);
  const [y, y2, x, x2, text] = ['y', 'y2', 'x', 'x2', 'text'].map((channel) =>
    columnsOf(spec, channel).filter(has),
  );
  const paint = ['fill', 'color'].flatMap((channel) =>
    columnsOf(spec, channel).filter(has),
  );
  if (x.length === 0 || y.length === 0) return null;

  const needed = [y[0], x[0], ...y2, ...x2, ...paint];
  const values = all.filter((row) => needed.every(({ field }) => field in row));
  // A label that repeats a length or a kind tells nothing new.
  const telling = text.filter(({ field }) =>
    values.some(
      (row) =>
        !/^[\d,]*$/.test(String(row[field] ?? '')) &&
        paint.every((p) => row[p.field] !== row[field]),
    ),
  );

  const table = arranged();
  return table.rows.length > 0 && table.rows.length <= MOST ? table : null;

  function arranged(): Table {
    if (x2.length === 0 && y2.length === 0 && paint.length === 1) {
      if (x[0].type === 'ordinal' && y[0].type === 'ordinal') {
        return asGrid(values, x[0], y[0], [...text, ...paint]);
      }
      const table = bySeries(values, x[0], y[0], paint[0]);
      return table ?? asList(values, [paint, [x[0]], [y[0]]], telling);
    }
    const places = [[y[0], ...y2], [x[0], ...x2]].map(([from, ...ends]) => [
      from,
      ...ends.map((to) => ({ ...to, hex: from.hex })),
    ]);
    return asList(values, places, [...paint, ...telling]);
  }
}

const NUMBER = /^(-?[\d.,]+|0x[\da-f]+)$/;

/** The table as HTML, folded. */
export function numbersHtml({ head, rows, note }: Table): string {
  const cell = (text: string, i: number): string => {
    if (NUMBER.test(text)) return `<td class="number">${text}</td>`;
    const inside = escapeHtml(text);
    return i === 0 ? `<th scope="row">${inside}</th>` : `<td>${inside}</td>`;
  };
  const heads = head.map((text) =>
    text === '' ? '<td></td>' : `<th scope="col">${escapeHtml(text)}</th>`,
  );
  const caption = note === '' ? '' : `<caption>${escapeHtml(note)}</caption>`;
  return (
    '<details class="numbers"><summary>Numbers</summary>' +
    '<div class="table" role="group" aria-label="Numbers" tabindex="0">' +
    `<table>${caption}<thead><tr>${heads.join('')}</tr></thead><tbody>` +
    rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('') +
    '</tbody></table></div></details>'
  );
}
