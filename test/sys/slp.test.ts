import { beforeEach, describe, expect, test } from 'vitest';
import { reboot } from '../../lib/sys/reboot.js';
import { sleep, wakeup, wakeups } from '../../lib/sys/slp.js';
import { run, thread, threadLog } from '../../lib/sys/threads.js';

beforeEach(reboot);

describe('wakeup(chan)', () => {
  test('wakeups() names the channels called, oldest first, repeats too', () => {
    const chan = { any: 'value' };
    wakeup('runin');
    wakeup(chan);
    wakeup('runin');
    expect(wakeups()).toEqual(['runin', chan, 'runin']);
    expect(wakeups()[1]).toBe(chan);
  });

  test('what wakeups() gave does not change with the next wakeup', () => {
    wakeup('runin');
    const then = wakeups();
    wakeup('runin');
    expect(then).toEqual(['runin']);
  });

  test('reboot() forgets them', () => {
    wakeup('runin');
    reboot();
    expect(wakeups()).toEqual([]);
  });
});

describe('sleep(chan)', () => {
  /** A thread that sleeps once on chan; who is awake again, in order. */
  const sleeper = (name: string, chan: unknown, awake: string[]) =>
    thread(name, () => {
      sleep(chan);
      awake.push(name);
    });

  test('returns after wakeup(chan)', () => {
    const awake: string[] = [];
    sleeper('swapper', 'runin', awake);
    thread('B', () => wakeup('runin'));
    expect(run()).toEqual([
      ['swapper', 'runs'],
      ['swapper', 'sleeps', 'runin'],
      ['B', 'runs'],
      ['B', 'ends'],
      ['swapper', 'wakes'],
      ['swapper', 'ends'],
    ]);
    expect(awake).toEqual(['swapper']);
  });

  test('wakeup(chan) wakes all who sleep there, the last one first', () => {
    const awake: string[] = [];
    for (const name of ['A', 'B', 'C']) sleeper(name, 'runin', awake);
    thread('D', () => wakeup('runin'));
    run();
    expect(awake).toEqual(['C', 'B', 'A']);
  });

  test('another channel does not wake it, not one that looks the same', () => {
    const chan = {};
    sleeper('A', chan, []);
    thread('B', () => {
      wakeup({});
      wakeup('runin');
    });
    expect(run).toThrow('no thread can run: A waits on');
  });

  test('a wakeup before the sleep is lost', () => {
    wakeup('runin');
    expect(() => sleep('runin')).toThrow('main waits on runin');
  });

  test('who sleeps again needs a new wakeup', () => {
    thread('A', () => {
      sleep('runin');
      sleep('runin');
    });
    thread('B', () => wakeup('runin'));
    expect(run).toThrow('no thread can run: A waits on runin');
    expect(threadLog().filter(([, did]) => did === 'wakes')).toHaveLength(1);
  });

  test('sleep(0) panics', () => {
    expect(() => sleep(0)).toThrow('zero wchan');
    expect(threadLog()).toEqual([]);
  });
});
