// What npm test does: set up, check, test. It is all that CI runs.
//
// Without Jupyter or Chromium the tests that need them are passed over,
// with one line that says so; with CI=true that is a failure.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { findChromium, GET_CHROMIUM } from './chromium.mjs';
import { amiss } from './packages.mjs';
import { say, Trouble } from './say.mjs';
import { ROOT, setUp } from './setup.mjs';

const HELP = `Usage: npm test -- [--yes] [--verbose] [arguments of vitest]

Installs what is missing (npm's packages; Jupyter, in .venv), then checks
(npm run check) and runs the tests: all, or those whose path has one of the
words given, as in "npm test -- test/bsd".

  --yes       install missing system packages without asking
  --verbose   show what the installers print
  --help      show this
`;

/** Splits our own flags from the words that are for vitest. */
function readArguments(words) {
  const own = { '--yes': false, '--verbose': false, '--help': false };
  const passed = words.filter((word) => !(word in own));
  for (const word of words) if (word in own) own[word] = true;
  return {
    yes: own['--yes'],
    verbose: own['--verbose'],
    help: own['--help'],
    passed,
  };
}

/** Runs a Node program in the foreground; resolves to its exit code. */
function foreground(args, env) {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env,
    stdio: 'inherit',
  });
  // Ctrl-C reaches the child by itself; it ends, and then we do.
  const wait = () => {};
  const pass = () => child.kill('SIGTERM');
  process.on('SIGINT', wait);
  process.on('SIGTERM', pass);
  return new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('close', (code) => resolve(code ?? 1));
  }).finally(() => {
    process.off('SIGINT', wait);
    process.off('SIGTERM', pass);
  });
}

async function jupyterOrNull(options, ci) {
  try {
    return await setUp(options);
  } catch (error) {
    if (!(error instanceof Trouble) || ci || amiss(ROOT)) throw error;
    const why = error.message.replace(/\s*\n\s*/g, ' ');
    say(`Tests that need Jupyter are passed over: ${why}`);
    return null;
  }
}

function browserOrNull(env, ci) {
  const browser = findChromium(env);
  if (browser) return browser;
  if (ci) {
    throw new Trouble(
      `the tests need Chromium, and there is none: ${GET_CHROMIUM}.`,
      2,
    );
  }
  say(`Tests that need Chromium are passed over. To get it: ${GET_CHROMIUM}.`);
  return null;
}

export async function main(words) {
  const { yes, verbose, help, passed } = readArguments(words);
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  const env = { ...process.env };
  const ci = env.CI === 'true';
  const jupyter = await jupyterOrNull(
    { root: ROOT, env, yes, verbose, tests: true, again: 'npm test' },
    ci,
  );
  if (jupyter) env.FREELIST_PYTHON = jupyter.python;
  const browser = browserOrNull(env, ci);
  if (browser) env.FREELIST_CHROMIUM = browser;

  const checked = await foreground(
    [path.join(ROOT, 'lib/cli/bin.mjs'), 'check'],
    env,
  );
  const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
  const tested = await foreground([vitest, 'run', ...passed], env);
  if (checked !== 0)
    say('npm test: the check found faults (see above the tests).');
  return checked !== 0 || tested !== 0 ? 1 : 0;
}
