import { it } from 'vitest';
import {
  attempt,
  drawMaps,
  Finding,
  judge,
  same,
  type Belief,
} from '../../lib/grade/judge.js';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { freelists, segments } from '../../lib/opensolaris/vmem_check.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import {
  VM_NOSLEEP,
  VM_SLEEP,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import { reboot } from '../../lib/sys/reboot.js';
import { trace } from './two-orders.js';

type Pair = [number, number];
type Op = ['alloc', number] | ['free', addr: number, size: number];
interface Row {
  returned: number | null;
  byAddress: Pair[];
  byList: Pair[];
}

const ops: Op[] = [
  ['alloc', 128], ['alloc', 64], ['alloc', 192], ['alloc', 100],
  ['free', 4096, 128], ['free', 4288, 192], ['alloc', 64],
  ['free', 4224, 64], ['free', 4480, 100],
];

const text = ([name, ...args]: Op): string =>
  `vmem_${name}(a, ${args.join(', ')}${name === 'alloc' ? ', VM_NOSLEEP' : ''})`;

function step(a: vmem_t, op: Op): Row {
  let returned: number | null = null;
  if (op[0] === 'alloc') returned = vmem_alloc(a, op[1], VM_NOSLEEP);
  else vmem_free(a, op[1], op[2]);
  return {
    returned,
    byAddress: segments(a)
      .filter(({ type }) => type === 'free')
      .map(({ start, end }): Pair => [start, end - start]),
    byList: freelists(a).flatMap(({ n, pieces }) =>
      pieces.map(({ start }): Pair => [n, start])),
  };
}

/** The right rows, and before them the start. */
function rows(): Row[] {
  reboot();
  vmem_init();
  const a = vmem_create(
    'a', 4096, 1024, 64, null, null, null, 0, VM_SLEEP,
  )!;
  const start: Row = { returned: null, byAddress: [[4096, 1024]], byList: [[10, 4096]] };
  return [start, ...ops.map((op) => step(a, op))];
}

function isPairs(pairs: unknown): pairs is Pair[] {
  const isPair = (p: unknown): boolean =>
    Array.isArray(p) && p.length === 2 && p.every((n) => Number.isSafeInteger(n));
  return Array.isArray(pairs) && pairs.length < 16 && pairs.every(isPair);
}

/** A student's row, or a finding that says what is not a row about it. */
function rowOf(i: number): Row {
  const all: unknown = attempt('trace()', trace);
  if (!Array.isArray(all)) throw new Finding('trace(): it returns an array of rows.');
  const { returned, byAddress, byList } = Object(all[i]);
  const call = `row ${i + 1}, ${text(ops[i])}`;
  if (returned === undefined || returned === '?') {
    throw new Finding(`${call}: no answer yet.`);
  }
  if (!isPairs(byAddress)) {
    throw new Finding(`${call}: "byAddress" is an array of pairs [address, size].`);
  }
  if (!isPairs(byList)) {
    throw new Finding(`${call}: "byList" is an array of pairs [list, address].`);
  }
  return { returned, byAddress, byList };
}

const sorted = (pairs: Pair[]): Pair[] =>
  [...pairs].sort(([a, b], [c, d]) => a - c || b - d);
const byAddr = (pairs: Pair[]): Pair[] => [...pairs].sort(([, a], [, b]) => a - b);
const total = (pairs: Pair[]): number => pairs.reduce((sum, [, s]) => sum + s, 0);

function aboutReturned(op: Op, before: Row): Belief[] {
  if (op[0] === 'free') {
    return [{ if: () => true, then: 'vmem_free returns nothing: write null.' }];
  }
  const taken = before.byList.map(([, addr]) => addr);
  const highest = before.byAddress.map(([addr, size]) => addr + size - op[1]);
  return [
    { if: op[1], then: 'What comes back is an address, not a size.' },
    { if: null, then: 'A segment is large enough.' },
    { if: before.byAddress[0]?.[0],
      then: 'That is the lowest address. A search goes by list, and takes the '
        + 'first that stands on it.' },
    { if: (n: unknown) => taken.includes(n as number),
      then: 'That segment is on another list, or not the first of its list.' },
    { if: (n: unknown) => highest.includes(n as number),
      then: 'The client gets the low end.' },
  ];
}

function aboutAddress(op: Op, before: Row, is: Row): Belief[] {
  const ends = is.byAddress.map(([addr, size]): Pair => [addr, addr + size]);
  const freed: Pair[] = op[0] === 'free'
    ? sorted([...before.byAddress, [op[1], op[2]]]) : before.byAddress;
  return [
    { if: before.byAddress, then: 'That is what was free before this call.' },
    { if: freed, then: 'Free segments that touch are one (invariant 3), and a '
      + 'freed size is rounded up.' },
    { if: ends, then: 'A pair is [address, size], not [address, end].' },
    { if: (have: Pair[]) => same(sorted(have), is.byAddress),
      then: 'The segments are right, but they stand in ascending order here.' },
    { if: (have: Pair[]) => sorted(have).some(([addr, size], i, all) =>
      addr + size === all[i + 1]?.[0]),
    then: 'Free segments that touch are one (invariant 3).' },
    { if: (have: Pair[]) => have.some(([, size]) => size % 64 !== 0),
      then: 'Segments begin and end at multiples of the quantum, so 100 takes '
        + 'and gives back 128.' },
    { if: (have: Pair[]) => total(have) !== total(is.byAddress),
      then: 'The sum of the free sizes is not right. What was taken or given '
        + 'back by this call?' },
  ];
}

function aboutList(is: Row): Belief[] {
  const swapped = is.byList.map(([n, addr]): Pair => [addr, n]);
  const addresses = (pairs: Pair[]): number[] => byAddr(pairs).map(([, addr]) => addr);
  return [
    { if: swapped, then: 'A pair is [list, address].' },
    { if: (have: Pair[]) => same(byAddr(have), byAddr(is.byList)) &&
      have.some(([n], i) => n < have[i - 1]?.[0]),
    then: 'The lists stand in ascending order: 6 before 7.' },
    { if: (have: Pair[]) => same(byAddr(have), byAddr(is.byList)),
      then: 'The lists are right, the order within one is not. A segment goes '
        + 'to the head; only one that shrinks at its low end and stays on its '
        + 'list keeps its place.' },
    { if: (have: Pair[]) => same(addresses(have), addresses(is.byList)),
      then: 'A list is chosen by size: list n holds sizes from 2^n up to, but '
        + 'not including, 2^(n+1).' },
    { if: (have: Pair[]) => have.length !== is.byList.length,
      then: 'Each free segment stands on one list, and nothing else does.' },
  ];
}

/** Judges row i. */
function judgeRow(i: number): void {
  const have = rowOf(i);
  const right = rows();
  const [before, is] = [right[i], right[i + 1]];
  const call = `row ${i + 1}, ${text(ops[i])}`;
  const flip = (pairs: Pair[]): Pair[] =>
    pairs.filter(([, size]) => size > 0).map(([addr, size]) => [size, addr]);
  const drawn = drawMaps([
    { name: 'before', pieces: flip(before.byAddress) },
    { name: 'yours', pieces: flip(have.byAddress) },
    { name: 'it is', pieces: flip(is.byAddress) },
  ]);
  judge({ call: `${call}, returned`, have: have.returned, is: is.returned,
    beliefs: aboutReturned(ops[i], before), drawn });
  judge({ call: `${call}, byAddress`, have: have.byAddress, is: is.byAddress,
    beliefs: aboutAddress(ops[i], before, is), drawn });
  judge({ call: `${call}, byList`, have: have.byList, is: is.byList,
    beliefs: aboutList(is), drawn });
}

it('row 1 is what vmem_alloc of 128 leaves [1 point]', () => {
  judgeRow(0);
});

it('row 2 is what vmem_alloc of 64 leaves [1 point]', () => {
  judgeRow(1);
});

it('row 3 is what vmem_alloc of 192 leaves [1 point]', () => {
  judgeRow(2);
});

it('row 4 is what vmem_alloc of 100 leaves [1 point]', () => {
  judgeRow(3);
});

it('row 5 is what vmem_free at 4096 leaves [1 point]', () => {
  judgeRow(4);
});

it('row 6 is what vmem_free at 4288 leaves [1 point]', () => {
  judgeRow(5);
});

it('row 7 is what a second vmem_alloc of 64 leaves [1 point]', () => {
  judgeRow(6);
});

it('row 8 is what vmem_free at 4224 leaves [1 point]', () => {
  judgeRow(7);
});

it('row 9 is what vmem_free at 4480 leaves [1 point]', () => {
  judgeRow(8);
});
