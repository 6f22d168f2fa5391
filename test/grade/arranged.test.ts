import { describe, expect, it } from 'vitest';
import { arranged, Finding } from '../../lib/grade/judge.js';

const steps = { what: 'step', labels: ['A', 'B', 'C'] };
const lines = { what: 'line', labels: [1, 2, 3], often: [3] };
const said = (f: () => unknown): string => {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(Finding);
    return (error as Finding).message;
  }
  throw new Error('nothing was found');
};

describe('arranged', () => {
  it('gives an order of known labels back, whole or in part', () => {
    expect(arranged(() => ['C', 'A'], steps)).toEqual(['C', 'A']);
    expect(arranged(() => [], steps)).toEqual([]);
  });

  it('names the place and the labels that there are', () => {
    expect(said(() => arranged(() => ['A', 'D'], steps))).toBe(
      'order(), place 2: you have "D". ' +
        "Steps have the letters 'A' to 'C'.",
    );
    expect(said(() => arranged(() => [0], lines))).toBe(
      'order(), place 1: you have 0. Lines are numbered 1 to 3.',
    );
  });

  it('lets only some stand more than once', () => {
    expect(arranged(() => [3, 1, 3], lines)).toEqual([3, 1, 3]);
    expect(said(() => arranged(() => [1, 3, 1], lines))).toBe(
      'order(), place 3: line 1 stands there for the second time.',
    );
  });

  it('asks for more, place by place, before it looks at the next', () => {
    const each = (label: string, at: string): void => {
      if (label === 'B') throw new Finding(`${at}: not B`);
    };
    expect(said(() => arranged(() => ['B', 'D'], { ...steps, each }))).toBe(
      'order(), place 1: not B',
    );
  });

  it('tells what is no array, and lets a TODO through', () => {
    const none = (() => 'A') as unknown as () => string[];
    expect(said(() => arranged(none, steps))).toBe('order(): it returns an array.');
    expect(() =>
      arranged(() => { throw new Error('TODO: the order'); }, steps),
    ).toThrow(new Error('TODO: the order'));
  });
});
