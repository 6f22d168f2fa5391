// The slab level against the original: golden files, whole and tampered.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeSlabReplayer } from '../../lib/trace/adapters/slab.js';
import {
  MalformedTrace, replayFile, type Replayed,
} from '../../lib/trace/golden.js';
import { Folder } from '../trace/tampered.js';

const golden = join(__dirname, '..', 'golden', 'linux');
const names = readdirSync(golden).filter((name) =>
  /^(slab|kmalloc)-.*\.jsonl$/.test(name),
);
const folder = new Folder();
afterAll(() => folder.remove());

const replay = (file: string): Promise<Replayed> =>
  replayFile(file, [makeSlabReplayer]);
const linesOf = (name: string): string[] =>
  readFileSync(join(golden, name), 'utf8').trim().split('\n');

test('there are 23 files of the slab level', () => {
  expect(names).toHaveLength(23);
});

test.each(names)('%s replays to its end with no difference', async (name) => {
  const done = await replay(join(golden, name));
  expect(done.difference).toBeNull();
  // Every line but the headers was compared.
  const headers = linesOf(name).filter((line) => line.includes('"format"'));
  const compared = done.operations + done.checkpoints;
  expect(compared).toBe(linesOf(name).length - headers.length);
});

const tampered = (name: string, from: string, to: string) =>
  folder.changed(name, linesOf(name), from, to);

describe('a wrong answer is found at its line', () => {
  test.each([
    ['slab-up-100-random', '"obj":14', '"obj":13'],
    ['slab-up-100-random', '"touched":1', '"touched":0'],
    ['slab-up-300-lifo', '"colour_next":2', '"colour_next":3'],
    ['slab-up-2000-ctor', '"flags":3', '"flags":1'],
    ['slab-up-2000-ctor', '{"dtor":"0xc3c0c03c"}', '{"dtor":"0xc3c0c03d"}'],
    ['slab-smp-60-random', '"slab":0,"obj":31', '"slab":0,"obj":30'],
    ['slab-multi-up', '{"destroy_slab":"size-16384"', '{"destroy_slab":"x"'],
    ['slab-multi-smp', '"next_reap":8872', '"next_reap":8871'],
    ['slab-params-i386-debug', '"dbghead":4', '"dbghead":0'],
    ['slab-params-x86_64-l1-64', '"left_over":80', '"left_over":81'],
    ['slab-boot-i386-l1-32', '"0xc3c00ee0"', '"0xc3c00ee8"'],
    ['slab-boot-i386-l1-32', 'kmem_cache            ', 'kmem_cache           '],
    ['slab-debug-20', 'redzone 1: 0x420fc2a5', 'redzone 1: 0x430fc2a5'],
    ['slab-debug-100', 'mm/slab.c:2185', 'mm/slab.c:2186'],
    ['slab-debug-100', '"bytes":"a5c20f17', '"bytes":"a5c20f18'],
    ['kmalloc-i386-l1-128', '"cache":"size-256"', '"cache":"size-192"'],
    ['kmalloc-i386-l1-32', '"size":46341,"result":null', '"size":46341,"result":0'],
  ])('%s: %s', async (name, from, to) => {
    const { file, line } = tampered(`${name}.jsonl`, from, to);
    const { difference } = await replay(file);
    expect(difference?.line).toBe(line);
  });

  test('a fact of the header is compared with the first line', async () => {
    const { file } = tampered(
      'slab-up-100-random.jsonl', '"offslab_limit":116', '"offslab_limit":117',
    );
    const { difference } = await replay(file);
    expect(difference?.call).toBe('boot');
    expect(difference?.line).toBe(2);
  });
});

describe('a trace that cannot be understood is refused, with its place', () => {
  test.each([
    ['"L1_CACHE_BYTES":32', '"L1_CACHE_BYTES":33', /:1: "L1_CACHE_BYTES" is 33/],
    ['"normal_pages":12288', '"normal_pages":-1', /:1: "present_pages" is -1/],
    ['"nr_cpus":1', '"nr_cpus":0', /:1: .*0 CPUs/],
    ['"PAGE_OFFSET":"0xc0000000"', '"PAGE_OFFSET":7', /:1: 7 is no address/],
    ['"op":"cache_reap"', '"op":"cache_rip"', /unknown operation "cache_rip"/],
    ['"cache":"obj"', '"cache":"nix"', /:3: there is no cache "nix"/],
    ['"gfp":32', '"gfp":"x"', /"gfp" is "x"/],
    ['"obj","slab"', '"obj","cpu":1,"slab"', /there is no CPU 1/],
  ])('%s -> %s', async (from, to, message) => {
    const { file } = tampered('slab-up-100-random.jsonl', from, to);
    await expect(replay(file)).rejects.toThrow(MalformedTrace);
    await expect(replay(file)).rejects.toThrow(message);
  });
});
