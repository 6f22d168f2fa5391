import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import { GFP_KERNEL } from '../../lib/linux/gfp.js';
import { bootMemory } from '../../lib/linux/page_alloc_boot.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../lib/linux/slab_alloc.js';
import { kmem_cache_create, kmem_cache_init } from '../../lib/linux/slab_create.js';
import { slabinfo_write } from '../../lib/linux/slab_info.js';
import { type kmem_cache_t, slabOf, watch } from '../../lib/linux/slab_layout.js';
import { onCpu, startCpus } from '../../lib/sys/cpu.js';
import { reboot } from '../../lib/sys/reboot.js';
import { predict } from './which-comes-next.js';

type Name = keyof ReturnType<typeof predict>;

/** A new cache, and where its slabs begin, in the order they are made. */
function fresh(size: number, tune = '', cpus = 1) {
  reboot();
  startCpus(cpus);
  bootMemory({ zones: [4096, 12288, 0] });
  kmem_cache_init();
  const c = kmem_cache_create('c', size)!;
  const starts: number[] = [];
  watch.getpages = (who, addr) => {
    if (who === c) starts.push(addr);
  };
  if (tune !== '') slabinfo_write(`c ${tune}`);
  return { c, starts };
}

const take = (c: kmem_cache_t, n: number): number[] =>
  Array.from({ length: n }, () => kmem_cache_alloc(c, GFP_KERNEL));

const number = (c: kmem_cache_t, objp: number): number =>
  (objp - slabOf(objp)!.s_mem) / c.objsize;

function ask(name: Name, call: string, is: number, beliefs: Belief[]): void {
  predicted(predict, name, { call: `${name}: ${call}`, is, beliefs });
}

/** The n-th object of a new cache of 200 bytes. */
function nth(n: number): number {
  const { c } = fresh(200);
  return number(c, take(c, n)[n - 1]);
}

it('says which object comes first [1 point]', () => {
  ask('first', 'of a new cache of 200 bytes', nth(1), [
    { if: 0, then: '0 is put into the array first, and others are put on top of it.' },
    { if: 19, then: 'An array that was never used gets 16, not all of the slab.' },
    { if: 59, then: 'A slab has 20 objects, and a new array gets at most 16.' },
    { if: 16, then: 'Sixteen objects, counted from 0.' },
  ]);
});

it('says which object comes seventeenth [1 point]', () => {
  ask('seventeenth', 'of a new cache of 200 bytes', nth(17), [
    { if: 16, then: 'This batch, too, is put down in ascending order and taken '
      + 'from the top.' },
    { if: 75, then: 'The batch would be 60, but the slab has four objects left.' },
    { if: 31, then: 'The slab ends before that.' },
    { if: 15, then: 'The slab still has objects, so the cache does not grow yet.' },
  ]);
});

it('says which object comes twenty-first [1 point]', () => {
  ask('twentyFirst', 'of a new cache of 200 bytes', nth(21), [
    { if: 15, then: 'The array has been used by now, so it may get a whole batch.' },
    { if: 20, then: 'Numbers begin anew in each slab.' },
    { if: 0, then: 'In a new slab, too, the last object put down is on top.' },
    { if: 59, then: 'A new slab has only 20 objects.' },
  ]);
});

it('says what comes after two frees [1 point]', () => {
  const { c } = fresh(200);
  const objects = take(c, 5);
  for (const i of [0, 3]) kmem_cache_free(c, objects[i]);
  ask('afterTwoFrees', 'the second take', number(c, take(c, 2)[1]), [
    { if: number(c, objects[3]), then: 'That one was freed last, so it comes first.' },
    { if: 10, then: 'Freed objects lie on top of those that were never taken.' },
    { if: 0, then: 'The first object that was taken was not number 0.' },
  ]);
});

/** A slab of eight, all taken; 0 to 4 are freed. */
function flushed() {
  const { c } = fresh(500, '4 2 0');
  const objects = take(c, 8).sort((a, b) => a - b);
  for (const objp of objects.slice(0, 5)) kmem_cache_free(c, objp);
  return { c, slabp: slabOf(objects[0])! };
}

it('says what is first on the chain after a flush [1 point]', () => {
  ask('chainFirst', 'after 0, 1, 2, 3, 4 were freed', flushed().slabp.free, [
    { if: 0, then: '0 came back first. The one behind it was put before it.' },
    { if: 4, then: 'The flush makes room for 4, and 4 stays in the array.' },
    { if: 3, then: 'The flush takes the oldest of the array, not the newest.' },
    { if: 2, then: 'The flush takes the oldest of the array, one batch.' },
  ]);
});

it('says what the fourth take returns [1 point]', () => {
  const { c } = flushed();
  ask('fourthTake', 'after 4, 3 and 2', number(c, take(c, 4)[3]), [
    { if: 1, then: 'A batch is two: both come, and the second one lies on top.' },
    { if: 4, then: '4 was freed last, so it is the first take, not the fourth.' },
    { if: 5, then: '5 is still in use.' },
  ]);
});

it('says which slab is used next [1 point]', () => {
  const { c, starts } = fresh(2000, '2 1 0');
  const objects = take(c, 8);
  const slab = (objp: number): number => {
    const { s_mem, colouroff } = slabOf(objp)!;
    return starts.indexOf(s_mem - colouroff);
  };
  for (const n of [2, 0, 1, 3]) {
    kmem_cache_free(c, objects.find((objp) => slab(objp) === n)!);
  }
  ask('slabOfThird', 'the third take', slab(take(c, 3)[2]), [
    { if: 3, then: 'The object of slab 3 was freed last: it is the first take.' },
    { if: 1, then: 'The object of slab 1 is still in the array: the second take.' },
    { if: 0, then: 'Slabs queue: the one that got its object back first is at '
      + 'the front, whatever its number.' },
    { if: 4, then: 'Two slabs have an object free. The cache need not grow.' },
  ]);
});

it('says what another CPU gets from the shared array [1 point]', () => {
  const { c } = fresh(100, '', 2);
  const objects = take(c, 200);
  while (c.array[0]!.avail > 0) take(c, 1);
  for (const objp of objects.slice(0, 121)) kmem_cache_free(c, objp);
  const got = onCpu(1, () => take(c, 1))[0];
  ask('sharedFirst', 'on CPU 1', objects.indexOf(got) + 1, [
    { if: 121, then: 'That one is in the array of CPU 0, which no other CPU touches.' },
    { if: 1, then: 'A run is copied from the top of the shared array, and the '
      + 'top of the run goes out first.' },
    { if: 16, then: 'Sixteen come, but from the top of the shared array.' },
    { if: 45, then: 'That is the lowest of the 16 that come; taken is the top.' },
    { if: 120, then: 'The oldest 60 leave the array of CPU 0, not the newest.' },
  ]);
});
