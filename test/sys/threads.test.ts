import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { panic, Panic } from '../../lib/sys/panic.js';
import { reboot } from '../../lib/sys/reboot.js';
import {
  block,
  curthread,
  Deadlock,
  type Event,
  idle,
  run,
  thread,
  threadLog,
} from '../../lib/sys/threads.js';

beforeEach(reboot);

/** What f throws. */
function thrownBy(f: () => void): unknown {
  try {
    f();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('run()', () => {
  test('runs the queued threads in order of arrival, and logs it', () => {
    thread('A', () => {});
    thread('B', () => {});
    expect(run()).toEqual([
      ['A', 'runs'],
      ['A', 'ends'],
      ['B', 'runs'],
      ['B', 'ends'],
    ]);
  });

  test('runs what a thread queues, after all that came before', () => {
    thread('A', () => void thread('C', () => {}));
    thread('B', () => {});
    const ran = run().filter(([, did]) => did === 'runs');
    expect(ran.map(([name]) => name)).toEqual(['A', 'B', 'C']);
  });

  test('runs a thread once: a second run() has nothing to do', () => {
    thread('A', () => {});
    run();
    expect(run()).toEqual([]);
    expect(threadLog()).toHaveLength(2);
  });

  test('lets what a thread throws out; the rest stays queued', () => {
    const error = new Error('boom');
    const ran: string[] = [];
    const a = thread('A', () => {
      throw error;
    });
    thread('B', () => ran.push('B'));
    expect(thrownBy(run)).toBe(error);
    expect([a.ended, curthread.name, idle()]).toEqual([true, 'main', false]);
    expect(threadLog()).toEqual([['A', 'runs']]);
    run();
    expect(ran).toEqual(['B']);
  });

  test('a Panic carries the name of the thread that panicked', () => {
    thread('A', () => block('c', () => false));
    thread('B', () => panic('bad rmfree', { call: 'rmfree(m, 0, 1)' }));
    const error = thrownBy(run) as Panic;
    expect(error).toBeInstanceOf(Panic);
    expect(error.facts).toEqual({ call: 'rmfree(m, 0, 1)', thread: 'B' });
  });
});

describe('curthread', () => {
  test('is main outside all threads, and the thread on top inside', () => {
    const names: string[] = [curthread.name];
    thread('A', () => {
      names.push(curthread.name);
      let woken = false;
      thread('B', () => {
        names.push(curthread.name);
        woken = true;
      });
      block('c', () => woken);
      names.push(curthread.name);
    });
    run();
    expect([...names, curthread.name]).toEqual(['main', 'A', 'B', 'A', 'main']);
  });

  test('two threads of one name are two threads', () => {
    const seen = new Set([curthread]);
    for (let i = 0; i < 2; i++) thread('A', () => void seen.add(curthread));
    run();
    expect(seen.size).toBe(3);
  });
});

describe('block(on, ready)', () => {
  test('runs others until ready() holds, and no further', () => {
    let free = 0;
    thread('A', () => block('space', () => free >= 2));
    for (const name of ['B', 'C', 'D']) thread(name, () => void free++);
    expect(run()).toEqual([
      ['A', 'runs'],
      ['A', 'sleeps', 'space'],
      ['B', 'runs'],
      ['B', 'ends'],
      ['C', 'runs'],
      ['C', 'ends'],
      ['A', 'wakes'],
      ['A', 'ends'],
      ['D', 'runs'],
      ['D', 'ends'],
    ]);
  });

  test('the last sleeper goes on first, however they were woken', () => {
    const woken = new Set<string>();
    for (const name of ['A', 'B']) {
      thread(name, () => block(name, () => woken.has(name)));
    }
    thread('C', () => void woken.add('A').add('B'));
    const woke = run().filter(([, did]) => did === 'wakes');
    expect(woke.map(([name]) => name)).toEqual(['B', 'A']);
  });

  test('called from main it runs queued threads', () => {
    let woken = false;
    thread('A', () => (woken = true));
    thread('B', () => {});
    block('c', () => woken);
    expect(threadLog().map(([name, did]) => `${name} ${did}`)).toEqual([
      'main sleeps',
      'A runs',
      'A ends',
      'main wakes',
    ]);
    expect(idle()).toBe(false);
  });

  test('what a thread on top throws comes out of the sleeper below', () => {
    const caught: unknown[] = [];
    const error = new Error('boom');
    thread('A', () => caught.push(thrownBy(() => block('c', () => false))));
    thread('B', () => {
      throw error;
    });
    run();
    expect(caught).toEqual([error]);
  });
});

describe('Deadlock', () => {
  test('names all who wait, and what they wait on', () => {
    thread('A', () => block('heap vm_cv', () => false));
    thread('B', () => block('vmem_sleep_lock, held by A', () => false));
    const error = thrownBy(run) as Deadlock;
    expect(error).toBeInstanceOf(Deadlock);
    expect(error.name).toBe('Deadlock');
    expect(error.message).toBe(
      'no thread can run: A waits on heap vm_cv; ' +
        'B waits on vmem_sleep_lock, held by A',
    );
    expect(error.waiters.map(({ thread }) => thread)).toEqual(['A', 'B']);
  });

  test('says who was woken and lies under a sleeper', () => {
    let woken = false;
    thread('A', () => block('a', () => woken));
    thread('B', () => {
      woken = true;
      block('b', () => false);
    });
    expect((thrownBy(run) as Deadlock).message).toBe(
      'no thread can run: A waits on a, is woken, but lies under B; ' +
        'B waits on b',
    );
  });

  test('comes at once when main waits and nobody is queued', () => {
    expect(() => block('c', () => false)).toThrow(
      'no thread can run: main waits on c',
    );
  });

  test('leaves no sleeper behind: the next one names only itself', () => {
    thread('A', () => block('a', () => false));
    thrownBy(run);
    expect(curthread.name).toBe('main');
    expect(() => block('b', () => false)).toThrow(
      /^no thread can run: main waits on b$/,
    );
  });

  test('who catches it goes on, and wakes who lies below', () => {
    let woken = false;
    thread('A', () => block('a', () => woken));
    thread('B', () => {
      thrownBy(() => block('b', () => false));
      woken = true;
    });
    expect(run().at(-1)).toEqual(['A', 'ends']);
  });
});

describe('reboot()', () => {
  test('forgets queue and log, and makes a new main', () => {
    const old = curthread;
    thread('A', () => {});
    run();
    thread('B', () => {});
    reboot();
    expect([idle(), threadLog()]).toEqual([true, []]);
    expect(curthread.name).toBe('main');
    expect(curthread).not.toBe(old);
  });
});

/** What a thread of a random program does. */
type Step = { do: 'wait' | 'wake'; chan: number };

const steps = fc.array(
  fc.record<Step>({
    do: fc.constantFrom('wait', 'wake'),
    chan: fc.integer({ min: 0, max: 3 }),
  }),
  { maxLength: 6 },
);

test('for every program: logs nest, arrivals count, deadlocks are true', () => {
  let [finished, deadlocked, buried] = [0, 0, 0];
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 8 }), (program) => {
      reboot();
      const waiting: { chan: number; woken: boolean }[] = [];
      program.forEach((mine, i) => {
        thread(`${i}`, () => {
          for (const step of mine) {
            if (step.do === 'wait') {
              const self = { chan: step.chan, woken: false };
              waiting.push(self);
              block(`${step.chan}`, () => self.woken);
            } else {
              for (const w of waiting) w.woken ||= w.chan === step.chan;
            }
          }
        });
      });

      let error: unknown = null;
      try {
        run();
      } catch (thrown) {
        error = thrown;
      }
      const open = openEnds(threadLog());
      const ran = threadLog().filter(([, did]) => did === 'runs');
      expect(ran.map(([name]) => name)).toEqual(ran.map((_, i) => `${i}`));
      expect(curthread.name).toBe('main');

      if (error === null) {
        finished++;
        expect(open).toEqual([]);
        expect(ran).toHaveLength(program.length);
        return;
      }
      deadlocked++;
      // Who waits is who sleeps in the log; nobody was left to be started.
      expect(error).toBeInstanceOf(Deadlock);
      const { waiters } = error as Deadlock;
      const asleep = open.filter(([, did]) => did === 'sleeps');
      expect(waiters.map(({ thread: name, on }) => [name, 'sleeps', on]))
        .toEqual(asleep);
      expect(idle()).toBe(true);
      expect(waiters.at(-1)!.woken).toBe(false);
      if (waiters.some(({ woken }) => woken)) buried++;
    }),
    { seed: 3, numRuns: 400 },
  );
  expect(Math.min(finished, deadlocked, buried)).toBeGreaterThan(20);
});

/** The runs and sleeps that have no end or wake; throws when they cross. */
function openEnds(log: readonly Event[]): Event[] {
  const open: Event[] = [];
  for (const event of log) {
    const [name, did] = event;
    if (did === 'runs' || did === 'sleeps') {
      open.push(event);
      continue;
    }
    const [opener, began] = open.pop()!;
    expect([opener, began]).toEqual([name, did === 'ends' ? 'runs' : 'sleeps']);
  }
  return open;
}
