// Condition variables: to sleep without missing the call.
//
// Follows illumos common/os/condvar.c. Idea: whoever looks at a condition
// holds the lock that guards it, and finds it false. Between giving back
// the lock and falling asleep nobody may change the condition unheard, so
// cv_wait does both: it counts as asleep before it lets the lock go.
//
// 1. cv_wait(cv, mp) is called with mp held, and returns with mp held.
// 2. When it throws, Deadlock or what another thread threw, mp is not
//    held and the caller no longer waits.
// 3. A wake-up that nobody waits for is lost.
//
// That cv_wait returned says that somebody called, not that the condition
// holds: the caller looks again, in a loop.
//
// Left out: waits that end with a signal or after a time (cv_wait_sig,
// cv_timedwait). cv_signal wakes the last who went to sleep, for that one
// can go on (threads.ts); the original wakes by priority.
import { type kmutex_t, mutex_enter, mutex_exit } from './mutex.js';
import { block } from './threads.js';

/** One call of cv_wait. */
interface Sleeper {
  woken: boolean;
}

export class kcondvar_t {
  sleepers: Sleeper[] = []; // not woken yet, oldest first

  constructor(readonly name: string) {}
}

/** Sleeps until cv is signalled; mp is free meanwhile. */
export function cv_wait(cv: kcondvar_t, mp: kmutex_t): void {
  const self = { woken: false };
  cv.sleepers.push(self);
  try {
    mutex_exit(mp);
    block(cv.name, () => self.woken);
  } finally {
    if (!self.woken) cv.sleepers.splice(cv.sleepers.indexOf(self), 1);
  }
  mutex_enter(mp);
}

/** Wakes one sleeper, if there is one. */
export function cv_signal(cv: kcondvar_t): void {
  const last = cv.sleepers.pop();
  if (last !== undefined) last.woken = true;
}

/** Wakes all who sleep on cv. */
export function cv_broadcast(cv: kcondvar_t): void {
  if (cv.sleepers.length === 0) return;
  for (const sleeper of cv.sleepers) sleeper.woken = true;
  cv.sleepers = [];
}
