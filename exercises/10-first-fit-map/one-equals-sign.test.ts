import { it } from 'vitest';
import * as lib from '../../lib/bsd/malloc.js';
import {
  attempt,
  drawMaps,
  Finding,
  judge,
  same,
  write,
  type Belief,
} from '../../lib/grade/judge.js';
import { failing, malloc } from './one-equals-sign.js';

type Piece = [size: number, addr: number];
type Op = ['malloc', number] | ['mfree', number, number];

/** The starter's malloc. */
function buggy(mp: lib.map[], size: number): number {
  for (let bp = 0; mp[bp].m_size !== 0; bp++) {
    if (mp[bp].m_size < size) continue;
    const a = mp[bp].m_addr;
    mp[bp].m_addr += size;
    mp[bp].m_size -= size;
    if (mp[bp].m_size === 0) {
      do {
        bp++;
        mp[bp - 1].m_addr = mp[bp].m_addr;
      } while (mp[bp - 1].m_size === mp[bp].m_size);
    }
    return a;
  }
  return 0;
}

/** What comes of the calls: after each, what came back and the entries. */
function run(ops: readonly Op[], take: typeof buggy): string[] {
  const mp = lib.newMap(8);
  const seen: string[] = [];
  for (const op of ops) {
    try {
      const got = op[0] === 'malloc'
        ? take(mp, op[1])
        : (lib.mfree(mp, op[1], op[2]), 'nothing');
      seen.push(`${text(op)} returns ${got}, free are ${write(lib.entries(mp))}`);
    } catch (error) {
      seen.push(`${text(op)} leaves the array: ${(error as Error).message}`);
      return seen;
    }
  }
  return seen;
}

const differs = (ops: readonly Op[]): boolean =>
  !same(run(ops, buggy), run(ops, lib.malloc));

const text = ([name, ...args]: Op): string => `${name}(mp, ${args.join(', ')})`;

/** The least number of calls that show the bug, found by trying them all. */
function shortest(): number {
  const calls: Op[] = [
    ['malloc', 1], ['malloc', 2],
    ['mfree', 1, 1], ['mfree', 2, 1], ['mfree', 1, 4], ['mfree', 2, 4],
  ];
  let lists: Op[][] = [[]];
  for (let n = 1; ; n++) {
    lists = lists.flatMap((list) => calls.map((op) => [...list, op]));
    if (lists.some(differs)) return n;
  }
}

/** The student's list, or a finding that says why it is none. */
function list(): Op[] {
  const have: unknown = attempt('failing()', failing);
  if (!Array.isArray(have)) throw new Finding('failing(): it returns an array.');
  if (have.length > 10) throw new Finding('failing(): at most ten calls.');
  const mp = lib.newMap(20);
  have.forEach((op: unknown, i) => {
    const [name, size, addr, ...more] = Array.isArray(op) ? op : [op];
    const counts = [size, ...(name === 'mfree' ? [addr] : [])];
    const known = name === 'malloc' ? addr === undefined : name === 'mfree';
    if (!known || more.length > 0 || !counts.every((n) => isCount(n))) {
      const forms = "['malloc', size] or ['mfree', size, addr]";
      throw new Finding(`failing(), call ${i + 1}: you have ${write(op)}. `
        + `A call is ${forms}, with numbers from 1 to 1000.`);
    }
    if (name === 'malloc') lib.malloc(mp, size);
    else free(mp, size, addr, i);
  });
  return have as Op[];
}

const isCount = (n: unknown): boolean =>
  Number.isInteger(n) && (n as number) >= 1 && (n as number) <= 1000;

/** Gives back, if that is allowed. */
function free(mp: lib.map[], size: number, addr: number, i: number): void {
  if (lib.entries(mp).some(([s, a]) => a < addr + size && addr < a + s)) {
    throw new Finding(`failing(), call ${i + 1}: some of these units are free `
      + 'already. V7 does not notice, so the list would show that, not the bug.');
  }
  lib.mfree(mp, size, addr);
}

it('failing() is a list on which the two differ [2 points]', () => {
  const ops = list();
  if (differs(ops)) return;
  const after = run(ops, lib.malloc);
  const exact = ops.some((_, i) => i > 0 && gets(ops, i));
  throw new Finding([
    `failing(): on your list [${ops.map(text).join('; ')}] both do the same.`,
    exact
      ? 'A piece fits exactly here, and yet nothing differs.'
      : 'The changed loop does not run in it. When does malloc close an '
        + 'entry up?',
    ...after.map((line) => `  ${line}`),
  ].join('\n'));
});

/** Does call i use an entry up? */
function gets(ops: readonly Op[], i: number): boolean {
  const mp = lib.newMap(20);
  for (const op of ops.slice(0, i)) {
    if (op[0] === 'malloc') lib.malloc(mp, op[1]);
    else lib.mfree(mp, op[1], op[2]);
  }
  const op = ops[i];
  return op[0] === 'malloc'
    && lib.entries(mp).find(([s]) => s >= op[1])?.[0] === op[1];
}

it('failing() is as short as can be [1 point]', () => {
  const ops = list();
  if (!differs(ops)) {
    throw new Finding('failing(): first find a list on which the two differ.');
  }
  const beliefs: Belief[] = [{
    if: (n: number) => n > shortest(),
    then: 'An entry behind the one that is used up is not needed. What do the '
      + 'sizes look like where no entry is left?',
  }];
  const call = `the length of failing(), ${ops.map(text).join('; ')}`;
  judge({ call, have: ops.length, is: shortest(), beliefs });
});

/** Takes size units of these pieces, and judges what is left. */
function take(pieces: Piece[], size: number): void {
  const mp = lib.newMap(8);
  const right = lib.newMap(8);
  for (const [s, a] of pieces) {
    lib.mfree(mp, s, a);
    lib.mfree(right, s, a);
  }
  const call = `malloc(mp, ${size}) of ${write(pieces)}`;
  const have = attempt(call, () => malloc(mp, size));
  const is = lib.malloc(right, size);
  judge({ call, have, is, beliefs: [
    { if: undefined, then: 'What comes back is the first unit.' },
    { if: 0,
      then: 'A piece fits exactly. Is its address kept before the entry changes?' },
  ] });
  const left = lib.entries(right);
  const rest = pieces.filter(([, a]) => a !== is);
  judge({
    call: `entries(mp) after ${call}`,
    have: lib.entries(mp),
    is: left,
    beliefs: [
      { if: (ps: Piece[]) => ps.length < left.length,
        then: 'The copying stops too early. Is the size copied in each pass, '
          + 'and is the copy what ends the loop?' },
      { if: (ps: Piece[]) => ps.length > left.length,
        then: 'The last entry stands there twice: the delimiter is copied too.' },
      { if: (ps: Piece[]) => ps.some(([s], i) => s !== rest[i]?.[0]),
        then: 'The addresses have moved, the sizes have not, or not all.' },
      { if: (ps: Piece[]) => ps.some(([, a], i) => a !== rest[i]?.[1]),
        then: 'The sizes have moved, the addresses have not, or not all.' },
    ],
    drawn: drawMaps([
      { name: 'before', pieces },
      { name: 'yours', pieces: lib.entries(mp) },
      { name: 'it is', pieces: left },
    ]),
  });
}

it('malloc closes up an entry and loses none behind it [2 points]', () => {
  take([[4, 10], [6, 20]], 4);
  take([[4, 10], [6, 20], [2, 30], [9, 40]], 4);
  take([[4, 10], [6, 20], [2, 30], [9, 40]], 6);
});

it('malloc stops at the delimiter when the last entry is used up [1 point]', () => {
  take([[4, 10]], 4);
  take([[4, 10], [6, 20]], 6);
});
