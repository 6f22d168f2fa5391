// Workloads: programs reduced to their requests for memory.
//
// Idea: what an allocator notices of a program is when it asks and whom it
// frees. So these run through one loop, `follow`, and each is two small
// functions: does it grow now, and if not, who goes?
//
// | workload  | how many are alive                 | who goes      |
// |-----------|------------------------------------|---------------|
// | churn     | always `live`                      | any           |
// | ids       | always `live`, all of size 1       | any           |
// | ramp      | more and more                      | any           |
// | peaks     | up to a peak, nearly all back, …   | any           |
// | plateau   | up at once, stays, all back        | any           |
// | fifo      | now more, now fewer                | the oldest    |
// | lifo      | now more, now fewer                | the youngest  |
//
// Ramps, peaks and plateaus are the shapes in which the survey of Wilson
// and others (1995) finds the memory use of real programs. Churn is the
// steady state of the simulations before it. One more workload, everyOther,
// is no program but a demonstration, and has a loop of its own.
//
// 1. Ids count from 0 in order of allocation.
// 2. What a workload keeps is who is alive and may still be freed: `live`
//    pieces at most.
// 3. To grow draws one number, for the size. To free draws one if anyone
//    may go, and none otherwise. fifo and lifo draw one more for each
//    level that they head for.
// 4. A workload makes `operations` requests and then ends, whatever is
//    still alive. Only a plateau takes care to give all back, and only
//    everyOther may end before.
// 5. What makes no sense is refused at once, not with the first request.
//
// Left out: refusals. A workload does not listen: a piece that got no
// address counts as alive, and is freed when its turn comes. Left out too
// is what programs do besides: here phases do not overlap, and the sizes
// of one phase are those of the next.
import { Alive } from './alive.js';
import { fixed, mustBeWhole, random, type Sizes } from './random.js';
import type { Workload } from './requests.js';

/** What all workloads are told. */
export interface Load {
  seed: number; // any integer
  operations: number; // requests in all
  live: number; // pieces alive at once, at most; refused ones count
  sizes: Sizes;
}

/** @throws WrongLoad when a number is no such number */
function mustBeLoad({ seed, operations, live }: Load): void {
  mustBeWhole('seed', seed, Number.MIN_SAFE_INTEGER);
  mustBeWhole('operations', operations, 0);
  mustBeWhole('live', live, 1);
}

/** What makes one workload differ from another. */
interface Shape {
  /** Is request `i`, counted from 0, an allocation? */
  grows(alive: number, i: number): boolean;

  /** If not: the place, by age, of the piece that is freed. */
  victim(alive: number): number;
}

/** Allocates while the shape says so, and frees its victims otherwise. */
function* follow(
  { operations, sizes }: Load,
  next: () => number,
  { grows, victim }: Shape,
): Workload {
  const alive = new Alive();
  for (let i = 0, id = 0; i < operations; i++) {
    if (grows(alive.length, i)) {
      const size = sizes(next);
      alive.add({ op: 'alloc', id, size });
      yield { op: 'alloc', id: id++, size };
    } else {
      const { id: freed, size } = alive.take(victim(alive.length));
      yield { op: 'free', id: freed, size };
    }
  }
}

/** Frees anyone; allocates while fewer are alive than are wanted now. */
function wanting(load: Load, wanted: (i: number) => number): Workload {
  mustBeLoad(load);
  const next = random(load.seed);
  return follow(load, next, {
    grows: (alive, i) => alive < wanted(i),
    victim: (alive) => Math.floor(next() * alive),
  });
}

/**
 * Steady-state churn: allocations until `live` are alive, then in turn one
 * of these, chosen at random, is freed and a new one allocated.
 */
export const churn = (load: Load): Workload => wanting(load, () => load.live);

/** The same, each piece one unit, as process ids are, or minor numbers. */
export const ids = (load: Omit<Load, 'sizes'>): Workload =>
  churn({ ...load, sizes: fixed(1) });

/**
 * A ramp: what a program collects as it goes on. Pieces come and go, but
 * more come; after the last request `live` are alive, or nearly.
 */
export function ramp(load: Load): Workload {
  const { live, operations } = load;
  return wanting(load, (i) => (live * (i + 1)) / operations);
}

/** How deep the valleys are between the peaks. */
export interface Peaks extends Load {
  left: number; // pieces that are alive between two peaks
}

/**
 * Peaks: a phase builds up until `live` are alive, then gives back all but
 * `left`, whoever these are; then comes the next phase. So does a compiler
 * that takes one function after the other.
 */
export function peaks(load: Peaks): Workload {
  const { live, left } = load;
  mustBeLoad(load);
  mustBeWhole('left', left, 0, live - 1);
  const way = live - left; // from valley to peak, and back
  return wanting(load, (i) =>
    i < live || (i - left) % (2 * way) < way ? live : left,
  );
}

/**
 * A plateau: a program builds up `live` pieces and works with them, which
 * is a churn, to its end; then it gives all back. `operations` is even:
 * an odd last request would have nothing to free, and is not made.
 */
export function plateau(load: Load): Workload {
  mustBeLoad(load);
  const operations = load.operations - (load.operations % 2);
  return wanting({ ...load, operations }, (i) =>
    Math.min(load.live, operations - i),
  );
}

/**
 * Says whether to grow. It heads for a level from 0 to `live`, drawn at
 * random, and once there for another.
 */
function tide(live: number, next: () => number): Shape['grows'] {
  let level = 0;
  return (alive) => {
    while (level === alive) level = Math.floor(next() * (live + 1));
    return alive < level;
  };
}

/**
 * First in, first out: a producer fills a queue of at most `live` pieces,
 * a consumer empties it, and now one, now the other is faster.
 */
export function fifo(load: Load): Workload {
  mustBeLoad(load);
  const next = random(load.seed);
  const grows = tide(load.live, next);
  return follow(load, next, { grows, victim: () => 0 });
}

/** Last in, first out: a stack of at most `live` pieces, as in recursion. */
export function lifo(load: Load): Workload {
  mustBeLoad(load);
  const next = random(load.seed);
  const grows = tide(load.live, next);
  return follow(load, next, { grows, victim: (alive) => alive - 1 });
}

/** What comes when every second piece has gone. */
export interface EveryOther extends Load {
  larger?: number; // the size of what is then asked for, in units
}

/**
 * Allocates `live` pieces and frees every second one: half is free then,
 * but no two neighbours are. If it is told a size, it goes on to ask for
 * such pieces until `operations` are done; these are never freed. Sizes of
 * 1 and then 2 are the example of J. Bonwick and J. Adams for the worst of
 * fragmentation (Magazines and Vmem, 2001, section 4.4).
 */
export function everyOther(load: EveryOther): Workload {
  mustBeLoad(load);
  if (load.larger !== undefined) mustBeWhole('larger', load.larger, 1);
  return combed(load);
}

function* combed(load: EveryOther): Workload {
  const { seed, operations, live, sizes, larger } = load;
  const next = random(seed);
  const second = new Alive();
  let i = 0;
  for (; i < live && i < operations; i++) {
    const size = sizes(next);
    if (i % 2 === 1) second.add({ op: 'alloc', id: i, size });
    yield { op: 'alloc', id: i, size };
  }
  for (; second.length > 0 && i < operations; i++) {
    const { id, size } = second.take(0);
    yield { op: 'free', id, size };
  }
  if (larger === undefined) return;
  for (let id = live; i < operations; i++, id++) {
    yield { op: 'alloc', id, size: larger };
  }
}
