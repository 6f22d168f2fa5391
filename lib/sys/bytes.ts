// Bytes: what memory holds, and how a number lies in it.
//
// A byte is 8 bits; an address counts bytes; a number that needs more bits
// takes several, and a word is as many as the machine moves at once. Idea:
// bytes have no type. The same four are a size, an address or text, as
// whoever reads them believes; so a pattern that no program writes by
// chance shows who wrote.
//
// Words are little-endian, as on the PDP-11 (within 16 bits), i386 and
// x86_64: the lowest byte comes first.
//
// 1. setWord(bytes, x), then word(bytes), gives x for 0 <= x < 2^53.
// 2. wordInHex is exact for every width; word is a RangeError where a
//    number would not be.

/** Makes all of `bytes` the word `value`; what does not fit is cut off. */
export function setWord(bytes: Uint8Array, value: number): void {
  let rest = value;
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/** The number that the bytes are, read as one word. */
export function word(bytes: Uint8Array): number {
  const value = bytes.reduceRight((high, byte) => high * 256 + byte, 0);
  if (value > Number.MAX_SAFE_INTEGER) {
    throw new RangeError(`0x${wordInHex(bytes)} does not fit a number`);
  }
  return value;
}

/** Are the bytes the word `value`? */
export function isWord(bytes: Uint8Array, value: number): boolean {
  let rest = value;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== rest % 256) return false;
    rest = Math.floor(rest / 256);
  }
  return true;
}

/** Two digits a byte. */
const twoDigits = (bytes: Uint8Array): string[] =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));

/** The word in hex, the highest digit first, without leading zeros. */
export function wordInHex(bytes: Uint8Array): string {
  return twoDigits(bytes).reverse().join('').replace(/^0+(?=.)/, '');
}

/** The bytes in hex as they lie: '6b 6b a5'. */
export function bytesInHex(bytes: Uint8Array): string {
  return twoDigits(bytes).join(' ');
}

/** What a byte is as text; a point for what cannot be shown. */
const letter = (byte: number): string =>
  byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';

/**
 * Bytes as a debugger shows them: address, bytes, text.
 * @param addr address of the first byte
 * @param columns bytes in a line
 */
export function hexDump(bytes: Uint8Array, addr: number, columns = 16): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += columns) {
    const line = bytes.subarray(at, at + columns);
    const hex = bytesInHex(line).padEnd(3 * columns - 1);
    const text = Array.from(line, letter).join('');
    lines.push(`0x${(addr + at).toString(16)}  ${hex}  ${text}`);
  }
  return lines.join('\n');
}
