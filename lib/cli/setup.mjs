// The set-up that npm start and npm test share, in two steps.
//
// Whatever stands already is left alone, so the second time takes no time;
// whatever was begun and not finished is begun anew.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findJupyter, setUpJupyter } from './jupyter.mjs';
import { amiss, setUpPackages } from './packages.mjs';
import { Trouble } from './say.mjs';

/** The project folder, wherever the command was called from. */
export const ROOT = path.dirname(
  path.dirname(path.dirname(fileURLToPath(import.meta.url))),
);

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Keeps two set-ups from installing into the same folders at once. */
export async function alone(root, work) {
  const file = path.join(root, '.jupyter', 'setup.pid');
  mkdirSync(path.dirname(file), { recursive: true });
  if (existsSync(file)) {
    const pid = Number(readFileSync(file, 'utf8'));
    if (pid > 0 && pid !== process.pid && alive(pid)) {
      throw new Trouble(
        `another set-up is under way (process ${pid}). Wait until it is ` +
          `done; if there is none, remove ${path.relative(root, file)}.`,
        2,
      );
    }
  }
  writeFileSync(file, `${process.pid}\n`);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/**
 * @typedef {object} Options
 * @property {string} root the project folder
 * @property {NodeJS.ProcessEnv} env
 * @property {boolean} yes system packages may be installed unasked
 * @property {boolean} verbose show what the installers print
 * @property {boolean} tests the tests' needs, too
 * @property {string} again the command to run again after a failure
 */

/** Step 1, then step 2; resolves to the Jupyter to use. */
export async function setUp(options) {
  if (!amiss(options.root)) {
    const { jupyter } = findJupyter(options.root, options);
    if (jupyter) return jupyter;
  }
  return alone(options.root, async () => {
    await setUpPackages(options);
    return setUpJupyter(options);
  });
}
