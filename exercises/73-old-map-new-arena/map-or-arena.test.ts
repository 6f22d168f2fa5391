import { it } from 'vitest';
import * as old from '../../lib/bsd/rmap.js';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import * as now from '../../lib/opensolaris/rmap.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import { reboot } from '../../lib/sys/reboot.js';
import { predict } from './map-or-arena.js';

const CALLS = ['rmfree(mp, 60, 1)', 'rmalloc of 16, 10 and 16',
  'rmfree(mp, 10, 17)'];

/** The calls of either file on a map of its own. */
function onMap(slots = 10) {
  reboot();
  const mp = old.rmallocmap(slots);
  return {
    rmalloc: (size: number) => old.rmalloc(mp, size),
    rmfree: (size: number, addr: number) => old.rmfree(mp, size, addr),
  };
}

function onArena() {
  reboot();
  vmem_init();
  const mp = now.rmallocmap(10)!;
  return {
    rmalloc: (size: number) => now.rmalloc(mp, size),
    rmfree: (size: number, addr: number) => now.rmfree(mp, size, addr),
  };
}

/** What 9 and then 10 units return. */
function two({ rmalloc, rmfree }: ReturnType<typeof onMap>): number[] {
  rmfree(60, 1);
  for (const size of [16, 10, 16]) rmalloc(size);
  rmfree(10, 17);
  return [9, 10].map(rmalloc);
}

function ask(name: keyof ReturnType<typeof predict>, call: string,
  is: number | string, beliefs: Belief[], after: string[] = CALLS): void {
  predicted(predict, name, { call, is, beliefs, after });
}

it('says where the map finds 9 units [1 point]', () => {
  ask('map9', 'rmalloc(mp, 9) on the map', two(onMap())[0], [
    { if: 43, then: 'First fit takes the first piece by address that is large '
      + 'enough.' },
    { if: 18, then: 'A piece is cut from its low end.' },
  ]);
});

it('says where the arena finds 9 units [1 point]', () => {
  ask('arena9', 'rmalloc(mp, 9) on the arena', two(onArena())[0], [
    { if: 17, then: '10 units would do, but their list, 8 to 15, may have some '
      + 'that do not. Instant fit begins one list further.' },
    { if: 52, then: 'A segment is cut from its start.' },
    { if: 0, then: 'There is a list on which all have 16 or more.' },
  ]);
});

it('says where the map finds 10 more [1 point]', () => {
  ask('map10', 'rmalloc(mp, 10) on the map', two(onMap())[1], [
    { if: 17, then: 'The 9 units were taken there.' },
    { if: 0, then: 'How long is the second free piece?' },
    { if: 26, then: 'One unit is left there.' },
  ], [...CALLS, 'rmalloc(mp, 9)']);
});

it('says where the arena finds 10 more [1 point]', () => {
  ask('arena10', 'rmalloc(mp, 10) on the arena', two(onArena())[1], [
    { if: 52, then: 'How many units are left behind the 9?' },
    { if: 0, then: 'No list is sure to have 10 units. Before it gives up, '
      + 'vmem_alloc has the list below searched.' },
    { if: 43, then: 'The 9 units were taken there.' },
  ], [...CALLS, 'rmalloc(mp, 9)']);
});

it('says whether a request crosses from span to span [1 point]', () => {
  const { rmalloc, rmfree } = onArena();
  for (const addr of [1, 31]) rmfree(30, addr);
  ask('span', 'rmalloc(mp, 40) on the arena', rmalloc(40), [
    { if: 1, then: 'Segments that touch are joined within a span. Each rmfree '
      + 'of something new makes a span of its own.' },
  ], ['rmfree(mp, 30, 1)', 'rmfree(mp, 30, 31)']);
});

it('says what freeing a part is [1 point]', () => {
  const { rmalloc, rmfree } = onArena();
  rmfree(60, 1);
  const addr = rmalloc(16);
  let is = 'fine';
  try {
    rmfree(8, addr);
  } catch {
    is = 'panic';
  }
  ask('part', 'rmfree(mp, 8, addr) on the arena', is, [
    { if: 'fine', then: 'A map does not know what was allocated. An arena has a '
      + 'record of 16 units at this address.' },
  ], ['rmfree(mp, 60, 1)', 'addr = rmalloc(mp, 16)']);
});

it('says what a full map still has [1 point]', () => {
  const { rmalloc, rmfree } = onMap(2);
  const places = [10, 20, 30, 40];
  for (const addr of places) rmfree(5, addr);
  const got = places.map(() => rmalloc(5)).filter((addr) => addr !== 0);
  ask('full', 'rmalloc(mp, 5) on a map of two slots', got.length, [
    { if: 4, then: 'Four pieces that do not touch need four entries.' },
    { if: 3, then: 'The map has two slots for entries, besides the one for the '
      + 'delimiter.' },
    { if: 1, then: 'Two slots for entries: the delimiter has one of its own.' },
    { if: 0, then: 'A full map loses a piece each time, and keeps what it can.' },
  ], places.map((addr) => `rmfree(mp, 5, ${addr})`));
});
