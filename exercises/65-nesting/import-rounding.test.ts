import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import {
  vmem_alloc,
  vmem_free,
  vmem_xalloc,
} from '../../lib/opensolaris/vmem_alloc.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import {
  VM_SLEEP,
  VMC_NO_QCACHE,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import { reboot } from '../../lib/sys/reboot.js';
import { predict } from './import-rounding.js';

/** A child of a fresh `pages`. */
function child(quantum: number, qcache_max = 0, flag = 0): vmem_t {
  reboot();
  vmem_init();
  const pages = vmem_create(
    'pages', 0x10000, 0x40000, 4096, null, null, null, 0, VM_SLEEP,
  )!;
  const flags = VM_SLEEP | flag;
  return vmem_create(
    'child', null, 0, quantum, vmem_alloc, vmem_free, pages, qcache_max, flags,
  )!;
}

const inSpans = (vmp: vmem_t): number => vmp.vm_kstat.vk_mem_import;

/** The three calls on arena a, and what is kept after the frees. */
function three() {
  const a = child(64);
  const sizes = [100, 4000, 3000];
  let before = 0;
  const got = sizes.map((size) => {
    const addr = vmem_alloc(a, size, VM_SLEEP)!;
    const by = inSpans(a) - before;
    before = inSpans(a);
    return { addr, by };
  });
  got.forEach(({ addr }, i) => vmem_free(a, addr, sizes[i]));
  return { by: got.map(({ by }) => by), kept: inSpans(a) };
}

/** What one request imports into a fresh child. */
function one(vmp: vmem_t, take: (vmp: vmem_t) => unknown): number {
  take(vmp);
  return inSpans(vmp);
}

const CALLS = [100, 4000, 3000].map((n) => `vmem_alloc(a, ${n}, VM_SLEEP)`);

function ask(name: keyof ReturnType<typeof predict>, call: string, is: number,
  beliefs: Belief[], after: string[] = []): void {
  predicted(predict, name, { call: `imports of ${call}`, is, beliefs, after });
}

it('says what a first small request imports [1 point]', () => {
  ask('small', CALLS[0], three().by[0], [
    { if: 0, then: 'A child owns no space from its creation: the first '
      + 'request has to bring some.' },
    { if: 100, then: 'An import is rounded up: the source counts in pages.' },
    { if: 128, then: 'That is the child\'s quantum. The source gives out '
      + 'multiples of its own.' },
  ]);
});

it('says what a request imports that the rest cannot hold [1 point]', () => {
  ask('large', CALLS[1], three().by[1], [
    { if: 0, then: 'How much of the first page is left, when 100 bytes are '
      + 'rounded up to 64s?' },
    { if: 4032, then: 'That is the child\'s quantum. The source gives out '
      + 'multiples of its own.' },
    { if: 8192, then: 'The request fits into one page, and the one before '
      + 'has been imported already.' },
    { if: (n: unknown) => typeof n === 'number' && n > 0 && n < 200,
      then: 'Spans never join, so it is no help to import only what is '
        + 'missing.' },
  ], CALLS.slice(0, 1));
});

it('says whether the rest of the first page is found [1 point]', () => {
  ask('between', CALLS[2], three().by[2], [
    { if: 4096, then: 'Instant fit does not look on list 11. But before it '
      + 'imports, vmem_xalloc does: the list of 2048 to 4095 bytes.' },
    { if: 3008, then: 'Before it imports, vmem_xalloc looks on list 11, '
      + 'where the rest of the first page is.' },
  ], CALLS.slice(0, 2));
});

it('says what is kept after the frees [1 point]', () => {
  ask('kept', 'arena a, all that is left in its spans', three().kept, [
    { if: 4096, then: 'Each span goes back when nothing is allocated in it, '
      + 'the first one too.' },
    { if: 8192, then: 'An imported span goes back to its source when nothing '
      + 'is allocated in it.' },
  ], [...CALLS, 'three frees']);
});

it('says what a coarser child imports [1 point]', () => {
  const is = one(child(8192), (b) => vmem_alloc(b, 9000, VM_SLEEP));
  ask('coarse', 'vmem_alloc(b, 9000, VM_SLEEP)', is, [
    { if: 12288, then: 'That is a multiple of the source\'s quantum. It must '
      + 'be one of the larger of the two.' },
    { if: 8192, then: 'That is less than was asked for.' },
    { if: 9000, then: 'An import is rounded up to the larger quantum.' },
  ]);
});

it('says what an arena imports that buys in bulk [1 point]', () => {
  const is = one(child(512, 3000, VMC_NO_QCACHE), (c) =>
    vmem_alloc(c, 100, VM_SLEEP));
  ask('bulk', 'vmem_alloc(c, 100, VM_SLEEP)', is, [
    { if: 4096, then: 'A page holds the request, but an arena without caches '
      + 'has a least import.' },
    { if: 7680, then: 'That is 3 times the limit in whole quanta. It goes up '
      + 'to a power of 2.' },
    { if: 9000, then: 'The limit counts in whole quanta, and 3 times that '
      + 'goes up to a power of 2.' },
    { if: 16384, then: 'The limit counts in whole quanta: how many are 3000 '
      + 'bytes?' },
  ]);
});

it('says what an aligned request imports [1 point]', () => {
  const is = one(child(64), (d) =>
    vmem_xalloc(d, 100, 16384, 0, 0, null, null, VM_SLEEP));
  ask('aligned', 'vmem_xalloc(d, 100, 16384, 0, 0, null, null, VM_SLEEP)', is, [
    { if: 4096, then: 'The source may return any page. How much must one '
      + 'import so that a multiple of 16384 is in it, wherever it begins?' },
    { if: 20480, then: 'The page that is imported begins at a multiple of '
      + '4096, so at most 16384 - 4096 bytes lie before the address.' },
    { if: 12288, then: 'That is the room that may lie before the address. The '
      + 'request itself needs a page too.' },
  ]);
});
