// Bytes: what lies in the memory behind a kernel address.
//
// Most of an allocator never looks into the memory that it gives out; here
// too an address is a number. Where bytes count (kcalloc's zeros, poison
// and red zones in slab_debug.ts), they are those of the pages (kmap in
// mm.ts). Idea: an address is PAGE_OFFSET more than a place in memory, so
// what lies behind each other in memory has addresses behind each other,
// across the ends of pages too.
//
// Words are little-endian (sys/bytes.ts).
import * as bytes from '../sys/bytes.js';
import { kmap, PAGE_SIZE } from './mm.js';
import { PAGE_OFFSET, virt_addr_valid, virt_to_page } from './mmzone.js';

/** Goes through [addr, addr + n), page by page. */
function pieces(
  addr: number,
  n: number,
  see: (part: Uint8Array, from: number) => void,
): void {
  for (let done = 0; done < n; ) {
    const at = addr + done;
    if (!virt_addr_valid(at)) {
      throw new RangeError(`there is no memory at 0x${at.toString(16)}`);
    }
    const start = (at - PAGE_OFFSET) % PAGE_SIZE;
    const end = Math.min(PAGE_SIZE, start + n - done);
    see(kmap(virt_to_page(at)).subarray(start, end), done);
    done += end - start;
  }
}

/** A copy of the n bytes at addr. */
export function read(addr: number, n: number): Uint8Array {
  const copy = new Uint8Array(n);
  pieces(addr, n, (part, from) => copy.set(part, from));
  return copy;
}

/** Writes bytes to memory, from addr on. */
export function write(addr: number, values: ArrayLike<number>): void {
  pieces(addr, values.length, (part, from) => {
    for (let i = 0; i < part.length; i++) part[i] = values[from + i];
  });
}

/** Writes the byte c into n bytes from addr on. */
export function memset(addr: number, c: number, n: number): void {
  pieces(addr, n, (part) => part.fill(c));
}

/**
 * n numbers of 16 bits that are the memory at addr, as long as they lie in
 * one page; beyond that, numbers of their own.
 */
export function shortsAt(addr: number, n: number): Uint16Array {
  const start = (addr - PAGE_OFFSET) % PAGE_SIZE;
  if (start + 2 * n > PAGE_SIZE) return new Uint16Array(n);
  const { buffer, byteOffset } = kmap(virt_to_page(addr));
  return new Uint16Array(buffer, byteOffset + start, n);
}

/** The n bytes at addr, for looking only: copied if they cross pages. */
function look(addr: number, n: number): Uint8Array {
  const start = (addr - PAGE_OFFSET) % PAGE_SIZE;
  if (!virt_addr_valid(addr) || start + n > PAGE_SIZE) return read(addr, n);
  return kmap(virt_to_page(addr)).subarray(start, start + n);
}

/** Writes a word of `size` bytes. */
export function setWord(addr: number, value: number, size: number): void {
  const word = new Uint8Array(size);
  bytes.setWord(word, value);
  write(addr, word);
}

/** Are the bytes at addr the word `value`? */
export function isWord(addr: number, value: number, size: number): boolean {
  return bytes.isWord(look(addr, size), value);
}

/** The word at addr in hex: exact, where a number might not be. */
export function wordInHex(addr: number, size: number): string {
  return bytes.wordInHex(look(addr, size));
}
