import { it } from 'vitest';
import { attempt, drawMaps, Finding, judge, same, write, type Belief }
  from '../../lib/grade/judge.js';
import { fitMap, type Policy } from '../../lib/trace/adapters/fits.js';
import { trace } from './three-policies.js';

const UNITS = 40;

type Op = [op: 'alloc' | 'free', name: string, size: number];

const ops: Op[] = [
  ['alloc', 'A', 8], ['alloc', 'B', 3], ['alloc', 'C', 5], ['alloc', 'D', 3],
  ['alloc', 'E', 6], ['free', 'A', 8], ['free', 'C', 5], ['alloc', 'F', 4],
  ['alloc', 'G', 5], ['alloc', 'H', 8], ['alloc', 'I', 6], ['alloc', 'J', 5],
];
const asked = ops.slice(7);

/** Who lies where, and where the last piece given out ends. */
interface State {
  held: Map<string, [addr: number, size: number]>;
  rotor: number;
}

/** A map of lib that stands as the drawing does. */
function mapOf(policy: Policy, { held, rotor }: State) {
  const map = fitMap({ policy, units: UNITS, start: 1, slots: 60 });
  // All units are given out one by one. One hole then leads the rotor to
  // its place, and what nobody holds comes back.
  for (let i = 0; i < UNITS; i++) map.alloc(1);
  if (rotor > 1) {
    map.free(rotor - 1, 1);
    map.alloc(1);
  }
  for (let unit = 1; unit <= UNITS; unit++) {
    const isHeld = [...held.values()].some(([a, s]) => a <= unit && unit < a + s);
    if (!isHeld) map.free(unit, 1);
  }
  return map;
}

/** Does the student's answer name free units, and can it go on from there? */
function isFree(state: State, answer: unknown, size: number): answer is number {
  if (!Number.isInteger(answer)) return false;
  const addr = answer as number;
  return mapOf('first', state).holes()
    .some(({ start, end }) => start <= addr && addr + size <= end);
}

/** The state before request k of `asked`, after the student's own answers. */
function before(policy: Policy, own: unknown[], k: number): State {
  const state: State = { held: new Map(), rotor: 1 };
  ops.slice(0, 7 + k).forEach(([op, name, size], i) => {
    if (op === 'free') {
      state.held.delete(name);
      return;
    }
    const right = mapOf(policy, state).alloc(size);
    const yours = i < 7 ? right : own[i - 7];
    const addr = isFree(state, yours, size) ? yours : right;
    if (addr === null || (yours === null && i >= 7)) return;
    state.held.set(name, [addr, size]);
    state.rotor = addr + size;
  });
  return state;
}

/** Beliefs behind an answer of this policy. */
function beliefsOf(policy: Policy, state: State, size: number): Belief[] {
  const by = (other: Policy) => mapOf(other, state).alloc(size);
  const holes = mapOf(policy, state).holes();
  const right = by(policy);
  const others: Record<Policy, Belief[]> = {
    first: [
      { if: by('best'),
        then: 'That is the hole that fits best. First fit stops at the first '
          + 'one that is large enough.' },
      { if: by('next'), then: 'First fit begins each search at the low end.' },
    ],
    best: [
      { if: by('first'),
        then: 'That hole is large enough, and there is a smaller one that is.' },
      { if: by('next'), then: 'Best fit looks at all holes. Which is smallest?' },
    ],
    next: [
      { if: (have: unknown) => have !== right && have === by('best'),
        then: `A hole is not taken because it fits. The search goes on at ${state.rotor}, `
          + 'where the last piece given out ends.' },
      { if: (have: unknown) => have !== right && have === by('first'),
        then: `The search goes on at ${state.rotor}, where the last piece given `
          + 'out ends. The low holes come when the high ones are through.' },
      { if: null,
        then: 'At the end of the map the search begins again, at the low end.' },
    ],
  };
  return [
    ...others[policy],
    { if: null, then: 'One of the holes is large enough.' },
    { if: 0, then: 'This interface says "no" by null.' },
    { if: (have: unknown) => right !== null
        && holes.some(({ end }) => have === end - size),
      then: 'A piece is cut from the low end of a hole.' },
    { if: () => right === null,
      then: 'No hole is so large. What is free in sum does not count.' },
    { if: (have: unknown) => !holes.some(({ start }) => have === start),
      then: 'No hole begins there.' },
    { if: () => true, then: 'Which holes are there, and how large is each?' },
  ];
}

/** Judges one answer, on the student's own answers before it. */
function ask(policy: Policy, k: number): void {
  const all: unknown = attempt('trace()', trace);
  const own: unknown = Object(all)[policy];
  if (!Array.isArray(own)) {
    throw new Finding(`trace(): "${policy}" is an array of five answers.`);
  }
  const [, name, size] = asked[k];
  const call = `${policy} fit, ${name} ${size}`;
  if (own[k] === undefined || own[k] === '?') {
    throw new Finding(`${call}: no answer yet.`);
  }
  const right = before(policy, [], k);
  if (same(own[k], mapOf(policy, right).alloc(size))) return;
  // Who gives two policies the same answers has not followed this one.
  const copied = (['first', 'best', 'next'] as const)
    .some((other) => other !== policy && same(own, Object(all)[other]));
  const state = copied ? right : before(policy, own, k);
  const pieces = mapOf(policy, state).holes()
    .map(({ start, end }): [number, number] => [end - start, start]);
  judge({
    call,
    have: own[k],
    is: mapOf(policy, state).alloc(size),
    beliefs: beliefsOf(policy, state, size),
    drawn: [
      ...drawMaps([{ name: 'free', pieces }]),
      `  in use: ${[...state.held].map(([who, [a, s]]) => `${who} ${write([a, a + s])}`)
        .join(' ')}`,
    ],
  });
}

it('first fit: F and G [1 point]', () => {
  ask('first', 0);
  ask('first', 1);
});

it('first fit: H, I and J [1 point]', () => {
  ask('first', 2);
  ask('first', 3);
  ask('first', 4);
});

it('best fit: F and G [1 point]', () => {
  ask('best', 0);
  ask('best', 1);
});

it('best fit: H, I and J [1 point]', () => {
  ask('best', 2);
  ask('best', 3);
  ask('best', 4);
});

it('next fit: F and G [1 point]', () => {
  ask('next', 0);
  ask('next', 1);
});

it('next fit: H [1 point]', () => {
  ask('next', 2);
});

it('next fit: I and J [2 points]', () => {
  ask('next', 3);
  ask('next', 4);
});
