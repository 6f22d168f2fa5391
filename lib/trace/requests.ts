// Requests: what a program asks of an allocator.
//
// Idea: a workload says who asks for how much, and when it is given back.
// It knows no address, for an address is the allocator's answer. The same
// requests can then go to any allocator, and what differs in the record is
// the allocator's doing.
//
// 1. The same seed gives the same requests, on every machine.
// 2. Each id is allocated once and freed at most once, in that order; in
//    between it may be resized, any number of times.
// 3. A workload is a stream. It keeps what is alive and nothing else, so
//    a million requests need no more memory than a thousand.

/** One request. Its id ties a free to the allocation that it ends. */
export interface Request {
  op: 'alloc' | 'free' | 'realloc';
  id: number;
  size: number; // in the allocator's units; a free repeats it
}

/**
 * A stream of requests. Whoever drives it hands back the answer: an
 * address, or null for no. Only an adversary listens.
 */
export type Workload = Generator<Request, void, number | null | undefined>;
