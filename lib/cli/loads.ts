// The workloads by name, as a command line asks for them.
//
// Idea: a table. Each line says what a workload is, which options it takes
// and how it is made; help, checks and the making all read the same line.
import { InvalidArgumentError } from 'commander';
import {
  exponential,
  fixed,
  logUniform,
  powersOfTwo,
  uniform,
  WrongLoad,
  type Sizes,
} from '../trace/random.js';
import type { Workload } from '../trace/requests.js';
import {
  churn,
  everyOther,
  fifo,
  ids,
  lifo,
  peaks,
  plateau,
  ramp,
} from '../trace/workloads.js';

/** All that may be said about a workload. */
export interface LoadOptions {
  seed: number;
  operations: number;
  live: number;
  sizes: Sizes;
  left: number;
  larger?: number;
}

type Name = keyof LoadOptions;

interface Kind {
  about: string;
  takes: readonly Name[]; // besides seed, operations and live
  make(options: LoadOptions): Workload;
}

const kinds: { [name: string]: Kind } = {
  churn: {
    about: 'always as many alive; any of them goes, a new one comes',
    takes: ['sizes'],
    make: churn,
  },
  ids: {
    about: 'the same, all of size 1',
    takes: [],
    make: ids,
  },
  ramp: {
    about: 'more and more alive, up to --live',
    takes: ['sizes'],
    make: ramp,
  },
  peaks: {
    about: 'up to --live, back to --left, and so on',
    takes: ['sizes', 'left'],
    make: peaks,
  },
  plateau: {
    about: 'up to --live at once, churn, and all back at the end',
    takes: ['sizes'],
    make: plateau,
  },
  fifo: {
    about: 'a queue of at most --live: the oldest goes',
    takes: ['sizes'],
    make: fifo,
  },
  lifo: {
    about: 'a stack of at most --live: the youngest goes',
    takes: ['sizes'],
    make: lifo,
  },
  everyOther: {
    about: '--live pieces, each second one freed; then --larger',
    takes: ['sizes', 'larger'],
    make: everyOther,
  },
};

/** How --sizes may begin, what follows, and what it means. */
const distributions: {
  [name: string]: {
    form: string;
    about: string;
    counts: readonly number[]; // how many numbers may follow
    make(...numbers: number[]): Sizes;
  };
} = {
  uniform: {
    form: 'uniform:LEAST:MOST',
    about: 'each size equally likely',
    counts: [2],
    make: uniform,
  },
  exponential: {
    form: 'exponential:MEAN[:MOST]',
    about: 'small ones often, large ones ever more rarely',
    counts: [1, 2],
    make: exponential,
  },
  powers: {
    form: 'powers:LEAST:MOST',
    about: 'powers of two, each equally likely',
    counts: [2],
    make: powersOfTwo,
  },
  log: {
    form: 'log:LEAST:MOST',
    about: 'each doubling equally likely',
    counts: [2],
    make: logUniform,
  },
  fixed: {
    form: 'fixed:SIZE',
    about: 'one size only',
    counts: [1],
    make: fixed,
  },
};

/** A column of names and one of explanations. */
const columns = (rows: [string, string][]): string =>
  rows.map(([name, about]) => `  ${name.padEnd(25)} ${about}`).join('\n');

/** The workloads and the distributions, a line each. */
export const loadsHelp = (): string =>
  [
    'Workloads:',
    columns(Object.entries(kinds).map(([name, { about }]) => [name, about])),
    '',
    'Sizes:',
    columns(
      Object.values(distributions).map(({ form, about }) => [form, about]),
    ),
  ].join('\n');

/** A number of a command line; commander says which option it was. */
export function wholeNumber(text: string): number {
  const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('It takes a whole number.');
}

/** Sizes as a command line writes them: "uniform:1:64". */
export function parseSizes(text: string): Sizes {
  const [name, ...rest] = text.split(':');
  const numbers = rest.map((one) => (/^[\d.]+$/.test(one) ? Number(one) : NaN));
  const known = Object.hasOwn(distributions, name);
  const { form, counts, make } = distributions[known ? name : 'uniform'];
  if (!known || !counts.includes(numbers.length)) {
    const forms = known
      ? form
      : Object.values(distributions)
          .map((one) => one.form)
          .join(', ');
    throw new InvalidArgumentError(`It takes ${forms}.`);
  }
  try {
    return make(...numbers);
  } catch (error) {
    if (!(error instanceof WrongLoad)) throw error;
    throw new InvalidArgumentError(`In ${form}, ${error.message}`);
  }
}

/**
 * Makes a workload by its name, as often as it is called.
 * @param given the options that the user has named
 * @throws WrongLoad for an unknown name, or an option that it does not take
 */
export function loadNamed(
  name: string,
  options: LoadOptions,
  given: readonly string[],
): () => Workload {
  if (name === 'robson') {
    throw new WrongLoad(
      'robson chooses each request by the addresses it was given, so there is ' +
        'no file of it before there is an allocator. Drive robson() of ' +
        'lib/trace/robson.ts with one.',
    );
  }
  if (!Object.hasOwn(kinds, name)) {
    const names = Object.keys(kinds).join(', ');
    throw new WrongLoad(
      `no workload is called "${name}". There are: ${names}.`,
    );
  }
  const { takes, make } = kinds[name];
  const all: readonly string[] = ['seed', 'operations', 'live', ...takes];
  for (const option of ['sizes', 'left', 'larger']) {
    if (!given.includes(option) || all.includes(option)) continue;
    const names = all.map((one) => `--${one}`).join(', ');
    throw new WrongLoad(`${name} has no --${option}. It takes ${names}.`);
  }
  make(options); // refused now, not after the file has been begun
  return () => make(options);
}
