import { it } from 'vitest';
import {
  attempt, Finding, judge, write, type Belief,
} from '../../lib/grade/judge.js';
import { bootMemory } from '../../lib/linux/page_alloc_boot.js';
import { kmem_cache_init } from '../../lib/linux/slab_create.js';
import {
  get_vm_area, limitVmalloc, remove_vm_area, VM_ALLOC, VMALLOC_START,
} from '../../lib/linux/vmalloc_area.js';
import { reboot } from '../../lib/sys/reboot.js';
import { noGuard, noHole, place } from './mind-the-guard.js';

const PAGE = 4096;
const RANGE = 100;

interface Area { addr: number; size: number }
type Call = { take: number } | { free: number };
interface Faults { guard?: boolean; hole?: boolean; end?: boolean }

/** place with some of the mistakes; without any, the right one. */
function search(
  taken: Area[], bytes: number, start: number, end: number, faults: Faults,
): number {
  const pages = Math.ceil(bytes / PAGE) + (faults.guard ? 0 : 1);
  const size = pages * PAGE;
  let addr = start;
  for (const [i, area] of taken.entries()) {
    if (addr + size <= area.addr && !(faults.hole && i === 0)) break;
    addr = area.addr + area.size;
    if (faults.end && addr > end - size) return 0;
  }
  return faults.end || addr + size <= end ? addr : 0;
}

const right = (taken: Area[], bytes: number, start: number, end: number) =>
  search(taken, bytes, start, end, {});

const text = (call: Call): string =>
  'take' in call ? `take ${call.take}` : `free ${call.free}`;

/**
 * Makes the calls with a search of its own.
 * @returns the address of the last call in pages, and all areas
 */
function play(calls: Call[], faults: Faults): { last: number; areas: Area[] } {
  const guard = faults.guard ? 0 : PAGE;
  const held = new Map<number, Area>();
  const listed = () => [...held.values()].sort((a, b) => a.addr - b.addr);
  let last = -1;
  calls.forEach((call, i) => {
    if ('free' in call) {
      held.delete(call.free);
      last = -1;
      return;
    }
    const bytes = call.take * PAGE;
    last = search(listed(), bytes, PAGE, (RANGE + 1) * PAGE, faults);
    if (last !== 0) held.set(i, { addr: last, size: bytes + guard });
  });
  return { last: last / PAGE - 1, areas: listed() };
}

/** What Linux makes of the calls, in pages from the start of its range. */
function linux(calls: Call[]): number {
  reboot();
  bootMemory({ zones: [0, 1024, 0] });
  kmem_cache_init();
  limitVmalloc(RANGE * PAGE);
  const at: number[] = [];
  calls.forEach((call, i) => {
    if ('free' in call) remove_vm_area(at[call.free]);
    else at[i] = get_vm_area(call.take * PAGE, VM_ALLOC)?.addr ?? 0;
  });
  return (at[calls.length - 1] - VMALLOC_START()) / PAGE;
}

/** The areas as a row of characters: # memory, g guard, . hole. */
function drawn(list: Area[], start: number): string {
  const end = list.reduce((most, a) => Math.max(most, a.addr + a.size), start);
  const row = Array.from({ length: Math.min(60, (end - start) / PAGE) }, () => '.');
  for (const { addr, size } of list) {
    const from = (addr - start) / PAGE;
    for (let i = 0; i < size / PAGE; i++) {
      if (from + i < row.length) row[from + i] = i === size / PAGE - 1 ? 'g' : '#';
    }
  }
  return `  areas  ${row.join('')}   (# memory, g guard, . hole)`;
}

/** The student's list, or a finding that says why it is none. */
function callsOf(name: string, f: () => Call[]): Call[] {
  const have: unknown = attempt(`${name}()`, f);
  const bad = (why: string): never => {
    throw new Finding(`${name}(): you have ${write(have)}. ${why}`);
  };
  if (!Array.isArray(have) || have.length === 0 || have.length > 12) {
    return bad('It is a list of 1 to 12 calls.');
  }
  const held = new Set<number>();
  const calls = have.map((call: unknown, i): Call => {
    const { take, free } = Object(call);
    if (Number.isInteger(take) && take >= 1 && take <= 20) {
      held.add(i);
      return { take };
    }
    if (!held.delete(free)) {
      bad(`Call ${i} neither takes 1 to 20 pages nor frees an area that is there.`);
    }
    return { free };
  });
  if (!('take' in calls[calls.length - 1])) bad('The last call takes an area.');
  return calls;
}

const shows = (calls: Call[], fault: 'guard' | 'hole'): boolean =>
  play(calls, { [fault]: true }).last !== play(calls, {}).last;

function ask(name: string, f: () => Call[], fault: 'guard' | 'hole'): Call[] {
  const calls = callsOf(name, f);
  const is = linux(calls);
  if (play(calls, {}).last !== is) {
    throw new Finding(`${name}(): with these calls the range of ${RANGE} pages is `
      + 'full. Take less.');
  }
  if (shows(calls, fault)) return calls;
  const other = fault === 'guard' ? 'hole' : 'guard';
  let why = 'Which hole is it that the loop does not look at?';
  if (fault === 'guard') why = 'What could a missing guard move, here?';
  else if (!calls.some((call) => 'free' in call)) why = 'Without a free there is no hole.';
  throw new Finding([
    `${name}(): ${calls.map(text).join('; ')}: the last area is at page ${is} with `
      + 'the mistake and without it.',
    ...(shows(calls, other) ? ['It shows the other mistake.'] : []),
    why,
    drawn(play(calls, {}).areas, PAGE),
  ].join('\n'));
}

/** The fewest calls that show it: all short lists are tried. */
function fewest(fault: 'guard' | 'hole'): number {
  let lists: Call[][] = [[]];
  for (let n = 1; ; n++) {
    lists = lists.flatMap((list) => {
      const held = list.flatMap((call, i) => ('take' in call ? [i] : []))
        .filter((i) => !list.some((call) => 'free' in call && call.free === i));
      const next: Call[] = [{ take: 1 }, { take: 2 }, ...held.map((free) => ({ free }))];
      return next.map((call) => [...list, call]);
    });
    const found = lists.some((list) => 'take' in list[n - 1] && shows(list, fault));
    if (found) return n;
  }
}

function short(name: string, f: () => Call[], fault: 'guard' | 'hole'): void {
  const calls = ask(name, f, fault);
  judge({
    call: `calls in ${name}(), ${calls.map(text).join('; ')}`,
    have: calls.length,
    is: fewest(fault),
    beliefs: [{ if: () => true, then: 'Which call can go, and it still shows?' }],
  });
}

it('noGuard() shows the missing guard [1 point]', () => {
  ask('noGuard', noGuard, 'guard');
});

it('noGuard() is as short as can be [1 point]', () => {
  short('noGuard', noGuard, 'guard');
});

it('noHole() shows the hole that is passed over [1 point]', () => {
  ask('noHole', noHole, 'hole');
});

it('noHole() is as short as can be [1 point]', () => {
  short('noHole', noHole, 'hole');
});

/** Asks place on areas given as [first, behind] in pages from page 16. */
function find(list: [first: number, behind: number][], bytes: number, pages = 40) {
  const start = 16 * PAGE;
  const end = start + pages * PAGE;
  const taken = list.map(([first, behind]): Area =>
    ({ addr: start + first * PAGE, size: (behind - first) * PAGE }));
  const shown = list.map(([a, b]) => `[${a}, ${b})`).join(' ') || 'none';
  const call = `place for ${bytes} bytes, areas ${shown}, range [0, ${pages})`;
  const inPages = (addr: unknown) =>
    (typeof addr === 'number' && addr !== 0 ? addr / PAGE - 16 : addr);
  const have = attempt(call, () =>
    place(taken.map((area) => ({ ...area })), bytes, start, end));
  const is = right(taken, bytes, start, end);
  const by = (faults: Faults) => inPages(search(taken, bytes, start, end, faults));
  const answer = (addr: unknown) => (addr === 0 ? 'no place' : `page ${write(inPages(addr))}`);
  const beliefs: Belief[] = [
    { if: undefined, then: 'It returns an address in every case.' },
    { if: (h: unknown) => h !== 0 && is === 0,
      then: list.length === 0
        ? 'The loop never runs here. Is the end looked at all the same, with the '
          + 'guard page?'
        : 'The area, with its guard, would pass the end of the range.' },
    { if: (h: unknown) => h === 0,
      then: 'There is a place. Is it before an area, or does it end where the '
        + 'range ends?' },
    { if: (h: unknown) => inPages(h) === by({ guard: true }),
      then: 'The guard page of the new area has no room there.' },
    { if: (h: unknown) => inPages(h) === by({ hole: true }),
      then: 'There is a hole before that, which is large enough.' },
    { if: (h: unknown) => inPages(h) === by({ guard: true, hole: true }),
      then: 'The guard page of the new area has no room there.' },
    { if: (h: unknown) => typeof h === 'number' && h < is,
      then: 'That is below the right place: does it overlap an area, or end '
        + 'without a guard?' },
    { if: (h: unknown) => typeof h === 'number' && h > is,
      then: 'There is a lower place. Is a size added twice?' },
  ];
  if (have === is) return;
  judge({ call, have: answer(have), is: answer(is),
    beliefs: beliefs.map(({ if: wrong, then }) => ({
      if: () => (typeof wrong === 'function' ? wrong(have) : wrong === have), then })),
    drawn: [drawn(taken, start)] });
}

it('place keeps a page for the guard [1 point]', () => {
  find([], PAGE, 2);
  find([[0, 2], [3, 5]], PAGE);
  find([[0, 2], [4, 6]], 2 * PAGE);
  find([[0, 2], [4, 6]], PAGE + 1);
  find([[0, 2], [5, 7]], PAGE + 1);
});

it('place takes the lowest hole, wherever it is [1 point]', () => {
  find([[2, 4]], PAGE);
  find([[0, 2], [4, 6]], PAGE);
  find([[2, 4], [6, 8]], PAGE);
  find([[1, 4], [4, 6], [8, 9]], PAGE);
  find([[0, 2], [3, 5], [8, 10], [20, 22]], 2 * PAGE);
  find([[0, 2], [5, 7], [10, 12]], 1);
});

it('place asks for the end, with areas and without [2 points]', () => {
  find([], PAGE, 2);
  find([], PAGE, 1);
  find([], 40 * PAGE);
  find([[0, 2]], 38 * PAGE);
  find([[0, 2]], 37 * PAGE);
  find([[30, 32]], 9 * PAGE);
  find([[30, 32]], 29 * PAGE);
  find([[30, 32]], 30 * PAGE);
  find([[0, 38]], PAGE);
  find([[0, 39]], PAGE);
  find([[0, 2], [2, 38], [38, 40]], PAGE);
});

it('place does all three at once [1 point]', () => {
  find([[0, 4], [4, 6], [6, 9]], 3 * PAGE);
  find([[4, 6], [6, 9]], 3 * PAGE);
  find([[0, 3], [4, 6], [6, 9]], PAGE);
  find([[0, 3], [4, 6], [6, 9], [12, 40]], 2 * PAGE);
  find([[0, 3], [4, 6], [6, 9], [12, 40]], 3 * PAGE);
});
