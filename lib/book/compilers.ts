// Does the project compile, under both compilers that read it?
//
// Idea: one is ours, strict; the other is the one inside tslab, older and
// lax, which compiles a lib file when a cell imports it. What the second
// refuses fails in a student's notebook and nowhere else. Both run as
// processes of their own, side by side.
import { spawn } from 'node:child_process';
import type { Fault } from './fault.js';
import { libFiles } from './imports.js';

/** Rooms whose files a cell may import; of jupyter, the cells' helpers. */
const forCells = [
  'sys',
  'bsd',
  'libc',
  'linux',
  'opensolaris',
  'trace',
  'plot',
];
const cellHelpers = 'lib/jupyter/cells.ts';

/** tslab's options (its converter.js) as far as they decide what compiles. */
const tslabOptions = [
  '--target',
  'es2022',
  '--lib',
  'es2022',
  '--module',
  'esnext',
  '--moduleResolution',
  'node10',
  '--esModuleInterop',
  '--declaration',
  '--experimentalDecorators',
  '--resolveJsonModule',
  '--allowJs',
  '--checkJs',
  '--skipLibCheck',
  '--rootDir',
  '.',
];

/** Types of everything, and of what cells import as tslab reads it. */
export async function checkTypes(root: string): Promise<Fault[]> {
  const cells = libFiles(root).filter(
    (path) =>
      path === cellHelpers ||
      (forCells.includes(path.split('/')[1]) && path.endsWith('.ts')),
  );
  const [strict, tslab] = await Promise.all([
    compile(root, 'TypeScript', require.resolve('typescript/bin/tsc'), [
      '-p',
      '.',
    ]),
    cells.length === 0
      ? []
      : compile(
          root,
          "tslab's TypeScript",
          require.resolve('@tslab/typescript-for-tslab/bin/tsc'),
          [...tslabOptions, ...cells],
        ),
  ]);
  // What both refuse is told once, in the words of ours.
  const places = new Set(strict.map(({ place }) => place));
  return [...strict, ...tslab.filter(({ place }) => !places.has(place))];
}

/** Runs one compiler; each of its messages becomes a fault. */
async function compile(
  root: string,
  who: string,
  tsc: string,
  options: string[],
): Promise<Fault[]> {
  const { output, status } = await run(root, [
    tsc,
    '--noEmit',
    '--pretty',
    'false',
    ...options,
  ]);
  const faults: Fault[] = [];
  for (const line of output.split(/\r?\n/)) {
    const at = /^(.+?)\((\d+),\d+\): error (TS\d+): (.*)$/.exec(line);
    const whole = /^error (TS\d+): (.*)$/.exec(line);
    if (at)
      faults.push(
        fault(`${at[1].replaceAll('\\', '/')}:${at[2]}`, who, at[3], at[4]),
      );
    else if (whole)
      faults.push(fault('tsconfig.json', who, whole[1], whole[2]));
  }
  if (status !== 0 && faults.length === 0) {
    const said = output.trim().split('\n').at(-1) || `exit ${status}`;
    faults.push({
      place: tsc,
      fact: `failed: ${said}`,
      remedy: 'Run "npm ci"; the installation may be broken.',
    });
  }
  return faults;
}

function fault(place: string, who: string, code: string, text: string): Fault {
  return {
    place,
    fact: `is refused by ${who}: ${text.replace(/\.$/, '')}`,
    remedy: `Mend the type (${code}).`,
  };
}

function run(
  cwd: string,
  args: string[],
): Promise<{ output: string; status: number | null }> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', fail);
    child.on('close', (status) => done({ output, status }));
  });
}
