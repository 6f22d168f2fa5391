// What a failing test says.
//
// Idea: "wrong" teaches nothing. A message has four parts: the call, what
// you have, what it is, and the belief that leads there; and it is given
// on the smallest list of operations that fails, with the map drawn.
import { isDeepStrictEqual } from 'node:util';
import { Panic } from '../sys/panic.js';

/** A finding about a student's answer; its message is shown as it is. */
export class Finding extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Finding';
  }
}

/** A typical wrong answer, and what one must believe to give it. */
export interface Belief {
  if: unknown; // the wrong answer, or a function that knows it
  then: string; // one sentence
}

export interface Case {
  call: string; // as it was made: "malloc(mp, 4)"
  have: unknown;
  is: unknown;
  beliefs?: readonly Belief[];
  after?: readonly string[]; // the operations before the call
  drawn?: readonly string[]; // lines of a picture
}

/** Are two values the same, in type and in depth? */
export const same = (a: unknown, b: unknown): boolean => isDeepStrictEqual(a, b);

/** A value as a student would write it. */
export function write(value: unknown): string {
  if (value === undefined) return 'nothing (undefined)';
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : `${value}`;
  if (Array.isArray(value)) return `[${value.map(write).join(', ')}]`;
  return JSON.stringify(value) ?? String(value);
}

function beliefOf({ beliefs = [], have }: Case): string | undefined {
  return beliefs.find(({ if: wrong }) =>
    typeof wrong === 'function' ? wrong(have) : same(wrong, have),
  )?.then;
}

/** The message for a case in which `have` is not what it is. */
export function explain(c: Case): string {
  const after = c.after ?? [];
  const where = after.length === 0 ? '' : ` (after ${after.join('; ')})`;
  const first = `${c.call}${where}: you have ${write(c.have)}, it is ${write(c.is)}.`;
  const belief = beliefOf(c);
  return [first, ...(belief === undefined ? [] : [belief]), ...(c.drawn ?? [])]
    .join('\n');
}

/** @throws Finding unless have and is are the same, exactly */
export function judge(c: Case): void {
  if (!same(c.have, c.is)) throw new Finding(explain(c));
}

/**
 * Calls a student's function. What it throws becomes a finding that names
 * the call; "TODO" is let through, so that a starter says it is one.
 * @param after the operations before the call
 */
export function attempt<T>(
  call: string,
  f: () => T,
  after: readonly string[] = [],
): T {
  try {
    return f();
  } catch (error) {
    // Anything can be thrown, not errors alone.
    const { name = 'a throw', message: said = write(error) } = Object(error);
    const message = String(said);
    if (message.startsWith('TODO')) throw error;
    const where = after.length === 0 ? '' : ` (after ${after.join('; ')})`;
    if (error instanceof Panic) {
      const what = message === 'trap' ? error.facts.call : error.explain();
      throw new Finding(`${call}${where}: panic "${message}": ${what}.`);
    }
    throw new Finding(`${call}${where}: stopped by ${name}: ${message}.`);
  }
}

/**
 * Judges one value of a prediction, which is returned under its name. What
 * is still open ('?', as in a notebook's predict cell, or missing) is said
 * to be open: the answer is not given away to who has not tried.
 */
export function predicted<T extends object>(
  predict: () => T,
  name: keyof T & string,
  c: Omit<Case, 'have'>,
): void {
  const all = attempt('predict()', predict);
  if (typeof all !== 'object' || all === null) {
    const wanted = 'it returns an object with a value for each question';
    throw new Finding(`predict(): you have ${write(all)}, ${wanted}.`);
  }
  const have = all[name];
  if (have === '?' || have === undefined) {
    throw new Finding(`${c.call}: no answer yet (${name}).`);
  }
  judge({ ...c, have });
}

/** What an exercise gives to be put in order: letters, or numbers from 1. */
export interface Arranged<T extends string | number> {
  what: string; // 'step'
  labels: readonly T[]; // all of them, in the order in which they are given
  often?: readonly T[]; // those that may stand more than once
  each?: (label: T, at: string) => void; // judges further, place by place
}

/** The labels in a student's order, if they can be one at all. */
export function arranged<T extends string | number>(
  order: () => T[],
  { what, labels, often = [], each }: Arranged<T>,
): T[] {
  const have: unknown = attempt('order()', order);
  if (!Array.isArray(have)) throw new Finding('order(): it returns an array.');
  const [first, last] = [labels[0], labels[labels.length - 1]];
  const range = typeof first === 'number'
    ? `are numbered ${first} to ${last}`
    : `have the letters '${first}' to '${last}'`;
  have.forEach((label, i) => {
    const at = `order(), place ${i + 1}`;
    if (!labels.includes(label)) {
      const all = `${what[0].toUpperCase()}${what.slice(1)}s`;
      throw new Finding(`${at}: you have ${write(label)}. ${all} ${range}.`);
    }
    if (!often.includes(label) && have.indexOf(label) < i) {
      throw new Finding(`${at}: ${what} ${label} stands there for the second time.`);
    }
    each?.(label, at);
  });
  return have;
}

/** Free pieces as [m_size, m_addr], as `entries` of lib/bsd gives them. */
type Pieces = readonly (readonly [m_size: number, m_addr: number])[];

/**
 * Maps drawn one under the other on a common scale: `=` is free, `.` is
 * not. At most 60 characters wide, one unit a character where it fits.
 */
export function drawMaps(maps: { name: string; pieces: Pieces }[]): string[] {
  const all = maps.flatMap(({ pieces }) => pieces.map(([s, a]) => [a, a + s]));
  if (all.length === 0) return [];
  const from = Math.min(...all.map(([a]) => a));
  const to = Math.max(...all.map(([, end]) => end));
  const step = Math.max(1, Math.ceil((to - from) / 60));
  const cells = Math.ceil((to - from) / step);
  const width = Math.max(...maps.map(({ name }) => name.length));
  const isFree = (pieces: Pieces, at: number): boolean =>
    pieces.some(([s, a]) => a < at + step && at < a + s);
  const lines = maps.map(({ name, pieces }) => {
    const row = Array.from({ length: cells }, (_, i) =>
      isFree(pieces, from + i * step) ? '=' : '.',
    ).join('');
    return `  ${name.padEnd(width)} ${row}`;
  });
  const space = Math.max(`${from} `.length, cells - `${to}`.length);
  const scale = `${from}`.padEnd(space) + to;
  return [...lines, `  ${' '.repeat(width)} ${scale}`];
}
