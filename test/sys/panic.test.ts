import { afterEach, describe, expect, test } from 'vitest';
import {
  ASSERT,
  debug,
  panic,
  Panic,
  setDebug,
} from '../../lib/sys/panic.js';
import { panicOf } from '../caught.js';

afterEach(() => setDebug(false));

describe('panic(message, facts)', () => {
  test('throws a Panic with the message letter for letter', () => {
    const stop = () => panic('bad rmfree', { call: 'rmfree(m, 0, 1)' });
    expect(stop).toThrow(Panic);
    const stopped = panicOf(stop);
    expect(stopped).toBeInstanceOf(Error);
    expect(stopped.name).toBe('Panic');
    expect(stopped.message).toBe('bad rmfree');
    expect(stopped.facts).toEqual({ call: 'rmfree(m, 0, 1)' });
  });

  test('explain() gives the call, then each fact, on one line', () => {
    const facts = { call: 'rmfree(m, 30, 31)', map: 'm', size: 30, addr: 31 };
    const stopped = panicOf(() => panic('bad rmfree', facts));
    expect(stopped.explain()).toBe(
      'in rmfree(m, 30, 31), map m, size 30, addr 0x1f',
    );
  });

  test('explain() shows in hex what is named addr, also m_addr', () => {
    const facts = { call: 'f()', m_addr: 0xc0000, addr: -16, size: 16 };
    expect(panicOf(() => panic('x', facts)).explain()).toBe(
      'in f(), m_addr 0xc0000, addr -0x10, size 16',
    );
  });

  test('explain() leaves an address that is text as it is', () => {
    expect(panicOf(() => panic('x', { call: 'f()', addr: 'NULL' })).explain())
      .toBe('in f(), addr NULL');
  });

  test('explain() is the call alone when there are no other facts', () => {
    expect(panicOf(() => panic('x', { call: 'f()' })).explain()).toBe('in f()');
  });
});

describe('ASSERT(cond, text)', () => {
  test('does nothing in a production kernel, which is the default', () => {
    expect(debug).toBe(false);
    expect(() => ASSERT(false, 'size > 0')).not.toThrow();
  });

  test('panics in a debugging kernel when cond is false', () => {
    setDebug(true);
    expect(debug).toBe(true);
    const stopped = panicOf(() => ASSERT(false, 'size > 0'));
    expect(stopped.message).toBe('assertion failed: size > 0');
    expect(stopped.facts).toEqual({ call: 'ASSERT(size > 0)' });
  });

  test('does nothing when cond is true', () => {
    setDebug(true);
    expect(() => ASSERT(true, 'size > 0')).not.toThrow();
  });

  test('setDebug(false) makes it a production kernel again', () => {
    setDebug(true);
    setDebug(false);
    expect(debug).toBe(false);
    expect(() => ASSERT(false, 'size > 0')).not.toThrow();
  });
});
