// The clock: time that passes only when somebody waits.
//
// Follows illumos os/clock.c (lbolt) and os/callout.c (timeout). Idea: a
// kernel's clock interrupts it hz times a second, and each time runs what
// is due. Here nothing interrupts. Time stands still while code runs, and
// moves when a thread waits for it (delay) or somebody turns it (advance);
// so every run is the same, and 15 seconds take none.
//
// 1. lbolt counts ticks since boot; it never goes back.
// 2. What is due runs at its tick, in the order of the ticks; for one
//    tick, in the order of the calls of timeout.
// 3. It runs in a thread of its own, named clock: it owns no lock that
//    the thread below it holds.
// 4. gethrtime() is strictly ascending: reading it takes a nanosecond.
//
// Left out: the interrupt; overlap, where it would bury: who delays on
// top of another sleeper makes that one late. A loop that waits and tries
// again, while nothing else happens, would never end: Endless says so.
import { onReboot } from './reboot.js';
import {
  block,
  curthread,
  dispatch,
  idle,
  kthread_t,
  started,
} from './threads.js';

/** Ticks a second, and the length of a tick. */
export const hz = 100;
export const nsec_per_tick = 1_000_000_000 / hz;

/** Waits in a row with nothing happening in between, before Endless. */
export const waitsAllowed = 10_000;

/** Ticks since boot. */
export let lbolt = 0;

/** A call to be made at a tick. */
interface Callout {
  id: number;
  due: number;
  call: () => void;
  f: unknown;
}

let readings = 0; // of gethrtime: a nanosecond each
let lastId = 0;
let callouts: Callout[] = []; // by due, then by id
let waits = 0; // calls of delay since something else happened
let seen = 0; // threads that had started then

onReboot(() => {
  lbolt = 0;
  readings = 0;
  lastId = 0;
  callouts = [];
  waits = 0;
  seen = 0;
});

/** A loop that waits and tries again, and that nobody will end. */
export class Endless extends Error {
  constructor(thread: string, call: string) {
    super(
      `${thread} has called ${call}, and before it ${waitsAllowed} waits, ` +
        'and nothing else has happened: its loop would try for ever',
    );
    this.name = 'Endless';
  }
}

/** Nanoseconds since boot. */
export function gethrtime(): number {
  readings++;
  return lbolt * nsec_per_tick + readings;
}

/**
 * Calls f(arg) when ticks have passed, at least one.
 * @returns what untimeout needs
 */
export function timeout<T>(f: (arg: T) => void, arg: T, ticks: number): number {
  const due = lbolt + Math.max(1, ticks);
  const id = ++lastId;
  let at = callouts.length;
  while (at > 0 && callouts[at - 1].due > due) at--;
  callouts.splice(at, 0, { id, due, call: () => f(arg), f });
  return id;
}

/** Calls it off. @returns the ticks that were left, or -1: it has run */
export function untimeout(id: number): number {
  const at = callouts.findIndex((callout) => callout.id === id);
  if (at < 0) return -1;
  const [{ due }] = callouts.splice(at, 1);
  return due - lbolt;
}

/** Makes one call that is due. */
function fire({ call, f, due }: Callout): void {
  lbolt = Math.max(lbolt, due);
  const newest = lastId;
  dispatch(new kthread_t('clock', call));
  seen++;
  // What queues itself again is routine; all else may have changed things.
  const routine = callouts.some((next) => next.id > newest && next.f === f);
  if (!routine) waits = 0;
}

/** Turns the clock by some ticks, and runs what is due. */
export function advance(ticks: number): void {
  const until = lbolt + ticks;
  while (callouts.length > 0 && callouts[0].due <= until) {
    fire(callouts.shift()!);
  }
  lbolt = Math.max(lbolt, until);
}

/**
 * Sleeps for some ticks: others run first, then the time passes.
 * @throws Endless when only waiting has happened for a long time
 */
export function delay(ticks: number): void {
  const until = lbolt + ticks;
  const call = `delay(${ticks})`;
  if (started !== seen) waits = 0;
  seen = started;
  if (++waits > waitsAllowed) throw new Endless(curthread.name, call);

  block(call, idle);
  if (lbolt < until) advance(until - lbolt);
}
