// `check`: everything that can be said about the course without running it.
//
// Idea: six questions, each a function from a folder to faults. No fault
// means: it compiles, every line is read, the notebooks are what their
// sources weave, the rooms keep apart, names tell where they come from,
// and contents.json is true.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkQuotes, loadBook, quotedLines, type Book } from './book.js';
import { checkTypes } from './compilers.js';
import { checkContents, ipynbOf, mdOf } from './contents.js';
import type { Fault } from './fault.js';
import { checkNames, loadNames } from './names.js';
import { checkRooms } from './rooms.js';
import { checkNotebook, weavePage } from './weave.js';

export const questions = [
  'contents',
  'quotes',
  'notebooks',
  'imports',
  'names',
  'types',
] as const;
export type Question = (typeof questions)[number];

export interface Checked {
  faults: Fault[];
  unread: string[]; // lib files that wait for their notebook
  summary: string;
}

/**
 * @param also faults that a caller finds, to be counted with these
 * @throws BookError (exit 2) when contents.json or names.json is unreadable
 */
export async function check(
  root: string,
  asked: readonly Question[] = questions,
  also: () => Promise<Fault[]> = async () => [],
): Promise<Checked> {
  const book = loadBook(root);
  const answers: Record<Question, () => Fault[] | Promise<Fault[]>> = {
    contents: () => checkContents(root, book.contents, headings(book)),
    quotes: () => checkQuotes(book),
    notebooks: () => checkFreshness(book),
    imports: () => checkRooms(root),
    names: () => checkNames(root, loadNames(root)),
    types: () => checkTypes(root),
  };
  // Types first: the compilers work while the rest is looked at.
  const types = asked.includes('types') ? answers.types() : [];
  const faults: Fault[] = [];
  for (const question of questions) {
    if (!asked.includes(question)) continue;
    faults.push(
      ...(await (question === 'types' ? types : answers[question]())),
    );
  }
  faults.push(...(await also()));
  return {
    faults,
    unread: book.contents.unread,
    summary: summary(book, faults, asked),
  };
}

const headings = (
  book: Book,
): Map<string, { line: number; text: string } | null> =>
  new Map([...book.pages].map(([md, page]) => [md, page.title]));

/** Are the .ipynb on disk what the .md weave? Missing ones: see contents. */
export function checkFreshness(book: Book): Fault[] {
  const lines = quotedLines(book);
  return book.contents.notebooks.flatMap((entry) => {
    const page = book.pages.get(mdOf(entry));
    const ipynb = ipynbOf(entry);
    const path = join(book.root, ipynb);
    if (!page || !existsSync(path)) return [];
    const woven = weavePage(page, entry.nn, (quote) => lines.get(quote));
    return checkNotebook(page.file, ipynb, readFileSync(path, 'utf8'), woven);
  });
}

function summary(
  book: Book,
  faults: Fault[],
  asked: readonly Question[],
): string {
  const count = (n: number, what: string): string =>
    `${n} ${what}${n === 1 ? '' : 's'}`;
  const quotations = [...book.pages.values()].reduce(
    (sum, page) => sum + page.quotes.length,
    0,
  );
  const seen = [
    count(book.pages.size, 'notebook'),
    count(quotations, 'quotation'),
    count(book.sources.size, 'quoted file'),
  ].join(', ');
  return `check (${asked.join(', ')}): ${count(faults.length, 'fault')}; ${seen}`;
}
