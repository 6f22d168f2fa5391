// VMEM against the clock: churn by size and policy, and searches among
// many fragments.
//
// Churn: N slots are filled, then M times one of them, by chance, is given
// back and taken anew. Fragments: 2K pieces are taken and every second one
// given back, then M pieces come and go. Steps are segments looked at by a
// search, as the arena's own counter has them.
import { vmem_alloc, vmem_free } from '../opensolaris/vmem_alloc.js';
import { vmem_create, vmem_destroy } from '../opensolaris/vmem_create.js';
import {
  statics,
  VM_BESTFIT,
  VM_NEXTFIT,
  VM_NOSLEEP,
  VM_SLEEP,
  type vmem_t,
} from '../opensolaris/vmem_impl.js';
import { vmem_init, vmem_update } from '../opensolaris/vmem_init.js';
import { reboot } from '../sys/reboot.js';
import { random } from '../trace/random.js';
import { fnv, fnvStart, thousands, type Bench, type Round } from './bench.js';

/** The random numbers of the workloads, whole: unsigned, 32 bits. */
function mulberry32(seed: number): () => number {
  const next = random(seed);
  return () => next() * 2 ** 32;
}

type Draw = (next: () => number) => number;

const sizes = {
  uni: (next) => 1 + (next() % 4096),
  p2: (next) => 64 << (next() % 7),
  ids: () => 1,
  frag: (next) => {
    const k = 6 + (next() % 10);
    return 2 ** k + (next() % 2 ** k);
  },
} satisfies Record<string, Draw>;

const policies = { instant: 0, best: VM_BESTFIT, next: VM_NEXTFIT };

/** Where each slot's piece is, and how long. */
interface Slots {
  addr: Int32Array;
  size: Int32Array;
}

/** The arena of the last repetition, and what lives in it. */
let last: { vmp: vmem_t; slots: Slots } | null = null;

/**
 * A new arena. The machine is started once; what the last repetition held
 * goes back first, so that its segment structures serve again, as they
 * would in a machine that has run for a while.
 */
function newArena(base: number, size: number, quantum: number): vmem_t {
  if (last === null) {
    reboot();
    vmem_init();
    statics.vmem_seg_size = 56; // the structure without its audit fields
  } else {
    const { vmp, slots } = last;
    slots.addr.forEach((addr, i) => {
      if (addr !== 0) vmem_free(vmp, addr, slots.size[i]);
    });
    vmem_destroy(vmp);
  }
  return vmem_create(
    'bench', base, size, quantum, null, null, null, 0, VM_SLEEP,
  )!;
}

/** Gives back and takes anew, as the requests say. */
function pairs(
  vmp: vmem_t,
  { addr, size }: Slots,
  slot: Int32Array,
  want: Int32Array,
  flags: number,
): Round {
  let sum = fnvStart;
  for (let j = 0; j < slot.length; j++) {
    const i = slot[j];
    if (addr[i] !== 0) vmem_free(vmp, addr[i], size[i]);
    const got = vmem_alloc(vmp, want[j], flags) ?? 0;
    addr[i] = got;
    size[i] = want[j];
    sum = fnv(sum, got);
  }
  return { ops: slot.length, checksum: sum >>> 0 };
}

/** Takes and gives back at once. */
function visits(vmp: vmem_t, want: Int32Array, flags: number): Round {
  let sum = fnvStart;
  for (let j = 0; j < want.length; j++) {
    const got = vmem_alloc(vmp, want[j], flags)!;
    sum = fnv(sum, got);
    vmem_free(vmp, got, want[j]);
  }
  return { ops: want.length, checksum: sum >>> 0 };
}

/** Fills slots; the hash table grows along, as it would every 15 s. */
function fill(
  vmp: vmem_t,
  { addr, size }: Slots,
  sizeOf: (i: number) => number,
  flags: number,
): void {
  for (let i = 0; i < addr.length; i++) {
    size[i] = sizeOf(i);
    addr[i] = vmem_alloc(vmp, size[i], flags)!;
    if (((i + 1) & i) === 0) vmem_update(null);
  }
  vmem_update(null);
}

/** A workload whose steps the arena counts while it is timed. */
function counted(
  what: Omit<Bench, 'per' | 'repetitions' | 'prepare' | 'countSteps'>,
  prepare: () => { vmp: vmem_t; timed: () => Round },
): Bench {
  let steps = NaN;
  const prepared = () => {
    const { vmp, timed } = prepare();
    return () => {
      const { vk_search: before } = vmp.vm_kstat;
      const round = timed();
      steps = (vmp.vm_kstat.vk_search - before) / round.ops;
      return round;
    };
  };
  return {
    ...what,
    per: 'pair',
    repetitions: 4,
    prepare: prepared,
    countSteps() {
      if (Number.isNaN(steps)) prepared()();
      return steps;
    },
  };
}

function churn(
  kind: 'uni' | 'p2' | 'ids',
  policy: keyof typeof policies,
  N: number,
  M: number,
  checksum: number,
  steps: number,
): Bench {
  const name = `vmem-${kind}-${policy}-${thousands(N)}`;
  const what = `free one of ${N} pieces by chance, take it anew, ${policy} fit`;
  return counted({ name, what, checksum, steps }, () => {
    const flags = VM_NOSLEEP | policies[policy];
    const vmp =
      kind === 'ids'
        ? newArena(1, 2 * N, 1)
        : newArena(2 ** 20, N * 4096, 64);
    const next = mulberry32(12345);
    const draw: Draw = sizes[kind];
    const slots = { addr: new Int32Array(N), size: new Int32Array(N) };
    last = { vmp, slots };
    fill(vmp, slots, () => draw(next), flags);
    const slot = new Int32Array(M);
    const want = new Int32Array(M);
    for (let j = 0; j < M; j++) {
      slot[j] = next() % N;
      want[j] = draw(next);
    }
    return { vmp, timed: () => pairs(vmp, slots, slot, want, flags) };
  });
}

function frag(
  policy: 'instant' | 'best',
  K: number,
  M: number,
  checksum: number,
  steps: number,
): Bench {
  const name = `vmem-frag-${policy}-${K}`;
  const what = `take and give back among ${K} free segments, ${policy} fit`;
  return counted({ name, what, checksum, steps }, () => {
    const flags = VM_NOSLEEP | policies[policy];
    const next = mulberry32(777);
    const slots = { addr: new Int32Array(2 * K), size: new Int32Array(2 * K) };
    const drawn = slots.size.map(() => sizes.frag(next));
    const sum = drawn.reduce((a, b) => a + b, 0);
    const vmp = newArena(2 ** 20, sum + 2 ** 24, 1);
    last = { vmp, slots };
    fill(vmp, slots, (i) => drawn[i], flags);
    for (let i = 0; i < 2 * K; i += 2) {
      vmem_free(vmp, slots.addr[i], slots.size[i]);
      slots.addr[i] = 0;
    }
    const want = new Int32Array(M).map(() => sizes.frag(next));
    return { vmp, timed: () => visits(vmp, want, flags) };
  });
}

export const vmemBenches: Bench[] = [
  churn('uni', 'instant', 1_000, 300_000, 1481379205, 0),
  churn('uni', 'instant', 10_000, 300_000, 122634949, 0),
  churn('uni', 'instant', 100_000, 300_000, 439982341, 0),
  churn('p2', 'instant', 1_000, 300_000, 431510981, 0),
  churn('p2', 'instant', 10_000, 300_000, 1454650565, 0),
  churn('p2', 'instant', 100_000, 300_000, 125440197, 0),
  churn('ids', 'next', 1_000, 300_000, 16034289, 0.8678),
  churn('ids', 'next', 10_000, 300_000, 3237925848, 0.8414),
  churn('ids', 'next', 100_000, 300_000, 992972188, 0.6192),
  churn('ids', 'instant', 1_000, 300_000, 1138427198, 0),
  churn('ids', 'instant', 10_000, 300_000, 3215918214, 0),
  churn('ids', 'instant', 100_000, 300_000, 1126655926, 0),
  churn('uni', 'best', 1_000, 100_000, 2155488901, 26.336),
  churn('uni', 'best', 10_000, 30_000, 3136309381, 98.351),
  churn('uni', 'next', 1_000, 300_000, 1617480261, 1.3703),
  churn('uni', 'next', 10_000, 300_000, 2973240709, 1.3193),
  frag('instant', 100, 50_000, 3832046391, 0),
  frag('instant', 1_000, 50_000, 1117908969, 0),
  frag('instant', 10_000, 50_000, 683145826, 0),
  frag('best', 100, 20_000, 3072625766, 11.4951),
  frag('best', 1_000, 20_000, 1027388217, 88.9497),
  frag('best', 10_000, 2_000, 2093284165, 591.597),
];
