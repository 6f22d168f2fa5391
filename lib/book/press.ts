// `weave`, on disk: quotations refreshed, notebooks written.
//
// Idea: nothing of an author's is overwritten unseen. A notebook is left
// as it was, with a reason, when a quotation's symbol has vanished or when
// somebody has typed into the .ipynb; what is written is derived.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quotedLines, quotesOf, loadBook, type Book } from './book.js';
import { contentsPath, ipynbOf, mdOf, select, type Entry } from './contents.js';
import { BookError, type Fault } from './fault.js';
import { readPage, type Page, type Quote } from './markdown.js';
import { groupsOf, refresh } from './refresh.js';
import { fence, scaffold } from './scaffold.js';
import { readSource } from './source.js';
import { compareNotebook, toNotebook, weavePage } from './weave.js';

/** What was done to one notebook. */
export interface Pressed {
  md: string;
  ipynb: string;
  cells: number;
  quotations: number;
  refreshed: Quote[]; // quotations whose text is new
  written: boolean; // did the .ipynb change?
}

export interface Run {
  done: Pressed[];
  faults: Fault[]; // notebooks that were left as they were
}

/** Refreshes and weaves the notebooks, all of them when none is named. */
export function pressAll(root: string, numbers: string[], force = false): Run {
  const run: Run = { done: [], faults: [] };
  const book = loadBook(root);
  const entries = select(book.contents, numbers);
  const { texts, lost } = refreshed(book);
  const fresh = new Map<Entry, { page: Page; changed: Quote[] }>();
  for (const entry of entries) {
    const page = book.pages.get(mdOf(entry));
    const faults = page
      ? [
          ...page.faults,
          ...lost
            .filter(({ quote }) => page.quotes.includes(quote))
            .map(({ fault }) => fault),
        ]
      : [missing(entry)];
    if (!page || faults.length > 0) {
      run.faults.push(...faults);
      continue;
    }
    const changed = page.quotes.filter(
      (quote) => (texts.get(quote) ?? quote.text) !== quote.text,
    );
    const renewed =
      changed.length > 0
        ? readPage(replaced(page, changed, texts), page.file)
        : page;
    fresh.set(entry, { page: renewed, changed });
    book.pages.set(page.file, renewed);
  }
  const lines = quotedLines(book);
  for (const [entry, { page, changed }] of fresh) {
    const cells = weavePage(page, entry.nn, (quote) => lines.get(quote));
    const ipynb = ipynbOf(entry);
    const old = existsSync(join(root, ipynb))
      ? readFileSync(join(root, ipynb), 'utf8')
      : null;
    const state =
      old === null || force ? 'stale' : compareNotebook(old, cells).state;
    if (state === 'edited' || state === 'unreadable') {
      run.faults.push(refused(entry, state));
      continue;
    }
    if (changed.length > 0)
      writeFileSync(join(root, page.file), `${page.lines.join('\n')}\n`);
    const text = toNotebook(cells);
    if (text !== old) writeFileSync(join(root, ipynb), text);
    run.done.push({
      md: page.file,
      ipynb,
      cells: cells.length,
      quotations: page.quotes.length,
      refreshed: changed,
      written: text !== old,
    });
  }
  return run;
}

const missing = (entry: Entry): Fault => ({
  place: mdOf(entry),
  fact: 'is not there',
  remedy: `Write it, or take notebook ${entry.nn} out of ${contentsPath}.`,
});

function refused(entry: Entry, state: 'edited' | 'unreadable'): Fault {
  const fact =
    state === 'edited'
      ? 'has cells that were edited by hand, so it was left as it is'
      : 'cannot be read, so it was left as it is';
  return {
    place: ipynbOf(entry),
    fact,
    remedy: `Take the edits over into ${mdOf(entry)}, then run "npm run weave -- --force ${entry.nn}", which drops them here.`,
  };
}

/** The texts all quotations should have, and those that cannot be had. */
function refreshed(book: Book): {
  texts: Map<Quote, string>;
  lost: { quote: Quote; fault: Fault }[];
} {
  const texts = new Map<Quote, string>();
  const lost: { quote: Quote; fault: Fault }[] = [];
  const quotes = [...book.pages.values()].flatMap((page) => page.quotes);
  for (const path of new Set(quotes.map((quote) => quote.path))) {
    const source = book.sources.get(path);
    for (const group of groupsOf(quotesOf(book, path))) {
      const result = source
        ? refresh(source, group)
        : { fact: `quotes ${path}; there is no such file` };
      if (Array.isArray(result)) {
        group.parts.forEach((quote, i) => texts.set(quote, result[i]));
        continue;
      }
      const [quote] = group.parts;
      const fault = {
        place: `${quote.notebook}:${quote.line}`,
        fact: result.fact,
        remedy: `Mend it by hand; nothing was changed. "npm run weave -- --quote ${path}" prints the fences.`,
      };
      // A group may reach over two notebooks: both are left.
      const pages = new Set(group.parts.map((part) => part.notebook));
      for (const page of pages)
        lost.push({
          quote: group.parts.find((part) => part.notebook === page)!,
          fault,
        });
    }
  }
  return { texts, lost };
}

/** The page with the new texts in its fences. */
function replaced(
  { lines }: Page,
  changed: Quote[],
  texts: Map<Quote, string>,
): string {
  const out = [...lines];
  for (const quote of [...changed].reverse()) {
    const info = out[quote.line - 1].replace(/^\s*[`~]+\s*/, '');
    out.splice(
      quote.line - 1,
      quote.end - quote.line + 1,
      ...fence(texts.get(quote)!, info),
    );
  }
  return `${out.join('\n')}\n`;
}

/**
 * All fences for a lib file, as text to paste.
 * @throws BookError (exit 2) when there is no such file
 */
export function fencesFor(root: string, path: string): string {
  if (!/^lib\/.+\.ts$/.test(path) || !existsSync(join(root, path))) {
    throw new BookError(
      [
        {
          place: path,
          fact: 'is no file of lib',
          remedy: 'Name one as in "lib/bsd/malloc.ts".',
        },
      ],
      2,
    );
  }
  const source = readSource(path, readFileSync(join(root, path), 'utf8'));
  return scaffold(source)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}
