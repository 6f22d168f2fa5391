// One line of a .rep file: what a real program asked for, once.
//
// Workloads made by chance are simple; programs are not. So the malloc
// exercise of Bryant and O'Hallaron's book (its marker is called mdriver)
// feeds allocators with recorded requests, an operation a line:
//
//     a 0 512    allocate 512 bytes; the block is called 0
//     r 0 640    resize block 0 to 640 bytes
//     f 0        free block 0
//
// Idea: a free names no size and no line stands alone. So what is known of
// the blocks is kept, one number an id: its size. Each line is checked
// against it, and a fault is found at its line, not when an allocator has
// long been led astray.
//
// 1. An id is allocated once; resized and freed only after that; freed at
//    most once, and after that neither freed nor resized.
// 2. An id is a whole number below the number of ids, a size a whole number
//    of at least 1.
//
// Left out: addresses and contents. mdriver fills each block and looks at
// the bytes later; here nobody owns bytes.
import type { Request } from './requests.js';

/** Lines that are no .rep file: unreadable input, exit 2. */
export class MalformedRep extends Error {
  readonly exit = 2;

  constructor(place: string, fact: string, remedy: string) {
    super(`${place}: ${fact}. ${remedy}`);
  }
}

/** A line that is not blank, and where it stands. */
export interface Line {
  text: string;
  place: string; // "sed.rep:5"
}

/** A whole number in decimal digits; NaN for anything else. */
export function whole(text: string): number {
  const value = /^[0-9]+$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(value) ? value : NaN;
}

/** A text as a message can show it. */
export const quote = (text: string): string =>
  JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

/** How many fields a line has, by its first one. */
const FIELDS = new Map([
  ['a', 3],
  ['r', 3],
  ['f', 2],
]);

/** What is known of the blocks while their requests are read. */
export class Blocks {
  allocated = 0; // ids that have had their "a"
  private readonly sizes: Float64Array; // by id; 0 not yet, -1 freed

  constructor(ids: number) {
    this.sizes = new Float64Array(ids);
  }

  /** The request that a line stands for. @throws MalformedRep */
  request({ text, place }: Line): Request {
    const fields = text.split(/\s+/);
    const [op] = fields;
    if (fields.length !== FIELDS.get(op)) {
      throw new MalformedRep(
        place,
        `${quote(text)} is no operation`,
        'Write "a ID BYTES", "r ID BYTES" or "f ID".',
      );
    }
    const id = this.id(fields[1], place);
    if (op === 'a') this.mustBeNew(id, place);
    else this.mustBeAlive(id, place);

    if (op === 'f') {
      const size = this.sizes[id];
      this.sizes[id] = -1;
      return { op: 'free', id, size };
    }
    const size = bytes(fields[2], place);
    this.sizes[id] = size;
    if (op === 'r') return { op: 'realloc', id, size };
    this.allocated++;
    return { op: 'alloc', id, size };
  }

  private id(text: string, place: string): number {
    const id = whole(text);
    if (id < this.sizes.length) return id;
    throw new MalformedRep(
      place,
      `${quote(text)} is no id`,
      `The header has ${this.sizes.length} ids, counted from 0.`,
    );
  }

  private mustBeNew(id: number, place: string): void {
    if (this.sizes[id] === 0) return;
    throw new MalformedRep(
      place,
      `id ${id} is allocated a second time`,
      'Give every block an id of its own.',
    );
  }

  private mustBeAlive(id: number, place: string): void {
    if (this.sizes[id] > 0) return;
    const why = this.sizes[id] === 0 ? 'not been allocated' : 'been freed';
    throw new MalformedRep(
      place,
      `id ${id} is not alive, it has ${why}`,
      'Allocate it first, or delete the line.',
    );
  }
}

/** A size in bytes. @throws MalformedRep */
function bytes(text: string, place: string): number {
  const size = whole(text);
  if (size >= 1) return size;
  throw new MalformedRep(
    place,
    `${quote(text)} is no size`,
    'Give whole bytes, at least 1; a recorded malloc(0) is written as 1.',
  );
}

/** The line of a request. */
export function repLine({ op, id, size }: Request): string {
  if (op === 'free') return `f ${id}`;
  return `${op === 'alloc' ? 'a' : 'r'} ${id} ${size}`;
}
