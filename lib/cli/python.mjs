// Which Pythons are here, and what each of them has.
//
// A Jupyter is found through the Python that it lives in: that one can run
// JupyterLab, and its nbclient can run the tests' notebooks.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  readSync,
  statSync,
} from 'node:fs';
import path from 'node:path';

/** The file that a name on PATH stands for, or null. */
export function locate(name, env = process.env) {
  const windows = process.platform === 'win32';
  const endings = windows ? ['.exe', '.cmd', '.bat'] : [''];
  for (const folder of (env.PATH ?? env.Path ?? '').split(path.delimiter)) {
    if (!folder) continue;
    for (const ending of endings) {
      const file = path.join(folder, name + ending);
      try {
        accessSync(file, constants.X_OK);
        if (statSync(file).isFile()) return file;
      } catch {
        // Not here; the next folder may have it.
      }
    }
  }
  return null;
}

/** Asks a Python about itself, in words that Python 2 knows too. */
const QUESTIONS = `
import json, sys
def version(name):
    try:
        from importlib import metadata
        return metadata.version(name)
    except Exception:
        return None
def has(name):
    try:
        __import__(name)
        return True
    except Exception:
        return False
print(json.dumps({
    "executable": sys.executable,
    "version": "%d.%d.%d" % sys.version_info[:3],
    "lab": version("jupyterlab"),
    "notebook": version("notebook"),
    "nbclient": version("nbclient"),
    "venv": has("venv") and has("ensurepip"),
}))
`;

/**
 * @typedef {object} Facts
 * @property {string} executable the Python's own name for itself
 * @property {string} version like '3.11.7'
 * @property {string | null} lab version of JupyterLab
 * @property {string | null} notebook version of Jupyter Notebook
 * @property {string | null} nbclient version of nbclient
 * @property {boolean} venv whether it can make a virtual environment
 */

/** @returns {Facts | null} null when the file is no Python that works. */
export function probe(file, env = process.env) {
  const answer = spawnSync(file, ['-c', QUESTIONS], {
    env,
    encoding: 'utf8',
    timeout: 20_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (answer.status !== 0) return null;
  try {
    return JSON.parse(answer.stdout);
  } catch {
    return null;
  }
}

/** The interpreter that a script names in its first line, or null. */
function interpreter(script) {
  const head = Buffer.alloc(256);
  const file = openSync(script, 'r');
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  const named = /^#!\s*(\S*python[\d.]*)\s*\n/.exec(head.toString('latin1'));
  return named ? named[1] : null;
}

/** The Pythons that may hold the Jupyter which the user calls by name. */
export function pythonsOfJupyter(env = process.env) {
  const scripts = ['jupyter-lab', 'jupyter-notebook', 'jupyter']
    .map((name) => locate(name, env))
    .filter((file) => file !== null)
    .map(interpreter);
  const named = ['python3', 'python'].map((name) => locate(name, env));
  return [...new Set([...scripts, ...named])].filter((file) => file !== null);
}

/** All Pythons that can be called by name, the usual one first. */
export function pythonsOnPath(env = process.env) {
  const newest = 19;
  const numbered = Array.from(
    { length: newest - 9 },
    (_, i) => `python3.${newest - i}`,
  );
  return ['python3', 'python', ...numbered, 'py']
    .map((name) => locate(name, env))
    .filter((file) => file !== null);
}
