// Step 1 of the set-up: npm's packages, as package-lock.json names them.
//
// npm writes node_modules/.package-lock.json last, when everything stands.
// So an install is finished if that file agrees with package-lock.json and
// each package that it promises is there; then nothing need be run.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { failure, run, say, Trouble } from './say.mjs';
import { locate } from './python.mjs';

function readLock(file) {
  try {
    const { packages } = JSON.parse(readFileSync(file, 'utf8'));
    return packages && typeof packages === 'object' ? packages : null;
  } catch {
    return null;
  }
}

/** npm's lists of systems: names that are meant, or '!' names that are not. */
function listed(list, name) {
  if (!list || list.length === 0) return true;
  if (list.includes(`!${name}`)) return false;
  const meant = list.filter((item) => !item.startsWith('!'));
  return meant.length === 0 || meant.includes(name) || meant.includes('any');
}

/**
 * Whether npm installs this package on every machine like this one. Of the
 * optional packages those for another system stay away, and of those that
 * ask for a C library we do not know ours.
 */
function expected(entry) {
  if (entry.link) return false;
  if (!entry.optional) return true;
  if (entry.libc) return false;
  return (
    Boolean(entry.os || entry.cpu) &&
    listed(entry.os, process.platform) &&
    listed(entry.cpu, process.arch)
  );
}

/** Null when the packages stand as the lock file says, else what is amiss. */
export function amiss(root) {
  const folder = path.join(root, 'node_modules');
  if (!existsSync(folder)) return 'node_modules is missing';
  const wanted = readLock(path.join(root, 'package-lock.json'));
  if (!wanted) {
    throw new Trouble(
      'package-lock.json is missing or unreadable. Bring it back with ' +
        '"git checkout package-lock.json".',
      2,
    );
  }
  const held = readLock(path.join(folder, '.package-lock.json'));
  if (!held) return 'the last install was not finished';
  for (const [where, entry] of Object.entries(wanted)) {
    if (where === '' || !expected(entry)) continue;
    const name = where.slice(where.lastIndexOf('node_modules/') + 13);
    const own = held[where];
    if (own?.version !== entry.version || own?.integrity !== entry.integrity) {
      return `${name} is not the version in package-lock.json`;
    }
    if (!existsSync(path.join(root, where, 'package.json'))) {
      return `${name} is missing in node_modules`;
    }
  }
  return null;
}

/**
 * npm itself: the one that runs us, else the one on PATH. Development
 * packages are meant even where NODE_ENV or a user's settings leave them
 * out: the course consists of them.
 */
function npmCommand(env) {
  const own = env.npm_execpath ?? '';
  if (/npm-cli\.c?js$/.test(own) && existsSync(own)) {
    return { argv: [process.execPath, own], shell: false };
  }
  const found = locate('npm', env);
  if (!found) {
    throw new Trouble(
      'npm is not on PATH. It comes with Node from https://nodejs.org; on ' +
        'Debian it is the package npm.',
      2,
    );
  }
  const shell = process.platform === 'win32';
  return { argv: [shell ? 'npm' : found], shell };
}

export async function setUpPackages({ root, env, again, verbose }) {
  const why = amiss(root);
  if (!why) return;
  say(`npm's packages: ${why}; installing them (a minute or less).`);
  const npm = npmCommand(env);
  const words = [
    'ci',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    // Without a network npm would wait for minutes until it says so.
    '--fetch-retry-mintimeout=1000',
    '--fetch-retry-maxtimeout=5000',
  ];
  const { code, output } = await run([...npm.argv, ...words], {
    cwd: root,
    env,
    verbose,
    shell: npm.shell,
    shown: ['npm', ...words],
  });
  if (code !== 0) throw failure({ command: 'npm ci', output, code, again });
  const still = amiss(root);
  if (still) {
    throw new Trouble(
      `npm ci said that it was done, but ${still}. Remove node_modules, ` +
        `then run "${again}" again.`,
      1,
    );
  }
}
