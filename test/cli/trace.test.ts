// freelist trace as a user runs it: what it prints, writes, and refuses.
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { afterAll, describe, expect, test } from 'vitest';
import {
  loadNamed,
  parseSizes,
  type LoadOptions,
} from '../../lib/cli/loads.js';
import { fixed, logUniform, WrongLoad } from '../../lib/trace/random.js';
import { writeRep } from '../../lib/trace/rep.js';
import { peaks } from '../../lib/trace/workloads.js';
import { bin, freelist, lines } from './freelist.js';

const sed = join(__dirname, '..', 'golden', 'recorded', 'rec-sed-bal.rep');
const folder = mkdtempSync(join(tmpdir(), 'freelist-trace-'));
afterAll(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);
const text = (file: string): string => readFileSync(file, 'utf8');

function file(name: string, content: string): string {
  writeFileSync(at(name), content);
  return at(name);
}

/** An empty folder, and the names of what it holds later. */
function empty(name: string): { path: string; names: () => string[] } {
  mkdirSync(at(name));
  return { path: at(name), names: () => readdirSync(at(name)) };
}

const trace = (...words: string[]) => freelist('trace', ...words);

describe.concurrent('freelist trace', { timeout: 60_000 }, () => {
  test('--help lists the workloads and the sizes, a line each', async () => {
    const { code, out } = await trace('--help');
    expect(code).toBe(0);
    for (const name of 'churn ids ramp peaks plateau fifo lifo everyOther'.split(' ')) {
      expect(out).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
    }
    expect(out).toMatch(/^ {2}exponential:MEAN\[:MOST\] +\S/m);
    expect((await trace('make', '--help')).out).toContain('Workloads:');
  });

  test('without a subcommand, or with an unknown one, is wrong use', async () => {
    const none = await trace();
    expect(none).toMatchObject({ code: 2, out: '' });
    expect(none.err).toContain('make');
    const other = await trace('paint');
    expect(other).toMatchObject({ code: 2, out: '' });
    expect(other.err).toContain("unknown command 'paint'");
  });
});

describe.concurrent('freelist trace make', { timeout: 60_000 }, () => {
  const options = '--seed 7 --operations 60 --live 9 --sizes log:2:99 --left 3'.split(' ');
  const load = () =>
    peaks({ seed: 7, operations: 60, live: 9, left: 3, sizes: logUniform(2, 99) });

  test('prints what the library makes with the same options', async () => {
    const rep = await trace('make', 'peaks', ...options);
    expect(rep).toEqual({ code: 0, err: '', out: `${[...writeRep(load)].join('\n')}\n` });
    const rep2 = await trace('make', 'peaks', ...options, '--to', 'rep2');
    expect(rep2.out).toBe(`${[...writeRep(load, true)].join('\n')}\n`);
    const jsonl = await trace('make', 'peaks', ...options, '--to', 'jsonl');
    expect(lines(jsonl.out).map((line) => JSON.parse(line))).toEqual(
      Array.from(load(), ({ op, id, size }) => [op, id, size]),
    );
  });

  test('--out writes the file, follows a link, and leaves nothing beside it', async () => {
    const { path, names } = empty('made');
    const out = join(path, 'x.rep');
    expect(await trace('make', 'peaks', ...options, '--out', out)).toEqual({
      code: 0,
      out: '',
      err: '',
    });
    expect(text(out)).toBe(`${[...writeRep(load)].join('\n')}\n`);
    symlinkSync('x.rep', join(path, 'link.rep'));
    await trace('make', 'ids', '--operations', '3', '--out', join(path, 'link.rep'));
    expect(text(out)).toBe('20000000\n3\n3\n1\na 0 1\na 1 1\na 2 1\n');
    expect(names().sort()).toEqual(['link.rep', 'x.rep']);
  });

  test('every workload and every kind of sizes can be made and read', async () => {
    const sizes = 'uniform:1:9 exponential:8 exponential:8:20 powers:2:64 log:1:64 fixed:8';
    const asked: string[][] = [
      ...sizes.split(' ').map((one) => ['churn', '--sizes', one]),
      ['ids'],
      ['ramp'],
      ['plateau'],
      ['fifo'],
      ['lifo'],
      ['everyOther', '--sizes', 'fixed:1', '--larger', '2'],
    ];
    const files = await Promise.all(
      asked.map(async (args, i) => {
        const out = at(`all-${i}.rep`);
        const { code, err } = await trace('make', ...args, '--out', out);
        expect({ args, code, err }).toEqual({ args, code: 0, err: '' });
        return out;
      }),
    );
    const { code, out } = await trace('inspect', '--json', ...files);
    expect(code).toBe(0);
    for (const { operations } of JSON.parse(out).files) expect(operations).toBe(1000);
  });

  const wrong: [string, string[], string][] = [
    ['an unknown workload', ['nix'], 'no workload is called "nix". There are: churn, ids,'],
    ['robson', ['robson'], 'robson chooses each request by the addresses it was given'],
    ['a word for a number', ['churn', '--seed', 'x'], 'It takes a whole number.'],
    ['an unknown format', ['churn', '--to', 'xml'], 'Allowed choices are rep, rep2, jsonl.'],
    ['no power of two', ['churn', '--sizes', 'powers:3:8'], '3 is no power of two.'],
    ['no workload', [], "missing required argument 'workload'"],
  ];
  test.each(wrong)('%s is wrong use: a sentence, no file, exit 2', async (_, args, message) => {
    const { code, out, err } = await trace('make', ...args, '--out', at('wrong.rep'));
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
    expect(err).not.toMatch(/^ {4}at /m);
    expect(existsSync(at('wrong.rep'))).toBe(false);
  });

  test('a workload takes its own options, and numbers that make sense', () => {
    const usual = { seed: 1, operations: 9, live: 4, sizes: fixed(8), left: 0 };
    const named = (name: string, change: Partial<LoadOptions>) => () =>
      loadNamed(name, { ...usual, ...change }, Object.keys(change));
    expect([...named('peaks', { left: 2 })()()]).toHaveLength(9);
    const cases: [() => unknown, string][] = [
      [named('constructor', {}), 'no workload is called "constructor".'],
      [named('churn', { left: 1 }), 'churn has no --left. It takes --seed, --operations,'],
      [named('ids', { sizes: fixed(2) }), 'ids has no --sizes.'],
      [named('fifo', { larger: 2 }), 'fifo has no --larger.'],
      [named('churn', { live: 0 }), 'live is 0. Give a whole number, at least 1.'],
      [named('peaks', { left: 4 }), 'left is 4. Give a whole number, at least 0 and at'],
    ];
    for (const [make, message] of cases) {
      expect(make).toThrow(WrongLoad);
      expect(make).toThrow(message);
    }
  });

  test('--sizes takes one of five forms', () => {
    const cases: [string, string][] = [
      ['gauss:1:2', 'It takes uniform:LEAST:MOST, exponential:MEAN[:MOST], powers'],
      ['constructor:1', 'It takes uniform:LEAST:MOST, exp'],
      ['log:5', 'It takes log:LEAST:MOST.'],
      ['fixed:1:2', 'It takes fixed:SIZE.'],
      ['fixed:', 'In fixed:SIZE, size is NaN.'],
      ['fixed:1e3', 'In fixed:SIZE, size is NaN.'],
      ['uniform:9:1', 'In uniform:LEAST:MOST, most is 1.'],
    ];
    for (const [sizes, message] of cases) {
      expect(() => parseSizes(sizes)).toThrow(InvalidArgumentError);
      expect(() => parseSizes(sizes)).toThrow(message);
    }
    expect(parseSizes('exponential:2.5')(() => 0.9)).toBe(1);
  });

  test('says so when the file cannot be written', async () => {
    const none = join(folder, 'none', 'x.rep');
    expect(await trace('make', 'ids', '--out', none)).toEqual({
      code: 2,
      out: '',
      err: `freelist: ${none} cannot be written (ENOENT). Name another file.\n`,
    });
    const { path, names } = empty('taken');
    const { code, err } = await trace('make', 'ids', '--out', path);
    expect({ code, names: names() }).toEqual({ code: 2, names: [] });
    expect(err).toContain('cannot be written (EISDIR)');
  });

  test('writes to what is no ordinary file without replacing it', async () => {
    const { code } = await trace('make', 'ids', '--out', '/dev/null');
    expect(code).toBe(0);
    expect(statSync('/dev/null').isFile()).toBe(false);
  });

  test('ends quietly when nobody reads on', () => {
    const shell = `"$0" "$1" trace make ids --operations 3000000 | head -1; echo \${PIPESTATUS[0]}`;
    const { stdout, stderr } = spawnSync('bash', ['-c', shell, process.execPath, bin], {
      encoding: 'utf8',
    });
    expect({ stdout, stderr }).toEqual({ stdout: '20000000\n0\n', stderr: '' });
  });

  test('interrupted, it leaves no file behind', async () => {
    const { path, names } = empty('interrupted');
    const args = 'trace make ids --operations 900000000 --to jsonl --out'.split(' ');
    const child = spawn(process.execPath, [bin, ...args, join(path, 'x.jsonl')]);
    const ended = new Promise((resolve) => child.on('close', resolve));
    while (names().length === 0 && child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(names()).toEqual([`x.jsonl.${child.pid}.tmp`]);
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(names()).toEqual([]);
  });
});

describe.concurrent('freelist trace inspect', { timeout: 60_000 }, () => {
  test('draws what a program asks for', async () => {
    const small = file('small.rep', '2\n4\na 0 5\na 1 20\nf 0\nr 1 4\n');
    expect(await trace('inspect', small)).toEqual({
      code: 0,
      err: '',
      out: [
        `${small}: 4 operations (2 a, 1 r, 1 f), 2 ids`,
        '  at most alive: 25 bytes asked for, 2 blocks',
        '  sizes in bytes:',
        `                4..7        2  ${'#'.repeat(40)}`,
        `              16..31        1  ${'#'.repeat(20)}`,
        '  lifetimes in operations:',
        `                2..3        1  ${'#'.repeat(40)}`,
        '  never freed: 1',
        '',
      ].join('\n'),
    });
  });

  test('--json prints one line for all files, alone on standard output', async () => {
    const broken = file('broken.rep', '1\n1\na 0 0\n');
    const { code, out, err } = await trace('inspect', '--json', sed, broken);
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(lines(out)).toHaveLength(1);
    const [first, second] = JSON.parse(out).files;
    expect(first).toMatchObject({
      file: sed,
      operations: 1335,
      allocs: 663,
      reallocs: 9,
      frees: 663,
      ids: 663,
      peak_payload: 63040,
      peak_blocks: 237,
      never_freed: 0,
    });
    expect(second).toEqual({
      file: broken,
      error: expect.stringContaining(`${broken}:3: "0" is no size.`),
      exit: 2,
    });
  });

  test('says what is wrong with each file, and goes on to the next', async () => {
    const none = at('none.rep');
    const binary = file('binary.rep', '\0'.repeat(3_000_000));
    const files = [none, folder, binary, sed];
    const { code, out, err } = await trace('inspect', ...files);
    expect(code).toBe(2);
    expect(lines(err)).toEqual([
      `freelist: ${none}: cannot be read (ENOENT). Name another file.`,
      `freelist: ${folder}: cannot be read (EISDIR). Name another file.`,
      `freelist: ${binary}: is no text. Name a file of lines.`,
    ]);
    expect(lines(out)[0]).toBe(`${sed}: 1335 operations (663 a, 9 r, 663 f), 663 ids`);
  });

  test('reads lines over the ends of its chunks: a file of 200,000 bytes', async () => {
    const long = file('long.rep', '1\n20000\n' + 'a 0 1\n' + 'r 0 1234567\r\n'.repeat(19_999));
    const { out } = await trace('inspect', '--json', long);
    expect(JSON.parse(out).files[0]).toMatchObject({
      operations: 20_000,
      reallocs: 19_999,
      peak_payload: 1_234_567,
    });
  });
});

describe.concurrent('freelist trace convert', { timeout: 60_000 }, () => {
  test('to rep is the file itself; to rep2 and back too', async () => {
    expect((await trace('convert', sed, '--to', 'rep')).out).toBe(text(sed));
    const short = at('short.rep');
    await trace('convert', sed, '--to', 'rep2', '--out', short);
    expect(text(short)).toBe(text(sed).replace(/^\d+\n(\d+\n\d+\n)\d+\n/, '$1'));
    await trace('convert', short, '--to', 'rep', '--out', short); // onto itself
    expect(text(short)).toBe(text(sed));
  });

  test('to jsonl is a request a line', async () => {
    const small = file('three.rep', '1\n3\na 0 5\nr 0 6\nf 0\n');
    const { out } = await trace('convert', small, '--to', 'jsonl');
    expect(out).toBe('["alloc",0,5]\n["realloc",0,6]\n["free",0,6]\n');
  });

  test('a fault in the middle leaves the old file as it was, and no other', async () => {
    const broken = file('late.rep', '1\n60000\na 0 1\n' + 'r 0 9\n'.repeat(50_000));
    const { path, names } = empty('converted');
    const out = join(path, 'x.jsonl');
    writeFileSync(out, 'as it was');
    const { code, err } = await trace('convert', broken, '--to', 'jsonl', '--out', out);
    expect(code).toBe(2);
    expect(err).toBe(
      `freelist: ${broken}: ends after 50001 of 60000 operations, with 1 of 1 ids ` +
        'allocated. Complete the file, or correct its header.\n',
    );
    expect(text(out)).toBe('as it was');
    expect(names()).toEqual(['x.jsonl']);
  });

  test('without a format is wrong use', async () => {
    const { code, err } = await trace('convert', sed);
    expect(code).toBe(2);
    expect(err).toContain("required option '--to <format>' not specified");
  });
});
