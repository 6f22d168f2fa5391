// Choose a policy.
//
// The decision: measure, for no rule of thumb gives all four. The table has
// one size, so each hole fits and nobody needs to compare: first fit. The
// cache has room for everybody, so only searches cost: next fit. Swap pays
// so much for a refusal that nothing else counts: best fit. Mail lies
// between: next fit refuses too much and best fit reads too much, and first
// fit, best at neither, is cheapest.
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

export function cost(policy: Policy, load: Load, price: number): number {
  const { live, spread, least, most, units } = load;
  const sizes = (spread === 'log' ? logUniform : uniform)(least, most);
  let sum = 0;
  for (const seed of [1, 2, 3, 4]) {
    const workload = () => churn({ seed, operations: 2000, live, sizes });
    let allocations = 0;
    for (const { op } of workload()) if (op === 'alloc') allocations++;
    const map = fitMap({ policy, units, start: 1, slots: live + 2 });
    const { searchMean, failed } = run(workload(), map);
    sum += searchMean + (price * failed) / allocations;
  }
  return sum / 4;
}

export function choose(client: Client): Policy {
  const buffers = { live: 80, spread: 'uniform', least: 1, most: 64 } as const;
  const clients: Record<Client, [load: Load, price: number]> = {
    table: [{ ...buffers, least: 32, most: 32, units: 2560 }, 1000],
    cache: [{ ...buffers, units: 4500 }, 1000],
    swap: [{ ...buffers, units: 3000 }, 5000],
    mail: [{ ...buffers, spread: 'log', units: 1800 }, 1000],
  };
  const [load, price] = clients[client];
  const policies: Policy[] = ['first', 'best', 'next'];
  const costs = policies.map((policy) => cost(policy, load, price));
  return policies[costs.indexOf(Math.min(...costs))];
}
