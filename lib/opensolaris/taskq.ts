// Task queues: let somebody else do it, later.
//
// Follows OpenSolaris common/os/taskq.c. Idea: who holds a lock, or is in
// the middle of an allocation, must not start what may take long or
// allocate itself. He writes it down, and a thread that holds nothing does
// it.
//
// 1. Tasks run one at a time, in the order of their dispatch.
// 2. They run in the queue's own thread, when run() or a sleeper comes to
//    it (sys/threads.ts): never inside taskq_dispatch.
// 3. taskq_wait returns when there are none left, and none runs.
//
// Left out: queues with several threads; TQ_NOALLOC's reserve, for a task
// here takes no memory, and so no dispatch fails.
import { cv_broadcast, cv_wait, kcondvar_t } from '../sys/condvar.js';
import { kmutex_t, mutex_enter, mutex_exit } from '../sys/mutex.js';
import { curthread, type kthread_t, thread } from '../sys/threads.js';

/** What is to be done. */
type Task = () => void;

export class taskq_t {
  readonly tq_lock: kmutex_t;
  readonly tq_wait_cv: kcondvar_t; // who waits until all is done
  tq_task: Task[] = []; // oldest first
  tq_active = 0; // 1: the thread is there, or queued
  tq_thread: kthread_t | null = null; // while it runs

  constructor(readonly tq_name: string) {
    this.tq_lock = new kmutex_t(`${tq_name} tq_lock`);
    this.tq_wait_cv = new kcondvar_t(`${tq_name} tq_wait_cv`);
  }
}

/** A queue with one thread. */
export function taskq_create(name: string): taskq_t {
  return new taskq_t(name);
}

/** What the thread does: all there is, then it ends. */
function taskq_thread(tq: taskq_t): void {
  tq.tq_thread = curthread;
  try {
    for (;;) {
      mutex_enter(tq.tq_lock);
      const task = tq.tq_task.shift();
      mutex_exit(tq.tq_lock);
      if (task === undefined) break;
      task();
    }
  } finally {
    tq.tq_thread = null;
    tq.tq_active = 0;
    cv_broadcast(tq.tq_wait_cv);
  }
}

/** Has func(arg) called by the queue's thread. */
export function taskq_dispatch<T>(
  tq: taskq_t,
  func: (arg: T) => void,
  arg: T,
): void {
  mutex_enter(tq.tq_lock);
  tq.tq_task.push(() => func(arg));
  if (tq.tq_active === 0) {
    tq.tq_active = 1;
    thread(tq.tq_name, () => taskq_thread(tq));
  }
  mutex_exit(tq.tq_lock);
}

/** Waits until all that was dispatched is done. */
export function taskq_wait(tq: taskq_t): void {
  mutex_enter(tq.tq_lock);
  while (tq.tq_active !== 0) cv_wait(tq.tq_wait_cv, tq.tq_lock);
  mutex_exit(tq.tq_lock);
}

/** Is this thread the queue's? */
export function taskq_member(tq: taskq_t, t: kthread_t): boolean {
  return tq.tq_thread === t;
}
