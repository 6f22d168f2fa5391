import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { makeVmemReplayer } from '../../lib/trace/adapters/vmem.js';
import {
  MalformedTrace,
  replayFile,
  type Header,
} from '../../lib/trace/golden.js';

const folder = join(__dirname, '..', 'golden', 'vmem');
const names = readdirSync(folder)
  .filter((name) => /\.jsonl(\.gz)?$/.test(name) && !name.startsWith('boot'))
  .sort();

/** The lines of a golden file. */
function textsOf(name: string): string[] {
  const bytes = readFileSync(join(folder, name));
  const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  return text.trim().split('\n');
}

/** The same, parsed. */
const linesOf = (name: string): unknown[] =>
  textsOf(name).map((line) => JSON.parse(line) as unknown);

describe('replayFile on test/golden/vmem', () => {
  test('there are 31 files', () => {
    expect(names).toHaveLength(31);
  });

  test.each(names)('%s replays to its end without a difference', async (name) => {
    const [, ...lines] = textsOf(name);
    const isCheckpoint = /^({"op":"checkpoint"|\["[kc]",)/;
    const checkpoints = lines.filter((line) => isCheckpoint.test(line)).length;
    expect(await replayFile(join(folder, name), [makeVmemReplayer])).toEqual({
      operations: lines.length - checkpoints,
      checkpoints,
      difference: null,
    });
  });

  test('macros.json agrees, row by row', async () => {
    const [header] = linesOf('macros.json') as [Header];
    const rows = Object.values(header).filter(Array.isArray).flat();
    const file = join(folder, 'macros.json');
    expect(await replayFile(file, [makeVmemReplayer])).toEqual({
      operations: rows.length,
      checkpoints: 0,
      difference: null,
    });
  });
});

/** Feeds a file to a replayer, with one line changed. @returns that line */
function tampered(name: string, at: number, change: object) {
  const [header, ...lines] = linesOf(name);
  const replayer = makeVmemReplayer(header as Header)!;
  lines.slice(0, at).forEach((line) => replayer.line(line));
  return replayer.line({ ...(lines[at] as object), ...change });
}

describe('one thing changed is a difference:', () => {
  const cases: [what: string, name: string, op: string, change: object][] = [
    ['an address', 'small-policies.jsonl', 'alloc', { addr: 4112 }],
    ['the answer of vmem_add', 'small-spans.jsonl', 'add', { result: null }],
    ['what vmem_contains says', 'small-spans.jsonl', 'contains', { result: 0 }],
    ['calls of a walk', 'small-walk.jsonl', 'walk', { calls: [] }],
    ['a leak report', 'small-destroy.jsonl', 'destroy', { warning: 'leaked' }],
    ['a panic', 'bad-input.jsonl', 'free', { panic: 'bad free' }],
    ['a creation', 'bad-input.jsonl', 'create', { result: 'panic' }],
    ['a wait', 'small-policies.jsonl', 'alloc', { wouldBlock: true }],
    ['a digest', 'small-endalloc.jsonl', 'checkpoint', { digest: 1 }],
    ['freelists', 'small-endalloc.jsonl', 'checkpoint', { freelists: {} }],
    ['segments', 'small-endalloc.jsonl', 'checkpoint', { segments: [] }],
    ['counters', 'small-endalloc.jsonl', 'checkpoint', { kstat: {} }],
  ];

  test.each(cases)('%s in %s', (_what, name, op, change) => {
    const [, ...lines] = linesOf(name) as { op: string }[];
    const at = lines.findIndex((line) => line.op === op);
    const { expected, got } = tampered(name, at, change);
    expect(expected).not.toEqual(got);
    const right = tampered(name, at, {});
    expect(right.expected).toEqual(right.got);
  });

  test('a row of the macros', () => {
    const header = { format: 'golden-macros/1', highbit: [[8, 3]] };
    const [outcome] = makeVmemReplayer(header)!.opening!();
    expect(outcome).toEqual({
      kind: 'operation',
      call: 'highbit(8)',
      expected: 3,
      got: 4,
    });
  });
});

describe('what is no vmem trace', () => {
  const header = (arenas: unknown): Header => ({
    format: 'golden-trace/1',
    system: 'vmem',
    name: 'x',
    arenas,
  });
  const plain = {
    name: 'm', base: 4096, size: 4096, quantum: 16, afunc: null, ffunc: null,
    source: null, qcache_max: 0, flags: ['VM_SLEEP'],
  };

  test('is left to other adapters', () => {
    expect(makeVmemReplayer({ ...header([]), system: 'bsd-map' })).toBeNull();
  });

  test.each([
    [undefined, 'the header\'s "arenas" is no list of arenas'],
    [[{ ...plain, size: -1 }], '"size" is -1'],
    [[{ ...plain, source: 'n' }], 'no arena "n"'],
    [[{ ...plain, afunc: 'malloc' }], 'there is no function "malloc"'],
    [[{ ...plain, flags: ['VM_FAST'] }], 'there is no flag "VM_FAST"'],
    [[{ ...plain, size: 17 }], 'the arena m: {"panic":'],
    [[{ ...plain, quantum: 3 }], 'the arena m: {"error":'],
  ])('a header with arenas %j is refused', (arenas, text) => {
    expect(() => makeVmemReplayer(header(arenas))).toThrow(MalformedTrace);
    expect(() => makeVmemReplayer(header(arenas))).toThrow(text);
  });

  test.each([
    [7, 'a line must be an object'],
    [['z', 1], 'a line must be an object'],
    [['a', 0, 1], '"a" takes arena, id, size, flags, addr'],
    [['f', 99], 'no arena undefined'],
    [{ op: 'malloc' }, 'no operation "malloc"'],
    [{ op: 'alloc', arena: 'n' }, 'no arena "n"'],
    [{ op: 'free', arena: 'm', addr: 1, size: 'x' }, '"size" is "x"'],
  ])('the line %j is refused', (line, text) => {
    const replayer = makeVmemReplayer(header([plain]))!;
    expect(() => replayer.line(line)).toThrow(MalformedTrace);
    expect(() => replayer.line(line)).toThrow(text);
  });
});
