import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systems } from '../../lib/trace/adapters/systems.js';
import { readRep } from '../../lib/trace/rep.js';
import { BadReplay, Digest, replay, type Bench } from '../../lib/trace/replay.js';
import type { Request } from '../../lib/trace/requests.js';

const folder = join(__dirname, '..', 'golden', 'recorded');
const lines = (name: string): string[] =>
  readFileSync(join(folder, name), 'utf8').trim().split('\n');

const programs = ['make', 'perl', 'sed'].map((name) => `rec-${name}-bal.rep`);

/** FNV-1a in words of 64 bits, which need no trick. */
function fnv1a(offsets: number[]): number {
  let hash = 2166136261n;
  for (const offset of offsets) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(offset);
    for (const byte of bytes) {
      hash = ((hash ^ BigInt(byte)) * 16777619n) % 2n ** 32n;
    }
  }
  return Number(hash);
}

/**
 * First fit over units that are taken or not, and no map: what the systems
 * v7 and 43bsd must answer to a program.
 */
function naive(name: string) {
  const taken = new Uint8Array(2 ** 20 + 2);
  taken[0] = 1; // 0 means no
  const blocks = new Map<string, { unit: number; units: number; bytes: number }>();
  const offsets: number[] = [];
  let [payload, peak, highest] = [0, 0, 0];

  const place = (units: number): number => {
    for (let unit = 1, free = 0; unit <= 2 ** 20; unit++) {
      free = taken[unit] === 0 ? free + 1 : 0;
      if (free === units) return unit - units + 1;
    }
    throw new Error('the pool is full');
  };
  const give = (id: string) => {
    const { unit, units, bytes } = blocks.get(id)!;
    taken.fill(0, unit, unit + units);
    payload -= bytes;
  };

  const operations = lines(name).slice(4);
  for (const line of operations) {
    const [op, id, size] = line.split(' ');
    if (op === 'f') {
      give(id);
      continue;
    }
    const bytes = Number(size);
    const units = Math.ceil(bytes / 16);
    const unit = place(units);
    taken.fill(1, unit, unit + units);
    if (op === 'r') give(id);
    blocks.set(id, { unit, units, bytes });
    payload += bytes;
    peak = Math.max(peak, payload);
    highest = Math.max(highest, unit + units);
    offsets.push((unit - 1) * 16);
  }
  return {
    operations: operations.length,
    peak_payload: peak,
    max_brk: highest * 16,
    util: Math.round((peak / highest / 16) * 10_000) / 10_000,
    offsets_fnv1a32: fnv1a(offsets),
    last_offset: offsets.at(-1),
  };
}

/** The same program on a system. */
function replayed(name: string, on: string) {
  const system = systems.find((one) => one.name === on)!;
  const { header, requests } = readRep(lines(name));
  return replay(requests, system.make({ ids: header.ids, options: {} }));
}

describe.each(programs)('%s', (name) => {
  const expected = naive(name);

  test.each(['v7', '43bsd'])('on %s is what first fit makes of it', (on) => {
    const got = replayed(name, on);
    expect(got).toMatchObject(expected);
    expect(got.failed).toBe(0);
    expect(got.search_mean).toBeGreaterThanOrEqual(1);
    expect(got.search_max).toBeGreaterThan(got.search_mean);
  });

  test('has the peak payload that the recorder counted', () => {
    const told = lines('expected-dlmalloc.jsonl')
      .map((line) => JSON.parse(line) as { trace: string; peak_payload: number })
      .filter(({ trace }) => trace === name);
    for (const { peak_payload } of told) {
      expect(peak_payload).toBe(expected.peak_payload);
    }
    expect(told.length).toBeGreaterThan(0);
  });
});

test('digests of the three programs, as they have been from the first', () => {
  const digests = programs.map((name) => replayed(name, 'v7').offsets_fnv1a32);
  expect(digests).toEqual([3046704938, 2594259284, 2546886226]);
});

const alloc = (id: number, size: number): Request => ({ op: 'alloc', id, size });
const free = (id: number, size: number): Request => ({ op: 'free', id, size });
const resize = (id: number, size: number): Request => ({ op: 'realloc', id, size });

/** What a list of requests comes to on V7's map. */
function onV7(requests: Request[]) {
  const ids = Math.max(-1, ...requests.map(({ id }) => id)) + 1;
  return replay(requests, systems[0].make({ ids, options: {} }));
}

const maps = systems.filter(({ name }) => ['v7', '43bsd'].includes(name));

describe.each(maps)('on $name', ({ make, about }) => {
  const on = (requests: Request[], ids: number) =>
    replay(requests, make({ ids, options: {} }));

  test('a request takes whole units of 16 bytes', () => {
    const load = [alloc(0, 1), alloc(1, 16), alloc(2, 17), alloc(3, 1)];
    const done = on(load, 4);
    expect(done).toMatchObject({ last_offset: 64, max_brk: 96 });
    expect(done.offsets_fnv1a32).toBe(fnv1a([0, 16, 32, 64]));
  });

  test('a reallocation takes the new piece, then frees the old one', () => {
    const load = [alloc(0, 32), resize(0, 40), resize(0, 24), free(0, 24)];
    const done = on(load, 1);
    expect(done.offsets_fnv1a32).toBe(fnv1a([0, 32, 0]));
    expect(done).toMatchObject({ peak_payload: 40, max_brk: 96 });
  });

  test('what does not fit counts as ffffffff, and the program goes on', () => {
    const pool = 2 ** 24;
    const load = [
      alloc(0, pool - 16),
      alloc(1, 17), // no
      alloc(2, 16), // the last unit
      resize(1, 16), // no, and it was nothing before
      free(1, 17), // nothing
      resize(2, 17), // no: 2 stays
      free(0, pool - 16),
      alloc(3, 16),
      free(2, 16),
    ];
    const done = on(load, 4);
    const no = 0xffffffff;
    const offsets = [0, no, pool - 16, no, no, 0];
    expect(done.offsets_fnv1a32).toBe(fnv1a(offsets));
    expect(done).toMatchObject({ failed: 3, last_offset: 0, operations: 9 });
    expect(done).toMatchObject({ peak_payload: pool, max_brk: pool + 16 });
  });

  test('has slots for a hole more than there are ids', () => {
    // After r 0 48 the holes are units [1, 3), [4, 6) and [9, …).
    const load = [alloc(0, 16), alloc(1, 16), resize(1, 16)];
    load.push(resize(0, 32), resize(0, 48), resize(1, 32), resize(1, 48));
    const done = on(load, 2);
    expect(done.offsets_fnv1a32).toBe(fnv1a([0, 16, 32, 48, 80, 0, 32]));
  });

  test('says how it is set up', () => {
    expect(about).toContain('2^20 units of 16 bytes');
  });
});

describe('replay', () => {
  test('of no operations is all zeros, and no last offset', () => {
    expect(onV7([])).toEqual({
      operations: 0,
      peak_payload: 0,
      max_brk: 0,
      util: 0,
      offsets_fnv1a32: 2166136261,
      last_offset: null,
      search_mean: 0,
      search_max: 0,
      failed: 0,
    });
  });

  test('a failure at the end leaves null for the last offset', () => {
    expect(onV7([alloc(0, 16), alloc(1, 2 ** 25)]).last_offset).toBeNull();
  });

  test('tells each operation that is done', () => {
    const told: number[] = [];
    const bench = systems[0].make({ ids: 1, options: {} });
    replay([alloc(0, 1), free(0, 1)], bench, (n) => told.push(n));
    expect(told).toEqual([1, 2]);
  });

  /** V7's map, of which one address is another. */
  function lying(lie: (addr: number, count: number) => number): Bench {
    const bench = systems[0].make({ ids: 9, options: {} });
    let count = 0;
    const { allocator } = bench;
    const alloc = (size: number) => lie(allocator.alloc(size)!, ++count);
    return { ...bench, allocator: { ...allocator, alloc } };
  }

  test.each([
    [
      'a block off the alignment',
      (addr: number) => addr + 4,
      'operation 1 (alloc of 0, 40 bytes) on v7: [20, 60) does not begin at a multiple of 8',
    ],
    [
      'a block that ends outside the memory taken',
      (addr: number) => addr + 16,
      'operation 1 (alloc of 0, 40 bytes) on v7: [32, 72) is not inside [16, 64)',
    ],
    [
      'a block before the memory',
      (addr: number) => addr - 16,
      'operation 1 (alloc of 0, 40 bytes) on v7: [0, 40) is not inside [16, 64)',
    ],
    [
      'two blocks that overlap',
      (addr: number, count: number) => (count === 2 ? 48 : addr),
      'operation 2 (alloc of 1, 40 bytes) on v7: [48, 88) overlaps [16, 56), which is alive',
    ],
  ])('finds %s, and says where', (_what, lie, message) => {
    const run = () => replay([alloc(0, 40), alloc(1, 40)], lying(lie));
    expect(run).toThrow(BadReplay);
    expect(run).toThrow(message);
  });

  test('a new piece must not overlap the old one of a reallocation', () => {
    const bench = lying((addr, count) => (count === 2 ? 16 : addr));
    const run = () => replay([alloc(0, 40), resize(0, 8)], bench);
    expect(run).toThrow('operation 2 (realloc of 0, 8 bytes) on v7: [16, 24) overlaps');
  });

  test("may stay where it is by the system's own reallocation", () => {
    const bench = systems[0].make({ ids: 9, options: {} });
    const realloc = (addr: number) => addr;
    const load = [alloc(0, 40), resize(0, 8), free(0, 8)];
    const { offsets_fnv1a32 } = replay(load, { ...bench, realloc });
    expect(offsets_fnv1a32).toBe(fnv1a([0, 0]));
  });

  test('a panic of the kernel is told as one', () => {
    const bench = systems[0].make({ ids: 0, options: {} });
    const load = [alloc(0, 16), alloc(1, 16), alloc(2, 16), free(0, 16)];
    load.push(alloc(3, 2 ** 25)); // two slots, two entries, no delimiter
    expect(() => replay(load, bench)).toThrow(/operation 5 .*: panic: trap/);
  });
});

test('Digest is FNV-1a over four bytes a word, the lowest first', () => {
  const words = [0, 1, 0xff, 0x100, 0x12345678, 0xffffffff];
  const digest = new Digest();
  words.forEach((word) => digest.add(word));
  expect(digest.value).toBe(fnv1a(words));
});
