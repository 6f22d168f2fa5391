import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  advance,
  delay,
  Endless,
  gethrtime,
  hz,
  lbolt,
  nsec_per_tick,
  timeout,
  untimeout,
  waitsAllowed,
} from '../../lib/sys/clock.js';
import { kmutex_t, mutex_enter } from '../../lib/sys/mutex.js';
import { reboot } from '../../lib/sys/reboot.js';
import { curthread, run, thread, threadLog } from '../../lib/sys/threads.js';

beforeEach(reboot);

describe('gethrtime()', () => {
  test('is in nanoseconds: hz ticks are a second', () => {
    const then = gethrtime();
    advance(hz);
    expect(gethrtime() - then).toBe(1_000_000_000 + 1);
    expect(nsec_per_tick * hz).toBe(1_000_000_000);
  });

  test('is one more at each reading while the clock stands', () => {
    expect([gethrtime(), gethrtime(), gethrtime()]).toEqual([1, 2, 3]);
    expect(lbolt).toBe(0);
  });
});

describe('timeout(f, arg, ticks)', () => {
  test('calls f(arg) when the ticks have passed, not before', () => {
    const calls: [string, number][] = [];
    timeout((arg) => calls.push([arg, lbolt]), 'x', 5);
    advance(4);
    expect(calls).toEqual([]);
    advance(1);
    expect(calls).toEqual([['x', 5]]);
    advance(100);
    expect(calls).toHaveLength(1);
  });

  test('takes at least one tick', () => {
    const ticks: number[] = [];
    timeout(() => ticks.push(lbolt), null, 0);
    timeout(() => ticks.push(lbolt), null, -7);
    advance(0);
    expect(ticks).toEqual([]);
    advance(1);
    expect(ticks).toEqual([1, 1]);
  });

  test('a function that queues itself again runs every so often', () => {
    const ticks: number[] = [];
    const update = () => {
      ticks.push(lbolt);
      timeout(update, null, 15);
    };
    timeout(update, null, 15);
    advance(50);
    expect(ticks).toEqual([15, 30, 45]);
  });

  test('runs in a thread named clock', () => {
    let name = '';
    timeout(() => (name = curthread.name), null, 1);
    advance(1);
    expect([name, curthread.name]).toEqual(['clock', 'main']);
  });

  test('so a lock that the delayed thread holds is not its own', () => {
    const lock = new kmutex_t('vmem_list_lock');
    thread('A', () => {
      mutex_enter(lock);
      delay(3);
    });
    timeout(() => mutex_enter(lock), null, 2);
    expect(run).toThrow('clock waits on vmem_list_lock, held by A');
  });
});

describe('untimeout(id)', () => {
  test('calls it off and says how many ticks were left', () => {
    let called = false;
    const id = timeout(() => (called = true), null, 5);
    advance(2);
    expect(untimeout(id)).toBe(3);
    advance(10);
    expect(called).toBe(false);
  });

  test('is -1 for what has run, was called off, or never was', () => {
    const ran = timeout(() => {}, null, 1);
    const off = timeout(() => {}, null, 9);
    advance(1);
    untimeout(off);
    expect([untimeout(ran), untimeout(off), untimeout(99)]).toEqual([-1, -1, -1]);
  });
});

describe('delay(ticks)', () => {
  test('runs other threads first, then moves the clock', () => {
    const said: string[] = [];
    thread('A', () => {
      delay(10);
      said.push(`A at ${lbolt}`);
    });
    thread('B', () => said.push(`B at ${lbolt}`));
    run();
    expect(said).toEqual(['B at 0', 'A at 10']);
    expect(threadLog()).toContainEqual(['A', 'sleeps', 'delay(10)']);
  });

  test('counts from its call: two delays at once overlap', () => {
    const said: string[] = [];
    for (const [name, ticks] of [['A', 10], ['B', 4]] as const) {
      thread(name, () => {
        delay(ticks);
        said.push(`${name} at ${lbolt}`);
      });
    }
    run();
    expect(said).toEqual(['B at 4', 'A at 10']);
  });

  test('the one below is late when the one on top waits longer', () => {
    const said: string[] = [];
    for (const [name, ticks] of [['A', 4], ['B', 10]] as const) {
      thread(name, () => {
        delay(ticks);
        said.push(`${name} at ${lbolt}`);
      });
    }
    run();
    expect(said).toEqual(['B at 10', 'A at 10']);
  });

  test('runs what is due meanwhile', () => {
    const ticks: number[] = [];
    timeout(() => ticks.push(lbolt), null, 3);
    delay(5);
    expect([...ticks, lbolt]).toEqual([3, 5]);
  });
});

describe('Endless', () => {
  const forEver = () => {
    for (;;) delay(2);
  };

  test('ends a loop that waits while nothing happens, and says so', () => {
    thread('A', forEver);
    expect(run).toThrow(Endless);
    expect(lbolt).toBe(2 * waitsAllowed);
    reboot();
    expect(forEver).toThrow(
      'main has called delay(2), and before it 10000 waits, and nothing ' +
        'else has happened: its loop would try for ever',
    );
  });

  test('is not fooled by a timeout that only queues itself again', () => {
    const update = () => void timeout(update, null, 15 * hz);
    update();
    expect(forEver).toThrow(Endless);
    expect(lbolt).toBe(2 * waitsAllowed);
  });

  test('counts anew after a timeout that has come to its end', () => {
    timeout(() => {}, null, 2 * waitsAllowed - 1);
    expect(forEver).toThrow(Endless);
    expect(lbolt).toBe(4 * waitsAllowed);
  });

  test('counts anew after another thread has run', () => {
    let waits = 0;
    const patient = () => {
      for (; waits < 2 * waitsAllowed; waits++) {
        if (waits === waitsAllowed - 1) thread('B', () => {});
        delay(1);
      }
    };
    thread('A', patient);
    run();
    expect(waits).toBe(2 * waitsAllowed);
    thread('C', () => {
      while (true) delay(1);
    });
    expect(run).toThrow(Endless);
  });

  test('a due function that queues a thread counts as happening', () => {
    const update = () => {
      thread('writer', () => {});
      timeout(update, null, 100);
    };
    update();
    for (let i = 0; i < 2 * waitsAllowed; i++) delay(1);
    expect(lbolt).toBe(2 * waitsAllowed);
  });
});

test('for every set of timeouts each runs once, at its tick, in order', () => {
  const delays = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 12 });
  const jumps = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 12 });
  fc.assert(
    fc.property(delays, jumps, fc.nat(), (all, by, off) => {
      reboot();
      const made: { id: number; due: number }[] = [];
      const fired: { id: number; at: number }[] = [];
      const next = [...all];
      const make = () => {
        const ticks = next.shift();
        if (ticks === undefined) return;
        const due = lbolt + Math.max(1, ticks);
        const id = timeout(() => {
          fired.push({ id, at: lbolt });
          make(); // one in the midst of another
        }, null, ticks);
        made.push({ id, due });
      };
      for (let i = 0; i < 3; i++) make();
      for (const ticks of by) {
        make();
        advance(ticks);
      }
      const gone = made.length > 0 ? made[off % made.length] : { id: 0, due: 0 };
      const left = untimeout(gone.id);
      if (left >= 0) expect(left).toBe(gone.due - lbolt);
      advance(1000);

      const due = made
        .filter(({ id }) => left < 0 || id !== gone.id)
        .sort((a, b) => a.due - b.due || a.id - b.id);
      expect(fired).toEqual(due.map(({ id, due: at }) => ({ id, at })));
    }),
    { seed: 6, numRuns: 300 },
  );
});
