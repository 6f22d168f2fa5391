// The macros against the original's answers, and against their definition
// in C, written out with BigInt: there no bit is lost at any width.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import macros from '../golden/vmem/macros.json';
import * as sysmacros from '../../lib/sys/sysmacros.js';

const {
  highbit,
  lowbit,
  P2ALIGN,
  P2CROSS,
  P2NPHASE,
  P2PHASE,
  P2PHASEUP,
  P2ROUNDUP,
  P2SAMEHIGHBIT,
} = sysmacros;

const MAX = Number.MAX_SAFE_INTEGER; // 2^53 - 1
type Fn = (...args: number[]) => number | boolean;
type Row = readonly number[];

describe('the rows of test/golden/vmem/macros.json', () => {
  const rows = macros as unknown as { [macro: string]: Row[] };
  const ours = Object.keys(sysmacros).filter((name) => name in rows);

  test('are there for all nine macros', () => {
    expect(ours.length).toBe(9);
    expect(Object.keys(sysmacros).sort()).toEqual(ours.sort());
  });

  test.each(ours)('%s gives the answer of each row', (macro) => {
    const f = sysmacros[macro as keyof typeof sysmacros] as Fn;
    expect(rows[macro].length).toBeGreaterThan(17);
    for (const row of rows[macro]) {
      const args = row.slice(0, -1);
      const call = `${macro}(${args.join(', ')})`;
      // A macro's truth is 1 or 0 there, true or false here.
      expect(Number(f(...args)), call).toBe(row[row.length - 1]);
    }
  });
});

/** Any exact integer, the neighbours of powers of two more often. */
const integer = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(1000),
  fc
    .tuple(fc.integer({ min: 0, max: 53 }), fc.integer({ min: -2, max: 2 }))
    .map(([k, d]) => Math.min(MAX, Math.max(0, 2 ** k + d))),
);
const align = fc.integer({ min: 0, max: 52 }).map((k) => 2 ** k);

/** The definitions of sysmacros.h, letter for letter. */
const defined: { [macro: string]: (...args: bigint[]) => bigint | boolean } = {
  P2ALIGN: (x, a) => x & -a,
  P2PHASE: (x, a) => x & (a - 1n),
  P2NPHASE: (x, a) => -x & (a - 1n),
  P2ROUNDUP: (x, a) => -(-x & -a),
  P2PHASEUP: (x, a, phase) => phase - ((phase - x) & -a),
  P2CROSS: (x, y, a) => (x ^ y) > a - 1n,
  P2SAMEHIGHBIT: (x, y) => (x ^ y) < (x & y),
  highbit: (x) => (x === 0n ? 0n : BigInt(x.toString(2).length)),
  lowbit: (x) =>
    x === 0n ? 0n : BigInt(/1(0*)$/.exec(x.toString(2))![1].length + 1),
};

/** What f does with these numbers, in a form that can be compared. */
function answer(f: () => number | boolean): string {
  try {
    const value = f();
    return Object.is(value, -0) ? '-0' : String(value);
  } catch (error) {
    return (error as Error).name;
  }
}

function agrees(f: Fn, args: number[]): void {
  const exact = defined[f.name](...args.map(BigInt));
  const wanted =
    typeof exact === 'bigint' && exact > MAX ? 'RangeError' : String(exact);
  const call = `${f.name}(${args.join(', ')})`;
  expect(answer(() => f(...args)), call).toBe(wanted);
}

describe('over 0 to 2^53 - 1 the definition in C holds, or a RangeError:', () => {
  const settings = { seed: 1979, numRuns: 1500 };
  const check = (...args: [...fc.Arbitrary<number>[], Fn]): void => {
    const f = args.pop() as Fn;
    const tuple = fc.tuple(...(args as fc.Arbitrary<number>[]));
    fc.assert(fc.property(tuple, (values) => agrees(f, values)), settings);
  };

  test('highbit(x)', () => check(integer, highbit));
  test('lowbit(x)', () => check(integer, lowbit));
  test('P2ALIGN(x, align)', () => check(integer, align, P2ALIGN));
  test('P2PHASE(x, align)', () => check(integer, align, P2PHASE));
  test('P2NPHASE(x, align)', () => check(integer, align, P2NPHASE));
  test('P2ROUNDUP(x, align)', () => check(integer, align, P2ROUNDUP));
  test('P2CROSS(x, y, align)', () => check(integer, integer, align, P2CROSS));
  test('P2SAMEHIGHBIT(x, y)', () => check(integer, integer, P2SAMEHIGHBIT));
  test('P2PHASEUP(x, align, phase)', () => {
    check(integer, align, integer, P2PHASEUP);
  });

  test('two neighbours are told apart more often than by chance', () => {
    // x and y drawn apart hardly ever lie in one block.
    const near = fc.tuple(integer, fc.nat(70), fc.constantFrom(1, 8, 64));
    fc.assert(
      fc.property(near, ([x, d, a]) => {
        agrees(P2CROSS as Fn, [x, Math.min(MAX, x + d), a]);
        agrees(P2SAMEHIGHBIT as Fn, [x, Math.min(MAX, x + d)]);
      }),
      settings,
    );
  });
});

describe('at the edges', () => {
  test('P2ROUNDUP(2^53 - 1, 2) is a RangeError that names the call', () => {
    expect(() => P2ROUNDUP(MAX, 2)).toThrow(RangeError);
    expect(() => P2ROUNDUP(MAX, 2)).toThrow(
      'P2ROUNDUP(9007199254740991, 2): the result needs more than 53 bits',
    );
  });

  test('P2ROUNDUP(2^53 - 1, 1) still fits', () => {
    expect(P2ROUNDUP(MAX, 1)).toBe(MAX);
  });

  test('P2PHASEUP(2^53 - 8, 64, 0) is a RangeError that names the call', () => {
    expect(() => P2PHASEUP(MAX - 7, 64, 0)).toThrow(
      'P2PHASEUP(9007199254740984, 64, 0): the result needs more than 53 bits',
    );
  });

  test('P2ALIGN and P2PHASE see the bit that & alone would take as a sign', () => {
    expect(P2ALIGN(0x80000001, 2)).toBe(0x80000000);
    expect(P2PHASE(0xffffffff, 0x80000000)).toBe(0x7fffffff);
  });

  test('P2SAMEHIGHBIT(0, 0) is false: 0 has no highest bit', () => {
    expect(P2SAMEHIGHBIT(0, 0)).toBe(false);
  });
});
