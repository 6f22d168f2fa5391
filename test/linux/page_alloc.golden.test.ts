// The page level against the original: golden files, whole and tampered.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makePagesReplayer } from '../../lib/trace/adapters/pages.js';
import {
  MalformedTrace, replayFile, type Replayed,
} from '../../lib/trace/golden.js';
import { Folder } from '../trace/tampered.js';

const golden = join(__dirname, '..', 'golden', 'linux');
const names = readdirSync(golden).filter((name) =>
  /^(buddy|vmalloc|mempool)-.*\.jsonl$/.test(name),
);
const folder = new Folder();
afterAll(() => folder.remove());

const replay = (file: string): Promise<Replayed> =>
  replayFile(file, [makePagesReplayer]);
const linesOf = (name: string): string[] =>
  readFileSync(join(golden, name), 'utf8').trim().split('\n');

test('there are ten files of the page level', () => {
  expect(names).toHaveLength(10);
});

test.each(names)('%s replays to its end with no difference', async (name) => {
  const done = await replay(join(golden, name));
  expect(done.difference).toBeNull();
  // Every line but the header was compared.
  expect(done.operations + done.checkpoints).toBe(linesOf(name).length - 1);
});

const tampered = (name: string, from: string, to: string) =>
  folder.changed(name, linesOf(name), from, to);

describe('a wrong answer is found at its line', () => {
  test.each([
    ['buddy-up-16mb', '"order":0,"pfn":3072', '"order":0,"pfn":3073'],
    ['buddy-smp-48mb', '"pfn":11520', '"pfn":11521'],
    ['buddy-tiny-1', '"nr_free":[1,1,1,0,0,1,1', '"nr_free":[1,1,1,0,0,1,0'],
    ['buddy-tiny-2', '[160],[],[0]', '[160],[],[1]'],
    ['buddy-watermarks-48mb', '"free_pages":56', '"free_pages":57'],
    ['buddy-retry', 'mode:0x10d0', 'mode:0xd0'],
    ['buddy-retry', '"result":"page"', '"result":"NULL"'],
    ['vmalloc-1', '"addr":"0xc480f000"', '"addr":"0xc480e000"'],
    ['vmalloc-1', '0xc8800000', '0xc8800010'],
    ['vmalloc-1', 'mm/vmalloc.c:368', 'mm/vmalloc.c:369'],
    ['mempool-1', '"curr_nr":4', '"curr_nr":3'],
    ['mempool-1', '"outcome":"sleeps"', '"outcome":"BUG"'],
    ['mempool-1', '"pfn":15367', '"pfn":15366'],
  ])('%s: %s', async (name, from, to) => {
    const { file, line } = tampered(`${name}.jsonl`, from, to);
    const { difference } = await replay(file);
    // The end of vmalloc's space is taken from the file.
    if (from === '0xc8800000') expect(difference).toBeNull();
    else expect(difference?.line).toBe(line);
  });

  test('a mark in the header is compared when the zones are there', async () => {
    const { file } = tampered(
      'buddy-up-16mb.jsonl', '"pages_low":160', '"pages_low":161',
    );
    const { difference } = await replay(file);
    expect(difference).toMatchObject({ line: 2, call: 'boot' });
  });
});

describe('a file that is no such trace is refused', () => {
  const zones = [{ name: 'Normal', present_pages: 64 }];
  const header = (config: object, system = 'linux-buddy') =>
    JSON.stringify({
      format: 'golden-trace/1',
      system,
      config: { nr_cpus: 1, zones, watermarks_set: false, ...config },
    });
  const slab = {
    dma_pages: 0, normal_pages: 1024, L1_CACHE_BYTES: 32,
    PAGE_OFFSET: '0xc0000000', jiffies: 0,
  };
  const lines: [string, string, string][] = [
    ['no list of zones', header({ zones: 7 }), '"config" needs a list of zones'],
    ['an unknown zone', header({ zones: [{ name: 'Low' }] }), 'zones are DMA'],
    ['no CPU', header({ nr_cpus: 0 }), '64 pages and 0 CPUs'],
    ['too many CPUs', header({ nr_cpus: 1e6 }), '64 pages and 1000000 CPUs'],
    [
      'too many pages',
      header({ zones: [{ name: 'DMA', present_pages: 2 ** 30 }] }),
      '1073741824 pages',
    ],
    ['a bad range', header({ reserved_pfn_ranges: [[1]] }), 'no list of ranges'],
    ['a line that is no object', `${header({})}\n[]`, 'must be an object'],
    ['an unknown line', `${header({})}\n{"op":"mmap"}`, 'operation mmap'],
    [
      'an order that is no number',
      `${header({})}\n{"op":"alloc_pages","gfp":32,"order":"x"}`,
      '"order" is "x"',
    ],
    [
      'a CPU that is not there',
      `${header({})}\n{"op":"check","cpu":1,"zones":[]}`,
      'no CPU 1',
    ],
    [
      'an address that is none',
      `${header(slab, 'linux-vmalloc')}\n{"op":"vfree","addr":"here"}`,
      '"here" is no address',
    ],
    [
      'no pool yet',
      `${header(slab, 'linux-mempool')}\n{"op":"mempool_free"}`,
      'there is no pool yet',
    ],
  ];

  test.each(lines)('%s', async (_, text, why) => {
    const file = folder.file('malformed.jsonl', text);
    const error = await replay(file).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(MalformedTrace);
    expect((error as Error).message).toContain(why);
  });

  test('a system of another name is left to others', async () => {
    const file = folder.file('foreign.jsonl', header({}, 'constructor'));
    await expect(replay(file)).rejects.toThrow('no adapter replays');
  });

  test('a free of what nobody has is a difference, not a crash', async () => {
    const line = '{"op":"free_pages","pfn":3,"order":0}';
    const file = folder.file('free.jsonl', `${header({})}\n${line}`);
    const { difference } = await replay(file);
    expect(difference).toMatchObject({ expected: 0, got: 'no block there' });
  });

  test('so is a request that the recorder would have had to stop', async () => {
    const line = '{"op":"alloc_pages","gfp":208,"order":10,"pfn":null}';
    const file = folder.file('stop.jsonl', `${header({})}\n${line}`);
    const { difference } = await replay(file);
    expect(difference).toMatchObject({ expected: null, got: 'out_of_memory' });
  });
});
