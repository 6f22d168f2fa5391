// How the two set-up commands speak, and how they run other programs.
//
// Every command is printed before it runs, its output is kept back, and a
// failure becomes one sentence: what failed, why, and what to do. Progress
// goes to standard error.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline/promises';

/** An error whose message is all that the user sees. */
export class Trouble extends Error {
  /** @param {number} exit 1: a step failed, 2: cannot be done as asked. */
  constructor(message, exit) {
    super(message);
    this.name = 'Trouble';
    this.exit = exit;
  }
}

/** No Python can be had here, whatever the user says. */
export class NoPython extends Trouble {}

export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** A command as one would type it. */
export function asTyped(argv) {
  const plain = /^[\w@%+=:,./\\~-]+$/;
  const quoted = (word) => `'${word.replaceAll("'", `'\\''`)}'`;
  return argv.map((word) => (plain.test(word) ? word : quoted(word))).join(' ');
}

/**
 * Runs a command to its end and resolves to `{ code, output }`, with both
 * streams in `output`. `shown` is what one would type for it. A program
 * that cannot be started has the code 127. An end that is asked of us is
 * asked of the command too.
 */
export async function run(argv, options = {}) {
  const { cwd, env, verbose = false, shell = false, shown = argv } = options;
  say(`$ ${asTyped(shown)}`);
  const child = spawn(argv[0], argv.slice(1), {
    cwd,
    env,
    shell,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      output += text;
      if (verbose) process.stderr.write(text);
    });
  }
  const stopClock = verbose ? () => {} : clock();
  const pass = (signal) => {
    child.kill(signal);
    stopClock();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, pass);
  try {
    const code = await new Promise((resolve) => {
      child.once('error', (error) => {
        output += error.message;
        resolve(127);
      });
      child.once('close', (status) => resolve(status ?? 1));
    });
    return { code, output };
  } finally {
    stopClock();
    for (const signal of signals) process.off(signal, pass);
  }
}

/** On a terminal, seconds that count up while a command runs. */
function clock() {
  if (!process.stderr.isTTY) return () => {};
  const start = Date.now();
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - start) / 1000);
    process.stderr.write(`\r  … ${seconds} s `);
  }, 1000);
  return () => {
    clearInterval(timer);
    process.stderr.write('\r\x1b[K');
  };
}

/** Causes that every installer meets, by what it prints then. */
const CAUSES = [
  {
    seen: new RegExp(
      [
        'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH',
        'EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT',
        'NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout',
        'ProxyError|Temporary failure (?:in name resolution|resolving)',
        'Name or service not known|Could not resolve|Network is unreachable',
        'Failed to establish a new connection|Connection refused',
      ].join('|'),
    ),
    says: 'there is no way to the package server',
    remedy: 'Check the network (behind a proxy, set HTTPS_PROXY)',
  },
  {
    seen: new RegExp(
      [
        'CERT_|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)',
        'self.signed|CERTIFICATE_VERIFY_FAILED',
      ].join('|'),
    ),
    says: "the package server's certificate is not trusted",
    remedy:
      'Behind a proxy that opens TLS, name its certificate in ' +
      'NODE_EXTRA_CA_CERTS and PIP_CERT',
  },
  {
    seen: /ENOSPC|No space left on device/,
    says: 'the disk is full',
    remedy: 'Make room (some 700 MB)',
  },
  {
    seen: /EACCES|EPERM|EROFS|Permission denied|Read-only file system/,
    says: 'a file may not be written',
    remedy: 'See that this folder and all in it belong to you',
  },
  {
    seen: /EINTEGRITY|DO NOT MATCH THE HASHES/,
    says: 'a downloaded file is not the one that was pinned',
    remedy: 'Look for a proxy or mirror that alters files',
  },
];

/**
 * The Trouble for a command that failed: with a known cause one sentence,
 * else its own last lines too.
 */
export function failure({ command, output, code, again }) {
  const cause = CAUSES.find(({ seen }) => seen.test(output));
  if (cause) {
    return new Trouble(
      `"${command}" failed: ${cause.says}. ${cause.remedy}, then run ` +
        `"${again}" again.`,
      1,
    );
  }
  return new Trouble(
    `"${command}" failed (exit ${code}). Its last lines were:\n` +
      `${lastLines(output)}\n` +
      `Mend that, then run "${again}" again; --verbose shows all of it.`,
    1,
  );
}

export function lastLines(text, count = 15) {
  return (text.trimEnd() || '(it printed nothing)')
    .split('\n')
    .slice(-count)
    .map((line) => `  | ${line.trimEnd()}`)
    .join('\n');
}

/** Whether someone is there to answer a question. */
export function onTerminal() {
  return Boolean(process.stdin.isTTY && process.stderr.isTTY);
}

/** Asks on the terminal; only a plain yes is one. */
export async function ask(question) {
  const line = createInterface({
    input: process.stdin,
    output: process.stderr,
  });
  try {
    return /^y(es)?$/i.test((await line.question(`${question} [y/N] `)).trim());
  } catch {
    return false;
  } finally {
    line.close();
  }
}
