import { it } from 'vitest';
import { attempt, judge, type Belief } from '../../lib/grade/judge.js';
import { GFP_KERNEL } from '../../lib/linux/gfp.js';
import { bootMemory } from '../../lib/linux/page_alloc_boot.js';
import { kmem_cache_alloc } from '../../lib/linux/slab_alloc.js';
import { kmem_cache_create, kmem_cache_init } from '../../lib/linux/slab_create.js';
import {
  cache_estimate,
  CFLGS_OFF_SLAB,
  configure,
  slabOf,
} from '../../lib/linux/slab_layout.js';
import { reboot } from '../../lib/sys/reboot.js';
import { estimate, whereIs } from './estimate-a-slab.js';

const PAGE = 4096;
const up = (x: number, align: number): number => Math.ceil(x / align) * align;

/** What comes of a sum that is not the right one. */
function by(bytes: number, sum: (i: number) => number) {
  let num = 0;
  while (sum(num + 1) <= bytes) num++;
  return { num, left_over: bytes - sum(num) };
}

/** Asks how many fit into 2^order pages. */
function fit(size: number, align = 4, { order = 0, onSlab = true } = {}): void {
  configure();
  const bytes = PAGE << order;
  const is = cache_estimate(order, size, align, onSlab ? 0 : CFLGS_OFF_SLAB);
  const call = `estimate(${bytes}, ${size}, ${align}, ${onSlab})`;
  const have = attempt(call, () => estimate(bytes, size, align, onSlab));
  const sums: [(i: number) => number, string][] = [
    [(i) => i * size + up(24 + 2 * i, align),
      'The descriptor is not on this slab: all bytes are for objects.'],
    [(i) => i * size,
      'The descriptor and a bufctl for each object need room on the slab.'],
    [(i) => i * size + 24 + 2 * i,
      'Objects begin at a multiple of align: round the descriptor up.'],
    [(i) => i * size + up(24, align),
      'Each object has a bufctl of 2 bytes, behind the descriptor.'],
    [(i) => i * size + up(24, align) + up(2 * i, align),
      'Descriptor and bufctls lie in one piece, which is rounded once.'],
  ];
  const num = Math.floor((bytes - up(24, align)) / (size + 2));
  const beliefs: Belief[] = [
    ...sums.map(([sum, then]) => ({ if: by(bytes, sum), then })),
    { if: (got: typeof is) => got?.num === is.num + 1,
      then: 'One too many: is the sum for your number still within the slab?' },
    { if: (got: typeof is) => got?.num === is.num - 1,
      then: 'One more fits. Does your loop stop before, or does it divide '
        + 'where the rounding leaves room?' },
    { if: (got: typeof is) => got?.num === is.num && got.left_over > is.left_over,
      then: 'The number is right. Is the descriptor taken off what is left, '
        + 'rounded?' },
    { if: (got: typeof is) => got?.num === is.num,
      then: 'The number is right. Left over is the slab less what is used.' },
    { if: (got: typeof is) => got?.num === num,
      then: 'A division cannot see how the rounding comes out. Count.' },
  ];
  const head = onSlab ? up(24 + 2 * is.num, align) : 0;
  judge({ call, have, is, beliefs, drawn: [
    `  ${head} descriptor + ${is.num} x ${size} objects + ${is.left_over} left `
      + `= ${bytes}`,
  ] });
}

it('estimate leaves room for the descriptor and the bufctls [2 points]', () => {
  fit(1000);
  fit(300);
  fit(100);
  fit(128);
  fit(512);
  fit(64);
});

it('estimate rounds the descriptor up, and uses what that leaves [2 points]', () => {
  fit(512, 32);
  fit(96, 32);
  fit(32, 32);
  fit(64, 64);
  fit(128, 128);
});

it('estimate gives all of a slab to objects when the descriptor is elsewhere [1 point]', () => {
  fit(512, 32, { onSlab: false });
  fit(700, 4, { onSlab: false });
  fit(1024, 32, { order: 1, onSlab: false });
});

it('estimate works for more pages, and when nothing fits [1 point]', () => {
  fit(700, 4, { order: 1 });
  fit(5000, 4, { order: 1 });
  fit(5000, 4);
  fit(4096, 32);
  fit(5000, 4, { onSlab: false });
});

/** Where the kernel puts the objects of its n-th slab. */
function realSlab(size: number, n: number) {
  reboot();
  bootMemory({ zones: [4096, 12288, 0] });
  kmem_cache_init();
  const cachep = kmem_cache_create('c', size)!;
  const all: number[] = [];
  while (all.length < n * cachep.num) all.push(kmem_cache_alloc(cachep, GFP_KERNEL));
  const slabp = slabOf(all[all.length - 1])!;
  const start = slabp.s_mem - slabp.colouroff;
  const objects = all.filter((objp) => slabOf(objp) === slabp)
    .map((objp) => objp - start)
    .sort((a, b) => a - b);
  return { objects, colour: slabp.colouroff - cachep.slab_size, num: cachep.num };
}

/** Asks for bytes of a slab, each given as object and distance. */
function find(size: number, n: number, bytes: [object: number, more: number][]) {
  const { objects, colour, num } = realSlab(size, n);
  for (const [object, more] of bytes) {
    const offset = (objects.at(object) ?? 0) + more;
    const is = objects.findIndex((o) => o <= offset && offset < o + size);
    const args = [offset, colour, size, 4, num] as const;
    const call = `whereIs(${args.join(', ')})`;
    const have = attempt(call, () => whereIs(...args));
    const beliefs: Belief[] = [
      { if: (got: number) => is === -1 && got === num,
        then: 'Behind the last object lies what is left over.' },
      { if: (got: number) => is === -1 && Object.is(got, -0),
        then: 'Less than one object before object 0: round down, not to 0.' },
      { if: (got: number) => is === -1 && got === 0 && offset < objects[0],
        then: 'This byte lies before object 0.' },
      { if: Math.floor(offset / size),
        then: 'Objects do not begin at the start of the slab: colour and '
          + 'descriptor stand before them.' },
      { if: Math.floor((offset - objects[0] + colour) / size),
        then: 'The colour moves all of the slab: descriptor and objects.' },
      { if: Math.floor((offset - colour) / size),
        then: 'Behind the colour stands the descriptor with its bufctls.' },
      { if: is + 1, then: 'Objects are numbered from 0.' },
      { if: -1, then: 'This byte is in an object. Where does object 0 begin?' },
    ];
    judge({ call, have, is, beliefs, drawn: [
      `  object 0 begins at ${objects[0]}, object ${num - 1} ends at `
        + `${objects[num - 1] + size}`,
    ] });
  }
}

it('whereIs finds the object, with any colour [1 point]', () => {
  find(1000, 1, [[1, 0], [1, 999], [2, 0], [0, 0]]);
  find(300, 3, [[5, 17], [12, 299], [1, 0], [0, 0]]);
});

it('whereIs says -1 for colour, descriptor and rest, and not for objects [1 point]', () => {
  find(1000, 1, [[3, 999], [3, 1000], [0, -1]]);
  find(300, 4, [[1, 0], [0, -1], [0, -52], [0, -53], [-1, 300], [-1, 299]]);
});
