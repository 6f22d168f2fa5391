// Weaving: a notebook's Markdown becomes the .ipynb beside it.
//
// Idea: the product is a function of its source alone, to the byte, so it
// can be committed, compared and thrown away. What Jupyter adds when a
// notebook is run (outputs, counts, an empty cell at the end) is no
// difference; a changed source is, and it is told by a hash whether the
// .md has moved on or somebody has typed into the .ipynb.
//
// 1. Cell ids count per notebook: 61-001, 61-002, …
// 2. A quotation becomes a plain ts fence, which JupyterLab colours, under
//    a caption with file, name and lines.
import { createHash } from 'node:crypto';
import { BookError, type Fault } from './fault.js';
import { readPage, type Page, type Quote } from './markdown.js';
import type { Span } from './refresh.js';
import { fence } from './scaffold.js';

export interface WovenCell {
  id: string;
  type: 'code' | 'markdown';
  source: string;
  line: number; // in the .md, from 1: the fence, or the first line of text
  tags: string[];
}

export interface WeaveOptions {
  /** What messages call the source. */
  file?: string;
  /** Lines of lib that a quotation is, for its caption. */
  lines?: (quote: Quote) => Span | null | undefined;
}

/**
 * The cells of a notebook.
 * @throws BookError when the page cannot be taken apart without doubt
 */
export function weave(
  markdown: string,
  nn: string,
  options: WeaveOptions = {},
): WovenCell[] {
  const page = readPage(markdown, options.file ?? `notebook ${nn}`);
  if (page.faults.length > 0) throw new BookError(page.faults);
  return weavePage(page, nn, options.lines);
}

/** The same, of a page that has been read. */
export function weavePage(
  page: Page,
  nn: string,
  lines: WeaveOptions['lines'] = () => null,
): WovenCell[] {
  return page.cells.map((cell, i) => {
    const { type, line } = cell;
    const code = cell.type === 'code';
    const source = code ? cell.source : prose(page, cell.line, cell.end, lines);
    const id = `${nn}-${String(i + 1).padStart(3, '0')}`;
    return { id, type, source, line, tags: code ? cell.tags : [] };
  });
}

/** The lines of a prose cell, with its quotations set. */
function prose(
  page: Page,
  line: number,
  end: number,
  lines: NonNullable<WeaveOptions['lines']>,
): string {
  const out: string[] = [];
  let next = line;
  for (const quote of page.quotes) {
    if (quote.line < line || quote.line > end) continue;
    out.push(...page.lines.slice(next - 1, quote.line - 1));
    if (out.length > 0 && out.at(-1) !== '') out.push('');
    out.push(caption(quote, lines(quote)), '', ...fence(quote.text, 'ts'));
    next = quote.end + 1;
  }
  out.push(...page.lines.slice(next - 1, end));
  return out.join('\n');
}

function caption(
  { path, name, part }: Quote,
  lines: Span | null | undefined,
): string {
  const what = `\`${path}\` · \`${name}\`${part ? ` ${part.k}/${part.n}` : ''}`;
  if (!lines) return `*${what}*`;
  const { from, to } = lines;
  return `*${what} · ${from === to ? `line ${from}` : `lines ${from}–${to}`}*`;
}

/** What tslab says of itself, so that saving in Jupyter changes nothing. */
const languageInfo = {
  codemirror_mode: 'typescript',
  file_extension: '.ts',
  mimetype: 'text/typescript',
  name: 'typescript',
  version: '5.0.4',
};

/** Cells as far as they are compared: nothing that running changes. */
interface Essence {
  id: string;
  type: string;
  source: string;
  tags: string[];
}

/** Shift-Enter on the last cell leaves an empty one behind. */
const inked = <T extends Essence>(cells: T[]): T[] =>
  cells.filter(({ source }) => source.trim() !== '');

const hashOf = (cells: Essence[]): string =>
  createHash('sha256')
    .update(
      JSON.stringify(
        inked(cells).map(({ type, source, tags }) => [type, source, tags]),
      ),
    )
    .digest('hex');

/** The .ipynb as text, in the layout in which Jupyter saves (keys sorted). */
export function toNotebook(cells: WovenCell[]): string {
  const notebook = {
    cells: cells.map(({ id, type, source, tags }) => ({
      cell_type: type,
      ...(type === 'code' ? { execution_count: null } : {}),
      id,
      metadata: tags.length > 0 ? { tags } : {},
      ...(type === 'code' ? { outputs: [] } : {}),
      // Every line keeps its newline, the last one has none.
      source: source === '' ? [] : source.split(/(?<=\n)/),
    })),
    metadata: {
      freelist: { woven: hashOf(cells) },
      kernelspec: {
        display_name: 'TypeScript',
        language: 'typescript',
        name: 'tslab',
      },
      language_info: languageInfo,
    },
    nbformat: 4,
    nbformat_minor: 5,
  };
  return `${JSON.stringify(notebook, null, 1)}\n`;
}

/** What a woven notebook on disk is, beside what it should be. */
export interface Compared {
  /** same: nothing to do; stale: the .md moved on; edited: the .ipynb did. */
  state: 'same' | 'stale' | 'edited' | 'unreadable';
  /** The first cell that differs, as the .md has it; none behind the end. */
  cell?: WovenCell;
}

/** Compares ids, types, sources and tags; outputs do not count. */
export function compareNotebook(text: string, woven: WovenCell[]): Compared {
  const read = readNotebook(text);
  if (!read) return { state: 'unreadable' };
  const there = inked(read.cells);
  const wanted = inked(woven);
  const same = (a: Essence | undefined, b: Essence): boolean =>
    a !== undefined &&
    a.id === b.id &&
    a.type === b.type &&
    a.source === b.source &&
    a.tags.join('\n') === b.tags.join('\n');
  const i = wanted.findIndex((cell, k) => !same(there[k], cell));
  if (i === -1 && there.length === wanted.length) return { state: 'same' };
  const untouched = read.woven === hashOf(there);
  return { state: untouched ? 'stale' : 'edited', cell: wanted[i] };
}

/** The cells of an .ipynb and the hash that weave left; null if it is none. */
function readNotebook(
  text: string,
): { cells: Essence[]; woven: unknown } | null {
  try {
    const { cells, metadata } = JSON.parse(text);
    return {
      woven: metadata?.freelist?.woven,
      cells: cells.map((cell: Record<string, any>) => ({
        id: String(cell.id),
        type: String(cell.cell_type),
        source: [cell.source].flat().join(''),
        tags: cell.metadata?.tags ?? [],
      })),
    };
  } catch {
    return null;
  }
}

/** Is the notebook on disk what its source weaves? */
export function checkNotebook(
  md: string,
  ipynb: string,
  text: string,
  woven: WovenCell[],
): Fault[] {
  const { state, cell } = compareNotebook(text, woven);
  if (state === 'same') return [];
  const nn = woven[0]?.id.slice(0, 2) ?? '';
  const there = cell
    ? `from cell ${cell.id} (${md}:${cell.line}) on`
    : `behind the last cell of ${md}`;
  const facts = {
    stale: `is not woven from ${md} as it is now; they differ ${there}`,
    edited: `was edited; it differs ${there}`,
    unreadable: 'is no notebook that can be read',
  };
  const remedies = {
    stale: `Run "npm run weave -- ${nn}".`,
    edited: `Take the edit over into the .md, then run "npm run weave -- --force ${nn}", which drops it here.`,
    unreadable: `Run "npm run weave -- --force ${nn}" to write it anew.`,
  };
  return [{ place: ipynb, fact: facts[state], remedy: remedies[state] }];
}
