// The same failures under nbclient: our kernel tells the truth to Jupyter.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runWithNbclient } from '../../lib/jupyter/nbclient';
import { runNotebook, type Notebook } from '../../lib/jupyter/runner';
import { needJupyter } from '../need';
import { cellOf, pick, printed, root } from './fixtures/failing';

const { python, skip } = needJupyter();
if (skip) console.warn(`test/jupyter/nbclient.test.ts is passed over: ${skip}`);

// A kernel takes two seconds to start: what can go side by side does.
describe.skipIf(skip).concurrent('nbclient', { timeout: 180_000 }, () => {
  let jupyterPath: string;

  beforeAll(() => {
    jupyterPath = mkdtempSync(path.join(os.tmpdir(), 'jupyter-'));
    const folder = path.join(jupyterPath, 'kernels', 'tslab');
    mkdirSync(folder, { recursive: true });
    const kernel = path.join(root, 'lib/jupyter/kernel.cjs');
    const spec = {
      argv: ['node', kernel, 'kernel', '--config-path={connection_file}'],
      display_name: 'TypeScript',
      language: 'typescript',
    };
    writeFileSync(path.join(folder, 'kernel.json'), JSON.stringify(spec));
  });
  afterAll(() => rmSync(jupyterPath, { recursive: true }));

  const run = (notebook: Notebook, timeout?: number) =>
    runWithNbclient(notebook, { root, python, jupyterPath, timeout });

  test('gets what our runner gets, and calls it valid', async () => {
    const ways = ['compile', 'throw', 'rejected-await', 'timer', 'rejection'];
    const given = pick(
      'intro',
      ...ways.flatMap((way) => [`${way}!`, `${way}-after`]),
      'large',
    );
    const [theirs, ours] = await Promise.all([run(given), runNotebook(given)]);
    expect(theirs.faults).toEqual([]);
    expect(ours.faults).toEqual([]);
    // What nbclient adds of its own: what the kernel says of its language.
    expect(theirs.notebook.cells).toEqual(ours.notebook.cells);
    expect(printed(cellOf(theirs.notebook, 'throw-after'))).toBe(
      'after throw\n',
    );
    const valid = 'import sys, nbformat; nbformat.validate(nbformat.read(sys.stdin, 4))';
    const { status, stderr } = spawnSync(python, ['-c', valid], {
      input: JSON.stringify(ours.notebook),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  test.each([
    ['compile', 'compile', 'CompileError', /^1:7 - Type 'string'/],
    ['throw', 'throw', 'CarveError', /^piece is too small$/],
    ['output', 'output', 'UnawaitedOutput', /put await before/],
    ['exit', 'died', 'KernelDied', /died while this cell ran/],
    ['loop', 'timeout', 'Timeout', /^not done after 2 s$/],
  ])('stops at %s, and names it', async (way, kind, ename, evalue) => {
    const given = pick('quiet', way, `${way}-after`);
    const { notebook, faults } = await run(given, 2000);
    expect(faults).toMatchObject([{ kind, id: way, index: 1, ename }]);
    expect(faults[0].evalue).toMatch(evalue);
    expect(cellOf(notebook, `${way}-after`).outputs).toEqual([]);
  });

  test('is told of a tag that does not hold', async () => {
    const { faults } = await run(pick('quiet!', 'compile-after'));
    expect(faults).toMatchObject([{ kind: 'quiet', id: 'quiet', index: 0 }]);
  });

  test('is told what comes after the last cell', async () => {
    const { faults } = await run(pick('quiet', 'late'));
    expect(faults).toMatchObject([
      { kind: 'uncaught', id: 'late', index: 1, ename: 'Error' },
      { kind: 'output', id: 'late', index: 1 },
    ]);
  });
});
