import { it } from 'vitest';
import { attempt, Finding, judge, predicted, write, type Belief }
  from '../../lib/grade/judge.js';
import { GFP_KERNEL } from '../../lib/linux/gfp.js';
import { bootMemory } from '../../lib/linux/page_alloc_boot.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../lib/linux/slab_alloc.js';
import { kmem_cache_create, kmem_cache_init } from '../../lib/linux/slab_create.js';
import { slabinfo } from '../../lib/linux/slab_info.js';
import { type kmem_cache_t } from '../../lib/linux/slab_layout.js';
import { kmem_cache_shrink } from '../../lib/linux/slab_reap.js';
import { reboot } from '../../lib/sys/reboot.js';
import { leaking, run, suspect } from './find-the-leak.js';

type Op = ['open'] | ['send', number, number] | ['ack', number] | ['close', number];
interface Left { conn: number; packet: number; note: number }

/** A driver in numbers: what its calls return, and what is lost. */
function drive(ops: readonly Op[], leaks = false) {
  const waiting = new Map<number, number>();
  let [ids, room] = [0, 8];
  const left: Left = { conn: 0, packet: 0, note: 0 };
  const returned = ops.map((op): number | boolean => {
    if (op[0] === 'open') {
      waiting.set(++ids, 0);
      return ids;
    }
    const [name, id, n = 0] = op;
    const has = waiting.get(id);
    if (has === undefined) return false;
    if (name === 'send') {
      if (n > room) {
        if (leaks) left.note++;
        return false;
      }
      waiting.set(id, has + n);
      room -= n;
      return true;
    }
    if (name === 'ack') {
      if (has === 0) return false;
      waiting.set(id, has - 1);
      room++;
      return true;
    }
    waiting.delete(id);
    room += has;
    return true;
  });
  return { returned, left };
}

/** The hour of the text: what note shows at its quiet moments. */
function hour() {
  reboot();
  bootMemory({ zones: [1024, 1024, 0] });
  kmem_cache_init();
  const note = kmem_cache_create('note', 40)!;
  const packet = kmem_cache_create('packet', 256)!;
  const take = (c: kmem_cache_t, n: number): number[] =>
    Array.from({ length: n }, () => kmem_cache_alloc(c, GFP_KERNEL));
  const quiet: Record<number, number> = {};
  // From one reading to the next: minutes, notes lost, packets that wait.
  for (const [minute, lost, wait] of [[20, 40, 0], [30, 20, 8], [50, 40, 0]]) {
    take(note, lost);
    const waiting = [take(note, wait), take(packet, wait)];
    kmem_cache_shrink(note);
    const line = slabinfo().split('\n').find((row) => row.startsWith('note '))!;
    if (wait === 0) quiet[minute] = Number(line.split(/\s+/)[1]);
    [note, packet].forEach((c, i) => waiting[i].forEach((o) => kmem_cache_free(c, o)));
  }
  const anHour = ((quiet[50] - quiet[20]) * 60) / (50 - 20);
  return { anHour, aDay: 24 * anHour, perPage: note.num >> note.gfporder };
}

it('suspect() names the cache [1 point]', () => {
  predicted(suspect, 'cache', {
    call: 'suspect(): the cache that leaks', is: 'note', beliefs: [
      { if: 'packet', then: 'packet is back at 0 at minute 50: it follows the load.' },
      { if: 'conn', then: 'conn has 200 objects from minute 20 to minute 60.' },
    ],
  });
});

it('suspect() says how many objects an hour [1 point]', () => {
  predicted(suspect, 'anHour', {
    call: 'suspect(): objects an hour', is: hour().anHour, beliefs: [
      { if: 60, then: 'That is from minute 20 to minute 50: half an hour.' },
      { if: 88, then: 'Between minutes 20 and 60 the load differs: 8 packets wait '
        + 'at the second of them, with a note each. And it is 40 minutes.' },
      { if: 132, then: 'At minute 60 eight packets wait, with a note each. '
        + 'Compare moments at which none waits.' },
      { if: 128, then: 'Not all of them were lost in this hour, and eight are in use.' },
      { if: 192, then: 'num_objs counts whole slabs.' },
    ],
  });
});

it('suspect() says how many pages a day that is [1 point]', () => {
  const { aDay, perPage } = hour();
  predicted(suspect, 'pagesADay', {
    call: 'suspect(): full pages a day', is: Math.floor(aDay / perPage),
    beliefs: [
      { if: aDay / perPage - 1, then: 'The last page is full too.' },
      { if: 28, then: 'A page holds 96 of them, as objperslab says; the '
        + 'descriptor needs room.' },
      { if: 1, then: 'A day has 24 hours.' },
      { if: aDay, then: 'That is objects. How many fit into a slab?' },
    ],
  });
});

const text = ([name, ...args]: Op): string => `${name}(${args.join(', ')})`;
const texts = (ops: readonly Op[]): string => ops.map(text).join('; ');

/** The student's list, or a finding that says why it is none. */
function list(): Op[] {
  const have: unknown = attempt('leaking()', leaking);
  if (!Array.isArray(have)) throw new Finding('leaking(): it returns an array.');
  if (have.length > 10) throw new Finding('leaking(): at most ten calls.');
  const wanted: Record<string, number> = { open: 0, send: 2, ack: 1, close: 1 };
  have.forEach((op: unknown, i) => {
    const [name, ...args] = Array.isArray(op) ? op : [op];
    const fits = args.length === wanted[String(name)];
    if (fits && args.every((n) => Number.isInteger(n) && n >= 1 && n <= 50)) return;
    throw new Finding(`leaking(), call ${i + 1}: you have ${write(op)}. A call is `
      + "['open'], ['send', id, n], ['ack', id] or ['close', id], with whole "
      + 'numbers from 1 to 50.');
  });
  return have as Op[];
}

/** The student's list, if the starter's driver leaks on it. */
function leaks(): Op[] {
  const ops = list();
  const { left, returned } = drive(ops, true);
  if (left.note > 0) return ops;
  const refused = returned.includes(false);
  throw new Finding([
    `leaking(): after your list [${texts(ops)}] nothing is left.`,
    refused
      ? 'A call is refused, but none that has taken an object before.'
      : 'Every call is granted, and what is granted is freed when the driver '
        + 'stops.',
    ...ops.map((op, i) => `  ${text(op)} returns ${write(returned[i])}`),
  ].join('\n'));
}

it('leaking() shows the leak [1 point]', () => {
  leaks();
});

/** The least number of calls that leak, found by trying them all. */
function shortest(): number {
  const calls: Op[] = [['open'], ['send', 1, 1], ['send', 1, 9], ['ack', 1], ['close', 1]];
  let lists: Op[][] = [[]];
  for (let n = 1; ; n++) {
    lists = lists.flatMap((ops) => calls.map((op) => [...ops, op]));
    if (lists.some((ops) => drive(ops, true).left.note > 0)) return n;
  }
}

it('leaking() is as short as can be [1 point]', () => {
  const ops = leaks();
  judge({
    call: `the length of leaking(), ${texts(ops)}`,
    have: ops.length,
    is: shortest(),
    beliefs: [{ if: () => true, then: 'Must the card be full before? How many '
      + 'packets can be asked for at once?' }],
  });
});

/** Runs these calls on the student's driver, and judges all that is seen. */
function sound(ops: Op[]): void {
  const call = `run([${texts(ops)}])`;
  const have = attempt(call, () => run(ops));
  if (typeof have !== 'object' || have === null) {
    throw new Finding(`${call}: it returns { returned, left, log }.`);
  }
  const { returned, left } = drive(ops);
  const refused: Belief = { if: (r: unknown) => Array.isArray(r)
      && returned.some((is, i) => is === false && r[i] === true),
    then: 'A call is granted that must be refused.' };
  judge({ call: `${call}, returned`, have: have.returned, is: returned, beliefs: [
    refused,
    { if: () => true, then: 'A refused send leaves all as it was, the room on '
      + 'the card too; what can be served is served.' },
  ] });
  judge({ call: `${call}, log`, have: have.log, is: [], beliefs: [
    { if: (l: unknown) => write(l).includes('double free'),
      then: 'An object is freed twice: who else frees it?' },
    { if: (l: unknown) => write(l).includes('mismatch'),
      then: 'An object is given to a cache that it was not taken from.' },
  ] });
  judge({ call: `${call}, left`, have: have.left, is: left, beliefs: [
    { if: ({ note, packet }: Left) => note > 0 && packet === 0,
      then: 'A note is left: which one has send taken last, before it gives up?' },
    { if: ({ note, packet }: Left) => note > 0 && packet > 0,
      then: 'Packets are left too: what a refused send took, it gives back.' },
    { if: ({ packet }: Left) => packet > 0, then: 'A packet is left.' },
    { if: ({ conn }: Left) => conn > 0, then: 'A connection is left.' },
  ] });
}

it('run() loses nothing when a send is refused [2 points]', () => {
  sound([['open'], ['send', 1, 9]]);
  sound([['open'], ['send', 1, 8], ['send', 1, 1]]);
  sound([['open'], ['send', 1, 5], ['send', 1, 4], ['send', 1, 4]]);
  sound([['open'], ['send', 1, 20], ['send', 2, 1], ['close', 1], ['close', 1]]);
});

it('run() serves as before, after a send was refused [3 points]', () => {
  sound([['open'], ['send', 1, 9], ['send', 1, 8], ['ack', 1], ['send', 1, 1]]);
  sound([['open'], ['open'], ['send', 1, 6], ['send', 2, 3], ['send', 2, 2],
    ['ack', 1], ['ack', 2], ['send', 1, 3], ['send', 1, 2], ['close', 1],
    ['ack', 1], ['send', 2, 8], ['send', 2, 7]]);
  const again = Array.from({ length: 12 }, (): Op => ['send', 1, 9]);
  sound([['open'], ...again, ['send', 1, 8], ['close', 1], ...again, ['open'],
    ['send', 2, 9], ['send', 2, 8]]);
});
