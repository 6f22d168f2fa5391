// The whole book: its contents, its pages, and the lib files they quote.
//
// Idea: everything is read once, here; what follows (quotations, weave,
// check) are functions of it, and a test gives them a folder of its own.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { contentsPath, loadContents, mdOf, type Contents } from './contents.js';
import type { Fault } from './fault.js';
import { readPage, type Page, type Quote } from './markdown.js';
import { placeQuotes } from './place.js';
import { checkFile } from './quotes.js';
import type { Span } from './refresh.js';
import { readSource, type Source } from './source.js';

/** Rooms of which every file is quoted; of others, those that are listed. */
export const quotedRooms = ['sys', 'bsd', 'libc', 'linux', 'opensolaris'];

export interface Book {
  root: string;
  contents: Contents;
  pages: Map<string, Page>; // by path of the .md, in reading order
  sources: Map<string, Source>; // lib files that are or should be quoted
}

/** @throws BookError (exit 2) when contents.json cannot be read */
export function loadBook(root: string): Book {
  const contents = loadContents(root);
  const pages = new Map<string, Page>();
  for (const entry of contents.notebooks) {
    const md = mdOf(entry);
    if (!existsSync(join(root, md))) continue;
    pages.set(md, readPage(readFileSync(join(root, md), 'utf8'), md));
  }
  const book: Book = { root, contents, pages, sources: new Map() };
  const quoted = [...pages.values()].flatMap(({ quotes }) =>
    quotes.map(({ path }) => path),
  );
  const listed = contents.notebooks.flatMap(({ files }) => files);
  for (const path of [...listed, ...quoted, ...quotedFiles(root)]) {
    if (book.sources.has(path) || !existsSync(join(root, path))) continue;
    book.sources.set(
      path,
      readSource(path, readFileSync(join(root, path), 'utf8')),
    );
  }
  return book;
}

/** Every .ts file of the rooms that are quoted whole. */
function quotedFiles(root: string): string[] {
  return quotedRooms
    .filter((room) => existsSync(join(root, 'lib', room)))
    .flatMap((room) =>
      readdirSync(join(root, 'lib', room), {
        recursive: true,
        encoding: 'utf8',
      })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => `lib/${room}/${name.replaceAll('\\', '/')}`)
        .sort(),
    );
}

/** All quotations of a lib file, in reading order. */
export function quotesOf(book: Book, path: string): Quote[] {
  return [...book.pages.values()].flatMap((page) =>
    page.quotes.filter((quote) => quote.path === path),
  );
}

/** Where in lib each quotation stands; null for one that departs. */
export function quotedLines(book: Book): Map<Quote, Span | null> {
  const found = new Map<Quote, Span | null>();
  for (const [path, source] of book.sources) {
    for (const { quote, at } of placeQuotes(source, quotesOf(book, path)))
      found.set(quote, at);
  }
  return found;
}

/** Is every line of lib that the book is about read, once and in order? */
export function checkQuotes(book: Book): Fault[] {
  const { contents, pages, sources } = book;
  const faults = [...pages.values()].flatMap((page) => page.faults);
  for (const entry of contents.notebooks) {
    for (const quote of pages.get(mdOf(entry))?.quotes ?? []) {
      if (entry.files.includes(quote.path)) continue;
      const known = sources.has(quote.path);
      faults.push({
        place: `${quote.notebook}:${quote.line}`,
        fact: known
          ? `quotes ${quote.path}, which ${contentsPath} does not list for notebook ${entry.nn}`
          : `quotes ${quote.path}; there is no such file`,
        remedy: known
          ? 'Add the file there, or take the quotation out.'
          : 'Correct the path.',
      });
    }
  }
  const read = new Map<string, string>(); // file, first notebook
  for (const entry of contents.notebooks) {
    for (const file of entry.files)
      if (!read.has(file)) read.set(file, mdOf(entry));
  }
  for (const [path, source] of sources) {
    const quotes = quotesOf(book, path);
    const remedy = `"npm run weave -- --quote ${path}" prints its fences.`;
    const by = read.get(path);
    if (quotes.length > 0) faults.push(...checkFile(source, quotes));
    else if (by && pages.has(by))
      faults.push({
        place: by,
        fact: `quotes nothing of ${path}, which ${contentsPath} lists for it`,
        remedy,
      });
    else if (!by && !contents.unread.includes(path)) {
      faults.push({
        place: path,
        fact: 'is read by no notebook',
        remedy: `List it in ${contentsPath}, for a notebook or as unread.`,
      });
    }
  }
  return faults;
}
