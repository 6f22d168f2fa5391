// freelist replay: golden traces against our allocators.
import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { makeBsdReplayer } from '../trace/adapters/bsd.js';
import {
  MalformedTrace,
  replayFile,
  type MakeReplayer,
  type Replayed,
} from '../trace/golden.js';
import { startBar } from './progress.js';

/** One adapter a system; a new system adds its own here. */
const makers: MakeReplayer[] = [makeBsdReplayer];

const BIG = 200_000; // bytes from which a file earns a progress bar

export function register(program: Command): void {
  program
    .command('replay')
    .argument('<file...>', 'golden traces (.jsonl)')
    .description('replay golden traces and report the first difference')
    .option('--json', 'one line of JSON, alone on standard output')
    .addHelpText(
      'after',
      '\nExit codes: 0 no difference, 1 a difference, 2 a file that cannot be' +
        '\nread or is no golden trace.',
    )
    .action(replay);
}

/** What came of one file: a replay, or why there is none. */
type Outcome = { file: string } & (Replayed | { error: string; exit: number });

async function replay(files: string[], flags: { json?: boolean }): Promise<void> {
  const outcomes: Outcome[] = [];
  for (const file of files) {
    const outcome = await replayOne(file);
    outcomes.push(outcome);
    if (flags.json) continue;
    if ('error' in outcome) process.stderr.write(`freelist: ${outcome.error}\n`);
    else console.log(report(outcome));
  }
  if (flags.json) console.log(JSON.stringify({ files: outcomes }));
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

/** Bytes of a file; 0 when it cannot be asked, which reading will say. */
function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
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
