// The program as a user runs it: what it prints, where, and how it exits.
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Folder, golden, header, malformed } from '../trace/tampered.js';
import { freelist, lines } from './freelist.js';

const folder = new Folder();
afterAll(() => folder.remove());

const replay = (...words: string[]) => freelist('replay', ...words);

describe('freelist replay FILE…', { timeout: 60_000 }, () => {
  test('prints one line a file and exits 0 when nothing differs', async () => {
    const names = readdirSync(golden('.')).filter((n) => n.endsWith('.jsonl'));
    const { code, out, err } = await replay(...names.map(golden));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(lines(out)).toHaveLength(names.length);
    expect(lines(out)[0]).toBe(
      `${golden(names[0])}: 23 operations, 24 checkpoints, 0 differences`,
    );
    for (const line of lines(out)) {
      expect(line).toMatch(/: \d+ operations, \d+ checkpoints, 0 differences$/);
    }
  });

  test('prints file, line, operation, expected, got, and exits 1', async () => {
    const file = folder.tampered(
      '11-43bsd-badinput.jsonl',
      15,
      '["mfree",10,0,{"panic":"bad rmfree"}]',
      '["mfree",10,0]',
    );
    const good = golden('04-v7-runin.jsonl');
    const { code, out, err } = await replay(file, good);
    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(lines(out)).toEqual([
      `${file}:15: differs at operation 7, mfree(10, 0)`,
      '  expected {}',
      '  got      {"panic":"bad rmfree"}',
      `${good}: 4 operations, 5 checkpoints, 0 differences`,
    ]);
  });

  test('--json prints one line for all files, alone on standard output', async () => {
    const good = golden('04-v7-runin.jsonl');
    const file = folder.tampered(
      '11-43bsd-badinput.jsonl',
      15,
      '["mfree",10,0,{"panic":"bad rmfree"}]',
      '["mfree",10,0]',
    );
    const none = folder.file('empty.jsonl', '');
    const { code, out, err } = await replay('--json', good, file, none);
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(lines(out)).toHaveLength(1);
    expect(JSON.parse(out).files).toEqual([
      { file: good, operations: 4, checkpoints: 5, difference: null },
      expect.objectContaining({
        file,
        difference: {
          line: 15,
          operation: 7,
          call: 'mfree(10, 0)',
          expected: {},
          got: { panic: 'bad rmfree' },
        },
      }),
      { file: none, error: `${none}: is empty`, exit: 2 },
    ]);
  });

  test('says what is wrong with each file that is no trace, exits 2', async () => {
    const names = Object.keys(malformed);
    const files = names.map((name) => folder.file(name, malformed[name][0]));
    const good = golden('04-v7-runin.jsonl');
    const { code, out, err } = await replay(...files, good);

    // A sentence each, no stack, and the good file is still replayed.
    expect(err).not.toMatch(/^ {4}at /m);
    expect(lines(err)).toHaveLength(files.length);
    lines(err).forEach((line, i) => {
      expect(line.startsWith(`freelist: ${files[i]}`), line).toBe(true);
      expect(line).toContain(malformed[names[i]][1]);
    });
    expect(out).toBe(`${good}: 4 operations, 5 checkpoints, 0 differences\n`);
    expect(code).toBe(2);
  });

  test('says why a file cannot be read; that outweighs a difference', async () => {
    const at = (name: string): string => join(folder.path, name);
    mkdirSync(at('folder.jsonl'));
    symlinkSync(at('loop.jsonl'), at('loop.jsonl'));
    const under = `${golden('README.md')}/x.jsonl`;
    const differs = [header(), '["malloc",1,1]'].join('\n');
    const { code, out, err } = await replay(
      at('none.jsonl'),
      at('folder.jsonl'),
      at('loop.jsonl'),
      under,
      folder.file('differs.jsonl', differs),
    );
    expect(lines(err)).toEqual([
      `freelist: ${at('none.jsonl')}: cannot be read (ENOENT)`,
      `freelist: ${at('folder.jsonl')}: cannot be read (EISDIR)`,
      `freelist: ${at('loop.jsonl')}: cannot be read (ELOOP)`,
      `freelist: ${under}: cannot be read (ENOTDIR)`,
    ]);
    expect(out).toContain('differs.jsonl:2: differs at operation 1, malloc(1)');
    expect(code).toBe(2);
  });

  test('without a file is wrong use: exit 2, and where to find help', async () => {
    const { code, out, err } = await replay();
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain("missing required argument 'file'");
    expect(err).toContain('--help');
  });
});
