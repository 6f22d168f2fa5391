// The mutex: one thread at a time.
//
// Follows illumos common/os/mutex.c (adaptive mutexes) and sys/mutex.h.
// Idea: a list that is half linked must not be seen. Who works on it holds
// a lock, a word that names its owner; who finds another's name there
// waits: for a moment, if the owner runs on another CPU, or asleep.
//
// 1. m_owner is the thread that holds the lock, or null.
// 2. Only the owner gives it back.
// 3. entered counts how often it was taken, contended how often somebody
//    found it taken. Counting is ours: illumos leaves it to lockstat.
//
// Left out: atomic instructions, for no thread here is interrupted; spin
// locks, which interrupts need; the turnstile, in which waiters lend the
// owner their priority. A second CPU that holds a lock for a moment is
// played by contend(mp).
import { panic } from './panic.js';
import { block, curthread, kthread_t } from './threads.js';

/** Who holds a lock on another CPU. */
const elsewhere = new kthread_t('another CPU', () => {});

export class kmutex_t {
  m_owner: kthread_t | null = null;
  entered = 0;
  contended = 0;
  next: kthread_t | null = null; // owner after the next exit: see contend
  meetings = 0; // with another CPU, still to come

  constructor(readonly name: string) {}
}

/** Stops the kernel; the text has names in place of addresses. */
function mutex_panic(msg: string, mp: kmutex_t, call: string): never {
  const owner = mp.m_owner === null ? '0' : mp.m_owner.name;
  const lp = mp.name;
  const text = `${msg}, lp=${lp} owner=${owner} thread=${curthread.name}`;
  return panic(text, { call: `${call}(${lp})`, owner });
}

/** Counts a meeting with another CPU, which then leaves. Was it one? */
function leaves(mp: kmutex_t): boolean {
  if (mp.m_owner !== elsewhere) return false;
  mp.meetings--;
  if (mp.meetings === 0) mp.next = null;
  mp.m_owner = null;
  return true;
}

/** The slow path of mutex_enter: somebody has it. */
function mutex_vector_enter(mp: kmutex_t): void {
  const owner = mp.m_owner!;
  if (owner === curthread) {
    mutex_panic('recursive mutex_enter', mp, 'mutex_enter');
  }
  mp.contended++;
  if (leaves(mp)) return; // it runs: spin
  const who = owner.ended ? `${owner.name}, which has ended` : owner.name;
  block(`${mp.name}, held by ${who}`, () => mp.m_owner === null);
}

/**
 * Takes the lock; sleeps while another thread has it.
 * @throws Panic "recursive mutex_enter" when the caller has it already
 */
export function mutex_enter(mp: kmutex_t): void {
  if (mp.m_owner !== null) mutex_vector_enter(mp);
  mp.m_owner = curthread;
  mp.entered++;
}

/** Takes the lock if that needs no waiting. @returns whether it has it */
export function mutex_tryenter(mp: kmutex_t): boolean {
  if (mp.m_owner !== null) {
    mp.contended++;
    leaves(mp);
    return false;
  }
  mp.m_owner = curthread;
  mp.entered++;
  return true;
}

/** Gives the lock back. @throws Panic "mutex_exit: not owner" */
export function mutex_exit(mp: kmutex_t): void {
  if (mp.m_owner !== curthread) {
    mutex_panic('mutex_exit: not owner', mp, 'mutex_exit');
  }
  mp.m_owner = mp.next;
}

/** Who holds the lock? */
export function mutex_owner(mp: kmutex_t): kthread_t | null {
  return mp.m_owner;
}

/** Does the caller hold the lock? For ASSERTs. */
export function MUTEX_HELD(mp: kmutex_t): boolean {
  return mp.m_owner === curthread;
}

/**
 * Lets another CPU come first, the next `times` times that the lock is
 * wanted: a mutex_tryenter then fails, a mutex_enter waits a moment.
 */
export function contend(mp: kmutex_t, times = 1): void {
  mp.meetings += times;
  mp.next = elsewhere;
  if (mp.m_owner === null) mp.m_owner = elsewhere;
}
