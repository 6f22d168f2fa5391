// Bytes: what lies in the memory behind a kernel address.
//
// An arena gives out numbers and never looks at what they lead to. KMEM
// does: it keeps the link of a free buffer in the buffer, and its debugging
// fills buffers with patterns and looks whether they are still there. Idea:
// so that a write after a free does here what it does in C, the bytes are
// really there. A freed link that is overwritten leads nowhere good.
//
// Memory is pieces of 64 KB, made when they are first touched. Words are
// little-endian, as on x86. A word of 64 bits does not fit a number, so
// words of 32 bits are loaded and stored; an address fits.
//
// 1. Memory that nobody wrote to is 0.
// 2. Where the heap has pages (kernelheap_init), a cell or a test that
//    reads or writes an address without one gets what the hardware gives:
//    a trap, which is a panic in the kernel. KMEM itself trusts its arenas,
//    and traps on what is no address at all.
import { panic } from '../sys/panic.js';
import { onReboot } from '../sys/reboot.js';
import { ekernelheap, kernelheap } from './seg_kmem.js';
import { isMapped } from './vm_page.js';

/** Bytes of a piece. */
const PIECE = 65536;

let pieces = new Map<number, Uint32Array>(); // by address / PIECE
let lastNumber = -1; // the piece that was used last, and its words
let lastPiece: Uint32Array = new Uint32Array(0);

onReboot(() => {
  pieces = new Map();
  lastNumber = -1;
  lastPiece = new Uint32Array(0);
});

/** The hardware knows no such address. */
function trap(call: string, addr: number): never {
  return panic('trap', { call, addr });
}

/** Goes over to another piece. */
function turnTo(number: number, addr: number): void {
  if (!Number.isSafeInteger(addr) || addr < 0) {
    trap(`load(0x${addr.toString(16)})`, addr);
  }
  let words = pieces.get(number);
  if (words === undefined) {
    words = new Uint32Array(PIECE / 4);
    pieces.set(number, words);
  }
  lastNumber = number;
  lastPiece = words;
}

/** The piece that addr lies in. */
function pieceOf(addr: number): Uint32Array {
  const number = Math.floor(addr / PIECE);
  if (number !== lastNumber) turnTo(number, addr);
  return lastPiece;
}

/** The bytes of that piece. */
function bytesOf(addr: number): Uint8Array {
  return new Uint8Array(pieceOf(addr).buffer);
}

/** A word of 32 bits that does not lie where words lie. */
function loadOdd(addr: number): number {
  let word = 0;
  for (let i = 3; i >= 0; i--) {
    word = word * 256 + loadByte(addr + i);
  }
  return word;
}

function storeOdd(addr: number, word: number): void {
  for (let i = 0; i < 4; i++) storeByte(addr + i, word >>> (8 * i));
}

/** The word of 32 bits at addr, unsigned. */
export function load32(addr: number): number {
  if ((addr & 3) !== 0) return loadOdd(addr);
  return pieceOf(addr)[(addr % PIECE) >> 2];
}

/** Writes a word of 32 bits. */
export function store32(addr: number, word: number): void {
  if ((addr & 3) !== 0) storeOdd(addr, word);
  else pieceOf(addr)[(addr % PIECE) >> 2] = word;
}

/** The byte at addr. */
export function loadByte(addr: number): number {
  return bytesOf(addr)[addr % PIECE];
}

/** Writes a byte. */
export function storeByte(addr: number, byte: number): void {
  bytesOf(addr)[addr % PIECE] = byte;
}

/** The address that lies at addr; what is none comes out rounded. */
export function loadPointer(addr: number): number {
  const low = load32(addr);
  const high = load32(addr + 4);
  // A small integer where it is one: V8 then keeps it without a box.
  if (high === 0 && low <= 0x7fffffff) return low | 0;
  return low + high * 0x100000000;
}

/** Writes an address. */
export function storePointer(addr: number, pointer: number): void {
  store32(addr, pointer);
  store32(addr + 4, Math.floor(pointer / 0x100000000));
}

/** The word of 64 bits at addr, in hex. */
export function load64(addr: number): string {
  const high = load32(addr + 4);
  const low = load32(addr).toString(16);
  return high === 0 ? low : high.toString(16) + low.padStart(8, '0');
}

// A pattern is a word of 64 bits whose halves are the same; it is given by
// one of them.

/** Is the word of 64 bits at addr this pattern? */
export function isPattern(pattern: number, addr: number): boolean {
  return load32(addr) === pattern && load32(addr + 4) === pattern;
}

/** Fills [buf, buf + size) with a pattern. */
export function copy_pattern(
  pattern: number,
  buf: number,
  size: number,
): void {
  const end = buf + size;
  for (let at = buf; at < end; ) {
    const from = at % PIECE;
    const to = Math.min(PIECE, from + end - at);
    pieceOf(at).fill(pattern, from >> 2, to >> 2);
    at += to - from;
  }
}

/** Where [buf, buf + size) departs from a pattern; null: nowhere. */
export function verify_pattern(
  pattern: number,
  buf: number,
  size: number,
): number | null {
  for (let at = buf; at < buf + size; at += 8) {
    if (!isPattern(pattern, at)) return at;
  }
  return null;
}

/** Both at once: checks for one pattern, and leaves the other. */
export function verify_and_copy_pattern(
  before: number,
  after: number,
  buf: number,
  size: number,
): number | null {
  const departs = verify_pattern(before, buf, size);
  if (departs === null) copy_pattern(after, buf, size);
  return departs;
}

/** @throws Panic "trap" if the heap has pages, and addr none of them */
function touch(call: string, addr: number): void {
  const inHeap = kernelheap <= addr && addr < ekernelheap;
  if (inHeap && !isMapped(addr)) trap(call, addr);
}

/** A copy of the n bytes at addr. */
export function read(addr: number, n: number): Uint8Array {
  const copy = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    touch(`read(0x${addr.toString(16)}, ${n})`, addr + i);
    copy[i] = loadByte(addr + i);
  }
  return copy;
}

/** Writes bytes to memory, from addr on. */
export function write(addr: number, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    touch(`write(0x${addr.toString(16)}, ${values.length} bytes)`, addr + i);
    storeByte(addr + i, values[i]);
  }
}

/** Writes n bytes of 0. */
export function bzero(addr: number, n: number): void {
  const end = addr + n;
  for (let at = addr; at < end; ) {
    const from = at % PIECE;
    const to = Math.min(PIECE, from + end - at);
    bytesOf(at).fill(0, from, to);
    at += to - from;
  }
}

/** Copies n bytes to another place; the two do not overlap. */
export function bcopy(from: number, to: number, n: number): void {
  for (let i = 0; i < n; i++) storeByte(to + i, loadByte(from + i));
}
