// CPUs: which one runs this?
//
// Follows illumos sys/cpuvar.h (cpu_t, CPU, ncpus). Idea: what each CPU
// has for itself, no lock has to guard. So an allocator keeps an array of
// such things, one a CPU, and takes its own by CPU->cpu_seqid.
//
// 1. CPU is the one that runs now, one of cpu[0] to cpu[ncpus - 1].
// 2. cpu_seqid counts them without gaps: cpu[n].cpu_seqid is n.
//
// Left out: that they run at the same time. onCpu says where a piece of
// work runs; a lock that another CPU holds just then is played by contend
// (mutex.ts). A thread that sleeps leaves its CPU to whoever runs next.
import { onReboot } from './reboot.js';

export interface cpu_t {
  readonly cpu_id: number; // the hardware's number; may have gaps there
  readonly cpu_seqid: number; // index for arrays with one entry a CPU
}

/** The CPUs that run. */
export let cpu: readonly cpu_t[] = [];

/** The CPU that runs this. */
export let CPU: cpu_t;

/** How many run, and how many the machine may ever have. */
export let ncpus = 0;
export let max_ncpus = 0;

/** Makes this a machine of n CPUs, all running; CPU is the first. */
export function startCpus(n: number): void {
  if (!Number.isInteger(n) || n < 1) {
    throw new RangeError(`startCpus(${n}): a machine has at least one CPU`);
  }
  cpu = Array.from({ length: n }, (_, i) => ({ cpu_id: i, cpu_seqid: i }));
  CPU = cpu[0];
  ncpus = n;
  max_ncpus = n;
}

startCpus(1);
onReboot(() => startCpus(1));

/** Runs f on CPU n. @returns what f returns */
export function onCpu<T>(n: number, f: () => T): T {
  if (cpu[n] === undefined) {
    throw new RangeError(`onCpu(${n}): CPUs are 0 to ${ncpus - 1}`);
  }
  const left = CPU;
  CPU = cpu[n];
  try {
    return f();
  } finally {
    CPU = left;
  }
}
