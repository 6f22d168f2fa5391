// `weave` on disk: quotations follow lib, and no edit is lost unseen.
import { describe, expect, it } from 'vitest';
import { checkQuotes, loadBook } from '../../lib/book/book.js';
import { check } from '../../lib/book/check.js';
import { fencesFor, pressAll } from '../../lib/book/press.js';
import {
  contents,
  get,
  pageOf,
  project,
  put,
  sample,
  sampleFences,
  samplePath,
  told,
} from './fixture.js';

const md = 'notebooks/10-map.md';
const ipynb = 'notebooks/10-map.ipynb';
const files = {
  [samplePath]: sample,
  [md]: pageOf(sampleFences()),
  'notebooks/contents.json': contents([samplePath]),
};
const quotes = (root: string): string[] => told(checkQuotes(loadBook(root)));

describe('pressAll(root)', () => {
  it('weaves, and check then finds nothing', async () => {
    const root = project(files);
    expect(pressAll(root, [])).toMatchObject({
      faults: [],
      done: [{ md, ipynb, quotations: 8, refreshed: [], written: true }],
    });
    const { faults } = await check(root, ['contents', 'quotes', 'notebooks']);
    expect(told(faults)).toEqual([]);
    expect(get(root, md)).toBe(files[md]);
    expect(get(root, ipynb)).toContain(
      '*`lib/bsd/sample.ts` · `LIMIT` · lines 7–9*',
    );
  });

  it('a second time changes no byte', () => {
    const root = project(files);
    pressAll(root, []);
    const first = get(root, ipynb);
    expect(pressAll(root, []).done).toMatchObject([
      { written: false, refreshed: [] },
    ]);
    expect(get(root, ipynb)).toBe(first);
  });

  it('drops the outputs of a notebook that was run', () => {
    const root = project(files);
    put(root, md, `${files[md]}\n\`\`\`typescript\n1\n\`\`\`\n`);
    pressAll(root, []);
    const notebook = JSON.parse(get(root, ipynb));
    notebook.cells
      .at(-1)
      .outputs.push({ name: 'stdout', output_type: 'stream', text: ['1\n'] });
    const clean = get(root, ipynb);
    put(root, ipynb, JSON.stringify(notebook));
    expect(pressAll(root, ['10']).faults).toEqual([]);
    expect(get(root, ipynb)).toBe(clean);
  });

  it('refuses a notebook whose sources were edited, except by force', () => {
    const root = project(files);
    pressAll(root, []);
    const clean = get(root, ipynb);
    const notebook = JSON.parse(clean);
    notebook.cells[0].source = ['Mine.'];
    const edited = JSON.stringify(notebook);
    put(root, ipynb, edited);
    put(root, samplePath, sample.replace('LIMIT = 50', 'LIMIT = 51'));
    expect(told(pressAll(root, []).faults)).toEqual([
      `${ipynb} has cells that were edited by hand, so it was left as it is. Take the edits over into ${md}, ` +
        'then run "npm run weave -- --force 10", which drops them here.',
    ]);
    expect([get(root, ipynb), get(root, md)]).toEqual([edited, files[md]]);
    expect(pressAll(root, [], true).faults).toEqual([]);
    const cells = (text: string): unknown => JSON.parse(text).cells;
    expect(cells(get(root, ipynb))).toEqual(
      cells(clean.replace('LIMIT = 50', 'LIMIT = 51')),
    );
    expect(get(root, md)).toBe(files[md].replace('LIMIT = 50', 'LIMIT = 51'));
  });

  it('refuses what is no notebook', () => {
    const root = project({ ...files, [ipynb]: '<<<<<<< HEAD\n' });
    expect(told(pressAll(root, []).faults)).toEqual([
      expect.stringContaining(
        `${ipynb} cannot be read, so it was left as it is.`,
      ),
    ]);
    expect(get(root, ipynb)).toBe('<<<<<<< HEAD\n');
  });

  it('says which source is missing, and weaves the others', () => {
    const two = JSON.parse(contents([samplePath]));
    two.notebooks.push({
      nn: '11',
      slug: 'more',
      title: 'More?',
      files: [],
      minutes: 5,
    });
    const root = project({
      ...files,
      'notebooks/contents.json': JSON.stringify(two),
    });
    const { done, faults } = pressAll(root, []);
    expect(done.map((one) => one.md)).toEqual([md]);
    expect(told(faults)).toEqual([
      'notebooks/11-more.md is not there. Write it, or take notebook 11 out of notebooks/contents.json.',
    ]);
  });

  it('knows no notebook 77', () => {
    expect(() => pressAll(project(files), ['77'])).toThrow(
      'notebooks/contents.json has no notebook 77. There are 10.',
    );
  });
});

describe('quotations follow lib', () => {
  /** The page woven anew after lib has changed. */
  function after(change: (text: string) => string) {
    const root = project(files);
    pressAll(root, []);
    put(root, samplePath, change(sample));
    const { done, faults } = pressAll(root, []);
    return {
      root,
      page: get(root, md),
      refreshed: done.flatMap((one) => one.refreshed.map(({ name }) => name)),
      faults: told(faults),
    };
  }

  it('a changed line is taken over, and nothing else', () => {
    const { root, page, refreshed } = after((text) =>
      text.replace('LIMIT = 50', 'LIMIT = 60'),
    );
    expect(refreshed).toEqual(['LIMIT']);
    expect(page).toBe(files[md].replace('LIMIT = 50', 'LIMIT = 60'));
    expect(quotes(root)).toEqual([]);
  });

  it('an import that is added belongs to the head', () => {
    const { root, page } = after((text) =>
      text.replace(
        'import type { map }',
        "import { wakeup } from '../sys/slp.js';\nimport type { map }",
      ),
    );
    expect(page).toContain("import { wakeup } from '../sys/slp.js';");
    expect(quotes(root)).toEqual([]);
  });

  it('a call that stands with a variable stays with it', () => {
    const { root, page } = after((text) =>
      text.replace('\nreset();\n', '\nreset(); // at boot\n'),
    );
    expect(page).toContain('reset(); // at boot');
    expect(quotes(root)).toEqual([]);
  });

  it('a function that is new is left to the check', () => {
    const { root, refreshed } = after((text) =>
      text.replace(
        '/** Gives',
        '/** New. */\nexport const fresh = 1;\n\n/** Gives',
      ),
    );
    expect(refreshed).toEqual([]);
    expect(quotes(root)).toEqual([
      expect.stringMatching(/\(fresh\) is quoted nowhere/),
    ]);
  });

  it('parts are cut where they were, when the statement has grown', () => {
    const cut = (page: string): string => /walk 2\/2\n(.*)\n/.exec(page)![1];
    const { root, page, refreshed } = after((text) =>
      text.replace(
        '  // Step 2.',
        '  // More.\n  half();\n  half();\n  half();\n\n  // Step 2.',
      ),
    );
    expect(refreshed).toEqual(['walk']);
    expect(cut(page)).toBe(cut(files[md]));
    expect(page).toContain('  half();\n');
    expect(quotes(root)).toEqual([
      expect.stringContaining('more than 40. It may be cut'),
    ]);
  });

  it('parts are cut at another blank line, when theirs is gone', () => {
    const first = /walk 2\/2\n(.*)\n/.exec(files[md])![1];
    const { root, page } = after((text) =>
      text.replace(`\n\n${first}`, '\n  // no blank line here'),
    );
    expect(page).toContain('// no blank line here');
    // All of it is there, in parts of 32 and 42 lines.
    expect(quotes(root)).toEqual([expect.stringContaining('quotes 42 lines')]);
  });

  it('parts that have become too many are said, and left', () => {
    const short =
      '/** Does much. */\nexport function walk(mp: number): void {}\n';
    const { page, faults } = after((text) =>
      text.replace(/\/\*\* Does much[^]*?\n}\n/, short),
    );
    expect(page).toBe(files[md]);
    expect(faults).toEqual([
      expect.stringContaining(
        `cuts "walk" into 2 parts; ${samplePath} has no room for 1 cuts there. Mend it by hand; nothing was changed.`,
      ),
    ]);
  });

  it('a symbol that vanished is said, and nothing is changed', () => {
    const { page, faults } = after((text) =>
      text.replaceAll('take', 'grab').replace('LIMIT = 50', 'LIMIT = 1'),
    );
    expect(page).toBe(files[md]);
    const line =
      files[md].split('\n').indexOf(`\`\`\`ts ${samplePath} take`) + 1;
    expect(faults).toEqual([
      `${md}:${line} quotes "take" of ${samplePath}, which declares no such name. ` +
        `Mend it by hand; nothing was changed. "npm run weave -- --quote ${samplePath}" prints the fences.`,
    ]);
  });

  it('an empty fence, or one with a new name, is filled', () => {
    const page = pageOf(sampleFences()).replace(
      /```ts lib\/bsd\/sample.ts take\n[^]*?\n```/,
      `\`\`\`ts ${samplePath} take\n\`\`\``,
    );
    const root = project({ ...files, [md]: page });
    expect(quotes(root)).toHaveLength(1);
    pressAll(root, []);
    expect(get(root, md)).toBe(files[md]);
    put(
      root,
      md,
      files[md].replace(`${samplePath} give`, `${samplePath} take`),
    );
    pressAll(root, []);
    expect(get(root, md).match(/export function take/g)).toHaveLength(2);
  });

  it('a file that lies in two notebooks is one file', () => {
    const fences = sampleFences();
    const two = JSON.parse(contents([samplePath]));
    two.notebooks.push({
      nn: '11',
      slug: 'more',
      title: 'More?',
      files: [samplePath],
      minutes: 5,
    });
    const root = project({
      [samplePath]: sample,
      [md]: pageOf(fences.slice(0, 6)),
      'notebooks/11-more.md': pageOf(fences.slice(6), '11. More?'),
      'notebooks/contents.json': JSON.stringify(two),
    });
    expect(quotes(root)).toEqual([]);
    put(
      root,
      samplePath,
      sample
        .replace('  use(a9', '  reuse(a9')
        .replace('LIMIT = 50', 'LIMIT = 5'),
    );
    expect(pressAll(root, ['11']).done.map((one) => one.md)).toEqual([
      'notebooks/11-more.md',
    ]);
    expect(get(root, 'notebooks/11-more.md')).toContain('  reuse(a9');
    expect(get(root, md)).toBe(pageOf(fences.slice(0, 6)));
    pressAll(root, []);
    expect(quotes(root)).toEqual([]);
  });
});

describe('fencesFor(root, path)', () => {
  it('prints what check then accepts', () => {
    const root = project(files);
    expect(fencesFor(root, samplePath)).toBe(sampleFences().join('\n\n'));
  });

  it.each(['lib/bsd/none.ts', '../x.ts', 'notebooks/10-map.md'])(
    'refuses %s',
    (path) => {
      expect(() => fencesFor(project(files), path)).toThrow(
        `${path} is no file of lib.`,
      );
    },
  );
});
