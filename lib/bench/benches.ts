// All timed workloads, system by system.
import type { Bench } from './bench.js';
import { mapBenches } from './map.js';
import { vmemBenches } from './vmem.js';

export const benches: readonly Bench[] = [
  ...mapBenches,
  ...vmemBenches,
];

export { checkBench, measure } from './bench.js';
