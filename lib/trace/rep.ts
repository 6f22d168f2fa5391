// A .rep file: the recorded requests of a program, as a workload.
//
// First come four numbers, one a line: a heap size that nobody uses, how
// many ids there are, how many operations, and a weight that we do not use.
// Some collections leave out the first and the last. An operation a line
// follows. The three programs of test/golden/recorded begin like this:
//
//     20000000
//     663
//     1335
//     1
//     a 0 472
//
// Idea: a file is read as it is consumed, line by line. So a program of a
// million operations needs no more memory than the sizes of its blocks, and
// what reads a workload does not see where it comes from.
//
// 1. What comes out is a workload: the rules of requests.ts hold.
// 2. Of the `ids` of the header each is allocated, and there are as many
//    operations as it says. mdriver demands the same.
// 3. What is written is read back as the same requests.
//
// Left out: opening files. Who has the lines passes them in, and closes
// what they come from.
import { Blocks, MalformedRep, quote, repLine, whole } from './repline.js';
import type { Line } from './repline.js';
import type { Request, Workload } from './requests.js';

/** The first lines of a .rep file; the short form has two of them. */
export interface RepHeader {
  heap?: number; // bytes; unused
  ids: number;
  operations: number;
  weight?: number; // unused
}

export interface Rep {
  header: RepHeader;
  requests: Workload;
}

/** Gives the next line that is not blank; null at the end. */
type Next = () => Line | null;

/**
 * Reads a .rep file: the header at once, the requests as they are asked
 * for. Blank lines and carriage returns do no harm.
 * @param name what to call the file in complaints
 * @throws MalformedRep now or, for a request, when it is asked for
 */
export function readRep(lines: Iterable<string>, name = 'input'): Rep {
  const next = placed(lines, name);
  const { header, line } = readHeader(next, name);
  return { header, requests: readRequests(header, line, next, name) };
}

function placed(lines: Iterable<string>, name: string): Next {
  const source = lines[Symbol.iterator]();
  let number = 0;
  return () => {
    for (;;) {
      const { done, value } = source.next();
      if (done) return null;
      number++;
      const text: string = value.trim();
      if (text !== '') return { text, place: `${name}:${number}` };
    }
  };
}

/** Reads numbers, and `line`, the first that is none. */
function readHeader(next: Next, name: string) {
  const numbers: number[] = [];
  let line = next();
  while (line !== null && numbers.length < 5) {
    const value = whole(line.text);
    if (Number.isNaN(value)) break;
    numbers.push(value);
    line = next();
  }
  if (numbers.length !== 2 && numbers.length !== 4) {
    const then = line === null ? 'nothing more' : quote(line.text);
    throw new MalformedRep(
      line === null ? name : line.place,
      `numbers at the beginning: ${numbers.length}, then ${then}`,
      'A header has four (heap, ids, operations, weight) or two (ids, ' +
        'operations), one a line.',
    );
  }
  const header = named(numbers);
  mustFit(header, name);
  return { header, line };
}

/** The numbers of a header by their names. */
function named(numbers: readonly number[]): RepHeader {
  if (numbers.length === 2) {
    const [ids, operations] = numbers;
    return { ids, operations };
  }
  const [heap, ids, operations, weight] = numbers;
  return { heap, ids, operations, weight };
}

const MOST_IDS = 2 ** 27; // their sizes take a gigabyte

/** @throws MalformedRep if no requests can fit this header */
function mustFit({ ids, operations }: RepHeader, name: string): void {
  if (ids <= operations && ids <= MOST_IDS) return;
  throw new MalformedRep(
    name,
    `the header has ${ids} ids and ${operations} operations`,
    'Every id takes an operation to allocate it, and no more than ' +
      `${MOST_IDS} ids can be read. Correct the header.`,
  );
}

/** The requests from `line` on. */
function* readRequests(
  { ids, operations }: RepHeader,
  line: Line | null,
  next: Next,
  name: string,
): Workload {
  const blocks = new Blocks(ids);
  let done = 0;
  for (; line !== null; line = next()) {
    if (done++ === operations) {
      throw new MalformedRep(
        line.place,
        `an operation more than the ${operations} of the header`,
        'Delete it, or correct the header.',
      );
    }
    yield blocks.request(line);
  }
  if (done === operations && blocks.allocated === ids) return;
  throw new MalformedRep(
    name,
    `ends after ${done} of ${operations} operations, with ` +
      `${blocks.allocated} of ${ids} ids allocated`,
    'Complete the file, or correct its header.',
  );
}

/** The lines of a header; without heap and weight when `short`. */
export function repHeader(header: RepHeader, short = false): string[] {
  const { heap = 20_000_000, ids, operations, weight = 1 } = header;
  const numbers = short ? [ids, operations] : [heap, ids, operations, weight];
  return numbers.map(String);
}

/**
 * Requests as the lines of a .rep file. The header says how many there are,
 * and nobody wants to keep a million in order to count them. So the stream
 * is made twice: once to be counted, once to be written.
 * @param make makes the stream anew, the same one each time
 */
export function* writeRep(
  make: () => Iterable<Request>,
  short = false,
): Generator<string, void> {
  let operations = 0;
  let ids = 0;
  for (const { op } of make()) {
    operations++;
    if (op === 'alloc') ids++;
  }
  for (const line of repHeader({ ids, operations }, short)) yield line;
  for (const request of make()) yield repLine(request);
}
