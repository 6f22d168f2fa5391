// The Jupyter server of npm start, from its first breath to its last.
//
// It runs in a session of its own, so that Ctrl-C reaches us alone and we
// end it in order: it ends its kernels, then itself. Its standard input is
// a pipe that we hold (see lib/jupyter/config): if we are killed, it goes.
import { spawn } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { locate } from './python.mjs';
import { lastLines, Trouble } from './say.mjs';

const HOST = '127.0.0.1';
const USUAL_PORT = 8888;

/** How long (ms) it may take to answer, and to end with its kernels. */
const MAY_START = 90_000;
const MAY_STOP = 15_000;

/** Null if the port can be had, else the code of the error. */
function refusal(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.code));
    server.listen(port, HOST, () => server.close(() => resolve(null)));
  });
}

function taken(port) {
  return new Trouble(
    `port ${port} is in use by another program. Name another one: ` +
      `"npm start -- --port ${port < 65535 ? port + 1 : port - 1}".`,
    2,
  );
}

/** The port asked for, or the first free one from Jupyter's usual one on. */
export async function choosePort(asked) {
  if (asked !== undefined) {
    const code = await refusal(asked);
    if (code === null) return asked;
    if (code !== 'EACCES') throw taken(asked);
    throw new Trouble(
      `port ${asked} is kept for the system. Take one from 1024 on.`,
      2,
    );
  }
  for (let port = USUAL_PORT; port < USUAL_PORT + 100; port++) {
    if ((await refusal(port)) === null) return port;
  }
  throw taken(USUAL_PORT);
}

/**
 * The environment of the server. Settings, trust and state of this Jupyter
 * live in the project; the user's own are neither read nor written.
 */
export function environment(root, base) {
  const env = {};
  for (const [name, value] of Object.entries(base)) {
    if (!/^(JUPYTER|JPY_)/.test(name)) env[name] = value;
  }
  const inside = (name) => path.join(root, '.jupyter', name);
  // The kernelspec says "node"; it must be the one that runs us.
  const node = locate('node', base);
  if (!node || realpathSync(node) !== process.execPath) {
    const name = Object.keys(env).find((key) => /^path$/i.test(key)) ?? 'PATH';
    const folders = [path.dirname(process.execPath), env[name] ?? ''];
    env[name] = folders.join(path.delimiter);
  }
  return {
    ...env,
    JUPYTER_PATH: path.join(root, '.jupyter'),
    JUPYTER_CONFIG_PATH: path.join(root, 'lib', 'jupyter', 'config'),
    JUPYTER_CONFIG_DIR: inside('config'),
    JUPYTER_DATA_DIR: inside('data'),
    JUPYTER_RUNTIME_DIR: inside('runtime'),
    IPYTHONDIR: inside('ipython'),
    FREELIST_LIFELINE: '1',
  };
}

function argumentsFor({ root, port }) {
  return [
    '-m',
    'jupyterlab',
    '--no-browser',
    `--ServerApp.ip=${HOST}`,
    `--ServerApp.port=${port}`,
    '--ServerApp.port_retries=0',
    `--ServerApp.root_dir=${root}`,
    ...(process.getuid?.() === 0 ? ['--allow-root'] : []),
  ];
}

/**
 * Passes on what the server reports as an error, with the lines after it,
 * and what a kernel that cannot start says.
 */
function errorsOnly(write) {
  let rest = '';
  let passing = false;
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const level = /^\[([DIWEC]) /.exec(line)?.[1];
      if (level) passing = level === 'E';
      if (passing || line.startsWith('freelist kernel:')) write(`${line}\n`);
    }
  };
}

/** What the server wrote about itself once it listened, or null. */
function ownAccount(folder, port, since) {
  try {
    for (const name of readdirSync(folder)) {
      if (!/^jpserver-\d+\.json$/.test(name)) continue;
      const file = path.join(folder, name);
      if (statSync(file).mtimeMs < since) continue;
      const account = JSON.parse(readFileSync(file, 'utf8'));
      if (account.port === port) return account;
    }
  } catch {
    // Not written, or half written: the next look will do.
  }
  return null;
}

/**
 * Starts the server. Returns at once with
 *   ready    resolves to its address for a notebook: (path) => URL
 *   ended    resolves to `{ code, words }` when it has ended, in any way
 *   stop()   ends it and its kernels in order; called again, at once
 */
export function startServer({ root, jupyter, port, env, verbose }) {
  const theirs = environment(root, env);
  const runtime = theirs.JUPYTER_RUNTIME_DIR;
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  const since = Date.now() - 1000;
  const child = spawn(jupyter.python, argumentsFor({ root, port }), {
    cwd: root,
    env: theirs,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let words = '';
  const pass = verbose
    ? (text) => process.stderr.write(text)
    : errorsOnly((text) => process.stderr.write(text));
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      words = (words + text).slice(-20_000);
      pass(text);
    });
  }
  child.stdin.on('error', () => {});

  let over = false;
  const ended = new Promise((resolve) => {
    child.once('error', (error) => {
      words += error.message;
      resolve(127);
    });
    child.once('close', (code, signal) => resolve(code ?? signal));
  }).then((code) => {
    over = true;
    return { code, words };
  });

  const killAll = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      child.kill('SIGKILL');
    }
  };

  async function isReady() {
    const until = Date.now() + MAY_START;
    while (!over && Date.now() < until) {
      const account = ownAccount(runtime, port, since);
      if (account && (await answers(account))) {
        return (notebook) => address(account, notebook);
      }
      await sleep(100);
    }
    if (!over) {
      killAll();
      await ended;
    } else if (/(Address|port \d+ is) already in use/i.test(words)) {
      throw taken(port);
    }
    throw new Trouble(
      `Jupyter (${jupyter.python}) did not start. Its last lines were:\n` +
        lastLines(words),
      1,
    );
  }

  let stopping = false;
  async function stop() {
    if (over) return;
    if (stopping) {
      killAll();
      return;
    }
    stopping = true;
    child.kill('SIGTERM');
    const late = setTimeout(killAll, MAY_STOP);
    await ended;
    clearTimeout(late);
  }

  return { ready: isReady(), ended, stop };
}

async function answers({ url, token }) {
  try {
    const reply = await fetch(`${url}api/status`, {
      headers: { Authorization: `token ${token}` },
      signal: AbortSignal.timeout(5000),
    });
    return reply.status < 500;
  } catch {
    return false;
  }
}

function address({ url, token }, notebook) {
  const file = notebook.split('/').map(encodeURIComponent).join('/');
  return `${url}lab/tree/${file}${token ? `?token=${token}` : ''}`;
}
