// The verb: what it prints, and how it ends, on a small course of its own.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = path.resolve(__dirname, '../..');
let course: string;

const cell = (...lines: string[]) => ['```typescript', ...lines, '```', ''];
const pages: Record<string, string[]> = {
  '00-throws': [
    '# 00. Throws?', '', 'Text.', '',
    ...cell('const a = 1;'), 'More.', '',
    ...cell('// One comment.', 'const b = 2;', 'throw new Error(`b is ${b}`);'),
    'The end.', '',
    ...cell("console.log('never');"),
  ],
  '01-compiles-not': ['# 01. Compiles?', '', ...cell('1', "const n: number = 'x';")],
  '02-fine': ['# 02. Fine?', '', ...cell('40 + 2')],
};

beforeAll(() => {
  course = mkdtempSync(path.join(os.tmpdir(), 'course-'));
  cpSync(path.join(root, 'lib'), path.join(course, 'lib'), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(course, 'node_modules'));
  const folder = path.join(course, 'notebooks');
  mkdirSync(folder);
  const notebooks = Object.keys(pages).map((name) => ({
    nn: name.slice(0, 2),
    slug: name.slice(3),
    title: 'A title?',
    files: [],
    minutes: 5,
  }));
  const contents = { parts: [{ nn: '00', title: 'Start' }], notebooks, unread: [] };
  writeFileSync(path.join(folder, 'contents.json'), JSON.stringify(contents));
  for (const [name, lines] of Object.entries(pages)) {
    writeFileSync(path.join(folder, `${name}.md`), lines.join('\n'));
  }
});
afterAll(() => rmSync(course, { recursive: true }));

function freelist(...args: string[]) {
  const bin = path.join(course, 'lib/cli/bin.mjs');
  const env = { ...process.env, FREELIST_PYTHON: '', PATH: '' };
  return spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', env });
}

test('run names notebook, line and cell, and goes on', { timeout: 60_000 }, () => {
  const { status, stdout, stderr } = freelist('run');
  expect(status).toBe(1);
  expect(stdout).toBe('notebooks/02-fine.md: 1 cells, no fault\n');
  expect(stderr.split('\n')).toEqual([
    'freelist: notebooks/00-throws.md:14 fails in cell 00-004: Error: b is 2',
    '    Error: b is 2',
    '        at cell [2]:3:7',
    'freelist: notebooks/01-compiles-not.md:5 fails in cell 01-002: ' +
      "CompileError: 2:7 - Type 'string' is not assignable to type 'number'.",
    "    CompileError: 2:7 - Type 'string' is not assignable to type 'number'.",
    "        const n: number = 'x';",
    '              ~',
    '',
  ]);
});

test('run NN runs that one; --json is one line', { timeout: 60_000 }, () => {
  const { status, stdout } = freelist('run', '2', '--json');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    notebooks: [{ notebook: 'notebooks/02-fine.md', cells: 1, faults: [] }],
  });
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
});

test('run of no notebook, or without nbclient, is wrong use', { timeout: 60_000 }, () => {
  const unknown = freelist('run', '77');
  expect(unknown.status).toBe(2);
  expect(unknown.stderr).toContain('has no notebook 77');
  const without = freelist('run', '--with', 'jupyter');
  expect(without.status).toBe(2);
  expect(without.stderr).toMatch(/needs nbclient.*Run "npm test"/);
  expect(freelist('run', '--with', 'perl').status).toBe(2);
});
