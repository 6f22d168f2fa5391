import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import { KM_SLEEP, KMC_NOMAGAZINE } from '../../lib/opensolaris/kmem.js';
import { kmem_cache_create } from '../../lib/opensolaris/kmem_create.js';
import type { kmem_cache_t, kmem_slab_t }
  from '../../lib/opensolaris/kmem_impl.js';
import { bootKmem } from '../../lib/opensolaris/kmem_init.js';
import { kmem_cache_alloc, kmem_cache_free }
  from '../../lib/opensolaris/kmem_layers.js';
import { colorOf, slabs } from '../../lib/opensolaris/kmemcheck.js';
import { reboot } from '../../lib/sys/reboot.js';
import { predict } from './colour-sequence.js';

/** A cache on a fresh machine. */
function cache(size: number, align: number): kmem_cache_t {
  reboot();
  bootKmem();
  return kmem_cache_create(
    'c', size, align, null, null, null, null, null, KMC_NOMAGAZINE,
  );
}

/** Takes n objects. */
function load(size: number, align: number, n: number) {
  const cp = cache(size, align);
  const objects: number[] = [];
  const made: kmem_slab_t[] = []; // slabs, in the order in which they came
  for (let i = 0; i < n; i++) {
    objects.push(kmem_cache_alloc(cp, KM_SLEEP)!);
    for (const sp of slabs(cp)) if (!made.includes(sp)) made.push(sp);
  }
  return { cp, objects, made };
}

const A = () => load(200, 16, 120);

function D(): kmem_cache_t {
  const cp = cache(200, 16);
  for (let i = 0; i < 3; i++) {
    kmem_cache_free(cp, kmem_cache_alloc(cp, KM_SLEEP)!);
  }
  kmem_cache_alloc(cp, KM_SLEEP);
  return cp;
}

function ask(
  name: keyof ReturnType<typeof predict>,
  call: string,
  is: number,
  beliefs: Belief[],
): void {
  predicted(predict, name, { call, is, beliefs });
}

it('knows the second colour [1 point]', () => {
  ask('secondOfA', 'colour of the second slab of A', colorOf(A().made[1]), [
    { if: 16, then: 'The first slab has colour 16: cache_color is advanced '
      + 'before it is used.' },
    { if: 8, then: 'A colour is a multiple of the cache\'s alignment.' },
    { if: 24, then: 'A colour is a multiple of the cache\'s alignment.' },
    { if: 208, then: 'A colour is a shift inside the left-over, not a chunk.' },
  ]);
});

it('knows where the colours begin again [1 point]', () => {
  ask('sixthOfA', 'colour of the sixth slab of A', colorOf(A().made[5]), [
    { if: 96, then: 'That is more than cache_maxcolor, which is 88.' },
    { if: 88, then: 'cache_maxcolor is 88, but no multiple of 16 is.' },
    { if: 80, then: 'The fifth has 80: the first one has 16, not 0.' },
    { if: 16, then: 'Behind the last colour comes cache_mincolor, which is 0.' },
  ]);
});

it('knows what a colour costs [1 point]', () => {
  ask('chunksOfA', 'chunks in the fifth slab of A', A().made[4].slab_chunks, [
    { if: 18, then: 'A colour is never more than what is left over, so it '
      + 'costs no chunk.' },
    { if: 20, then: 'A chunk is a multiple of 16: 208 bytes. And the record of '
      + 'the slab lies in the slab.' },
  ]);
});

it('knows which object is first [1 point]', () => {
  const { cp, objects, made } = A();
  const start = made[0].slab_base - colorOf(made[0]);
  const { cache_chunksize } = cp;
  ask('objectOfA', 'start of the first object of A', objects[0] - start, [
    { if: 0, then: 'That slab has a colour, and chunk 0 is not taken first.' },
    { if: 16, then: 'Chunk 0 is pushed first, so it is taken last.' },
    { if: 18 * cache_chunksize, then: 'That is the right chunk. What lies '
      + 'before chunk 0?' },
    { if: 19 * cache_chunksize + 16, then: 'There are 19 chunks; the last has '
      + 'number 18.' },
    { if: 16 + 18 * 200, then: 'A chunk has 208 bytes: a multiple of 16.' },
  ]);
});

it('knows a cache without room for colours [1 point]', () => {
  const { made } = load(192, 64, 60);
  ask('thirdOfB', 'colour of the third slab of B', colorOf(made[2]), [
    { if: 192, then: 'What is left over is less than one alignment: 4040 mod '
      + '192.' },
    { if: 64, then: 'What is left over is less than one alignment: 4040 mod '
      + '192.' },
    { if: 8, then: 'A colour is a multiple of the alignment, 64.' },
  ]);
});

it('knows the left-over of a large slab [1 point]', () => {
  const { made } = load(1200, 8, 400);
  const zero = made.findIndex((sp) => colorOf(sp) === 0) + 1;
  ask('zeroOfC', 'number of the first slab of C with colour 0', zero, [
    { if: 1, then: 'cache_color is advanced before it is used.' },
    { if: zero - 1, then: 'How many multiples of 8 are there from 8 to 288?' },
    { if: 63, then: 'A slab with 4096 bytes wastes 165 for each chunk. A larger '
      + 'one wastes less.' },
    { if: 4040 % 1200 / 8 + 1, then: 'These slabs have a hash table, and no '
      + 'record in them. And how large are they?' },
  ]);
});

it('knows that an empty slab does not wait [1 point]', () => {
  ask('slabsOfD', 'slabs that D has made', D().cache_slab_create, [
    { if: 1, then: 'A slab with no buffer out is destroyed at once.' },
    { if: 3, then: 'The last object needs a slab, too.' },
  ]);
});

it('knows that colours go on when a slab has gone [1 point]', () => {
  const cp = D();
  ask('colourOfD', 'colour of the last slab of D', colorOf(slabs(cp)[0]), [
    { if: 16, then: 'Is it the first slab that this cache has made?' },
    { if: 48, then: 'Three slabs are gone; this one is the fourth.' },
    { if: 0, then: 'The cache keeps the last colour, even when the slab goes.' },
  ]);
});
