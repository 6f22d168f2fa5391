// One magazine.
//
// The decision: begin at the state that is given. The magazine is full, so
// a give asks the depot and leaves one round; a take empties it, the next
// asks again, and a give makes it full: two visits in four calls. The repair
// asks three questions in this order: can the loaded one serve, can the
// previous one, and else the depot. What the CPU has no place for is always
// the old previous one, and its sort is known.

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

export function thrash(): string {
  return 'faaf';
}

export function take(cpu: Cpu, depot: Depot): void {
  if (cpu.rounds <= 0) {
    if (cpu.prounds > 0) {
      reload(cpu, cpu.prounds);
    } else {
      if (cpu.prounds === 0) depot.empty++;
      depot.full--;
      depot.visits++;
      reload(cpu, cpu.M);
    }
  }
  cpu.rounds--;
}

export function give(cpu: Cpu, depot: Depot): void {
  if (cpu.rounds < 0 || cpu.rounds === cpu.M) {
    if (cpu.prounds === 0) {
      reload(cpu, 0);
    } else {
      if (cpu.prounds > 0) depot.full++;
      depot.empty--;
      depot.visits++;
      reload(cpu, 0);
    }
  }
  cpu.rounds++;
}

/** What was loaded is the previous one now. */
function reload(cpu: Cpu, rounds: number): void {
  cpu.prounds = cpu.rounds;
  cpu.rounds = rounds;
}
