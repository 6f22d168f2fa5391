import { it } from 'vitest';
import { arranged, attempt, Finding, judge, same, write, type Belief }
  from '../../lib/grade/judge.js';
import { KM_NOSLEEP, KM_SLEEP, KMC_NOMAGAZINE }
  from '../../lib/opensolaris/kmem.js';
import { kmem_cache_create } from '../../lib/opensolaris/kmem_create.js';
import {
  type kmem_cache_t,
  type kmem_cpu_cache_t,
  kmem_magazine_t,
  type kmem_maglist_t,
  statics,
} from '../../lib/opensolaris/kmem_impl.js';
import { bootKmem } from '../../lib/opensolaris/kmem_init.js';
import {
  kmem_cache_alloc,
  kmem_cache_free,
  kmem_depot_alloc,
  kmem_slab_free,
} from '../../lib/opensolaris/kmem_layers.js';
import { held } from '../../lib/opensolaris/kmemcheck.js';
import { mutex_enter, mutex_exit, MUTEX_HELD } from '../../lib/sys/mutex.js';
import { reboot } from '../../lib/sys/reboot.js';
import { order } from './order-cache-free.js';

const M = 3; // rounds

/** What the steps work on. */
interface Machine {
  cp: kmem_cache_t;
  ccp: kmem_cpu_cache_t;
  buf: number;
  emp: kmem_magazine_t | null;
}

/** What a step does to the course: nothing, or one of these. */
type Turn = 'on' | 'continue' | 'break' | 'return' | 'skip';

function put(cp: kmem_cache_t, list: kmem_maglist_t, mp: kmem_magazine_t): void {
  mutex_enter(cp.cache_depot_lock);
  mp.mag_next = list.ml_list;
  list.ml_list = mp;
  list.ml_total++;
  mutex_exit(cp.cache_depot_lock);
}

function reload(
  ccp: kmem_cpu_cache_t,
  mp: kmem_magazine_t | null,
  rounds: number,
): void {
  ccp.cc_ploaded = ccp.cc_loaded;
  ccp.cc_prounds = ccp.cc_rounds;
  ccp.cc_loaded = mp;
  ccp.cc_rounds = rounds;
}

const exchange = (when: (prounds: number) => boolean) =>
  ({ ccp }: Machine): Turn => {
    if (!when(ccp.cc_prounds)) return 'on';
    reload(ccp, ccp.cc_ploaded, ccp.cc_prounds);
    return 'continue';
  };

const push = (most: (ccp: kmem_cpu_cache_t) => number) =>
  ({ ccp, buf }: Machine): Turn => {
    const { cc_rounds } = ccp;
    if (cc_rounds < 0 || cc_rounds > most(ccp)) return 'on';
    if (ccp.cc_loaded !== null) ccp.cc_loaded.mag_round[cc_rounds] = buf;
    ccp.cc_rounds++;
    ccp.cc_free++;
    mutex_exit(ccp.cc_lock);
    return 'return';
  };

const previousTo = (which: 'cache_full' | 'cache_empty') =>
  ({ cp, ccp }: Machine): Turn => {
    if (ccp.cc_ploaded !== null) put(cp, cp[which], ccp.cc_ploaded);
    return 'on';
  };

const steps: Record<string, (m: Machine) => Turn> = {
  A: exchange((prounds) => prounds > 0),
  B: ({ cp, buf }) => {
    kmem_slab_free(cp, buf);
    return 'on';
  },
  C: ({ ccp }) => (ccp.cc_magsize === 0 ? 'break' : 'on'),
  D: (m) => {
    m.emp = kmem_depot_alloc(m.cp, m.cp.cache_empty);
    return m.emp === null ? 'skip' : 'on';
  },
  E: exchange((prounds) => prounds === 0),
  F: ({ ccp }) => {
    mutex_enter(ccp.cc_lock);
    return 'on';
  },
  G: ({ ccp, emp }) => {
    reload(ccp, emp, 0);
    return 'continue';
  },
  H: previousTo('cache_empty'),
  I: ({ cp, buf }) => {
    cp.cache_destructor!(buf, cp.cache_private);
    return 'on';
  },
  J: push(({ cc_magsize }) => cc_magsize - 1),
  K: push(({ cc_magsize }) => cc_magsize),
  L: previousTo('cache_full'),
  M: () => 'break',
  N: ({ cp, ccp }) => {
    const { mt_cache, mt_magsize } = cp.cache_magtype;
    mutex_exit(ccp.cc_lock);
    const at = kmem_cache_alloc(mt_cache, KM_NOSLEEP);
    mutex_enter(ccp.cc_lock);
    if (at === null) return 'on';
    put(cp, cp.cache_empty, new kmem_magazine_t(at, mt_magsize));
    return 'continue';
  },
};

/** The student's letters, if they can be a function at all. */
function program(): string[] {
  let [inLoop, inBlock] = [false, false];
  const labels = Object.keys(steps);
  const have = arranged(order, { what: 'step', labels, each(letter, at) {
    if ('ACEGMN'.includes(letter) && !inLoop) {
      throw new Finding(`${at}: step ${letter} says continue, break or }, and `
        + 'stands in no loop. Step F opens it.');
    }
    if (letter === 'G' && !inBlock) {
      throw new Finding(`${at}: step G closes a block, and step D has not `
        + 'opened one.');
    }
    if (letter === 'M' && inBlock) {
      throw new Finding(`${at}: step M closes the loop, and the block of step `
        + 'D is still open.');
    }
    if (letter === 'F') inLoop = true;
    if (letter === 'M') inLoop = false;
    if (letter === 'D') inBlock = true;
    if (letter === 'G') inBlock = false;
  } });
  if (inBlock) throw new Finding('order(): no step closes the block of step D.');
  if (inLoop) throw new Finding('order(): no step closes the loop of step F.');
  return have;
}

/** Runs the steps. @throws Error when they go round without end */
function run(letters: string[], m: Machine): void {
  const [start, end] = [letters.indexOf('F') + 1, letters.indexOf('M')];
  for (let at = 0, turns = 0; at < letters.length; turns++) {
    if (turns > 200) {
      const error = new Error('your steps go round and round without end');
      error.name = 'the guard';
      throw error;
    }
    const turn = steps[letters[at]](m);
    if (turn === 'return') return;
    if (turn === 'continue') at = start;
    else if (turn === 'skip') at = letters.indexOf('G') + 1;
    else if (turn === 'break') {
      mutex_exit(m.ccp.cc_lock);
      at = end + 1;
    } else at++;
  }
}

/** A case: what is done before, on a fresh machine. */
interface Case {
  off?: boolean; // without magazines
  moves: number[]; // so many objects taken, given, taken, and so on
  rounds: number; // loaded then; -1: no magazine
  prounds: number; // in the previous one
  empty?: number; // magazines in the depot; absent: none
  noMemory?: boolean; // for a new magazine
}

/** What a destructor has seen. */
interface Unmade { object: number; locked: boolean; inSlab: boolean }

/** A machine in that state. */
function machineOf({ off, moves, noMemory, ...state }: Case) {
  reboot();
  bootKmem();
  const unmade: Unmade[] = [];
  const objects: number[] = []; // in the order in which they were taken
  let back = 0; // to slabs, before the call
  const cp = kmem_cache_create(
    'c', 64, 0, null, (buf) => {
      unmade.push({
        object: objects.indexOf(buf) + 1,
        locked: MUTEX_HELD(cp.cache_cpu[0].cc_lock),
        inSlab: cp.cache_slab_free > back,
      });
    }, null, null, null, off === true ? KMC_NOMAGAZINE : 0,
  );
  const [ccp] = cp.cache_cpu;
  cp.cache_magtype = statics.kmem_magtype.find((t) => t.mt_magsize === M)!;
  if (off !== true) ccp.cc_magsize = M;
  const { mt_cache } = cp.cache_magtype;
  const hand: number[] = [];
  moves.forEach((n, at) => {
    for (let i = 0; i < n; i++) {
      if (at % 2 === 1) {
        kmem_cache_free(cp, hand.pop()!);
        continue;
      }
      const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
      if (!objects.includes(buf)) objects.push(buf);
      hand.push(buf);
    }
  });
  const { cc_rounds: rounds, cc_prounds: prounds } = ccp;
  const found = { rounds, prounds, empty: cp.cache_empty.ml_total };
  if (!same(found, { empty: 0, ...state })) {
    throw new Error(`not the state that was meant: ${write(found)}`);
  }
  if (noMemory === true) mt_cache.cache_constructor = () => -1;
  back = cp.cache_slab_free;
  return { cp, ccp, buf: hand.pop()!, emp: null, objects, unmade };
}

type Setting = ReturnType<typeof machineOf>;

/** All that kmem_cache_free may change; objects by their number. */
function look({ cp, ccp, objects, unmade }: Setting) {
  const rounds = (mp: kmem_magazine_t | null, n: number): number[] | null =>
    mp === null ? null
      : mp.mag_round.slice(0, n).map((buf) => objects.indexOf(buf) + 1);
  const list = ({ ml_list }: kmem_maglist_t): kmem_magazine_t[] => {
    const found: kmem_magazine_t[] = [];
    for (let mp = ml_list; mp !== null && found.length < 20; mp = mp.mag_next) {
      found.push(mp);
    }
    return found;
  };
  return {
    loaded: rounds(ccp.cc_loaded, ccp.cc_rounds),
    previous: rounds(ccp.cc_ploaded, ccp.cc_prounds),
    numbers: [ccp.cc_rounds, ccp.cc_prounds, ccp.cc_free],
    full: list(cp.cache_full).map((mp) => rounds(mp, M)),
    empty: list(cp.cache_empty).length,
    totals: [cp.cache_full.ml_total, cp.cache_empty.ml_total],
    taken: [cp.cache_full.ml_alloc, cp.cache_empty.ml_alloc],
    magazines: held(cp.cache_magtype.mt_cache).length,
    toSlabs: cp.cache_slab_free,
    unmade: unmade.map((u) => ({ ...u })),
  };
}

type Look = ReturnType<typeof look>;

/** Wrong orders and wrong steps, and what one must believe to write them. */
function strange(letters: string[], before: Look): [boolean, string][] {
  const has = (letter: string): boolean => letters.includes(letter);
  const at = (letter: string): number => letters.indexOf(letter);
  /** Are both there, the second one first? */
  const swapped = (first: string, second: string): boolean =>
    has(first) && has(second) && at(second) < at(first);
  const load = has('J') ? 'J' : 'K';
  const [rounds, prounds] = before.numbers;
  const isFull = rounds === M;
  return [
    [!has('F'), 'Step F is missing: without the lock and the loop there is no '
      + 'way to continue.'],
    [letters[0] !== 'F', 'Step F takes the lock and opens the loop: all other '
      + 'steps come behind it.'],
    [!has(load), 'No step of yours puts the object into a magazine.'],
    [isFull && has('K'), 'Step K puts one round too many into a magazine: one '
      + 'with cc_magsize rounds is full.'],
    [!isFull && rounds > 0 && swapped(load, 'E'), 'The loaded magazine has room. '
      + 'Step E, before that is asked, exchanges it for the previous one.'],
    [rounds >= 0 && !isFull && (swapped(load, 'D') || swapped(load, 'N')),
      'The loaded magazine has room, and somebody else is asked first.'],
    [has('A'), 'Step A exchanges for a previous magazine with rounds in it. '
      + 'That helps who takes; who gives wants an empty one.'],
    [isFull && prounds === 0 && !has('E'), 'The previous magazine is empty: the '
      + 'two are exchanged, and no one else is asked.'],
    [isFull && prounds === 0 && (swapped('E', 'D') || swapped('E', 'N')),
      'The previous magazine is empty, and step E comes too late: somebody else '
        + 'was asked before.'],
    [has('H'), 'Step H puts the previous magazine on the list of empty ones, '
      + 'but it is full: an empty one would have been loaded.'],
    [prounds === M && has('L') && at('L') > at('G') && has('G'), 'After step G '
      + 'the previous magazine is the one that was loaded. Step L, behind it, '
      + 'gives that away.'],
    [prounds === M && has('D') && !has('L'), 'The CPU has no place for three '
      + 'magazines: the full previous one goes to the depot first.'],
    [has('L') && !(at('D') < at('L') && at('L') < at('G')), 'Step L gives the '
      + 'previous magazine away. That makes sense only when there is another '
      + 'one in its place.'],
    [swapped('D', 'N'), 'Step N makes a new magazine, though the depot may have '
      + 'one: ask there first.'],
    [before.empty === 0 && rounds !== 0 && !has('N') && has('J'), 'The depot has no empty '
      + 'magazine. Which step makes one?'],
    [has('N') && !has('D'), 'Step N puts a new magazine into the depot, and no '
      + 'step takes it out.'],
    [swapped('C', 'D') || swapped('C', 'N'), 'With magazines off, nothing is '
      + 'taken from the depot and none is made: ask that before.'],
    [has('D') && !has('C'), 'Without step C a cache without magazines gets one.'],
    [swapped('M', 'I') || swapped('M', 'B'), 'The slab layer is for objects that '
      + 'no magazine could take: it comes behind the loop.'],
    [!has('I'), 'An object in a slab is raw: the destructor must run before it '
      + 'gets there.'],
    [!has('B'), 'No step of yours gives the object to its slab.'],
    [swapped('I', 'B'), 'The destructor works on the object, so it must run '
      + 'before the slab has the memory back.'],
  ];
}

const magazine = (rounds: number[] | null): string =>
  rounds === null ? 'none' : `[${rounds.join(' ')}]`;

const draw = (name: string, s: Look): string =>
  `  ${name.padEnd(6)} loaded ${magazine(s.loaded)}, previous `
  + `${magazine(s.previous)}; depot: full ${s.full.map(magazine).join(' ') || '-'}, `
  + `${s.empty} empty; to slabs ${s.toSlabs}`;

/** Frees one object by the student's steps, and by kmem_cache_free. */
function free(name: string, c: Case): void {
  const letters = program();
  const right = machineOf(c);
  const before = look(right);
  kmem_cache_free(right.cp, right.buf);
  const is = look(right);

  const yours = machineOf(c);
  const object = yours.objects.indexOf(yours.buf) + 1;
  const call = `your steps with object ${object}, magazines of ${M}, ${name}`;
  const wrong = strange(letters, before);
  try {
    attempt(call, () => run(letters, yours));
    if (MUTEX_HELD(yours.ccp.cc_lock)) {
      throw new Finding(`${call}: cc_lock is still held at the end.`);
    }
  } catch (error) {
    const then = wrong.find(([holds]) => holds)?.[1];
    if (!(error instanceof Finding) || then === undefined) throw error;
    throw new Finding([error.message, then, draw('before', before)].join('\n'));
  }
  const have = look(yours);
  const drawn = [draw('before', before), draw('yours', have), draw('it is', is)];
  const beliefs: Belief[] = [
    { if: () => same(have, before), then: 'No step of yours has changed '
      + 'anything in this case.' },
    ...wrong.map(([holds, then]) => ({ if: () => holds, then })),
  ];
  const ask = (field: keyof Look, what: string, then: string): void => judge({
    call: `${call}: ${what}`, have: have[field], is: is[field], drawn,
    beliefs: [...beliefs, { if: () => true, then }],
  });
  ask('loaded', 'objects in the loaded magazine',
    'Objects are loaded at the end, round by round.');
  ask('previous', 'objects in the previous magazine',
    'The previous magazine is the one that was loaded before.');
  ask('numbers', '[cc_rounds, cc_prounds, cc_free]',
    'An object that is put into a magazine is counted once.');
  ask('full', 'full magazines in the depot', 'Which magazine had no place?');
  ask('empty', 'empty magazines in the depot', 'Which one was needed?');
  ask('totals', '[full, empty] by count', 'The depot counts its magazines.');
  ask('taken', '[full, empty] taken from the depot',
    'Each magazine taken out is counted.');
  ask('magazines', 'magazines that exist', 'One is made only if it must be.');
  ask('toSlabs', 'objects that slabs got back',
    'Only what no magazine can take goes to a slab.');
  ask('unmade', 'what the destructor saw',
    'It runs once, without cc_lock, and before the slab has the object.');
}

it('loads an object where there is room [1 point]', () => {
  free('one round loaded', { moves: [3, 1], rounds: 1, prounds: -1 });
  free('two rounds loaded', { moves: [4, 2], rounds: 2, prounds: -1 });
  free('no round loaded, a full previous one',
    { moves: [7, 6, 3], rounds: 0, prounds: 3 });
  free('two rounds loaded, an empty previous one',
    { moves: [7, 6, 4], rounds: 2, prounds: 0 });
});

it('exchanges for an empty previous magazine [1 point]', () => {
  free('full, the previous one empty',
    { moves: [7, 6, 4, 1], rounds: 3, prounds: 0 });
  free('the same, more in the depot',
    { moves: [20, 18, 13, 1], rounds: 3, prounds: 0, empty: 3 });
});

it('goes to the depot when both are full [2 points]', () => {
  free('both full, an empty one in the depot',
    { moves: [16, 15, 9, 6], rounds: 3, prounds: 3, empty: 1 });
  free('both full, two empty ones in the depot',
    { moves: [20, 18, 12, 6], rounds: 3, prounds: 3, empty: 2 });
});

it('makes a magazine when the depot has none [1 point]', () => {
  free('no magazine yet', { moves: [3], rounds: -1, prounds: -1 });
  free('loaded full, no previous one',
    { moves: [6, 3], rounds: 3, prounds: -1 });
  free('both full, the depot empty',
    { moves: [9, 6], rounds: 3, prounds: 3 });
});

it('passes by magazines that are switched off [2 points]', () => {
  const off = { off: true, rounds: -1, prounds: -1 };
  free('magazines off', { ...off, moves: [3] });
  free('magazines off, the last of its slab', { ...off, moves: [1] });
});

it('gives the object to its slab when there is no memory [1 point]', () => {
  free('no magazine, no memory for one',
    { moves: [3], rounds: -1, prounds: -1, noMemory: true });
  free('both full, no memory',
    { moves: [9, 6], rounds: 3, prounds: 3, noMemory: true });
});
