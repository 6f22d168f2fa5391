import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import { GFP_KERNEL } from '../../lib/linux/gfp.js';
import { kcalloc, kmalloc, kmallocSizes, ksize }
  from '../../lib/linux/kmalloc.js';
import { bootMemory } from '../../lib/linux/page_alloc_boot.js';
import { kmem_cache_init } from '../../lib/linux/slab_create.js';
import { configure } from '../../lib/linux/slab_layout.js';
import { reboot } from '../../lib/sys/reboot.js';
import { predict } from './class-and-waste.js';

type Name = keyof ReturnType<typeof predict>;

function boot(L1_CACHE_BYTES = 32): void {
  reboot();
  configure({ L1_CACHE_BYTES });
  bootMemory({ zones: [0, 16384, 0] });
  kmem_cache_init();
}

/** What is given: on a machine with such cache lines. */
function given(size: number, line = 32): number {
  boot(line);
  return ksize(kmalloc(size, GFP_KERNEL));
}

const array = (n: number, size: number): number => {
  boot();
  return ksize(kcalloc(n, size, GFP_KERNEL));
};

const ask = (name: Name, call: string, is: number, beliefs: Belief[]): void =>
  predicted(predict, name, { call: `${name}: ${call}`, is, beliefs });

const exact = 'kmalloc gives a whole object of a cache, never just what is asked.';
const twos = 'There are two classes that are no powers of two, as the lines '
  + 'are short enough.';

it('given: the object of kmalloc(70) [1 point]', () => {
  ask('given', 'bytes of the object of kmalloc(70)', given(70), [
    { if: 70, then: exact },
    { if: 72, then: 'A heap rounds to words. There is no cache of 72.' },
    { if: 128, then: twos },
    { if: 64, then: 'That object is too small.' },
  ]);
});

it('unused: what kmalloc(70) does not use [1 point]', () => {
  ask('unused', 'bytes not used in kmalloc(70)', given(70) - 70, [
    { if: 0, then: exact },
    { if: 58, then: twos },
    { if: given(70), then: 'That is the whole object. 70 of it are used.' },
  ]);
});

it('longLines: kmalloc(70) with lines of 64 bytes [1 point]', () => {
  ask('longLines', 'bytes of kmalloc(70), lines of 64', given(70, 64), [
    { if: 96, then: 'Is 96 a multiple of a line here?' },
    { if: 64, then: 'That object is too small.' },
    { if: 192, then: 'A smaller class is large enough.' },
  ]);
});

it('nothing: kmalloc(0) [1 point]', () => {
  ask('nothing', 'bytes of the object of kmalloc(0)', given(0), [
    { if: 0, then: 'Nothing tests for 0. Which is the first class that is '
      + 'large enough?' },
  ]);
});

/** The request that wastes most in one class. */
function worst(cs_size: number): number {
  boot();
  const below = kmallocSizes().filter((size) => size < cs_size);
  return below[below.length - 1] + 1;
}

it('worst: the request that wastes most of 1,024 bytes [1 point]', () => {
  ask('worst', 'the worst request of size-1024', worst(1024), [
    { if: 512, then: 'That one still fits into the class below.' },
    { if: 1, then: 'A request of 1 byte is served by the first class.' },
    { if: 511, then: 'That is what it wastes; or it fits into the class below.' },
    { if: 1023, then: 'That one wastes a single byte.' },
    { if: 1025, then: 'That one gets more than 1,024 bytes.' },
  ]);
});

it('array: kcalloc(300, 44) [1 point]', () => {
  ask('array', 'bytes of kcalloc(300, 44)', array(300, 44), [
    { if: 300 * 44, then: exact },
    { if: 300 * 64, then: 'The elements are not rounded, the product is.' },
    { if: 8192, then: 'Multiply again: that is too small.' },
    { if: 0, then: 'The product fits into an int, and into a class.' },
  ]);
});

it('product: kcalloc(65536, 65537) [1 point]', () => {
  ask('product', 'bytes of kcalloc(65536, 65537)', array(65536, 65537), [
    { if: 65536, then: 'That is what 32 bits keep of the product. What does '
      + 'kcalloc do before it multiplies?' },
    { if: 131072, then: 'The largest class is too small for it by far.' },
    { if: 65536 * 65537, then: 'That is more than an address can name.' },
  ]);
});

it('large: kmalloc(150000) [1 point]', () => {
  ask('large', 'bytes of kmalloc(150000)', given(150000), [
    { if: 262144, then: 'Where does the row of classes end?' },
    { if: 131072, then: 'That object is too small.' },
    { if: 150000, then: exact },
    { if: 151552, then: 'kmalloc does not give pages, but objects of caches.' },
  ]);
});

it('thousand: 1,000 structures of 136 bytes [1 point]', () => {
  const is = 1000 * (given(136) - 136);
  ask('thousand', 'bytes not used in 1,000 objects', is, [
    { if: is / 1000, then: 'That is one of them.' },
    { if: 1000 * (256 - 136), then: twos },
    { if: 0, then: exact },
    { if: 1000 * given(136), then: 'That is all that is given.' },
  ]);
});
