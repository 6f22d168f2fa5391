// freelist handout: executed notebooks as pages to print and to mail.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { loadBook, quotedLines } from '../book/book.js';
import { mdOf, select, type Entry } from '../book/contents.js';
import { handout, handoutIndex, handoutName } from '../book/handout.js';
import { toNotebook, weavePage } from '../book/weave.js';
import type { Book } from '../book/book.js';
import { runNotebook, type Fault, type Notebook } from '../jupyter/runner.js';

const root = resolve(__dirname, '../..');

export function register(program: Command): void {
  program
    .command('handout')
    .argument('[NN...]', 'the notebooks to export; all, if none is named')
    .option('--out <dir>', 'where to write the pages', 'handouts')
    .description('export lecture handouts: one page a notebook, and an index')
    .addHelpText('after', '\nExit codes: 0 done, 1 a notebook failed, 2 wrong use.')
    .action(run);
}

/** A notebook that cannot be exported; the run goes on without it. */
class CannotExport extends Error {
  readonly exit = 1;
}

async function run(numbers: string[], { out }: { out: string }): Promise<void> {
  const book = loadBook(root);
  const chosen = select(book.contents, numbers);
  const dir = resolve(out);
  mkdirSync(dir, { recursive: true });
  // An interrupted export ends between two steps, not inside one.
  process.once('SIGINT', () => process.exit(130));

  const bar = progress(chosen.length);
  const exported: Entry[] = [];
  const failed: string[] = [];
  for (const entry of chosen) {
    bar?.update(exported.length + failed.length, { name: handoutName(entry) });
    try {
      const page = handout(book, entry, await execute(book, entry));
      writeWhole(join(dir, handoutName(entry)), page);
      exported.push(entry);
      if (bar === null) console.error(`${join(out, handoutName(entry))}`);
    } catch (error) {
      if (!(error instanceof CannotExport)) throw error;
      failed.push(error.message);
    }
  }
  bar?.stop();
  if (exported.length > 0) {
    writeWhole(join(dir, 'index.html'), handoutIndex(book.contents, exported));
    console.log(`${exported.length} handouts in ${out}; begin at index.html`);
  }
  for (const message of failed) console.error(`freelist: ${message}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

/** Weaves a notebook in memory and runs it from a fresh kernel. */
async function execute(book: Book, entry: Entry): Promise<Notebook> {
  const md = mdOf(entry);
  const page = book.pages.get(md);
  if (page === undefined) throw new CannotExport(`${md}: there is no such file`);
  const lines = quotedLines(book);
  const cells = weavePage(page, entry.nn, (quote) => lines.get(quote));
  const woven: Notebook = JSON.parse(toNotebook(cells));
  const { notebook, faults } = await runNotebook(woven, { root });
  if (faults.length > 0) {
    const line = cells.find(({ id }) => id === faults[0].id)?.line ?? 1;
    throw new CannotExport(told(`${md}:${line}`, faults[0]));
  }
  return notebook;
}

const told = (place: string, { ename, evalue }: Fault): string =>
  `${place}: the cell failed, so there is no handout (${ename}: ${evalue})`;

/** Writes a file as a whole or not at all. */
function writeWhole(file: string, text: string): void {
  const draft = `${file}.${process.pid}.tmp`;
  const undo = (): void => rmSync(draft, { force: true });
  process.once('exit', undo);
  try {
    writeFileSync(draft, text);
    renameSync(draft, file);
  } finally {
    undo();
    process.off('exit', undo);
  }
}

function progress(total: number): SingleBar | null {
  if (!process.stderr.isTTY) return null;
  const format = '{bar} {value}/{total} {name}';
  const bar = new SingleBar({ format, clearOnComplete: true });
  bar.start(total, 0, { name: '' });
  return bar;
}
