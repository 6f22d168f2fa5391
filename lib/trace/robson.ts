// Robson's adversary: a program that is out to make an allocator fail.
//
// How much memory is enough? Say that a program never has more than M units
// alive, and asks for pieces of 1, 2, 4 … n units. J. M. Robson (Bounds for
// Some Functions Concerning Dynamic Storage Allocation, Journal of the ACM
// 21(3), 1974) found the least memory with which the best of allocators
// never has to refuse. One half of his proof is a program that drives every
// allocator so far, whatever its policy. It is this file.
//
// Idea: look where the pieces lie, and keep those that are in the way. Of
// any m addresses in a row exactly one leaves the rest f when it is divided
// by m. So every place for a piece of m units contains such an address, and
// one small piece that holds it spoils the place. The program frees all
// other pieces. Much is free then, but nowhere m units in a row, and what
// it asks for next, pieces of m units, must lie in fresh memory. Then m
// doubles.
//
// With M = 8 it first gets 8 pieces of 1 unit, at 0 to 7. For m = 2 and
// f = 0 it frees those at 1, 3, 5 and 7. Four units are alive, so it may
// ask for two pieces of 2 units. First fit puts them at 7 and 9. The holes
// at 1, 3 and 5 stay, and 8 units alive have needed 11.
//
// 1. Never more than M units are alive.
// 2. When a round for m begins to ask, every piece alive holds an address
//    that leaves the rest f, divided by m. So do the pieces it then gets.
// 3. There is no chance in it: to the same answers it makes the same
//    requests.
//
// Left out: the other half, an allocator that never needs more. The bound
// is quoted as SQLite's documentation has it (Dynamic Memory Allocation in
// SQLite, section 4). Also left out: limits and sizes between the powers of
// two, and what Robson built in 1977 against first fit and best fit alone.
import { mustBeWhole, WrongLoad } from './random.js';
import type { Workload } from './requests.js';

/** What the adversary may do, and where it stands. */
export interface Robson {
  M: number; // units alive at once, at most: a power of two
  n: number; // the largest size: a power of two, M at most
  from?: number; // the lowest address that can be given out; usually 0
}

/** A piece that is alive, and where it lies. */
interface Placed {
  id: number;
  addr: number;
  size: number;
}

/**
 * The units that Robson's program forces every allocator to use, from its
 * lowest address on: M (1 + log2(n) / 2) - n + 1.
 */
export function robsonBound(M: number, n: number): number {
  mustBeLimits(M, n);
  return M * (1 + (31 - Math.clz32(n)) / 2) - n + 1;
}

/** @throws WrongLoad unless both are powers of two, and n is no more */
function mustBeLimits(M: number, n: number): void {
  mustBeWhole('M', M, 1, 2 ** 30);
  mustBeWhole('n', n, 1, M);
  for (const limit of [M, n]) {
    if ((limit & (limit - 1)) === 0) continue;
    throw new WrongLoad(`${limit} is no power of two. Give 1, 2, 4, 8 …`);
  }
}

/** Does the piece hold an address that leaves the rest f, divided by m? */
const holds = ({ addr, size }: Placed, f: number, m: number): boolean =>
  (((f - addr) % m) + m) % m < size;

/** Units spoilt beyond those that the pieces themselves take up. */
function gain(alive: readonly Placed[], f: number, m: number): number {
  const kept = alive.filter((piece) => holds(piece, f, m));
  return kept.reduce((sum, { size }) => sum + m - size, 0);
}

/**
 * The adversary. It has to be told the answers, so it cannot be put in a
 * list before there is an allocator: `for … of` does not drive it. A piece
 * that was refused is none, and not freed.
 */
export function robson({ M, n, from = 0 }: Robson): Workload {
  mustBeLimits(M, n);
  mustBeWhole('from', from, 0);
  return rounds(M, n, from);
}

const DEAF =
  'Robson\'s adversary chooses each request by the addresses it was given. ' +
  'Drive it with an allocator, and hand back every answer.';

function* rounds(M: number, n: number, from: number): Workload {
  let id = 0;
  let f = from;
  let alive: Placed[] = [];
  for (let m = 1; m <= n; m *= 2) {
    // Half of the addresses that counted for m / 2 go on to count: those
    // where it gains most. (For m = 1 there is nothing to keep yet.)
    const other = f + m / 2;
    if (gain(alive, other, m) > gain(alive, f, m)) f = other;
    const kept: Placed[] = [];
    for (const piece of alive) {
      if (holds(piece, f, m)) kept.push(piece);
      else yield { op: 'free', id: piece.id, size: piece.size };
    }
    alive = kept;

    // Then ask for as many pieces of m units as may be alive.
    const used = alive.reduce((sum, { size }) => sum + size, 0);
    for (let more = Math.floor((M - used) / m); more > 0; more--, id++) {
      const addr = yield { op: 'alloc', id, size: m };
      if (addr === undefined) throw new WrongLoad(DEAF);
      if (addr !== null) alive.push({ id, addr, size: m });
    }
  }
}
