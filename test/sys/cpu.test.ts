import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  CPU,
  cpu,
  max_ncpus,
  ncpus,
  onCpu,
  startCpus,
} from '../../lib/sys/cpu.js';
import { reboot } from '../../lib/sys/reboot.js';

beforeEach(reboot);

describe('startCpus(n)', () => {
  test('after boot there is one CPU, and it runs', () => {
    expect([ncpus, max_ncpus, cpu.length]).toEqual([1, 1, 1]);
    expect(CPU).toBe(cpu[0]);
    expect(CPU.cpu_seqid).toBe(0);
  });

  test('startCpus(4) makes four, numbered without gaps', () => {
    startCpus(4);
    expect([ncpus, max_ncpus]).toEqual([4, 4]);
    expect(cpu.map(({ cpu_seqid }) => cpu_seqid)).toEqual([0, 1, 2, 3]);
    expect(CPU).toBe(cpu[0]);
  });

  test('reboot() makes it a machine of one again', () => {
    startCpus(4);
    reboot();
    expect([ncpus, cpu.length, CPU.cpu_id]).toEqual([1, 1, 0]);
  });

  test.each([0, -1, 1.5])('startCpus(%s) is a RangeError', (n) => {
    expect(() => startCpus(n)).toThrow(RangeError);
    expect(ncpus).toBe(1);
  });
});

describe('onCpu(n, f)', () => {
  test('runs f there, returns its value, and comes back', () => {
    startCpus(3);
    expect(onCpu(2, () => CPU.cpu_seqid)).toBe(2);
    expect(CPU.cpu_seqid).toBe(0);
  });

  test('comes back when f throws', () => {
    startCpus(2);
    const boom = () => {
      throw new Error('boom');
    };
    expect(() => onCpu(1, boom)).toThrow('boom');
    expect(CPU.cpu_seqid).toBe(0);
  });

  test('onCpu(1, f) of a machine of one is a RangeError', () => {
    expect(() => onCpu(1, () => 0)).toThrow('onCpu(1): CPUs are 0 to 0');
  });

  test('nests in every order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { maxLength: 8 }), (path) => {
        reboot();
        startCpus(4);
        const walk = (at: number): void => {
          if (at === path.length) return;
          const before = CPU;
          onCpu(path[at], () => {
            expect(CPU.cpu_seqid).toBe(path[at]);
            walk(at + 1);
            expect(CPU).toBe(cpu[path[at]]);
          });
          expect(CPU).toBe(before);
        };
        walk(0);
      }),
      { seed: 7, numRuns: 100 },
    );
  });
});
