// contents.json: read with care, and held against the files.
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkQuotes, loadBook } from '../../lib/book/book.js';
import { check } from '../../lib/book/check.js';
import {
  ipynbOf,
  loadContents,
  mdOf,
  partOf,
  select,
} from '../../lib/book/contents.js';
import {
  contents,
  pageOf,
  project,
  sampleFences,
  samplePath,
  sample,
  told,
} from './fixture.js';

const path = 'notebooks/contents.json';
const [md, ipynb] = ['notebooks/10-map.md', 'notebooks/10-map.ipynb'];

describe('loadContents(root)', () => {
  it('reads that of this project, in ascending order', () => {
    const { notebooks, parts } = loadContents(resolve(__dirname, '../..'));
    const numbers = notebooks.map(({ nn }) => nn);
    expect(numbers).toEqual([...numbers].sort());
    expect(parts[0]).toEqual({ nn: '00', title: 'Start' });
  });

  it.each([
    ['{', 'is no JSON'],
    ['{}', 'is wrong at parts'],
    [contents([], { more: 1 }), 'is wrong at the top: Unrecognized key'],
    [
      contents(['src/a.ts']),
      'is wrong at notebooks.0.files.0: a file as in "lib/bsd/malloc.ts"',
    ],
    [contents([]).replace('"10"', '10'), 'is wrong at notebooks.0.nn'],
    [
      contents([]).replace('"map"', '"The Map"'),
      'is wrong at notebooks.0.slug: lower case',
    ],
  ])('refuses %s', (text, fact) => {
    const load = () => loadContents(project({ [path]: text }));
    expect(load).toThrow(`${path} ${fact}`);
    expect(load).toThrow(expect.objectContaining({ exit: 2 }));
  });

  it('says when it is missing', () => {
    expect(() => loadContents(project({}))).toThrow(
      `${path} cannot be read (ENOENT)`,
    );
  });
});

describe('what contents.json says', () => {
  const load = (text: string) => loadContents(project({ [path]: text }));

  it('names source and product', () => {
    const [entry] = load(contents([])).notebooks;
    expect([mdOf(entry), ipynbOf(entry)]).toEqual([md, ipynb]);
  });

  it('a part reaches to the next', () => {
    const parts = [
      { nn: '00', title: 'A' },
      { nn: '70', title: 'B' },
      { nn: '75', title: 'C' },
    ];
    const all = load(contents([], { parts }));
    expect(
      ['00', '69', '74', '75', '99'].map((nn) => partOf(all, nn)?.title),
    ).toEqual(['A', 'A', 'B', 'C', 'C']);
  });

  it('select(contents, numbers) keeps the order of reading, and knows what it has', () => {
    const all = load(contents([]));
    expect(select(all, [])).toHaveLength(1);
    expect(select(all, ['10', '10'])).toHaveLength(1);
    expect(() => select(all, ['10', '3'])).toThrow(
      'has no notebook 03. There are 10.',
    );
  });
});

/** Faults of contents and quotations in a project with these files. */
async function faults(
  files: Record<string, string>,
  more: object = {},
  listed = [samplePath],
): Promise<string[]> {
  const root = project({ [path]: contents(listed, more), ...files });
  return told((await check(root, ['contents', 'quotes'])).faults);
}
const whole = {
  [samplePath]: sample,
  [md]: pageOf(sampleFences()),
  [ipynb]: '{}',
};

describe('check(root, [contents, quotes])', () => {
  it('finds nothing when all is as it should be', async () => {
    expect(await faults(whole)).toEqual([]);
  });

  it('a title that differs, or is missing', async () => {
    const other = {
      ...whole,
      [md]: `\n${pageOf(sampleFences(), '10. What is a heap?')}`,
    };
    expect(await faults(other)).toEqual([
      `${md}:2 says "10. What is a heap?", ${path} says "10. What is a map?". Make them the same.`,
    ]);
    const none = { ...whole, [md]: whole[md].replace('# 10', '## 10') };
    expect(await faults(none)).toEqual([
      `${md}:1 has no title, ${path} says "10. What is a map?". Make them the same.`,
    ]);
  });

  it('an .md or an .ipynb that is missing', async () => {
    const { [ipynb]: _, ...source } = whole;
    expect(await faults(source)).toEqual([
      `${ipynb} is not there. Run "npm run weave -- 10".`,
    ]);
    expect(await faults({ [samplePath]: sample })).toEqual([
      `${md} is not there. Write it, or take notebook 10 out of ${path}.`,
    ]);
  });

  it('numbers that do not ascend, and a notebook with no part', async () => {
    const parts = [
      { nn: '20', title: 'A' },
      { nn: '20', title: 'B' },
    ];
    expect(await faults(whole, { parts })).toEqual([
      `${path} has part 20 after 20. Let the numbers ascend.`,
      `${path} has no part for notebook 10. Add it to "parts".`,
    ]);
  });

  it('notebooks that nobody knows', async () => {
    expect(
      await faults({
        ...whole,
        'notebooks/old.md': '',
        'notebooks/Untitled.ipynb': '',
      }),
    ).toEqual([
      `notebooks/Untitled.ipynb does not stand in ${path}. Add it there, or delete it.`,
      `notebooks/old.md does not stand in ${path}. Add it there, or delete it.`,
    ]);
  });

  it('a file that is listed and quoted nowhere, or is not there', async () => {
    expect(
      await faults({ ...whole, 'lib/plot/a.ts': '1;\n' }, {}, [
        samplePath,
        'lib/plot/a.ts',
        'lib/plot/b.ts',
      ]),
    ).toEqual([
      `${path} lists lib/plot/b.ts for notebook 10; there is no such file. Correct the path.`,
      `${md} quotes nothing of lib/plot/a.ts, which ${path} lists for it. "npm run weave -- --quote lib/plot/a.ts" prints its fences.`,
    ]);
  });

  it('a file of a quoted room that no notebook reads, unless it is unread', async () => {
    const files = {
      ...whole,
      'lib/linux/slab/a.ts': '1;\n',
      'lib/plot/b.ts': '1;\n',
    };
    expect(await faults(files)).toEqual([
      `lib/linux/slab/a.ts is read by no notebook. List it in ${path}, for a notebook or as unread.`,
    ]);
    expect(await faults(files, { unread: ['lib/linux/slab/a.ts'] })).toEqual(
      [],
    );
  });

  it('a file that is unread and read, or unread and gone', async () => {
    expect(
      await faults(whole, { unread: [samplePath, 'lib/bsd/none.ts'] }),
    ).toEqual([
      `${path} lists ${samplePath} as unread, and for a notebook. Take it out of "unread".`,
      `${path} lists lib/bsd/none.ts as unread; there is no such file. Take it out of "unread".`,
    ]);
  });

  it('a quotation of a file that is not listed, or that does not exist', async () => {
    const page = `${whole[md]}\nA.\n\n\`\`\`ts lib/plot/a.ts head\n1;\n\`\`\`\n\nB.\n\n\`\`\`ts lib/plot/b.ts f\n1;\n\`\`\`\n`;
    const line = whole[md].split('\n').length;
    expect(
      await faults({ ...whole, 'lib/plot/a.ts': '1;\n', [md]: page }),
    ).toEqual([
      `${md}:${line + 3} quotes lib/plot/a.ts, which ${path} does not list for notebook 10. Add the file there, or take the quotation out.`,
      `${md}:${line + 9} quotes lib/plot/b.ts; there is no such file. Correct the path.`,
    ]);
  });

  it('a page that cannot be taken apart', () => {
    const root = project({
      [path]: contents([samplePath]),
      ...whole,
      [md]: `${whole[md]}\n\`\`\`typescript\n1\n`,
    });
    expect(told(checkQuotes(loadBook(root)))).toEqual([
      expect.stringContaining('opens a fence that is never closed'),
    ]);
  });
});
