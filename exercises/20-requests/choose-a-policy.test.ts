import { it } from 'vitest';
import { attempt, Finding, judge, write, type Belief } from '../../lib/grade/judge.js';
import { fitMap, type Policy } from '../../lib/trace/adapters/fits.js';
import { logUniform, uniform } from '../../lib/trace/random.js';
import { run } from '../../lib/trace/run.js';
import { churn } from '../../lib/trace/workloads.js';
import { choose, cost } from './choose-a-policy.js';

interface Load {
  live: number;
  spread: 'uniform' | 'log';
  least: number;
  most: number;
  units: number;
}

const policies: Policy[] = ['first', 'best', 'next'];

const clients: Record<string, { load: Load; price: number }> = {
  table: { price: 1000,
    load: { live: 80, spread: 'uniform', least: 32, most: 32, units: 2560 } },
  cache: { price: 1000,
    load: { live: 80, spread: 'uniform', least: 1, most: 64, units: 4500 } },
  swap: { price: 5000,
    load: { live: 80, spread: 'uniform', least: 1, most: 64, units: 3000 } },
  mail: { price: 1000,
    load: { live: 80, spread: 'log', least: 1, most: 64, units: 1800 } },
};

/** The sums of one run. */
function measure(policy: Policy, load: Load, seed: number) {
  const { live, spread, least, most, units } = load;
  const draw = spread === 'log' ? logUniform : uniform;
  const operations = 2000;
  const workload = () => churn({ seed, operations, live, sizes: draw(least, most) });
  const allocations = [...workload()].filter(({ op }) => op === 'alloc').length;
  const map = fitMap({ policy, units, start: 1, slots: live + 2 });
  const { searchMean, searchMax, failed } = run(workload(), map);
  return { allocations, operations, searchMean, searchMax, failed };
}

type Run = ReturnType<typeof measure>;

/** The mean over the seeds, to three digits, of what is made of a run. */
function over(policy: Policy, load: Load, seeds: number[], of: (r: Run) => number) {
  const all = seeds.map((seed) => of(measure(policy, load, seed)));
  return all.reduce((a, b) => a + b, 0) / seeds.length;
}

const digits = (value: number) => Math.round(value * 1000) / 1000;

function costOf(policy: Policy, load: Load, price: number, seeds = [1, 2, 3, 4]) {
  return over(policy, load, seeds,
    ({ searchMean, failed, allocations }) => searchMean + (price * failed) / allocations);
}

function askCost(policy: Policy, load: Load, price: number): void {
  const call = `cost('${policy}', ${JSON.stringify(load)}, ${price})`;
  const have: unknown = attempt(call, () => cost(policy, load, price));
  if (typeof have !== 'number' || !Number.isFinite(have)) {
    throw new Finding(`${call}: you have ${write(have)}, it is a number.`);
  }
  const all = [1, 2, 3, 4];
  const by = (of: (r: Run) => number, seeds = all) => digits(over(policy, load, seeds, of));
  const is = costOf(policy, load, price);
  const beliefs: Belief[] = [
    { if: by(({ searchMean }) => searchMean),
      then: 'These are the searches alone. What do the refusals cost?' },
    { if: by(({ searchMean, failed }) => searchMean + price * failed),
      then: 'That is the mean of the searches and the sum of the refusals. '
        + 'Divide both by the number of allocations.' },
    { if: by(({ searchMean, failed, operations }) =>
        searchMean + (price * failed) / operations),
      then: 'Half of the operations are frees, and they are never refused. '
        + 'Divide by the allocations.' },
    { if: by(({ searchMean, allocations, failed }) =>
        searchMean * allocations + price * failed),
      then: 'That is the sum over a run. Divide by the number of allocations.' },
    { if: digits(costOf(policy, load, price, [1])),
      then: 'That is seed 1 alone. One seed proves little.' },
    { if: digits(4 * is), then: 'Four seeds: divide by four.' },
    { if: by(({ searchMax, failed, allocations }) =>
        searchMax + (price * failed) / allocations),
      then: 'That is the longest search. The mean is asked for.' },
    { if: digits(costOf(policy, { ...load, spread:
        load.spread === 'log' ? 'uniform' : 'log' }, price)),
      then: 'load.spread says how sizes are drawn.' },
    ...policies.filter((other) => other !== policy).map((other) => ({
      if: digits(costOf(other, load, price)),
      then: `That is what ${other} fit costs.` })),
  ];
  judge({ call, have: digits(have), is: digits(is), beliefs });
}

it('measures the searches, where nothing is refused [1 point]', () => {
  const load: Load = { live: 10, spread: 'uniform', least: 1, most: 9, units: 200 };
  for (const policy of policies) askCost(policy, load, 100);
});

it('measures what refusals cost too [2 points]', () => {
  const load: Load = { live: 20, spread: 'uniform', least: 1, most: 9, units: 105 };
  for (const policy of policies) askCost(policy, load, 100);
  askCost('best', load, 1);
});

it('measures loads with other sizes [1 point]', () => {
  const load: Load = { live: 30, spread: 'log', least: 2, most: 50, units: 450 };
  for (const policy of policies) askCost(policy, load, 10);
});

/** What may help whose choice is not the cheapest. */
const why: Record<string, string> = {
  table: 'How large is each hole, compared with each request? Then who has to '
    + 'compare?',
  cache: 'Is anything refused in so large a range? Then what is left to pay?',
  swap: 'What does one refusal cost, in searches? Who refuses least?',
  mail: 'Neither the searches nor the refusals decide alone. Have you measured, '
    + 'with logUniform?',
};

/** Judges choices; the costs are not told, or there would be no question. */
function askChoice(...names: string[]): void {
  for (const name of names) {
    const call = `choose('${name}')`;
    const have: unknown = attempt(call, () => choose(name as 'table'));
    if (!policies.includes(have as Policy)) {
      throw new Finding(`${call}: you have ${write(have)}, it is 'first', 'best' or 'next'.`);
    }
    const { load, price } = clients[name];
    const costs = policies.map((policy) => costOf(policy, load, price));
    const mine = costs[policies.indexOf(have as Policy)];
    const least = Math.min(...costs);
    if (mine === least) continue;
    throw new Finding(
      `${call}: you have ${write(have)}. An allocation costs ${mine.toFixed(1)} `
        + `slots then, and ${least.toFixed(1)} under another policy.\n${why[name]}`,
    );
  }
}

it('chooses for the table and the cache [2 points]', () => {
  askChoice('table', 'cache');
});

it('chooses for swap and mail [2 points]', () => {
  askChoice('swap', 'mail');
});
