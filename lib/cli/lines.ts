// Files of lines, read and written piece by piece.
//
// Idea: neither end holds a whole file. What is read comes in chunks and
// goes on line by line; what is written collects to a chunk first. And a
// file that is written appears under its name when it is whole, never
// before: until then it has a name of its own.
import { once } from 'node:events';
import {
  closeSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { setImmediate as others } from 'node:timers/promises';

/** A file that cannot be read, or not as lines: exit 2. */
export class CannotRead extends Error {
  readonly exit = 2;
}

/** A file that cannot be written: exit 2. */
export class CannotWrite extends Error {
  readonly exit = 2;
}

const CHUNK = 1 << 16;
const LONGEST = 1 << 20; // no file of lines has longer ones

/** Does f; what the system has to say becomes a sentence. */
function asked<T>(f: () => T, say: (code: string) => Error): T {
  try {
    return f();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === undefined ? error : say(code);
  }
}

/**
 * The lines of a file.
 * @param onBytes told how many bytes have been read, chunk by chunk
 * @throws CannotRead, when the first line is asked for or later
 */
export function* linesOf(
  file: string,
  onBytes: (bytes: number) => void = () => {},
): Generator<string, void> {
  const say = (code: string) =>
    new CannotRead(`${file}: cannot be read (${code}). Name another file.`);
  const fd = asked(() => openSync(file, 'r'), say);
  try {
    const chunk = Buffer.alloc(CHUNK);
    const decoder = new StringDecoder('utf8');
    let rest = '';
    let read = asked(() => readSync(fd, chunk), say);
    for (let bytes = read; read > 0; bytes += read) {
      onBytes(bytes);
      const lines = (rest + decoder.write(chunk.subarray(0, read))).split('\n');
      rest = lines.pop() as string;
      yield* lines;
      if (rest.length > LONGEST) {
        throw new CannotRead(`${file}: is no text. Name a file of lines.`);
      }
      read = asked(() => readSync(fd, chunk), say);
    }
    rest += decoder.end();
    if (rest !== '') yield rest;
  } finally {
    closeSync(fd);
  }
}

/** Bytes of a file; 0 when it cannot be asked, which reading will say. */
export function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}

/** Passes lines on in chunks; in between, others may run: a signal, say. */
async function inChunks(
  lines: Iterable<string>,
  write: (text: string) => unknown,
): Promise<void> {
  let text = '';
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < CHUNK) continue;
    await write(text);
    await others();
    text = '';
  }
  await write(text);
}

/** Writes lines to standard output, no faster than they are read there. */
export function printLines(lines: Iterable<string>): Promise<void> {
  return inChunks(lines, async (text) => {
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  });
}

/** How a program ends that is interrupted: 128 and the signal's number. */
const ends = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/**
 * Writes lines to a file, as a whole or not at all. What is no ordinary
 * file, such as /dev/null, is written to as it is.
 * @throws CannotWrite; and whatever the lines throw
 */
export async function writeLines(
  lines: Iterable<string>,
  file: string,
): Promise<void> {
  const say = (code: string) =>
    new CannotWrite(`${file} cannot be written (${code}). Name another file.`);
  const { place, ordinary } = asked(() => target(file), say);
  const draft = ordinary ? `${place}.${process.pid}.tmp` : place;
  const undo = (): void => {
    try {
      if (ordinary) unlinkSync(draft);
    } catch {
      // It has been moved to its place, or was never made.
    }
  };
  for (const [signal, code] of Object.entries(ends)) {
    process.once(signal, () => process.exit(code));
  }
  process.once('exit', undo);
  const fd = asked(() => openSync(draft, 'w'), say);
  try {
    await inChunks(lines, (text) => asked(() => writeAll(fd, text), say));
    if (ordinary) asked(() => renameSync(draft, place), say);
  } finally {
    closeSync(fd);
    undo();
    process.off('exit', undo);
  }
}

/** Where a file really lies, and whether it is, or will be, an ordinary one. */
function target(file: string): { place: string; ordinary: boolean } {
  try {
    const stat = statSync(file);
    if (stat.isDirectory()) {
      throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    }
    return { place: realpathSync(file), ordinary: stat.isFile() };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw error;
    return { place: file, ordinary: true };
  }
}

/** One call may write less than all. */
function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}
