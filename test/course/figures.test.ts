// Figures in the prose that no cell prints: the lengths of our files.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { loadContents, mdOf } from '../../lib/book/contents.js';

const root = resolve(__dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** "`lib/a.ts`, `b.ts`, 172 lines": the files, and their lines together. */
const claim = /((?:`[\w/]+\.ts`(?:,| and) ?)+)(?:together )?(\d+) lines/g;

const claims = loadContents(root).notebooks.flatMap((entry) =>
  [...read(mdOf(entry)).matchAll(claim)].map(([text, files, lines]) => ({
    notebook: mdOf(entry),
    text,
    files: [...files.matchAll(/`([\w/]+\.ts)`/g)].map(([, file]) => file),
    room: entry.files[0]?.replace(/[^/]+$/, '') ?? '',
    lines: Number(lines),
  })),
);

it('some notebooks say how long their files are', () => {
  expect(claims.length).toBeGreaterThan(2);
});

it.each(claims)('$notebook: $text', ({ files, room, lines }) => {
  const paths = files.map((f) => (f.startsWith('lib/') ? f : room + f));
  const total = paths.reduce(
    (sum, path) => sum + read(path).split('\n').length - 1,
    0,
  );
  expect(total).toBe(lines);
});
