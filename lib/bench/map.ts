// The V7 map against the clock: a search, a shift, and a churn.
//
// Scan: every entry but the last is too small, so malloc passes them all.
// Shift: the first entry fits exactly, so all others move down, and up
// again when it comes back. Churn: 300 slots held by chance.
import { malloc, mfree, newMap, type map } from '../bsd/malloc.js';
import { watch } from '../trace/record.js';
import { fnv, fnvStart, type Bench, type Round } from './bench.js';
import { freeOrFill, type Requests } from './requests.js';

/** K entries of one unit at 3, 5, 7 …; for a scan a large one behind. */
function fragmented(K: number, large: boolean): map[] {
  const mp = newMap(K + 50);
  for (let i = 0; i < K; i++) {
    Object.assign(mp[i], { m_size: 1, m_addr: 3 + 2 * i });
  }
  if (large) Object.assign(mp[K], { m_size: 30000, m_addr: 3 + 2 * K + 1 });
  return mp;
}

/** Takes `size` units and gives them back, again and again. */
function thereAndBack(mp: map[], size: number, times: number): Round {
  let sum = fnvStart;
  for (let i = 0; i < times; i++) {
    const addr = malloc(mp, size);
    sum = fnv(sum, addr);
    mfree(mp, size, addr);
  }
  return { ops: 2 * times, checksum: sum >>> 0 };
}

function pair(
  kind: 'scan' | 'shift',
  K: number,
  checksum: number,
  steps: number,
): Bench {
  const [size, large] = kind === 'scan' ? [2, true] : [1, false];
  const times = Math.floor(20e6 / (K + 20));
  return {
    name: `map-${kind}-${K}`,
    what:
      kind === 'scan'
        ? `malloc and mfree of 2 behind ${K} entries of 1`
        : `malloc and mfree of the first of ${K} entries of 1`,
    per: 'operation',
    repetitions: 4,
    checksum,
    steps,
    prepare() {
      const mp = fragmented(K, large);
      return () => thereAndBack(mp, size, times);
    },
    countSteps() {
      const { mp, visits } = watch(fragmented(K, large));
      let addr = 0;
      const taking = visits(() => (addr = malloc(mp, size)));
      const giving = visits(() => mfree(mp, size, addr));
      return (taking + giving) / 2;
    },
  };
}

const SLOTS = 300;

/** Which slot is used, and how much it takes if it is empty. */
const churnRequests = (operations: number): Requests =>
  freeOrFill(12345, SLOTS, operations, (next) => 1 + (next() & 127));

function churnOn(mp: map[], { slot, want }: Requests): Round {
  let sum = fnvStart;
  const addrs = new Int32Array(SLOTS);
  const sizes = new Int32Array(SLOTS);
  for (let i = 0; i < slot.length; i++) {
    const k = slot[i];
    if (sizes[k] !== 0) {
      mfree(mp, sizes[k], addrs[k]);
      sizes[k] = 0;
    } else {
      addrs[k] = malloc(mp, want[i]);
      sum = fnv(sum, addrs[k]);
      sizes[k] = want[i];
    }
  }
  return { ops: slot.length, checksum: sum >>> 0 };
}

const churn300: Bench = {
  name: 'map-churn-300',
  what: 'free a held slot of 300 or fill an empty one with 1 to 128 units',
  per: 'operation',
  repetitions: 4,
  checksum: 956149524,
  steps: 43.37925,
  prepare() {
    const requests = churnRequests(2_000_000);
    const mp = newMap(1000);
    mfree(mp, 30_000, 16);
    return () => churnOn(mp, requests);
  },
  countSteps() {
    const { slot, want } = churnRequests(20_000);
    const { mp, visits } = watch(newMap(1000));
    mfree(mp, 30_000, 16);
    const addrs = new Int32Array(SLOTS);
    const sizes = new Int32Array(SLOTS);
    let read = 0;
    slot.forEach((k, i) => {
      read += visits(() => {
        if (sizes[k] !== 0) mfree(mp, sizes[k], addrs[k]);
        else addrs[k] = malloc(mp, want[i]);
      });
      sizes[k] = sizes[k] === 0 ? want[i] : 0;
    });
    return read / slot.length;
  },
};

export const mapBenches: Bench[] = [
  pair('scan', 100, 2539597349, 101),
  pair('scan', 1000, 1144096211, 1001),
  pair('scan', 10000, 3533537893, 10001),
  pair('shift', 100, 2195028043, 100.5),
  pair('shift', 1000, 317173164, 1000.5),
  pair('shift', 10000, 2306115585, 10000.5),
  churn300,
];
