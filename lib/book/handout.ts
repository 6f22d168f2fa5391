// Handouts: a notebook as one page that needs nothing but itself.
//
// The prose comes from the notebook's Markdown, the outputs from a run of
// the woven notebook. Idea: a class votes before it discusses. So what a
// comparison prints is not on the page, and the paragraph that tells it is
// folded; paper has room for the answers given by hand.
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { sourceOf, type Cell, type Notebook } from '../jupyter/outputs.js';
import { questionsIn, withoutAnswer } from './asked.js';
import { quotedLines, type Book } from './book.js';
import { mdOf, partOf, type Contents, type Entry } from './contents.js';
import { BookError } from './fault.js';
import { foldFirst, numberFolds } from './folds.js';
import { escapeHtml, listing } from './listing.js';
import type { Page } from './markdown.js';
import { renderPage, type Heading } from './page.js';
import { hasPlot, inlineSvg, results } from './results.js';
import { sheet } from './sheet.js';

/** The file a handout is written to. */
export const handoutName = ({ nn, slug }: Entry): string =>
  `${nn}-${slug}.html`;

/** In place of what a comparison prints: room for one's own answers. */
function asked(questions: number): string {
  const blanks = Array.from(
    { length: questions },
    (_, i) => `<span class="blank">${i + 1}</span>`,
  );
  return (
    '<div class="asked">' +
    '<p>Not printed here: predict first, then run the notebook.</p>' +
    `<p class="paper">Your answers: ${blanks.join(' ')}</p></div>`
  );
}

/** A code cell with what it printed. */
function codeCell(cell: Cell, questions: number, place: string): string {
  const source = sourceOf(cell);
  const shown = withoutAnswer(source);
  const code = (shown ?? source).trimEnd();
  const printed =
    shown === null ? results(cell.outputs ?? [], place) : asked(questions);
  return (
    `<div class="cell">${code === '' ? '' : listing('source', code)}` +
    `${printed}</div>`
  );
}

/** The list of contents: the headings of level 2. */
function contentsList(headings: Heading[]): string {
  const items = headings
    .filter(({ level }) => level === 2)
    .map(({ id, text }) => {
      const label = escapeHtml(text.replace(/`/g, ''));
      return `<li><a href="#${id}">${label}</a></li>`;
    });
  return `<nav aria-label="Contents"><ol>${items.join('')}</ol></nav>`;
}

/** Stands in the Markdown where a code cell was. */
const hole = (id: string): string => `<div data-cell="${id}"></div>`;
const anyHole = /<div data-cell="([^"]+)"( data-again)?><\/div>/g;

/** The notebook's text with holes, and what fills them. */
function withHoles(page: Page, codes: readonly Cell[]) {
  const fill = new Map<string, (copy: string) => string>();
  const parts: string[] = [];
  let next = 0;
  let questions = 0;
  let compared = false; // was the last cell a comparison?
  let folded = false; // does the next one stand in a fold already?
  page.cells.forEach((cell, i) => {
    if (cell.type === 'markdown') {
      const text = page.lines.slice(cell.line - 1, cell.end).join('\n');
      const below = page.cells[i + 1]?.type === 'code' ? codes[next] : null;
      const drawn = below && hasPlot(below.outputs ?? []);
      const plot = drawn ? hole(below.id) : null;
      const fold = compared ? foldFirst(text, plot) : null;
      parts.push(fold?.markdown ?? text);
      folded = fold?.withPlot ?? false;
      compared = false;
      return;
    }
    const code = codes[next++];
    const source = sourceOf(code);
    questions = questionsIn(source) ?? questions;
    compared = withoutAnswer(source) !== null;
    const asking = questions;
    fill.set(code.id, (copy) => codeCell(code, asking, code.id + copy));
    if (!folded) parts.push(hole(code.id));
    folded = false;
  });
  return { markdown: parts.join('\n\n'), fill };
}

const IMAGES: Record<string, string> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
};

/** A file beside the notebooks as part of the page. */
function picture(root: string, src: string, alt: string): string | null {
  if (!/^[\w./-]+$/.test(src) || src.includes('..')) return null;
  const kind = extname(src).toLowerCase();
  if (kind !== '.svg' && !(kind in IMAGES)) return null;
  let bytes: Buffer;
  try {
    bytes = readFileSync(join(root, 'notebooks', src));
  } catch {
    return null;
  }
  if (kind === '.svg') return inlineSvg(bytes.toString('utf8'), src, alt);
  const data = `data:${IMAGES[kind]};base64,${bytes.toString('base64')}`;
  return `<img src="${data}" alt="${escapeHtml(alt)}">`;
}

/**
 * The page of one notebook.
 * @param executed the woven notebook after a run
 * @param linked the notebooks that have a page beside this one
 * @throws BookError for what cannot be set
 */
export function handout(
  book: Book,
  entry: Entry,
  executed: Notebook,
  linked: readonly Entry[] = [entry],
): string {
  const md = mdOf(entry);
  const page = book.pages.get(md);
  if (page === undefined) throw new Error(`${md} has not been read`);
  const codes = executed.cells.filter((cell) => cell.cell_type === 'code');
  const { markdown, fill } = withHoles(page, codes);

  const lines = quotedLines(book);
  const names = new Set(linked.map(({ nn, slug }) => `${nn}-${slug}`));
  const rendered = renderPage(markdown, {
    locate: (path, text) => {
      const quote = page.quotes.find(
        (q) => q.path === path && q.text === text.replace(/\n$/, ''),
      );
      return quote === undefined ? null : (lines.get(quote)?.from ?? null);
    },
    linked: (name) => names.has(name),
    picture: (src, alt) => picture(book.root, src, alt),
  });
  if (rendered.faults.length > 0) {
    throw new BookError(
      rendered.faults.map(({ text, fact }) => {
        const [first] = text.trim().split('\n');
        const line = page.lines.findIndex((l) => l.includes(first)) + 1;
        const place = `${md}:${Math.max(line, 1)}`;
        return { place, fact, remedy: 'Mend it there.' };
      }),
    );
  }

  const { html, answers } = numberFolds(rendered.html);
  const filled = `${html}\n${answers}`.replace(
    anyHole,
    (_, id: string, copy = '') => fill.get(id)?.(copy) ?? '',
  );

  // The list of contents stands under the title, which opens the text.
  const end = filled.indexOf('</h1>');
  const cut = end === -1 ? 0 : end + '</h1>'.length;
  const list = contentsList(rendered.headings);
  const part = partOf(book.contents, entry.nn)?.title ?? '';
  return sheet({
    title: `${entry.nn}. ${entry.title}`,
    description: `${part}: ${entry.title}`,
    before: '<header><p><a href="index.html">All handouts</a></p></header>\n',
    main: `${filled.slice(0, cut)}\n${list}\n${filled.slice(cut).trim()}`,
  });
}

/** The index: the handouts that are there, by part. */
export function handoutIndex(contents: Contents, exported: Entry[]): string {
  const sections = contents.parts.flatMap(({ nn, title }) => {
    const own = exported.filter((e) => partOf(contents, e.nn)?.nn === nn);
    if (own.length === 0) return [];
    const items = own.map(
      (entry) =>
        `<li><a href="${handoutName(entry)}">${entry.nn}. ` +
        `${escapeHtml(entry.title)}</a> ` +
        `<span class="minutes">${entry.minutes} minutes</span></li>`,
    );
    return [`<h2>${escapeHtml(title)}</h2>\n<ul>${items.join('\n')}</ul>`];
  });
  return sheet({
    title: 'freelist: handouts',
    description: 'Handouts of a course on kernel memory allocators.',
    before: '',
    main:
      '<h1>Kernel memory allocators</h1>\n' +
      '<p>The handouts of the course. Each is one file that needs nothing ' +
      'else: read it here, print it, or pass it on.</p>\n' +
      `<div class="index">${sections.join('\n')}</div>`,
  });
}
