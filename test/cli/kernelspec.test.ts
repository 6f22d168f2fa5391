// The kernelspec: where it lies, what it says, and that it can be moved.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeKernelspec } from '../../lib/cli/kernelspec.mjs';
import { needJupyter } from '../need.js';
import { ROOT } from './course.js';

const { python, skip } = needJupyter();

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'freelist-')));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const read = (folder: string) =>
  JSON.parse(
    readFileSync(path.join(folder, 'kernels/tslab/kernel.json'), 'utf8'),
  );

test('it lies in the project and names no absolute path', () => {
  const folder = writeKernelspec(root);
  expect(folder).toBe(path.join(root, '.jupyter'));
  const spec = read(folder);
  expect(spec).toMatchObject({
    display_name: 'TypeScript',
    language: 'typescript',
    interrupt_mode: 'signal',
  });
  expect(JSON.stringify(spec)).not.toContain(root);
});

test('it leads to the kernel of the project, and gives it its file', () => {
  const { argv } = read(writeKernelspec(root));
  const resources = path.join(ROOT, '.jupyter/kernels/tslab');
  const kernel = path.normalize(argv[1].replace('{resource_dir}', resources));
  expect(kernel).toBe(path.join(ROOT, 'lib/jupyter/kernel.cjs'));
  expect(existsSync(kernel)).toBe(true);
  expect(argv).toEqual([
    'node',
    argv[1],
    'kernel',
    '--config-path={connection_file}',
  ]);
});

test('what stands already is not written again', () => {
  const file = path.join(writeKernelspec(root), 'kernels/tslab/kernel.json');
  const { ino, mtimeMs } = statSync(file);
  writeKernelspec(root);
  expect(statSync(file)).toMatchObject({ ino, mtimeMs });
});

test.skipIf(skip)('Jupyter lists it, also after the project was moved', () => {
  const moved = path.join(root, 'moved');
  cpSync(writeKernelspec(root), path.join(moved, '.jupyter'), {
    recursive: true,
  });
  const ended = spawnSync(
    python,
    ['-m', 'jupyter', 'kernelspec', 'list', '--json'],
    {
      encoding: 'utf8',
      env: { ...process.env, JUPYTER_PATH: path.join(moved, '.jupyter') },
    },
  );
  const { kernelspecs } = JSON.parse(ended.stdout);
  expect(kernelspecs.tslab).toMatchObject({
    resource_dir: path.join(moved, '.jupyter/kernels/tslab'),
    spec: { display_name: 'TypeScript' },
  });
});
