// A run: a workload drives an allocator, and somebody takes notes.
//
// Idea: what there is to know about a million operations is a few sums and
// now and then a sample. So a run keeps what is alive and nothing else;
// samples and lifetimes go to whoever asked for them, as they come up.
//
// 1. Each request is served at once, and its answer handed back to the
//    workload: an address, or null for no. A free has no answer.
// 2. A reallocation takes the new piece, then gives back the old one. When
//    there is no new piece the old one stays.
// 3. An id whose allocation failed holds nothing: to free it does nothing,
//    and to resize it is to allocate.
import type { Allocator } from './allocator.js';
import { largest, total } from './measures.js';
import type { Lifetime } from './record.js';
import type { Request } from './requests.js';

/** How things stand after so many operations. All sizes in units. */
export interface Sample {
  operation: number; // operations done so far
  live: number; // asked for and not given back
  given: number; // occupied by these; never less
  blocks: number; // pieces alive
  free: number; // in all holes together
  largest: number; // in the largest hole
  holes: number; // how many there are
  taken: number; // needed from below, so far
  steps: number; // records looked at by the last allocation
}

/** What is left of a run in the end. */
export interface Totals {
  operations: number;
  failed: number; // allocations, resizing ones too, that got no address
  peakLive: number; // units asked for, when they were most
  peakTaken: number; // units needed from below, when they were most
  searchMean: number; // steps of an allocation, failed ones included
  searchMax: number;
  splits?: number; // both as Joints counts them, when asked for
  joins?: number;
  last: Sample;
}

/** What else a run shall do. */
export interface Wishes {
  /** Gets a sample after each `every` operations (each one if not said). */
  onSample?: (sample: Sample) => void;
  every?: number;
  /** Gets each lifetime when it ends; at the end those that have not. */
  onLifetime?: (lifetime: Lifetime) => void;
  /** Counts splits and joins, which walks all holes at every call. */
  joints?: boolean;
  /** Is told of each piece, and that nothing exists from `limit` on. */
  check?: {
    add(addr: number, size: number, limit: number): void;
    remove(addr: number): void;
  };
  /** The allocator's own way to resize, in place of rule 2. */
  realloc?: (addr: number, old: number, size: number) => number | null;
}

/** What a workload is told: an address, null for no, of a free nothing. */
type Answer = number | null | undefined;

/**
 * Drives an allocator with a workload to its end.
 * @param requests a workload; a list of requests will do as well
 */
export function run(
  requests: Iterable<Request>,
  allocator: Allocator,
  wishes: Wishes = {},
): Totals {
  const { onSample, every = 1 } = wishes;
  const desk = new Desk(allocator, wishes);
  const source = requests[Symbol.iterator]() as Iterator<Request, void, Answer>;
  let answer: Answer;
  try {
    for (;;) {
      const { done, value: request } = source.next(answer);
      if (done) return desk.close();
      answer = desk.serve(request as Request);
      if (onSample && desk.operations % every === 0) onSample(desk.sample());
    }
  } finally {
    source.return?.(); // a workload may have a file to close
  }
}

/**
 * Splits and joins, told from outside by counting holes before and after.
 * To allocate uses up one hole, and each split makes one more, so that
 * holes grow by splits - 1. To free makes one hole, and each join uses one
 * up: they grow by 1 - joins. If an allocator joins while it allocates,
 * these joins are subtracted from its splits.
 */
class Joints {
  splits = 0;
  joins = 0;

  constructor(private readonly allocator: Allocator) {}

  alloc(size: number): number | null {
    const before = this.allocator.holes().length;
    const addr = this.allocator.alloc(size);
    const more = this.allocator.holes().length - before;
    if (addr !== null) this.splits += more + 1;
    return addr;
  }

  free(addr: number, size: number): void {
    const before = this.allocator.holes().length;
    this.allocator.free(addr, size);
    this.joins += 1 - (this.allocator.holes().length - before);
  }
}

/** A piece in a client's hands, and how much it really occupies. */
interface Held {
  addr: number;
  size: number;
  given: number;
  from: number;
}

/** Serves one request after the other, and keeps the sums. */
class Desk {
  operations = 0;
  private readonly held = new Map<number, Held>();
  private readonly joints: Joints | null;
  private failed = 0;
  private live = 0;
  private given = 0;
  private peakLive = 0;
  private peakTaken = 0;
  private searches = 0;
  private steps = 0; // of all searches
  private searchMax = 0;

  constructor(
    private readonly allocator: Allocator,
    private readonly wishes: Wishes,
  ) {
    this.joints = wishes.joints ? new Joints(allocator) : null;
  }

  /** @returns what the workload is told */
  serve({ op, id, size }: Request): Answer {
    const { realloc } = this.wishes;
    const old = this.held.get(id);
    let answer: Answer;
    if (op === 'free') {
      if (old) this.giveBack(old);
      this.held.delete(id);
    } else if (op === 'realloc' && old && realloc) {
      answer = this.searched(realloc(old.addr, old.size, size));
      if (answer !== null) {
        this.leave(old);
        this.enter(id, answer, size);
      }
    } else {
      answer = this.searched((this.joints ?? this.allocator).alloc(size));
      if (answer !== null) this.enter(id, answer, size);
      if (answer !== null && old) this.giveBack(old);
    }
    this.operations++;
    if (this.live > this.peakLive) this.peakLive = this.live;
    return answer;
  }

  /** Notes what the search for an answer has cost. */
  private searched(answer: number | null): number | null {
    const steps = this.allocator.steps();
    this.searches++;
    this.steps += steps;
    if (steps > this.searchMax) this.searchMax = steps;
    if (answer === null) this.failed++;
    return answer;
  }

  private giveBack(old: Held): void {
    (this.joints ?? this.allocator).free(old.addr, old.size);
    this.leave(old);
  }

  /** A piece has come. */
  private enter(id: number, addr: number, size: number): void {
    const { allocator, wishes, operations: from } = this;
    const given = allocator.given(addr, size);
    const taken = allocator.taken();
    this.held.set(id, { addr, size, given, from });
    this.live += size;
    this.given += given;
    if (taken > this.peakTaken) this.peakTaken = taken;
    wishes.check?.add(addr, size, allocator.range[0] + taken);
  }

  /** A piece has gone. */
  private leave(old: Held): void {
    this.live -= old.size;
    this.given -= old.given;
    this.wishes.check?.remove(old.addr);
    this.ended(old);
  }

  private ended({ addr, size, from }: Held): void {
    const { wishes, operations: to } = this;
    wishes.onLifetime?.({ addr, end: addr + size, from, to });
  }

  sample(): Sample {
    const { allocator, held, operations, live, given } = this;
    const holes = allocator.holes();
    return {
      operation: operations,
      live,
      given,
      blocks: held.size,
      free: total(holes),
      largest: largest(holes),
      holes: holes.length,
      taken: allocator.taken(),
      steps: allocator.steps(),
    };
  }

  /** Ends what is still alive, and sums up. */
  close(): Totals {
    const { operations, failed, peakLive, peakTaken } = this;
    const { joints, searches, steps, searchMax } = this;
    const last = this.sample();
    for (const piece of this.held.values()) this.ended(piece);
    return {
      operations,
      failed,
      peakLive,
      peakTaken,
      searchMean: searches === 0 ? 0 : steps / searches,
      searchMax,
      ...(joints ? { splits: joints.splits, joins: joints.joins } : {}),
      last,
    };
  }
}
