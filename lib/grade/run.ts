// Running the tests of exercises, and coming back whatever they do.
//
// Idea: a student's loop without end blocks every timer in its process, so
// the clock must tick in another. The tests run in a child process group;
// when a file has used up its time the whole group is killed, that file
// gets its sentence, and a new child goes on with the rest.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Exercise, graded } from './exercises.js';

/** How one exercise came out. */
export interface Grade {
  exercise: Exercise;
  earned: number;
  /** What is wrong, for the first test that failed; null if none did. */
  fault: string | null;
}

export interface Options {
  root: string; // the project: lib and node_modules are found from here
  dir?: string; // where exercises/ lies, if not in root
  seconds?: number; // for each file; 20 if not given
  /** Tests shuffled by a seed, or each as if it were the only one. */
  order?: { shuffle: number } | { alone: true };
  /**
   * All files in one process and one run: much faster, for answers that
   * are known to come back and to leave the process alone.
   */
  together?: boolean;
  onDone?: (grade: Grade) => void;
}

/** What the child tells: that a file began, or how it ended. */
type Message =
  | { started: string }
  | {
      file: string;
      tests: { title: string; state: string; message: string | null }[];
      error: string | null;
    };

/** An exercise that has not been touched says so itself. */
const TODO = /^TODO\b/;

/** Grades exercises one after another, in the order given. */
export async function grade(
  exercises: readonly Exercise[],
  options: Options,
): Promise<Grade[]> {
  const grades: Grade[] = [];
  const done = (result: Grade): void => {
    grades.push(result);
    options.onDone?.(result);
  };
  while (grades.length < exercises.length) {
    await runChild(exercises.slice(grades.length), options, done);
  }
  return grades;
}

/**
 * Runs one child as far as it gets: to the end, or to the file on which it
 * hangs or dies. That file is graded too, so each child makes progress.
 */
function runChild(
  exercises: readonly Exercise[],
  { root, dir = root, seconds = 20, order, together }: Options,
  done: (grade: Grade) => void,
): Promise<void> {
  const script = join(__dirname, 'child.mjs');
  const files = exercises.map((exercise) => exercise.test);
  const child = spawn(
    process.execPath,
    [script, dir, JSON.stringify({ ...order, together }), ...files],
    {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  );
  const stop = (): void => killGroup(child);
  process.once('exit', stop);
  return new Promise((resolve) => {
    let next = 0; // the exercise that is running
    let complaint = '';
    let timer: NodeJS.Timeout | undefined;
    let fault: string | null = null;
    child.stderr?.on('data', (text) => (complaint += text));
    const patience = seconds * (together ? exercises.length : 1);
    child.on('message', (message: Message) => {
      clearTimeout(timer);
      if ('started' in message) {
        timer = setTimeout(() => {
          fault =
            `Ran ${patience} seconds without end, and was stopped. ` +
            'Which loop in your function never meets its condition?';
          stop();
        }, patience * 1000);
      } else {
        done(gradeOf(exercises[next++], message));
      }
    });
    child.on('close', () => {
      clearTimeout(timer);
      process.off('exit', stop);
      stop(); // workers that outlived it
      if (next < exercises.length) {
        const died = complaint.trim().split('\n').at(-1) ?? '';
        fault ??= `The tests ended before they were done. ${died}`.trim();
        done({ exercise: exercises[next], earned: 0, fault });
      }
      resolve();
    });
  });
}

/** Kills the child and all that it started. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Points and fault from what the tests of one file said. */
function gradeOf(
  exercise: Exercise,
  { tests, error }: Extract<Message, { file: string }>,
): Grade {
  if (tests.length === 0) {
    const why = error ?? 'its tests could not be loaded';
    const fault = `${exercise.file} cannot be used: ${plain(why)}`;
    return { exercise, earned: 0, fault };
  }
  const points = (title: string): number => graded(title)?.points ?? 0;
  const earned = tests
    .filter(({ state }) => state === 'passed')
    .reduce((sum, { title }) => sum + points(title), 0);
  const failures = tests.filter(({ state }) => state !== 'passed');
  if (failures.length === 0 && error === null) {
    return { exercise, earned, fault: null };
  }
  // Who has points has begun: then what is wrong comes before what is open.
  const wrong = failures.find(({ message }) => !TODO.test(message ?? ''));
  const told = earned > 0 && wrong !== undefined ? wrong : failures[0];
  const fault = plain(told?.message ?? error);
  if (!TODO.test(fault)) return { exercise, earned, fault };
  const state = earned === 0 ? 'not begun' : 'begun';
  return { exercise, earned, fault: `${state} (${fault})` };
}

/** A message without colours and the name of the machine. */
function plain(message: string | null | undefined): string {
  return (message ?? 'failed without a message')
    .replace(/\u001b\[[0-9;]*m/g, '')
    .trimEnd()
    .replace(/^\[vitest-pool\]:.*/s, 'The tests ended before they were done.')
    .replaceAll(join(__dirname, '../..') + '/', '');
}
