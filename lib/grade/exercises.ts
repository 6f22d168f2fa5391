// Which exercises there are, and what is written about them.
//
// Everything is kept in one place each: title, kind and minutes in the
// first lines of the starter, points in the titles of its tests, hints in
// the file beside it. Idea: what is written twice will differ some day, so
// lists and tables are made from these and never typed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Something in `exercises/` is not as it must be: exit 2. */
export class ExerciseFault extends Error {
  readonly exit = 2;
}

/** How an exercise is answered. */
export const kinds = [
  'predict', // values
  'trace', // the state after each operation
  'order', // lines put in order
  'bug', // the shortest failing list, then the repair
  'change', // a function
  'choose', // a policy for a load
  'design', // code held by properties
] as const;

export type Kind = (typeof kinds)[number];

/** One graded test. Its title ends in "[n points]". */
export interface Graded {
  title: string; // without the points
  points: number;
}

export interface Exercise {
  name: string; // "10-first-fit-map/best-fit"
  notebook: string; // "10-first-fit-map"
  title: string;
  kind: Kind;
  minutes: number;
  tests: Graded[];
  possible: number; // points in all
  file: string; // what the student edits, from the project root
  test: string;
  hints: string;
  solution: string;
}

/** Splits "… [2 points]". @returns null when a title carries no points */
export function graded(title: string): Graded | null {
  const match = /^(.*\S)\s*\[(\d+) points?\]$/s.exec(title);
  return match === null ? null : { title: match[1], points: Number(match[2]) };
}

/** The titles of the tests in a file, in order: it('…', …), test('…', …). */
export function testTitles(source: string): string[] {
  const file = ts.createSourceFile('x.ts', source, ts.ScriptTarget.ES2022);
  const titles: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
      const [first] = node.arguments;
      const named = ['it', 'test'].includes(node.expression.text);
      if (named && first !== undefined && ts.isStringLiteralLike(first)) {
        titles.push(first.text);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return titles;
}

/** Title, kind and minutes from the first two lines of a starter. */
function head(file: string, source: string) {
  const [first, second] = source.split('\n');
  const title = /^\/\/ (.+)\.$/.exec(first ?? '')?.[1];
  const facts = /^\/\/ Kind: (\w+)\. Minutes: (\d+)\.$/.exec(second ?? '');
  const kind = kinds.find((known) => known === facts?.[1]);
  if (title === undefined || facts === null || kind === undefined) {
    throw new ExerciseFault(
      `${file}:1: an exercise begins "// Title." and ` +
        `"// Kind: ${kinds.join('|')}. Minutes: 15."`,
    );
  }
  return { title, kind, minutes: Number(facts[2]) };
}

/** One exercise, from its starter's place. */
function read(root: string, notebook: string, base: string): Exercise {
  const file = join('exercises', notebook, `${base}.ts`);
  const test = join('exercises', notebook, `${base}.test.ts`);
  if (!existsSync(join(root, test))) {
    throw new ExerciseFault(`${file}: has no test beside it (${test})`);
  }
  const facts = head(file, readFileSync(join(root, file), 'utf8'));
  const tests = testTitles(readFileSync(join(root, test), 'utf8')).map((t) => {
    const found = graded(t);
    if (found === null) {
      throw new ExerciseFault(`${test}: "${t}" must end in "[n points]"`);
    }
    return found;
  });
  return {
    name: `${notebook}/${base}`,
    notebook,
    ...facts,
    tests,
    possible: tests.reduce((sum, { points }) => sum + points, 0),
    file,
    test,
    hints: join('exercises', notebook, `${base}.hints.md`),
    solution: join('solutions', notebook, `${base}.ts`),
  };
}

/** The folders of exercises, in the order of the notebooks. */
function folders(root: string): string[] {
  const dir = join(root, 'exercises');
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/**
 * All exercises: by notebook, and in a notebook from easy to open, which
 * is the order of kinds, then by name.
 * @param only two digits of a notebook, its folder, or a full name
 * @throws ExerciseFault when `only` names none
 */
export function exercises(root: string, only?: string): Exercise[] {
  const all = folders(root).flatMap((notebook) =>
    readdirSync(join(root, 'exercises', notebook))
      .filter((name) => /^[a-z0-9-]+\.ts$/.test(name))
      .map((name) => read(root, notebook, name.slice(0, -'.ts'.length)))
      .sort(byKind),
  );
  if (only === undefined) return all;
  const chosen = all.filter(
    ({ name, notebook }) =>
      name === only || notebook === only || notebook.startsWith(`${only}-`),
  );
  if (chosen.length === 0) {
    const known = [...new Set(all.map(({ notebook }) => notebook))].join(', ');
    throw new ExerciseFault(
      `there are no exercises for "${only}" (there are some for ${known})`,
    );
  }
  return chosen;
}

function byKind(a: Exercise, b: Exercise): number {
  const order = kinds.indexOf(a.kind) - kinds.indexOf(b.kind);
  return order !== 0 ? order : a.name < b.name ? -1 : 1;
}
