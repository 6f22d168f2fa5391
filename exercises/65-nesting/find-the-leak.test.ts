import { it } from 'vitest';
import { attempt, Finding, judge, same, write, type Belief }
  from '../../lib/grade/judge.js';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { vmem_create, vmem_destroy } from '../../lib/opensolaris/vmem_create.js';
import {
  VM_NOSLEEP,
  VM_SLEEP,
  VMC_IDENTIFIER,
  VMEM_ALLOC,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import { vmem_size } from '../../lib/opensolaris/vmem_walk.js';
import { dmesg } from '../../lib/sys/cons.js';
import { reboot } from '../../lib/sys/reboot.js';
import { leaking, run } from './find-the-leak.js';

type What = 'identifiers' | 'bytes';
type Op = ['open', number] | ['grow', number, number] | ['close', number];

/** What may be wrong with a driver; nothing in a sound one. */
interface Faults {
  open?: boolean; // keeps the number when there is no buffer
  grow?: boolean; // keeps the old buffer
}

/** A driver of the test's own, with these faults. */
function drive(ops: readonly Op[], faults: Faults) {
  reboot();
  vmem_init();
  const pages = vmem_create(
    'pages', 0x10000, 0x4000, 4096, null, null, null, 0, VM_SLEEP,
  )!;
  const ids = vmem_create(
    'conn_id', 1, 8, 1, null, null, null, 0, VM_SLEEP | VMC_IDENTIFIER,
  )!;
  const buffers = vmem_create(
    'conn_buf', null, 0, 64, vmem_alloc, vmem_free, pages, 0, VM_SLEEP,
  )!;
  const has = new Map<number, [addr: number, size: number]>();
  const take = (size: number) => vmem_alloc(buffers, size, VM_NOSLEEP);
  const steps = {
    open(size: number): number | null {
      const id = vmem_alloc(ids, 1, VM_NOSLEEP);
      const addr = id === null ? null : take(size);
      if (id !== null && addr === null && !faults.open) vmem_free(ids, id, 1);
      if (id === null || addr === null) return null;
      has.set(id, [addr, size]);
      return id;
    },
    grow(id: number, size: number): boolean {
      const old = has.get(id);
      const addr = old === undefined ? null : take(size);
      if (old === undefined || addr === null) return false;
      if (!faults.grow) vmem_free(buffers, ...old);
      has.set(id, [addr, size]);
      return true;
    },
    close(id: number): boolean {
      const old = has.get(id);
      if (old === undefined) return false;
      has.delete(id);
      vmem_free(buffers, ...old);
      vmem_free(ids, id, 1);
      return true;
    },
  };
  const returned = ops.map(([name, ...args]) =>
    (steps[name] as (...args: number[]) => number | boolean | null)(...args));
  for (const id of [...has.keys()]) steps.close(id);
  const leaked = {
    identifiers: vmem_size(ids, VMEM_ALLOC),
    bytes: vmem_size(buffers, VMEM_ALLOC),
  };
  vmem_destroy(buffers);
  vmem_destroy(ids);
  const held = vmem_size(pages, VMEM_ALLOC);
  return { returned, log: [...dmesg()], held, leaked };
}

const starter = (ops: readonly Op[]) => drive(ops, { open: true, grow: true });

const text = ([name, ...args]: Op): string => `${name}(${args.join(', ')})`;
const texts = (ops: readonly Op[]): string => ops.map(text).join('; ');

/** The student's list, or a finding that says why it is none. */
function list(what: What): Op[] {
  const call = `leaking('${what}')`;
  const have: unknown = attempt(call, () => leaking(what));
  if (!Array.isArray(have)) throw new Finding(`${call}: it returns an array.`);
  if (have.length > 10) throw new Finding(`${call}: at most ten calls.`);
  const wanted: Record<string, number> = { open: 1, grow: 2, close: 1 };
  have.forEach((op: unknown, i) => {
    const [name, ...args] = Array.isArray(op) ? op : [op];
    const fits = args.length === wanted[String(name)];
    const counts = args.every((n) => Number.isInteger(n) && n >= 1 && n < 1e6);
    if (fits && counts) return;
    throw new Finding(`${call}, call ${i + 1}: you have ${write(op)}. A call is `
      + "['open', size], ['grow', id, size] or ['close', id], with whole "
      + 'numbers from 1 on.');
  });
  return have as Op[];
}

/** Judges what the starter's driver leaks on the student's list. */
function leaks(what: What): void {
  const ops = list(what);
  const { leaked, returned } = starter(ops);
  const other = what === 'bytes' ? 'identifiers' : 'bytes';
  if (leaked[what] > 0 && leaked[other] === 0) return;
  const why = leaked[what] > 0
    ? `It leaks ${leaked[other]} ${other} too. Which call is not needed?`
    : what === 'identifiers'
      ? 'When does open have a number in its hands and nowhere to note it?'
      : 'Which call overwrites the only note of a buffer?';
  const shown = ops.map((op, i) => `  ${text(op)} returns ${write(returned[i])}`);
  throw new Finding([
    `leaking('${what}'): your list [${texts(ops)}] leaks `
      + `${leaked.identifiers} identifiers and ${leaked.bytes} bytes.`,
    why, ...shown,
  ].join('\n'));
}

it('leaking() shows the leak of identifiers [1 point]', () => {
  leaks('identifiers');
});

it('leaking() shows the leak of bytes [1 point]', () => {
  leaks('bytes');
});

/** The least number of calls that leak, found by trying them all. */
function shortest(what: What): number {
  const calls: Op[] = [
    ['open', 64], ['open', 0x5000], ['grow', 1, 64], ['close', 1],
  ];
  let lists: Op[][] = [[]];
  for (let n = 1; ; n++) {
    lists = lists.flatMap((ops) => calls.map((op) => [...ops, op]));
    if (lists.some((ops) => starter(ops).leaked[what] > 0)) return n;
  }
}

it('leaking() is as short as can be [1 point]', () => {
  for (const what of ['identifiers', 'bytes'] as const) {
    leaks(what);
    const ops = list(what);
    const is = shortest(what);
    judge({
      call: `the length of leaking('${what}'), ${texts(ops)}`,
      have: ops.length,
      is,
      beliefs: [{
        if: (n: number) => n > is,
        then: what === 'identifiers'
          ? 'How large may a request be, so that no buffer is found for it '
            + 'even when all is free?'
          : 'When the driver stops, it closes what is open. Leave out what '
            + 'it does itself.',
      }],
    });
  }
});

/** Runs these calls on the student's driver, and judges all that is seen. */
function sound(ops: Op[]): void {
  const call = `run([${texts(ops)}])`;
  const have = attempt(call, () => run(ops));
  const { returned, log, held } = drive(ops, {});
  const was = starter(ops);
  if (typeof have !== 'object' || have === null) {
    throw new Finding(`${call}: it returns { returned, log, held }.`);
  }
  const told: Belief[] = [
    { if: (l: unknown) => same(l, was.log) && was.leaked.identifiers > 0,
      then: 'A number is still taken. Where does open end with it in its '
        + 'hands?' },
    { if: (l: unknown) => same(l, was.log),
      then: 'Bytes are still taken. What was the buffer before the last one?' },
    { if: (l: unknown) => Array.isArray(l) && l.length > 0,
      then: 'Something is still allocated when the arena is destroyed.' },
  ];
  judge({ call: `${call}, returned`, have: have.returned, is: returned,
    beliefs: [
      { if: (r: unknown) => same(r, was.returned),
        then: 'A leak makes later calls fail: what was not given back is '
          + 'missing then.' },
      { if: (r: unknown) => Array.isArray(r) && r.includes(null)
          && !returned.includes(null),
        then: 'An open fails that should not.' },
      { if: (r: unknown) => Array.isArray(r) && r.length === returned.length,
        then: 'A call that cannot be served leaves all as it was, and one '
          + 'that can is served.' },
    ] });
  judge({ call: `${call}, log`, have: have.log, is: log, beliefs: told });
  judge({ call: `${call}, held`, have: have.held, is: held, beliefs: [
    { if: (n: number) => n > 0,
      then: 'The source still has pages allocated: what an arena leaks, its '
        + 'source leaks in whole pages.' },
  ] });
}

it('run() gives back the number when there is no buffer [2 points]', () => {
  sound([['open', 0x5000]]);
  sound([['open', 0x4000], ['open', 64], ['close', 1], ['open', 64]]);
  // Eight failures, and the ninth connection needs a number.
  const fails = Array.from({ length: 8 }, (): Op => ['open', 0x5000]);
  sound([...fails, ['open', 64], ['close', 1], ['close', 1]]);
});

it('run() gives back the old buffer, and keeps it if grow fails [2 points]', () => {
  sound([['open', 64], ['grow', 1, 64]]);
  sound([['open', 100], ['grow', 1, 5000], ['grow', 1, 9000], ['close', 1]]);
  sound([['open', 4096], ['grow', 1, 0x5000], ['grow', 2, 64], ['close', 1]]);
  sound([['open', 0x2000], ['grow', 1, 0x2000], ['grow', 1, 0x2000],
    ['grow', 1, 0x3000], ['open', 64], ['close', 1], ['grow', 1, 64]]);
});
