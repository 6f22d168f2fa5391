import { expect, test } from 'vitest';
import { onReboot, reboot } from '../../lib/sys/reboot.js';

test('reboot() restores every registered static, in order of registration', () => {
  const done: string[] = [];
  let counter = 7;
  onReboot(() => {
    counter = 0;
    done.push('first');
  });
  onReboot(() => {
    // Whoever registers later finds the earlier owner restored.
    done.push(`second, counter ${counter}`);
  });
  expect(counter).toBe(7);

  reboot();
  expect(counter).toBe(0);
  expect(done).toEqual(['first', 'second, counter 0']);
});

test('onReboot(restore) does not call restore before a reboot', () => {
  let calls = 0;
  onReboot(() => calls++);
  expect(calls).toBe(0);
  reboot();
  reboot();
  expect(calls).toBe(2);
});
