import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import { setWord, word } from '../../lib/sys/bytes.js';
import { predict } from './read-the-dump.js';

const start = 0x2000;

/** The memory of the task, from 0x2000 on. */
function memory(): Uint8Array {
  const bytes = new Uint8Array(48).fill(0x6b);
  const put = (addr: number, values: ArrayLike<number>) =>
    bytes.set(values, addr - start);
  const words: [number, number][] = [
    [0x2000, 300], [0x2004, 0x4000], [0x2020, 0xffffffff], [0x2024, 256],
    [0x2028, 0x2010], [0x202c, 0xdeadbeef],
  ];
  for (const [addr, value] of words) {
    setWord(bytes.subarray(addr - start, addr - start + 4), value);
  }
  put(0x2008, new TextEncoder().encode('swap\0'));
  put(0x201b, [0]);
  return bytes;
}

const at = (addr: number, n = 4): number =>
  word(memory().subarray(addr - start, addr - start + n));

/** The same bytes, read from the other end. */
const turned = (addr: number, n = 4): number =>
  word(memory().slice(addr - start, addr - start + n).reverse());

function ask(
  name: keyof ReturnType<typeof predict>,
  call: string,
  is: number,
  beliefs: Belief[],
): void {
  const asText = {
    if: (have: unknown) => typeof have === 'string' && have !== '?',
    then: 'An answer is a number, written without quotes: 16, or 0x10.',
  };
  predicted(predict, name, { call, is, beliefs: [...beliefs, asText] });
}

it('reads a word from its lowest byte on [1 point]', () => {
  ask('at2000', 'the word at 0x2000', at(0x2000), [
    { if: turned(0x2000),
      then: 'That is big-endian. Here the byte at the lowest address is worth '
        + 'least.' },
    { if: 0x2c + 1,
      then: 'The second byte counts 256s, as the second digit counts tens.' },
    { if: 0x2c, then: 'A word has four bytes, and the second one is not 0.' },
    { if: 201, then: 'The digits of a byte are hexadecimal: 2c is 44.' },
  ]);
});

it('reads a word that looks like text [1 point]', () => {
  ask('at2004', 'the word at 0x2004', at(0x2004), [
    { if: turned(0x2004),
      then: 'That is big-endian: 40 is the second byte, and counts 256s.' },
    { if: 0x40,
      then: '0x40 is 64, but it is the second byte: it counts 256s.' },
    { if: 4000, then: '0x4000 is right in hexadecimal. In decimal it is more.' },
  ]);
});

it('reads as many bytes as the number has [1 point]', () => {
  ask('half2024', 'the number of 16 bits at 0x2024', at(0x2024, 2), [
    { if: turned(0x2024, 2),
      then: 'That is big-endian: the 1 is in the second byte, and counts 256s.' },
    { if: 0, then: 'The first byte is 0. A number of 16 bits has two.' },
  ]);
});

it('finds an address in a word [1 point]', () => {
  ask('points', 'the word at 0x2028, as an address', at(0x2028), [
    { if: turned(0x2028), then: 'The highest byte is the last one of the word.' },
    { if: turned(0x2028, 2),
      then: 'The lowest byte comes first in memory, and last in the number.' },
    { if: 2010, then: 'An address in hexadecimal begins with 0x: 0x2010.' },
    { if: 0x2028, then: 'That is where the word lies, not what it says.' },
  ]);
});

it('counts the 0 at the end of a string [1 point]', () => {
  const bytes = memory();
  let end = 0x2008;
  while (bytes[end - start] !== 0) end++;
  ask('letters', 'bytes of the string at 0x2008', end + 1 - 0x2008, [
    { if: end - 0x2008, then: 'The 0 at its end takes a byte as well.' },
    { if: 8,
      then: 'The string ends with the first 0. The three k behind it are the '
        + 'pattern.' },
  ]);
});

it('finds the byte that is not the pattern [1 point]', () => {
  const bytes = memory();
  let stray = 0x200d;
  while (bytes[stray - start] === 0x6b) stray++;
  ask('stray', 'the address of the stray byte', stray, [
    { if: 0x200c,
      then: 'That 0 ends the string. Free memory begins behind it.' },
    { if: stray - 1, then: 'The first byte of a line has the line\'s address.' },
    { if: stray + 1, then: 'The first byte of a line has the line\'s address.' },
    { if: 0x2020, then: 'Free memory ends at 0x201f.' },
    { if: stray - start, then: 'That is its distance from 0x2000.' },
    { if: 0x2010, then: 'That is where its line begins.' },
  ]);
});

it('knows what one byte of 0 takes away [1 point]', () => {
  const bytes = memory();
  bytes[0] = 0;
  ask('spoilt', 'the word at 0x2000, its first byte 0', word(bytes.slice(0, 4)), [
    { if: 0,
      then: 'One byte is 0 now. The one that counts 256s is still there.' },
    { if: at(0x2000), then: 'The first byte was 0x2c. What was it worth?' },
    { if: 0x2c,
      then: 'That is what the first byte was worth. It is the one that is gone.' },
  ]);
});
