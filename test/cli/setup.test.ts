// The set-up on machines that lack something, each in its own way.
//
// The stand-in Python is no Jupyter server, so a set-up that succeeded ends
// in the sentence about a server that did not start.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LOCK, Machine } from './machine.js';

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
});
afterEach(() => machine.remove());

const PYTHON = { version: '3.11.2', venv: true };
const LAB = { ...PYTHON, lab: '4.2.0', nbclient: '0.10.1' };
/** Only there a browser is looked for outside PATH. */
const mac = process.platform === 'darwin';

const SERVED = /Jupyter \(.*\) did not start[^]*the stand-in is no server/;

describe('packages', () => {
  beforeEach(() => {
    machine.npm().python('python3', LAB);
  });

  test('missing ones are installed, and the command is shown first', () => {
    const { code, said } = machine.run('start');
    expect(said).toMatch(/node_modules is missing[^]*\$ npm ci [^]*Starting/);
    expect(said).toMatch(SERVED);
    expect(code).toBe(1);
    expect(machine.calls()).toEqual([expect.stringMatching(/^npm ci /)]);
  });

  test('those that stand are left alone', () => {
    machine.run('start');
    machine.calls();
    expect(machine.run('start').said).not.toContain('$ npm');
    expect(machine.calls()).toEqual([]);
  });

  test('a half-finished install is mended by the next start', () => {
    const first = machine.run('start', [], { HALF: '1' });
    expect(first.code).toBe(1);
    expect(first.said).toContain('"npm ci" failed');
    const { said } = machine.run('start');
    expect(said).toContain('the last install was not finished');
    expect(said).toMatch(SERVED);
  });

  test('a package that has gone or is of another version is noticed', () => {
    machine.run('start');
    rmSync(path.join(machine.root, 'node_modules/a'), { recursive: true });
    expect(machine.run('start').said).toContain('a is missing in node_modules');
    const packages = {
      ...LOCK.packages,
      'node_modules/a': { version: '1.0.1', integrity: 'sha512-b' },
    };
    machine.write('package-lock.json', JSON.stringify({ ...LOCK, packages }));
    expect(machine.run('start').said).toContain(
      'a is not the version in package-lock.json',
    );
  });

  test('no network is one sentence with the remedy', () => {
    const { code, said } = machine.run('start', [], { OFFLINE: '1' });
    expect(code).toBe(1);
    expect(said).toMatch(
      /freelist: "npm ci" failed: there is no way to the package server\. Check the network .* run "npm start" again\.\n$/,
    );
  });

  test('no npm is one sentence with the remedy', () => {
    rmSync(path.join(machine.bin, 'npm'));
    const { code, said } = machine.run('start');
    expect(code).toBe(2);
    expect(said).toMatch(/freelist: npm is not on PATH\. It comes with Node/);
  });
});

describe('Jupyter', () => {
  beforeEach(() => {
    machine.npm();
  });

  test('a JupyterLab 4 on PATH is used', () => {
    machine.python('python3', LAB);
    const { said } = machine.run('start');
    expect(said).toMatch(/Starting JupyterLab 4\.2\.0[^]*did not start/);
    expect(machine.has('.venv')).toBe(false);
  });

  test('so is one whose Python only its own script names', () => {
    machine.python('python3', PYTHON).python('away/python3', LAB);
    const script = path.join(machine.bin, 'jupyter-lab');
    writeFileSync(script, `#!${machine.bin}/away/python3\n`, { mode: 0o755 });
    const { said } = machine.run('start');
    expect(said).toMatch(/Jupyter \(.*away\/python3\) did not start/);
  });

  test('else the pinned one is installed in .venv, unasked', () => {
    machine.python('python3', PYTHON);
    const { said } = machine.run('start');
    expect(machine.calls().slice(1)).toEqual([
      'python -m venv .venv',
      expect.stringMatching(
        /^python -m pip install --require-hashes .*requirements\.txt$/,
      ),
    ]);
    expect(said).toContain(
      '$ .venv/bin/python -m pip install --require-hashes',
    );
    expect(said).toMatch(/Starting JupyterLab 4\.6\.6/);
    machine.run('start');
    expect(machine.calls()).toEqual([]);
  });

  test('one that is too old is named and left alone', () => {
    machine.python('python3', { ...PYTHON, notebook: '6.5.4' });
    const { said } = machine.run('start');
    expect(said).toContain('Jupyter Notebook 6.5.4 is too old');
    expect(said).toMatch(/Starting JupyterLab 4\.6\.6/);
  });

  test('a half-finished .venv is made anew', () => {
    machine.python('python3', PYTHON);
    const first = machine.run('start', [], { BROKEN: '1' });
    expect(first.code).toBe(1);
    expect(first.said).toMatch(
      /"pip install" failed[^]*\| ERROR: no wheel was built/,
    );
    machine.write('.venv/lib/leftover', '');
    const { said } = machine.run('start');
    expect(said).toContain('Jupyter: the last install was not finished');
    expect(machine.has('.venv/lib/leftover')).toBe(false);
    expect(said).toMatch(SERVED);
  });

  test('new requirements make .venv anew', () => {
    machine.python('python3', PYTHON);
    machine.run('start');
    machine.write('lib/jupyter/requirements.txt', 'jupyterlab==4.6.7\n');
    expect(machine.run('start').said).toContain(
      'the pinned versions have changed',
    );
  });

  test('a .venv that is not ours is used if it will do, and never removed', () => {
    machine.python('python3', PYTHON);
    machine.write('.venv/theirs', '');
    const { code, said } = machine.run('start');
    expect(code).toBe(2);
    expect(said).toMatch(/\.venv was not made by this set-up .*Move it away/);
    expect(machine.has('.venv/theirs')).toBe(true);
    machine.python('../project/.venv/bin/python', LAB);
    expect(machine.run('start').said).toMatch(/Starting JupyterLab 4\.2\.0/);
  });

  test('no network is one sentence with the remedy', () => {
    machine.python('python3', PYTHON);
    machine.run('start');
    rmSync(path.join(machine.root, '.venv'), { recursive: true });
    const { code, said } = machine.run('start', [], { OFFLINE: '1' });
    expect(code).toBe(1);
    expect(said).toMatch(
      /freelist: "pip install" failed: there is no way to the package server\. .*again\.\n$/,
    );
  });

  test('two set-ups do not install at once', () => {
    machine.python('python3', PYTHON);
    mkdirSync(path.join(machine.root, '.jupyter'));
    machine.write('.jupyter/setup.pid', `${process.pid}\n`);
    const { code, said } = machine.run('start');
    expect(code).toBe(2);
    expect(said).toContain(
      `another set-up is under way (process ${process.pid})`,
    );
    machine.write('.jupyter/setup.pid', '999999999\n');
    expect(machine.run('start').said).toMatch(SERVED);
  });
});

describe('the system', () => {
  const APT =
    /apt-get update\n.*apt-get install -y --no-install-recommends python3 python3-venv\n/;

  beforeEach(() => {
    machine.npm();
  });

  test('is not changed unasked: the commands are printed', () => {
    const { code, said } = machine.debian().run('start');
    expect(code).toBe(2);
    expect(said).toMatch(
      /needs Python 3\.10 or later, and there is none on PATH/,
    );
    expect(said).toMatch(APT);
    expect(said).toContain('"npm start -- --yes"');
    expect(machine.calls().some((call) => call.startsWith('apt-get'))).toBe(
      false,
    );
  });

  test.each([
    ['--yes', ['--yes'], {}],
    ['CI=true', [], { CI: 'true' }],
  ])('is changed with %s', (_, args, env) => {
    const { said } = machine
      .debian()
      .run('start', args, env as Record<string, string>);
    expect(said).toMatch(/\$ (sudo )?apt-get install[^]*\$ .*python3 -m venv/);
    expect(said).toMatch(SERVED);
    expect(machine.calls().slice(1, 3)).toEqual([
      'apt-get update',
      'apt-get install -y --no-install-recommends python3 python3-venv',
    ]);
  });

  test('a Python without venv is a case for it too', () => {
    machine.python('python3', { version: '3.11.2', venv: false }).debian();
    const { code, said } = machine.run('start');
    expect(code).toBe(2);
    expect(said).toMatch(
      /Python 3\.11\.2\) lacks the modules venv and ensurepip/,
    );
    expect(said).toMatch(APT);
  });

  test('a Python that is too old is named', () => {
    machine.python('python3', { version: '3.8.18', venv: true });
    const { said } = machine.run('start');
    expect(said).toMatch(
      /needs Python 3\.10 or later; this is Python 3\.8\.18/,
    );
    expect(said).toContain('https://www.python.org/downloads/');
    // Where no Python can be had, the course is served as pages to read.
    expect(said).toMatch(/here is the course to read\.\nExecuting the notebooks/);
  });

  test('a newer Python beside the usual one is found', () => {
    machine.python('python3', { version: '3.8.18', venv: true });
    machine.python('python3.12', { version: '3.12.1', venv: true });
    expect(machine.run('start').said).toMatch(/\$ .*python3\.12 -m venv/);
  });

  test('a system whose own Python is too old says so', () => {
    const { said } = machine
      .debian({ version: '3.9.2', venv: true })
      .run('start', ['--yes']);
    expect(said).toMatch(/this system's own Python cannot make \.venv/);
    expect(said).toMatch(/here is the course to read\./);
  });
});

describe('npm test', () => {
  test.skipIf(mac)(
    'without Jupyter goes on, with one line that says how to get it',
    () => {
      machine.npm().debian();
      const { said } = machine.run('test', ['test/bsd']);
      expect(said).toMatch(
        /^Tests that need Jupyter are passed over: .*apt-get install.*$/m,
      );
      expect(said).toMatch(
        /^Tests that need Chromium are passed over\. To get it: .*$/m,
      );
      // It goes on to the check, which this small project does not have.
      expect(said).toMatch(/its packages are not installed yet/);
      expect(machine.has('.venv')).toBe(false);
    },
  );

  test('with CI=true the lack of Jupyter is a failure', () => {
    const { code, said } = machine.npm().run('test', [], { CI: 'true' });
    expect(code).toBe(2);
    expect(said).toMatch(
      /freelist: To install Jupyter, the course needs Python/,
    );
  });

  test.skipIf(mac)('so is the lack of Chromium', () => {
    machine.npm().python('python3', LAB);
    const { code, said } = machine.run('test', [], { CI: 'true' });
    expect(code).toBe(2);
    expect(said).toMatch(
      /freelist: the tests need Chromium, and there is none/,
    );
  });

  test('a Jupyter without a good nbclient does not do for the tests', () => {
    machine.npm().python('python3', { ...LAB, nbclient: '0.7.2' });
    machine.run('test');
    expect(existsSync(path.join(machine.root, '.venv/freelist.json'))).toBe(
      true,
    );
  });
});
