// freelist replay: golden traces and recorded programs, on our allocators.
//
// A golden trace names its own system and says what the original answered:
// the result is the first difference. A recorded program says what was
// asked for and no more: --on names the system, the result is what it cost.
import type { Command } from 'commander';
import { makeBsdReplayer } from '../trace/adapters/bsd.js';
import { makeDlmallocReplayer } from '../trace/adapters/dlmalloc.js';
import { makeKmemReplayer } from '../trace/adapters/kmem.js';
import { makePagesReplayer } from '../trace/adapters/pages.js';
import { makeSlabReplayer } from '../trace/adapters/slab.js';
import { systems, type System } from '../trace/adapters/systems.js';
import { makeVmemReplayer } from '../trace/adapters/vmem.js';
import {
  MalformedTrace,
  replayFile,
  type MakeReplayer,
  type Replayed,
} from '../trace/golden.js';
import { sizeOf } from './lines.js';
import * as programs from './programs.js';
import { startBar } from './progress.js';

/** One adapter a system; a new system adds its own here. */
const makers: MakeReplayer[] = [
  makeBsdReplayer,
  makeVmemReplayer,
  makePagesReplayer,
  makeSlabReplayer,
  makeDlmallocReplayer,
  makeKmemReplayer,
];

const BIG = 200_000; // bytes from which a file earns a progress bar

/** Called as nobody can mean it: exit 2. */
class WrongUse extends Error {
  readonly exit = 2;
}

/** @param known the systems that --on may name; another list in tests */
export function register(program: Command, known = systems): void {
  const verb = program
    .command('replay')
    .argument('<file...>', 'golden traces (.jsonl), or recorded programs (.rep)')
    .description('replay traces on our allocators')
    .option('--on <system>', 'the system that a recorded program runs on')
    .option('--json', 'JSON, alone on standard output')
    .addHelpText('after', () => help(known))
    .action((files: string[]) => replay(files, verb, known));
  for (const option of known.flatMap(({ options }) => options)) {
    const taken = verb.options.some(({ long }) => long === option.long);
    if (!taken) verb.addOption(option);
  }
}

const help = (known: readonly System[]): string => `
A golden trace names its own system. Printed is the first difference; with
--json one line for all files, {"files": […]}. Its name may end in .gz.

A recorded program is replayed on one of these:

${programs.about(known)}

Printed are its operations; the payload, in bytes, when it was largest; the
memory taken, when it was largest; the first over the second; the records
that an allocation looked at, mean and worst; and an FNV-1a digest of the
offsets. With --json one line a file, and "file" is in it when there are
several. Each block is checked: aligned to 8 bytes, inside the memory, no
overlap with a block alive. An allocation that fails counts as offset
ffffffff, and what is then done with its id does nothing; a reallocation
that fails leaves the old block alive.

Exit codes: 0 no difference, every block valid; 1 a difference, a block that
is not valid, or a panic; 2 wrong use, or a file that cannot be read.`;

async function replay(
  files: string[],
  verb: Command,
  known: readonly System[],
): Promise<void> {
  const { on, json } = verb.opts<{ on?: string; json?: boolean }>();
  mustFit(files, on, known);
  const system = known.find(({ name }) => name === on);
  mustBelong(verb, system, known);
  if (system === undefined) return golden(files, json);
  const { options } = system;
  const own = options.map((option) => option.attributeName());
  const given = Object.fromEntries(
    own.map((name) => [name, verb.getOptionValue(name)]),
  );
  process.exitCode = programs.replayAll(files, system, given, json);
}

/** Do the files and --on go together? @throws WrongUse */
function mustFit(
  files: string[],
  on: string | undefined,
  known: readonly System[],
): void {
  const names = known.map(({ name }) => name).join(', ');
  if (on !== undefined && known.every(({ name }) => name !== on)) {
    throw new WrongUse(`there is no system "${on}" (there are ${names})`);
  }
  for (const file of files) {
    if (on === undefined && /\.rep$/.test(file)) {
      throw new WrongUse(
        `${file} does not say on which system it runs. Add --on SYSTEM, ` +
          `which is one of: ${names}.`,
      );
    }
    if (on !== undefined && /\.jsonl?(\.gz)?$/.test(file)) {
      throw new WrongUse(
        `${file} is a golden trace and names its own system. ` +
          `Leave out --on ${on}.`,
      );
    }
  }
}

/** Is every option that was given one of this system? @throws WrongUse */
function mustBelong(
  verb: Command,
  system: System | undefined,
  known: readonly System[],
): void {
  for (const option of verb.options) {
    const has = ({ options }: System) =>
      options.some(({ long }) => long === option.long);
    const owners = known.filter(has).map(({ name }) => name);
    const source = verb.getOptionValueSource(option.attributeName());
    if (owners.length === 0 || source === undefined) continue;
    if (source === 'default' || (system && has(system))) continue;
    const [long, whose] = [option.long, owners.join(', ')];
    throw new WrongUse(
      system === undefined
        ? `${long} needs --on: it is an option of ${whose}`
        : `${long} is an option of ${whose}, not of ${system.name}`,
    );
  }
}

/** What came of one golden trace: a replay, or why there is none. */
type Outcome = { file: string } & (Replayed | { error: string; exit: number });

async function golden(files: string[], json?: boolean): Promise<void> {
  const outcomes: Outcome[] = [];
  for (const file of files) {
    const outcome = await replayOne(file);
    outcomes.push(outcome);
    if (json) continue;
    if ('error' in outcome) process.stderr.write(`freelist: ${outcome.error}\n`);
    else console.log(report(outcome));
  }
  if (json) console.log(JSON.stringify({ files: outcomes }));
  process.exitCode = Math.max(...outcomes.map(exitOf));
}

/** 0 no difference, 1 a difference, 2 not replayed. */
function exitOf(outcome: Outcome): number {
  if ('error' in outcome) return outcome.exit;
  return outcome.difference === null ? 0 : 1;
}

async function replayOne(file: string): Promise<Outcome> {
  const long = sizeOf(file) >= BIG;
  const bar = long ? startBar(`${file} {value} lines`, 0) : null;
  try {
    const done = await replayFile(file, makers, (line) => bar?.update(line));
    return { file, ...done };
  } catch (error) {
    if (!(error instanceof MalformedTrace)) throw error;
    return { file, error: error.message, exit: error.exit };
  } finally {
    bar?.stop();
  }
}

function report(done: { file: string } & Replayed): string {
  const { file, operations, checkpoints, difference } = done;
  const counts = `${file}: ${operations} operations, ${checkpoints} checkpoints`;
  if (difference === null) return `${counts}, 0 differences`;
  const { line, operation, call, expected, got } = difference;
  return [
    `${file}:${line}: differs at operation ${operation}, ${call}`,
    `  expected ${JSON.stringify(expected)}`,
    `  got      ${JSON.stringify(got)}`,
  ].join('\n');
}
