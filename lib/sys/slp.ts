// Waking those who wait.
//
// Follows UNIX V7 sys/slp.c (wakeup). Idea: who waits for something names
// it by a channel, any value that both sides know; in C the address of a
// variable. wakeup(chan) makes everyone who waits on that channel runnable
// again. They must look once more: what they waited for may be gone.
//
// 1. wakeup never fails, never blocks and remembers nothing for sleepers
//    to come: a wake-up that nobody waits for is lost.
//
// Left out: the sleepers, until there are threads. What is kept here is
// who was called, so that a notebook and a test can see it.
import { onReboot } from './reboot.js';

let called: unknown[] = [];

/** Calls of wakeup since boot. */
export let woken = 0;

onReboot(() => {
  called = [];
  woken = 0;
});

/** Makes all who sleep on chan runnable. */
export function wakeup(chan: unknown): void {
  woken++;
  called.push(chan);
}

/** The channels woken since boot, oldest first. */
export function wakeups(): readonly unknown[] {
  return [...called];
}
