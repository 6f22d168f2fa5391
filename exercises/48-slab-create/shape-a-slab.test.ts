import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import { PAGE_SIZE } from '../../lib/linux/mm.js';
import { bootMemory } from '../../lib/linux/page_alloc_boot.js';
import { kmem_cache_create, kmem_cache_init }
  from '../../lib/linux/slab_create.js';
import { CFLGS_OFF_SLAB, type kmem_cache_t }
  from '../../lib/linux/slab_layout.js';
import { reboot } from '../../lib/sys/reboot.js';
import { predict } from './shape-a-slab.js';

type Name = keyof ReturnType<typeof predict>;

/** A new cache on a machine of its own. */
function make(size: number, megabytes = 64): kmem_cache_t {
  reboot();
  bootMemory({ zones: [4096, 256 * megabytes - 4096, 0] });
  kmem_cache_init();
  return kmem_cache_create('c', size)!;
}

const isOut = ({ flags }: kmem_cache_t): boolean => (flags & CFLGS_OFF_SLAB) !== 0;

const ask = (name: Name, call: string, is: unknown, beliefs: Belief[]): void =>
  predicted(predict, name, { call: `${name}: ${call}`, is, beliefs });

it('counts small objects beside their descriptor [1 point]', () => {
  ask('smallNum', 'objects of 200 bytes', make(200).num, [
    { if: 19, then: 'Twenty have 4,000 bytes, and their descriptor 24 + 40: '
      + 'together 4,064.' },
    { if: 18, then: 'A bufctl has 2 bytes, not 4 or more.' },
    { if: 40, then: 'One page is enough: less than an eighth of it is left over.' },
    { if: 41, then: 'One page is enough: less than an eighth of it is left over.' },
  ]);
});

it('finds the colours of small objects [1 point]', () => {
  ask('smallColours', 'colours of 200 bytes', make(200).colour, [
    { if: 0, then: '32 bytes are left over: one line, so one colour.' },
    { if: 2, then: 'Count the colours in whole lines: 32 bytes are one.' },
    { if: 3, then: 'The descriptor takes 64 of the 96 bytes that no object has.' },
  ]);
});

it('stops at the first order that leaves an eighth or less [1 point]', () => {
  ask('midOrder', 'order of a slab of 900 bytes', make(900).gfporder, [
    { if: 1, then: 'Four leave 496 bytes of one page. An eighth is 512.' },
  ]);
});

it('lets a descriptor move in [1 point]', () => {
  ask('midWhere', "'in' or 'out'", isOut(make(900)) ? 'out' : 'in', [
    { if: 'out', then: 'It is out at first, from 512 bytes on. But 496 bytes '
      + 'are left over, and it has 32.' },
  ]);
});

it('takes a second page when too much is left over [1 point]', () => {
  ask('pairOrder', 'order of a slab of 1,100 bytes', make(1100).gfporder, [
    { if: 0, then: 'Three leave 796 bytes of one page: more than an eighth.' },
    { if: 2, then: 'Seven leave 492 bytes of two pages: less than an eighth. '
      + 'And at order 1 anything would be accepted.' },
  ]);
});

it('counts the objects of two pages [1 point]', () => {
  ask('pairNum', 'objects of 1,100 bytes in a slab', make(1100).num, [
    { if: 3, then: 'That is one page. How many pages has a slab of pair?' },
    { if: 6, then: 'Two pages are cut as one piece: the rests of both together '
      + 'hold one more object.' },
  ]);
});

it('finds the colours after the descriptor has moved in [1 point]', () => {
  ask('pairColours', 'colours of 1,100 bytes', make(1100).colour, [
    { if: 15, then: 'The descriptor has moved in, and needs 40 of the 492 bytes.' },
    { if: 123, then: 'A colour is a line of 32 bytes, not a word.' },
    { if: 113, then: 'A colour is a line of 32 bytes, not a word.' },
  ]);
});

it('finds the cache of a descriptor that does not fit [1 point]', () => {
  const tight = make(1364);
  const is = isOut(tight) ? tight.slabp_cache!.name : 'none';
  ask('tightHolder', 'the cache of its descriptors', is, [
    { if: 'none', then: 'Three objects leave 4 bytes: no room for a descriptor.' },
    { if: 'size-64', then: '24 and three times 2 are 30 bytes, and that is not '
      + 'rounded to lines.' },
    { if: 'cache_cache', then: 'That one holds descriptors of caches. A slab '
      + "has another descriptor, and kmalloc's caches hold it." },
    { if: 'kmem_cache', then: 'That one holds descriptors of caches. A slab '
      + "has another descriptor, and kmalloc's caches hold it." },
  ]);
});

it('knows what the stop at order 1 costs [1 point]', () => {
  const { num, objsize, gfporder } = make(2200);
  const is = (PAGE_SIZE << gfporder) - num * objsize;
  ask('largeLost', 'bytes in no object', is, [
    { if: 1896, then: 'One object in one page would leave 1,896: more than an '
      + 'eighth, so two pages are tried.' },
    { if: 984, then: 'Order 2 is not reached: at order 1 anything is accepted.' },
    { if: 1560, then: 'Descriptor and bufctls are in no object either.' },
    { if: 3792, then: 'A third object fits into two pages.' },
  ]);
});

it('knows what a small machine does [1 point]', () => {
  ask('lowNum', 'objects of 1,100 bytes on 24 MB', make(1100, 24).num, [
    { if: 7, then: 'Up to 32 MB the stop is order 0: a slab has one page.' },
    { if: 2, then: 'Three have 3,300 bytes, and the descriptor fits behind them.' },
  ]);
});
