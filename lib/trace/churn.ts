// Requests to feed to an allocator, and a record of what it did.
//
// Idea: a workload says who asks for how much, and when it is given back.
// It knows no address. The same requests can then go to any allocator, and
// what differs in the record is the allocator's doing.
//
// 1. The same seed gives the same requests, on every machine.
// 2. Each id is allocated once and freed at most once, in that order.
// 3. A lifetime covers [addr, addr + size) from operation `from` up to,
//    not including, operation `to`; `to` is the number of operations when
//    the piece was never freed.

/** One request. Its id ties a free to the allocation it ends. */
export interface Request {
  op: 'alloc' | 'free';
  id: number;
  size: number; // in the allocator's units; a free repeats it
}

/** What a churn looks like. */
export interface Churn {
  seed: number; // any integer
  operations: number; // requests in all
  live: number; // alive at once, after the start; refused ones count
  sizes: [least: number, most: number]; // each size equally likely
}

/**
 * Random numbers in [0, 1) from a seed: mulberry32 (T. Ettinger, 2017),
 * 32 bits of state, good enough to choose sizes and victims.
 */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 0x100000000;
  };
}

/**
 * Steady-state churn: allocations until `live` are alive, then in turn one
 * of these, chosen at random, is freed and a new one allocated.
 */
export function* churn({ seed, operations, live, sizes }: Churn) {
  const next = random(seed);
  const [least, most] = sizes;
  const alive: Request[] = [];
  for (let i = 0, id = 0; i < operations; i++) {
    if (alive.length < live) {
      const size = least + Math.floor(next() * (most - least + 1));
      const request: Request = { op: 'alloc', id: id++, size };
      alive.push(request);
      yield request;
    } else {
      const victim = Math.floor(next() * alive.length);
      const [request] = alive.splice(victim, 1);
      yield { ...request, op: 'free' } as Request;
    }
  }
}

/** A piece of memory in a client's hands, and when. */
export interface Lifetime {
  addr: number; // first unit
  end: number; // first unit behind it
  from: number; // the operation that allocated it, counted from 0
  to: number; // the operation that freed it
}

/** What came of the requests. */
export interface Recorded {
  operations: number;
  failed: number; // allocations that got no address
  lifetimes: Lifetime[]; // in order of allocation
}

/**
 * Feeds requests to an allocator and records the lifetimes.
 * @param alloc returns the address, or 0 or null for no
 * @param free  gets what alloc returned, and the size
 */
export function record(
  requests: Iterable<Request>,
  alloc: (size: number) => number | null,
  free: (addr: number, size: number) => void,
): Recorded {
  const held = new Map<number, Lifetime>();
  const lifetimes: Lifetime[] = [];
  let operations = 0;
  let failed = 0;
  for (const { op, id, size } of requests) {
    const now = operations++;
    const lifetime = held.get(id);
    if (op === 'free') {
      if (lifetime === undefined) continue; // it had failed
      lifetime.to = now;
      held.delete(id);
      free(lifetime.addr, size);
    } else {
      const addr = alloc(size);
      if (addr === null || addr === 0) {
        failed++;
        continue;
      }
      const piece = { addr, end: addr + size, from: now, to: -1 };
      held.set(id, piece);
      lifetimes.push(piece);
    }
  }
  for (const lifetime of held.values()) lifetime.to = operations;
  return { operations, failed, lifetimes };
}

/** A slot of any of the maps. */
interface Slot {
  m_size: number;
  m_addr: number;
}

/** An array of slots that counts who is looked at. */
export interface Watched<T> {
  mp: T[];
  /** Runs f and counts the slots whose size or address it read. */
  visits(f: () => void): number;
}

/**
 * Puts a counter on every slot of an array. What is counted is what the
 * code really reads: nothing in the allocator knows that it is watched.
 */
export function watch<T extends Slot>(slots: T[]): Watched<T> {
  const seen = new Set<number>();
  const mp = slots.map((slot, i) =>
    Object.defineProperties({} as T, {
      m_size: {
        get: () => (seen.add(i), slot.m_size),
        set: (value: number) => void (slot.m_size = value),
      },
      m_addr: {
        get: () => (seen.add(i), slot.m_addr),
        set: (value: number) => void (slot.m_addr = value),
      },
    }),
  );
  const visits = (f: () => void): number => {
    seen.clear();
    f();
    return seen.size;
  };
  return { mp, visits };
}
