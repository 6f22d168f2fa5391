// Handouts: a notebook as one page that needs nothing but itself.
//
// The prose comes from the notebook's Markdown, the outputs from a run of
// the woven notebook. Questions of "Predict" stay unanswered: the output
// of a cell that compares a prediction is not printed, so that a class can
// vote before it discusses. Idea: style, plots and formulas are inside the
// page, so it can be mailed, printed, and read in a cellar.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceOf, type Cell, type Notebook } from '../jupyter/outputs.js';
import { quotedLines, type Book } from './book.js';
import { mdOf, partOf, type Contents, type Entry } from './contents.js';
import { escapeHtml, highlight, renderPage, type Heading } from './page.js';
import { results } from './results.js';

/** The file a handout is written to. */
export const handoutName = ({ nn, slug }: Entry): string => `${nn}-${slug}.html`;

/** The style of all pages. */
const style = (): string =>
  readFileSync(join(__dirname, 'handout.css'), 'utf8');

interface Parts {
  title: string;
  description: string;
  before: string; // above the main part: links, contents
  main: string;
}

/** A whole page. */
function html({ title, description, before, main }: Parts): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<meta name="description" content="${escapeHtml(description)}">
<link rel="icon" href="data:,">
<style>
${style()}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
<header>${before}</header>
<main id="main">
${main}
</main>
<footer>freelist: kernel memory allocators, read line by line, run against
the real thing.</footer>
</body>
</html>
`;
}

/** Does this cell show what the reader was asked to predict? */
const answers = (source: string): boolean => /\bcompare\s*\(/.test(source);

/** A code cell with what it printed. */
function codeCell(cell: Cell): string {
  const source = sourceOf(cell);
  const code = highlight(source.replace(/\n$/, ''));
  const printed = answers(source)
    ? '<p class="asked">Not printed here: predict first, then run the ' +
      'notebook.</p>'
    : results(cell.outputs ?? [], cell.id);
  return (
    '<div class="cell">' +
    `<pre class="source" tabindex="0" aria-label="Code"><code>${code}</code></pre>` +
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

/**
 * The page of one notebook.
 * @param executed the woven notebook after a run
 */
export function handout(book: Book, entry: Entry, executed: Notebook): string {
  const md = mdOf(entry);
  const page = book.pages.get(md);
  if (page === undefined) throw new Error(`${md} has not been read`);
  const codes = executed.cells.filter((cell) => cell.cell_type === 'code');

  let next = 0;
  const holes = new Map<string, string>();
  const markdown = page.cells.map((cell) => {
    if (cell.type === 'markdown') {
      return page.lines.slice(cell.line - 1, cell.end).join('\n');
    }
    const code = codes[next++];
    holes.set(hole(code.id), codeCell(code));
    return hole(code.id);
  });

  const lines = quotedLines(book);
  const locate = (path: string, text: string): number | null => {
    const quote = page.quotes.find(
      (q) => q.path === path && q.text === text.replace(/\n$/, ''),
    );
    return quote === undefined ? null : (lines.get(quote)?.from ?? null);
  };
  const rendered = renderPage(markdown.join('\n\n'), locate);
  const filled = rendered.html.replace(
    /<div data-cell="[^"]+"><\/div>/g,
    (found) => holes.get(found) ?? found,
  );

  // The list of contents stands under the title, which opens the text.
  const end = filled.indexOf('</h1>');
  const cut = end === -1 ? 0 : end + '</h1>'.length;
  const list = contentsList(rendered.headings);
  const part = partOf(book.contents, entry.nn)?.title ?? '';
  return html({
    title: `${entry.nn}. ${entry.title}`,
    description: `${part}: ${entry.title}`,
    before: '<p><a href="index.html">All handouts</a></p>',
    main: `${filled.slice(0, cut)}\n${list}\n${filled.slice(cut)}`,
  });
}

/** The index: the notebooks that were exported, by part. */
export function handoutIndex(contents: Contents, exported: Entry[]): string {
  const sections = contents.parts.flatMap(({ nn, title }) => {
    const own = exported.filter((e) => partOf(contents, e.nn)?.nn === nn);
    if (own.length === 0) return [];
    const items = own.map(
      (entry) =>
        `<li><a href="${handoutName(entry)}">${entry.nn}. ` +
        `${escapeHtml(entry.title)}</a> (${entry.minutes} minutes)</li>`,
    );
    return [`<h2>${escapeHtml(title)}</h2>\n<ul>${items.join('\n')}</ul>`];
  });
  return html({
    title: 'freelist: handouts',
    description: 'Handouts of a course on kernel memory allocators.',
    before: '',
    main: `<h1>Kernel memory allocators</h1>\n${sections.join('\n')}`,
  });
}
