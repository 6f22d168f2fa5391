// Below zero.
// Kind: bug. Minutes: 30.
//
// scene() below runs a list of threads, one for each entry, in this order.
// 0 units are free in the beginning; a thread takes some or gives some
// back. Two mistakes are in it, one in take and one in give. Three tasks:
//
// 1. below() returns a list after which less than 0 units are free at some
//    time (`least` is negative). Find a list; for the last point, find the
//    shortest. For instance, this list shows nothing:
//
//      return [['give', 2], ['take', 1]];
//
// 2. stuck() returns a list in which a thread sleeps for ever, though the
//    repaired scene serves it; and never are less than 0 units free. Again,
//    the shortest earns a point more.
//
// 3. Repair take and give.
//
// At most eight threads, and amounts from 1 to 9.
import {
  cv_signal,
  cv_wait,
  kcondvar_t,
} from '../../lib/sys/condvar.js';
import { kmutex_t, mutex_enter, mutex_exit } from '../../lib/sys/mutex.js';
import { reboot } from '../../lib/sys/reboot.js';
import { Deadlock, run, thread } from '../../lib/sys/threads.js';

type Op = ['take' | 'give', number];

/** Threads after which less than 0 units are free. */
export function below(): Op[] {
  throw new Error('TODO: a list of threads');
}

/** Threads of which one sleeps on, and could be served. */
export function stuck(): Op[] {
  throw new Error('TODO: a list of threads');
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
    if (free < n) cv_wait(cv, lock);
    free -= n;
    least = Math.min(least, free);
    mutex_exit(lock);
  }

  function give(n: number): void {
    mutex_enter(lock);
    free += n;
    cv_signal(cv);
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
