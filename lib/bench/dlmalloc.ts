// Doug Lea's malloc against the clock: blocks of 16 to 512 bytes come and go.
//
// So many slots are filled; then, a million times, one of them by chance
// is freed and taken anew, with a new size. Steps are chunks that malloc
// looked at, top included.
import { malloc_state, newProcess, offset } from '../libc/malloc_bins.js';
import { free } from '../libc/malloc_free.js';
import { malloc } from '../libc/malloc_malloc.js';
import {
  fnv, fnvStart, thousands, xorshift32, type Bench, type Round,
} from './bench.js';
import type { Requests } from './requests.js';

const PAIRS = 1_000_000;

/** A heap, the blocks in it, and what is asked of it next. */
interface Heap extends Requests {
  av: malloc_state;
  mem: Int32Array; // by slot
}

/** A heap with all its slots filled. */
function filled(live: number): Heap {
  const next = xorshift32(12345);
  const size = () => 16 + (next() % 497);
  const av = newProcess('ilp32', 0x4000000);
  const mem = new Int32Array(live).map(() => malloc(av, size()));
  const slot = new Int32Array(PAIRS);
  const want = new Int32Array(PAIRS);
  for (let j = 0; j < PAIRS; j++) {
    slot[j] = next() % live;
    want[j] = size();
  }
  return { av, mem, slot, want };
}

function pairs({ av, mem, slot, want }: Heap): Round {
  // Not in a bundle, an imported name is looked up at every use.
  const [take, give] = [malloc, free];
  let sum = fnvStart;
  for (let j = 0; j < slot.length; j++) {
    const i = slot[j];
    give(av, mem[i]);
    mem[i] = take(av, want[j]);
    sum = fnv(sum, offset(mem[i]));
  }
  return { ops: 2 * slot.length, checksum: sum >>> 0 };
}

function churn(live: number, checksum: number, steps: number): Bench {
  return {
    name: `dlmalloc-${thousands(live)}`,
    what: `free one of ${live} blocks by chance, malloc it anew`,
    per: 'operation',
    repetitions: 4,
    checksum,
    steps,
    prepare() {
      const heap = filled(live);
      return () => pairs(heap);
    },
    countSteps() {
      const { av, mem, slot, want } = filled(live);
      let looked = 0;
      slot.forEach((i, j) => {
        free(av, mem[i]);
        mem[i] = malloc(av, want[j]);
        looked += av.steps;
      });
      return looked / (2 * slot.length);
    },
  };
}

export const dlmallocBenches: Bench[] = [
  churn(1_000, 1010140613, 1.703782),
  churn(10_000, 2033754965, 2.895293),
  churn(100_000, 2023895813, 6.845272),
];
