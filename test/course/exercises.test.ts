// The authors' check: every exercise is a question, and its tests can tell
// an answer from something that only looks like one.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exercises, kinds, type Exercise } from '../../lib/grade/exercises.js';
import { hintsOf } from '../../lib/grade/hints.js';
import { type Grade, grade, type Options } from '../../lib/grade/run.js';
import { exerciseTable } from '../../lib/grade/table.js';

const root = resolve(__dirname, '../..');
const all = exercises(root);
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const places = join(root, '.freelist', 'authors');

/** A project with the same lib and tests, and other answers. */
function place(name: string, answer: (exercise: Exercise) => string): string {
  const dir = join(places, name);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  symlinkSync(join(root, 'lib'), join(dir, 'lib'));
  for (const exercise of all) {
    for (const [file, text] of [
      [exercise.file, answer(exercise)],
      [exercise.test, read(exercise.test)],
    ]) {
      mkdirSync(dirname(join(dir, file)), { recursive: true });
      writeFileSync(join(dir, file), text);
    }
  }
  return dir;
}

const gradeIn = (dir: string, order?: Options['order']): Promise<Grade[]> =>
  grade(all, { root, dir, order, seconds: 30, together: true });

/** Names of those with points other than expected, and what was said. */
const unlike = (grades: Grade[], points: (e: Exercise) => number): string[] =>
  grades
    .filter(({ exercise, earned }) => earned !== points(exercise))
    .map(({ exercise, earned, fault }) =>
      `${exercise.name}: ${earned} points. ${fault ?? ''}`);

/** What the exported functions of a file are called. */
function exportsOf(file: string): string[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022);
  return source.statements
    .filter(ts.isFunctionDeclaration)
    .filter((f) => f.modifiers?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword))
    .map((f) => f.name?.text ?? 'default');
}

/** The starter as it was committed; a student's work is no fault. */
function committed(file: string): string | null {
  try {
    const args = ['show', `HEAD:${file}`];
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio });
  } catch {
    return null; // not committed yet, or no git: the file is what counts
  }
}

function starter(exercise: Exercise): string {
  const text = read(exercise.file);
  const before = committed(exercise.file);
  if (before === null || before === text || process.env.CI === 'true') return text;
  console.log(`${exercise.file} differs from its committed starter: passed over`);
  return before;
}

beforeAll(() => mkdirSync(places, { recursive: true }));
afterAll(() => rmSync(places, { recursive: true, force: true }));

describe('the answers', () => {
  it('a starter earns nothing and says that it is not begun', async () => {
    const grades = await gradeIn(place('starters', starter));
    expect(unlike(grades, () => 0)).toEqual([]);
    const silent = grades.filter(({ fault }) => !fault?.startsWith('not begun'));
    expect(silent.map(({ exercise }) => exercise.name)).toEqual([]);
  }, 120_000);

  it('a solution earns all points, in any order and each test alone', async () => {
    const dir = place('solutions', ({ solution }) => read(solution));
    for (const order of [{ shuffle: 1 }, { alone: true }] as const) {
      expect(unlike(await gradeIn(dir, order), (e) => e.possible)).toEqual([]);
    }
  }, 240_000);

  it.each(['0', '-1', 'null', 'undefined', '[]', 'args[0]'])(
    'a stub that returns %s earns nothing',
    async (value) => {
      const stub = ({ file }: Exercise): string =>
        exportsOf(file)
          .map((name) =>
            `export function ${name}(...args: any[]): any { return ${value}; }`)
          .join('\n');
      const grades = await gradeIn(place(`stub-${value.replace(/\W/g, '_')}`, stub));
      expect(unlike(grades, () => 0)).toEqual([]);
    },
    120_000,
  );

  it('what crosses to a solution is plain data, and not too much (R2, R6)', async () => {
    const counted = (e: Exercise): string => {
      const solution = join(root, e.solution.replace(/\.ts$/, '.js'));
      const guard = join(root, 'test/course/crossing.js');
      const names = exportsOf(e.file);
      return [
        `import { crossing } from '${guard}';`,
        `import * as solution from '${solution}';`,
        ...names.map((n) => `export const ${n} = crossing(solution.${n});`),
      ].join('\n');
    };
    const grades = await gradeIn(place('crossing', counted));
    expect(unlike(grades, (e) => e.possible)).toEqual([]);
  }, 120_000);
});

describe.each(all)('$name', (exercise) => {
  it('has a solution that exports the same functions', () => {
    expect(existsSync(join(root, exercise.solution))).toBe(true);
    expect(exportsOf(exercise.solution).sort()).toEqual(
      exportsOf(exercise.file).sort());
  });

  it('has three hints: where, example, outline, and no code', () => {
    const hints = hintsOf(root, exercise);
    expect(hints.map(({ title }) => title)).toEqual(['Where', 'Example', 'Outline']);
    for (const { text } of hints) {
      expect(text.length).toBeGreaterThan(40);
      expect(text).not.toMatch(/```|=>|;$/m);
    }
  });

  it('is named in its notebook', () => {
    const page = read(`notebooks/${exercise.notebook}.md`);
    const link = `(../exercises/${exercise.name}.ts)`;
    expect(page.includes(link), `a link to ${link}`).toBe(true);
  });

  it('has a kebab-case name, a kind, minutes and points', () => {
    expect(exercise.name).toMatch(/^\d\d-[a-z0-9-]+\/[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(kinds).toContain(exercise.kind);
    expect(exercise.minutes).toBeGreaterThan(0);
    expect(exercise.possible).toBeGreaterThan(0);
  });

  it.each([exercise.file, exercise.solution])('%s exports functions only (R1)', (file) => {
    const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022);
    const others = source.statements.filter((statement) => {
      const modifiers = ts.canHaveModifiers(statement)
        ? (ts.getModifiers(statement) ?? [])
        : [];
      const kinds = modifiers.map(({ kind }) => kind);
      const exported = kinds.includes(ts.SyntaxKind.ExportKeyword);
      const plain =
        ts.isFunctionDeclaration(statement) &&
        statement.asteriskToken === undefined &&
        !kinds.includes(ts.SyntaxKind.DefaultKeyword);
      return (exported && !plain) || ts.isExportDeclaration(statement)
        || ts.isExportAssignment(statement);
    });
    expect(others.map((s) => s.getText(source))).toEqual([]);
    expect(exportsOf(file).length).toBeGreaterThan(0);
  });

  it.each([exercise.file, exercise.solution])('%s imports lib alone (R11)', (file) => {
    expect(importsOf(file).filter((i) => !i.startsWith('../../lib/'))).toEqual([]);
  });

  it('its test imports vitest, fast-check, lib and the exercise alone (R11)', () => {
    const own = `./${exercise.name.split('/')[1]}.js`;
    const strange = importsOf(exercise.test).filter(
      (i) => !['vitest', 'fast-check', own].includes(i) && !i.startsWith('../../lib/'));
    expect(strange).toEqual([]);
  });

  it('uses no clock, no chance and no timer (R12), no shared state (R7)', () => {
    const never =
      /\b(Date|setTimeout|setInterval|performance|Atomics|Intl|WebAssembly|structuredClone)\b|Math\.random/;
    for (const file of [exercise.file, exercise.solution, exercise.test]) {
      expect(code(file)).not.toMatch(never);
    }
    expect(code(exercise.test)).not.toMatch(/\b(before|after)(All|Each)\b/);
  });

  it('knows a panic by its message (R8)', () => {
    expect(code(exercise.test)).not.toMatch(/toThrow(Error)?\(\s*(\)|[A-Z])/);
    expect(code(exercise.test)).not.toMatch(/instanceof Panic/);
  });
});

it('starters and solutions have the same types, checked by the compiler', () => {
  const module = (file: string): string => `../${file.replace(/\.ts$/, '.js')}`;
  const probe = all.map(
    ({ file, solution }, i) => `
      import * as starter${i} from '${module(file)}';
      import * as solution${i} from '${module(solution)}';
      export const there${i}: typeof solution${i} = starter${i};
      export const back${i}: typeof starter${i} = solution${i};`,
  );
  expect(typeErrors(join(root, 'test', 'twins.ts'), probe.join('\n'))).toEqual([]);
}, 60_000);

it('exercises/README.md holds the table that the exercises make', () => {
  expect(read('exercises/README.md')).toContain(exerciseTable(all));
});

it('there are at least eight exercises of at least five kinds', () => {
  expect(all.length).toBeGreaterThanOrEqual(8);
  expect(new Set(all.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(5);
});

/** A file's text without comments and strings. */
function code(file: string): string {
  return ts.transpileModule(read(file), {
    compilerOptions: { removeComments: true, target: ts.ScriptTarget.ES2022 },
  }).outputText.replace(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, "''");
}

/** Modules that a file names, in any form of import. */
function importsOf(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(read(file), true, true);
  return importedFiles.map(({ fileName }) => fileName);
}

/** What strict TypeScript says of a file that exists in memory alone. */
function typeErrors(file: string, text: string): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.readFile = (name) => (name === file ? text : readFile(name));
  host.getSourceFile = (name, ...rest) =>
    name === file
      ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022)
      : getSourceFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map((d) => ts.flattenDiagnosticMessageText(d.messageText, '\n'));
}
