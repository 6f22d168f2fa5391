import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import {
  sizeofSeg,
  statics,
  VM_NOSLEEP,
  VM_SLEEP,
  VMC_POPULATOR,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import {
  vmem_getseg,
  vmem_getseg_global,
} from '../../lib/opensolaris/vmem_lists.js';
import { reboot } from '../../lib/sys/reboot.js';
import { predict } from './who-gets-the-structures.js';

const CALL = 'vmem_alloc(ids, 1, VM_NOSLEEP)';

/** An arena of ids without a source. */
const idsOf = (name: string, flag = 0): vmem_t =>
  vmem_create(name, 1, 1000, 1, null, null, null, 0, VM_SLEEP | flag)!;

function globalPool(): number {
  let n = 0;
  for (let s = statics.vmem_segfree; s !== null; s = s.vs_knext) n++;
  return n;
}

/** The state of the task, and the call. */
function populate(more = 0) {
  reboot();
  vmem_init();
  const ids = idsOf('ids');
  for (let i = 0; i < more; i++) idsOf(`populator ${i}`, VMC_POPULATOR);
  // vmem_metadata gets its memory: a piece comes and stays.
  const { vmem_metadata_arena: metadata, vmem_seg_arena: seg } = statics;
  vmem_alloc(metadata!, 4096, VM_SLEEP);

  while (vmem_getseg_global() !== null);
  const leave = (vmp: vmem_t, n: number): void => {
    while (vmp.vm_nsegfree > n) vmem_getseg(vmp);
  };
  statics.vmem_populator.forEach((vmp) => leave(vmp, 12));
  leave(ids, 5);

  const before = seg!.vm_kstat.vk_mem_inuse;
  const id = vmem_alloc(ids, 1, VM_NOSLEEP)!;
  const is = {
    bytes: seg!.vm_kstat.vk_mem_inuse - before,
    metadata: metadata!.vm_nsegfree,
    own: ids.vm_nsegfree,
    charity: globalPool(),
  };
  vmem_free(ids, id, 1);
  return { ...is, made: Math.floor(is.bytes / sizeofSeg) };
}

function ask(
  name: keyof ReturnType<typeof predict>,
  call: string,
  is: number,
  beliefs: Belief[],
): void {
  predicted(predict, name, { call, is, beliefs });
}

it('says how many bytes are taken from vmem_seg [1 point]', () => {
  ask('bytes', `bytes of ${CALL}`, populate().bytes, [
    { if: 12064, then: 'That is 52 times 232; but vmem_seg gives out whole '
      + 'pages.' },
    { if: 4096, then: 'A page holds 17 structures. How many are asked for, '
      + 'with what three populators may need?' },
    { if: 232, then: 'Not one structure is bought, but a stock for the arena '
      + 'and for all populators.' },
    { if: 8192, then: 'Is that enough for 16 + 3 * 12 structures?' },
  ]);
});

it('says how many structures are made [1 point]', () => {
  ask('made', `structures made by ${CALL}`, populate().made, [
    { if: 16, then: 'Those are for the arena alone. The populators are filled '
      + 'up too.' },
    { if: 53, then: 'A structure must lie in the bytes as a whole.' },
    { if: 11, then: 'That is what `ids` is short of. More are made.' },
  ]);
});

it('says what vmem_metadata has afterwards [1 point]', () => {
  ask('metadata', `vmem_metadata's own pool after ${CALL}`, populate().metadata, [
    { if: 11, then: 'The one that was used is replaced, before any other '
      + 'arena gets a structure.' },
    { if: 16, then: 'A populator is filled up to its reserve, not to what it '
      + 'needs before an allocation of its own.' },
    { if: 15, then: 'A populator is filled up to its reserve, not to what it '
      + 'needs before an allocation of its own.' },
  ]);
});

it('says what ids has afterwards [1 point]', () => {
  ask('own', `the pool of ids after ${CALL}`, populate().own, [
    { if: 16, then: 'It was filled up to 16. Then the allocation itself used '
      + 'some: how many?' },
    { if: 4, then: 'It had too few to start, so it was filled up first.' },
    { if: 12, then: 'To start, an arena needs its reserve and four more.' },
    { if: 11, then: 'To start, an arena needs its reserve and four more.' },
  ]);
});

it('says what is left to charity [1 point]', () => {
  ask('charity', `the global pool after ${CALL}`, populate().charity, [
    { if: 0, then: 'The arena keeps no more than it needs; the rest is for '
      + 'everybody.' },
    { if: 41, then: 'The populators that have used structures are filled up '
      + 'first.' },
    { if: 36, then: '`ids` had some already, so it took fewer than 16; and '
      + 'the populators were filled up.' },
    { if: 39, then: '`ids` was filled up to 16, not to 15. The allocation '
      + 'takes its structure after that.' },
  ]);
});

it('says what it is with five populators [1 point]', () => {
  ask('bytes5', `bytes of ${CALL}, with five populators`, populate(2).bytes, [
    { if: populate().bytes, then: 'Two more populators may need two more '
      + 'reserves of 12.' },
    { if: 17632, then: 'That is 76 times 232; but vmem_seg gives out whole '
      + 'pages.' },
    { if: 16384, then: 'How many bytes do 16 + 5 * 12 structures take?' },
  ]);
});
