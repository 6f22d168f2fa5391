import { it } from 'vitest';
import { attempt, Finding, judge, write, type Belief }
  from '../../lib/grade/judge.js';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { segments } from '../../lib/opensolaris/vmem_check.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import {
  VM_NEXTFIT,
  VM_NOSLEEP,
  VM_SLEEP,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import { reboot } from '../../lib/sys/reboot.js';
import { trace } from './rotor-in-between.js';

type Piece = [start: number, end: number];
type Op = ['alloc' | 'next', number] | ['free', number, number];
interface State { addr: number | null; free: Piece[]; rotor: number }

const ops: Op[] = [
  ['next', 20], ['next', 20], ['alloc', 10], ['free', 220, 20],
  ['free', 240, 10], ['alloc', 25], ['free', 200, 20], ['alloc', 30],
  ['next', 25], ['free', 230, 25],
];

const text = (op: Op): string =>
  op[0] === 'free' ? `vmem_free(vmp, ${op[1]}, ${op[2]})`
    : `vmem_alloc(vmp, ${op[1]}, ${op[0] === 'next' ? 'VM_NEXTFIT' : '0'})`;

/** What is free, and where the rotor stands. */
function look(vmp: vmem_t): Omit<State, 'addr'> {
  const all = segments(vmp);
  const i = all.findIndex(({ type }) => type === 'rotor');
  const before = all[i - 1];
  const free = all.filter(({ type }) => type === 'free')
    .map(({ start, end }): Piece => [start, end]);
  return { free, rotor: before === undefined ? 200 : before.end };
}

/** The right rows. */
function rows(): State[] {
  reboot();
  vmem_init();
  const vmp = vmem_create('task', 200, 60, 1, null, null, null, 0, VM_SLEEP)!;
  return ops.map((op): State => {
    let addr: number | null = null;
    if (op[0] === 'free') vmem_free(vmp, op[1], op[2]);
    else {
      const flag = op[0] === 'next' ? VM_NEXTFIT : 0;
      addr = vmem_alloc(vmp, op[1], VM_NOSLEEP | flag);
    }
    return { addr, ...look(vmp) };
  });
}

const isPiece = (p: unknown): p is Piece =>
  Array.isArray(p) && p.length === 2 && p.every((n) => Number.isSafeInteger(n));

/** A student's row, or a finding that says what is not a row about it. */
function rowOf(all: unknown, i: number): State {
  if (!Array.isArray(all)) {
    throw new Finding(`trace(): you have ${write(all)}, it is an array of rows.`);
  }
  const { addr, free, rotor } = Object(all[i]);
  const call = `row ${i + 1}, ${text(ops[i])}`;
  if (addr === undefined || addr === '?') {
    throw new Finding(`${call}: no answer yet.`);
  }
  if (!Array.isArray(free) || free.length > 20 || !free.every(isPiece)) {
    throw new Finding(`${call}: "free" is an array of pairs [start, end].`);
  }
  return { addr, free, rotor };
}

/** Pieces that touch, made one. */
function joined(pieces: readonly Piece[]): Piece[] {
  const out: Piece[] = [];
  for (const [start, end] of pieces) {
    const last = out.at(-1);
    if (last?.[1] === start) last[1] = end;
    else out.push([start, end]);
  }
  return out;
}

/** What one must believe to write this about the call on `before`. */
function about(op: Op, before: State, is: State) {
  const free = before.free;
  const sizes = (p: Piece): number => p[1] - p[0];
  const fits = joined(free).filter((p) => op[0] !== 'free' && sizes(p) >= op[1]);
  const whole: Piece | null = op[0] === 'free' ? [op[1], op[1] + op[2]] : null;
  const added: Piece[] = whole === null ? free
    : [...free, whole].sort(([a], [b]) => a - b);
  const addr: Belief[] = [
    { if: (have: unknown) => op[0] === 'free' && have !== null,
      then: 'vmem_free returns nothing: write null.' },
    { if: (have: unknown) => is.addr === null && fits.some(([a]) => a === have),
      then: 'So many units lie together, but the rotor keeps them apart: there '
        + 'are two segments, and neither is large enough.' },
    { if: 0, then: 'What is refused gets null.' },
    { if: (have: unknown) => have === null && op[0] === 'next',
      then: 'When next fit has gone round, it moves the rotor on. What was '
        + 'apart becomes one segment, and it looks at that.' },
    { if: null, then: 'A segment is large enough.' },
    { if: (have: unknown) => op[0] === 'next' && free.some(([a]) => a === have),
      then: 'The search begins behind the rotor, and that segment is too small '
        + 'or not the next one.' },
    { if: (have: unknown) => have === op[1],
      then: 'What comes back is an address, not a size.' },
  ];
  const lists: Belief[] = [
    { if: (have: Piece[]) => have.length > is.free.length
        && write(have) === write(added) && whole !== null,
      then: 'Free segments side by side become one, unless the rotor stands '
        + 'between them.' },
    { if: (have: Piece[]) => have.length < is.free.length
        && write(have) === write(joined(is.free)),
      then: 'The rotor stands between the two: they are not joined.' },
    { if: (have: Piece[]) => write(have) === write(free),
      then: 'Nothing is changed. Is that so?' },
    { if: (have: Piece[]) => have.some(([a], i) => i > 0 && a < have[i - 1][0]),
      then: 'The segments stand in the order of addresses.' },
  ];
  const rotor: Belief[] = [
    { if: before.rotor,
      then: 'The rotor moves on behind what next fit allocates by a search.' },
    { if: () => is.rotor === before.rotor,
      then: op[0] === 'next' ? 'It stays where it is.'
        : 'Only VM_NEXTFIT moves the rotor.' },
  ];
  return { addr, lists, rotor };
}

/** The span in text: '=' is free, '[' where a free segment begins. */
function draw(name: string, { free, rotor }: Omit<State, 'addr'>): string {
  const units = Array.from({ length: 60 }, (_, i): string => {
    const at = 200 + i;
    if (free.some(([start]) => start === at)) return '[';
    return free.some(([start, end]) => start <= at && at < end) ? '=' : '.';
  });
  if (rotor >= 200 && rotor <= 260) units.splice(rotor - 200, 0, '|');
  return `  ${name.padEnd(6)} ${units.join('')}`;
}

function judgeRow(i: number): void {
  const all: unknown = attempt('trace()', trace);
  const have = rowOf(all, i);
  const right = rows();
  const is = right[i];
  const before: State = right[i - 1] ?? { addr: null, free: [[200, 260]], rotor: 200 };
  const { addr, lists, rotor } = about(ops[i], before, is);
  const call = `row ${i + 1}, ${text(ops[i])}`;
  const rest = {
    drawn: [
      draw('before', before),
      draw('yours', have),
      draw('it is', is),
      "         200, a character a unit; '|' is the rotor, '[' a segment's start",
    ],
  };
  judge({ call: `${call}, addr`, have: have.addr, is: is.addr, beliefs: addr, ...rest });
  judge({ call: `${call}, free`, have: have.free, is: is.free, beliefs: lists, ...rest });
  judge({ call: `${call}, rotor`, have: have.rotor, is: is.rotor, beliefs: rotor, ...rest });
}

it('rows 1 to 3 are what three allocations make of the start [1 point]', () => {
  [0, 1, 2].forEach(judgeRow);
});

it('row 4 is what vmem_free(vmp, 220, 20) makes of row 3 [1 point]', () => {
  judgeRow(3);
});

it('row 5 is what vmem_free(vmp, 240, 10) makes of row 4 [1 point]', () => {
  judgeRow(4);
});

it('row 6 is what vmem_alloc(vmp, 25, 0) makes of row 5 [1 point]', () => {
  judgeRow(5);
});

it('row 7 is what vmem_free(vmp, 200, 20) makes of row 6 [1 point]', () => {
  judgeRow(6);
});

it('row 8 is what vmem_alloc(vmp, 30, 0) makes of row 7 [1 point]', () => {
  judgeRow(7);
});

it('row 9 is what vmem_alloc(vmp, 25, VM_NEXTFIT) makes of row 8 [2 points]', () => {
  judgeRow(8);
});

it('row 10 is what vmem_free(vmp, 230, 25) makes of row 9 [1 point]', () => {
  judgeRow(9);
});
