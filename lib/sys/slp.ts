// To sleep until called, and to call.
//
// Follows UNIX V7 sys/slp.c (sleep, wakeup). Idea: who waits for something
// names it by a channel, any value that both sides know; in C the address
// of a variable. wakeup(chan) makes everyone who waits on that channel
// runnable again. They must look once more: what they waited for may be
// gone.
//
// 1. sleep(chan) returns after a wakeup(chan) during the sleep.
// 2. wakeup never fails, never blocks and remembers nothing for sleepers
//    to come: a wake-up that nobody waits for is lost.
//
// Left out: the second argument of sleep, a priority, and the signals
// that may end a sleep of low priority; spl6, which holds interrupts off
// while a process looks and falls asleep (here nothing interrupts); the
// hash of 64 queues. Who was called is kept, so that a notebook and a
// test can see it.
import { panic } from './panic.js';
import { onReboot } from './reboot.js';
import { block } from './threads.js';

/** One call of sleep. */
interface Sleeper {
  readonly chan: unknown;
  woken: boolean;
}

let slpque: Sleeper[] = []; // in sleep now, oldest first
let called: unknown[] = [];

/** Calls of wakeup since boot. */
export let woken = 0;

onReboot(() => {
  slpque = [];
  called = [];
  woken = 0;
});

/**
 * Gives up the processor until wakeup(chan); others run meanwhile.
 * @throws Panic "zero wchan" for channel 0
 */
export function sleep(chan: unknown): void {
  if (!chan) panic('zero wchan', { call: `sleep(${chan})` });
  const self = { chan, woken: false };
  slpque.push(self);
  try {
    block(`${chan}`, () => self.woken);
  } finally {
    slpque = slpque.filter((sleeper) => sleeper !== self);
  }
}

/** Makes all who sleep on chan runnable. */
export function wakeup(chan: unknown): void {
  woken++;
  called.push(chan);
  for (const sleeper of slpque) sleeper.woken ||= sleeper.chan === chan;
}

/** The channels woken since boot, oldest first. */
export function wakeups(): readonly unknown[] {
  return [...called];
}
