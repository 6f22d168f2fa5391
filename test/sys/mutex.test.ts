import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  contend,
  kmutex_t,
  mutex_enter,
  mutex_exit,
  MUTEX_HELD,
  mutex_owner,
  mutex_tryenter,
} from '../../lib/sys/mutex.js';
import { Panic } from '../../lib/sys/panic.js';
import { reboot } from '../../lib/sys/reboot.js';
import { block, curthread, run, thread } from '../../lib/sys/threads.js';
import { panicOf } from '../caught.js';

beforeEach(reboot);

let mp: kmutex_t;
beforeEach(() => {
  mp = new kmutex_t('vm_lock');
});

describe('mutex_enter(mp), mutex_exit(mp)', () => {
  test('the owner is who entered, and nobody after mutex_exit', () => {
    expect([mutex_owner(mp), MUTEX_HELD(mp)]).toEqual([null, false]);
    mutex_enter(mp);
    expect(mutex_owner(mp)).toBe(curthread);
    expect(MUTEX_HELD(mp)).toBe(true);
    mutex_exit(mp);
    expect([mutex_owner(mp), MUTEX_HELD(mp)]).toEqual([null, false]);
  });

  test('entered counts what was taken, contended stays 0', () => {
    for (let i = 0; i < 3; i++) {
      mutex_enter(mp);
      mutex_exit(mp);
    }
    expect([mp.entered, mp.contended]).toEqual([3, 0]);
  });

  test('a second mutex_enter of the owner panics', () => {
    mutex_enter(mp);
    const { message, facts } = panicOf(() => mutex_enter(mp));
    expect(message).toBe(
      'recursive mutex_enter, lp=vm_lock owner=main thread=main',
    );
    expect(facts).toEqual({ call: 'mutex_enter(vm_lock)', owner: 'main' });
    expect([mp.entered, mp.contended]).toEqual([1, 0]);
  });

  test('mutex_exit of a free lock panics', () => {
    expect(panicOf(() => mutex_exit(mp)).message).toBe(
      'mutex_exit: not owner, lp=vm_lock owner=0 thread=main',
    );
  });

  test("mutex_exit of another thread's lock panics, and leaves it", () => {
    mutex_enter(mp);
    thread('B', () => mutex_exit(mp));
    const { message, facts } = panicOf(run);
    expect(message).toBe(
      'mutex_exit: not owner, lp=vm_lock owner=main thread=B',
    );
    expect(facts.thread).toBe('B');
    expect(MUTEX_HELD(mp)).toBe(true);
  });
});

describe('mutex_enter(mp) of a lock that another thread holds', () => {
  test('runs others, then is a Deadlock: the owner lies below', () => {
    let others = 0;
    thread('A', () => {
      mutex_enter(mp);
      block('vm_cv', () => false);
    });
    thread('B', () => mutex_enter(mp));
    thread('C', () => void others++);
    expect(run).toThrow(
      'no thread can run: A waits on vm_cv; B waits on vm_lock, held by A',
    );
    expect([others, mp.contended, mp.entered]).toEqual([1, 1, 1]);
  });

  test('names an owner that has ended without mutex_exit', () => {
    thread('A', () => mutex_enter(mp));
    run();
    expect(() => mutex_enter(mp)).toThrow(
      'main waits on vm_lock, held by A, which has ended',
    );
    expect(mutex_owner(mp)!.name).toBe('A');
  });
});

describe('mutex_tryenter(mp)', () => {
  test('takes a free lock', () => {
    expect(mutex_tryenter(mp)).toBe(true);
    expect([MUTEX_HELD(mp), mp.entered, mp.contended]).toEqual([true, 1, 0]);
  });

  test('is false for a lock that is held, by the caller too', () => {
    mutex_enter(mp);
    expect(mutex_tryenter(mp)).toBe(false);
    let other = true;
    thread('B', () => (other = mutex_tryenter(mp)));
    run();
    expect([other, mp.entered, mp.contended]).toEqual([false, 1, 2]);
    expect(MUTEX_HELD(mp)).toBe(true);
  });
});

describe('contend(mp, times): another CPU comes first', () => {
  test('the next mutex_tryenter fails, the mutex_enter after it does not', () => {
    contend(mp);
    expect(mutex_owner(mp)!.name).toBe('another CPU');
    expect(mutex_tryenter(mp)).toBe(false);
    mutex_enter(mp);
    mutex_exit(mp);
    expect(mutex_tryenter(mp)).toBe(true);
    expect([mp.entered, mp.contended]).toEqual([2, 1]);
  });

  test('the next mutex_enter waits a moment and has the lock', () => {
    contend(mp);
    mutex_enter(mp);
    expect([MUTEX_HELD(mp), mp.entered, mp.contended]).toEqual([true, 1, 1]);
  });

  test('contend(mp, 3) meets the next three, not the fourth', () => {
    contend(mp, 3);
    const met = [1, 2, 3, 4].map(() => {
      const free = mutex_tryenter(mp);
      if (!free) mutex_enter(mp);
      mutex_exit(mp);
      return !free;
    });
    expect(met).toEqual([true, true, true, false]);
  });

  test('of a lock that is held begins after its mutex_exit', () => {
    mutex_enter(mp);
    contend(mp);
    expect(MUTEX_HELD(mp)).toBe(true);
    mutex_exit(mp);
    expect(mutex_tryenter(mp)).toBe(false);
    expect(mutex_tryenter(mp)).toBe(true);
  });

  test('twice adds up', () => {
    contend(mp);
    contend(mp);
    for (let i = 0; i < 3; i++) {
      mutex_enter(mp);
      mutex_exit(mp);
    }
    expect([mp.entered, mp.contended]).toEqual([3, 2]);
  });
});

test('for every order of calls the counters add up and one thread owns', () => {
  const call = fc.constantFrom('enter', 'try', 'exit', 'contend');
  fc.assert(
    fc.property(fc.array(call, { maxLength: 40 }), (calls) => {
      reboot();
      const lock = new kmutex_t('l');
      let [held, meetings, entered, contended] = [false, 0, 0, 0];
      for (const what of calls) {
        if (what === 'contend') {
          contend(lock);
          meetings++;
        } else if (what === 'exit') {
          if (!held) expect(() => mutex_exit(lock)).toThrow(Panic);
          else mutex_exit(lock);
          held = false;
        } else if (what === 'enter' && held) {
          expect(() => mutex_enter(lock)).toThrow(Panic);
        } else {
          // A free lock that another CPU wants is met once, then left; the
          // next one comes after the next exit.
          const met = lock.m_owner !== null && !held;
          if (met) expect(meetings).toBeGreaterThan(0);
          if (met) meetings--;
          if (met || held) contended++;
          if (what === 'enter') mutex_enter(lock);
          else expect(mutex_tryenter(lock)).toBe(!held && !met);
          if (!held && (what === 'enter' || !met)) {
            held = true;
            entered++;
          }
        }
        expect(MUTEX_HELD(lock)).toBe(held);
        expect([lock.entered, lock.contended]).toEqual([entered, contended]);
        expect(lock.meetings).toBe(meetings);
      }
    }),
    { seed: 4, numRuns: 300 },
  );
});
