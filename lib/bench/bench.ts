// How a workload is timed, and what stands beside the time.
//
// Idea: nanoseconds differ from machine to machine and from minute to
// minute, so they are never an expectation. What a machine cannot change
// is checked first: a checksum over all addresses, and the steps of the
// searches. The time then stands beside that of a fixed JavaScript loop in
// the same process, and only their ratio is worth comparing.

/** One timed workload, callable by name. */
export interface Bench {
  name: string; // 'map-scan-1000'
  what: string; // one line: who asks for what
  per: 'operation' | 'pair'; // what the nanoseconds are of
  repetitions: number; // the least of so many counts
  checksum: number; // expected, over the addresses of one repetition
  steps: number; // expected, of one operation or pair: records looked at,
  // or what else the workload's file says

  /** Makes all that is not timed; what comes back is run against the clock. */
  prepare(): () => Round;

  /** Counts steps, in a run of its own that nobody times. */
  countSteps(): number;
}

/** What one repetition did. */
export interface Round {
  ops: number; // operations or pairs, as `per` says
  checksum: number;
}

export interface Measured extends Round {
  name: string;
  ns: number; // per operation or pair
  steps: number;
  ratio: number; // to the fixed loop
}

/** A workload did something else than it should: its time means nothing. */
export class Departed extends Error {
  readonly exit = 1;
  constructor(name: string, what: string, got: number, expected: number) {
    super(
      `${name}: the ${what} is ${got}, expected ${expected}. ` +
        'The allocator did something else; the time means nothing.',
    );
  }
}

/** FNV's step over an address; a failure counts as 0. */
export const fnv = (sum: number, addr: number): number =>
  Math.imul(sum ^ addr, 16777619);
export const fnvStart = 2166136261 | 0;

/** In the names of workloads: 300 is 300, and 10,000 is 10k. */
export const thousands = (n: number): string =>
  n % 1000 ? `${n}` : `${n / 1000}k`;

/** Marsaglia's xorshift32: 32 bits, unsigned. */
export function xorshift32(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

/** What was prepared before is no business of the clock. */
const collect = (): void => (globalThis as { gc?: () => void }).gc?.();

const now = (): number => performance.now() * 1e6;

/** The fixed loop: a million random numbers, folded. ns a number. */
export function fixedLoop(): number {
  let least = Infinity;
  for (let i = 0; i < 5; i++) {
    const next = xorshift32(12345);
    const start = now();
    let sum = fnvStart;
    for (let k = 0; k < 1_000_000; k++) sum = fnv(sum, next());
    const ns = (now() - start) / 1_000_000;
    if (sum === 0) throw new Error('the loop was left out');
    least = Math.min(least, ns);
  }
  return least;
}

/** Checks what a workload does. @throws Departed */
export function checkBench(bench: Bench): void {
  const { checksum } = bench.prepare()();
  checkSum(bench, checksum);
  checkSteps(bench, bench.countSteps());
}

function checkSum({ name, checksum }: Bench, got: number): void {
  if (got !== checksum) throw new Departed(name, 'checksum', got, checksum);
}

function checkSteps({ name, steps }: Bench, got: number): void {
  if (Math.abs(got - steps) > 0.0005) {
    throw new Departed(name, 'number of steps', got, steps);
  }
}

/**
 * Times a workload: the least of its repetitions, each on a new allocator.
 * @param onRepetition told after each, for a progress bar
 * @throws Departed before a time is believed
 */
export function measure(bench: Bench, onRepetition = () => {}): Measured {
  const { name, repetitions } = bench;
  const loop = fixedLoop();
  let ns = Infinity;
  let ops = 0;
  for (let i = 0; i < repetitions; i++) {
    const timed = bench.prepare();
    collect();
    const start = now();
    const round = timed();
    const took = now() - start;
    checkSum(bench, round.checksum);
    ops = round.ops;
    ns = Math.min(ns, took / ops);
    onRepetition();
  }
  const steps = bench.countSteps();
  checkSteps(bench, steps);
  return { name, ns, ops, checksum: bench.checksum, steps, ratio: ns / loop };
}
