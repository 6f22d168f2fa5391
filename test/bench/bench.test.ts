// The timed workloads do what they say: checksum and steps, no clock.
import { describe, expect, it } from 'vitest';
import { checkBench, Departed, measure } from '../../lib/bench/bench.js';
import { benches } from '../../lib/bench/benches.js';
import { freelist } from '../cli/freelist.js';

const bench = (...words: string[]) => freelist('bench', ...words);

describe('every workload', () => {
  it.each(benches)(
    '$name gives its checksum and its steps',
    (one) => checkBench(one),
    60_000,
  );

  it('has a name of its own', () => {
    const names = benches.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('a workload that departs', () => {
  const [first] = benches;

  it('is reported by its checksum, before a time is believed', () => {
    const wrong = { ...first, checksum: 1 };
    expect(() => measure(wrong)).toThrow(Departed);
    expect(() => measure(wrong)).toThrow(
      `${first.name}: the checksum is ${first.checksum}, expected 1`,
    );
  });

  it('is reported by its steps', () => {
    expect(() => checkBench({ ...first, steps: 1 })).toThrow('number of steps');
  });
});

describe('npx freelist bench', () => {
  it('--only NAME --json prints one line with name, ns, ops and checksum', async () => {
    const { code, out } = await bench('--only', 'map-scan-100', '--json');
    expect(code).toBe(0);
    expect(out.trim().split('\n')).toHaveLength(1);
    const { name, ns, ops, checksum } = JSON.parse(out);
    expect({ name, ops, checksum }).toEqual({
      name: 'map-scan-100',
      ops: 333332,
      checksum: 2539597349,
    });
    expect(ns).toBeGreaterThan(1);
  }, 60_000);

  it('names the workloads when there is none of that name, and ends with 2', async () => {
    const { code, err } = await bench('--only', 'map-scam-100');
    expect(code).toBe(2);
    expect(err).toContain('there is no workload "map-scam-100"');
    expect(err).toContain('map-scan-100');
    expect(err).not.toContain('    at ');
  }, 60_000);
});
