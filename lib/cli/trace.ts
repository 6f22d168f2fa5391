// freelist trace: makes, inspects and converts workloads.
import { Option, type Command } from 'commander';
import { readRep, repHeader, writeRep, type Rep } from '../trace/rep.js';
import { repLine } from '../trace/repline.js';
import type { Request, Workload } from '../trace/requests.js';
import { summary, type Octave, type Summary } from '../trace/summary.js';
import { linesOf, printLines, sizeOf, writeLines } from './lines.js';
import {
  loadNamed,
  loadsHelp,
  parseSizes,
  wholeNumber,
  type LoadOptions,
} from './loads.js';
import { startBar } from './progress.js';

const LONG = 200_000; // operations or bytes that earn a progress bar

type Format = 'rep' | 'rep2' | 'jsonl';

const formatsHelp =
  'Formats: rep (four numbers, then an operation a line), rep2 (only the' +
  '\nnumbers of ids and operations come first), jsonl (a request a line, as' +
  '\n["alloc",0,512]; no header).';

const exitsHelp =
  '\nExit codes: 0 done, 2 wrong use, or a file that cannot be read or written.';

export function register(program: Command): void {
  const trace = program
    .command('trace')
    .description('make, inspect and convert workloads')
    .addHelpText('after', `\n${loadsHelp()}\n${exitsHelp}`);
  const to = (): Option =>
    new Option('--to <format>', 'what to write').choices([
      'rep',
      'rep2',
      'jsonl',
    ]);
  trace
    .command('make')
    .argument('<workload>', 'one of those below')
    .description('write a workload, the same one for the same options')
    .option('--seed <n>', 'where chance starts', wholeNumber, 1)
    .option('--operations <n>', 'requests in all', wholeNumber, 1000)
    .option('--live <n>', 'pieces alive at once, at most', wholeNumber, 100)
    .option(
      '--sizes <how>',
      'how sizes are drawn (default: uniform:1:64)',
      parseSizes,
    )
    .option('--left <n>', 'pieces alive between peaks', wholeNumber, 0)
    .option('--larger <n>', 'size of what comes last', wholeNumber)
    .addOption(to().default('rep'))
    .option('--out <file>', 'where to write it; standard output if not given')
    .addHelpText('after', `\n${loadsHelp()}\n\n${formatsHelp}\n${exitsHelp}`)
    .action(make);
  trace
    .command('inspect')
    .argument('<file...>', '.rep files')
    .description('say what programs ask for: how much, in what sizes, how long')
    .option('--json', 'one line of JSON, alone on standard output')
    .addHelpText('after', exitsHelp)
    .action(inspect);
  trace
    .command('convert')
    .argument('<file>', 'a .rep file, with four numbers in its header or two')
    .description('write a recorded workload in another format')
    .addOption(to().makeOptionMandatory())
    .option('--out <file>', 'where to write it; standard output if not given')
    .addHelpText('after', `\n${formatsHelp}\n${exitsHelp}`)
    .action(convert);
}

interface Output {
  to: Format;
  out?: string;
}

/** Writes lines to a file, or to standard output. */
const write = (lines: Iterable<string>, { out }: Output): Promise<void> =>
  out === undefined ? printLines(lines) : writeLines(lines, out);

/** A request as a line of JSON. */
const jsonLine = ({ op, id, size }: Request): string =>
  JSON.stringify([op, id, size]);

function* mapped<A, B>(all: Iterable<A>, f: (one: A) => B): Generator<B, void> {
  for (const one of all) yield f(one);
}

async function make(
  name: string,
  flags: LoadOptions & Output,
  command: Command,
): Promise<void> {
  const given = Object.keys(flags).filter(
    (flag) => command.getOptionValueSource(flag) === 'cli',
  );
  const { sizes = parseSizes('uniform:1:64') } = flags;
  const options = { ...flags, sizes };
  const load = loadNamed(name, options, given);
  const { to, operations } = flags;
  const format = '{bar} {value}/{total} lines';
  const bar = operations < LONG ? null : startBar(format, operations);
  let lines: Iterable<string>;
  if (to === 'jsonl') lines = mapped(load(), jsonLine);
  else lines = writeRep(load, to === 'rep2');
  try {
    await write(counted(lines, (done) => bar?.update(done)), flags);
  } finally {
    bar?.stop();
  }
}

/** The same lines, counted now and then. */
function* counted(
  lines: Iterable<string>,
  tell: (done: number) => void,
): Generator<string, void> {
  let done = 0;
  for (const line of lines) {
    if (done++ % 10_000 === 0) tell(done);
    yield line;
  }
}

/** Reads a .rep file, with a bar if it is long. */
async function withRep<T>(
  file: string,
  use: (rep: Rep) => T | Promise<T>,
): Promise<T> {
  const size = sizeOf(file);
  const format = `${file} {bar} {percentage} %`;
  const bar = size < LONG ? null : startBar(format, size);
  const lines = linesOf(file, (bytes) => bar?.update(bytes));
  try {
    return await use(readRep(lines, file));
  } finally {
    lines.return();
    bar?.stop();
  }
}

async function convert(file: string, output: Output): Promise<void> {
  const { to } = output;
  await withRep(file, ({ header, requests }) => {
    if (to === 'jsonl') return write(mapped(requests, jsonLine), output);
    const short = to === 'rep2';
    return write(withHeader(repHeader(header, short), requests), output);
  });
}

function* withHeader(
  header: readonly string[],
  requests: Workload,
): Generator<string, void> {
  yield* header;
  for (const request of requests) yield repLine(request);
}

/** What came of one file: a summary, or why there is none. */
type Inspected = { file: string } & (Summary | { error: string; exit: number });

async function inspect(
  files: string[],
  flags: { json?: boolean },
): Promise<void> {
  const all: Inspected[] = [];
  for (const file of files) {
    const inspected = await inspectOne(file);
    all.push(inspected);
    if (flags.json) continue;
    if (!('error' in inspected)) console.log(report(inspected));
    else process.stderr.write(`freelist: ${inspected.error}\n`);
  }
  if (flags.json) console.log(JSON.stringify({ files: all }));
  const exits = all.map((one) => ('exit' in one ? one.exit : 0));
  process.exitCode = Math.max(...exits);
}

async function inspectOne(file: string): Promise<Inspected> {
  try {
    const found = await withRep(file, ({ requests }) => summary(requests));
    return { file, ...found };
  } catch (error) {
    const { exit, message } = error as { exit?: unknown; message: string };
    if (typeof exit !== 'number') throw error;
    return { file, error: message, exit };
  }
}

function report(found: { file: string } & Summary): string {
  const { file, operations, allocs, reallocs, frees, ids } = found;
  const { peak_payload: bytes, peak_blocks: blocks } = found;
  const kinds = `${allocs} a, ${reallocs} r, ${frees} f`;
  return [
    `${file}: ${operations} operations (${kinds}), ${ids} ids`,
    `  at most alive: ${bytes} bytes asked for, ${blocks} blocks`,
    ...chart('sizes in bytes', found.sizes),
    ...chart('lifetimes in operations', found.lifetimes),
    ...(found.never_freed > 0 ? [`  never freed: ${found.never_freed}`] : []),
  ].join('\n');
}

const WIDE = 40; // marks of the longest bar

/** A histogram, a line for each power of two. */
function chart(title: string, octaves: readonly Octave[]): string[] {
  const most = Math.max(0, ...octaves.map(({ count }) => count));
  const rows = octaves.map(({ from, count }) => {
    const range = `${from}..${2 * from - 1}`;
    const bar = '#'.repeat(Math.ceil((count / most) * WIDE));
    return `    ${range.padStart(16)} ${String(count).padStart(8)}  ${bar}`;
  });
  return [`  ${title}:`, ...rows];
}
