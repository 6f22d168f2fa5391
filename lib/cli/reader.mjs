// The course to read, without Jupyter: npm start -- --reader.
//
// The handouts are exported (Node executes the notebooks, no Python is
// needed) and served on this machine alone. A page needs nothing but
// itself, so the server knows one kind of file; whatever is asked for, it
// answers with one from its own list, or with "not found".
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { openBrowser } from './browser.mjs';
import { say, Trouble } from './say.mjs';
import { choosePort } from './server.mjs';

const HOST = '127.0.0.1';
const FOLDER = path.join('.freelist', 'reader');
const PAGE = /^[\w-]+\.html$/;

/** Calls `leave` on the signals that ask us to end; returns the undoing. */
function onSignals(leave) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, leave);
  return () => {
    for (const signal of signals) process.off(signal, leave);
  };
}

/** Exports the handouts; resolves to the code and the signal we were sent. */
async function exportHandouts(root) {
  const words = ['lib/cli/bin.mjs', 'handout', '--out', FOLDER];
  const child = spawn(process.execPath, words, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'], // progress, and what failed
  });
  let asked = null;
  const undo = onSignals((signal) => {
    asked ??= signal;
    child.kill(signal);
  });
  const code = await new Promise((resolve) => {
    child.once('error', (error) => {
      say(error.message);
      resolve(1);
    });
    child.once('close', (status) => resolve(status ?? 1));
  });
  undo();
  return { code, asked };
}

/** The page that an address names, or null: never a path, only a name. */
function pageFor(url, folder) {
  let name;
  try {
    name = decodeURIComponent(url.split(/[?#]/, 1)[0]).slice(1);
  } catch {
    return null;
  }
  if (name === '') name = 'index.html';
  const known = PAGE.test(name) && readdirSync(folder).includes(name);
  return known ? path.join(folder, name) : null;
}

/** Answers one request. */
function answer(folder, request, reply) {
  const text = 'text/plain; charset=utf-8';
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    reply.writeHead(405, { 'Content-Type': text, Allow: 'GET, HEAD' });
    reply.end('Only reading is possible here.\n');
    return;
  }
  let body = null;
  try {
    const file = pageFor(request.url, folder);
    if (file !== null) body = readFileSync(file);
  } catch {
    // The folder or the page has gone meanwhile.
  }
  reply.writeHead(body ? 200 : 404, {
    'Content-Type': body ? 'text/html; charset=utf-8' : text,
    'Cache-Control': 'no-cache',
    'X-Content-Type-Options': 'nosniff',
  });
  const told = body ?? 'There is no such page. The list is at /index.html.\n';
  reply.end(request.method === 'HEAD' ? undefined : told);
}

/** Serves the pages of a folder; resolves when it listens. */
export async function servePages(folder, port) {
  const server = createServer((request, reply) => {
    answer(folder, request, reply);
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, resolve);
  });
  return server;
}

/**
 * Exports the handouts, serves them, and stays until a signal comes.
 * Resolves to the exit code.
 * @param {string} root the project folder
 * @param {{ port?: number, browser: boolean }} options the port, if not the
 *   first free one; whether to open a browser
 */
export async function serveReader(root, { port, browser }) {
  const chosen = await choosePort(port);
  say('Executing the notebooks and setting them as pages (a minute or two) …');
  const { code, asked } = await exportHandouts(root);
  if (asked) return 0;
  const folder = path.join(root, FOLDER);
  if (code > 1 || !existsSync(path.join(folder, 'index.html'))) {
    throw new Trouble(
      'the notebooks could not be set as pages. Mend what is said above, ' +
        'then run "npm start -- --reader" again.',
      1,
    );
  }

  let leave;
  const left = new Promise((resolve) => (leave = resolve));
  const undo = onSignals(leave);
  const server = await servePages(folder, chosen);
  const address = `http://${HOST}:${chosen}/`;
  process.stdout.write(`\n${address}\n\n`);
  const shown = browser && (await openBrowser(address, process.env));
  const how = shown ? 'Your browser shows this address' : 'Open it in a browser';
  say(`${how}. Ctrl-C stops everything.`);
  await left;
  undo();
  server.close();
  server.closeAllConnections();
  say('\nStopped.');
  return 0;
}
