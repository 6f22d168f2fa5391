// All timed workloads, system by system.
import type { Bench } from './bench.js';
import { dlmallocBenches } from './dlmalloc.js';
import { kmemBenches } from './kmem.js';
import { linuxBenches } from './linux.js';
import { mapBenches } from './map.js';
import { vmemBenches } from './vmem.js';

export const benches: readonly Bench[] = [
  ...mapBenches,
  ...dlmallocBenches,
  ...linuxBenches,
  ...vmemBenches,
  ...kmemBenches,
];

export { checkBench, measure } from './bench.js';
