import * as fc from 'fast-check';
import { it } from 'vitest';
import { attempt, judge, type Belief } from '../../lib/grade/judge.js';
import {
  MIN_LARGE_SIZE, newProcess, SMALLBIN_WIDTH,
} from '../../lib/libc/malloc_bins.js';
import { bin_index, smallest } from './finer-bins.js';

const PARTS = 8; // bins a doubling

/** Where each bin begins; the place in the list is the bin's number. */
function begins(parts: number): number[] {
  const all: number[] = [];
  for (let size = 0; size < MIN_LARGE_SIZE; size += SMALLBIN_WIDTH) all.push(size);
  for (let size = MIN_LARGE_SIZE; size < 2 ** 24; size *= 2) {
    for (let k = 0; k < parts; k++) all.push(size + (k * size) / parts);
  }
  return [...all, 2 ** 24];
}

const binOf = (sz: number, parts = PARTS): number =>
  begins(parts).filter((from) => from <= sz).length - 1;

function aboutBin(sz: number, is: number): Belief[] {
  const ofLib = newProcess('ilp32', 0).bin_index(sz);
  return [
    ...(ofLib === is ? [] : [{ if: ofLib,
      then: 'That is the bin with four to a doubling.' }]),
    ...(binOf(sz, 16) === is ? [] : [{ if: binOf(sz, 16),
      then: 'That is the bin with sixteen to a doubling: one bit too many.' }]),
    { if: (n: unknown) => n === is - 1 && sz === begins(PARTS)[is],
      then: 'The least size of a bin belongs to it, not to the bin below.' },
    { if: (n: unknown) => sz >= 2 ** 24 && (n as number) > is,
      then: 'The last bin takes all sizes from 2^24 on.' },
    { if: (n: unknown) => sz >= 2 ** 24 && (n as number) < is,
      then: 'From 2^24 on it is the last bin, 32 + 16 × 8.' },
    { if: (n: unknown) => !Number.isInteger(n), then: 'A bin is a whole number.' },
    { if: (n: unknown) => sz < MIN_LARGE_SIZE && n !== is,
      then: 'Below 256 a bin has one size: its number is the size divided by 8.' },
    { if: (n: unknown) => (n as number) >= 32 && Math.abs((n as number) - is) % PARTS === 0,
      then: 'The place within the doubling is right, the doubling is not.' },
    { if: (n: unknown) => Math.floor(((n as number) - 32) / PARTS) === Math.floor((is - 32) / PARTS),
      then: 'The doubling is right, the place within it is not: which three bits '
        + 'stand behind the highest one?' },
  ];
}

function bin(sz: number): void {
  const call = `bin_index(${sz})`;
  const is = binOf(sz);
  judge({ call, have: attempt(call, () => bin_index(sz)), is, beliefs: aboutBin(sz, is) });
}

function least(i: number): void {
  const call = `smallest(${i})`;
  const from = begins(PARTS);
  judge({ call, have: attempt(call, () => smallest(i)), is: from[i], beliefs: [
    { if: begins(4)[i], then: 'That is the bin with four to a doubling.' },
    { if: from[i + 1] - 8, then: 'That is the largest size of the bin.' },
    { if: from[i + 1], then: 'That is the least size of the next bin.' },
    { if: from[i - 1], then: 'That is the least size of the bin before.' },
  ] });
}

it('one size a bin up to 248, and 256 in bin 32 [1 point]', () => {
  for (const sz of [16, 24, 128, 248, 256]) bin(sz);
});

it('divides the first doubling in eight [2 points]', () => {
  for (const sz of [256, 280, 288, 312, 320, 384, 472, 480, 504]) bin(sz);
});

it('doubles the width with the size [2 points]', () => {
  for (const sz of [512, 568, 576, 960, 1016, 1024, 1144, 1152, 2040, 2048]) bin(sz);
  for (let sz = 4096; sz < 2 ** 24; sz *= 2) {
    bin(sz);
    bin(sz + (5 * sz) / 8);
    bin(2 * sz - 8);
  }
});

it('is right for any size below 2^24 [1 point]', () => {
  fc.assert(fc.property(fc.integer({ min: 32, max: 2 ** 21 - 1 }), (n) => bin(8 * n)),
    { seed: 31, numRuns: 100, includeErrorInReport: true });
});

it('puts all larger sizes into the last bin [1 point]', () => {
  for (const sz of [2 ** 24 - 8, 2 ** 24, 2 ** 24 + 8, 2 ** 25, 2 ** 30]) bin(sz);
});

it('knows the least size of each bin [2 points]', () => {
  for (let i = 2; i <= 160; i++) least(i);
});
