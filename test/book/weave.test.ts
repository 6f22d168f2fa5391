// Weaving in memory: cells, the .ipynb's text, and what counts as a change.
import Ajv from 'ajv';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BookError } from '../../lib/book/fault.js';
import {
  checkNotebook,
  compareNotebook,
  toNotebook,
  weave,
} from '../../lib/book/weave.js';
import { told } from './fixture.js';

const markdown = `# 10. What is a map?

An array.

\`\`\`ts lib/bsd/a.ts f
const f = 1;
\`\`\`

It has slots.

\`\`\`typescript
const a = 1;

a
\`\`\`

## Errors

\`\`\`typescript tags=["raises-exception"]
throw new Error('é "quoted" \\\\ back');
\`\`\`
`;
const cells = weave(markdown, '10', { lines: () => ({ from: 40, to: 62 }) });
const text = toNotebook(cells);

/** The notebook after some typing and running in Jupyter. */
function inJupyter(change: (notebook: any) => void): string {
  const notebook = JSON.parse(text);
  change(notebook);
  return `${JSON.stringify(notebook, null, 1)}\n`;
}

function run(notebook: any): void {
  notebook.cells.forEach((cell: any, i: number) => {
    if (cell.cell_type !== 'code') return;
    cell.execution_count = i;
    cell.outputs.push({ name: 'stdout', output_type: 'stream', text: ['1\n'] });
    cell.metadata.execution = { 'iopub.execute_input': '2026-01-01T00:00:00Z' };
  });
  notebook.metadata.language_info.version = '5.0.4';
  notebook.cells.push({
    cell_type: 'code',
    execution_count: null,
    id: 'a1b2',
    metadata: {},
    outputs: [],
    source: [],
  });
}

describe('weave(markdown, nn)', () => {
  it('numbers the cells and keeps where they come from', () => {
    expect(
      cells.map(({ id, type, line, tags }) => [id, type, line, tags]),
    ).toEqual([
      ['10-001', 'markdown', 1, []],
      ['10-002', 'code', 11, []],
      ['10-003', 'markdown', 17, []],
      ['10-004', 'code', 19, ['raises-exception']],
    ]);
  });

  it('sets a quotation as a plain ts fence under its caption', () => {
    expect(cells[0].source).toBe(
      '# 10. What is a map?\n\nAn array.\n\n*`lib/bsd/a.ts` · `f` · lines 40–62*\n\n```ts\nconst f = 1;\n```\n\nIt has slots.',
    );
  });

  it('captions parts, single lines, and quotations that departed', () => {
    const part = '```ts lib/bsd/a.ts f 2/3\n1\n```';
    const first = (lines: any): string =>
      weave(part, '10', { lines: () => lines })[0].source.split('\n')[0];
    expect(first({ from: 4, to: 4 })).toBe(
      '*`lib/bsd/a.ts` · `f` 2/3 · line 4*',
    );
    expect(first(null)).toBe('*`lib/bsd/a.ts` · `f` 2/3*');
  });

  it('takes a longer fence for code that has one in it', () => {
    const [cell] = weave('````ts lib/bsd/a.ts f\n/*\n```\n*/\n````\n', '10');
    expect(cell.source).toContain('\n````ts\n/*\n```\n*/\n````');
  });

  it('throws on a page that it cannot take apart', () => {
    const open = () =>
      weave('# T\n\n```typescript\n1\n', '10', { file: 'notebooks/10-map.md' });
    expect(open).toThrow(BookError);
    expect(open).toThrow(
      'notebooks/10-map.md:3 opens a fence that is never closed.',
    );
  });
});

describe('toNotebook(cells)', () => {
  it('gives the same bytes for the same source', () => {
    expect(
      toNotebook(
        weave(markdown, '10', { lines: () => ({ from: 40, to: 62 }) }),
      ),
    ).toBe(text);
    expect(text.endsWith('}\n')).toBe(true);
  });

  it('writes code without outputs, one string a line, tags in place', () => {
    expect(JSON.parse(text).cells[1]).toEqual({
      cell_type: 'code',
      execution_count: null,
      id: '10-002',
      metadata: {},
      outputs: [],
      source: ['const a = 1;\n', '\n', 'a'],
    });
    expect(JSON.parse(text).cells[3].metadata).toEqual({
      tags: ['raises-exception'],
    });
  });

  it('names the kernel', () => {
    const { metadata, nbformat, nbformat_minor } = JSON.parse(text);
    expect({ nbformat, nbformat_minor }).toEqual({
      nbformat: 4,
      nbformat_minor: 5,
    });
    expect(metadata.kernelspec).toEqual({
      display_name: 'TypeScript',
      language: 'typescript',
      name: 'tslab',
    });
    expect(metadata.language_info).toMatchObject({
      name: 'typescript',
      file_extension: '.ts',
    });
  });

  it('has the fields that nbformat 4.5 requires', () => {
    const notebook = JSON.parse(text);
    expect(Object.keys(notebook).sort()).toEqual([
      'cells',
      'metadata',
      'nbformat',
      'nbformat_minor',
    ]);
    for (const cell of notebook.cells) {
      const code = [
        'cell_type',
        'execution_count',
        'id',
        'metadata',
        'outputs',
        'source',
      ];
      const prose = ['cell_type', 'id', 'metadata', 'source'];
      expect(Object.keys(cell).sort()).toEqual(
        cell.cell_type === 'code' ? code : prose,
      );
      expect(cell.id).toMatch(/^[a-zA-Z0-9-_]{1,64}$/);
    }
  });

  const schema = nbformatSchema();
  it.skipIf(schema === null)(
    'is valid by the schema of nbformat 4.5, where that is installed',
    () => {
      // The schema is of draft 4; what it uses means the same to ajv.
      const { $schema, ...rest } = schema as Record<string, unknown>;
      expect($schema).toContain('draft-04');
      const valid = new Ajv({ strict: false, validateSchema: false }).compile(
        rest,
      );
      valid(JSON.parse(text));
      expect(valid.errors).toBeNull();
      valid(JSON.parse(inJupyter((notebook) => delete notebook.cells[0].id)));
      expect(valid.errors).not.toBeNull();
    },
  );
});

/** The schema from a Python package nbformat in the project or beside it. */
function nbformatSchema(): unknown {
  const homes = [
    resolve(__dirname, '../../.venv'),
    process.env.VIRTUAL_ENV ?? '',
  ].filter((home) => home !== '');
  for (const home of homes) {
    const lib = join(home, 'lib');
    for (const python of existsSync(lib) ? readdirSync(lib).sort() : []) {
      const file = join(
        lib,
        python,
        'site-packages/nbformat/v4/nbformat.v4.5.schema.json',
      );
      if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
    }
  }
  return null;
}

describe('compareNotebook(text, woven)', () => {
  it('a fresh notebook is the same', () => {
    expect(compareNotebook(text, cells)).toEqual({ state: 'same' });
  });

  it('one that was run and saved is the same', () => {
    expect(compareNotebook(inJupyter(run), cells)).toEqual({ state: 'same' });
  });

  it('source as one string is the same', () => {
    const joined = inJupyter((notebook) =>
      notebook.cells.forEach(
        (cell: any) => (cell.source = cell.source.join('')),
      ),
    );
    expect(compareNotebook(joined, cells)).toEqual({ state: 'same' });
  });

  const newer = weave(markdown.replace('const a = 1', 'const a = 2'), '10', {
    lines: () => ({ from: 40, to: 62 }),
  });

  it('is stale when the .md moved on, also after a run', () => {
    expect(compareNotebook(text, newer)).toMatchObject({
      state: 'stale',
      cell: { id: '10-002', line: 11 },
    });
    expect(compareNotebook(inJupyter(run), newer)).toMatchObject({
      state: 'stale',
    });
  });

  it('is stale when lines of lib moved under a caption', () => {
    expect(
      compareNotebook(
        text,
        weave(markdown, '10', { lines: () => ({ from: 41, to: 63 }) }),
      ).state,
    ).toBe('stale');
  });

  const edits: [string, (notebook: any) => void][] = [
    [
      'a changed source',
      (notebook) => (notebook.cells[1].source[0] = 'const a = 3;\n'),
    ],
    [
      'a cell put in',
      (notebook) =>
        notebook.cells.splice(1, 0, { ...notebook.cells[1], id: 'zz' }),
    ],
    ['a cell taken out', (notebook) => notebook.cells.pop()],
    ['a tag taken away', (notebook) => (notebook.cells[3].metadata = {})],
    [
      'a cell of another type',
      (notebook) => (notebook.cells[2].cell_type = 'raw'),
    ],
    [
      'no mark of weave and another source',
      (notebook) => {
        delete notebook.metadata.freelist;
        notebook.cells[1].source = ['a'];
      },
    ],
  ];
  it.each(edits)('is edited by %s', (_, change) => {
    expect(compareNotebook(inJupyter(change), cells).state).toBe('edited');
  });

  it('is the same when somebody typed what the .md says now', () => {
    const typed = inJupyter(
      (notebook) => (notebook.cells[1].source[0] = 'const a = 2;\n'),
    );
    expect(compareNotebook(typed, newer).state).toBe('same');
  });

  it.each(['', '<<<<<<< HEAD', '{}', '[]', 'null'])(
    '%j is unreadable',
    (broken) => {
      expect(compareNotebook(broken, cells).state).toBe('unreadable');
    },
  );
});

describe('checkNotebook says what to do', () => {
  const [md, ipynb] = ['notebooks/10-map.md', 'notebooks/10-map.ipynb'];

  it('about a stale one', () => {
    const newer = weave(markdown.replace('slots', 'entries'), '10', {
      lines: () => ({ from: 40, to: 62 }),
    });
    expect(told(checkNotebook(md, ipynb, text, newer))).toEqual([
      `${ipynb} is not woven from ${md} as it is now; they differ from cell 10-001 (${md}:1) on. Run "npm run weave -- 10".`,
    ]);
  });

  it('about an edited one', () => {
    const edited = inJupyter((notebook) =>
      notebook.cells.push({ ...notebook.cells[1], id: 'q', source: ['b'] }),
    );
    expect(told(checkNotebook(md, ipynb, edited, cells))).toEqual([
      `${ipynb} was edited; it differs behind the last cell of ${md}. ` +
        'Take the edit over into the .md, then run "npm run weave -- --force 10", which drops it here.',
    ]);
  });
});
