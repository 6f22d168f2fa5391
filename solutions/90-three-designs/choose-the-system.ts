// Choose the system.
//
// The decision: inodes want a cache of their own. Map and malloc pack better,
// but enter a lock at each call; of those that do not, slab caches alone do
// not round 340 up. The buddies would give each inode a page.
// Swap wants an arena: map and malloc need less, but search longer. Buddies
// round 3 up to 4, 5 to 8 and 9 to 16; VMEM rounds nothing and reads nothing.
// The editor wants malloc: sizes need not be known, small chunks wait in
// bins of their size, and one CPU does not mind one lock. The map packs
// nearly as well and searches too long; slab caches refuse.
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
  { sizes, known, seed, live, operations }: Load,
): { memory: number; search: number; locks: number } {
  const system = contend(name, known);
  const half = operations / 2;
  let first = 0;
  const anyOf = (next: () => number): number =>
    sizes[Math.floor(sizes.length * next())];
  const { failed, peakLive, searchMean } = run(
    churn({ seed, operations, live, sizes: anyOf }),
    system,
    {
      every: half,
      onSample: ({ operation }) => {
        if (operation === half) first = system.locks();
      },
    },
  );
  return {
    memory: failed > 0 ? Infinity : system.peak() / peakLive,
    search: searchMean,
    locks: (system.locks() - first) / half,
  };
}

/** The system that keeps the client's limit, and occupies least. */
export function choose(client: Client): System {
  const best: Record<Client, System> = {
    inodes: 'slab caches',
    swap: 'VMEM',
    editor: 'malloc',
  };
  return best[client];
}
