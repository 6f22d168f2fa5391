// Which free segment is taken, where it is cut, and what then stands where.
import { beforeEach, describe, expect, test } from 'vitest';
import {
  vmem_alloc,
  vmem_free,
  vmem_xalloc,
  vmem_xfree,
} from '../../lib/opensolaris/vmem_alloc.js';
import { vmem_canalloc } from '../../lib/opensolaris/vmem_fit.js';
import {
  VM_ABORT,
  VM_BESTFIT,
  VM_ENDALLOC,
  VM_FIRSTFIT,
  VM_NEXTFIT,
  VM_NOSLEEP,
  VMC_IDENTIFIER,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { allocAll, arena, boot, child, freeText, listing } from './boot.js';

let vmp: vmem_t;
beforeEach(() => {
  boot();
  vmp = arena('demo', 4096, 4096, 16);
});

const BEST = VM_NOSLEEP | VM_BESTFIT;
const FIRST = VM_NOSLEEP | VM_FIRSTFIT;
const NEXT = VM_NOSLEEP | VM_NEXTFIT;

/**
 * Holes of these sizes, in this order of addresses, a unit of 16 allocated
 * behind each; freed from the first to the last. What is left at the end
 * is allocated.
 * @returns their addresses
 */
function holes(sizes: number[]): number[] {
  const addrs = sizes.map((size) => {
    const addr = vmem_alloc(vmp, size, NEXT)!;
    vmem_alloc(vmp, 16, NEXT);
    return addr;
  });
  vmem_alloc(vmp, 4096 - sizes.reduce((sum, n) => sum + n + 16, 0), NEXT);
  addrs.forEach((addr, i) => vmem_free(vmp, addr, sizes[i]));
  return addrs;
}

describe('instant fit', () => {
  test('looks where all are large enough: 1000 from list 10, not from 9', () => {
    const [exact, larger] = holes([1008, 1024]);
    expect(freeText(vmp)).toBe(`9: ${exact}; 10: ${larger}`);
    expect(vmem_canalloc(vmp, 1000)).toBe(10 + 1);
    const before = vmp.vm_kstat.vk_search;
    expect(vmem_alloc(vmp, 1000, VM_NOSLEEP)).toBe(larger);
    expect(vmp.vm_kstat.vk_search).toBe(before);
  });

  test('takes a power of 2 from its own list', () => {
    const [exact] = holes([512, 1024]);
    expect(vmem_canalloc(vmp, 512)).toBe(9 + 1);
    expect(vmem_alloc(vmp, 512, VM_NOSLEEP)).toBe(exact);
  });

  test('takes what was freed last: a freelist is last in, first out', () => {
    const [a, b, c] = holes([64, 80, 96]);
    expect(freeText(vmp)).toBe(`6: ${c} ${b} ${a}`);
    expect(allocAll(vmp, [64, 64, 64])).toEqual([c, b, a]);
  });

  test('searches the list below when there is no other', () => {
    const [exact] = holes([1008]);
    expect(vmem_canalloc(vmp, 1000)).toBe(0);
    const before = vmp.vm_kstat.vk_search;
    expect(vmem_alloc(vmp, 1000, VM_NOSLEEP)).toBe(exact);
    expect(vmp.vm_kstat.vk_search - before).toBe(1);
  });

  test('but not when there is one that does not fit: quirk of constraints', () => {
    const [exact, larger] = holes([1008, 1024]);
    const within = [exact, exact + 1008] as const;
    const constrained = (flags: number) =>
      vmem_xalloc(vmp, 1000, 0, 0, 0, ...within, flags);
    expect(constrained(VM_NOSLEEP)).toBeNull();
    expect(constrained(BEST)).toBe(exact);
    expect(larger).toBeGreaterThan(exact);
  });
});

describe('VM_BESTFIT', () => {
  test('takes the smallest that is large enough', () => {
    const [, , small] = holes([208, 240, 160, 224]);
    expect(vmem_alloc(vmp, 150, BEST)).toBe(small);
  });

  test('takes the first of equals in the list, which was freed last', () => {
    const addrs = holes([160, 160, 160]);
    expect(freeText(vmp)).toBe(`7: ${[...addrs].reverse().join(' ')}`);
    expect(vmem_alloc(vmp, 150, BEST)).toBe(addrs[2]);
  });

  test('stops at an exact fit, and counts the nodes that it saw', () => {
    holes([160, 144, 176, 144, 192]);
    const before = vmp.vm_kstat.vk_search;
    vmem_alloc(vmp, 144, BEST);
    expect(vmp.vm_kstat.vk_search - before).toBe(2);
  });

  test('does not go on to a larger list once it has one', () => {
    holes([160, 512]);
    const before = vmp.vm_kstat.vk_search;
    vmem_alloc(vmp, 130, BEST);
    expect(vmp.vm_kstat.vk_search - before).toBe(2); // it, and the next head
  });
});

describe('VM_FIRSTFIT', () => {
  test('is first in the freelist, not first by address', () => {
    const [low, , high] = holes([176, 144, 208]);
    expect(vmem_alloc(vmp, 170, FIRST)).toBe(high);
    expect(vmem_alloc(vmp, 170, FIRST)).toBe(low);
  });
});

describe('VM_NEXTFIT', () => {
  test('gives ids in turn: after 1 to 5, and 2 freed, come 6, 7, 8, then 2', () => {
    const ids = arena('ids', 1, 8, 1, VMC_IDENTIFIER);
    expect(allocAll(ids, [1, 1, 1, 1, 1], NEXT)).toEqual([1, 2, 3, 4, 5]);
    vmem_free(ids, 2, 1);
    expect(allocAll(ids, [1, 1, 1, 1, 1], NEXT)).toEqual([6, 7, 8, 2, null]);
  });

  test('instant fit would give 2 again at once', () => {
    const ids = arena('ids', 1, 8, 1, VMC_IDENTIFIER);
    allocAll(ids, [1, 1, 1, 1, 1]);
    vmem_free(ids, 2, 1);
    expect(vmem_alloc(ids, 1, VM_NOSLEEP)).toBe(2);
  });

  test('puts what it cuts off before the rotor, while the list stays', () => {
    const before = vmp.vm_kstat.vk_search;
    allocAll(vmp, [100, 100], NEXT);
    // For the first one it passed the span marker and found the segment
    // behind it; the second one needed no search.
    expect(vmp.vm_kstat.vk_search - before).toBe(2);
    expect(listing(vmp)).toBe('s4096+4096 a4096+100 a4208+100 r f4320+3872');
  });

  test('joins what only the rotor kept apart, when it comes round', () => {
    const ids = arena('ids', 1, 4, 1, VMC_IDENTIFIER);
    allocAll(ids, [1, 1, 1, 1], NEXT);
    vmem_free(ids, 4, 1);
    vmem_alloc(ids, 1, NEXT);
    vmem_free(ids, 3, 1);
    expect(listing(ids)).toBe('s1+4 a1+1 a2+1 f3+1 a4+1 r');
    vmem_free(ids, 2, 1);
    vmem_alloc(ids, 1, NEXT);
    expect(listing(ids)).toBe('s1+4 a1+1 a2+1 r f3+1 a4+1');
    vmem_free(ids, 2, 1);
    expect(listing(ids)).toBe('s1+4 a1+1 f2+1 r f3+1 a4+1');
    expect(vmem_alloc(ids, 2, NEXT)).toBe(2);
    expect(listing(ids)).toBe('s1+4 a1+1 a2+2 r a4+1');
  });

  test('wins over VM_BESTFIT', () => {
    const [first] = holes([208, 160]);
    vmem_alloc(vmp, 16, NEXT); // to get round to the first hole
    expect(vmem_alloc(vmp, 150, NEXT | VM_BESTFIT)).toBe(first + 16);
  });

  test('imports when it has come round, and leaves the rotor where it is', () => {
    const kid = child('kid', vmp, 16);
    expect(allocAll(kid, [32, 32], NEXT)).toEqual([4096, 4128]);
    expect(listing(kid)).toBe('i4096+32 r a4096+32 i4128+32 a4128+32');
  });

  test('hands on to vmem_xalloc none of its own flags', () => {
    const pages = arena('pages', 65536, 8192, 4096);
    const kid = child('kid', pages, 16);
    expect(vmem_alloc(kid, 32, NEXT | VM_ENDALLOC)).toBe(65536);
  });

  test('of size 0 makes an empty segment, as in C', () => {
    expect(vmem_alloc(vmp, 0, NEXT)).toBe(4096);
    expect(vmem_alloc(vmp, 0, NEXT)).toBe(4096);
    expect(listing(vmp)).toBe('s4096+4096 a4096+0 a4096+0 r f4096+4096');
  });
});

describe('VM_ENDALLOC', () => {
  test('takes the high end of the segment', () => {
    expect(allocAll(vmp, [96, 96], VM_NOSLEEP | VM_ENDALLOC)).toEqual([
      8096, 8000,
    ]);
  });

  test('with constraints, the highest place that is aligned', () => {
    const flags = BEST | VM_ENDALLOC;
    expect(vmem_xalloc(vmp, 96, 256, 64, 0, null, null, flags)).toBe(8000);
  });

  test('forgets maxaddr, as in C', () => {
    const flags = BEST | VM_ENDALLOC;
    expect(vmem_xalloc(vmp, 96, 0, 0, 0, null, 5000, flags)).toBe(8096);
  });

  test('of no whole quanta leaves the segment, which is a RangeError', () => {
    const flags = VM_NOSLEEP | VM_ENDALLOC;
    expect(() => vmem_alloc(vmp, 100, flags)).toThrow(
      'vmem_seg_alloc(demo): 100 at 0x1f9c leave the free segment ' +
        '[0x1000, 0x2000)',
    );
    expect(vmem_alloc(vmp, 100, VM_NOSLEEP)).toBe(4096); // still in use
  });
});

describe('vmem_seg_alloc, the cut', () => {
  test('leaves a segment in its place when it stays on its list', () => {
    const [a, b] = holes([240, 224]);
    expect(freeText(vmp)).toBe(`7: ${b} ${a}`);
    // Out of the second in the list: what is left of it is still second.
    expect(vmem_xalloc(vmp, 16, 0, 0, 0, a, a + 16, BEST)).toBe(a);
    expect(freeText(vmp)).toBe(`7: ${b} ${a + 16}`);
  });

  test('puts it at the head when the low end is left', () => {
    const [a, b] = holes([240, 224]);
    vmem_xalloc(vmp, 16, 0, 0, 0, a + 224, a + 240, BEST);
    expect(freeText(vmp)).toBe(`7: ${a} ${b}`);
  });

  test('of two rests on one list finds the left one first', () => {
    const [a] = holes([208]);
    vmem_xalloc(vmp, 16, 0, 0, 0, a + 96, a + 112, BEST);
    expect(freeText(vmp)).toBe(`6: ${a} ${a + 112}`);
  });

  test('keeps the size as asked for, and frees it rounded up', () => {
    expect(allocAll(vmp, [100, 16])).toEqual([4096, 4208]);
    expect(listing(vmp)).toBe('r s4096+4096 a4096+100 a4208+16 f4224+3968');
    vmem_free(vmp, 4096, 100);
    expect(listing(vmp)).toBe('r s4096+4096 f4096+112 a4208+16 f4224+3968');
    vmem_free(vmp, 4208, 16);
    expect(listing(vmp)).toBe('r s4096+4096 f4096+4096');
  });
});

describe('vmem_xalloc', () => {
  test('the example of the paper: 20 at phase 8 of 64, in [200, 300)', () => {
    const bytes = arena('bytes', 1, 1000, 1);
    const again = () => vmem_xalloc(bytes, 20, 64, 8, 0, 200, 300, VM_NOSLEEP);
    // The paper says 262; but 262 is 6 more than a multiple of 64.
    expect([again(), again(), again()]).toEqual([200, 264, null]);
    expect(262 % 64).toBe(6);
  });

  test('moves on behind a boundary that may not be crossed', () => {
    const flags = VM_NOSLEEP;
    vmem_alloc(vmp, 1024 - 64, flags);
    expect(vmem_xalloc(vmp, 128, 0, 0, 1024, null, null, flags)).toBe(5120);
    expect(vmem_xalloc(vmp, 128, 0, 0, 0, null, null, flags)).toBe(5248);
    expect(vmem_xalloc(vmp, 64, 0, 0, 1024, null, null, BEST)).toBe(5056);
  });

  test('rounds minaddr up to the quantum', () => {
    expect(vmem_xalloc(vmp, 16, 0, 0, 0, 4097, null, VM_NOSLEEP)).toBe(4112);
  });

  test('takes 0 for no limit, as NULL', () => {
    expect(vmem_xalloc(vmp, 4096, 0, 0, 0, 0, 0, VM_NOSLEEP)).toBe(4096);
  });

  test('is freed by vmem_xfree, which is not asked for the constraints', () => {
    const addr = vmem_xalloc(vmp, 20, 256, 32, 0, null, null, VM_NOSLEEP)!;
    vmem_xfree(vmp, addr, 20);
    expect(listing(vmp)).toBe('r s4096+4096 f4096+4096');
  });

  test('VM_ABORT fails at once, though it may sleep', () => {
    vmem_alloc(vmp, 4096, VM_NOSLEEP);
    expect(vmem_alloc(vmp, 16, VM_ABORT)).toBeNull();
    expect(vmp.vm_kstat).toMatchObject({ vk_fail: 1, vk_wait: 0 });
  });
});

describe('the hash table', () => {
  test('finds addresses above 2^31 and 2^52 as well', () => {
    for (const base of [2 ** 32, 2 ** 47, 2 ** 53 - 2 ** 20]) {
      const high = arena(`at ${base}`, base, 65536, 64);
      const addrs = allocAll(high, Array.from({ length: 100 }, () => 100));
      expect(addrs[99]).toBe(base + 99 * 128);
      for (const addr of addrs) vmem_free(high, addr, 100);
      expect(listing(high)).toBe(`r s${base}+65536 f${base}+65536`);
    }
  });

  test('counts the segments that a search passes', () => {
    // 17 * 256 apart, all in one bucket of 16: a + a/16 + a/256.
    const bytes = arena('bytes', 4096, 2 ** 20, 256);
    allocAll(bytes, Array.from({ length: 64 }, () => 256));
    const chains = bytes.vm_hash_table.map((first) => {
      let n = 0;
      for (let vsp = first; vsp !== null; vsp = vsp.vs_knext) n++;
      return n;
    });
    expect(chains.reduce((a, b) => a + b)).toBe(64);
    // The oldest of a chain is last in it.
    const bucket = bytes.vm_hash_table.findIndex((first) => {
      let last = first;
      while (last !== null && last.vs_knext !== null) last = last.vs_knext;
      return last !== null && last.vs_start === 4096;
    });
    vmem_free(bytes, 4096, 256);
    expect(bytes.vm_kstat.vk_lookup).toBe(chains[bucket] - 1);
  });
});
