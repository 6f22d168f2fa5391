import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { makeBsdReplayer } from '../../lib/trace/adapters/bsd.js';
import {
  MalformedTrace,
  replayFile,
  type Replayed,
} from '../../lib/trace/golden.js';
import { Folder, golden, header, malformed } from './tampered.js';

const folder = new Folder();
afterAll(() => folder.remove());

const replay = (file: string): Promise<Replayed> =>
  replayFile(file, [makeBsdReplayer]);

/** Lines of a golden file that begin with one of these words. */
function count(file: string, words: string[]): number {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => words.some((w) => line.startsWith(`["${w}"`)))
    .length;
}

describe('replayFile on test/golden/bsd-map', () => {
  const names = readdirSync(golden('.')).filter((n) => n.endsWith('.jsonl'));

  test('there are 18 files, of all four variants', () => {
    expect(names).toHaveLength(18);
    const variants = names.map((name) => name.split('-')[1]);
    const all = ['43bsd', 'ate', 'sol7', 'v7'];
    expect([...new Set(variants)].sort()).toEqual(all);
  });

  test.each(names)('%s replays to its end without a difference', async (name) => {
    const file = golden(name);
    expect(await replay(file)).toEqual({
      operations: count(file, ['malloc', 'mfree', 'rmget']),
      checkpoints: count(file, ['map', 'raw_slots']),
      difference: null,
    });
  });

  test('the largest one has 100,316 operations', async () => {
    const file = golden('07-v7-coremap-churn100k.jsonl');
    expect((await replay(file)).operations).toBe(100_316);
  });

  test('onLine is told every line, once', async () => {
    const lines: number[] = [];
    const file = golden('04-v7-runin.jsonl');
    await replayFile(file, [makeBsdReplayer], (line) => lines.push(line));
    expect(lines).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });
});

describe('one thing changed is the first difference:', () => {
  const cases: {
    what: string;
    file: [name: string, line: number, from: string, to: string];
    operation: number;
    call: string;
    expected: unknown;
    got: unknown;
  }[] = [
    {
      what: 'the answer of malloc',
      file: ['01-v7-handwalk.jsonl', 6, '["malloc",20,11]', '["malloc",20,12]'],
      operation: 2,
      call: 'malloc(20)',
      expected: { ret: 12 },
      got: { ret: 11 },
    },
    {
      what: 'an answer where there was none',
      file: [
        '08-v7-coremap-tight-churn5k.jsonl',
        3,
        '["malloc",5,1]',
        '["malloc",5,0]',
      ],
      operation: 1,
      call: 'malloc(5)',
      expected: { ret: 0 },
      got: { ret: 1 },
    },
    {
      what: 'a size in the map',
      file: [
        '01-v7-handwalk.jsonl',
        5,
        '["map",[[90,11],[0,0]]]',
        '["map",[[91,11],[0,0]]]',
      ],
      operation: 1,
      call: 'the map',
      expected: [[[91, 11], [0, 0]]],
      got: [[[90, 11], [0, 0]]],
    },
    {
      what: 'a map without its delimiter',
      file: [
        '01-v7-handwalk.jsonl',
        5,
        '["map",[[90,11],[0,0]]]',
        '["map",[[90,11]]]',
      ],
      operation: 1,
      call: 'the map',
      expected: [[[90, 11]]],
      got: [[[90, 11], [0, 0]]],
    },
    {
      what: 'the count of free slots',
      file: [
        '20-sol7-overflow.jsonl',
        2,
        '["map",[[0,0]],{"free_slots":6}]',
        '["map",[[0,0]],{"free_slots":5}]',
      ],
      operation: 0,
      call: 'the map',
      expected: [[[0, 0]], { free_slots: 5 }],
      got: [[[0, 0]], { free_slots: 6 }],
    },
    {
      what: 'what the console said',
      file: [
        '12-43bsd-overflow.jsonl',
        12,
        '["mfree",5,50,{"printf":"kernelmap: rmap ovflo, lost [40,44)"}]',
        '["mfree",5,50,{"printf":"kernelmap: rmap ovflo, lost [40,45)"}]',
      ],
      operation: 5,
      call: 'mfree(5, 50)',
      expected: { printf: 'kernelmap: rmap ovflo, lost [40,45)' },
      got: { printf: 'kernelmap: rmap ovflo, lost [40,44)' },
    },
    {
      what: 'a message left out',
      file: [
        '21-ate-overflow.jsonl',
        13,
        '["mfree",1,60,{"printf":"atefree : map overflow. Lost 0x1 items at 0x3c"}]',
        '["mfree",1,60]',
      ],
      operation: 6,
      call: 'mfree(1, 60)',
      expected: {},
      got: { printf: 'atefree : map overflow. Lost 0x1 items at 0x3c' },
    },
    {
      what: 'a wake-up left out',
      file: [
        '04-v7-runin.jsonl',
        8,
        '["mfree",10,11,{"wakeup":true}]',
        '["mfree",10,11]',
      ],
      operation: 3,
      call: 'mfree(10, 11)',
      expected: {},
      got: { wakeup: true },
    },
    {
      what: 'a wake-up too many',
      file: [
        '04-v7-runin.jsonl',
        5,
        '["mfree",10,1]',
        '["mfree",10,1,{"wakeup":true}]',
      ],
      operation: 2,
      call: 'mfree(10, 1)',
      expected: { wakeup: true },
      got: {},
    },
    {
      what: 'the text of a panic',
      file: [
        '11-43bsd-badinput.jsonl',
        3,
        '["malloc",0,null,{"panic":"rmalloc"}]',
        '["malloc",0,null,{"panic":"malloc"}]',
      ],
      operation: 1,
      call: 'malloc(0)',
      expected: { ret: null, panic: 'malloc' },
      got: { ret: null, panic: 'rmalloc' },
    },
    {
      what: 'a panic left out',
      file: [
        '11-43bsd-badinput.jsonl',
        13,
        '["mfree",0,31,{"panic":"bad rmfree"}]',
        '["mfree",0,31]',
      ],
      operation: 6,
      call: 'mfree(0, 31)',
      expected: {},
      got: { panic: 'bad rmfree' },
    },
    {
      what: 'a flag not set',
      file: ['04-v7-runin.jsonl', 7, '["set","runin",1]', '["note","nothing"]'],
      operation: 3,
      call: 'mfree(10, 11)',
      expected: { wakeup: true },
      got: {},
    },
    {
      what: 'the answer of rmget',
      file: [
        '13-43bsd-rmget.jsonl',
        4,
        '["rmget",10,41,41]',
        '["rmget",10,41,0]',
      ],
      operation: 1,
      call: 'rmget(10, 41)',
      expected: { ret: 0 },
      got: { ret: 41 },
    },
  ];

  test.each(cases)('$what', async ({ file, ...wanted }) => {
    const { difference } = await replay(folder.tampered(...file));
    const { operation, call, expected, got } = wanted;
    // A changed flag shows when the next operation looks at it.
    const line = file[2].startsWith('["set"') ? file[1] + 1 : file[1];
    expect(difference).toEqual({ line, operation, call, expected, got });
  });

  test('a guard word', async () => {
    const text = readFileSync(golden('03-v7-overflow.jsonl'), 'utf8');
    const broken = text.replace('[1,50],[7777,7777]', '[1,50],[7777,7778]');
    const { difference } = await replay(folder.file('guard.jsonl', broken));
    expect(difference).toMatchObject({
      line: 12,
      operation: 5,
      call: 'the raw slots',
    });
  });

  test('and stops the replay there: later lines are not counted', async () => {
    const lines = [header({ init_size: 9, init_addr: 1 }), '["malloc",1,2]'];
    lines.push('["malloc",1,3]');
    const file = folder.file('two.jsonl', lines.join('\n'));
    const done = await replay(file);
    expect(done.operations).toBe(1);
    expect(done.difference?.line).toBe(2);
  });
});

describe('what is left of one trace does not reach the next', () => {
  test('a flag that was set and not used up', async () => {
    const first = [header(), '["set","runin",1]'].join('\n');
    await replay(folder.file('first.jsonl', first));
    const second = [header(), '["mfree",1,1]'].join('\n');
    expect(await replay(folder.file('second.jsonl', second))).toEqual({
      operations: 1,
      checkpoints: 0,
      difference: null,
    });
  });

  test('the debugging kernel of an ate trace', async () => {
    await replay(golden('21-ate-overflow.jsonl'));
    const lines = [
      header({ slots: 3, init_size: 9, init_addr: 5 }, { variant: 'sol7' }),
      '["malloc",0,5]', // an ASSERT would fail
    ];
    const file = folder.file('sol7.jsonl', lines.join('\n'));
    expect((await replay(file)).difference).toBeNull();
  });
});

describe('a map in trouble', () => {
  test('that has run past its guard words is a difference', async () => {
    const words = [...Array(4).fill([0, 0]), ...Array(64).fill([1, 1])];
    const lines = [header(), JSON.stringify(['raw_slots', words])];
    for (const addr of [10, 20, 30, 40]) lines.push(`["mfree",1,${addr}]`);
    lines.push('["map",[[1,10],[1,20],[1,30],[1,40],[0,0]]]');
    const file = folder.file('trap.jsonl', lines.join('\n'));
    expect((await replay(file)).difference?.line).toBe(7);
  });

  test('that says its thousandth word and more is heard', async () => {
    const lines = [header({ slots: 3 }, { variant: '43bsd' }), '["mfree",1,1]'];
    for (let i = 0; i < 1100; i++) {
      const [old, now] = [3 * i + 1, 3 * i + 4];
      const said = `coremap: rmap ovflo, lost [${old},${old + 1})`;
      lines.push(JSON.stringify(['mfree', 1, now, { printf: said }]));
    }
    const done = await replay(folder.file('thousand.jsonl', lines.join('\n')));
    expect(done).toEqual({
      operations: 1101,
      checkpoints: 0,
      difference: null,
    });
  });
});

describe('a file that is no golden trace is a MalformedTrace', () => {
  const cases = Object.entries(malformed);

  test.each(cases)('%s', async (name, [text, why]) => {
    const file = folder.file(name, text);
    const error = await replay(file).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(MalformedTrace);
    expect((error as MalformedTrace).exit).toBe(2);
    expect((error as MalformedTrace).message).toContain(why);
    expect((error as MalformedTrace).message).toContain(file);
  });

  test('a file that does not exist, and a folder', async () => {
    await expect(replay(`${folder.path}/none.jsonl`)).rejects.toThrow(
      /none\.jsonl: cannot be read \(ENOENT\)$/,
    );
    await expect(replay(folder.path)).rejects.toThrow(
      /cannot be read \(EISDIR\)$/,
    );
  });
});
