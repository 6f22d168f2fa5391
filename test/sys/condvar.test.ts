import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  cv_broadcast,
  cv_signal,
  cv_wait,
  kcondvar_t,
} from '../../lib/sys/condvar.js';
import {
  kmutex_t,
  mutex_enter,
  mutex_exit,
  MUTEX_HELD,
  mutex_owner,
} from '../../lib/sys/mutex.js';
import { reboot } from '../../lib/sys/reboot.js';
import { Deadlock, run, thread, threadLog } from '../../lib/sys/threads.js';

beforeEach(reboot);

let mp: kmutex_t;
let cv: kcondvar_t;
beforeEach(() => {
  mp = new kmutex_t('vm_lock');
  cv = new kcondvar_t('vm_cv');
});

/** A thread that waits once; what it knew when it woke. */
function sleeper(name: string, woke: string[]): void {
  thread(name, () => {
    mutex_enter(mp);
    cv_wait(cv, mp);
    woke.push(MUTEX_HELD(mp) ? name : `${name} without the lock`);
    mutex_exit(mp);
  });
}

describe('cv_wait(cv, mp)', () => {
  test('lets mp go while it sleeps, and has it when it returns', () => {
    const woke: string[] = [];
    sleeper('A', woke);
    thread('B', () => {
      expect(mutex_owner(mp)).toBe(null);
      mutex_enter(mp);
      cv_broadcast(cv);
      mutex_exit(mp);
    });
    expect(run()).toEqual([
      ['A', 'runs'],
      ['A', 'sleeps', 'vm_cv'],
      ['B', 'runs'],
      ['B', 'ends'],
      ['A', 'wakes'],
      ['A', 'ends'],
    ]);
    expect(woke).toEqual(['A']);
  });

  test('works from main: it runs queued threads', () => {
    thread('A', () => cv_signal(cv));
    mutex_enter(mp);
    cv_wait(cv, mp);
    expect(MUTEX_HELD(mp)).toBe(true);
    expect(threadLog()[0]).toEqual(['main', 'sleeps', 'vm_cv']);
  });

  test('without the lock it panics, and does not wait', () => {
    expect(() => cv_wait(cv, mp)).toThrow('mutex_exit: not owner, lp=vm_lock');
    expect(cv.sleepers).toEqual([]);
  });

  test('a Deadlock leaves mp free and nobody waiting', () => {
    mutex_enter(mp);
    expect(() => cv_wait(cv, mp)).toThrow(Deadlock);
    expect([mutex_owner(mp), cv.sleepers]).toEqual([null, []]);
  });

  test('so does an error in a thread that ran meanwhile', () => {
    thread('B', () => {
      throw new Error('boom');
    });
    mutex_enter(mp);
    expect(() => cv_wait(cv, mp)).toThrow('boom');
    expect([mutex_owner(mp), cv.sleepers]).toEqual([null, []]);
  });

  test('a wake-up before the sleep is lost', () => {
    cv_signal(cv);
    cv_broadcast(cv);
    mutex_enter(mp);
    expect(() => cv_wait(cv, mp)).toThrow('main waits on vm_cv');
  });

  test('when another keeps the lock on waking, that is a Deadlock', () => {
    thread('B', () => {
      mutex_enter(mp);
      cv_broadcast(cv);
    });
    mutex_enter(mp);
    expect(() => cv_wait(cv, mp)).toThrow(
      'main waits on vm_lock, held by B, which has ended',
    );
  });
});

describe('cv_broadcast(cv)', () => {
  test('wakes all: the last to sleep goes on first', () => {
    const woke: string[] = [];
    for (const name of ['A', 'B', 'C']) sleeper(name, woke);
    thread('D', () => cv_broadcast(cv));
    run();
    expect(woke).toEqual(['C', 'B', 'A']);
  });

  test('wakes those of its own variable alone', () => {
    sleeper('A', []);
    thread('B', () => cv_broadcast(new kcondvar_t('another')));
    expect(run).toThrow('no thread can run: A waits on vm_cv');
  });
});

describe('cv_signal(cv)', () => {
  test('wakes one, the last to sleep', () => {
    const woke: string[] = [];
    sleeper('A', woke);
    sleeper('B', woke);
    thread('C', () => cv_signal(cv));
    expect(run).toThrow('no thread can run: A waits on vm_cv');
    expect(woke).toEqual(['B']);
  });

  test('twice wakes two', () => {
    const woke: string[] = [];
    sleeper('A', woke);
    sleeper('B', woke);
    thread('C', () => {
      cv_signal(cv);
      cv_signal(cv);
    });
    run();
    expect(woke).toEqual(['B', 'A']);
  });
});

test('a waiter that is not satisfied buries the one that could go on', () => {
  let free = 0;
  const take = (name: string, units: number) =>
    thread(name, () => {
      mutex_enter(mp);
      while (free < units) cv_wait(cv, mp);
      free -= units;
      mutex_exit(mp);
    });
  take('A', 1);
  take('B', 10);
  thread('C', () => {
    free = 1;
    cv_broadcast(cv);
  });
  expect(run).toThrow(
    'no thread can run: A waits on vm_cv, is woken, but lies under B; ' +
      'B waits on vm_cv',
  );
});

test('for every queue of takers and givers nothing is lost or made', () => {
  let [finished, deadlocked] = [0, 0];
  const units = fc.integer({ min: -4, max: 4 });
  fc.assert(
    fc.property(fc.array(units, { maxLength: 10 }), (clients) => {
      reboot();
      const lock = new kmutex_t('lock');
      const space = new kcondvar_t('space');
      let free = 3;
      const done: number[] = [];
      clients.forEach((want, i) =>
        thread(`${i}`, () => {
          mutex_enter(lock);
          while (free < want) cv_wait(space, lock);
          free -= want; // a giver wants less than nothing
          if (want < 0) cv_broadcast(space);
          done.push(want);
          mutex_exit(lock);
        }),
      );
      try {
        run();
        finished++;
        expect(done).toHaveLength(clients.length);
      } catch (error) {
        deadlocked++;
        expect(error).toBeInstanceOf(Deadlock);
        // Whoever is on top could not be served.
        const { thread: top } = (error as Deadlock).waiters.at(-1)!;
        expect(clients[Number(top)]).toBeGreaterThan(free);
      }
      expect(free).toBe(3 - done.reduce((sum, want) => sum + want, 0));
      expect([mutex_owner(lock), space.sleepers]).toEqual([null, []]);
    }),
    { seed: 5, numRuns: 400 },
  );
  expect(Math.min(finished, deadlocked)).toBeGreaterThan(40);
});
