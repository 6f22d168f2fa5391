import { it } from 'vitest';
import { attempt, Finding, judge, write, type Belief } from '../../lib/grade/judge.js';
import { reboot } from '../../lib/sys/reboot.js';
import { sleep, wakeup } from '../../lib/sys/slp.js';
import { Deadlock, run, thread, threadLog } from '../../lib/sys/threads.js';
import { trace } from './who-goes-on.js';

type Name = keyof ReturnType<typeof trace>;
type Do =
  | ['take', number] | ['give', number] | ['sleep', string] | ['wakeup', string];

/** What the threads A, B … of each program do. */
const programs: Record<Name, Do[][]> = {
  twice: [[['take', 2]], [['give', 1]], [['give', 1]]],
  nested: [[['take', 1]], [['take', 2]], [['give', 3]]],
  taken: [
    [['take', 2]], [['give', 2], ['take', 1]], [['take', 2]], [['give', 3]],
  ],
  buried: [[['take', 1]], [['take', 3]], [['give', 1]], [['take', 1]]],
  lost: [[['wakeup', 'door']], [['sleep', 'door']], [['wakeup', 'window']]],
};

/** What happened, and how many units were free after each event. */
interface Run { log: string[]; free: number[] }

function runOf(name: Name): Run {
  reboot();
  let free = 0;
  const after: number[] = []; // free units, noted when an event is seen
  const note = (): void => {
    while (after.length < threadLog().length) after.push(free);
  };
  const act = ([what, on]: Do): void => {
    if (what === 'sleep') sleep(on);
    else if (what === 'wakeup') wakeup(on);
    else if (what === 'give') {
      free += on;
      wakeup('space');
    } else {
      note();
      while (free < on) {
        sleep('space');
        note();
      }
      free -= on;
    }
  };
  programs[name].forEach((todo, i) =>
    thread('ABCD'[i], () => {
      note();
      todo.forEach(act);
    }));
  const end: string[] = [];
  try {
    run();
  } catch (error) {
    if (!(error instanceof Deadlock)) throw error;
    end.push('deadlock');
  }
  note();
  const log = threadLog().map(([who, did]) => `${who} ${did}`);
  return { log: [...log, ...end], free: after };
}

/** The threads that have started and not ended, bottom first. */
function stackOf(log: readonly string[]): string[] {
  const stack: string[] = [];
  for (const event of log) {
    const [who, did] = event.split(' ');
    if (did === 'runs') stack.push(who);
    if (did === 'ends') stack.pop();
  }
  return stack;
}

/** The log so far, each thread to the right of the one it lies on. */
const draw = (log: readonly string[]): string[] =>
  log.map((event, i) => {
    const depth = stackOf(log.slice(0, i + 1)).length;
    const out = event.endsWith('ends') ? depth : depth - 1;
    return `  ${'|  '.repeat(out)}${event}`;
  });

/** The student's list, or a finding that says why it is none. */
function listOf(name: Name): string[] {
  const all: unknown = attempt('trace()', trace);
  if (typeof all !== 'object' || all === null) {
    throw new Finding(`trace(): you have ${write(all)}, it returns an object `
      + 'with a list for each program.');
  }
  const list: unknown = (all as Record<string, unknown>)[name];
  if (list === undefined || (Array.isArray(list) && list.length === 0)) {
    throw new Finding(`${name}: no answer yet.`);
  }
  if (!Array.isArray(list)) {
    throw new Finding(`${name}: you have ${write(list)}, it is a list of events.`);
  }
  const names = 'ABCD'.slice(0, programs[name].length);
  const form = new RegExp(`^([${names}] (runs|sleeps|wakes|ends)|deadlock)$`);
  list.forEach((event: unknown, i) => {
    if (typeof event === 'string' && form.test(event)) return;
    throw new Finding(`${name}, event ${i + 1}: you have ${write(event)}. An `
      + "event is a thread and what it does, 'A sleeps', or 'deadlock'.");
  });
  return list as string[];
}

/** What one must believe to write `have` after these events. */
function about(before: readonly string[], is: string, free: number): Belief[] {
  const stack = stackOf(before);
  const top = stack[stack.length - 1];
  const last = (who: string): string | undefined =>
    before.filter((event) => event.startsWith(who)).pop()?.split(' ')[1];
  const asleep = (who: string): boolean => last(who) === 'sleeps';
  const [isWho, isDid] = is.split(' ');
  const when = (did: string, and: (who: string) => boolean) => (have: string) => {
    const [who, does] = have.split(' ');
    return does === did && and(who);
  };
  const under = (who: string): boolean => stack.includes(who) && who !== top;
  return [
    { if: when('wakes', (who) => asleep(who) && under(who)),
      then: `Only the top of the stack can go on, and that is ${top}.` },
    { if: when('wakes', (who) => asleep(who) && is !== `${who} wakes` && isDid !== 'deadlock'),
      then: 'It wakes only if its channel is called while it sleeps.' },
    { if: when('wakes', (who) => asleep(who)),
      then: 'Nobody has called its channel since it fell asleep, and nobody is '
        + 'left who could.' },
    { if: when('wakes', () => true), then: 'Only a thread that sleeps can wake.' },
    { if: when('runs', (who) => last(who) !== undefined),
      then: 'It has started already. A thread that goes on after a sleep wakes.' },
    { if: when('runs', () => isDid === 'runs'),
      then: 'Queued threads start in order of arrival.' },
    { if: when('runs', () => isDid === 'wakes'),
      then: `${isWho} is on top and has been called. It goes on before the next `
        + 'thread starts.' },
    { if: when('runs', () => true),
      then: `${top} runs until it sleeps or ends. Only then can another start.` },
    { if: when('ends', (who) => is === `${who} sleeps`),
      then: `${isWho} looks, and ${free} free is too little. A wake-up says only `
        + 'that something was freed.' },
    { if: when('ends', asleep),
      then: 'A thread that sleeps has not ended. It waits inside its function.' },
    { if: when('sleeps', (who) => is === `${who} ends`),
      then: `${isWho} does all that it has to do without waiting: a thread sleeps `
        + 'only if it finds too little.' },
    { if: when('sleeps', asleep), then: 'It sleeps already.' },
    { if: (have: string) => have === 'deadlock' && isDid === 'runs',
      then: 'A thread is queued that has not started.' },
    { if: (have: string) => have === 'deadlock',
      then: `${isWho} is on top, and can go on.` },
    { if: (have: string) => stack.includes(have[0]) && have[0] !== top,
      then: `${top} lies on it. Only the top of the stack does anything.` },
    { if: (have: string) => last(have[0]) === undefined,
      then: 'A thread runs first.' },
    { if: (have: string) => last(have[0]) === 'ends', then: 'It has ended.' },
  ];
}

/** Judges the events of one program, up to one of them if `until` is given. */
function judgeLog(name: Name, until: 'the first wakes' | 'the end'): void {
  const have = listOf(name);
  const { log, free } = runOf(name);
  const first = log.findIndex((event) => event.endsWith('wakes'));
  const end = until === 'the end' ? log.length : first;
  log.slice(0, end).forEach((is, i) => {
    const before = log.slice(0, i);
    if (have[i] === undefined) {
      throw new Finding([
        `${name}: your list ends after event ${i}, and not all threads have ended.`,
        ...draw(before),
      ].join('\n'));
    }
    judge({
      call: `${name}, event ${i + 1}`,
      have: have[i],
      is,
      beliefs: about(before, is, free[i]),
      drawn: draw(before),
    });
  });
  if (until === 'the end' && have.length > log.length) {
    throw new Finding(`${name}: after event ${log.length} you have `
      + `${write(have[log.length])}. Nothing follows ${write(log.at(-1))}.`);
  }
}

it('twice: who runs and sleeps before somebody wakes [1 point]', () => {
  judgeLog('twice', 'the first wakes');
});

it('twice: the whole log [1 point]', () => {
  judgeLog('twice', 'the end');
});

it('nested: who runs and sleeps before somebody wakes [1 point]', () => {
  judgeLog('nested', 'the first wakes');
});

it('nested: the whole log [1 point]', () => {
  judgeLog('nested', 'the end');
});

it('taken: who runs and sleeps before somebody wakes [1 point]', () => {
  judgeLog('taken', 'the first wakes');
});

it('taken: the whole log [1 point]', () => {
  judgeLog('taken', 'the end');
});

it('buried: who runs and sleeps before somebody wakes [1 point]', () => {
  judgeLog('buried', 'the first wakes');
});

it('buried: the whole log [1 point]', () => {
  judgeLog('buried', 'the end');
});

it('lost: the whole log [1 point]', () => {
  judgeLog('lost', 'the end');
});
