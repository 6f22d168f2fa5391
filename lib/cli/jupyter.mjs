// Step 2 of the set-up: a JupyterLab, version 4 or later. (Who has Jupyter
// Notebook 7 has that too: the one is built on the other.)
//
// One that is there already is used. Else the pinned one is installed into
// .venv in the project. That folder carries a mark that says whether we
// made it and whether it was finished, so that a half-finished one is made
// anew, and one that is not ours is never touched.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { installFromDebian } from './consent.mjs';
import { atLeast } from './node.mjs';
import { probe, pythonsOfJupyter, pythonsOnPath } from './python.mjs';
import { failure, NoPython, run, say, Trouble } from './say.mjs';

const LAB = '4';
const PYTHON = '3.10';

/** For the tests: below, an executed notebook lacks what they look at. */
const NBCLIENT = '0.10';

const REQUIREMENTS = 'lib/jupyter/requirements.txt';

/** Where a virtual environment keeps its Python. */
function venvPython(root) {
  const inside =
    process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python';
  return path.join(root, '.venv', inside);
}

const MARK = 'freelist.json';
const markFile = (root) => path.join(root, '.venv', MARK);

function setMark(root, mark) {
  writeFileSync(markFile(root), `${JSON.stringify(mark)}\n`);
}

function digest(root) {
  return createHash('sha256')
    .update(readFileSync(path.join(root, REQUIREMENTS)))
    .digest('hex');
}

/**
 * What .venv is: 'absent'; 'complete', 'old' (finished, for other
 * requirements) or 'unfinished', if we made it; else 'foreign'.
 */
export function venvState(root) {
  const folder = path.join(root, '.venv');
  if (!existsSync(folder)) return 'absent';
  let text;
  try {
    text = readFileSync(markFile(root), 'utf8');
  } catch {
    return readdirSync(folder).length === 0 ? 'unfinished' : 'foreign';
  }
  try {
    const { finished } = JSON.parse(text);
    if (!finished) return 'unfinished';
    return finished === digest(root) ? 'complete' : 'old';
  } catch {
    return 'unfinished';
  }
}

/** The Jupyter of a Python, by its facts; `old` if it will not do. */
function jupyterOf(facts) {
  if (!facts) return null;
  const { executable: python, lab, notebook, nbclient } = facts;
  if (!lab && !notebook) return null;
  return {
    python,
    name: lab ? `JupyterLab ${lab}` : `Jupyter Notebook ${notebook}`,
    nbclient,
    old: !lab || !atLeast(lab, LAB),
  };
}

/**
 * The Jupyter that is there already, and what was found but is too old.
 * For the tests a good nbclient must be beside it.
 */
export function findJupyter(root, { env = process.env, tests = false } = {}) {
  const good = (jupyter) =>
    jupyter &&
    !jupyter.old &&
    (!tests || (jupyter.nbclient && atLeast(jupyter.nbclient, NBCLIENT)));
  const state = venvState(root);
  if (state === 'complete' || state === 'foreign') {
    const jupyter = jupyterOf(probe(venvPython(root), env));
    if (good(jupyter)) return { jupyter, old: null };
  }
  let old = null;
  for (const python of pythonsOfJupyter(env)) {
    const jupyter = jupyterOf(probe(python, env));
    if (good(jupyter)) return { jupyter, old: null };
    if (jupyter?.old) old ??= jupyter;
  }
  return { jupyter: null, old };
}

/** A Python that can make .venv; missing ones are installed if allowed. */
async function pythonForVenv(options) {
  const { env, again } = options;
  const look = () => {
    const here = pythonsOnPath(env)
      .map((file) => probe(file, env))
      .filter(Boolean);
    const fresh = here.filter((facts) => atLeast(facts.version, PYTHON));
    return { here, fresh, able: fresh.find((facts) => facts.venv) };
  };
  const first = look();
  if (first.able) return first.able.executable;
  const what = `To install Jupyter, the course needs Python ${PYTHON} or later`;
  let need = `${what}, and there is none on PATH`;
  if (first.fresh.length > 0) {
    const { executable, version } = first.fresh[0];
    need =
      `${executable} (Python ${version}) lacks the modules venv and ` +
      'ensurepip, which installing Jupyter takes';
  } else if (first.here.length > 0) {
    const { executable, version } = first.here[0];
    need = `${what}; this is Python ${version} (${executable})`;
  }
  await installFromDebian(['python3', 'python3-venv'], need, {
    ...options,
    elsewhere:
      'Install Python with your package manager or from ' +
      'https://www.python.org/downloads/.',
  });
  const { able } = look();
  if (able) return able.executable;
  throw new NoPython(
    `this system's own Python cannot make .venv: ${need}. Install a newer ` +
      `Python, then run "${again}" again.`,
    2,
  );
}

/** Makes .venv anew and fills it from the pinned requirements. */
async function makeVenv(options) {
  const { root, env, again, verbose } = options;
  const python = await pythonForVenv(options);
  const folder = path.join(root, '.venv');
  mkdirSync(folder, { recursive: true });
  // The mark comes first and goes last, so that an end at any moment leaves
  // a folder that is known as ours.
  setMark(root, { finished: null });
  for (const name of readdirSync(folder)) {
    if (name === MARK) continue;
    rmSync(path.join(folder, name), { recursive: true, force: true });
  }
  const commands = [
    [python, '-m', 'venv', '.venv'],
    [
      venvPython(root),
      '-m',
      'pip',
      'install',
      '--require-hashes',
      '--no-input',
      '--disable-pip-version-check',
      '-r',
      REQUIREMENTS,
    ],
  ];
  for (const argv of commands) {
    const shown = [path.relative(root, argv[0]), ...argv.slice(1)];
    if (shown[0].startsWith('..')) shown[0] = argv[0];
    const { code, output } = await run(argv, {
      // A user's own setting of pip would install outside .venv.
      cwd: root,
      env: { ...env, PIP_USER: '0' },
      verbose,
      shown,
    });
    if (code !== 0) {
      const command = argv.includes('pip') ? 'pip install' : 'python -m venv';
      throw failure({ command, output, code, again });
    }
  }
  setMark(root, { finished: digest(root) });
}

/** Finds a Jupyter, or installs one. */
export async function setUpJupyter(options) {
  const { root, env, tests, again } = options;
  const { jupyter, old } = findJupyter(root, { env, tests });
  if (jupyter) return jupyter;
  const state = venvState(root);
  if (state === 'foreign') {
    const beside = tests ? ` with nbclient ${NBCLIENT}` : '';
    const python = path.relative(root, venvPython(root));
    throw new Trouble(
      `.venv was not made by this set-up and holds no JupyterLab ${LAB}` +
        `${beside}. Move it away, then run "${again}" again; or install ` +
        `into it: ${python} -m pip install -r ${REQUIREMENTS}`,
      2,
    );
  }
  const why = {
    absent: 'there is none yet',
    unfinished: 'the last install was not finished',
    old: 'the pinned versions have changed',
    complete: 'its Python has gone or changed',
  }[state];
  if (old) {
    say(
      `${old.name} is too old (JupyterLab ${LAB} or later is needed); it is ` +
        'left as it is.',
    );
  }
  say(`Jupyter: ${why}; installing it in .venv (a minute or less).`);
  await makeVenv(options);
  const installed = findJupyter(root, { env, tests }).jupyter;
  if (installed) return installed;
  throw new Trouble(
    `pip said that it was done, but .venv has no JupyterLab. Remove .venv, ` +
      `then run "${again}" again.`,
    1,
  );
}
