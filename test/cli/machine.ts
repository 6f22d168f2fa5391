// A small machine to try the set-up on: a project with one package, and a
// PATH that has only what a test puts there. Its npm, Pythons and apt-get
// are stand-ins; the set-up that runs on it is the real one.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from './course.js';

export interface Facts {
  version: string;
  lab?: string;
  notebook?: string;
  nbclient?: string;
  venv?: boolean;
}

/** A program in Node; `log` notes a call in the machine's list. */
const program = (bin: string, body: string) => `#!${process.execPath}
const fs = require('node:fs');
const path = require('node:path');
const args = process.argv.slice(2);
const log = (name) =>
  fs.appendFileSync(${JSON.stringify(path.join(bin, '..', 'calls'))}, [name, ...args].join(' ') + '\\n');
const fail = (text) => { console.error(text); process.exit(1); };
${body}`;

const PYTHON = `
const facts = __filename + '.json';
const known = JSON.parse(fs.readFileSync(facts, 'utf8'));
if (args[0] === '-c') {
  console.log(JSON.stringify({ ...known, executable: __filename }));
} else if (args[1] === 'venv') {
  log('python');
  const made = path.resolve(args[2], 'bin/python');
  fs.mkdirSync(path.dirname(made), { recursive: true });
  fs.copyFileSync(__filename, made);
  fs.writeFileSync(made + '.json', JSON.stringify({ version: known.version }));
} else if (args[1] === 'pip') {
  log('python');
  if (process.env.OFFLINE) fail('NewConnectionError: [Errno 111] Connection refused');
  if (process.env.BROKEN) fail('one\\nERROR: no wheel was built');
  const added = { lab: '4.6.6', nbclient: '0.11.0' };
  fs.writeFileSync(facts, JSON.stringify({ ...known, ...added }));
} else {
  fail('the stand-in is no server');
}`;

const NPM = `
log('npm');
if (process.env.OFFLINE) fail('npm error code ENOTFOUND');
fs.rmSync('node_modules', { recursive: true, force: true });
fs.mkdirSync('node_modules/a', { recursive: true });
fs.writeFileSync('node_modules/a/package.json', '{}');
if (process.env.HALF) process.exit(1);
fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json');`;

const SUDO = `
const { status } = require('node:child_process').spawnSync(
  path.join(__dirname, args[0]), args.slice(1), { stdio: 'inherit' });
process.exit(status);`;

export const LOCK = {
  lockfileVersion: 3,
  packages: {
    '': { name: 'trial' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/elsewhere': {
      version: '1.0.0',
      optional: true,
      os: ['!' + process.platform],
    },
  },
};

export class Machine {
  readonly top = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'freelist-')));
  readonly root = path.join(this.top, 'project');
  readonly bin = path.join(this.top, 'bin');

  constructor() {
    mkdirSync(this.bin);
    const cli = path.join(this.root, 'lib/cli');
    mkdirSync(cli, { recursive: true });
    for (const name of readdirSync(path.join(ROOT, 'lib/cli'))) {
      if (name.endsWith('.mjs'))
        cpSync(path.join(ROOT, 'lib/cli', name), path.join(cli, name));
    }
    cpSync(
      path.join(ROOT, 'package.json'),
      path.join(this.root, 'package.json'),
    );
    this.write('package-lock.json', JSON.stringify(LOCK));
    this.write('lib/jupyter/requirements.txt', 'jupyterlab==4.6.6\n');
    this.write('notebooks/00-start-here.ipynb', '{}');
  }

  remove(): void {
    rmSync(this.top, { recursive: true, force: true });
  }

  write(name: string, text: string): void {
    const file = path.join(this.root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  has(name: string): boolean {
    return existsSync(path.join(this.root, name));
  }

  private add(file: string, body: string): string {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, program(this.bin, body));
    chmodSync(file, 0o755);
    return file;
  }

  npm(): this {
    this.add(path.join(this.bin, 'npm'), NPM);
    return this;
  }

  python(name: string, facts: Facts): this {
    const file = this.add(path.join(this.bin, name), PYTHON);
    writeFileSync(`${file}.json`, JSON.stringify(facts));
    return this;
  }

  /** A Debian whose apt-get brings a Python that can make .venv. */
  debian(facts: Facts = { version: '3.11.2', venv: true }): this {
    const spare = this.add(path.join(this.top, 'spare'), PYTHON);
    const to = path.join(this.bin, 'python3');
    this.add(
      path.join(this.bin, 'apt-get'),
      `
      log('apt-get');
      if (args[0] !== 'install') process.exit(0);
      fs.copyFileSync(${JSON.stringify(spare)}, ${JSON.stringify(to)});
      fs.writeFileSync(${JSON.stringify(`${to}.json`)}, ${JSON.stringify(JSON.stringify(facts))});`,
    );
    this.add(path.join(this.bin, 'sudo'), SUDO);
    return this;
  }

  /** Runs npm start or npm test on it; `said` is all that it prints. */
  run(
    command: 'start' | 'test',
    args: string[] = [],
    env: Record<string, string> = {},
  ): { code: number | null; said: string } {
    const script = path.join(this.root, 'lib/cli', `${command}.mjs`);
    const ended = spawnSync(process.execPath, [script, ...args], {
      cwd: this.top,
      env: { PATH: this.bin, HOME: this.top, ...env },
      encoding: 'utf8',
      timeout: 30_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { code: ended.status, said: ended.stdout + ended.stderr };
  }

  /** The calls of npm, Python and apt-get since the last look. */
  calls(): string[] {
    const file = path.join(this.top, 'calls');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    rmSync(file);
    return lines;
  }
}
