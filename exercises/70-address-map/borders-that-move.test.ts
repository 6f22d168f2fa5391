import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import { map32, map64, type Area } from '../../lib/opensolaris/startup.js';
import { predict } from './borders-that-move.js';

const GB = 2 ** 18; // in pages

/** How far a border moves, in MB, from 8 GB of memory to 16. */
function moves(map: (physmem: number) => Area[], name: string): number {
  const [before, after] = [8 * GB, 16 * GB].map((physmem) => {
    const found = map(physmem).find((area) => area.name === name)!;
    return found.start;
  });
  return Number(after - before) / 2 ** 20;
}

function ask(name: keyof ReturnType<typeof predict>, border: string,
  is: number, beliefs: Belief[]): void {
  const call = `MB that ${border} moves from 8 to 16 GB`;
  predicted(predict, name, { call, is, beliefs });
}

/** It is right, but for the sign. */
const turned = (is: number): Belief => ({
  if: (n: unknown) => n === -is && n !== 0,
  then: 'The distance is right. In which direction does it grow?',
});

it('knows what pushes the stacks [1 point]', () => {
  const is = moves(map64, 'segkp_base');
  ask('stacks', 'segkp_base', is, [
    turned(is),
    { if: 0, then: 'The page structures lie below it, and they grow.' },
    { if: 128, then: 'That is for 4 GB more. How many pages are 8 GB?' },
    { if: 160, then: 'That is 80 bytes a page, the figure for 32 bits.' },
    { if: 8192, then: 'Not memory itself lies below it, but a few bytes for '
      + 'each page.' },
  ]);
});

it('knows what pushes the devices [1 point]', () => {
  const is = moves(map64, 'toxic_addr');
  ask('devices', 'toxic_addr', is, [
    turned(is),
    { if: 256, then: 'Between the stacks and the devices lies segzio, which '
      + 'may be as large as memory.' },
    { if: 8192, then: 'That is segzio. What else below it grows?' },
    { if: 4352, then: 'segzio takes half only of what is above 512 GB.' },
    { if: 10496, then: 'Stacks have 2 GB with 8 GB of memory and with 16: an '
      + 'area of fixed size adds nothing.' },
  ]);
});

it('knows where the heap starts [1 point]', () => {
  const is = moves(map64, 'kernelheap');
  ask('start', 'kernelheap', is, [
    turned(is),
    { if: 0, then: 'The heap starts where the last area below it ends, and '
      + 'that floats.' },
    { if: (n: unknown) => typeof n === 'number' && n > is,
      then: 'Devices and files have the same size on both machines: they add '
        + 'nothing to the distance.' },
    { if: 256, then: 'More than the page structures lies below it: segzio '
      + 'grows too.' },
    { if: 8192, then: 'That is segzio. What else below it grows?' },
  ]);
});

it('knows where the heap ends [1 point]', () => {
  // A constant does not move; so a second border is asked with it.
  const is = moves(map64, 'COREHEAP_BASE');
  ask('start', 'kernelheap', moves(map64, 'kernelheap'), []);
  ask('end', 'COREHEAP_BASE', is, [
    { if: (n: unknown) => n !== 0,
      then: 'It is a constant of the compiler: the heap does not move, it '
        + 'gets shorter.' },
  ]);
});

it('knows what users lose [1 point]', () => {
  const is = moves(map32, 'kernelbase');
  ask('users', 'kernelbase', is, [
    turned(is),
    { if: 0, then: 'With 32 bits this border floats: the kernel takes from '
      + 'users what it needs.' },
    { if: -160, then: 'Twice the page structures are taken off KERNELBASE: '
      + 'the heap grows as well.' },
    { if: -512, then: 'That is 128 bytes a page, the figure for 64 bits.' },
  ]);
});

it('knows where the page structures start [1 point]', () => {
  const is = moves(map32, 'valloc_base');
  ask('pages', 'valloc_base', is, [
    turned(is),
    { if: 0, then: 'Their end is the constant here, so their start moves.' },
    { if: -320, then: 'Twice the structures are taken off KERNELBASE. Here it '
      + 'is once.' },
    { if: -256, then: 'That is 128 bytes a page, the figure for 64 bits.' },
  ]);
});
