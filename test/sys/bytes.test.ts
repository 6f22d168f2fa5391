import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesInHex,
  hexDump,
  isWord,
  setWord,
  word,
  wordInHex,
} from '../../lib/sys/bytes.js';

const four = (value: number) => {
  const bytes = new Uint8Array(4);
  setWord(bytes, value);
  return bytes;
};

describe('words', () => {
  it('lie with the lowest byte first', () => {
    expect([...four(0x170fc2a5)]).toEqual([0xa5, 0xc2, 0x0f, 0x17]);
  });

  it('lose what does not fit', () => {
    expect([...four(0x1_0000_0002)]).toEqual([2, 0, 0, 0]);
  });

  it('come back from their bytes (invariant 1)', () => {
    const wide = fc.maxSafeNat();
    fc.assert(
      fc.property(wide, (x) => {
        const bytes = new Uint8Array(8);
        setWord(bytes, x);
        expect(word(bytes)).toBe(x);
        expect(isWord(bytes, x)).toBe(true);
        expect(isWord(bytes, x === 0 ? 1 : x - 1)).toBe(false);
        expect(wordInHex(bytes)).toBe(x.toString(16));
      }),
    );
  });

  it('are exact in hex where a number is not (invariant 2)', () => {
    const bytes = new Uint8Array(8).fill(0xef);
    expect(wordInHex(bytes)).toBe('efefefefefefefef');
    expect(() => word(bytes)).toThrow(
      new RangeError('0xefefefefefefefef does not fit a number'),
    );
  });

  it('of no bytes or of zeros are 0', () => {
    expect(word(new Uint8Array(0))).toBe(0);
    expect(wordInHex(new Uint8Array(4))).toBe('0');
  });
});

describe('bytesInHex and hexDump', () => {
  it('show bytes as they lie', () => {
    expect(bytesInHex(Uint8Array.of(0x6b, 7, 0xa5))).toBe('6b 07 a5');
    expect(bytesInHex(new Uint8Array(0))).toBe('');
  });

  it('show address, bytes and text, the last line shorter', () => {
    const bytes = new TextEncoder().encode('a map of\n10 pages!');
    expect(hexDump(bytes, 0x1ff8).split('\n')).toEqual([
      '0x1ff8  61 20 6d 61 70 20 6f 66 0a 31 30 20 70 61 67 65  a map of.10 page',
      `0x2008  ${'73 21'.padEnd(47)}  s!`,
    ]);
  });

  it('take other widths, and no bytes', () => {
    expect(hexDump(Uint8Array.of(1, 2, 3), 0, 2)).toBe(
      '0x0  01 02  ..\n0x2  03     .',
    );
    expect(hexDump(new Uint8Array(0), 0)).toBe('');
  });
});
