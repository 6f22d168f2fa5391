// freelist grade: one's own points, and what to do next.
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { type Exercise, ExerciseFault, exercises } from '../grade/exercises.js';
import { nextHint } from '../grade/hints.js';
import { type Grade, grade } from '../grade/run.js';
import { startBar } from './progress.js';

interface Flags {
  hint?: string;
  json?: boolean;
  strict?: boolean;
  seconds: number;
}

const root = resolve(__dirname, '../..');

export function register(program: Command): void {
  program
    .command('grade')
    .argument('[NN]', 'the exercises of one notebook, or one by its name')
    .description('grade your exercises, and say what comes next')
    .option('--hint <name>', 'the next hint for an exercise, one level a call')
    .option('--json', 'one line of JSON, alone on standard output')
    .option('--strict', 'exit 1 when points are missing')
    .option('--seconds <n>', 'time for each exercise', seconds, 20)
    .addHelpText(
      'after',
      '\nExit codes: 0 graded, 1 points are missing (with --strict), 2 wrong use.',
    )
    .action(run);
}

function seconds(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('it takes a number of seconds above 0.');
}

async function run(only: string | undefined, flags: Flags): Promise<void> {
  if (flags.hint !== undefined) return hint(flags.hint);
  const chosen = exercises(root, only);
  const format = '{bar} {value}/{total} {name}';
  const bar = startBar(format, chosen.length, { name: '' });
  const grades = await grade(chosen, {
    root,
    seconds: flags.seconds,
    onDone: ({ exercise }) => bar?.increment({ name: exercise.name }),
  });
  bar?.stop();
  console.log(flags.json ? asJson(grades) : report(grades).join('\n'));
  const missing = grades.some(({ earned, exercise }) => earned < exercise.possible);
  process.exitCode = flags.strict && missing ? 1 : 0;
}

/** The exercise that a name means: in full, or its last part if unique. */
function named(name: string): Exercise {
  const all = exercises(root);
  const found = all.filter((e) => e.name === name || e.name.endsWith(`/${name}`));
  if (found.length === 1) return found[0];
  const fact = found.length === 0 ? 'no exercise' : 'more than one exercise';
  const list = (found.length === 0 ? all : found).map((e) => e.name).join('\n  ');
  throw new ExerciseFault(`${fact} is called "${name}". There are:\n  ${list}`);
}

function hint(name: string): void {
  const exercise = named(name);
  const { level, title, text } = nextHint(root, exercise);
  console.log(`${exercise.name}, hint ${level} of 3: ${title}\n\n${text}`);
}

function sums(grades: readonly Grade[]) {
  const earned = grades.reduce((sum, g) => sum + g.earned, 0);
  const possible = grades.reduce((sum, g) => sum + g.exercise.possible, 0);
  return { earned, possible };
}

function asJson(grades: readonly Grade[]): string {
  return JSON.stringify({
    ...sums(grades),
    exercises: grades.map(({ exercise, earned, fault }) => ({
      name: exercise.name,
      earned,
      possible: exercise.possible,
      fault,
    })),
  });
}

/** A line an exercise, what is wrong with those begun, the sum, the next. */
function report(grades: readonly Grade[]): string[] {
  const width = Math.max(...grades.map(({ exercise }) => exercise.name.length));
  const lines = grades.flatMap(({ exercise, earned, fault }) => {
    const points = `${earned}/${exercise.possible}`.padStart(7);
    const begun = fault !== null && !fault.startsWith('not begun');
    const state = fault === null ? 'done' : begun ? '' : 'not begun';
    const line = `${exercise.name.padEnd(width)} ${points}  ${state}`.trimEnd();
    const detail = begun ? fault.split('\n').map((l) => `    ${l}`) : [];
    return [line, ...detail];
  });
  const { earned, possible } = sums(grades);
  return [...lines, '', `${earned} of ${possible} points.`, ...next(grades)];
}

/** The first exercise that lacks points. */
function next(grades: readonly Grade[]): string[] {
  const open = grades.find(({ earned, exercise }) => earned < exercise.possible);
  if (open === undefined) return ['All points earned.'];
  const { name, title, file, minutes } = open.exercise;
  return [
    `Next: ${title} (${file}, about ${minutes} minutes).`,
    `A hint: npx freelist grade --hint ${name}`,
  ];
}
