// Threads on one stack: how a function can wait and still return.
//
// Stands in for the dispatcher: V7 sys/slp.c (swtch) and illumos disp/*.c.
// There, each thread has a stack of its own, and waiting means to leave it
// and to go on with another. Here is one stack for all. Idea: who sleeps
// lends it. block(…) runs other threads on top of the sleeper, and returns
// when what it waits for has come.
//
// The stack, from bottom to top: main, the first sleeper and what it
// called, the thread that runs on top of it, and so on.
//
// 1. curthread is the thread on top. It alone runs; outside all threads
//    it is main.
// 2. Queued threads start in order of arrival: in run(), or on top of a
//    thread that sleeps.
// 3. block(on, ready) returns when ready() holds, never before.
// 4. When nobody can run, block throws Deadlock, which names all who wait.
//    The thread that it is thrown to no longer waits.
// 5. What a thread throws comes out of whatever runs it: run(), or the
//    block of the sleeper below. A Panic carries the thread's name.
//
// Left out: stacks of their own. So wake-ups nest: the last sleeper goes
// on first, and a thread that lies under a sleeper cannot go on before it,
// be it woken or not. Also priorities, time slices, and preemption: who
// runs is left alone until it sleeps or ends.
import { Panic } from './panic.js';
import { onReboot } from './reboot.js';

/** A function with a name, and whether it is over. */
export class kthread_t {
  ended = false;

  constructor(
    readonly name: string,
    readonly start: () => void,
  ) {}
}

/** What happened: ['A', 'sleeps', 'heap vm_cv'], ['A', 'wakes'] … */
export type Event = readonly [
  thread: string,
  did: 'runs' | 'sleeps' | 'wakes' | 'ends',
  on?: string,
];

/** A thread that waits, and on what. */
export interface Waiter {
  readonly thread: string;
  readonly on: string;
  readonly woken: boolean; // yes: it could go on, but is buried
}

/** Nobody can run any more: all sleep, or lie under one who does. */
export class Deadlock extends Error {
  readonly waiters: readonly Waiter[];

  constructor(waiters: readonly Waiter[]) {
    const top = waiters[waiters.length - 1].thread;
    const text = waiters.map(({ thread, on, woken }) => {
      const buried = woken ? `, is woken, but lies under ${top}` : '';
      return `${thread} waits on ${on}${buried}`;
    });
    super(`no thread can run: ${text.join('; ')}`);
    this.name = 'Deadlock';
    this.waiters = waiters;
  }
}

/** One call of block. */
interface Sleeper {
  readonly thread: string;
  readonly on: string;
  readonly ready: () => boolean;
}

const newMain = () => new kthread_t('main', () => {});

/** The thread that runs now. */
export let curthread = newMain();

/** Threads started since boot. */
export let started = 0;

let queue: kthread_t[] = []; // not started yet, oldest first
let sleepers: Sleeper[] = []; // in block now, bottom of the stack first
let events: Event[] = []; // since boot

onReboot(() => {
  curthread = newMain();
  started = 0;
  queue = [];
  sleepers = [];
  events = [];
});

/** Queues a thread: it starts when run() or a sleeper comes to it. */
export function thread(name: string, start: () => void): kthread_t {
  const t = new kthread_t(name, start);
  queue.push(t);
  return t;
}

/** Is no thread queued? */
export function idle(): boolean {
  return queue.length === 0;
}

/** Runs t at once, on top of curthread, until it ends. */
export function dispatch(t: kthread_t): void {
  const below = curthread;
  curthread = t;
  started++;
  events.push([t.name, 'runs']);
  try {
    t.start();
  } catch (error) {
    if (error instanceof Panic) error.facts.thread ??= t.name;
    throw error;
  } finally {
    t.ended = true;
    curthread = below;
  }
  events.push([t.name, 'ends']);
}

const asWaiter = ({ thread, on, ready }: Sleeper): Waiter =>
  ({ thread, on, woken: ready() });

/**
 * Puts curthread to sleep until ready() holds; others run meanwhile.
 * @param on what it waits on, for the log and for a Deadlock
 * @throws Deadlock when ready() does not hold and no thread is queued
 */
export function block(on: string, ready: () => boolean): void {
  const { name } = curthread;
  sleepers.push({ thread: name, on, ready });
  events.push([name, 'sleeps', on]);
  try {
    while (!ready()) {
      const next = queue.shift();
      if (next === undefined) throw new Deadlock(sleepers.map(asWaiter));
      dispatch(next);
    }
  } finally {
    sleepers.pop();
  }
  events.push([name, 'wakes']);
}

/**
 * Runs the queued threads, and those that they queue.
 * @returns who ran, slept and woke meanwhile
 */
export function run(): readonly Event[] {
  const before = events.length;
  for (let t = queue.shift(); t !== undefined; t = queue.shift()) dispatch(t);
  return events.slice(before);
}

/** Who ran, slept and woke since boot: also when run() has thrown. */
export function threadLog(): readonly Event[] {
  return [...events];
}
