// freelist bench: the timed workloads, each in a process of its own.
//
// What ran before changes how V8 compiles what runs now, so each workload
// has a process of its own. It runs from a bundle, where an imported name
// is a name: behind tsx each use of one goes through a getter, and a lock
// that costs 2 ns costs 20.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { Option, type Command } from 'commander';
import { checkBench, type Bench, type Measured } from '../bench/bench.js';
import { benches } from '../bench/benches.js';
import { startBar } from './progress.js';

interface Flags {
  only?: string[];
  check?: boolean;
  list?: boolean;
  json?: boolean;
}

class UnknownBench extends Error {
  readonly exit = 2;
  constructor(name: string) {
    const near = benches.filter((b) => b.name.startsWith(name.split('-')[0]));
    const known = (near.length > 0 ? near : benches).map((b) => b.name);
    super(`there is no workload "${name}"; there are ${known.join(', ')}`);
  }
}

export function register(program: Command): void {
  program
    .command('bench')
    .description('time the allocators, after checking what they answer')
    .option('--only <name...>', 'these workloads alone (see --list)')
    .option('--check', 'checksums and steps alone, no clock')
    .option('--list', 'the names of the workloads, and what each does')
    .addOption(new Option('--json', 'one line of JSON a workload'))
    .addHelpText(
      'after',
      '\nns is per operation or per pair of free and alloc, as the list says.' +
        '\nThe ratio is to a fixed JavaScript loop in the same process; only' +
        '\nratios of one run on one quiet machine are worth comparing.' +
        '\n\nExit codes: 0 done, 1 a checksum or a number of steps is wrong,' +
        '\n2 wrong use.',
    )
    .action(bench);
}

async function bench(flags: Flags): Promise<void> {
  const chosen = flags.only?.map(named) ?? benches;
  if (flags.list) {
    for (const { name, what, per } of chosen) {
      console.log(`${name.padEnd(26)} ${what} (ns per ${per})`);
    }
    return;
  }
  if (flags.check) return check(chosen, flags);
  const dir = mkdtempSync(join(tmpdir(), 'freelist-bench-'));
  const bar = startBar('{bar} {value}/{total} {name}', chosen.length, { name: '' });
  const done: Measured[] = [];
  try {
    const file = bundle(dir);
    for (const one of chosen) {
      bar?.update(done.length, { name: one.name });
      const result = await inChild(one, file);
      done.push(result);
      if (flags.json) console.log(lineOf(result));
    }
  } finally {
    bar?.stop();
    rmSync(dir, { recursive: true, force: true });
  }
  if (!flags.json) print(done);
}

/** Puts all that is timed into one file, in one scope. */
function bundle(dir: string): string {
  const outfile = join(dir, 'benches.cjs');
  buildSync({
    entryPoints: [resolve(__dirname, '../bench/benches.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
  });
  return outfile;
}

function named(name: string): Bench {
  const found = benches.find((one) => one.name === name);
  if (found === undefined) throw new UnknownBench(name);
  return found;
}

function check(chosen: readonly Bench[], { json }: Flags): void {
  for (const one of chosen) {
    checkBench(one);
    const { name, checksum, steps } = one;
    if (json) console.log(JSON.stringify({ name, checksum, steps }));
    else console.log(`${name.padEnd(26)} checksum ${checksum}, steps ${steps}`);
  }
}

/** What a child does: argv[1] is the bundle, argv[2] the workload. */
const script = `
  const [file, name] = process.argv.slice(1);
  const { benches, measure } = require(file);
  try {
    const found = benches.find((bench) => bench.name === name);
    console.log(JSON.stringify(measure(found)));
  } catch (error) {
    if (error.exit === undefined) throw error;
    console.error(error.message);
    process.exitCode = error.exit;
  }`;

/** Times one workload in a process of its own. */
async function inChild({ name }: Bench, file: string): Promise<Measured> {
  const argv = ['--expose-gc', '-e', script, file, name];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, argv);
    return JSON.parse(stdout) as Measured;
  } catch (error) {
    const { stderr = '', code } = error as { stderr?: string; code?: number };
    if (code !== 1) throw error;
    throw Object.assign(new Error(stderr.trim()), { exit: 1 });
  }
}

/** What a machine reads: the fields in this order. */
function lineOf({ name, ns, ops, checksum, steps, ratio }: Measured): string {
  return JSON.stringify({ name, ns, ops, checksum, steps, ratio });
}

function print(done: readonly Measured[]): void {
  const names = Math.max(...done.map(({ name }) => name.length));
  console.log(`${'workload'.padEnd(names)}        ns     steps   ratio`);
  for (const { name, ns, steps, ratio } of done) {
    console.log(
      `${name.padEnd(names)} ${ns.toFixed(1).padStart(9)} ` +
        `${steps.toFixed(2).padStart(9)} ${ratio.toFixed(1).padStart(7)}`,
    );
  }
}
