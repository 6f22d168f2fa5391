// Memory pools: what is kept back, for whom, and who sleeps for it.
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { dmesg } from '../../lib/sys/cons.js';
import { Deadlock, run, thread } from '../../lib/sys/threads.js';
import {
  __GFP_FS, __GFP_NOWARN, GFP_ATOMIC, GFP_KERNEL, GFP_NOFS, GFP_NOIO,
} from '../../lib/linux/gfp.js';
import {
  checkMempool, mempool_alloc, mempool_alloc_slab, mempool_create,
  mempool_destroy, mempool_free, mempool_free_slab, mempool_resize,
  type mempool_t, writeback,
} from '../../lib/linux/mempool.js';
import { interrupt } from '../../lib/linux/sched.js';
import { kmem_cache_create, kmem_cache_init } from '../../lib/linux/slab_create.js';
import { boot, mb48, panicOf } from './machine.js';

/** An allocator that can be told to fail, and what it was asked. */
class Source {
  failing = false;
  asked: (number | string)[] = [];
  live = new Set<number>();
  private last = 0x1000;

  alloc = (gfp_mask: number): number => {
    this.asked.push(gfp_mask);
    if (this.failing) return 0;
    this.live.add(++this.last);
    return this.last;
  };

  free = (element: number): void => {
    this.asked.push('free');
    if (!this.live.delete(element)) throw new Error('freed twice');
  };
}

let source: Source;
let pool: mempool_t<null>;

/** A pool of so many elements over a new source. */
function create(min_nr: number): void {
  source = new Source();
  pool = mempool_create(min_nr, source.alloc, source.free, null)!;
  source.asked = [];
}

beforeEach(() => {
  boot(mb48);
  kmem_cache_init();
  create(4);
});

describe('mempool_create', () => {
  test('fills the pool, with GFP_KERNEL', () => {
    expect([pool.curr_nr, pool.min_nr, source.live.size]).toEqual([4, 4, 4]);
  });

  test('gives back what it has when the allocator fails halfway', () => {
    const halting = new Source();
    const alloc = (mask: number) =>
      halting.asked.length < 3 ? halting.alloc(mask) : 0;
    expect(mempool_create(5, alloc, halting.free, null)).toBeNull();
    expect(halting.live.size).toBe(0);
  });
});

describe('mempool_alloc', () => {
  test('tries the allocator first, without waiting and without a word', () => {
    mempool_alloc(pool, GFP_KERNEL);
    mempool_alloc(pool, GFP_ATOMIC);
    // __GFP_FS is left in the mask: only WAIT and IO are taken out.
    expect(source.asked).toEqual([0x80 | __GFP_NOWARN, 0x20 | __GFP_NOWARN]);
    expect(pool.curr_nr).toBe(4);
  });

  test('then takes the last element that came into the pool', () => {
    const last = pool.elements[3];
    const woken: number[] = [];
    writeback.wakeup_bdflush = (n) => woken.push(n);
    source.failing = true;
    expect(mempool_alloc(pool, GFP_NOIO)).toBe(last);
    expect([pool.curr_nr, woken]).toEqual([3, [0]]);
  });

  test('tries harder before, when half of the pool is gone and the mask allows', () => {
    source.failing = true;
    mempool_alloc(pool, GFP_KERNEL);
    expect(source.asked).toEqual([0x280]);
    mempool_alloc(pool, GFP_KERNEL);
    source.asked = [];
    mempool_alloc(pool, GFP_KERNEL);
    expect(source.asked).toEqual([0x280, GFP_KERNEL]);
    source.asked = [];
    mempool_alloc(pool, GFP_NOFS);
    expect(source.asked).toEqual([0x200]);
    // A mask that has nothing to add is not tried twice.
    mempool_free(0x9999, pool);
    source.asked = [];
    mempool_alloc(pool, __GFP_FS);
    expect(source.asked).toEqual([0x280]);
  });

  test('gives 0 to who may not wait, when the pool is empty', () => {
    source.failing = true;
    for (let i = 0; i < 4; i++) expect(mempool_alloc(pool, GFP_ATOMIC)).not.toBe(0);
    expect(mempool_alloc(pool, GFP_ATOMIC)).toBe(0);
  });

  test('others sleep until an element comes back', () => {
    source.failing = true;
    const held = [1, 2, 3, 4].map(() => mempool_alloc(pool, GFP_NOIO));
    const got: number[] = [];
    thread('disk done', () => mempool_free(held[0], pool));
    got.push(mempool_alloc(pool, GFP_NOIO));
    expect(got).toEqual([held[0]]);
    expect(checkMempool(pool)).toEqual([]);
  });

  test('the log says who slept, and on what', () => {
    source.failing = true;
    const held = [1, 2, 3, 4].map(() => mempool_alloc(pool, GFP_NOIO));
    thread('write page', () => mempool_alloc(pool, GFP_NOIO));
    thread('disk done', () => mempool_free(held[3], pool));
    expect(run()).toEqual([
      ['write page', 'runs'],
      ['write page', 'sleeps', 'mempool wait'],
      ['disk done', 'runs'],
      ['disk done', 'ends'],
      ['write page', 'wakes'],
      ['write page', 'ends'],
    ]);
  });

  test('woken in vain, they sleep again', () => {
    source.failing = true;
    const held = [1, 2, 3, 4].map(() => mempool_alloc(pool, GFP_NOIO));
    thread('done', () => mempool_free(held[0], pool));
    thread('thief', () => mempool_alloc(pool, GFP_ATOMIC));
    thread('done too', () => mempool_free(held[1], pool));
    expect(mempool_alloc(pool, GFP_NOIO)).toBe(held[0]);
    run();
    expect(pool.curr_nr).toBe(1);
  });

  test('when nobody can give one back, that is a Deadlock', () => {
    source.failing = true;
    for (let i = 0; i < 4; i++) mempool_alloc(pool, GFP_NOIO);
    expect(() => mempool_alloc(pool, GFP_NOIO)).toThrow(Deadlock);
    // Nothing is locked, and the pool can go on.
    source.failing = false;
    expect(mempool_alloc(pool, GFP_NOIO)).not.toBe(0);
  });

  test('with a mask that may wait, an interrupt is complained of', () => {
    interrupt(() => mempool_alloc(pool, GFP_NOIO));
    expect(dmesg()).toEqual([
      'Debug: sleeping function called from invalid context at mm/mempool.c:197',
      'in_atomic():1, irqs_disabled():0',
    ]);
    source.failing = true;
    for (let i = 0; i < 4; i++) mempool_alloc(pool, GFP_ATOMIC);
    const sleepy = () => interrupt(() => mempool_alloc(pool, GFP_NOIO));
    expect(sleepy).toThrow(Deadlock);
    expect(dmesg().at(-1)).toMatch(/^scheduling while atomic: /);
  });
});

describe('mempool_free', () => {
  test('fills the pool before it gives to the allocator', () => {
    source.failing = true;
    const element = mempool_alloc(pool, GFP_ATOMIC);
    source.failing = false;
    const other = mempool_alloc(pool, GFP_ATOMIC);
    source.asked = [];
    mempool_free(other, pool);
    expect([pool.curr_nr, source.asked]).toEqual([4, []]);
    mempool_free(element, pool);
    expect([pool.curr_nr, source.asked]).toEqual([4, ['free']]);
  });
});

describe('mempool_resize', () => {
  test('up fills the pool, down gives back', () => {
    expect(mempool_resize(pool, 6, GFP_KERNEL)).toBe(0);
    expect([pool.curr_nr, pool.min_nr]).toEqual([6, 6]);
    expect(mempool_resize(pool, 2, GFP_KERNEL)).toBe(0);
    expect([pool.curr_nr, pool.min_nr, source.live.size]).toEqual([2, 2, 2]);
    expect(checkMempool(pool)).toEqual([]);
  });

  test('up, when the allocator fails, leaves the rest to frees', () => {
    const held = mempool_alloc(pool, GFP_KERNEL);
    source.failing = true;
    expect(mempool_resize(pool, 6, GFP_KERNEL)).toBe(0);
    expect([pool.curr_nr, pool.min_nr]).toEqual([4, 6]);
    mempool_free(held, pool);
    expect(pool.curr_nr).toBe(5);
  });

  test('to nothing is a BUG; to too much is -ENOMEM', () => {
    const { message } = panicOf(() => mempool_resize(pool, 0, GFP_KERNEL));
    expect(message).toBe('kernel BUG at mm/mempool.c:114!');
    expect(mempool_resize(pool, 40_000, GFP_KERNEL)).toBe(-12);
    expect(pool.min_nr).toBe(4);
  });
});

describe('mempool_destroy', () => {
  test('frees all elements', () => {
    mempool_destroy(pool);
    expect(source.live.size).toBe(0);
  });

  test('is a BUG while one is in use', () => {
    source.failing = true;
    mempool_alloc(pool, GFP_ATOMIC);
    const { message, facts } = panicOf(() => mempool_destroy(pool));
    expect(message).toBe('kernel BUG at mm/mempool.c:174!');
    expect(facts).toMatchObject({ curr_nr: 3, min_nr: 4 });
  });
});

test('a pool over a slab cache gives its objects', () => {
  const cachep = kmem_cache_create('bio', 64)!;
  const bios = mempool_create(8, mempool_alloc_slab, mempool_free_slab, cachep)!;
  const a = mempool_alloc(bios, GFP_NOIO);
  const b = mempool_alloc(bios, GFP_NOIO);
  expect(new Set([a, b, ...bios.elements]).size).toBe(10);
  mempool_free(a, bios);
  expect(bios.curr_nr).toBe(8);
});

test('for every program, nothing is lost and who may wait is served', () => {
  const programs = fc.array(
    fc.record({
      what: fc.constantFrom('alloc', 'alloc', 'free', 'resize'),
      mask: fc.constantFrom(GFP_ATOMIC, GFP_NOIO, GFP_NOFS, GFP_KERNEL),
      failing: fc.boolean(),
      n: fc.integer({ min: 1, max: 9 }),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(programs, (program) => {
      create(3);
      const held: number[] = [];
      for (const { what, mask, failing, n } of program) {
        source.failing = failing;
        if (what === 'alloc') {
          // Somebody will give one back, if anybody has one.
          const [lent] = held;
          if (lent !== undefined) {
            thread('done', () => {
              held.splice(held.indexOf(lent), 1);
              mempool_free(lent, pool);
            });
          } else if (failing && pool.curr_nr === 0) {
            continue;
          }
          const element = mempool_alloc(pool, mask);
          if (mask !== GFP_ATOMIC) expect(element).not.toBe(0);
          if (element !== 0) held.push(element);
          run();
        } else if (what === 'free' && held.length > 0) {
          mempool_free(held.splice(n % held.length, 1)[0], pool);
        } else if (what === 'resize') {
          mempool_resize(pool, n, GFP_KERNEL);
        }
        expect(checkMempool(pool)).toEqual([]);
        const all = new Set([...held, ...pool.elements]);
        expect(all).toEqual(source.live);
        expect(all.size).toBe(held.length + pool.curr_nr);
      }
    }),
    { seed: 55, numRuns: 150 },
  );
});

test('checkMempool sees what is broken', () => {
  pool.curr_nr = 3;
  expect(checkMempool(pool)[0]).toMatch(/^1: curr_nr/);
  pool.curr_nr = 4;
  pool.elements[0] = pool.elements[1];
  expect(checkMempool(pool)).toEqual(['1: an element is in the pool twice']);
  pool.min_nr = 2;
  expect(checkMempool(pool)[0]).toBe('1: 4 elements, of 2');
});
