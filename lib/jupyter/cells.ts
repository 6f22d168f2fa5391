// The helpers of cells: predict and compare, show, table.
//
// First say what you expect, then run it. A prediction that was typed can
// be put beside the answer; one that was only thought fits any answer.
import { createRequire } from 'node:module';
import type { TopLevelSpec } from 'vega-lite';
import { render } from '../plot/render.js';

/** A typical wrong answer to question i, and what it shows. */
export interface Belief {
  i: number; // the first question is 0
  said: unknown;
  belief: string; // one sentence
}

/** A mistake in how a cell calls its helper; the message says the remedy. */
export class CellError extends Error {
  readonly name = 'CellError';
  readonly exit = 2;
}

/** What is typed for "no answer"; null is an answer. */
const OPEN = '?';

/** A value as one would type it. */
function written(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (value === null || typeof value !== 'object') return String(value);
  const fields = Object.entries(value).map(([k, v]) => `${k}: ${written(v)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

/** Are two values the same, field by field? */
function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (a === null || b === null) return a === b;
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return (
    left.length === right.size &&
    left.every(([key, value]) => right.has(key) && same(value, right.get(key)))
  );
}

/**
 * Rows of texts in columns; a column of numbers leans to the right. The
 * first `heads` rows do not count as numbers or not.
 */
function columns(rows: readonly string[][], gap: string, heads = 0): string[] {
  const number = /^(-?[\d.,]+|0x[\da-f]+|null|[?–]|)$/;
  const most = Math.max(0, ...rows.map((row) => row.length));
  const pad = Array.from({ length: most }, (_, i) => {
    const texts = rows.map((row) => row[i] ?? '');
    const width = Math.max(...texts.map((text) => text.length));
    const right = texts.slice(heads).every((text) => number.test(text));
    return (text = '') => (right ? text.padStart(width) : text.padEnd(width));
  });
  return rows.map((row) => pad.map((to, i) => to(row[i])).join(gap).trimEnd());
}

/**
 * Takes down what you expect, '?' where you do not know.
 * @returns the answers, for compare
 */
export function predict<T>(answers: readonly T[]): T[] {
  if (Array.isArray(answers)) return [...answers];
  throw new CellError(
    `predict takes the answers in one pair of brackets. You typed ` +
      `${written(answers)}: make it predict([${written(answers)}]).`,
  );
}

/** Prints what you said beside what it is, and what a wrong answer shows. */
export function compare(
  said: readonly unknown[],
  got: readonly unknown[],
  beliefs: readonly Belief[] = [],
): void {
  const open = said.every((answer) => answer === OPEN);
  if (said.length !== got.length) {
    const message =
      `Questions: ${got.length}, answers: ${said.length}. Give each question ` +
      `its place in predict([…]), with '?' where you do not know.`;
    // Nobody has answered yet: then the notebook miscounts.
    if (open) throw new CellError(message);
    console.log(message);
    return;
  }

  const lines = columns(
    got.map((value, i) => {
      const answer = said[i] === OPEN ? '–' : written(said[i]);
      return [String(i + 1), 'you said', answer, '·', 'it is', written(value)];
    }),
    ' ',
  );
  const right = got.filter((value, i) => same(said[i], value)).length;
  const text = lines.flatMap((line, i) => {
    if (said[i] === OPEN || same(said[i], got[i])) return [line];
    const shown = beliefs.filter((b) => b.i === i && same(b.said, said[i]));
    return [line, ...shown.map(({ belief }) => `   ${belief}`)];
  });
  if (!open) text.push(`${right} of ${got.length}`);
  console.log(text.join('\n'));
}

/** Prints rows as a table, with a head or without; texts as they are. */
export function table(
  rows: readonly (readonly unknown[])[],
  head: readonly string[] = [],
): void {
  const text = (value: unknown = '') =>
    typeof value === 'string' ? value : written(value);
  const body = rows.map((row) => row.map((value) => text(value)));
  if (head.length === 0) {
    console.log(columns(body, '  ').join('\n'));
    return;
  }
  const [top, ...lines] = columns([[...head], ...body], '  ', 1);
  const width = Math.max(...[top, ...lines].map((line) => line.length));
  console.log([top, '-'.repeat(width), ...lines].join('\n'));
}

/** What Jupyter is sent: one picture in four forms; it shows the best. */
export interface Bundle {
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
  transient: Record<string, unknown>;
}

type Display = (bundle: Bundle) => void;
let display: Display | null = null;

/** Sends pictures elsewhere, for tests and programs; null: to Jupyter. */
export function setDisplay(to: Display | null): void {
  display = to;
}

/** Where the running cell's pictures go; outside Jupyter, only their text. */
function displayOfCell(): Display {
  if (display) return display;
  const load = createRequire(__filename);
  const kernel = load.cache[load.resolve('tslab/dist/jupyter')]?.exports;
  const send = kernel?.lastWriteDisplayData;
  if (send) return (bundle) => send(bundle, false);
  return ({ data }) => console.log(data['text/plain']);
}

const VEGALITE = 'application/vnd.vegalite.v5+json';
const SCHEMA = 'https://vega.github.io/schema/vega-lite/v5.json';

async function draw(spec: TopLevelSpec, send: Display): Promise<void> {
  if (spec === null || typeof spec !== 'object') {
    throw new CellError('show takes a picture: await show(strip({ … })).');
  }
  const { svg, png, alt, width, height } = await render(spec);
  send({
    data: {
      [VEGALITE]: { $schema: SCHEMA, ...spec },
      'image/svg+xml': svg,
      'image/png': png.toString('base64'),
      'text/plain': alt,
    },
    metadata: {
      [VEGALITE]: { embed_options: { renderer: 'svg' } },
      'image/png': { width, height },
    },
    transient: {},
  });
}

/** Pictures under way: a kernel looks here for a forgotten `await`. */
function underWay(): Set<Promise<void>> {
  const key = Symbol.for('freelist.pending');
  const place = globalThis as unknown as Record<symbol, Set<Promise<void>>>;
  return (place[key] ??= new Set());
}

/** Shows a picture below the cell. Write `await` before it. */
export function show(spec: TopLevelSpec): Promise<void> {
  const drawn = draw(spec, displayOfCell()).finally(() => {
    underWay().delete(drawn);
  });
  underWay().add(Object.assign(drawn, { helper: 'show' }));
  return drawn;
}
