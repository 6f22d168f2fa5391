// Choose the system.
// Kind: choose. Minutes: 45.
//
// Three clients look for an allocator. Each has a load and a limit:
//
//   'inodes'  600 objects of 340 bytes; any may be replaced. The machine has
//             many CPUs: at most 0.05 shared locks a call.
//   'swap'    60 ranges of 1, 2, 3, 5 or 9 pages; any may be replaced. One
//             CPU. The mean search looks at no more than 2 records.
//   'editor'  400 pieces of 12 to 1,100 bytes; any may be replaced. One CPU,
//             at most 5 records a search, and nobody knows the sizes before:
//             contend is told of no size.
//
// No request may be refused. Who keeps the limit and occupies least is best.
// Say first what you expect, and why. Then measure.
//
// 1. measure(name, load) makes a system by contend(name, load.known), and
//    runs a churn on it. Its seed, operations and live are the load's; each
//    of load.sizes is equally likely: sizes[Math.floor(n * next())]. It
//    returns
//
//      memory   the most that was occupied, over the most that was asked
//               for; Infinity if any request was refused
//      search   the mean of records looked at
//      locks    shared locks a call, in the second half of the operations:
//               onSample of run() can tell when the first half is over
//
// 2. choose(client) names the best of the seven systems. It counts if your
//    own measure says so, too. The loads, all with seed 1:
//
//      inodes   sizes [340], known [340], live 600, operations 4000
//      swap     sizes 4096 times 1, 2, 3, 5, 9, known all of these,
//               live 60, operations 2000
//      editor   sizes [12, 30, 75, 190, 450, 1100], known [],
//               live 400, operations 3000
import { contend, type System } from '../../lib/trace/adapters/side.js';
import { run } from '../../lib/trace/run.js';
import { churn } from '../../lib/trace/workloads.js';

interface Load {
  sizes: number[];
  known: number[];
  seed: number;
  live: number;
  operations: number; // even
}

type Client = 'inodes' | 'swap' | 'editor';

/** What a load costs on a system. */
export function measure(
  name: System,
  load: Load,
): { memory: number; search: number; locks: number } {
  // These may serve you; nothing else is needed.
  void [churn, contend, run];
  throw new Error(`TODO: ${name} under ${load.operations} operations`);
}

/** The system that keeps the client's limit, and occupies least. */
export function choose(client: Client): System {
  throw new Error(`TODO: a system for ${client}`);
}
