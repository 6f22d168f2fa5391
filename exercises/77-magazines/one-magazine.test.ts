import { it } from 'vitest';
import { attempt, Finding, judge, write, type Belief }
  from '../../lib/grade/judge.js';
import { KM_SLEEP } from '../../lib/opensolaris/kmem.js';
import { kmem_cache_create } from '../../lib/opensolaris/kmem_create.js';
import { type kmem_cache_t, statics }
  from '../../lib/opensolaris/kmem_impl.js';
import { bootKmem } from '../../lib/opensolaris/kmem_init.js';
import { kmem_cache_alloc, kmem_cache_free }
  from '../../lib/opensolaris/kmem_layers.js';
import { onCpu } from '../../lib/sys/cpu.js';
import { reboot } from '../../lib/sys/reboot.js';
import { give, take, thrash } from './one-magazine.js';

interface State {
  M: number;
  rounds: number;
  prounds: number;
  full: number;
  empty: number;
  visits: number;
}

/** Visits of a list of calls on a CPU with one magazine, which is full. */
function visitsOf(list: string, times: number): number {
  const M = 15;
  let [rounds, visits] = [M, 0];
  for (const call of list.repeat(times)) {
    if (rounds === (call === 'a' ? 0 : M)) {
      visits++;
      rounds = M - rounds;
    }
    rounds += call === 'a' ? -1 : 1;
  }
  return visits;
}

const TIMES = 50;
const isEnough = (list: string): boolean =>
  2 * visitsOf(list, TIMES) >= list.length * TIMES;

/** The length of the shortest list: all are tried. */
function shortest(): number {
  for (let n = 1; ; n++) {
    for (let i = 0; i < 2 ** n; i++) {
      const list = i.toString(2).padStart(n, '0')
        .replaceAll('0', 'a').replaceAll('1', 'f');
      if (isEnough(list)) return n;
    }
  }
}

/** The student's list, or a finding that says why it is none. */
function listOf(): string {
  const have: unknown = attempt('thrash()', thrash);
  if (typeof have !== 'string' || !/^[af]{1,12}$/.test(have)) {
    throw new Finding(`thrash(): you have ${write(have)}. A list has 1 to 12 `
      + "calls, each 'a' or 'f'.");
  }
  return have;
}

/** The rounds after each call, the first time. */
function walk(list: string): string {
  let rounds = 15;
  const steps = [...list].map((call) => {
    const asks = rounds === (call === 'a' ? 0 : 15);
    if (asks) rounds = 15 - rounds;
    rounds += call === 'a' ? -1 : 1;
    return `${call} ${rounds}${asks ? ' (depot)' : ''}`;
  });
  return `  rounds after each call, from 15: ${steps.join(', ')}`;
}

it('thrash() sends at least every second call to the depot [2 points]', () => {
  const list = listOf();
  if (isEnough(list)) return;
  const visits = visitsOf(list, TIMES);
  const [takes, gives] = ['a', 'f'].map((c) => list.split(c).length - 1);
  const why = takes !== gives
    ? 'The list takes and gives not the same number, so it moves away from '
      + 'the boundary.'
    : visits <= 1
      ? 'The magazine is never empty, or never full, when it matters. Where is '
        + 'the boundary at first?'
      : 'There are calls between two visits that are not needed.';
  throw new Finding([
    `thrash(): ${write(list)}, ${TIMES} times: ${visits} visits in `
      + `${list.length * TIMES} calls; at least half are wanted.`,
    why,
    walk(list),
  ].join('\n'));
});

it('thrash() is as short as possible [1 point]', () => {
  const list = listOf();
  if (!isEnough(list)) {
    throw new Finding('thrash(): first find a list that visits often enough.');
  }
  judge({
    call: `the length of ${write(list)}`,
    have: list.length,
    is: shortest(),
    beliefs: [{ if: () => true, then: 'After which of its calls is the CPU in '
      + 'the state of the beginning?' }],
    drawn: [walk(list)],
  });
});

/** A cache with magazines of M rounds, and two CPUs. */
function cacheOf(M: number): kmem_cache_t {
  reboot();
  bootKmem({ cpus: 2 });
  const cp = kmem_cache_create('c', 64, 0);
  cp.cache_magtype = statics.kmem_magtype.find((t) => t.mt_magsize === M)!;
  for (const ccp of cp.cache_cpu) ccp.cc_magsize = M;
  return cp;
}

function look(cp: kmem_cache_t, cpu: number): State {
  const { cc_magsize: M, cc_rounds, cc_prounds } = cp.cache_cpu[cpu];
  const { cache_full: full, cache_empty: empty } = cp;
  return {
    M,
    rounds: cc_rounds,
    prounds: cc_prounds,
    full: full.ml_total,
    empty: empty.ml_total,
    visits: full.ml_alloc + empty.ml_alloc,
  };
}

/** A state to begin in: on this CPU, after these calls. */
interface Start { M: number; cpu: number; before: string }

/** Runs a list on the right cache and on the student's; judges each call. */
function run({ M, cpu, before }: Start, list: string): void {
  const cp = cacheOf(M);
  const hand: number[] = [];
  const call = (c: string, n = 1): void => {
    for (; n > 0; n--) {
      if (c === 'a') hand.push(kmem_cache_alloc(cp, KM_SLEEP)!);
      else kmem_cache_free(cp, hand.pop()!);
    }
  };
  // CPU 0 fills the depot with both sorts; each has more than is needed.
  onCpu(0, () => {
    call('a', 30 * M + 40);
    call('f', 14 * M);
    call('a', 7 * M);
  });
  onCpu(cpu, () => { for (const c of before) call(c); });

  const start = look(cp, cpu);
  const yours = { M, rounds: start.rounds, prounds: start.prounds };
  const depot = { full: start.full, empty: start.empty, visits: 0 };
  const visited = start.visits;
  const after: string[] = [];
  let was: State = { ...start, visits: 0 };
  for (const c of list) {
    onCpu(cpu, () => call(c));
    const right = look(cp, cpu);
    const is: State = { ...right, visits: right.visits - visited };
    const text = c === 'a' ? 'take(cpu, depot)' : 'give(cpu, depot)';
    attempt(text, () => (c === 'a' ? take : give)(yours, depot), after);
    const have: State = { ...yours, ...depot };
    const beliefs = about(c, was, is);
    for (const name of ['visits', 'rounds', 'prounds', 'full', 'empty'] as const) {
      judge({
        call: `${name} after ${text}, M ${M}`,
        have: have[name],
        is: is[name],
        after: after.slice(-6),
        beliefs: beliefs[name],
        drawn: [draw('before', was), draw('yours', have), draw('it is', is)],
      });
    }
    after.push(c === 'a' ? 'take' : 'give');
    was = is;
  }
}

const magazine = (rounds: unknown): string =>
  rounds === -1 ? 'none' : `${write(rounds)}`;

const draw = (name: string, s: State): string =>
  `  ${name.padEnd(6)} loaded ${magazine(s.rounds)}, previous `
  + `${magazine(s.prounds)}; depot: ${write(s.full)} full, `
  + `${write(s.empty)} empty, ${write(s.visits)} visits`;

/** What one must believe to write this. */
function about(c: string, was: State, is: State) {
  const helps = c === 'a' ? was.prounds > 0 : was.prounds === 0;
  const stuck = c === 'a' ? was.rounds <= 0 : was.rounds < 0 || was.rounds === was.M;
  const sort = c === 'a' ? 'full' : 'empty';
  const other = c === 'a' ? 'empty' : 'full';
  const visits: Belief[] = [
    { if: (n: number) => n > is.visits && !stuck,
      then: 'The loaded magazine can serve this call.' },
    { if: (n: number) => n > is.visits && helps,
      then: `The previous magazine is ${sort}: exchange the two. Nobody else `
        + 'is asked.' },
    { if: (n: number) => n > is.visits,
      then: 'One visit is enough.' },
    { if: (n: number) => n < is.visits && was.prounds === -1,
      then: 'There is no previous magazine, so there is nothing to exchange.' },
    { if: (n: number) => n < is.visits,
      then: `Neither of the two can serve: a ${sort} one is taken out of the `
        + 'depot.' },
  ];
  const rounds: Belief[] = [
    { if: was.rounds, then: 'The call itself changes the loaded magazine too, '
      + 'by one round.' },
    { if: () => stuck, then: `After a ${sort} magazine is loaded, the call is `
      + 'served from it.' },
    { if: () => true, then: 'A call changes the loaded magazine by one round.' },
  ];
  const prounds: Belief[] = [
    { if: was.prounds === is.prounds ? NaN : was.prounds,
      then: 'What was loaded becomes the previous magazine.' },
    { if: -1, then: 'The CPU keeps two magazines: what was loaded becomes the '
      + 'previous one.' },
    { if: () => !stuck, then: 'Nothing happens to the previous magazine as '
      + 'long as the loaded one can serve.' },
    { if: () => true, then: 'The previous magazine is what was loaded before.' },
  ];
  const placed = stuck && !helps && was.prounds === -1;
  const list = (name: 'full' | 'empty'): Belief[] => [
    { if: (n: number) => placed && name === other && n > is[name],
      then: 'There was no previous magazine, so none goes to the depot: the '
        + 'loaded one becomes the previous one.' },
    { if: (n: number) => name === other && n < is[name],
      then: `The CPU has no place for a third magazine. The old previous one, `
        + `which is ${other}, goes to the depot.` },
    { if: (n: number) => name === sort && n > is[name],
      then: `A ${sort} magazine leaves the depot.` },
    { if: () => helps || !stuck, then: 'Here the depot is not asked, and no '
      + 'magazine goes to it.' },
    { if: () => true, then: 'Count the magazines: none is made, none is lost.' },
  ];
  return { visits, rounds, prounds, full: list('full'), empty: list('empty') };
}

it('take and give do not visit the depot at the boundary [2 points]', () => {
  run({ M: 3, cpu: 0, before: 'a'.repeat(2) }, 'aaff');
  run({ M: 3, cpu: 0, before: '' }, 'aaff'.repeat(6));
  run({ M: 7, cpu: 0, before: 'a' }, 'ffaa'.repeat(6));
  run({ M: 3, cpu: 0, before: 'a' }, 'aaaffffaa'.repeat(3));
});

it('take goes to the depot when both are empty [1 point]', () => {
  run({ M: 3, cpu: 0, before: 'ffff' }, 'a'.repeat(12));
  run({ M: 1, cpu: 0, before: 'ff' }, 'a'.repeat(6));
});

it('give goes to the depot when both are full [1 point]', () => {
  run({ M: 3, cpu: 0, before: '' }, 'f'.repeat(10));
  run({ M: 1, cpu: 0, before: '' }, 'f'.repeat(5));
});

it('take and give begin with no magazine at all [1 point]', () => {
  run({ M: 3, cpu: 1, before: '' }, 'aaaaa');
  run({ M: 3, cpu: 1, before: '' }, 'fffff');
  run({ M: 3, cpu: 1, before: '' }, 'affffa');
  run({ M: 3, cpu: 1, before: '' }, 'faaaaf');
});

it('take and give go on like KMEM over a long list [1 point]', () => {
  const waves = [2, 5, 9, 1, 7, 12, 4, 3, 8];
  const list = waves.map((n) => 'a'.repeat(n) + 'f'.repeat(n + 1)).join('');
  run({ M: 3, cpu: 0, before: 'aa' }, list);
});
