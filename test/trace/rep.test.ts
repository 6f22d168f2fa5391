// .rep files: read, written, and refused.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { uniform } from '../../lib/trace/random.js';
import { readRep, repHeader, writeRep, type RepHeader } from '../../lib/trace/rep.js';
import { MalformedRep, repLine } from '../../lib/trace/repline.js';
import type { Request } from '../../lib/trace/requests.js';
import { summary } from '../../lib/trace/summary.js';
import { churn } from '../../lib/trace/workloads.js';

const recorded = join(__dirname, '..', 'golden', 'recorded');
const linesOf = (name: string): string[] =>
  readFileSync(join(recorded, name), 'utf8').split('\n');

/** Header and requests of a text. */
function read(text: string, name?: string): { header: RepHeader; all: Request[] } {
  const { header, requests } = readRep(text.split('\n'), name);
  return { header, all: [...requests] };
}

/** Any requests that keep the rules, with resizing and ids in any order. */
const anyRequests = fc
  .array(fc.tuple(fc.nat(5), fc.nat(1000), fc.integer({ min: 1, max: 2 ** 40 })), {
    maxLength: 60,
  })
  .map((steps) => {
    const alive: { id: number; size: number }[] = [];
    const ids = steps.filter(([kind]) => kind < 3).map((_, i) => i).reverse();
    return steps.flatMap(([kind, place, size]): Request[] => {
      if (kind < 3) {
        alive.push({ id: ids.pop() as number, size });
        return [{ op: 'alloc', ...alive[alive.length - 1] }];
      }
      const at = place % Math.max(1, alive.length);
      const block = alive[at];
      if (block === undefined) return [];
      if (kind === 3) {
        block.size = size;
        return [{ op: 'realloc', ...block }];
      }
      alive.splice(at, 1);
      return [{ op: 'free', ...block }];
    });
  });

describe('readRep', () => {
  test('reads header and requests; a free gets the size of its block', () => {
    expect(read('2000\n2\n5\n3\na 0 512\na 1 8\nr 0 640\nf 0\nf 1\n')).toEqual({
      header: { heap: 2000, ids: 2, operations: 5, weight: 3 },
      all: [
        { op: 'alloc', id: 0, size: 512 },
        { op: 'alloc', id: 1, size: 8 },
        { op: 'realloc', id: 0, size: 640 },
        { op: 'free', id: 0, size: 640 },
        { op: 'free', id: 1, size: 8 },
      ],
    });
  });

  test('reads a header of two lines, blank lines, CRLF, tabs, a byte mark', () => {
    const plain = read('1\n2\na 0 9\nf 0');
    expect(plain.header).toEqual({ ids: 1, operations: 2 });
    expect(read('\ufeff1\r\n2\r\na 0 9\r\nf 0\r\n\r\n\n').all).toEqual(plain.all);
    expect(read('\n\n1\n2\n\na\t0  9 \n  f 0\n').all).toEqual(plain.all);
  });

  test('reads a file without operations, with either header', () => {
    const nothing = { ids: 0, operations: 0 };
    expect(read('0\n0\n')).toEqual({ header: nothing, all: [] });
    expect(read('7\n0\n0\n1')).toEqual({
      header: { ...nothing, heap: 7, weight: 1 },
      all: [],
    });
  });

  test('reads no further than it is asked to', () => {
    let taken = 0;
    function* lines(): Generator<string> {
      for (const line of ['2', '4', 'a 0 1', 'a 1 1', 'f 0', 'f 1']) {
        taken++;
        yield line;
      }
    }
    const { requests } = readRep(lines());
    expect(taken).toBe(3); // both numbers, and the line that ends them
    requests.next();
    requests.next();
    expect(taken).toBe(4);
  });

  test.each(['rec-make-bal.rep', 'rec-perl-bal.rep', 'rec-sed-bal.rep'])(
    '%s: operations, ids and peak payload are those on record',
    (name) => {
      const expected = linesOf('expected-dlmalloc.jsonl')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
        .filter(({ trace }) => trace === name);
      expect(expected.length).toBe(5);
      const { header, requests } = readRep(linesOf(name), name);
      const found = summary(requests);
      for (const { ops, ids, peak_payload } of expected) {
        expect(header).toMatchObject({ ids, operations: ops });
        expect(found).toMatchObject({ operations: ops, ids, peak_payload });
      }
      expect(found.never_freed).toBe(0);
      const again = [
        ...repHeader(header),
        ...Array.from(readRep(linesOf(name)).requests, repLine),
      ];
      expect(`${again.join('\n')}\n`).toBe(linesOf(name).join('\n'));
    },
  );
});

describe('writeRep', () => {
  test('writes four numbers or two, and an operation a line', () => {
    const load = () => churn({ seed: 1, operations: 4, live: 1, sizes: uniform(1, 9) });
    const [a, , b] = Array.from(load(), ({ size }) => size);
    const rest = [`a 0 ${a}`, 'f 0', `a 1 ${b}`, 'f 1'];
    expect([...writeRep(load)]).toEqual(['20000000', '2', '4', '1', ...rest]);
    expect([...writeRep(load, true)]).toEqual(['2', '4', ...rest]);
  });

  test('what is written is read back as the same requests', () => {
    fc.assert(
      fc.property(anyRequests, fc.boolean(), (requests, short) => {
        const { header, requests: back } = readRep(writeRep(() => requests, short));
        expect([...back]).toEqual(requests);
        expect(header.operations).toBe(requests.length);
      }),
    );
  });

  test('streams: 300,000 operations are written and read in a few megabytes', () => {
    const load = () =>
      churn({ seed: 1, operations: 300_000, live: 1000, sizes: uniform(1, 64) });
    const before = process.memoryUsage().heapUsed;
    let most = 0;
    let count = 0;
    for (const _ of readRep(writeRep(load)).requests) {
      if (++count % 30_000 !== 0) continue;
      globalThis.gc?.();
      most = Math.max(most, process.memoryUsage().heapUsed - before);
    }
    expect(count).toBe(300_000);
    expect(most).toBeLessThan(40e6);
  });
});

describe('a file that is no .rep file is refused: place, fact, remedy, exit 2', () => {
  const head = '9\n2\n4\n1\n';
  const begin = 'numbers at the beginning: ';
  const wrong: { [what: string]: [text: string, message: string] } = {
    'nothing at all': ['', `x.rep: ${begin}0, then nothing more. A header has four`],
    'blank lines': ['\n \n', `x.rep: ${begin}0, then nothing more.`],
    prose: ['Dear reader,\n', `x.rep:1: ${begin}0, then "Dear reader,".`],
    'one number': ['5\n', `x.rep: ${begin}1, then nothing more.`],
    'one number, then operations': ['5\na 0 1', `x.rep:2: ${begin}1, then "a 0 1".`],
    'three numbers': ['1\n1\n1\na 0 1', `x.rep:4: ${begin}3, then "a 0 1".`],
    'five numbers': ['1\n1\n1\n1\n1\na 0 1', `x.rep:6: ${begin}5, then "a 0 1".`],
    'a thousand numbers': ['1\n'.repeat(1000), `x.rep:6: ${begin}5, then "1".`],
    'a negative number': ['-1\n2\n', `x.rep:1: ${begin}0, then "-1".`],
    'a fraction': ['9\n2.5\n4\n1\n', `x.rep:2: ${begin}1, then "2.5".`],
    'a number beyond 2^53': ['9007199254740993\n', `x.rep:1: ${begin}0, then "9007`],
    'more ids than operations': [
      '9\n5\n4\n1\n',
      'x.rep: the header has 5 ids and 4 operations. Every id takes an operation',
    ],
    'more ids than memory': [
      '9\n999999999999\n999999999999\n1\n',
      'x.rep: the header has 999999999999 ids and',
    ],
    'an unknown operation': [
      `${head}c 0 8\n`,
      'x.rep:5: "c 0 8" is no operation. Write "a ID BYTES", "r ID BYTES" or "f ID".',
    ],
    'a name that objects have': [`${head}constructor 0\n`, 'x.rep:5: "constructor 0" is no'],
    'too few fields': [`${head}a 0\n`, 'x.rep:5: "a 0" is no operation.'],
    'too many fields': [`${head}f 0 8\n`, 'x.rep:5: "f 0 8" is no operation.'],
    'a long line': [`${head}${'z'.repeat(999)}\n`, `x.rep:5: "${'z'.repeat(40)}…" is no`],
    'an id out of range': [
      `${head}a 0 1\r\n\r\na 2 8\n`,
      'x.rep:7: "2" is no id. The header has 2 ids, counted from 0.',
    ],
    'a negative id': [`${head}a -1 8\n`, 'x.rep:5: "-1" is no id.'],
    'an id that is no number': [`${head}f x\n`, 'x.rep:5: "x" is no id.'],
    'an id allocated twice': [
      `${head}a 0 1\na 0 1\n`,
      'x.rep:6: id 0 is allocated a second time. Give every block an id of its own.',
    ],
    'an id allocated again when it was free': [
      `${head}a 0 1\nf 0\na 0 1\n`,
      'x.rep:7: id 0 is allocated a second time.',
    ],
    'a free of what is not allocated': [
      `${head}f 1\n`,
      'x.rep:5: id 1 is not alive, it has not been allocated. Allocate it first',
    ],
    'a second free': [
      `${head}a 0 1\nf 0\nf 0\n`,
      'x.rep:7: id 0 is not alive, it has been freed.',
    ],
    'a realloc of what is not allocated': [`${head}r 1 8\n`, 'x.rep:5: id 1 is not alive'],
    'a realloc of what is freed': [`${head}a 0 1\nf 0\nr 0 8\n`, 'x.rep:7: id 0 is not alive'],
    'a size of 0': [
      `${head}a 0 0\n`,
      'x.rep:5: "0" is no size. Give whole bytes, at least 1; a recorded malloc(0)',
    ],
    'a realloc to 0': [`${head}a 0 1\nr 0 0\n`, 'x.rep:6: "0" is no size.'],
    'a negative size': [`${head}a 0 -8\n`, 'x.rep:5: "-8" is no size.'],
    'a size with a point': [`${head}a 0 1.5\n`, 'x.rep:5: "1.5" is no size.'],
    'a size in hexadecimal': [`${head}a 0 0x10\n`, 'x.rep:5: "0x10" is no size.'],
    'too many operations': [
      '1\n2\na 0 1\nf 0\nf 0\n',
      'x.rep:5: an operation more than the 2 of the header. Delete it, or correct',
    ],
    'too few operations': [
      `${head}a 0 1\na 1 1\nf 0\n`,
      'x.rep: ends after 3 of 4 operations, with 2 of 2 ids allocated. Complete',
    ],
    'an id that never comes': [
      '2\n3\na 0 1\nr 0 2\nf 0\n',
      'x.rep: ends after 3 of 3 operations, with 1 of 2 ids allocated.',
    ],
  };

  test.each(Object.entries(wrong))('%s', (_, [text, message]) => {
    const reading = () => read(text, 'x.rep');
    expect(reading).toThrow(MalformedRep);
    expect(reading).toThrow(message);
    try {
      reading();
    } catch (error) {
      expect(error).toMatchObject({ exit: 2 });
    }
  });

  test('any change of one character is refused, or read as something else', () => {
    const lines = linesOf('rec-sed-bal.rep').slice(0, 40);
    const ids = lines.filter((line) => line.startsWith('a')).length;
    lines.splice(0, 4, '9', String(ids), '36', '1');
    const text = lines.join('\n');
    const right = read(text).all;
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.constantFrom(...'afr019 \n-.x'),
        (at, other) => {
          const changed = text.slice(0, at) + other + text.slice(at + 1);
          try {
            const { all } = read(changed);
            for (const { size } of all) expect(size).toBeGreaterThan(0);
            expect(all.length).toBe(right.length);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedRep);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
