// The program behind `npx freelist <verb>` and the npm scripts.
//
// One verb a file: each exports `register(program)`. Exit codes: 0 done,
// 1 something failed or differs, 2 wrong use or unreadable input. An error
// that knows its exit code carries it as `exit`; its message is all that
// the user sees.
import { Command, CommanderError } from 'commander';
import { register as registerCheck } from './check.js';
import { register as registerGrade } from './grade.js';
import { register as registerHandout } from './handout.js';
import { register as registerReplay } from './replay.js';
import { register as registerRun } from './run.js';
import { register as registerWeave } from './weave.js';

const verbs = [
  registerCheck,
  registerGrade,
  registerHandout,
  registerReplay,
  registerRun,
  registerWeave,
];

/** Errors of the rooms carry their exit code, and need no stack trace. */
function exitCode(error: unknown): number | undefined {
  const exit = (error as { exit?: unknown } | null)?.exit;
  return typeof exit === 'number' ? exit : undefined;
}

export async function main(argv: string[]): Promise<void> {
  const program = new Command('freelist')
    .description('Kernel memory allocators, read line by line, run against the real thing.')
    .exitOverride()
    .showHelpAfterError('(add --help for what it takes)');
  for (const register of verbs) register(program);
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    const exit = exitCode(error);
    if (exit === undefined) throw error;
    process.stderr.write(`freelist: ${(error as Error).message}\n`);
    process.exitCode = exit;
  }
}
