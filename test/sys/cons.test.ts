import { beforeEach, describe, expect, test } from 'vitest';
import { dmesg, messagesKept, printf } from '../../lib/sys/cons.js';
import { reboot } from '../../lib/sys/reboot.js';

beforeEach(reboot);

describe('printf(text) and dmesg()', () => {
  test('dmesg() is empty after a reboot', () => {
    printf('before');
    reboot();
    expect(dmesg()).toEqual([]);
  });

  test('dmesg() holds one entry a call, oldest first', () => {
    printf('a');
    printf('b\nc');
    expect(dmesg()).toEqual(['a', 'b\nc']);
  });

  test(`dmesg() holds the last ${messagesKept} messages: the oldest go first`, () => {
    for (let i = 0; i < messagesKept; i++) printf(`${i}`);
    expect(dmesg()).toHaveLength(messagesKept);
    expect(dmesg()[0]).toBe('0');

    printf('one more');
    expect(dmesg()).toHaveLength(messagesKept);
    expect(dmesg()[0]).toBe('1');
    expect(dmesg()[messagesKept - 1]).toBe('one more');
  });

  test('what dmesg() gave does not change with the next printf', () => {
    printf('a');
    const then = dmesg();
    printf('b');
    expect(then).toEqual(['a']);
  });
});
