import { it } from 'vitest';
import {
  attempt,
  Finding,
  judge,
  same,
  write,
  type Belief,
} from '../../lib/grade/judge.js';
import { GFP_KERNEL } from '../../lib/linux/gfp.js';
import { bootMemory } from '../../lib/linux/page_alloc_boot.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../lib/linux/slab_alloc.js';
import { kmem_cache_create, kmem_cache_init } from '../../lib/linux/slab_create.js';
import { array_cache } from '../../lib/linux/slab_layout.js';
import { startCpus } from '../../lib/sys/cpu.js';
import { reboot } from '../../lib/sys/reboot.js';
import { failing, flush } from './the-wrong-end.js';

type Call = 'take' | number;
const OBJECTS = 4;
const ROOM = 2;

/** What the takes return, and the array after each call. */
function run(calls: readonly Call[], newest: boolean) {
  let chain = [0, 1, 2, 3];
  const array: number[] = [];
  const returned: number[] = [];
  const lines: string[] = [];
  for (const call of calls) {
    if (call === 'take') {
      if (array.length === 0) array.push(...chain.splice(0, 1));
      returned.push(array.pop()!);
    } else {
      if (array.length === ROOM) {
        const [gone] = array.splice(newest ? ROOM - 1 : 0, 1);
        chain = [gone, ...chain];
      }
      array.push(call);
    }
    const what = call === 'take' ? `take returns ${returned.at(-1)}` : `give ${call}`;
    lines.push(`  ${what.padEnd(16)} array ${write(array)}, chain ${write(chain)}`);
  }
  return { returned, lines };
}

const differs = (calls: readonly Call[]): boolean =>
  !same(run(calls, true).returned, run(calls, false).returned);

/** The objects in use, if these calls are allowed. */
function inUse(calls: readonly Call[], newest: boolean): Set<number> {
  const { returned } = run(calls, newest);
  const use = new Set<number>();
  for (const call of calls) {
    if (call === 'take') use.add(returned.shift()!);
    else use.delete(call);
  }
  return use;
}

/** The least number of calls that show the bug: all lists are tried. */
function shortest(): number {
  let lists: Call[][] = [[]];
  for (let n = 1; ; n++) {
    lists = lists.flatMap((list): Call[][] => {
      const use = inUse(list, false);
      const gives = [...use].map((i): Call[] => [...list, i]);
      return use.size < OBJECTS ? [[...list, 'take'], ...gives] : gives;
    });
    if (lists.some(differs)) return n;
  }
}

const text = (calls: readonly Call[]): string =>
  calls.map((call) => (call === 'take' ? call : `give ${call}`)).join('; ');

/** The student's list, or a finding that says why it is none. */
function list(): Call[] {
  const have: unknown = attempt('failing()', failing);
  if (!Array.isArray(have)) throw new Finding('failing(): it returns an array.');
  if (have.length > 14) throw new Finding('failing(): at most 14 calls.');
  have.forEach((call: unknown, i) => {
    const at = `failing(), call ${i + 1}`;
    const use = inUse(have.slice(0, i) as Call[], false);
    if (call === 'take') {
      if (use.size < OBJECTS) return;
      throw new Finding(`${at}: all four objects are in use. The cache would grow.`);
    }
    if (typeof call !== 'number' || !use.has(call)) {
      throw new Finding(`${at}: you have ${write(call)}. A call is 'take' or the `
        + `number of an object in use; in use are ${write([...use].sort())}.`);
    }
  });
  return have as Call[];
}

it('failing() is a list on which the two differ [2 points]', () => {
  const calls = list();
  if (differs(calls)) return;
  const right = run(calls, false);
  const wrong = run(calls, true);
  let why = 'flush does not run in it: the array never has to take a third object.';
  if (!same(right.lines, wrong.lines)) {
    why = 'The arrays differ, but no take has shown it yet.';
  }
  throw new Finding([
    `failing(): on your list [${text(calls)}] all takes return the same.`,
    why,
    ...right.lines,
  ].join('\n'));
});

it('failing() is as short as can be [1 point]', () => {
  const calls = list();
  if (!differs(calls)) {
    throw new Finding('failing(): first find a list on which the two differ.');
  }
  judge({
    call: `the length of failing(), ${text(calls)}`,
    have: calls.length,
    is: shortest(),
    beliefs: [{ if: (n: number) => n > shortest(),
      then: 'The array must be full when one more comes back. Which calls are '
        + 'needed for that, and how many takes after it?' }],
  });
});

/** What the kernel's flush does with an array of so many objects. */
function kernel(limit: number, batchcount: number, room: number) {
  reboot();
  startCpus(room > 0 ? 2 : 1);
  bootMemory({ zones: [4096, 12288, 0] });
  kmem_cache_init();
  const c = kmem_cache_create('c', 100)!;
  const objects = Array.from({ length: 32 }, () => kmem_cache_alloc(c, GFP_KERNEL));
  c.array[0] = new array_cache(limit, batchcount, 0);
  const shared = new array_cache(Math.max(room, 0), 1, 0);
  c.lists.shared = shared;
  const number = (objp: number): number => objects.indexOf(objp);
  for (const objp of objects.slice(0, limit + 1)) kmem_cache_free(c, objp);
  const toShared = [...shared.entry.subarray(0, shared.avail)].map(number);
  const inArray = [...c.array[0]!.entry.subarray(0, c.array[0]!.avail)].map(number);
  const entry = objects.slice(0, limit).map(number);
  const left = inArray.slice(0, -1); // without the one that is put on top
  const toSlabs = entry.filter((i) => ![...toShared, ...left].includes(i));
  return { entry, is: { toShared, toSlabs, left } };
}

/** Asks flush about a full array. */
function ask(limit: number, batchcount: number, room: number): void {
  const { entry, is } = kernel(limit, batchcount, room);
  const call = `flush(${write(entry)}, ${batchcount}, ${room})`;
  const got = attempt(call, () => flush([...entry], batchcount, room));
  const { toShared, toSlabs, left } = Object(got);
  const have = { toShared, toSlabs, left };
  const wanted = room > 0 ? 'toShared' : 'toSlabs';
  const newest = entry.slice(limit - is[wanted].length);
  const beliefs: Belief[] = [
    { if: () => same(have[wanted], newest),
      then: 'These are the newest, which lie on top. The oldest are at index 0.' },
    { if: () => Array.isArray(have[wanted]) && is[wanted].length > 1
        && same([...have[wanted]].reverse(), is[wanted]),
      then: 'The right ones, in the wrong order: the oldest goes first.' },
    { if: () => same(have[wanted], is[wanted]) && have.left?.length === limit,
      then: 'What goes does not stay as well.' },
    { if: () => room > 0 && have.toShared?.length > room,
      then: 'There is not so much room in the shared array.' },
    { if: () => room > 0 && have.toSlabs?.length > 0,
      then: 'As long as the shared array has any room, nothing goes to the slabs.' },
    { if: () => room === 0 && have.toShared?.length > 0,
      then: 'There is no room in the shared array.' },
    { if: () => have.toSlabs?.length === 0 && have.toShared?.length === 0,
      then: 'A full array must lose something, or nothing can be put down.' },
    { if: () => same(have[wanted], is[wanted]),
      then: 'The right ones go. What stays keeps its order.' },
  ];
  judge({ call, have, is, beliefs });
}

it('flush gives the oldest to the slabs when nothing is shared [2 points]', () => {
  ask(2, 1, 0);
  ask(4, 2, 0);
  ask(5, 3, 0);
});

it('flush gives the oldest to the shared array when it has room [2 points]', () => {
  ask(2, 1, 8);
  ask(4, 2, 2);
  ask(6, 3, 20);
});

it('flush gives no more than there is room for, and keeps the rest [1 point]', () => {
  ask(4, 2, 1);
  ask(6, 4, 3);
  ask(6, 4, 1);
});
