import { it } from 'vitest';
import { attempt, Finding, judge, type Belief } from '../../lib/grade/judge.js';
import type { Request } from '../../lib/trace/requests.js';
import { robson } from '../../lib/trace/robson.js';
import { trace } from './robson-by-hand.js';

const M = 8;

interface Piece { addr: number; size: number }
interface Round { m: number; alive: Piece[]; kept: number[]; asks: number }

/** Where the two allocators put pieces, in the order of asking. */
const games: Record<number, number[]>[] = [
  { 1: [0, 1, 3, 5, 7, 9, 11, 13], 2: [15, 17], 4: [20, 24] },
  { 1: [1, 2, 3, 4, 5, 6, 7, 10], 2: [8, 11], 4: [20, 24] },
];

/** Plays up to pieces of n units: all that came, and what went again. */
function play(game: Record<number, number[]>, n: number) {
  const workload = robson({ M, n });
  const came: Piece[] = []; // ids count from 0
  const went = new Set<number>();
  const got: Record<number, number> = { 1: 0, 2: 0, 4: 0 };
  let answer: number | undefined;
  for (;;) {
    const { done, value } = workload.next(answer);
    if (done) return { came, went };
    const { op, id, size } = value as Request;
    answer = op === 'free' ? undefined : game[size][got[size]++];
    if (answer === undefined) went.add(id);
    else came[id] = { addr: answer, size };
  }
}

/** The round for pieces of m units. */
function roundOf(game: Record<number, number[]>, m: number): Round {
  const before = play(game, m / 2);
  const { came, went } = play(game, m);
  const alive = before.came.filter((_, id) => !before.went.has(id));
  const kept = before.came.filter((_, id) => !went.has(id));
  const asks = came.length - before.came.length;
  return { m, alive, kept: byAddress(kept.map(({ addr }) => addr)), asks };
}

const byAddress = (all: number[]): number[] => [...all].sort((a, b) => a - b);

/** Pieces that hold an address with the rest f, and what they gain. */
function half({ alive, m }: Round, f: number) {
  const of = alive.filter(({ addr, size }) =>
    Array.from({ length: size }, (_, i) => (addr + i) % m).includes(f));
  const gain = of.reduce((sum, { size }) => sum + m - size, 0);
  return { addrs: byAddress(of.map(({ addr }) => addr)), gain };
}

/** Row n: the round, and the student's row. */
function row(n: number) {
  const all: unknown = attempt('trace()', trace);
  const have = Array.isArray(all) ? all[n] : undefined;
  if (typeof have !== 'object' || have === null) {
    throw new Finding(`row ${n + 1}: no answer yet. trace() returns four rows.`);
  }
  const round = roundOf(games[n >> 1], n % 2 === 0 ? 2 : 4);
  const name = `row ${n + 1}, game ${(n >> 1) + 1}, m = ${round.m}`;
  return { have: have as { kept: unknown; asks: unknown }, round, name };
}

const drawn = ({ alive }: Round): string[] => [
  `  alive before: ${alive.map(({ addr, size }) =>
    size === 1 ? `${addr}` : `${addr}-${addr + size - 1}`).join(' ')}`,
];

function judgeKept(n: number): void {
  const { have, round, name } = row(n);
  if (!Array.isArray(have.kept)) {
    throw new Finding(`${name}, kept: no list of addresses yet.`);
  }
  const all = byAddress(round.alive.map(({ addr }) => addr));
  const halves = Array.from({ length: round.m }, (_, f) => ({ f, ...half(round, f) }))
    .filter(({ addrs }) => addrs.length > 0);
  const won = halves.find(({ addrs }) => `${addrs}` === `${round.kept}`);
  const others = halves.filter((other) => other !== won);
  const byStart = (f: number) => all.filter((addr) => addr % round.m === f);
  const beliefs: Belief[] = [
    { if: all, then: 'Who keeps all can ask for nothing more. Keep those that hold '
      + 'an address of the chosen rest.' },
    ...others.map(({ f, addrs, gain }) => ({
      if: addrs,
      then: gain === won?.gain
        ? `The rests ${f} and ${won?.f} gain ${gain} each. Then the rest stays as it was.`
        : `Those with the rest ${f} gain ${gain}, those with the rest ${won?.f} `
          + `gain ${won?.gain}.`,
    })),
    ...others.map(({ f }) => ({
      if: byStart(f),
      then: 'A piece of 2 units holds two addresses; either may have the rest.',
    })),
    { if: (kept: unknown[]) => kept.some((addr) => !all.includes(addr as number)),
      then: 'Kept can be only what was alive before; a piece is named by its first unit.' },
  ];
  judge({ call: `${name}, kept`, have: byAddress(have.kept as number[]), is: round.kept,
    beliefs, drawn: drawn(round) });
}

function judgeAsks(n: number): void {
  const { have, round, name } = row(n);
  const { m, alive } = round;
  const own = Array.isArray(have.kept) && have.kept.length > 0 ? have.kept : round.kept;
  const used = alive.filter(({ addr }) => own.includes(addr))
    .reduce((sum, { size }) => sum + size, 0);
  const carried = Math.floor((M - used) / m);
  if (own !== round.kept && have.asks === carried) return;
  judge({ call: `${name}, asks`, have: have.asks, is: round.asks, beliefs: [
    { if: M / m, then: `${M} units may be alive, but what was kept counts among them.` },
    { if: alive.length - round.kept.length,
      then: `Count units, not pieces: as many pieces of ${m} as there is room for.` },
    { if: M - used, then: `So many units may still come; each piece takes ${m} of them.` },
    { if: (M - used) / m, then: 'A part of a piece cannot be asked for: round down.' },
  ], drawn: drawn(round) });
}

it('knows what stays for pieces of 2 in game 1 [1 point]', () => {
  judgeKept(0);
});

it('knows how many pieces of 2 may come in game 1 [1 point]', () => {
  judgeAsks(0);
});

it('knows what stays for pieces of 4 in game 1 [1 point]', () => {
  judgeKept(1);
});

it('knows how many pieces of 4 may come in game 1 [1 point]', () => {
  judgeAsks(1);
});

it('knows what stays for pieces of 2 in game 2 [1 point]', () => {
  judgeKept(2);
});

it('knows how many pieces of 2 may come in game 2 [1 point]', () => {
  judgeAsks(2);
});

it('knows what stays for pieces of 4 in game 2 [1 point]', () => {
  judgeKept(3);
});

it('knows how many pieces of 4 may come in game 2 [1 point]', () => {
  judgeAsks(3);
});
