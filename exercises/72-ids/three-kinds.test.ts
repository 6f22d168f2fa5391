import { it } from 'vitest';
import { attempt, Finding, predicted, write, type Belief }
  from '../../lib/grade/judge.js';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import {
  VM_BESTFIT,
  VM_FIRSTFIT,
  VM_NEXTFIT,
  VM_NOSLEEP,
  VM_SLEEP,
  VMC_IDENTIFIER,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import { vmem_add } from '../../lib/opensolaris/vmem_walk.js';
import { reboot } from '../../lib/sys/reboot.js';
import { uniform } from '../../lib/trace/random.js';
import { record } from '../../lib/trace/record.js';
import { churn, ids } from '../../lib/trace/workloads.js';
import { bases, choose } from './three-kinds.js';

type Kind = Parameters<typeof choose>[0];

interface Config {
  base: number;
  size: number;
  quantum: number;
  flag: number;
  shift: number;
}

const fields = ['base', 'size', 'quantum', 'flag', 'shift'] as const;

const flags = new Map([
  [0, 'instant fit'],
  [VM_BESTFIT, 'VM_BESTFIT'],
  [VM_FIRSTFIT, 'VM_FIRSTFIT'],
  [VM_NEXTFIT, 'VM_NEXTFIT'],
]);

/** What the student has chosen, or a finding that says why it is nothing. */
function chosen(kind: Kind): Config {
  const call = `choose('${kind}')`;
  const have: unknown = attempt(call, () => choose(kind));
  const config = Object(have) as Config;
  const odd = fields.find((name) =>
    !Number.isInteger(config[name]) || config[name] < 0 || config[name] > 1e5);
  if (odd !== undefined) {
    throw new Finding(`${call}: you have ${write(have)}. Its ${odd} is a whole `
      + 'number, 0 or more.');
  }
  if (!flags.has(config.flag)) {
    throw new Finding(`${call}: the flag is 0, VM_BESTFIT, VM_FIRSTFIT or `
      + 'VM_NEXTFIT.');
  }
  return config;
}

/** An arena of such ids. */
function arena({ base, size, quantum }: Config, name: string): vmem_t {
  reboot();
  vmem_init();
  return vmem_create(
    name, base, size, quantum, null, null, null, 0, VM_SLEEP | VMC_IDENTIFIER,
  )!;
}

/** Why VMEM makes no such arena. */
function refused({ base, size, quantum }: Config): string {
  if (!Number.isInteger(Math.log2(quantum))) return 'A quantum is a power of 2.';
  if (base === 0) {
    return 'No arena may hold 0. Which number may 0 be inside, and how does it '
      + 'become 0 again on its way out?';
  }
  return base % quantum !== 0 || size % quantum !== 0
    ? 'Base and size must be multiples of the quantum.'
    : 'VMEM refuses this arena.';
}

/** The student's arena; a panic becomes a finding. */
function made(kind: Kind): { vmp: vmem_t; config: Config } {
  const config = chosen(kind);
  const { base, size, quantum } = config;
  const call = `choose('${kind}'), vmem_create('${kind}', ${base}, ${size}, `
    + `${quantum}, ...)`;
  try {
    return { vmp: attempt(call, () => arena(config, kind)), config };
  } catch (error) {
    const why = refused(config);
    throw new Finding(`${(error as Error).message}\n${why}`);
  }
}

/** All numbers that clients get who ask for one until none is left. */
function range(kind: Kind, lowest: number, highest: number, why: string): void {
  const { vmp, config } = made(kind);
  const got: number[] = [];
  for (;;) {
    const addr = vmem_alloc(vmp, 1, VM_NOSLEEP | config.flag);
    if (addr === null) break;
    got.push(addr - config.shift);
  }
  const [low, high] = [Math.min(...got), Math.max(...got)];
  const count = highest - lowest + 1;
  if (low === lowest && high === highest && got.length === count) return;
  const thinned = got.length === high - low + 1 ? why
    : 'Not every number of the range can be given out. What is the least that '
      + 'an arena gives out?';
  throw new Finding(`choose('${kind}'): you have ${got.length} numbers, ${low} to `
    + `${high}; it is ${count}, ${lowest} to ${highest}.\n${thinned}`);
}

const rightSize: Record<'pid' | 'minor', Omit<Config, 'flag'>> = {
  pid: { base: 2, size: 98, quantum: 1, shift: 0 },
  minor: { base: 1, size: 16, quantum: 1, shift: 0 },
};

/** Lives of single ids, in an arena of the right size. */
function lives(kind: 'pid' | 'minor', flag: number, live: number) {
  const vmp = arena({ ...rightSize[kind], flag }, kind);
  const load = ids({ seed: 1, operations: 1000, live });
  return record(
    load,
    (n) => vmem_alloc(vmp, n, VM_NOSLEEP | flag),
    (id, n) => vmem_free(vmp, id, n),
  ).lifetimes;
}

/** How many operations a pid rests, on average. */
function rest(flag: number): number {
  const freed = new Map<number, number>();
  const all: number[] = [];
  for (const { addr, from, to } of lives('pid', flag, 40)) {
    const at = freed.get(addr);
    if (at !== undefined) all.push(from - at);
    freed.set(addr, to);
  }
  return all.reduce((a, b) => a + b, 0) / all.length;
}

/** How many slots the array of disks needs. */
const slots = (flag: number): number =>
  Math.max(...lives('minor', flag, 8).map(({ addr }) => addr));

/** Requests for ports, refused ones of four runs, and where ranges begin. */
function ports({ quantum, flag }: Pick<Config, 'quantum' | 'flag'>) {
  const starts: number[] = [];
  let failed = 0;
  for (const seed of [1, 2, 3, 4]) {
    const vmp = arena({ base: 1024, size: 1024, quantum, flag, shift: 0 }, 'ports');
    const load = churn({ seed, operations: 600, live: 14, sizes: uniform(1, 100) });
    const made = record(
      load,
      (n) => vmem_alloc(vmp, n, VM_NOSLEEP | flag),
      (addr, n) => vmem_free(vmp, addr, n),
    );
    failed += made.failed;
    starts.push(...made.lifetimes.map(({ addr }) => addr));
  }
  return { failed, starts };
}

/** Judges a flag by what is measured; which is best is not told. */
function wish(kind: Kind, flag: number, measure: (flag: number) => number,
  best: (...all: number[]) => number, what: string, why: string): void {
  const all = [...flags.keys()].map(measure);
  const [mine, aim] = [measure(flag), best(...all)];
  if (mine === aim) return;
  const digits = (n: number): string => `${Math.round(n * 10) / 10}`;
  throw new Finding(`choose('${kind}'), with ${flags.get(flag)}: ${what} `
    + `${digits(mine)}, and ${digits(aim)} under another policy.\n${why}`);
}

it('chooses an arena of all pids [1 point]', () => {
  range('pid', 2, 99, 'Where does the range begin, and how many numbers are in '
    + 'it?');
});

it('lets a pid rest as long as it can [2 points]', () => {
  wish('pid', made('pid').config.flag, rest, Math.max,
    'on average the operations for which a pid rests are',
    'Which policy goes on behind the last number, whatever was given back?');
});

it('chooses an arena of all minors, 0 among them [2 points]', () => {
  range('minor', 0, 15, 'The disks are numbered from 0. Inside, the numbers may '
    + 'be others: shift brings them back.');
});

it('keeps the array of disks short [1 point]', () => {
  wish('minor', made('minor').config.flag, slots, Math.min,
    'with 8 disks at a time the slots that the array needs are',
    'Which policy uses up the gaps before it goes on?');
});

it('chooses an arena of all ports [1 point]', () => {
  const { vmp, config } = made('ports');
  const got: number[] = [];
  for (;;) {
    const addr = vmem_alloc(vmp, 16, VM_NOSLEEP | config.flag);
    if (addr === null) break;
    got.push(addr - config.shift);
  }
  const [low, high] = [Math.min(...got), Math.max(...got) + 15];
  if (low === 1024 && high === 2047 && got.length === 64) return;
  throw new Finding(`choose('ports'): you have ${got.length} ranges of 16 ports, `
    + `in ${low} to ${high}; it is 64, in 1024 to 2047.\n`
    + (config.quantum > 16
      ? 'Each range is rounded up to the quantum.'
      : 'Where does the range begin, and how many ports are in it?'));
});

it('begins each range of ports at a multiple of 16 [1 point]', () => {
  const { config } = made('ports');
  const odd = ports(config).starts.find((addr) => (addr - config.shift) % 16 !== 0);
  if (odd === undefined) return;
  throw new Finding(`choose('ports'), quantum ${config.quantum}: a range begins at `
    + `${odd - config.shift}, which is no multiple of 16.\nWhat does an arena round `
    + 'each size up to?');
});

it('refuses as few ranges of ports as it can [2 points]', () => {
  const { quantum, flag } = made('ports').config;
  if (quantum < 16) {
    throw new Finding(`choose('ports'), quantum ${quantum}: first make each range `
      + 'begin at a multiple of 16.');
  }
  const [mine, least] = [ports({ quantum, flag }), ports({ quantum: 16, flag })]
    .map(({ failed }) => failed);
  if (mine > least) {
    throw new Finding(`choose('ports'), quantum ${quantum}: ${mine} requests are `
      + `refused, and ${least} with a smaller one.\nEach size is rounded up to `
      + 'the quantum. What is the least that serves?');
  }
  wish('ports', flag, (f) => ports({ quantum: 16, flag: f }).failed, Math.min,
    'of some 1,200 requests the refused ones are',
    'Have you measured all four, with sizes from 1 to 100?');
});

/** What comes of a call: null is an answer, a panic a word. */
function outcome(f: () => unknown): 'works' | 'null' | 'panic' {
  try {
    return f() === null ? 'null' : 'works';
  } catch {
    return 'panic';
  }
}

const of = (base: number | null, size: number, quantum = 1): vmem_t => {
  reboot();
  vmem_init();
  return vmem_create(
    'x', base, size, quantum, null, null, null, 0, VM_SLEEP | VMC_IDENTIFIER,
  )!;
};

function ask(name: keyof ReturnType<typeof bases>, f: () => unknown,
  beliefs: Belief[]): void {
  predicted(bases, name, { call: `bases(), ${name}`, is: outcome(f), beliefs });
}

it('knows what a base of 0 does, and no base [1 point]', () => {
  ask('zero', () => of(0, 16), [
    { if: 'works', then: '0 is NULL, which says that there is no base: a size '
      + 'without one is a bad argument.' },
    { if: 'null', then: 'null says that there is no memory. A bad argument is '
      + 'the caller\'s mistake.' },
  ]);
  ask('empty', () => vmem_alloc(of(null, 0), 1, VM_NOSLEEP), [
    { if: 'panic', then: 'Running out is no panic, unless a flag asks for one. '
      + 'The arena is empty.' },
    { if: 'works', then: 'Nothing is in the arena, and it has no source.' },
  ]);
});

it('knows what else a base must not be [1 point]', () => {
  ask('added', () => vmem_add(of(null, 0), 0, 16, VM_NOSLEEP), [
    { if: 'works', then: 'vmem_create itself calls vmem_add for its range, and '
      + 'that refuses 0.' },
    { if: 'null', then: 'null says that there is no memory for a span.' },
  ]);
  ask('one', () => of(1, 32, 16), [
    { if: 'works', then: 'All addresses of an arena are multiples of its quantum. '
      + 'Is the first?' },
    { if: 'null', then: 'A misaligned span is the caller\'s mistake.' },
  ]);
});
