import { it } from 'vitest';
import * as v7 from '../../lib/bsd/malloc.js';
import * as bsd from '../../lib/bsd/subr_rmap.js';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import { predict } from './zero-or-panic.js';

/** 4.3BSD's map with [100, 105) free. */
function bsdMap(mapsize = 8): bsd.map {
  const mp = bsd.newMap(mapsize);
  bsd.rminit(mp, 5, 100, 'map', mapsize);
  return mp;
}

/** V7's map with [100, 105) free. */
function v7Map(): v7.map[] {
  const mp = v7.newMap(8);
  v7.mfree(mp, 5, 100);
  return mp;
}

/** What comes back from a call, in one word. */
function outcome(f: () => number | void): string {
  try {
    const got = f();
    if (got === undefined) return 'nothing';
    return got === 0 ? 'zero' : 'address';
  } catch (error) {
    if ((error as Error).name !== 'Panic') throw error;
    return 'panic';
  }
}

const words: Belief = {
  if: (have: unknown) =>
    !['address', 'zero', 'nothing', 'panic'].includes(have as string),
  then: 'The answer is one of the four words of the task.',
};

function ask(
  name: keyof ReturnType<typeof predict>,
  call: string,
  f: () => number | void,
  beliefs: Belief[],
): void {
  const is = outcome(f);
  predicted(predict, name, { call, is, beliefs: [...beliefs, words] });
}

it('tells a request for more than there is from a mistake [1 point]', () => {
  ask('tooMuch', '4.3BSD, rmalloc(map, 8)', () => bsd.rmalloc(bsdMap(), 8), [
    { if: 'panic',
      then: 'Running out is not the fault of the caller, who can wait or ask '
        + 'for less. A panic is for a broken contract.' },
    { if: 'address', then: 'Only 5 units are free. A map gives all or none.' },
    { if: 'nothing', then: 'rmalloc returns a number, and one is kept for "no".' },
  ]);
});

it('knows what 4.3BSD does with a request for no units [1 point]', () => {
  ask('noUnits', '4.3BSD, rmalloc(map, 0)', () => bsd.rmalloc(bsdMap(), 0), [
    { if: 'zero',
      then: '0 says that there is no space, and there is. The contract asks '
        + 'for a positive size.' },
    { if: 'address', then: 'That is V7. 4.3BSD tests the size first.' },
    { if: 'nothing', then: 'rmalloc returns a number, or it stops the kernel.' },
  ]);
});

it('knows what 4.3BSD does when units come back twice [1 point]', () => {
  const call = '4.3BSD, rmfree(map, 2, 102)';
  ask('freeAlready', call, () => bsd.rmfree(bsdMap(), 2, 102), [
    { if: 'nothing',
      then: 'Then two clients could get the same units. 4.3BSD compares the '
        + 'range with the free pieces beside it.' },
    { if: 'zero',
      then: '0 is for bad luck. Here some code gives back what it does not have.' },
  ]);
});

it('knows that to touch is not to overlap [1 point]', () => {
  const call = '4.3BSD, rmfree(map, 5, 105)';
  ask('touching', call, () => bsd.rmfree(bsdMap(), 5, 105), [
    { if: 'panic',
      then: '[100, 105) ends before unit 105. No unit is free already: the two '
        + 'pieces touch, and are joined.' },
    { if: 'zero', then: 'rmfree returns no number.' },
    { if: 'address', then: 'rmfree returns no number.' },
  ]);
});

it('knows what 4.3BSD does when there is no slot left [1 point]', () => {
  const call = '4.3BSD, rmfree(map, 5, 300) with no slot left';
  ask('noSlot', call, () => bsd.rmfree(bsdMap(3), 5, 300), [
    { if: 'panic',
      then: 'The caller did nothing wrong, and the kernel can go on. A piece '
        + 'is lost, and the console says which.' },
    { if: 'zero',
      then: 'rmfree returns no number, so it cannot say no. It prints.' },
  ]);
});

it('knows what V7 does when units come back twice [1 point]', () => {
  const call = 'V7, mfree(map, 2, 102)';
  ask('v7FreeAlready', call, () => v7.mfree(v7Map(), 2, 102), [
    { if: 'panic',
      then: 'That is 4.3BSD. V7 believes its caller: now two units are in the '
        + 'map twice.' },
    { if: 'zero', then: 'mfree returns no number.' },
  ]);
});

it('knows what V7 does with a request for no units [1 point]', () => {
  ask('v7NoUnits', 'V7, malloc(map, 0)', () => v7.malloc(v7Map(), 0), [
    { if: 'zero',
      then: 'malloc looks for an entry whose size is at least 0, and the first '
        + 'one has 5. Its address comes back, and the map stays as it is.' },
    { if: 'panic', then: 'That is 4.3BSD. V7 tests no argument.' },
    { if: 'nothing', then: 'malloc returns a number.' },
  ]);
});
