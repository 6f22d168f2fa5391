// Recorded programs on the command line: what is printed, where, and how it
// exits.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Command, Option } from 'commander';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { register } from '../../lib/cli/replay.js';
import { systems, type System } from '../../lib/trace/adapters/systems.js';
import { Folder, golden } from '../trace/tampered.js';
import { freelist, lines } from './freelist.js';

const folder = new Folder();
afterAll(() => folder.remove());

const recorded = (name: string): string =>
  join(__dirname, '..', 'golden', 'recorded', `rec-${name}-bal.rep`);

const replay = (...words: string[]) => freelist('replay', ...words);

/** Two blocks, of which one moves. */
const small = () =>
  folder.file('small.rep', '9\n2\n5\n1\na 0 30\na 1 20\nr 0 50\nf 0\nf 1\n');

const names = systems.map(({ name }) => name).join(', ');

describe('freelist replay X.rep --on SYSTEM', { timeout: 60_000 }, () => {
  test('prints what the program came to, and exits 0', async () => {
    const { code, out, err } = await replay(small(), '--on', 'v7');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(lines(out)).toEqual([
      `${small()} on v7: 5 operations`,
      '  peak payload  70 bytes',
      '  peak memory   144 bytes', // units 5 to 8, and what is below
      '  utilisation   0.4861',
      '  search        1.00 records, 1 at worst',
      '  digest        2574781205', // of 0, 32, 64
    ]);
  });

  test('--json prints one object on one line, alone', async () => {
    for (const on of ['v7', '43bsd']) {
      const { code, out, err } = await replay(recorded('sed'), '--on', on, '--json');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(lines(out)).toHaveLength(1);
      const got = JSON.parse(out);
      expect(got).toEqual({
        operations: 1335,
        peak_payload: 63040,
        max_brk: 64960,
        util: 0.9704,
        offsets_fnv1a32: 2546886226,
        last_offset: 20208,
        search_mean: expect.closeTo(1.555, 3),
        search_max: 8,
      });
    }
  });

  test('--json prints a line a file, with its name, when there are several', async () => {
    const bad = folder.file('bad.rep', '1\n1\na 0 0\n');
    const { code, out, err } = await replay('--json', small(), bad, '--on', 'v7');
    expect({ code, err }).toEqual({ code: 2, err: '' });
    const told = lines(out).map((line) => JSON.parse(line));
    expect(told).toEqual([
      expect.objectContaining({ file: small(), operations: 5 }),
      { file: bad, error: expect.stringContaining(`${bad}:3: `), exit: 2 },
    ]);
  });

  test('says how many allocations failed', async () => {
    const file = folder.file('big.rep', '2\n2\na 0 99999999\na 1 1\n');
    const { code, out } = await replay(file, '--on', '43bsd');
    expect(code).toBe(0);
    expect(lines(out)[0]).toMatch(/: 2 operations, 1 allocations failed$/);
  });

  test('without --on is wrong use, and names the systems', async () => {
    const { code, out, err } = await replay(golden('04-v7-runin.jsonl'), small());
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toBe(
      `freelist: ${small()} does not say on which system it runs. ` +
        `Add --on SYSTEM, which is one of: ${names}.\n`,
    );
  });

  test('--on with a golden trace is wrong use', async () => {
    const file = golden('04-v7-runin.jsonl');
    const { code, out, err } = await replay(file, '--on', 'v7');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(`${file} is a golden trace`);
  });

  test('--on with a system that there is not names those that there are', async () => {
    const { code, err } = await replay(small(), '--on', 'v8');
    expect(code).toBe(2);
    expect(err).toBe(`freelist: there is no system "v8" (there are ${names})\n`);
  });

  test('what cannot be read is exit 2, a sentence each, and no stack', async () => {
    const none = join(folder.path, 'none.rep');
    const cut = folder.file('cut.rep', '2\n4\na 0 16\nf 1\n');
    const files = [none, folder.path, cut];
    const { code, out, err } = await replay(...files, small(), '--on', 'v7');
    expect(code).toBe(2);
    expect(err).not.toMatch(/^ {4}at /m);
    expect(lines(err)).toEqual([
      expect.stringContaining(`freelist: ${none}: cannot be read (ENOENT)`),
      expect.stringContaining(`freelist: ${folder.path}: cannot be read (EISDIR)`),
      expect.stringContaining(`freelist: ${cut}:4: id 1 is not alive`),
    ]);
    expect(lines(out)[0]).toBe(`${small()} on v7: 5 operations`);
  });

  test('--help says how each system is set up', async () => {
    const { code, out } = await replay('--help');
    expect(code).toBe(0);
    for (const { name } of systems) {
      const size = '(2\\^)?\\d+ (units|bytes|pages|MB)';
      expect(out).toMatch(new RegExp(`^  ${name} .*${size}`, 'm'));
    }
    for (const line of lines(out)) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe('golden traces that are compressed', { timeout: 60_000 }, () => {
  const zip = (name: string, bytes: Buffer) => {
    const file = join(folder.path, `${name}.gz`);
    writeFileSync(file, bytes);
    return file;
  };

  test('replay as others do', async () => {
    const name = '16-43bsd-swapmap-churn20k.jsonl';
    const bytes = readFileSync(golden(name));
    const plain = await replay(golden(name));
    const { code, out } = await replay(zip(name, gzipSync(bytes)));
    expect({ code, out }).toEqual({
      code: 0,
      out: plain.out.replace(golden(name), join(folder.path, `${name}.gz`)),
    });
  });

  test('say where they differ, and stop there', async () => {
    const name = '04-v7-runin.jsonl';
    const text = readFileSync(golden(name), 'utf8');
    const changed = text.replace('["mfree",10,1]', '["mfree",10,2]');
    const { code, out } = await replay(zip(name, gzipSync(changed)));
    expect(code).toBe(1);
    expect(out).toContain(`${name}.gz:`);
  });

  test('are exit 2 when they are cut off, or are not there', async () => {
    const bytes = gzipSync(readFileSync(golden('04-v7-runin.jsonl')));
    const cut = zip('cut.jsonl', bytes.subarray(0, 60));
    const none = join(folder.path, 'none.jsonl.gz');
    const { code, out, err } = await replay(cut, none);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(lines(err)).toEqual([
      `freelist: ${cut}: cannot be read (Z_BUF_ERROR)`,
      `freelist: ${none}: cannot be read (ENOENT)`,
    ]);
  });
});

describe('options that belong to one system', () => {
  /** What each of two made-up systems was given. */
  const given: { [system: string]: unknown }[] = [];
  const made = (name: string, options: Option[]): System => ({
    ...systems[0],
    name,
    options,
    make(setting) {
      given.push({ [name]: setting.options });
      return systems[0].make(setting);
    },
  });
  const model = () => new Option('--model <m>', 'word size').default('lp64');
  const known = [
    made('plain', []),
    made('one', [model(), new Option('--fast <n>', 'limit').argParser(Number)]),
    made('two', [model()]),
  ];
  afterEach(() => {
    given.length = 0;
    process.exitCode = undefined;
    vi.restoreAllMocks();
  });

  /** The verb in this process, with these systems. */
  async function called(...args: string[]): Promise<unknown> {
    vi.spyOn(console, 'log').mockImplementation(() => {});
    const program = new Command().exitOverride();
    register(program, known);
    const argv = ['replay', small(), ...args];
    return program.parseAsync(argv, { from: 'user' }).catch((e: unknown) => e);
  }

  test('reach the system that they belong to, and no other', async () => {
    await called('--on', 'one', '--fast', '0', '--model', 'ilp32');
    await called('--on', 'two', '--model', 'ilp32');
    await called('--on', 'two');
    await called('--on', 'plain');
    expect(given).toEqual([
      { one: { model: 'ilp32', fast: 0 } },
      { two: { model: 'ilp32' } },
      { two: { model: 'lp64' } },
      { plain: {} },
    ]);
  });

  test('are wrong use for another system: exit 2, and whose they are', async () => {
    const fast = await called('--on', 'two', '--fast', '1');
    expect(fast).toMatchObject({
      exit: 2,
      message: '--fast is an option of one, not of two',
    });
    const other = await called('--on', 'plain', '--model', 'ilp32');
    expect(other).toMatchObject({
      exit: 2,
      message: '--model is an option of one, two, not of plain',
    });
    expect(given).toEqual([]);
  });

  test('are wrong use for a golden trace', async () => {
    const program = new Command().exitOverride();
    register(program, known);
    const argv = ['replay', golden('04-v7-runin.jsonl'), '--fast', '1'];
    const error = await program
      .parseAsync(argv, { from: 'user' })
      .catch((e: unknown) => e);
    expect(error).toMatchObject({
      exit: 2,
      message: '--fast needs --on: it is an option of one',
    });
  });
});
