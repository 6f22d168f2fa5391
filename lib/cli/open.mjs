// What npm start does: set up, start Jupyter on a notebook, and stay until
// Ctrl-C, which leaves no process behind.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openBrowser } from './browser.mjs';
import { writeKernelspec } from './kernelspec.mjs';
import { setUpPackages } from './packages.mjs';
import { serveReader } from './reader.mjs';
import { lastLines, NoPython, say, Trouble } from './say.mjs';
import { choosePort, startServer } from './server.mjs';
import { alone, ROOT, setUp } from './setup.mjs';

const FIRST = 'notebooks/00-start-here.ipynb';

const HELP = `Usage: npm start -- [options] [notebook]

Installs what is missing (npm's packages; Jupyter, in .venv), opens the
course in Jupyter, and stops everything on Ctrl-C.

  notebook       the notebook to open (default: ${FIRST})
  --reader       no Jupyter: the notebooks, executed, as pages to read
  --port N       the server's port (default: the first free one from 8888 on)
  --no-browser   print the address, open no browser
  --yes          install missing system packages without asking
  --verbose      show what the installers and the server print
  --help         show this
`;

function readArguments(words) {
  let parsed;
  try {
    parsed = parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        port: { type: 'string' },
        reader: { type: 'boolean', default: false },
        'no-browser': { type: 'boolean', default: false },
        yes: { type: 'boolean', short: 'y', default: false },
        verbose: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    const what = error.message.split('.')[0];
    throw new Trouble(`${what}. "npm start -- --help" lists what it takes.`, 2);
  }
  const { values, positionals } = parsed;
  const port = values.port === undefined ? undefined : Number(values.port);
  if (
    port !== undefined &&
    !(Number.isInteger(port) && port > 0 && port < 65536)
  ) {
    throw new Trouble(
      `--port ${values.port} is no port: give a whole number from 1 to 65535.`,
      2,
    );
  }
  if (positionals.length > 1) {
    throw new Trouble('one notebook can be opened, not more.', 2);
  }
  return { ...values, port, notebook: positionals[0] };
}

/** The notebook's path in the project, with '/' between its parts. */
function findNotebook(asked = FIRST) {
  const file = path.resolve(ROOT, asked);
  const inside = path.relative(ROOT, file);
  if (inside.startsWith('..') || path.isAbsolute(inside)) {
    throw new Trouble(
      `${asked} lies outside the project; Jupyter cannot open it.`,
      2,
    );
  }
  if (!existsSync(file)) {
    throw new Trouble(
      `${asked} is not there. Notebooks are named like ${FIRST}; "npm run ` +
        'weave" writes them from their sources.',
      2,
    );
  }
  return inside.split(path.sep).join('/');
}

/** The process that started `pid`, where the system tells (Linux). */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}

/**
 * Calls `leave` when we are asked to end, or who started us has ended:
 * under npm that is a shell, and npm behind it.
 */
function onLeave(leave) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, leave);
  const above = () => {
    const parent = process.ppid;
    const next = process.env.npm_lifecycle_event ? parentOf(parent) : null;
    return `${parent} ${next}`;
  };
  const first = above();
  const watch = setInterval(() => {
    if (above() === first) return;
    clearInterval(watch);
    leave();
  }, 1000);
  watch.unref();
}

async function announce(address, browser, env) {
  process.stdout.write(`\n${address}\n\n`);
  const shown = browser && (await openBrowser(address, env));
  const what = shown
    ? 'Your browser shows this address.'
    : 'Open this address in a browser.';
  say(`${what} Ctrl-C stops everything.`);
}

export async function main(words) {
  const options = readArguments(words);
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { verbose, yes } = options;
  const { env } = process;
  const needs = { root: ROOT, env, yes, verbose, tests: false };
  const pages = { port: options.port, browser: !options['no-browser'] };
  if (options.reader) {
    const again = 'npm start -- --reader';
    await alone(ROOT, () => setUpPackages({ ...needs, again }));
    return serveReader(ROOT, pages);
  }
  const notebook = findNotebook(options.notebook);
  const port = await choosePort(options.port);
  let jupyter;
  try {
    jupyter = await setUp({ ...needs, again: 'npm start' });
  } catch (error) {
    if (!(error instanceof NoPython)) throw error;
    say(`${error.message}\nWithout it, here is the course to read.`);
    return serveReader(ROOT, pages);
  }
  writeKernelspec(ROOT);

  say(`Starting ${jupyter.name} …`);
  const server = startServer({ root: ROOT, jupyter, port, env, verbose });
  let leaving = 0;
  onLeave(() => {
    // On Ctrl-C the terminal and npm both send the signal: the same one,
    // twice. Later it means that someone will not wait.
    if (leaving && Date.now() - leaving < 1000) return;
    if (!leaving) say('\nStopping Jupyter and its kernels …');
    leaving ||= Date.now();
    server.stop();
  });

  try {
    const address = (await server.ready)(notebook);
    if (!leaving) await announce(address, !options['no-browser'], env);
  } catch (error) {
    if (!leaving) throw error;
  }
  const { code, words: last } = await server.ended;
  if (leaving || code === 0) {
    say(leaving ? 'Stopped.' : 'Jupyter was shut down from its page.');
    return 0;
  }
  throw new Trouble(
    `Jupyter ended by itself (${code}). Its last lines were:\n` +
      `${lastLines(last)}\nRun "npm start" again.`,
    1,
  );
}
