import { it } from 'vitest';
import { arranged, Finding, judge, type Belief } from '../../lib/grade/judge.js';
import { order } from './grow-in-order.js';

/** What is there to be had, and how the call was made. */
interface Scene { noGrow?: boolean; pages?: boolean; descriptor?: boolean }

/** What a call has done. */
interface State {
  returned: boolean | null; // null: it came to its end without a word
  offset: boolean; // the names that lines have set
  objp: boolean | null; // null: not asked; false: there were no pages
  slabp: boolean | null;
  colours: number; // how many it took
  gave: boolean; // the pages went back
  owners: boolean;
  built: boolean;
  list: 'free' | 'full' | null;
  unready: string[]; // what was missing when others could see the slab
  counted: number;
  locked: boolean;
  slept: number[]; // lines that may sleep, under the lock
  bare: number[]; // lines that touch what all share, without it
}

const start = (): State => ({
  returned: null, offset: false, objp: null, slabp: null, colours: 0,
  gave: false, owners: false, built: false, list: null, unready: [],
  counted: 0, locked: false, slept: [], bare: [],
});

/** What a name needs to have been set by. */
function needs(line: number, have: boolean, name: string, by: number): void {
  if (have) return;
  throw new Finding(`order(): line ${line} uses ${name}, which no line has set `
    + `yet. Line ${by} does.`);
}

/** Runs one line. */
function does(n: number, s: State, scene: Scene): void {
  const { noGrow = false, pages = true, descriptor = true } = scene;
  const objp = (): void => needs(n, s.objp !== null, 'objp', 4);
  const slabp = (): void => needs(n, s.slabp !== null, 'slabp', 13);
  const sleeps = (): void => void (s.locked && s.slept.push(n));
  const shared = (): void => void (s.locked || s.bare.push(n));
  switch (n) {
    case 1: case 2:
      slabp();
      if (s.slabp === false) {
        s.gave ||= n === 2;
        s.returned = false;
      }
      break;
    case 3:
      slabp();
      s.owners = true;
      break;
    case 4:
      sleeps();
      s.objp = pages;
      break;
    case 5:
      if (s.locked) {
        throw new Finding('order(): line 5 takes the lock, and this CPU has it '
          + 'already. It would wait for itself, for ever.');
      }
      s.locked = true;
      break;
    case 6: case 7:
      slabp();
      shared();
      s.list = n === 6 ? 'free' : 'full';
      if (!s.owners) s.unready.push('its pages do not know it');
      if (!s.built) s.unready.push('its objects are not built');
      break;
    case 8:
      slabp();
      sleeps();
      s.built = true;
      break;
    case 9:
      shared();
      s.offset = true;
      s.colours++;
      break;
    case 10:
      if (!s.locked) {
        throw new Finding('order(): line 10 gives back a lock that is not held.');
      }
      s.locked = false;
      break;
    case 11:
      if (noGrow) s.returned = false;
      break;
    case 12:
      objp();
      if (s.objp === false) s.returned = false;
      break;
    case 13:
      objp();
      needs(n, s.offset, 'offset', 9);
      sleeps();
      s.slabp = descriptor && s.objp === true;
      break;
    case 14:
      shared();
      s.counted++;
      break;
    default:
      s.returned = true;
  }
}

/** The student's numbers, if they can be lines at all. */
const program = (): number[] =>
  arranged(order, {
    what: 'line',
    labels: Array.from({ length: 15 }, (_, i) => i + 1),
    often: [5, 10],
  });

/** Runs the lines until one returns. */
function run(scene: Scene = {}): State {
  const s = start();
  for (const n of program()) {
    does(n, s, scene);
    if (s.returned !== null) break;
  }
  if (s.returned !== null && s.locked) {
    throw new Finding(`order(): it returns ${s.returned} with the lock held. `
      + 'No CPU will ever get it.');
  }
  return s;
}

/** One fact about the state, with the reason for it. */
function fact(what: string, have: unknown, is: unknown, then: string): void {
  const beliefs: Belief[] = [{ if: () => true, then }];
  judge({ call: what, have, is, beliefs });
}

/** A call that has all it needs gets so far that there is a slab. */
function madeSlab(): State {
  const s = run();
  fact('a slab was made', s.slabp, true,
    'No line, or a line that comes too late, asks for pages and descriptor.');
  return s;
}

it('makes a slab and says so [1 point]', () => {
  const s = madeSlab();
  fact('what it returns', s.returned, true, 'In the end it says that there is '
    + 'one more slab.');
  fact('pages went back', s.gave, false, 'They belong to the new slab.');
});

it('builds the objects and tells the pages, before others see the slab [2 points]', () => {
  const s = madeSlab();
  fact('the pages know their slab', s.owners, true, 'A free finds the slab '
    + 'through the page.');
  fact('the objects are built', s.built, true, 'Without line 8 there is no '
    + 'chain, and nothing was constructed.');
  fact('the slab is listed', s.list !== null, true, 'A slab on no list is '
    + 'never found again.');
  fact('missing when the slab is listed', s.unready, [], 'Once it is on a list, '
    + 'another CPU may take from it. The list comes last.');
});

it('lists the slab as free, and counts its objects once [1 point]', () => {
  const s = madeSlab();
  fact('the list', s.list, 'free', 'None of its objects is in use.');
  fact('how often its objects are counted', s.counted, 1, 'free_objects is the '
    + 'sum over the slabs (invariant 3).');
});

it('never sleeps with the lock held [1 point]', () => {
  const s = madeSlab();
  fact('objects built', s.built, true, 'Line 8 has to run, too.');
  fact('lines that may sleep, with the lock held', s.slept, [], 'Who sleeps with '
    + 'a spin lock leaves the others spinning. The mask may allow to sleep.');
});

it('touches what all CPUs share with the lock held [1 point]', () => {
  const s = madeSlab();
  fact('the slab is listed', s.list !== null, true, 'The list is one of the '
    + 'things that all share.');
  fact('lines that touch shared fields without the lock', s.bare, [], 'Colour, '
    + 'lists and counts belong to all CPUs: two at once would spoil them.');
});

it('gives the pages back when there is no descriptor, and says no [1 point]', () => {
  madeSlab();
  const s = run({ descriptor: false });
  fact('what it returns without a descriptor', s.returned, false, 'No slab has '
    + 'come of it. Is that checked right behind line 13?');
  fact('pages went back', s.gave, true, 'Nobody else knows of these pages: they '
    + 'would be lost.');
  fact('what was listed', s.list, null, 'There is no slab to be listed.');
});

it('says no without pages and with __GFP_NO_GROW, and changes nothing [1 point]', () => {
  madeSlab();
  const s = run({ pages: false });
  fact('what it returns without pages', s.returned, false, 'A run at address 0 '
    + 'is none. Is that checked right behind line 4?');
  fact('a descriptor was asked for', s.slabp !== null, false, 'Without pages '
    + 'nobody needs one.');
  const no = run({ noGrow: true });
  fact('what it returns with __GFP_NO_GROW', no.returned, false, 'The mask '
    + 'forbids to grow.');
  fact('colours used up with __GFP_NO_GROW', no.colours, 0, 'Check the mask '
    + 'before anything changes.');
  fact('pages asked for with __GFP_NO_GROW', no.objp !== null, false, 'Check the '
    + 'mask before pages are asked for.');
});
