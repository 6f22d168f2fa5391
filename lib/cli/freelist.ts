// The program behind `npx freelist <verb>` and the npm scripts.
//
// One verb a file: each exports `register(program)`. Exit codes: 0 done,
// 1 something failed or differs, 2 wrong use or unreadable input. An error
// that knows its exit code carries it as `exit`; its message is all that
// the user sees.
import { Command, CommanderError } from 'commander';

interface Verb {
  register(program: Command): void;
}

/**
 * The verbs, each loaded when it is called: one of them needs a compiler,
 * another one Vega, and nobody should wait for both to replay a trace.
 */
const verbs: { [name: string]: () => Verb } = {
  bench: () => require('./bench.js'),
  check: () => require('./check.js'),
  grade: () => require('./grade.js'),
  handout: () => require('./handout.js'),
  replay: () => require('./replay.js'),
  run: () => require('./run.js'),
  trace: () => require('./trace.js'),
  weave: () => require('./weave.js'),
};

/** The verb that is called; all of them when help is asked, or none known. */
function called(argv: readonly string[]): Verb[] {
  const [name = ''] = argv;
  const loaders = Object.hasOwn(verbs, name) ? [verbs[name]] : Object.values(verbs);
  return loaders.map((load) => load());
}

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
  for (const { register } of called(argv)) register(program);
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
