// freelist grade: points and sentences, whatever an answer does.
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exercises, type Exercise } from '../../lib/grade/exercises.js';
import { type Grade, grade } from '../../lib/grade/run.js';

const root = resolve(__dirname, '../..');
const places = join(root, '.freelist', `grade-test-${process.pid}`);
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const named = (name: string): Exercise => exercises(root, name)[0];

const giveBack = named('10-first-fit-map/give-back');
const solved = read(giveBack.solution);

/** The solution with one change, which must be one. */
function changed(from: string | RegExp, to: string): string {
  const text = solved.replace(from, to);
  if (text === solved) throw new Error(`nothing to change: ${from}`);
  return text;
}

/** An answer with this body. */
const withBody = (body: string): string => [
  "import { type map } from '../../lib/bsd/malloc.js';",
  'export function mfree(mp: map[], size: number, addr: number): void {',
  body,
  '}',
].join('\n');

/**
 * Grades several answers to an exercise, each in a folder of its own, by
 * one child after another, as the verb does it.
 */
async function gradeAll(
  answers: Record<string, string>,
  seconds = 20,
): Promise<Record<string, Grade>> {
  const labels = Object.keys(answers);
  const list = labels.map((label): Exercise => {
    const dir = join(places, label);
    mkdirSync(dir, { recursive: true });
    symlinkSync(join(root, 'lib'), join(dir, 'lib'));
    for (const [file, text] of [
      [giveBack.file, answers[label]],
      [giveBack.test, read(giveBack.test)],
    ]) {
      mkdirSync(dirname(join(dir, file)), { recursive: true });
      writeFileSync(join(dir, file), text);
    }
    return { ...giveBack, test: join(label, giveBack.test) };
  });
  const grades = await grade(list, { root, dir: places, seconds });
  return Object.fromEntries(grades.map((g, i) => [labels[i], g]));
}

beforeAll(() => mkdirSync(places, { recursive: true }));
afterAll(() => rmSync(places, { recursive: true, force: true }));

describe('answers', () => {
  let grades: Record<string, Grade>;
  const fault = (label: string): string => grades[label].fault ?? 'no fault';

  beforeAll(async () => {
    grades = await gradeAll({
      right: solved,
      starter: withBody("  throw new Error('TODO: free it');"),
      'never-joins': changed(/touches(Below|Above)( =\s+)/g, 'touches$1$2false && '),
      'forgets-above': changed('if (touchesBelow && touchesAbove)', 'if (false)'),
      'does-not-move': changed(/for \(let i = delimiter.*/, ''),
      later: changed('let bp = 0;', "let bp = 0; Promise.reject('later');"),
      'right-after-it': solved,
      syntax: withBody('  if (size === 0 { return; }'),
      unknown: withBody('  nowhere(mp);'),
      exit: withBody('  process.exit(0);'),
      throws: withBody("  throw 'no idea';"),
      'bad-import': `import '../../lib/bsd/nowhere.js';\n${solved}`,
    });
  }, 60_000);

  it('a right answer earns all points and has no fault', () => {
    expect(grades.right).toMatchObject({ earned: giveBack.possible, fault: null });
  });

  it('an untouched one earns nothing and says that it is not begun', () => {
    expect(grades.starter.earned).toBe(0);
    expect(fault('starter')).toBe('not begun (TODO: free it)');
  });

  it('three mistakes in mfree get three sentences about three beliefs', () => {
    expect(fault('never-joins')).toContain(
      'Pieces that touch must become one entry (invariant 2).');
    expect(fault('forgets-above')).toContain(
      'after joining below, look above (invariant 2).');
    expect(fault('does-not-move')).toContain(
      'An entry is overwritten: move it and all that follow one slot up first.');
  });

  it.each(['never-joins', 'forgets-above', 'does-not-move'])(
    '%s keeps what it has earned, and is told call, yours, its and the map',
    (label) => {
      expect(grades[label].earned).toBeGreaterThan(0);
      expect(grades[label].earned).toBeLessThan(giveBack.possible);
      expect(fault(label)).toMatch(
        /^entries\(mp\) after mfree\(mp, \d+, \d+\).*: you have \[.*\], it is \[.*\]\.$/m);
      expect(fault(label)).toMatch(/^ +before [=.]+\n +yours +[=.]+\n +it is +[=.]+$/m);
    },
  );

  it('a rejected promise is the fault of the answer that made it', () => {
    expect(fault('later')).toContain('later');
    expect(grades['right-after-it']).toMatchObject(
      { earned: giveBack.possible, fault: null });
  });

  it('a syntax error is shown with its line', () => {
    expect(fault('syntax')).toContain(`${giveBack.file} cannot be used`);
    expect(fault('syntax')).toContain('if (size === 0 { return; }');
  });

  it('an error inside the answer is told with the call that met it', () => {
    expect(fault('unknown')).toBe(
      'mfree(mp, 4, 20): stopped by ReferenceError: nowhere is not defined.');
    expect(fault('throws')).toContain('mfree(mp, 4, 20): stopped by');
    expect(fault('exit')).toMatch(/^mfree\(mp, 4, 20\): stopped by .*process\.exit/);
  });

  it('a module that is not there is named', () => {
    expect(fault('bad-import')).toContain('lib/bsd/nowhere.js');
  });

  it('no fault shows a stack trace, colours or where the project lies', () => {
    for (const { fault } of Object.values(grades)) {
      expect(fault ?? '').not.toMatch(/^\s+at \S/m);
      expect(fault ?? '').not.toContain('\u001b');
      expect(fault ?? '').not.toContain(root);
    }
  });
});

it('a loop without end is stopped, said to be one, and the rest is graded', async () => {
  const grades = await gradeAll({
    hangs: withBody('  for (;;);'),
    'after-it': solved,
    dies: withBody("  process.kill(process.pid, 'SIGKILL');"),
    'after-all': solved,
  }, 5);
  expect(grades.hangs).toMatchObject({ earned: 0 });
  expect(grades.hangs.fault).toMatch(/^Ran 5 seconds without end.* loop .*\?$/);
  expect(grades['after-it'].earned).toBe(giveBack.possible);
  expect(grades.dies).toMatchObject(
    { earned: 0, fault: 'The tests ended before they were done.' });
  expect(grades['after-all'].earned).toBe(giveBack.possible);
}, 60_000);

interface Result { code: number; out: string; err: string }

/** Runs the verb as a user does, on the project itself. */
function run(...args: string[]): Promise<Result> {
  const script = join(root, 'lib/cli/bin.mjs');
  return new Promise((done) => {
    execFile(process.execPath, [script, 'grade', ...args], (error, out, err) =>
      done({ code: Number(error?.code ?? 0), out, err }));
  });
}

/** Runs f with these hints given, and puts back what was there before. */
async function remembering(
  levels: Record<string, number>,
  f: (memory: string) => Promise<void>,
): Promise<void> {
  const memory = join(root, '.freelist', 'hints.json');
  mkdirSync(dirname(memory), { recursive: true });
  const before = existsSync(memory) ? readFileSync(memory, 'utf8') : null;
  try {
    writeFileSync(memory, JSON.stringify(levels));
    await f(memory);
  } finally {
    if (before === null) rmSync(memory, { force: true });
    else writeFileSync(memory, before);
  }
}

describe('the command', () => {
  it('grade 01 --json --strict prints one line and exits by the points', async () => {
    const { code, out, err } = await run('01', '--json', '--strict');
    expect(err).toBe('');
    expect(out.trimEnd().split('\n')).toHaveLength(1);
    const result = JSON.parse(out);
    expect(Object.keys(result)).toEqual(['earned', 'possible', 'exercises']);
    const all = exercises(root, '01');
    expect(result.possible).toBe(all.reduce((sum, e) => sum + e.possible, 0));
    expect(result.exercises.map((e: { name: string }) => e.name)).toEqual(
      all.map(({ name }) => name));
    for (const e of result.exercises) {
      expect(Object.keys(e)).toEqual(['name', 'earned', 'possible', 'fault']);
      expect(e.fault === null).toBe(e.earned === e.possible);
    }
    expect(code).toBe(result.earned < result.possible ? 1 : 0);
  }, 30_000);

  it('grade 02 says the sum and what comes next, and exits 0', async () => {
    const { code, out } = await run('02');
    expect(code).toBe(0);
    const [, earned] = /^(\d+) of 7 points\.$/m.exec(out) ?? [];
    expect(out).toContain(earned === '7'
      ? 'All points earned.'
      : 'Next: Zero or panic (exercises/02-panic/zero-or-panic.ts');
  }, 30_000);

  it.each([
    [['98'], 'there are no exercises for "98"'],
    [['--hint', 'nobody'], 'no exercise is called "nobody"'],
    [['--seconds', '0'], 'it takes a number of seconds above 0'],
    [['--fast'], "unknown option '--fast'"],
  ])('grade %j is wrong use: exit 2, a sentence, no stack trace', async (args, says) => {
    const { code, out, err } = await run(...args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(says);
    expect(err).not.toMatch(/^\s+at \S/m);
  }, 30_000);

  it('--hint gives the first level to who had none', async () => {
    await remembering({}, async () => {
      const { code, out } = await run('--hint', 'give-back');
      expect([code, out.split('\n')[0]]).toEqual(
        [0, `${giveBack.name}, hint 1 of 3: Where`]);
    });
  }, 30_000);

  it('--hint gives the next level with each call, and the last one again', async () => {
    await remembering({ [giveBack.name]: 1, other: 2 }, async (memory) => {
      const hints: string[] = [];
      for (const name of ['give-back', giveBack.name, 'give-back']) {
        const { out } = await run('--hint', name);
        hints.push(out.split('\n')[0]);
      }
      expect(hints).toEqual(
        ['2 of 3: Example', '3 of 3: Outline', '3 of 3: Outline']
          .map((hint) => `${giveBack.name}, hint ${hint}`));
      expect(JSON.parse(readFileSync(memory, 'utf8'))).toEqual(
        { [giveBack.name]: 3, other: 2 });
    });
  }, 60_000);
});
