// A record of what an allocator did with a list of requests.
//
// A request knows no address, for an address is the allocator's answer.
// Idea: put the two together and every allocation becomes a rectangle, so
// many units high and so many operations long. Pictures of a run are made
// of such lifetimes.
//
// 1. A lifetime covers [addr, end) from operation `from` up to, not
//    including, operation `to`; operations are counted from 0.
// 2. `to` is the number of operations when the piece was never freed.
// 3. One operation may end a lifetime and begin another: a reallocation
//    takes the new piece before it gives back the old one, because the
//    contents have to be copied.
import type { Request } from './requests.js';

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
 * Feeds requests to an allocator and records the lifetimes. A reallocation
 * that gets no address leaves the old piece where it is.
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
    const old = held.get(id);

    // First the new piece, if one is asked for …
    if (op !== 'free') {
      const addr = alloc(size);
      if (addr === null || addr === 0) {
        failed++;
        continue;
      }
      const piece = { addr, end: addr + size, from: now, to: -1 };
      held.set(id, piece);
      lifetimes.push(piece);
    }

    // … then the old one goes. There is none when its allocation failed.
    if (op === 'alloc' || old === undefined) continue;
    old.to = now;
    if (op === 'free') held.delete(id);
    free(old.addr, old.end - old.addr);
  }
  for (const lifetime of held.values()) lifetime.to = operations;
  return { operations, failed, lifetimes };
}

/** A slot of any of the maps. */
interface Slot {
  m_size: number;
  m_addr: number;
}

/** What has been counted of one call. */
interface Count {
  call: number; // which call this is: slots remember the last that read them
  read: number; // slots read, each once
  searched: number; // of these, before anything was written; -1 until then
}

/** Stands before a slot, and notes who is looked at. */
class Watcher implements Slot {
  private call = 0;

  constructor(
    private readonly slot: Slot,
    private readonly count: Count,
  ) {}

  get m_size(): number {
    return this.look().m_size;
  }
  set m_size(value: number) {
    this.touch().m_size = value;
  }
  get m_addr(): number {
    return this.look().m_addr;
  }
  set m_addr(value: number) {
    this.touch().m_addr = value;
  }

  private look(): Slot {
    const { count } = this;
    if (this.call !== count.call) count.read++;
    this.call = count.call;
    return this.slot;
  }

  private touch(): Slot {
    const { count } = this;
    if (count.searched === -1) count.searched = count.read;
    return this.slot;
  }
}

/** An array of slots that counts who is looked at. */
export interface Watched<T> {
  mp: T[];
  /** Runs f and counts the slots whose size or address it read. */
  visits(f: () => void): number;
  /** The same, up to the first change: what the search alone has read. */
  searched(f: () => void): number;
}

/**
 * Puts a counter on every slot of an array. What is counted is what the
 * code really reads: nothing in the allocator knows that it is watched.
 */
export function watch<T extends Slot>(slots: T[]): Watched<T> {
  const count: Count = { call: 0, read: 0, searched: -1 };
  const mp = slots.map((slot) => new Watcher(slot, count) as Slot as T);
  const run = (f: () => void): void => {
    count.call++;
    count.read = 0;
    count.searched = -1;
    f();
  };
  return {
    mp,
    visits(f) {
      run(f);
      return count.read;
    },
    searched(f) {
      run(f);
      return count.searched === -1 ? count.read : count.searched;
    },
  };
}
