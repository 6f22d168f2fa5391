// A notebook's source, taken apart.
import { describe, expect, it } from 'vitest';
import { sentence } from '../../lib/book/fault.js';
import { readPage } from '../../lib/book/markdown.js';

const read = (text: string) => readPage(text, 'notebooks/10-map.md');
const faults = (text: string): string[] => read(text).faults.map(sentence);
const texts = (text: string): string[] => {
  const { cells, lines } = read(text);
  return cells.map((cell) =>
    cell.type === 'code'
      ? `> ${cell.source}`
      : lines.slice(cell.line - 1, cell.end).join('\n'),
  );
};

describe('readPage(markdown, file)', () => {
  it('prose between code cells is one cell, and code stands alone', () => {
    expect(
      texts('# T\n\nA.\n\n- b\n\n### C\n\n```typescript\n1\n\n2\n```\n\nD.\n'),
    ).toEqual(['# T\n\nA.\n\n- b\n\n### C', '> 1\n\n2', 'D.']);
  });

  it('a heading of level 1 or 2 begins a cell, underlined or not', () => {
    expect(texts('# T\n\nA.\n\n## B\nC.\n\nD\n===\nE\n---\nF')).toEqual([
      '# T\n\nA.',
      '## B\nC.',
      'D\n===',
      'E\n---\nF',
    ]);
  });

  it('no line of prose is lost, link definitions included', () => {
    const text = '# T\n\n[x]: http://a.b\n\n## U\n\n<!-- c -->\n\n> q\n';
    expect(texts(text).join('\n\n')).toBe(text.trim());
  });

  it('a # in a block quote or in code begins no cell', () => {
    expect(texts('# T\n\n> # q\n\n    # c\n\n```sh\n# d\n```\n')).toHaveLength(
      1,
    );
  });

  it('lines are counted from 1, with the YAML header', () => {
    const header =
      '---\njupyter:\n  jupytext:\n    text_representation: {}\n---\n';
    const { cells, title } = read(
      `${header}\n\n# T\n\n\`\`\`typescript\n1\n\`\`\`\n`,
    );
    expect(cells.map(({ line, end }) => [line, end])).toEqual([
      [8, 8],
      [10, 12],
    ]);
    expect(title).toEqual({ line: 8, text: 'T' });
  });

  it('two rules are no header, and what stands between them counts', () => {
    expect(texts('---\nA.\n\n---\n\n# T\n')).toEqual(['---\nA.\n\n---', '# T']);
  });

  it('line ends of Windows are read as ours', () => {
    expect(texts('# T\r\n\r\n```typescript\r\n1\r\n2\r\n```\r\n')).toEqual([
      '# T',
      '> 1\n2',
    ]);
  });

  it('tags come with the cell', () => {
    const [cell] = read(
      '```typescript tags=["raises-exception", "b"]\n1\n```',
    ).cells;
    expect(cell).toMatchObject({
      type: 'code',
      tags: ['raises-exception', 'b'],
      source: '1',
    });
  });

  it('a quotation has file, name and part, and says if prose stands before it', () => {
    const { quotes } = read(
      'A.\n\n```ts lib/a/b.ts head\n1\n```\n\n````ts lib/a/b.ts f 2/3\n2\n````\n',
    );
    expect(quotes).toMatchObject([
      {
        path: 'lib/a/b.ts',
        name: 'head',
        part: null,
        text: '1',
        line: 3,
        end: 5,
        prose: true,
      },
      {
        path: 'lib/a/b.ts',
        name: 'f',
        part: { k: 2, n: 3 },
        text: '2',
        line: 7,
        end: 9,
        prose: false,
      },
    ]);
  });

  it('a ts fence without a file is no quotation', () => {
    expect(read('```ts\n1\n```\n')).toMatchObject({ quotes: [], faults: [] });
  });

  it('a fold around a quotation is fine', () => {
    const text =
      '# T\n\n<details><summary>S</summary>\n\nA `<details>` is a fold.\n\n```ts lib/a/b.ts f\n1\n```\n\n</details>\n';
    expect(faults(text)).toEqual([]);
  });
});

describe('faults of readPage', () => {
  const place = 'notebooks/10-map.md';

  it('a fold that a cell cuts in two', () => {
    const text =
      '# T\n\n<details><summary>S</summary>\n\n```typescript\n1\n```\n\n</details>\n';
    expect(faults(text)).toEqual([
      expect.stringContaining(
        `${place}:1 begins a cell in which <details> and </details> do not pair.`,
      ),
      expect.stringContaining(`${place}:9 begins a cell`),
    ]);
  });

  it('a fence that is never closed', () => {
    expect(faults('# T\n\n```typescript\n1\n\nProse.\n')).toEqual([
      `${place}:3 opens a fence that is never closed. Close it with \`\`\`.`,
    ]);
    expect(faults('```typescript')).toHaveLength(1);
    expect(faults('```typescript\n```')).toEqual([]);
  });

  it('a cell inside a list', () => {
    expect(faults('- a\n\n  ```typescript\n  1\n  ```\n')).toEqual([
      `${place}:3 has a cell or a quotation inside a list or a block quote. Move it to the margin.`,
    ]);
  });

  it.each(['tag=["a"]', 'tags=[a]', 'tags=[1]', 'tags=["a"', 'hidden'])(
    'typescript %s',
    (rest) => {
      expect(faults(`\`\`\`typescript ${rest}\n1\n\`\`\`\n`)).toEqual([
        `${place}:1 says "${rest}" after typescript. Only tags=["…"] may stand there.`,
      ]);
    },
  );

  it.each([
    'lib/a/b.ts',
    'src/b.ts f',
    'lib/a/b.ts f g',
    'lib/a/b.ts f 0/2',
    'lib/a/b.ts f 3/2',
    'lib/a/b.ts f 1/1',
  ])('ts %s', (rest) => {
    const { quotes } = read(`\`\`\`ts ${rest}\n1\n\`\`\`\n`);
    expect(quotes).toEqual([]);
    expect(faults(`\`\`\`ts ${rest}\n1\n\`\`\`\n`)[0]).toContain(
      'Write ```ts lib/room/file.ts name, or name 2/5',
    );
  });
});
