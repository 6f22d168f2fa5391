// One magazine.
// Kind: bug. Minutes: 35.
//
// take and give below are a CPU's layer with one magazine. They work, but
// some programs make them ask the depot all the time. Two tasks:
//
// 1. thrash() returns a list of calls, 'a' to take an object and 'f' to
//    give one, for instance 'aaff'. It is repeated 50 times on a CPU with
//    magazines of 15 rounds, whose loaded magazine is full, and which has
//    no previous one. At least every second call must visit the depot. The
//    list has at most 12 calls; the shortest one earns a point more.
//
// 2. Repair take and give: give the CPU a previous magazine, as KMEM does.
//    They are then held against kmem_cache_alloc and kmem_cache_free. The
//    depot has enough of both sorts.
//
// The numbers of a CPU:
//
//   M        rounds of a full magazine
//   rounds   of the loaded one; -1: there is none
//   prounds  of the previous one, 0 or M; -1: there is none
//
// The numbers of the depot: full and empty magazines in it, and visits, the
// number of magazines that were taken out of it. A visit takes a magazine
// out; a magazine that the CPU has no place for any more goes in.

interface Cpu {
  M: number;
  rounds: number;
  prounds: number;
}

interface Depot {
  full: number;
  empty: number;
  visits: number;
}

/** Calls that one magazine alone cannot stand. */
export function thrash(): string {
  throw new Error('TODO: a list of calls');
}

/** Takes an object. */
export function take(cpu: Cpu, depot: Depot): void {
  if (cpu.rounds <= 0) {
    depot.full--;
    depot.visits++;
    if (cpu.rounds === 0) depot.empty++;
    cpu.rounds = cpu.M;
  }
  cpu.rounds--;
}

/** Gives an object back. */
export function give(cpu: Cpu, depot: Depot): void {
  if (cpu.rounds < 0 || cpu.rounds === cpu.M) {
    depot.empty--;
    depot.visits++;
    if (cpu.rounds === cpu.M) depot.full++;
    cpu.rounds = 0;
  }
  cpu.rounds++;
}
