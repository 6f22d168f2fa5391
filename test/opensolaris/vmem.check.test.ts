// The checker finds every invariant that is broken by hand.
import { beforeEach, describe, expect, test } from 'vitest';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import {
  arenas,
  buckets,
  freelists,
  segments,
  vmem_check,
} from '../../lib/opensolaris/vmem_check.js';
import {
  VM_NOSLEEP,
  VMEM_FREE,
  VMEM_ROTOR,
  type vmem_seg_t,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { deleteA, insertA } from '../../lib/opensolaris/vmem_lists.js';
import { allocAll, arena, boot, child } from './boot.js';

let vmp: vmem_t;
beforeEach(() => {
  boot();
  vmp = arena('m', 4096, 4096, 256);
  allocAll(vmp, [256, 256, 256, 100]);
  vmem_free(vmp, 4352, 256);
  // r s[4096,8192) a4096+256 f4352+256 a4608+256 a4864+100 f5120+3072
});

/** The segment that starts at addr, of a type. */
function at(addr: number, type: 'alloc' | 'free' | 'span'): vmem_seg_t {
  const i = segments(vmp).findIndex((s) => s.start === addr && s.type === type);
  let vsp = vmp.vm_seg0.vs_anext;
  for (let n = 0; n < i; n++) vsp = vsp.vs_anext;
  return vsp;
}

test('a sound arena has no fault, and neither have those of the boot', () => {
  expect(arenas().flatMap(vmem_check)).toEqual([]);
});

describe('vmem_check names the invariant that is broken:', () => {
  const broken: [what: string, how: () => void, faults: string[]][] = [
    [
      'vs_aprev that does not lead back',
      () => (at(4608, 'alloc').vs_aprev = vmp.vm_seg0),
      ['1: vs_aprev behind the free segment [0x1100, 0x1200)'],
    ],
    [
      'a ring that closes too early',
      () => {
        const [last, third] = [at(5120, 'free'), at(4608, 'alloc')];
        last.vs_anext = third;
        third.vs_aprev = last;
      },
      [
        '1: vs_aprev behind the free segment [0x1100, 0x1200)',
        '1: the ring closes at the alloc segment [0x1200, 0x1300)',
      ],
    ],
    [
      'no rotor',
      () => deleteA(vmp.vm_rotor),
      ['1: the rotor is not in the ring'],
    ],
    [
      'a gap between segments',
      () => (at(5120, 'free').vs_end -= 256),
      ['2: the span segment [0x1000, 0x2000) is tiled up to 0x1f00 only'],
    ],
    [
      'two free segments that touch',
      () => {
        const vsp = at(5120, 'free');
        const half = vmp.vm_segfree!;
        vmp.vm_segfree = half.vs_knext;
        vmp.vm_nsegfree--;
        half.vs_start = 6144;
        half.vs_end = 8192;
        half.vs_type = VMEM_FREE;
        vsp.vs_end = 6144;
        insertA(vsp, half);
      },
      [
        '3: the free segment [0x1800, 0x2000) touches the free segment ' +
          '[0x1400, 0x1800)',
        '4: the free segment [0x1400, 0x1800) is on freelist 11',
        '4: the free segment [0x1800, 0x2000) is on no freelist',
      ],
    ],
    [
      'a free segment on the wrong list',
      () => {
        const vsp = at(4352, 'free');
        vsp.vs_knext.vs_kprev = vsp.vs_kprev;
        vsp.vs_kprev.vs_knext = vsp.vs_knext;
        const head = vmp.vm_freelist[9];
        vsp.vs_knext = head.vs_knext;
        vsp.vs_kprev = head;
        head.vs_knext.vs_kprev = vsp;
        head.vs_knext = vsp;
      },
      [
        '5: bit 8 is 1',
        '4: the free segment [0x1100, 0x1200) is on freelist 9',
        '5: bit 9 is 0',
      ],
    ],
    [
      'a freemap that forgets a list',
      () => (vmp.vm_freemap[0] = 0),
      ['5: bit 8 is 0', '5: bit 11 is 0'],
    ],
    [
      'a bit too many, among the high ones',
      () => (vmp.vm_freemap[1] = 1),
      ['5: bit 32 is 1'],
    ],
    [
      'an allocated segment in no bucket',
      () => vmp.vm_hash_table.fill(null),
      [
        '6: the alloc segment [0x1000, 0x1100) is in no bucket',
        '6: the alloc segment [0x1200, 0x1300) is in no bucket',
        '6: the alloc segment [0x1300, 0x1364) is in no bucket',
      ],
    ],
    [
      'a table that was turned',
      () => vmp.vm_hash_table.push(vmp.vm_hash_table.shift()!),
      [expect.stringMatching(/^6: /) as unknown as string],
    ],
    [
      'spans that are not linked',
      () => (vmp.vm_seg0.vs_knext = vmp.vm_seg0),
      ['7: the kin of the span segment [0x0, 0x0)'],
    ],
    [
      'counters',
      () => {
        vmp.vm_kstat.vk_mem_inuse++;
        vmp.vm_kstat.vk_mem_total--;
        vmp.vm_kstat.vk_mem_import = 7;
        vmp.vm_kstat.vk_alloc++;
      },
      [
        '8: mem_inuse is 613, not 612',
        '8: mem_total is 4095, not 4096',
        '8: mem_import is 7, not 0',
        '8: alloc - free is 4, not 3',
      ],
    ],
    [
      'structures that were miscounted',
      () => vmp.vm_nsegfree++,
      ['10: vm_nsegfree is 16, not 15'],
    ],
  ];

  test.each(broken)('%s', (_what, how, faults) => {
    how();
    const found = vmem_check(vmp);
    expect(found.slice(0, faults.length)).toEqual(faults);
  });

  test('starts and ends off the quantum', () => {
    const vsp = at(4352, 'free');
    vsp.vs_start += 16;
    const faults = vmem_check(vmp);
    expect(faults).toContain(
      '9: the free segment [0x1110, 0x1200) starts askew',
    );
    expect(faults).toContain(
      '2: the free segment [0x1110, 0x1200) is not at 0x1100',
    );
  });

  test('an imported span with nothing in it', () => {
    const kid = child('kid', vmp, 256);
    vmem_alloc(kid, 256, VM_NOSLEEP);
    vmem_free(kid, 4352, 256);
    expect(vmem_check(kid)).toEqual([]);
    const keep = kid.vm_source_free;
    kid.vm_source_free = null;
    vmem_alloc(kid, 256, VM_NOSLEEP);
    vmem_free(kid, 4352, 256);
    expect(vmem_check(kid)).toEqual([]);
    kid.vm_source_free = keep;
    expect(vmem_check(kid)).toEqual([
      '11: the free segment [0x1100, 0x1200) fills an imported span',
    ]);
  });

  test('but not two free segments with the rotor in between', () => {
    const { vm_rotor } = vmp;
    const vsp = at(5120, 'free');
    const half = vmp.vm_segfree!;
    expect(vm_rotor.vs_type).toBe(VMEM_ROTOR);
    vmp.vm_segfree = half.vs_knext;
    vmp.vm_nsegfree--;
    half.vs_start = 6144;
    half.vs_end = 8192;
    half.vs_type = VMEM_FREE;
    vsp.vs_end = 6144;
    insertA(vsp, half);
    deleteA(vm_rotor);
    insertA(vsp, vm_rotor);
    expect(vmem_check(vmp).filter((fault) => fault.startsWith('3'))).toEqual([]);
  });
});

describe('pictures of an arena', () => {
  test('segments(m) lists the arena, freelists(m) head to tail', () => {
    vmem_free(vmp, 4608, 256);
    expect(segments(vmp).map(({ type }) => type)).toEqual([
      'rotor', 'span', 'alloc', 'free', 'alloc', 'free',
    ]);
    expect(freelists(vmp)).toEqual([
      {
        n: 9,
        pieces: [{ type: 'free', start: 4352, end: 4864, imported: false }],
      },
      {
        n: 11,
        pieces: [{ type: 'free', start: 5120, end: 8192, imported: false }],
      },
    ]);
  });

  test('buckets(m) has every allocated address once', () => {
    expect(buckets(vmp)).toHaveLength(16);
    expect(buckets(vmp).flat().sort()).toEqual([4096, 4608, 4864]);
  });

  test('segments(m) says which spans were imported', () => {
    const kid = child('kid', vmp, 256);
    vmem_alloc(kid, 100, VM_NOSLEEP);
    expect(segments(kid)).toEqual([
      { type: 'rotor', start: 0, end: 0, imported: false },
      { type: 'span', start: 4352, end: 4608, imported: true },
      { type: 'alloc', start: 4352, end: 4452, imported: false },
    ]);
  });
});
