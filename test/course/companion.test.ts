// The lecture companion: every sentence of the lecture notes has its row,
// and a row that claims to be shown links to a place that exists.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(__dirname, '../..');
const read = (name: string): string =>
  readFileSync(join(root, 'notebooks', name), 'utf8');

const numbered = (part: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `${part}${from + i}`);

/** The rows of the lecture, in its order. */
const lecture = [
  ...numbered('A', 0, 11),
  ...numbered('B', 1, 8),
  ...numbered('C', 1, 10),
  ...numbered('D', 1, 25),
];

/** Rows whose notebooks do not exist yet. It must shrink, and end empty. */
const notYet: string[] = [];

/** Rows in which the notes are mistaken. */
const wrong = ['A1', 'B1', 'B4', 'D21', 'D22'];

const page = read('99-lecture-companion.md');

/** Rows with a verdict are paragraphs, the others are rows of a table. */
const rows = [
  ...[...page.matchAll(/^\*\*([A-D]\d+) · (ok|nuance|wrong)\.\*\* (.+)$/gm)].map(
    ([, id, verdict, text]) => ({ id, verdict, text }),
  ),
  ...[...page.matchAll(/^\| ([A-D]\d+) \| (.+ \| .+) \|$/gm)].map(
    ([, id, text]) => ({ id, verdict: 'not yet', text }),
  ),
].sort((a, b) => lecture.indexOf(a.id) - lecture.indexOf(b.id));

/** The headings of a notebook, as Jupyter names their places. */
function places(notebook: string): string[] {
  const source = read(notebook.replace(/\.ipynb$/, '.md'));
  return [...source.matchAll(/^#{1,4} (.+)$/gm)].map(([, heading]) =>
    heading.replace(/`/g, '').replace(/ /g, '-'),
  );
}

describe('the lecture companion', () => {
  it('has one row, and one only, for each sentence of the lecture', () => {
    expect(lecture).toHaveLength(55);
    expect(rows.map(({ id }) => id)).toEqual(lecture);
  });

  it('marks as not yet shown the rows that are listed here, and no other', () => {
    const open = rows.filter(({ verdict }) => verdict === 'not yet');
    expect(open.map(({ id }) => id)).toEqual(notYet);
    console.log(`companion: ${open.length} of ${rows.length} rows not yet shown`);
  });

  it('says wrong where the notes are mistaken, once that is shown', () => {
    const shown = wrong.filter((id) => !notYet.includes(id));
    const said = rows.filter(({ verdict }) => verdict === 'wrong');
    expect(said.map(({ id }) => id)).toEqual(shown);
  });

  it.each(rows.filter(({ verdict }) => verdict !== 'not yet'))(
    'row $id links to a heading that is there',
    ({ text }) => {
      const links = [...text.matchAll(/\]\(([\w-]+\.ipynb)#([^\s]+?)\)(?=[\s.,]|$)/g)];
      expect(links.length).toBeGreaterThan(0);
      for (const [, notebook, place] of links) {
        expect(places(notebook)).toContain(decodeURIComponent(place));
      }
    },
  );

  it('quotes the notes only in short pieces', () => {
    for (const { text } of rows) {
      for (const [, words] of text.matchAll(/"([^"]+)"/g)) {
        expect(words.split(/\s+/).length).toBeLessThanOrEqual(30);
      }
    }
  });
});
