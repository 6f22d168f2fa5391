// freelist run: executes notebooks from fresh kernels, and says what fails.
//
// It runs what the .md weaves to, so that an author sees the fault of the
// text being edited, at its line, before the .ipynb is written.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { type Entry, loadContents, mdOf, select } from '../book/contents.js';
import { BookError } from '../book/fault.js';
import { toNotebook, weave, type WovenCell } from '../book/weave.js';
import { runWithNbclient } from '../jupyter/nbclient.js';
import {
  runNotebook,
  type Fault,
  type Notebook,
  type RunOptions,
  type RunResult,
} from '../jupyter/runner.js';
import { findJupyter } from './jupyter.mjs';
import { writeKernelspec } from './kernelspec.mjs';
import { startBar } from './progress.js';

const root = resolve(__dirname, '../..');

interface Flags {
  with: 'node' | 'jupyter';
  json?: boolean;
}

type Runner = (notebook: Notebook, options: RunOptions) => Promise<RunResult>;

class RunError extends Error {
  name = 'RunError';
  exit = 2;
}

/** A fault with the line of the .md that it comes from. */
type Placed = Fault & { line: number };

interface Outcome {
  notebook: string;
  cells: number;
  faults: Placed[];
}

export function register(program: Command): void {
  program
    .command('run')
    .argument('[NN...]', 'notebooks; all of them when none is named')
    .description('execute notebooks from fresh kernels')
    .addOption(
      new Option('--with <runner>', 'what executes them')
        .choices(['node', 'jupyter'])
        .default('node'),
    )
    .option('--json', 'one line of JSON on standard output')
    .addHelpText(
      'after',
      '\nA failing cell stops its notebook; the others are run. No file is' +
        '\nwritten. Exit codes: 0 no fault, 1 a cell failed, 2 no such notebook,' +
        '\nor nothing here that can execute it.',
    )
    .action(run);
}

async function run(numbers: string[], flags: Flags): Promise<void> {
  const entries = select(loadContents(root), numbers);
  const runner = flags.with === 'jupyter' ? withJupyter() : runNotebook;
  const outcomes: Outcome[] = [];
  let worst = 0;
  for (const entry of entries) {
    try {
      const outcome = await runEntry(entry, runner);
      outcomes.push(outcome);
      if (!flags.json) report(outcome);
      if (outcome.faults.length > 0) worst = Math.max(worst, 1);
    } catch (error) {
      // A page that cannot be taken apart does not stop the others.
      if (!(error instanceof BookError)) throw error;
      process.stderr.write(`freelist: ${error.message}\n`);
      worst = Math.max(worst, error.exit);
    }
  }
  if (flags.json) console.log(JSON.stringify({ notebooks: outcomes }));
  process.exitCode = worst;
}

/** nbclient of the Jupyter that is here, with our kernel. */
function withJupyter(): Runner {
  const python =
    process.env.FREELIST_PYTHON ||
    findJupyter(root, { tests: true }).jupyter?.python;
  if (!python) {
    throw new RunError(
      '--with jupyter needs nbclient, and no Jupyter here has it. ' +
        'Run "npm test", which installs both, or leave --with away.',
    );
  }
  const jupyterPath = writeKernelspec(root);
  return (notebook, options) =>
    runWithNbclient(notebook, { ...options, root, python, jupyterPath });
}

async function runEntry(entry: Entry, runner: Runner): Promise<Outcome> {
  const md = mdOf(entry);
  const woven = weave(read(md), entry.nn, { file: md });
  const notebook = JSON.parse(toNotebook(woven)) as Notebook;
  const cells = woven.filter(({ type }) => type === 'code').length;
  const format = `${md} {bar} {value}/{total} {cell}`;
  const bar = startBar(format, cells, { cell: '' });
  try {
    const { notebook: executed, faults } = await runner(notebook, {
      onCell: ({ id }) => bar?.increment({ cell: id }),
    });
    const placed = faults.map((fault) => ({
      ...fault,
      line: lineOf(fault, woven[fault.index], executed),
    }));
    return { notebook: md, cells, faults: placed };
  } finally {
    bar?.stop();
  }
}

function read(md: string): string {
  try {
    return readFileSync(join(root, md), 'utf8');
  } catch (error) {
    const fact = `cannot be read (${(error as NodeJS.ErrnoException).code})`;
    const remedy = 'Write it, or take it out of notebooks/contents.json.';
    throw new BookError([{ place: md, fact, remedy }], 2);
  }
}

/**
 * The line of the .md that a fault comes from: as the compiler or the
 * traceback says, else that of the cell's fence.
 */
function lineOf(fault: Fault, cell: WovenCell, { cells }: Notebook): number {
  const count = cells[fault.index].execution_count;
  const frame = new RegExp(`cell \\[${count}\\]:(\\d+):`);
  const said =
    fault.kind === 'compile'
      ? /^(\d+):\d+ - /.exec(fault.evalue)
      : frame.exec(fault.traceback.join('\n'));
  const within = Number(said?.[1] ?? 0);
  const lines = cell.source.split('\n').length;
  return cell.line + (within <= lines ? within : 0);
}

function report({ notebook, cells, faults }: Outcome): void {
  if (faults.length === 0) console.log(`${notebook}: ${cells} cells, no fault`);
  for (const { line, id, ename, evalue, traceback } of faults) {
    const what = `fails in cell ${id}: ${ename}: ${evalue}`;
    const trace = traceback.map((text) => `    ${text}\n`).join('');
    process.stderr.write(`freelist: ${notebook}:${line} ${what}\n${trace}`);
  }
}
