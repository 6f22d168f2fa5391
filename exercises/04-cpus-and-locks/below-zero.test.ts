import { it } from 'vitest';
import { attempt, Finding, judge, same, write, type Belief } from '../../lib/grade/judge.js';
import {
  cv_broadcast,
  cv_signal,
  cv_wait,
  kcondvar_t,
} from '../../lib/sys/condvar.js';
import { kmutex_t, mutex_enter, mutex_exit } from '../../lib/sys/mutex.js';
import { reboot } from '../../lib/sys/reboot.js';
import { Deadlock, run, thread, threadLog } from '../../lib/sys/threads.js';
import { below, scene, stuck } from './below-zero.js';

type Op = ['take' | 'give', number];
interface Outcome { ended: number[]; least: number }
interface Seen extends Outcome { log: string[]; slept: number; woke: number }

/** The scene of the starter, or with one of its mistakes repaired, or both. */
function play(ops: readonly Op[], looksAgain: boolean, callsAll: boolean): Seen {
  reboot();
  const lock = new kmutex_t('lock');
  const cv = new kcondvar_t('cv');
  const ended: number[] = [];
  let free = 0;
  let least = 0;
  ops.forEach(([what, n], i) =>
    thread(`${i}`, () => {
      mutex_enter(lock);
      if (what === 'give') {
        free += n;
        (callsAll ? cv_broadcast : cv_signal)(cv);
      } else {
        if (free < n) cv_wait(cv, lock);
        while (looksAgain && free < n) cv_wait(cv, lock);
        free -= n;
        least = Math.min(least, free);
      }
      mutex_exit(lock);
      ended.push(i);
    }));
  const end: string[] = [];
  try {
    run();
  } catch (error) {
    if (!(error instanceof Deadlock)) throw error;
    end.push('nobody can go on');
  }
  const events = threadLog();
  const log = events.map(([i, did]) => `${i}, ${text(ops[Number(i)])}, ${did}`);
  const count = (what: string): number =>
    events.filter(([, did]) => did === what).length;
  return { ended, least, log: [...log, ...end], slept: count('sleeps'), woke: count('wakes') };
}

const starter = (ops: readonly Op[]): Seen => play(ops, false, false);
const repaired = (ops: readonly Op[]): Seen => play(ops, true, true);

const text = ([what, n]: Op): string => `${what}(${n})`;
const listed = (ops: readonly Op[]): string => `[${ops.map(text).join(', ')}]`;

/** All lists of up to n threads with amounts 1 and 2, short ones first. */
function lists(n: number): Op[][] {
  const ops: Op[] = [['take', 1], ['take', 2], ['give', 1], ['give', 2]];
  const all: Op[][] = [[]];
  let longest: Op[][] = [[]];
  for (let i = 0; i < n; i++) {
    longest = longest.flatMap((list) => ops.map((op) => [...list, op]));
    all.push(...longest);
  }
  return all;
}

const showsBelow = (ops: readonly Op[]): boolean => starter(ops).least < 0;

/** Does the starter leave somebody asleep whom the repaired scene serves? */
function showsStuck(ops: readonly Op[]): boolean {
  const { ended, least } = starter(ops);
  return least === 0 && repaired(ops).ended.some((i) => !ended.includes(i));
}

/** The least number of threads that show it, found by trying them all. */
function shortest(shows: (ops: readonly Op[]) => boolean): number {
  return lists(4).find(shows)!.length;
}

/** The student's list, or a finding that says why it is none. */
function listOf(name: string, f: () => unknown): Op[] {
  const have: unknown = attempt(`${name}()`, f);
  if (!Array.isArray(have)) {
    throw new Finding(`${name}(): you have ${write(have)}, it returns an array.`);
  }
  if (have.length === 0) throw new Finding(`${name}(): the list is empty.`);
  if (have.length > 8) throw new Finding(`${name}(): at most eight threads.`);
  have.forEach((op: unknown, i) => {
    const [what, n, ...more] = Array.isArray(op) ? op : [op];
    const known = what === 'take' || what === 'give';
    if (known && more.length === 0 && Number.isInteger(n) && n >= 1 && n <= 9) return;
    throw new Finding(`${name}(), thread ${i + 1}: you have ${write(op)}. A thread `
      + "is ['take', n] or ['give', n], with n from 1 to 9.");
  });
  return have as Op[];
}

/** Why a list does not take more than there is. */
function whyNotBelow({ slept, woke }: Seen): string {
  if (slept === 0) return 'No thread sleeps in it: each finds enough at once.';
  if (woke === 0) return 'The thread that sleeps is never woken.';
  return 'A thread wakes in it, and there is enough for it. Does a wake-up '
    + 'promise that?';
}

/** Why a list does not leave somebody asleep. */
function whyNotStuck(ops: readonly Op[], { slept, least, ended }: Seen): string {
  if (least < 0) {
    return 'Less than 0 units are free: that is the other mistake. Let each '
      + 'thread that wakes find enough.';
  }
  if (slept === 0) return 'No thread sleeps in it.';
  if (ended.length < ops.length) {
    return 'A thread sleeps on, but the repaired scene does not serve it either: '
      + 'too little is given back, or it lies under another sleeper.';
  }
  if (slept === 1) return 'Only one thread sleeps, and a signal reaches one.';
  return 'Each thread that sleeps gets a call of its own.';
}

it('below() is a list after which less than 0 units are free [2 points]', () => {
  const ops = listOf('below', below);
  if (showsBelow(ops)) return;
  const seen = starter(ops);
  throw new Finding([
    `below(): on ${listed(ops)} there are never less than 0 units free.`,
    whyNotBelow(seen),
    ...seen.log.map((line) => `  ${line}`),
  ].join('\n'));
});

it('below() is as short as can be [1 point]', () => {
  const ops = listOf('below', below);
  if (!showsBelow(ops)) {
    throw new Finding('below(): first find a list that shows the mistake.');
  }
  judge({
    call: `the length of below(), ${listed(ops)}`,
    have: ops.length,
    is: shortest(showsBelow),
    beliefs: [{
      if: () => ops.filter(([what]) => what === 'take').length > 1,
      then: 'It needs no rival who takes the units away. Does a wake-up promise '
        + 'enough to the only one who waits?',
    }, {
      if: () => true,
      then: 'Some thread can be left out.',
    }],
  });
});

it('stuck() is a list in which a thread sleeps on without need [2 points]', () => {
  const ops = listOf('stuck', stuck);
  if (showsStuck(ops)) return;
  const seen = starter(ops);
  throw new Finding([
    `stuck(): ${listed(ops)} does not show it.`,
    whyNotStuck(ops, seen),
    ...seen.log.map((line) => `  ${line}`),
  ].join('\n'));
});

it('stuck() is as short as can be [1 point]', () => {
  const ops = listOf('stuck', stuck);
  if (!showsStuck(ops)) {
    throw new Finding('stuck(): first find a list that shows the mistake.');
  }
  judge({
    call: `the length of stuck(), ${listed(ops)}`,
    have: ops.length,
    is: shortest(showsStuck),
    beliefs: [{
      if: () => ops.filter(([what]) => what === 'give').length > 1,
      then: 'One thread that gives back is enough: its single call must be too '
        + 'little.',
    }, {
      if: () => true,
      then: 'A call reaches one sleeper, so two sleepers are enough.',
    }],
  });
});

/** Holds the student's scene against the repaired one. */
function judgeScene(ops: Op[]): void {
  const call = `scene(${listed(ops)})`;
  const have = attempt(call, () => scene(ops.map(([what, n]): Op => [what, n])));
  const { ended, least, log } = repaired(ops);
  const is: Outcome = { ended, least };
  const drawn = ['it is:', ...log.map((line) => `  ${line}`)];
  const got = Object(have);
  const list: unknown = got.ended;
  if (!Array.isArray(list) || typeof got.least !== 'number') {
    judge({ call, have, is, beliefs: [{
      if: () => true, then: 'It returns who has ended, and the least number of '
        + 'free units.' }], drawn });
    return;
  }
  const missing = ended.filter((i) => !list.includes(i));
  const isGive = missing.some((i) => ops[i][0] === 'give');
  const who = missing.slice(0, 1).map((i) => `Thread ${i}, ${text(ops[i])},`).join();
  const beliefs: Belief[] = [
    { if: () => got.least < 0,
      then: 'A thread took more than there was. What must it do when it wakes?' },
    { if: () => isGive,
      then: `${who} has not ended. Who has the lock? Each `
        + 'thread gives it back before it ends, and cv_wait while it sleeps.' },
    { if: () => missing.length > 0 && ops.some(([what]) => what === 'give'),
      then: `${who} has not ended, and could. Whom does the `
        + 'call in give reach?' },
    { if: () => list.length > ended.length,
      then: 'A thread has ended that cannot be served: it went on with too little.' },
    { if: () => !same(list, ended), then: 'They end in another order: the last '
        + 'who fell asleep goes on first.' },
  ];
  judge({ call, have: { ended: list, least: got.least }, is, beliefs, drawn });
}

it('scene: who wakes looks again [2 points]', () => {
  judgeScene([['take', 2], ['give', 1]]);
  judgeScene([['take', 2], ['give', 1], ['give', 1]]);
  judgeScene([['take', 3], ['give', 1], ['give', 1], ['give', 1]]);
});

it('scene: a call reaches all who can go on [1 point]', () => {
  judgeScene([['take', 1], ['take', 1], ['give', 2]]);
  judgeScene([['take', 3], ['take', 2], ['take', 1], ['give', 6]]);
});

it('scene: any three threads, and more [1 point]', () => {
  for (const ops of lists(3).slice(1)) judgeScene(ops);
  judgeScene([['take', 1], ['take', 2], ['give', 1], ['give', 2]]);
  judgeScene([['give', 4], ['take', 3], ['take', 5], ['give', 3], ['give', 1]]);
});
