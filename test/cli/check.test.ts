// The verbs check and weave: what they print and how they end.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkTypes } from '../../lib/book/compilers.js';
import { pressAll } from '../../lib/book/press.js';
import { report } from '../../lib/cli/check.js';
import {
  contents,
  pageOf,
  project,
  put,
  sample,
  sampleFences,
  samplePath,
  told,
} from '../book/fixture.js';

const root = resolve(__dirname, '../..');
const slow = 120_000;

function freelist(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['lib/cli/bin.mjs', ...args],
    { cwd: root, encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

/** A project in which nothing is wrong, and that compiles. */
function sound(): string {
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2022'],
    types: [],
    module: 'ESNext',
    moduleResolution: 'bundler',
    strict: true,
    noEmit: true,
  };
  const small = '// A map.\nexport interface map {\n  m_size: number;\n}\n';
  const made = project({
    'tsconfig.json': JSON.stringify({ compilerOptions, include: ['lib'] }),
    'lib/bsd/a.ts': small,
    'lib/book/names.json': JSON.stringify({
      'lib/bsd/a.ts': { from: 'V7', names: ['map', 'm_size'] },
    }),
    'notebooks/contents.json': contents(['lib/bsd/a.ts']),
    'notebooks/10-map.md': pageOf([
      `\`\`\`ts lib/bsd/a.ts head\n${small}\`\`\``,
    ]),
  });
  pressAll(made, []);
  return made;
}

describe('freelist check', () => {
  it(
    'says in one line that all is well, and exits 0',
    async () => {
      expect(await report(sound(), [])).toEqual({
        text: 'check (contents, quotes, notebooks, imports, names, types): 0 faults; 1 notebook, 1 quotation, 1 quoted file',
        exit: 0,
      });
    },
    slow,
  );

  it(
    'has one line a fault, in place, and exits 1',
    async () => {
      const made = sound();
      put(
        made,
        'lib/bsd/a.ts',
        "// A map.\nimport { x } from '../linux/x.js';\nexport interface map {\n  m_size: number;\n  m_left: typeof x;\n}\nexport const n: number = 'one';\n",
      );
      put(made, 'lib/linux/x.ts', 'export const x = 1;\n');
      put(made, 'notebooks/10-map.md', '# 10. What is a map?\n\nNothing.\n');
      const { text, exit } = await report(made, []);
      expect(text.split('\n')).toEqual([
        'notebooks/10-map.md quotes nothing of lib/bsd/a.ts, which notebooks/contents.json lists for it. "npm run weave -- --quote lib/bsd/a.ts" prints its fences.',
        'lib/linux/x.ts is read by no notebook. List it in notebooks/contents.json, for a notebook or as unread.',
        'notebooks/10-map.ipynb is not woven from notebooks/10-map.md as it is now; they differ from cell 10-001 (notebooks/10-map.md:1) on. Run "npm run weave -- 10".',
        'lib/bsd/a.ts:2 imports lib/linux/x.ts. bsd imports only sys.',
        'lib/bsd/a.ts:5 names something "m_left", as an original would, and lib/book/names.json does not list it. Write it in camelCase; if an original has it, add it there.',
        "lib/bsd/a.ts:7 is refused by TypeScript: Type 'string' is not assignable to type 'number'. Mend the type (TS2322).",
        'check (contents, quotes, notebooks, imports, names, types): 6 faults; 1 notebook, 0 quotations, 2 quoted files',
      ]);
      expect(exit).toBe(1);
    },
    slow,
  );

  it('looks only at what is asked, and prints JSON on demand', async () => {
    const made = project({
      [samplePath]: sample,
      'notebooks/contents.json': contents([], {
        unread: [samplePath],
        notebooks: [],
      }),
    });
    expect(await report(made, ['quotes'])).toEqual({
      text: `note: ${samplePath} waits for its notebook (unread)\ncheck (quotes): 0 faults; 0 notebooks, 0 quotations, 1 quoted file`,
      exit: 0,
    });
    put(made, 'lib/linux/b.ts', "import '../bsd/sample.js';\n");
    const { text, exit } = await report(made, ['imports'], true);
    expect(JSON.parse(text)).toEqual({
      faults: [
        {
          place: 'lib/linux/b.ts:1',
          fact: `imports ${samplePath}`,
          remedy: 'linux imports only sys.',
        },
      ],
      unread: [samplePath],
    });
    expect(exit).toBe(1);
  });

  it('names the first line that departs, as an author sees it', async () => {
    const page = pageOf(sampleFences()).replace(
      'return size - STEP',
      'return size + STEP',
    );
    const made = project({
      [samplePath]: sample,
      'notebooks/10-map.md': page,
      'notebooks/contents.json': contents([samplePath]),
    });
    const line = (text: string, start: string): number =>
      text.split('\n').findIndex((one) => one.startsWith(start)) + 1;
    expect((await report(made, ['quotes'])).text.split('\n')[0]).toBe(
      `notebooks/10-map.md:${line(page, '  return size + STEP')} departs from ${samplePath}:${line(sample, '  return size - STEP')} (give). ` +
        'Run "npm run weave" and read the diff.',
    );
  });
});

describe('checkTypes(root)', () => {
  it(
    "tells what only tslab's older TypeScript refuses",
    async () => {
      const made = sound();
      put(
        made,
        'lib/sys/b.ts',
        'export const same = <T>(a: T, b: NoInfer<T>) => a === b;\n',
      );
      put(
        made,
        'lib/cli/c.ts',
        'export const same = <T>(a: T, b: NoInfer<T>) => a === b;\n',
      );
      expect(told(await checkTypes(made))).toEqual([
        "lib/sys/b.ts:1 is refused by tslab's TypeScript: Cannot find name 'NoInfer'. Mend the type (TS2304).",
      ]);
    },
    slow,
  );

  it(
    'says when the project cannot be compiled at all',
    async () => {
      const made = sound();
      put(made, 'tsconfig.json', '{ "include": ["nowhere"] }');
      expect(told(await checkTypes(made))).toEqual([
        expect.stringMatching(
          /^tsconfig\.json is refused by TypeScript: No inputs were found/,
        ),
      ]);
    },
    slow,
  );
});

describe('npx freelist', () => {
  it(
    'check imports, on this project',
    () => {
      expect(freelist('check', 'imports')).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(/^check \(imports\): 0 faults; .*\n$/),
      });
    },
    slow,
  );

  it(
    'check of something it does not know exits 2',
    () => {
      expect(freelist('check', 'spelling')).toMatchObject({
        status: 2,
        stdout: '',
        stderr: expect.stringContaining('contents, quotes'),
      });
    },
    slow,
  );

  it(
    'weave --quote prints fences; of no file, exits 2',
    () => {
      expect(freelist('weave', '--quote', 'lib/sys/reboot.ts').stdout).toMatch(
        /^```ts lib\/sys\/reboot.ts head\n/,
      );
      expect(freelist('weave', '--quote', 'lib/sys/none.ts')).toEqual({
        status: 2,
        stdout: '',
        stderr:
          'freelist: lib/sys/none.ts is no file of lib. Name one as in "lib/bsd/malloc.ts".\n',
      });
    },
    slow,
  );

  it(
    'weave of an unknown notebook exits 2, without a stack',
    () => {
      const { status, stderr } = freelist('weave', '98');
      expect(status).toBe(2);
      expect(stderr).toMatch(
        /^freelist: notebooks\/contents\.json has no notebook 98\. There are 00, .*\.\n$/,
      );
    },
    slow,
  );
});
