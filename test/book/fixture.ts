// Small projects in temporary folders, for the tests of the book.
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';
import { sentence, type Fault } from '../../lib/book/fault.js';
import { readPage } from '../../lib/book/markdown.js';
import { checkFile } from '../../lib/book/quotes.js';
import { scaffold } from '../../lib/book/scaffold.js';
import { readSource } from '../../lib/book/source.js';

const made: string[] = [];

afterEach(() => {
  for (const root of made.splice(0))
    rmSync(root, { recursive: true, force: true });
});

/** A folder with these files; it is gone after the test. */
export function project(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'freelist-book-'));
  made.push(root);
  for (const [path, text] of Object.entries(files)) put(root, path, text);
  return root;
}

export function put(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

export const get = (root: string, path: string): string =>
  readFileSync(join(root, path), 'utf8');

/** A function of 12 paragraphs of 5 lines: it must be cut. */
const longBody = Array.from({ length: 12 }, (_, i) =>
  [
    `  // Step ${i}.`,
    ...['a', 'b', 'c'].map((x) => `  const ${x}${i} = mp + ${i};`),
    `  use(a${i}, b${i}, c${i});`,
  ].join('\n'),
).join('\n\n');

/** A lib file with everything that a quotation may meet. */
export const sample = `// Samples: a file like those of lib.
//
// 1. Everything holds.
import { panic } from '../sys/panic.js';
import type { map } from './map.js';

/** How many. */
export const LIMIT = 50;
export const STEP = 2;

let counter = 0; // how often

reset();

/** Starts anew. */
export function reset(): void {
  counter = 0;
}

/** Takes a piece. */
export function take(mp: map, size: number): number {
  counter++;

  if (size < 0) panic('take');
  return mp.at + size;
}

/** Does much. */
export function walk(mp: number): void {
${longBody}
}

/** Gives it back. */
export function give(size: number): number {
  return size - STEP;
}
`;

export const samplePath = 'lib/bsd/sample.ts';

/** The sample's fences, as an author gets them. */
export const sampleFences = (text = sample): string[] =>
  scaffold(readSource(samplePath, text)).map((lines) => lines.join('\n'));

/** A page with prose around each of the fences. */
export const pageOf = (
  fences: string[],
  title = '10. What is a map?',
): string =>
  [
    `# ${title}`,
    ...fences.flatMap((one, i) => [`Prose ${i}.`, one]),
    'The end.',
  ].join('\n\n') + '\n';

/** The faults of one page that quotes the sample, as sentences. */
export function faultsOf(markdown: string, text = sample): string[] {
  const page = readPage(markdown, 'notebooks/10-map.md');
  return [
    ...page.faults,
    ...checkFile(readSource(samplePath, text), page.quotes),
  ].map(sentence);
}

export const told = (faults: Fault[]): string[] => faults.map(sentence);

/** contents.json with one notebook, and what is different from that. */
export function contents(files: string[], more: object = {}): string {
  const notebook = {
    nn: '10',
    slug: 'map',
    title: 'What is a map?',
    files,
    minutes: 30,
  };
  return JSON.stringify({
    parts: [{ nn: '00', title: 'Start' }],
    notebooks: [notebook],
    unread: [],
    ...more,
  });
}
