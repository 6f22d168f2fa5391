// Choose a policy.
// Kind: choose. Minutes: 35.
//
// An allocation costs its client the slots that its search reads. If it is
// refused, it costs `price` slots on top of that. Two tasks:
//
// 1. cost(policy, load, price) measures what an allocation costs under a
//    policy: the mean of all allocations of a run, refused ones included;
//    and of that the mean over the seeds 1, 2, 3 and 4. The run is a churn of
//    2,000 operations, on a fitMap of load.units units from unit 1. It has
//    slots enough: load.live + 2. Sizes are from `uniform` or `logUniform`,
//    as load.spread says. All that you need is imported.
//
// 2. choose(client) names the policy that costs the client least:
//
//    'table'  80 records of 32 units each, in 2,560 units. Any record may go
//             next. Whoever is refused has lost data: price 1,000.
//    'cache'  80 buffers of 1 to 64 units, each size as likely as another, in
//             4,500 units. Any may go next. Price 1,000.
//    'swap'   the same buffers in 3,000 units. Here a refusal means that a
//             process is killed: price 5,000.
//    'mail'   80 letters of 1 to 64 units, small ones as likely as large
//             ones at each doubling, in 1,800 units. Any may go next. Who is
//             refused tries again later: price 1,000.
//
// Say first what you expect, and why. Then measure.
import { fitMap, type Policy } from '../../lib/trace/adapters/fits.js';
import { logUniform, uniform } from '../../lib/trace/random.js';
import { run } from '../../lib/trace/run.js';
import { churn } from '../../lib/trace/workloads.js';

interface Load {
  live: number; // pieces alive at once
  spread: 'uniform' | 'log'; // how sizes are drawn
  least: number; // the smallest size
  most: number; // the largest one
  units: number; // the range
}

type Client = 'table' | 'cache' | 'swap' | 'mail';

/** What an allocation costs on average, in slots. */
export function cost(policy: Policy, load: Load, price: number): number {
  // These may serve you; nothing else is needed.
  void [churn, fitMap, logUniform, run, uniform];
  throw new Error(`TODO: ${policy} fit on ${load.units} units, price ${price}`);
}

/** The policy that costs this client least. */
export function choose(client: Client): Policy {
  throw new Error(`TODO: a policy for ${client}`);
}
