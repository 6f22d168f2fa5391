// Golden traces: what an original answered, and what we answer.
//
// A golden file is JSON, one value a line. The first is a header with
// `format` and `system`; every other is one operation with its answer, or
// a checkpoint of inner state. Idea: an adapter per system turns a line
// into two plain values, the answer expected and the answer got; this file
// reads lines, counts, compares and reports the first difference. A large
// one may be compressed: its name then ends in .gz.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { pipeline, type Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { createGunzip } from 'node:zlib';

/** A file that cannot be read as a golden trace: wrong use, exit 2. */
export class MalformedTrace extends Error {
  readonly exit = 2;
}

export type Header = { [name: string]: unknown };

/** What an adapter makes of one line. */
export interface Outcome {
  kind: 'operation' | 'checkpoint' | 'other';
  /** What was asked, as a person would write it. */
  call: string;
  expected: unknown;
  got: unknown;
}

/** One system's replayer: fed line by line, from the header on. */
export interface Replayer {
  line(value: unknown): Outcome;
  /** What the header itself holds: a file of macros is all header. */
  opening?(): Outcome[];
}

export interface Difference {
  line: number;
  operation: number;
  call: string;
  expected: unknown;
  got: unknown;
}

export interface Replayed {
  operations: number;
  checkpoints: number;
  difference: Difference | null;
}

/** Makes the replayer for a header; null when the system is not its own. */
export type MakeReplayer = (header: Header) => Replayer | null;

/** One line of a file as JSON. @throws MalformedTrace with the place */
function parse(text: string, file: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = (error as Error).message;
    throw new MalformedTrace(`${file}:${line}: not JSON (${why})`);
  }
}

/** Runs f; what it finds malformed is at this place. */
function placed<T>(file: string, line: number, f: () => T): T {
  try {
    return f();
  } catch (error) {
    if (!(error instanceof MalformedTrace)) throw error;
    throw new MalformedTrace(`${file}:${line}: ${error.message}`);
  }
}

/** The text of a file. What goes wrong comes up where it is read. */
function textOf(file: string): Readable {
  const bytes = createReadStream(file);
  if (!file.endsWith('.gz')) return bytes;
  return pipeline(bytes, createGunzip(), () => {});
}

/** Formats of a header. A golden-macros/1 file has no other line. */
const formats: unknown[] = [
  'golden-trace/1', 'golden-macros/1', 'golden-boot/1',
];

/** Checks the first line and finds who replays it. */
function start(first: unknown, file: string, makers: MakeReplayer[]): Replayer {
  const header = first as Header;
  if (typeof first !== 'object' || first === null || Array.isArray(first)) {
    throw new MalformedTrace(`${file}:1: the first line must be a header`);
  }
  if (!formats.includes(header.format)) {
    throw new MalformedTrace(
      `${file}:1: the format is ${JSON.stringify(header.format)}, ` +
        'expected "golden-trace/1"',
    );
  }
  for (const make of makers) {
    const replayer = placed(file, 1, () => make(header));
    if (replayer !== null) return replayer;
  }
  const { system, variant } = header;
  const name = variant === undefined ? system : `${system} ${variant}`;
  throw new MalformedTrace(`${file}:1: no adapter replays ${name}`);
}

/**
 * Replays one golden file to its end, or to its first difference.
 * @param onLine told the number of each line, for a progress bar
 * @throws MalformedTrace when the file cannot be read or understood
 */
export async function replayFile(
  file: string,
  makers: MakeReplayer[],
  onLine: (line: number) => void = () => {},
): Promise<Replayed> {
  const done: Replayed = { operations: 0, checkpoints: 0, difference: null };
  const input = textOf(file);
  let replayer: Replayer | null = null;
  let line = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Infinity })) {
      line++;
      onLine(line);
      if (text.trim() === '') continue;
      const value = parse(text, file, line);
      if (replayer === null) {
        replayer = start(value, file, makers);
        take(() => replayer!.opening?.() ?? [], file, line, done);
      } else {
        take(() => [replayer!.line(value)], file, line, done);
      }
      if (done.difference !== null) break;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new MalformedTrace(`${file}: cannot be read (${code})`);
  } finally {
    input.destroy();
  }
  if (replayer === null) throw new MalformedTrace(`${file}: is empty`);
  return done;
}

/** One line: asks the adapter, counts, compares, up to a difference. */
function take(
  ask: () => Outcome[],
  file: string,
  line: number,
  done: Replayed,
): void {
  for (const { kind, call, expected, got } of placed(file, line, ask)) {
    if (kind === 'operation') done.operations++;
    if (kind === 'checkpoint') done.checkpoints++;
    if (isDeepStrictEqual(expected, got)) continue;
    const { operations: operation } = done;
    done.difference = { line, operation, call, expected, got };
    return;
  }
}
