// Golden files with one thing changed, in a folder of their own.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

export const golden = (name: string): string =>
  join(__dirname, '..', 'golden', 'bsd-map', name);

/** A temporary folder for files that a test makes. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'freelist-golden-'));

  file(name: string, text: string): string {
    const path = join(this.path, name);
    writeFileSync(path, text);
    return path;
  }

  /** A copy of a golden file whose line `line` (from 1) is another. */
  tampered(name: string, line: number, from: string, to: string): string {
    const lines = readFileSync(golden(name), 'utf8').split('\n');
    if (lines[line - 1] !== from) {
      throw new Error(`${name}:${line} is ${lines[line - 1]}, not ${from}`);
    }
    lines[line - 1] = to;
    return this.file(`${line}-${basename(name)}`, lines.join('\n'));
  }

  /** A copy of lines of which the first that contains `from` is changed. */
  changed(
    name: string,
    lines: readonly string[],
    from: string,
    to: string,
  ): { file: string; line: number } {
    const at = lines.findIndex((line) => line.includes(from));
    if (at < 0) throw new Error(`${name} has no ${from}`);
    const copy = [...lines];
    copy[at] = copy[at].replace(from, to);
    return { file: this.file(`${at}-${name}`, copy.join('\n')), line: at + 1 };
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

/** A header for a bsd-map trace; `map` and `rest` override parts of it. */
export function header(map: object | null = {}, rest: object = {}): string {
  const usual = { name: 'coremap', slots: 4, init_size: 0, init_addr: 0 };
  return JSON.stringify({
    format: 'golden-trace/1',
    system: 'bsd-map',
    variant: 'v7',
    map: map && { ...usual, ...map },
    ...rest,
  });
}

/** Files that are no golden trace, by name: their text, and the complaint. */
export const malformed: { [name: string]: [text: string, why: string] } = {
  'empty.jsonl': ['', ': is empty'],
  'blank.jsonl': ['\n\n', ': is empty'],
  'prose.jsonl': ['Dear kernel,\n', ':1: not JSON ('],
  'array.jsonl': ['["malloc",1,1]\n', ':1: the first line must be a header'],
  'null.jsonl': ['null\n', ':1: the first line must be a header'],
  'format.jsonl': [
    '{"format":"golden-trace/9","system":"bsd-map"}\n',
    ':1: the format is "golden-trace/9", expected "golden-trace/1"',
  ],
  'foreign.jsonl': [
    '{"format":"golden-trace/1","system":"zfs","variant":"arc"}\n',
    ':1: no adapter replays zfs arc',
  ],
  'variant.jsonl': [
    header({}, { variant: 'v8' }),
    ':1: bsd-map has no variant "v8" (there are v7, 43bsd, sol7, ate)',
  ],
  'setup.jsonl': [
    header(null),
    ':1: the header\'s "map" needs name, slots, init_size and init_addr',
  ],
  'slots.jsonl': [
    header({ slots: 'many' }),
    ':1: the header\'s "map" needs name, slots, init_size and init_addr',
  ],
  'cut.jsonl': [`${header()}\n["malloc",1,`, ':2: not JSON ('],
  'object.jsonl': [
    `${header()}\n\n{"op":"malloc"}\n`,
    ':3: a line must be an array that starts with a word',
  ],
  'unknown.jsonl': [
    `${header()}\n["calloc",1,1]\n`,
    ':2: unknown operation "calloc"',
  ],
  'arguments.jsonl': [
    `${header()}\n["malloc","1",0]\n`,
    ':2: malloc: the arguments ["1",0]',
  ],
  'few.jsonl': [`${header()}\n["mfree",1]\n`, ':2: mfree: the arguments [1]'],
  'no-rmget.jsonl': [
    `${header()}\n["rmget",1,1,1]\n`,
    ':2: this variant has no rmget',
  ],
  'flag.jsonl': [
    `${header()}\n["set","panicking",1]\n`,
    ':2: set: there is no flag "panicking" here',
  ],
  'words.jsonl': [
    `${header()}\n${JSON.stringify(['raw_slots', Array(500).fill([0, 0])])}\n`,
    ':2: raw_slots: not a list of slots that we have',
  ],
  'prototype.jsonl': [
    header({}, { variant: 'constructor' }),
    ':1: bsd-map has no variant "constructor"',
  ],
  'negative.jsonl': [header({ slots: -1 }), ':1: '],
  'huge.jsonl': [header({ slots: 1e10 }), ':1: '],
  'small.jsonl': [header({ slots: 2 }, { variant: '43bsd' }), ':1: '],
  'no-slots.jsonl': [header({ slots: 0 }, { variant: 'ate' }), ':1: '],
  'nowhere.jsonl': [
    header({ init_size: 5, init_addr: 0 }, { variant: 'sol7' }),
    ':1: ',
  ],
  'disks.jsonl': [
    header({ slots: 9, name: 'swapmap', dmmax: 'x' }, { variant: '43bsd' }),
    ':1: ',
  ],
  'numbers.jsonl': [`${header()}\n["raw_slots",[1,2]]\n`, ':2: raw_slots: '],
  'junk.jsonl': [`${header()}\n["malloc",1,0,[]]\n`, ':2: malloc: '],
  'more.jsonl': [`${header()}\n["mfree",1,1,{},7]\n`, ':2: mfree: '],
  'value.jsonl': [`${header()}\n["set","runin","x"]\n`, ':2: set: '],
};
