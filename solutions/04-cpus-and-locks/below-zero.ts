// Below zero.
//
// The decision: a wake-up does not promise enough, so the `if` fails as
// soon as one thread wants more than comes back; no rival is needed. A
// signal wakes one, and is too little as soon as what comes back serves
// two. The repair: look again after each wake-up, in a loop; and call all,
// because give cannot know whom it helps.
import {
  cv_broadcast,
  cv_wait,
  kcondvar_t,
} from '../../lib/sys/condvar.js';
import { kmutex_t, mutex_enter, mutex_exit } from '../../lib/sys/mutex.js';
import { reboot } from '../../lib/sys/reboot.js';
import { Deadlock, run, thread } from '../../lib/sys/threads.js';

type Op = ['take' | 'give', number];

export function below(): Op[] {
  return [['take', 2], ['give', 1]];
}

export function stuck(): Op[] {
  return [['take', 1], ['take', 1], ['give', 2]];
}

/**
 * Runs a thread for each op.
 * @returns who has ended, by place in ops from 0 on, first to last; and the
 *   least number of units that were ever free
 */
export function scene(ops: Op[]): { ended: number[]; least: number } {
  reboot();
  const lock = new kmutex_t('lock');
  const cv = new kcondvar_t('cv');
  let free = 0;
  let least = 0;

  function take(n: number): void {
    mutex_enter(lock);
    while (free < n) cv_wait(cv, lock);
    free -= n;
    least = Math.min(least, free);
    mutex_exit(lock);
  }

  function give(n: number): void {
    mutex_enter(lock);
    free += n;
    cv_broadcast(cv);
    mutex_exit(lock);
  }

  const ended: number[] = [];
  ops.forEach(([what, n], i) => {
    thread(`${what} ${n}`, () => {
      if (what === 'take') take(n);
      else give(n);
      ended.push(i);
    });
  });
  try {
    run();
  } catch (error) {
    if (!(error instanceof Deadlock)) throw error;
  }
  return { ended, least };
}
