// KMEM against the original: golden files, whole and tampered.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeKmemReplayer } from '../../lib/trace/adapters/kmem.js';
import {
  MalformedTrace, replayFile, type Header, type Replayed,
} from '../../lib/trace/golden.js';
import { Folder } from '../trace/tampered.js';

const golden = join(__dirname, '..', 'golden', 'kmem');
const rows = {
  'geometry.jsonl': 1330,
  'traces.jsonl': 66,
  'square-wave.jsonl': 504,
  'qcaches.jsonl': 12,
  'debug.jsonl': 80,
  'boot.jsonl': 198,
};
const folder = new Folder();
afterAll(() => folder.remove());

const replay = (file: string): Promise<Replayed> =>
  replayFile(file, [makeKmemReplayer]);
const linesOf = (name: string): string[] =>
  readFileSync(join(golden, name), 'utf8').trim().split('\n');

test.each(Object.entries(rows))(
  '%s replays to its end with no difference',
  async (name, operations) => {
    const done = await replay(join(golden, name));
    expect(done).toEqual({ operations, checkpoints: 0, difference: null });
  },
);

describe('a wrong answer is found at its line', () => {
  test.each([
    ['geometry', '"slabsize":4096', '"slabsize":8192'],
    ['geometry', '"colors":[8,', '"colors":[0,'],
    ['geometry', '"slab0_first_chunks":[504,503', '"slab0_first_chunks":[503,504'],
    ['geometry', '"arena":"kmem_firewall"', '"arena":"kmem_default"'],
    ['geometry', '"leaked":false', '"leaked":true'],
    ['traces', '["a",0,3,"S",0,164]', '["a",0,3,"S",0,165]'],
    ['traces', '["a",0,0,"N"', '["a",0,0,"S"'],
    ['traces', '"contention":0', '"contention":1'],
    ['traces', '"locks":{"cpu":620', '"locks":{"cpu":621'],
    ['traces', '"warned":true', '"warned":false'],
    ['traces', '"dtor":49', '"dtor":48'],
    ['square-wave', '"depot_locks":0', '"depot_locks":1'],
    ['square-wave', '"cpu_locks":20', '"cpu_locks":21'],
    ['qcaches', '"slabsize":131072', '"slabsize":65536'],
    ['qcaches', '"KMC_IDENTIFIER"', '"KMC_NODEBUG"'],
    ['debug', 'buffer freed twice', 'buffer freed'],
    ['debug', '"after_free":"efbeadde', '"after_free":"fecaddba'],
    ['debug', '980f080002000000', '980f080002010000'.replace('0f', '0e')],
    ['debug', '"size_word":9288', '"size_word":9289'],
    ['debug', '"panicked":true', '"panicked":false'],
    ['boot', '"name":"kmem_va","source":"heap"', '"name":"kmem_va","source":null'],
    ['boot', '"name":"kmem_magazine_1","bufsize":16', '"name":"kmem_magazine_1","bufsize":8'],
    ['boot', '[80,80]', '[80,96]'],
  ])('%s: %s', async (name, from, to) => {
    const lines = linesOf(`${name}.jsonl`);
    const { file, line } = folder.changed(`${name}.jsonl`, lines, from, to);
    const { difference } = await replay(file);
    expect(difference?.line).toBe(line);
  });
});

describe('what is no kmem trace', () => {
  const header = (content: string): Header => ({
    format: 'golden-trace/1',
    system: 'kmem',
    content,
  });
  const geometry = {
    kind: 'geometry', page: 4096, kmem_flags: 0, bufsize: 8, req_align: 0,
    cflags: [], colors: [0],
  };
  const trace = {
    kind: 'trace', name: 'x', page: 4096, kmem_flags: 0, ncpus: 1, bufsize: 8,
    req_align: 0, cflags: [], ctor_fail_every: 0,
  };

  test('is left to other adapters', () => {
    expect(makeKmemReplayer({ system: 'vmem' })).toBeNull();
  });

  test('of another content is refused', () => {
    expect(() => makeKmemReplayer(header('poetry'))).toThrow(MalformedTrace);
  });

  test.each([
    ['geometry', 7, 'a line must be an object'],
    ['geometry', { ...geometry, bufsize: -1 }, '"bufsize" is -1'],
    ['geometry', { ...geometry, bufsize: 0 }, 'bufsize 0, align 0'],
    ['geometry', { ...geometry, page: 3 }, '"page" is 3'],
    ['geometry', { ...geometry, cflags: ['KMC_X'] }, 'there is no flag "KMC_X"'],
    ['geometry', { ...geometry, cflags: 1 }, '"cflags" is 1'],
    ['geometry', { ...geometry, req_align: 3 }, 'bad alignment 3'],
    ['traces', { ...trace, ops: 1 }, '"ops" is 1'],
    ['traces', { ...trace, ops: [] }, 'there is no "geometry"'],
    ['traces', { ...trace, ncpus: 0, ops: [] }, '"ncpus" is 0'],
    ['debug', { ...geometry, name: 'toString', objsize: 8 }, 'no scenario'],
    ['square-wave', { ...geometry, M: 8, amplitude: 1, warmup_cycles: 0, cycles: 1 }, 'no magazines of 8'],
    ['qcaches', { page: 4096, quantum: 3, qcache_max: 1 }, 'quantum 3 is no 2^n'],
  ])('in a file of %s, the line %j is refused', (content, line, text) => {
    const replayer = makeKmemReplayer(header(content))!;
    expect(() => replayer.line(line)).toThrow(MalformedTrace);
    expect(() => replayer.line(line)).toThrow(text);
  });

  test.each([
    [['z'], 'unknown operation "z"'],
    [['a', 5, 0, 'N', 0, 0], 'there is no CPU 5'],
    [['f', 0, 0, 'L'], 'nobody has object 0'],
    [['k', 'x'], '"n" is "x"'],
    ['a', 'operation 0 is no list'],
  ])('the operation %j is refused', (op, text) => {
    const { geometry: shape } = JSON.parse(linesOf('traces.jsonl')[1]) as {
      geometry: object;
    };
    const line = { ...trace, bufsize: 24, geometry: shape, ops: [op] };
    const replayer = makeKmemReplayer(header('traces'))!;
    expect(() => replayer.line(line)).toThrow(MalformedTrace);
    expect(() => replayer.line(line)).toThrow(text);
  });
});
