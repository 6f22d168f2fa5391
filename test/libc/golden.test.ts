// Offset for offset, and list for list, what the original C answered.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeDlmallocReplayer } from '../../lib/trace/adapters/dlmalloc.js';
import { dlHeap } from '../../lib/trace/adapters/heap.js';
import { systems } from '../../lib/trace/adapters/systems.js';
import { MalformedTrace, replayFile } from '../../lib/trace/golden.js';
import { readRep } from '../../lib/trace/rep.js';
import { replay } from '../../lib/trace/replay.js';
import { Folder } from '../trace/tampered.js';

const golden = join(__dirname, '..', 'golden');
const traces = join(golden, 'dlmalloc');
const folder = new Folder();
afterAll(() => folder.remove());

const play = (file: string) => replayFile(file, [makeDlmallocReplayer]);

/** Lines of a file, by their first word. */
function words(file: string): string[] {
  const lines = readFileSync(file, 'utf8').trim().split('\n').slice(1);
  return lines.map((line) => (JSON.parse(line) as string[])[0]);
}

describe('test/golden/dlmalloc', () => {
  const names = readdirSync(traces).filter((name) => name.endsWith('.jsonl'));

  test('has eleven files of both models', () => {
    expect(names).toHaveLength(11);
    expect([...new Set(names.map((name) => name.split('-')[1]))].sort()).toEqual([
      'ilp32', 'lp64',
    ]);
  });

  test.each(names)('%s replays to its end without a difference', async (name) => {
    const file = join(traces, name);
    const all = words(file);
    expect(await play(file)).toEqual({
      operations: all.filter((w) => w !== 'state' && w !== 'note').length,
      checkpoints: all.filter((w) => w === 'state').length,
      difference: null,
    });
  });
});

describe('one thing changed in 272-ilp32-hand.jsonl is the first difference:', () => {
  const lines = readFileSync(join(traces, '272-ilp32-hand.jsonl'), 'utf8').split('\n');

  /** The file with one line changed. */
  function tampered(line: number, from: string, to: string): string {
    const copy = [...lines];
    expect(copy[line - 1]).toContain(from);
    copy[line - 1] = copy[line - 1].replace(from, to);
    const file = folder.file('tampered.jsonl', '');
    writeFileSync(file, copy.join('\n'));
    return file;
  }
  const at = (text: string): number =>
    lines.findIndex((line) => line.startsWith(text)) + 1;

  test('an offset', async () => {
    const line = at('["malloc",3,100,64]');
    const { difference } = await play(tampered(line, ',64]', ',72]'));
    expect(difference).toEqual({
      line, operation: 4, call: 'malloc(3, 100)', expected: 72, got: 64,
    });
  });

  test('a failure where there was none', async () => {
    const line = at('["malloc",18,4294967290,null]');
    const { difference } = await play(tampered(line, 'null', '8'));
    expect(difference).toMatchObject({ line, expected: 8, got: null });
  });

  test.each([
    ['the kind of a chunk', '[16,16,"fast"]', '[16,16,"used"]'],
    ['the order of a fastbin', '"fastbins":{"0":[0,16]', '"fastbins":{"0":[16,0]'],
    ['the break', '"brk":4096', '"brk":8192'],
    ['the end of the heap', '"top_size":3400', '"top_size":3408'],
    ['the last remainder', '"last_remainder":null', '"last_remainder":16'],
  ])('%s', async (_what, from, to) => {
    const line = at('["free",0]') + 1;
    const { difference } = await play(tampered(line, from, to));
    expect(difference).toMatchObject({ line, call: 'the heap' });
  });

  test('the order of a bin', async () => {
    const line = lines.findIndex((text) => text.includes('"1":[688,16,144]')) + 1;
    const { difference } = await play(tampered(line, '[688,16,144]', '[688,144,16]'));
    expect(difference).toMatchObject({ line });
  });
});

describe('makeDlmallocReplayer(header) refuses, and says why:', () => {
  const header = {
    format: 'golden-trace/1',
    system: 'dlmalloc',
    variant: '2.7.2',
    model: 'ilp32',
  };
  const refused = (change: object, ...lines: string[]) => {
    const text = [JSON.stringify({ ...header, ...change }), ...lines].join('\n');
    return play(folder.file('refused.jsonl', text));
  };

  test.each([
    ['another version', { variant: '2.8.6' }, 'as version 2.7.2, not as 2.8.6'],
    ['another model', { model: 'lp32' }, 'ilp32 or lp64, not lp32'],
    ['a negative limit', { morecore_limit: -1 }, '"morecore_limit" is 0 to'],
    ['mmap', { config: { mmap: true } }, 'mmap is left out here'],
    ['a mxfast that is too large', { config: { mxfast: 90 } }, 'mxfast cannot be 90'],
    ['a config that is none', { config: 5 }, '"config" is no object'],
  ])('%s', async (_what, change, message) => {
    await expect(refused(change)).rejects.toThrow(message);
    await expect(refused(change)).rejects.toThrow(MalformedTrace);
  });

  test.each([
    ['an unknown word', '["mfree",1]', 'unknown operation "mfree"'],
    ['a line that is none', '{}', 'a line must be an array'],
    ['a size that is none', '["malloc",1,-5,8]', 'malloc: the arguments'],
    ['a call without its answer', '["malloc",1,5]', 'malloc: the arguments'],
    ['an id that is none', '["free","a"]', 'free: the arguments'],
    ['a state that is none', '["state",5]', 'state: no object'],
    ['a field of 2.8.6', '["state",{"dv":5}]', 'state: there is no "dv" here'],
  ])('%s', async (_what, line, message) => {
    await expect(refused({}, line)).rejects.toThrow(`refused.jsonl:2: ${message}`);
  });

  test('nothing of another system', () => {
    expect(makeDlmallocReplayer({ system: 'vmem' })).toBeNull();
  });

  test('but the end of the process is an answer like any other', async () => {
    const line = '["memalign",0,4294967281,10,null]';
    expect((await refused({}, line)).difference).toMatchObject({
      expected: null,
      got: { killed: 'Alarm clock' },
    });
  });
});

describe('the recorded programs', () => {
  const expected = readFileSync(
    join(golden, 'recorded', 'expected-dlmalloc.jsonl'),
    'utf8',
  )
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ variant }) => variant === '2.7.2');

  test('there are nine results of 2.7.2 at least', () => {
    expect(expected.length).toBeGreaterThanOrEqual(9);
  });

  test.each(expected)('$trace on $model, mxfast $mxfast', (wanted) => {
    const { trace, model, mxfast } = wanted;
    const file = join(golden, 'recorded', trace);
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const system = systems.find(({ name }) => name === 'dlmalloc')!;
    const { header, requests } = readRep(lines, file);
    const options = { model, mxfast };
    const made = system.make({ ids: header.ids, options });
    expect(replay(requests, made)).toMatchObject({
      operations: wanted.ops,
      failed: 0,
      peak_payload: wanted.peak_payload,
      max_brk: wanted.max_brk,
      util: wanted.util,
      offsets_fnv1a32: wanted.offsets_fnv1a32,
      last_offset: wanted.last_offset,
    });
    const { av } = made.allocator as ReturnType<typeof dlHeap>;
    expect(av.brk - 0x10000000).toBe(wanted.final_brk);
  });
});
