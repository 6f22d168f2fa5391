import { beforeEach, describe, expect, test } from 'vitest';
import { reboot } from '../../lib/sys/reboot.js';
import { wakeup, wakeups } from '../../lib/sys/slp.js';

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
