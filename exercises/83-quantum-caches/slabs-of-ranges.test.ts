import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import type { kmem_cache_t } from '../../lib/opensolaris/kmem_impl.js';
import { bootKmem } from '../../lib/opensolaris/kmem_init.js';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import { VM_SLEEP, VMC_IDENTIFIER, type vmem_t }
  from '../../lib/opensolaris/vmem_impl.js';
import { reboot } from '../../lib/sys/reboot.js';
import { predict } from './slabs-of-ranges.js';

const PAGE = 4096;
const BASE = 1024 * PAGE; // page 0 of the arena

function arena(name: 'A' | 'B' | 'C'): vmem_t {
  reboot();
  bootKmem();
  if (name === 'C') {
    return vmem_create(
      'C', 1, 1000, 1, null, null, null, 5, VM_SLEEP | VMC_IDENTIFIER,
    )!;
  }
  const max = (name === 'A' ? 6 : 24) * PAGE;
  return vmem_create(
    name, BASE, 1024 * PAGE, PAGE, null, null, null, max, VM_SLEEP,
  )!;
}

const caches = (vmp: vmem_t): kmem_cache_t[] =>
  vmp.vm_qcache as kmem_cache_t[];

const take = (vmp: vmem_t, pages: number, n: number): number[] =>
  Array.from({ length: n }, () => vmem_alloc(vmp, pages * PAGE, VM_SLEEP)!);

const slab = (vmp: vmem_t): number =>
  caches(vmp)[0].cache_slabsize / vmp.vm_quantum;

function ask(
  name: keyof ReturnType<typeof predict>,
  call: string,
  is: number,
  beliefs: Belief[],
): void {
  predicted(predict, name, { call, is, beliefs });
}

it('knows the size of a slab [1 point]', () => {
  ask('slabOfA', 'pages of a slab of A', slab(arena('A')), [
    { if: 18, then: 'That is three times qcache_max. A slab is the next power '
      + 'of two above it.' },
    { if: 16, then: 'Three times 6 is more than 16.' },
    { if: 8, then: 'One range of 6 pages would fit. At least three of the '
      + 'largest must.' },
    { if: 6, then: 'Then a slab would be one range, and would save nothing.' },
    { if: 64, then: 'In A the power of two above 18 is enough.' },
  ]);
});

it('knows how many ranges are in a slab [1 point]', () => {
  const { cache_slabsize, cache_chunksize } = caches(arena('A'))[4];
  const is = Math.floor(cache_slabsize / cache_chunksize);
  ask('rangesOfA', 'ranges of 5 pages in a slab of A', is, [
    { if: 3, then: 'Three is the least that the largest ranges have. How many '
      + 'pages has the slab?' },
    { if: is + 1, then: 'A range that does not fit whole is not there.' },
    { if: 5, then: 'All quantum caches of A have slabs of one size: divide it '
      + 'by 5.' },
  ]);
});

it('knows what a slab loses [1 point]', () => {
  const { cache_slabsize, cache_chunksize } = caches(arena('A'))[4];
  const is = (cache_slabsize % cache_chunksize) / PAGE;
  ask('lostOfA', 'pages lost in a slab of ranges of 5', is, [
    { if: 0, then: 'The slab is a power of two, and 5 does not divide it.' },
    { if: 1, then: 'That would be a slab of 16. A has larger ones.' },
    { if: 3, then: 'That is what three ranges of 5 leave of 18.' },
  ]);
});

it('knows where the second range begins [1 point]', () => {
  const second = (take(arena('A'), 5, 2)[1] - BASE) / PAGE;
  ask('secondOfA', 'first page of the second range of 5', second, [
    { if: 5, then: 'A fresh slab gives its last range first.' },
    { if: second + 5, then: 'That is the first one. The second lies before it.' },
    { if: second + 2, then: 'The pages that are lost lie at the end of the slab, '
      + 'behind the last range.' },
    { if: 22, then: 'The pages that are lost lie at the end of the slab, behind '
      + 'the last range.' },
    { if: 0, then: 'That is the last range that this slab gives.' },
  ]);
});

it('knows what the arena itself is asked for [1 point]', () => {
  const vmp = arena('A');
  take(vmp, 4, 20);
  const fours = vmp.vm_kstat.vk_alloc;
  take(vmp, 7, 3);
  const is = vmp.vm_kstat.vk_alloc;
  ask('calledOfA', 'segments taken from A', is, [
    { if: 23, then: 'Ranges of 4 pages come out of slabs; A is asked for the '
      + 'slabs alone.' },
    { if: fours, then: 'Seven pages are above qcache_max: A is asked for each.' },
    { if: fours + 1, then: 'No slab is made for ranges of 7 pages. A is asked '
      + 'for each.' },
    { if: is - 1, then: 'How many slabs do 20 ranges of 4 pages need? The last '
      + 'one need not be full.' },
    { if: 4, then: 'How many slabs do 20 ranges of 4 pages need? And who gives '
      + 'ranges of 7?' },
  ]);
});

it('knows what comes back to the arena [1 point]', () => {
  const vmp = arena('A');
  for (const range of take(vmp, 6, 10)) vmem_free(vmp, range, 6 * PAGE);
  const is = vmp.vm_kstat.vk_mem_inuse / PAGE;
  ask('keptOfA', 'pages that A has given out in the end', is, [
    { if: 0, then: 'The ranges wait in magazines, so for their slabs they are '
      + 'out.' },
    { if: 60, then: 'A gives whole slabs, not ranges.' },
    { if: is / 2, then: 'How many ranges of 6 pages are in one slab?' },
    { if: 12, then: 'Ranges that wait keep their whole slabs. A gives slabs, '
      + 'not ranges.' },
  ]);
});

it('knows how many quantum caches there are [1 point]', () => {
  ask('cachesOfB', 'quantum caches of B', caches(arena('B')).length, [
    { if: 24, then: 'An arena has room for no more than 16.' },
    { if: 15, then: 'There is one for each number of pages, from 1 on.' },
    { if: 1, then: 'There is a cache for each number of pages.' },
  ]);
});

it('knows the size of a slab with a cut limit [1 point]', () => {
  ask('slabOfB', 'pages of a slab of B', slab(arena('B')), [
    { if: 128, then: 'B has no cache for 24 pages. The limit that counts is '
      + 'what its caches serve.' },
    { if: 72, then: 'A slab is a power of two. And which ranges do B\'s caches '
      + 'serve?' },
    { if: 48, then: 'That is three times 16. A slab is the next power of two '
      + 'above it.' },
    { if: 32, then: 'Three times 16 is more than 32.' },
  ]);
});

it('knows the size of a slab of ids [1 point]', () => {
  ask('slabOfC', 'ids of a slab of C', slab(arena('C')), [
    { if: 16, then: 'For a quantum of a page that is right. In units of 1 it is '
      + 'less than the least size of a slab.' },
    { if: 15, then: 'A slab is a power of two, and has a least size.' },
    { if: 4096, then: 'A slab is counted in what the arena gives out, ids. '
      + 'There is no page here.' },
  ]);
});
