// freelist handout: executed notebooks as pages to print and to mail.
//
// A page is written when it is whole: beside its place first, and then
// moved there in one step. So whatever interrupts an export, what lies in
// the folder can be opened.
import {
  existsSync,
  mkdirSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { loadBook, quotedLines, type Book } from '../book/book.js';
import { mdOf, select, type Entry } from '../book/contents.js';
import { BookError, sentence, type Fault } from '../book/fault.js';
import { handout, handoutIndex, handoutName } from '../book/handout.js';
import { toNotebook, weavePage } from '../book/weave.js';
import { runNotebook, type Notebook } from '../jupyter/runner.js';
import { startBar } from './progress.js';

const root = resolve(__dirname, '../..');

interface Flags {
  out: string;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('handout')
    .argument('[NN...]', 'the notebooks to export; all, if none is named')
    .option('--out <dir>', 'where to write the pages', 'handouts')
    .option('--json', 'one line of JSON on standard output')
    .description('export lecture handouts: one page a notebook, and an index')
    .addHelpText(
      'after',
      '\nThe notebooks are executed. A page needs nothing but itself: it can' +
        '\nbe mailed, printed, and read offline. What "Predict" asks for is not' +
        '\non it. The index names every handout that is in the folder.' +
        '\nExit codes: 0 done, 1 a notebook failed and has no handout, 2 no' +
        '\nsuch notebook, or a folder that cannot be written.',
    )
    .action(run);
}

class CannotWrite extends Error {
  readonly exit = 2;
}

/** Turns what the system says about the folder into a sentence. */
function inFolder<T>(dir: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CannotWrite(
      `${dir} cannot be written (${code}). Name a folder with --out that can.`,
    );
  }
}

/** mkdir -p; Node's own never ends where a system refuses, as in /proc. */
function makeFolder(dir: string): void {
  try {
    mkdirSync(dir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return; // if it is a file, writing will tell
    if (code !== 'ENOENT') throw error;
    makeFolder(dirname(dir));
    mkdirSync(dir);
  }
}

async function run(numbers: string[], { out, json }: Flags): Promise<void> {
  const book = loadBook(root);
  const chosen = select(book.contents, numbers);
  const dir = resolve(out);
  inFolder(out, () => {
    makeFolder(dir);
    writeWhole(join(dir, 'index.html'), null); // said now, not after the work
  });
  for (const [signal, code] of Object.entries(ends)) {
    process.once(signal, () => process.exit(code));
  }

  const there = (entry: Entry): boolean =>
    existsSync(join(dir, handoutName(entry)));
  const { notebooks } = book.contents;
  const linked = notebooks.filter((entry) =>
    chosen.includes(entry) ? book.pages.has(mdOf(entry)) : there(entry),
  );

  const progress = startProgress(book, chosen);
  const done = new Map<Entry, number>(); // bytes
  const faults = new Map<Entry, Fault[]>();
  const old = chosen.flatMap((entry) => departed(book, entry));
  await inTurns(chosen, async (entry) => {
    try {
      const executed = await execute(book, entry, progress.cell);
      const page = handout(book, entry, executed, linked);
      const file = join(dir, handoutName(entry));
      inFolder(out, () => writeWhole(file, page));
      done.set(entry, Buffer.byteLength(page));
      progress.page(join(out, handoutName(entry)));
    } catch (error) {
      if (!(error instanceof BookError)) throw error;
      faults.set(entry, error.faults);
    }
  });
  progress.stop();

  const index = handoutIndex(book.contents, notebooks.filter(there));
  if (done.size > 0) {
    inFolder(out, () => writeWhole(join(dir, 'index.html'), index));
  }
  report({ out, json, chosen, done, faults, old });
  process.exitCode = faults.size === 0 ? 0 : 1;
}

/** How an export ends that is interrupted: 128 and the signal's number. */
const ends = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/** Does `work` for all, in order; as many at a time as there are CPUs. */
async function inTurns<T>(
  all: readonly T[],
  work: (one: T) => Promise<void>,
): Promise<void> {
  const waiting = [...all];
  const worker = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      await work(one);
    }
  };
  const hands = Math.min(availableParallelism(), 4, all.length);
  await Promise.all(Array.from({ length: hands }, worker));
}

/**
 * Weaves a notebook in memory and runs it from a fresh kernel.
 * @throws BookError when it cannot be read, or a cell fails
 */
async function execute(
  book: Book,
  entry: Entry,
  onCell: (md: string) => void,
): Promise<Notebook> {
  const md = mdOf(entry);
  const page = book.pages.get(md);
  if (page === undefined) {
    const remedy = 'Write it, or take it out of notebooks/contents.json.';
    throw new BookError([{ place: md, fact: 'is not there', remedy }]);
  }
  if (page.faults.length > 0) throw new BookError(page.faults);
  const lines = quotedLines(book);
  const cells = weavePage(page, entry.nn, (quote) => lines.get(quote));
  const woven: Notebook = JSON.parse(toNotebook(cells));
  const { notebook, faults } = await runNotebook(woven, {
    root,
    onCell: () => onCell(md),
  });
  if (faults.length === 0) return notebook;
  const [{ id, ename, evalue }] = faults;
  const line = cells.find((cell) => cell.id === id)?.line ?? 1;
  throw new BookError([
    {
      place: `${md}:${line}`,
      fact: `fails in cell ${id}: ${ename}: ${evalue.replace(/\.$/, '')}`,
      remedy: `It has no handout; "npx freelist run ${entry.nn}" shows more.`,
    },
  ]);
}

/** Quotations that lib has left behind: they are printed, and that is said. */
function departed(book: Book, entry: Entry): Fault[] {
  const lines = quotedLines(book);
  return (book.pages.get(mdOf(entry))?.quotes ?? [])
    .filter((quote) => !lines.get(quote))
    .map(({ notebook, line, path, name }) => ({
      place: `${notebook}:${line}`,
      fact: `departs from ${path} (${name}), and has no line numbers`,
      remedy: 'Run "npm run weave" and read the diff.',
    }));
}

/** Writes a file as a whole or not at all; null only tries whether it can. */
function writeWhole(file: string, text: string | null): void {
  const draft = `${file}.${process.pid}.tmp`;
  const undo = (): void => {
    try {
      unlinkSync(draft);
    } catch {
      // It has been moved to its place, or was never made.
    }
  };
  process.once('exit', undo);
  try {
    writeFileSync(draft, text ?? '');
    if (text !== null) renameSync(draft, file);
  } finally {
    undo();
    process.off('exit', undo);
  }
}

/** On a terminal a bar that counts cells, else a line for each page. */
function startProgress(book: Book, chosen: readonly Entry[]) {
  const cells = chosen
    .flatMap((entry) => book.pages.get(mdOf(entry))?.cells ?? [])
    .filter(({ type }) => type === 'code');
  const format = '{bar} {value}/{total} cells  {name}';
  const bar = startBar(format, cells.length, { name: '' });
  if (bar === null) {
    const page = (file: string): void => console.error(file);
    return { cell: () => {}, page, stop: () => {} };
  }
  return {
    cell: (md: string): void => bar.increment({ name: md }),
    page: (): void => {},
    stop: (): void => bar.stop(),
  };
}

interface Outcome extends Flags {
  chosen: readonly Entry[];
  done: ReadonlyMap<Entry, number>;
  faults: ReadonlyMap<Entry, Fault[]>;
  old: readonly Fault[];
}

function report({ out, json, chosen, done, faults, old }: Outcome): void {
  const told = chosen.flatMap((entry) => faults.get(entry) ?? []);
  for (const fault of [...old, ...told]) {
    console.error(`freelist: ${sentence(fault)}`);
  }
  if (json) {
    const handouts = chosen
      .filter((entry) => done.has(entry))
      .map((entry) => ({
        notebook: mdOf(entry),
        file: join(out, handoutName(entry)),
        bytes: done.get(entry),
      }));
    console.log(JSON.stringify({ out, handouts, faults: told }));
  } else if (done.size > 0) {
    const count = done.size === 1 ? '1 handout' : `${done.size} handouts`;
    console.log(`${count} in ${out}; begin at ${join(out, 'index.html')}`);
  }
}
