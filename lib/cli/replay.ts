// freelist replay: golden traces against our allocators.
import { statSync } from 'node:fs';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { makeBsdReplayer } from '../trace/adapters/bsd.js';
import {
  MalformedTrace,
  replayFile,
  type MakeReplayer,
  type Replayed,
} from '../trace/golden.js';

/** One adapter a system; a new system adds its own here. */
const makers: MakeReplayer[] = [makeBsdReplayer];

const BIG = 200_000; // bytes from which a file earns a progress bar

export function register(program: Command): void {
  program
    .command('replay')
    .argument('<file...>', 'golden traces (.jsonl)')
    .description('replay golden traces and report the first difference')
    .addHelpText(
      'after',
      '\nExit codes: 0 no difference, 1 a difference, 2 a file that cannot be' +
        '\nread or is no golden trace.',
    )
    .action(replay);
}

async function replay(files: string[]): Promise<void> {
  let worst = 0;
  for (const file of files) worst = Math.max(worst, await replayOne(file));
  process.exitCode = worst;
}

/** @returns the exit code for this file */
async function replayOne(file: string): Promise<number> {
  const bar = progress(file);
  try {
    const done = await replayFile(file, makers, (line) => bar?.update(line));
    bar?.stop();
    console.log(report(file, done));
    return done.difference === null ? 0 : 1;
  } catch (error) {
    bar?.stop();
    if (!(error instanceof MalformedTrace)) throw error;
    process.stderr.write(`freelist: ${error.message}\n`);
    return error.exit;
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

/** A bar on a terminal, for a file that takes a while; else none. */
function progress(file: string): SingleBar | null {
  if (!process.stderr.isTTY || sizeOf(file) < BIG) return null;
  const format = `${file} {value} lines`;
  const bar = new SingleBar({ format, clearOnComplete: true });
  bar.start(0, 0);
  return bar;
}

function report(file: string, { operations, checkpoints, difference }: Replayed) {
  const counts = `${file}: ${operations} operations, ${checkpoints} checkpoints`;
  if (difference === null) return `${counts}, 0 differences`;
  const { line, operation, call, expected, got } = difference;
  return [
    `${file}:${line}: differs at operation ${operation}, ${call}`,
    `  expected ${JSON.stringify(expected)}`,
    `  got      ${JSON.stringify(got)}`,
  ].join('\n');
}
