import { it } from 'vitest';
import { attempt, Finding, write } from '../../lib/grade/judge.js';
import {
  contend, contenders, type System,
} from '../../lib/trace/adapters/side.js';
import { run } from '../../lib/trace/run.js';
import { churn } from '../../lib/trace/workloads.js';
import { choose, measure } from './choose-the-system.js';

type Load = Parameters<typeof measure>[1];
type Client = Parameters<typeof choose>[0];
type Cost = ReturnType<typeof measure>;

const pages = [1, 2, 3, 5, 9].map((n) => 4096 * n);
const letters = [12, 30, 75, 190, 450, 1100];

const clients: Record<Client, { load: Load; keeps: (cost: Cost) => boolean }> = {
  inodes: {
    load: { sizes: [340], known: [340], seed: 1, live: 600, operations: 4000 },
    keeps: ({ locks }) => locks <= 0.05,
  },
  swap: {
    load: { sizes: pages, known: pages, seed: 1, live: 60, operations: 2000 },
    keeps: ({ search }) => search <= 2,
  },
  editor: {
    load: { sizes: letters, known: [], seed: 1, live: 400, operations: 3000 },
    keeps: ({ search }) => search <= 5,
  },
};

/** What a run costs, and what it costs if one thing is misunderstood. */
function costs(name: System, { sizes, known, seed, live, operations }: Load) {
  const system = contend(name, known);
  const half = operations / 2;
  let first = 0;
  const { failed, peakLive, searchMean, searchMax, last } = run(
    churn({
      seed,
      operations,
      live,
      sizes: (next) => sizes[Math.floor(sizes.length * next())],
    }),
    system,
    {
      every: half,
      onSample: ({ operation }) => {
        if (operation === half) first = system.locks();
      },
    },
  );
  const [peak, locks] = [system.peak(), system.locks()];
  return {
    is: {
      memory: failed > 0 ? Infinity : peak / peakLive,
      search: searchMean,
      locks: (locks - first) / half,
    },
    ifRefusedCounts: peak / peakLive,
    inverse: peakLive / peak,
    atTheEnd: system.now() / last.live,
    longest: searchMax,
    bothHalves: locks / operations,
    inAll: locks,
    secondHalf: locks - first,
    overAll: (locks - first) / operations,
  };
}

const near = (a: unknown, b: number): boolean =>
  a === b || (typeof a === 'number' && Math.abs(a - b) < 1e-9);

const said = (load: Load): string =>
  `{ sizes: ${write(load.sizes)}, known: ${write(load.known)}, live: `
  + `${load.live}, operations: ${load.operations}, seed: ${load.seed} }`;

/** Loads from small to large, each on systems that tell answers apart. */
const trials: [System[], Load][] = [
  [['map', 'slab caches'],
    { sizes: [300], known: [300], seed: 2, live: 30, operations: 200 }],
  [['malloc', 'kmalloc'],
    { sizes: [40, 500], known: [40, 500], seed: 3, live: 60, operations: 600 }],
  [['VMEM', 'KMEM', 'buddy'],
    { sizes: pages, known: pages, seed: 4, live: 20, operations: 400 }],
];

function check(
  what: keyof Cost,
  why: (have: unknown, all: ReturnType<typeof costs>) => string | undefined,
  more: [System[], Load][] = [],
): void {
  for (const [names, load] of [...trials, ...more]) {
    for (const name of names) {
      const all = costs(name, load);
      const call = `measure('${name}', ${said(load)}), ${what}`;
      const result: unknown = attempt(call, () => measure(name, load));
      const have = (Object(result) as Cost)[what];
      if (near(have, all.is[what])) continue;
      const number = typeof have === 'number' ? String(have) : write(have);
      const belief = why(have, all);
      throw new Finding(`${call}: you have ${number}, it is ${all.is[what]}.`
        + (belief === undefined ? '' : `\n${belief}`));
    }
  }
}

it('measures the memory that a load needs [2 points]', () => {
  check('memory', (have, { inverse, atTheEnd }) => {
    if (near(have, inverse)) return 'That is utilisation. The client pays for '
      + 'the memory that is occupied: divide it by what was asked for.';
    if (near(have, atTheEnd)) return 'That is how things stand at the end. The '
      + 'machine must have the memory for the peak.';
    return undefined;
  });
});

it('counts a system that refuses as useless, not as cheap [1 point]', () => {
  const unknown: Load = {
    sizes: [40, 500], known: [40], seed: 5, live: 30, operations: 200,
  };
  check('memory', (have, { is, ifRefusedCounts }) =>
    is.memory === Infinity && near(have, ifRefusedCounts)
      ? 'Requests were refused: what this system occupies is no measure of the '
        + 'load. What does run() say of failures?'
      : undefined, [[['slab caches'], unknown]]);
});

it('measures the mean search [1 point]', () => {
  check('search', (have, { longest }) =>
    near(have, longest) ? 'That is the longest search, not the mean.' : undefined);
});

it('counts the locks of the second half [2 points]', () => {
  check('locks', (have, { bothHalves, inAll, secondHalf, overAll }) => {
    if (near(have, bothHalves)) return 'The first half fills the caches: count '
      + 'from where it is over.';
    if (near(have, inAll) || near(have, secondHalf)) return 'Locks a call: '
      + 'divide by the calls.';
    if (near(have, overAll)) return 'Only half of the calls are counted: divide '
      + 'by these.';
    return undefined;
  });
});

/** The system that keeps the limit and occupies least; null: there is none. */
function best(client: Client, of: (name: System) => Cost): System | null {
  const { keeps } = clients[client];
  const left = contenders
    .map((name) => ({ name, cost: of(name) }))
    .filter(({ cost }) => keeps(cost) && cost.memory < Infinity)
    .sort((a, b) => a.cost.memory - b.cost.memory);
  return left[0]?.name ?? null;
}

/** Judges a choice; which system is best is not told. */
function judgeChoice(client: Client, limit: string): void {
  const { load, keeps } = clients[client];
  const call = `choose('${client}')`;
  const have: unknown = attempt(call, () => choose(client));
  const name = contenders.find((known) => known === have);
  if (name === undefined) {
    throw new Finding(`${call}: you have ${write(have)}. The systems are `
      + `${contenders.join(', ')}.`);
  }
  const { is } = costs(name, load);
  if (is.memory === Infinity) {
    throw new Finding(`${call}, ${name}: requests are refused.\nWhat must this `
      + 'system be told before it can serve a size?');
  }
  if (!keeps(is)) {
    throw new Finding(`${call}, ${name}: the limit is not kept.\n${limit}`);
  }
  if (best(client, (other) => costs(other, load).is) !== name) {
    throw new Finding(`${call}, ${name}: it keeps the limit, and occupies `
      + `${is.memory.toFixed(2)} times what is asked for; another one that keeps `
      + 'it occupies less.\nWhat are these sizes rounded up to?');
  }
  const mine = best(client, (other) =>
    attempt(`measure('${other}', ${said(load)})`, () => measure(other, load)));
  if (mine !== name) {
    throw new Finding(`${call}, ${name}: your own measure says `
      + `${mine ?? 'that none will do'}. Choose by what you measure.`);
  }
}

it('chooses for many equal objects on many CPUs [2 points]', () => {
  judgeChoice('inodes', 'Whose calls stay on their own CPU?');
});

it('chooses for ranges of pages [2 points]', () => {
  judgeChoice('swap', 'Who finds a range without walking along the holes?');
});

it('chooses for sizes that nobody knows before [2 points]', () => {
  judgeChoice('editor', 'Who sorts what is free by size?');
});
