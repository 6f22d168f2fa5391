// How bad use is caught in a kernel with CONFIG_DEBUG_SLAB: each misuse,
// when it is noticed, and the message.
import { beforeEach, describe, expect, test } from 'vitest';
import { GFP_ATOMIC, GFP_KERNEL } from '../../lib/linux/gfp.js';
import { kfree, kmalloc, ksize } from '../../lib/linux/kmalloc.js';
import { memset, read, write } from '../../lib/linux/memory.js';
import { PAGE_OFFSET } from '../../lib/linux/mmzone.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../lib/linux/slab_alloc.js';
import { kmem_cache_create } from '../../lib/linux/slab_create.js';
import { callFrom } from '../../lib/linux/slab_frame.js';
import {
  type kmem_cache_t, SLAB_DEBUG_INITIAL, SLAB_DESTROY_BY_RCU, slabOf,
} from '../../lib/linux/slab_layout.js';
import { kmem_cache_destroy, kmem_cache_shrink } from '../../lib/linux/slab_reap.js';
import { checkCaches } from '../../lib/linux/slabcheck.js';
import { bootSlabs, create, debugging, saidBy } from './kernel.js';
import { panicOf } from './machine.js';

let victim: kmem_cache_t;
let objp = 0;

const alloc = (cachep = victim): number => kmem_cache_alloc(cachep, GFP_KERNEL);
const hex = (n: number): string => n.toString(16);
const bytes = (addr: number, n: number): string =>
  Buffer.from(read(addr, n)).toString('hex');

beforeEach(() => {
  bootSlabs(debugging);
  victim = create('victim', 20);
  objp = alloc();
});

const overwritten = (name: string, func: string): string =>
  `slab error in ${func}(): cache \`${name}': double free, or memory ` +
  'outside object was overwritten';
const inFree = 'cache_free_debugcheck';
const inAlloc = 'cache_alloc_debugcheck_after';

describe('the frame of an object', () => {
  test('a fresh one: red zones, 5a, last user', () => {
    expect(bytes(objp - 4, 32)).toBe(
      'a5c20f17' + '5a'.repeat(19) + 'a5' + 'a5c20f17' + 'bc0a14c0',
    );
  });

  test('a freed one: 6b, red zones of another value, and who freed it', () => {
    callFrom(0xc0111111);
    kmem_cache_free(victim, objp);
    expect(bytes(objp - 4, 32)).toBe(
      '71f02c5a' + '6b'.repeat(19) + 'a5' + '71f02c5a' + '111111c0',
    );
  });

  test('words have 8 bytes on x86_64', () => {
    bootSlabs({ ...debugging, BITS_PER_LONG: 64 });
    const c = create('c', 24);
    expect([c.objsize, c.dbghead, c.reallen]).toEqual([48, 8, 24]);
    expect(bytes(alloc(c) - 8, 8)).toBe('a5c20f1700000000');
  });

  test('large objects have none if that took them past a power of two', () => {
    const shape = (size: number) => {
      const { objsize, dbghead, reallen } = create(`c${size}`, size);
      return [objsize, dbghead, reallen];
    };
    expect(shape(4096)).toEqual([4096, 0, 4096]);
    expect(shape(5000)).toEqual([5012, 4, 5000]);
    expect(shape(8180)).toEqual([8192, 4, 8180]);
    expect(shape(8184)).toEqual([8184, 0, 8184]);
  });

  test('an alignment of more than a word leaves room for none', () => {
    const c = create('c', 100, { align: 64 });
    expect([c.objsize, c.dbghead]).toEqual([128, 0]);
    const addr = alloc(c);
    expect(addr % 64).toBe(0);
    expect(bytes(addr, 4)).toBe('5a5a5a5a');
  });
});

describe('what the owner of an object does wrong', () => {
  test('freeing it twice', () => {
    kmem_cache_free(victim, objp);
    expect(saidBy(() => kmem_cache_free(victim, objp))).toEqual([
      overwritten('victim', inFree),
      `${hex(objp - 4)}: redzone 1: 0x5a2cf071, redzone 2: 0x5a2cf071.`,
    ]);
    expect(checkCaches()).toEqual([
      `4: victim: object 0x${hex(objp - 4)} is in arrays twice`,
    ]);
  });

  test('writing past the end: found when it is freed', () => {
    write(objp + 20, [0x41]);
    expect(saidBy(() => kmem_cache_free(victim, objp))[1]).toContain(
      'redzone 1: 0x170fc2a5, redzone 2: 0x170fc241.',
    );
  });

  test('writing before the start', () => {
    write(objp - 1, [0x42]);
    expect(saidBy(() => kmem_cache_free(victim, objp))[1]).toContain(
      'redzone 1: 0x420fc2a5, redzone 2: 0x170fc2a5.',
    );
  });

  test('writing past the end when it is freed: found by the next owner', () => {
    kmem_cache_free(victim, objp);
    write(objp + 20, [0x41]);
    expect(saidBy(() => expect(alloc()).toBe(objp))[0]).toBe(
      overwritten('victim', inAlloc),
    );
  });

  test('using it after freeing it: found by the next owner, with neighbours', () => {
    kmem_cache_free(victim, objp);
    write(objp + 10, [0x43]);
    const clean = [
      'Redzone: 0x5a2cf071/0x5a2cf071.',
      'Last user: [<00000000>]',
      `000: ${Array(16).fill('6b').join(' ')}`,
      '010: 6b 6b 6b a5',
    ];
    expect(saidBy(() => void alloc())).toEqual([
      `Slab corruption: start=${hex(objp)}, len=20`,
      'Redzone: 0x5a2cf071/0x5a2cf071.',
      'Last user: [<c0140abc>]',
      '000: 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 43 6b 6b 6b 6b 6b',
      `Prev obj: start=${hex(objp - 32)}, len=20`,
      ...clean,
      `Next obj: start=${hex(objp + 32)}, len=20`,
      ...clean,
    ]);
  });

  test('of much damage six lines are shown, and no neighbour that is not', () => {
    const c = create('c', 400);
    for (let i = 0; i < 9; i++) alloc(c);
    const addr = alloc(c);
    const { s_mem } = slabOf(addr)!;
    kmem_cache_free(c, addr);
    memset(addr, 0, 400);
    const said = saidBy(() => void alloc(c));
    const lines = said.slice(0, said.findIndex((text) => / obj:/.test(text)));
    expect(lines.filter((text) => /^0.0: 00/.test(text))).toHaveLength(6);
    const first = addr - 4 === s_mem;
    expect(said.some((text) => text.startsWith('Prev'))).toBe(!first);
  });

  test('behind a damaged line one byte is not looked at', () => {
    const c = create('c', 64);
    const addr = alloc(c);
    kmem_cache_free(c, addr);
    write(addr + 3, [0]);
    write(addr + 16, [0]);
    const said = saidBy(() => void alloc(c));
    expect(said.filter((text) => text.startsWith('010: 00'))).toEqual([]);
  });

  test('using it after freeing it: found when its slab goes', () => {
    kmem_cache_free(victim, objp);
    write(objp, [0x44]);
    write(objp + 20, [0x45]);
    write(objp - 4, [0x46]);
    const said = saidBy(() => void kmem_cache_destroy(victim));
    expect(said[0]).toBe(`Slab corruption: start=${hex(objp)}, len=20`);
    expect(said.filter((text) => text.startsWith('slab error'))).toEqual([
      "slab error in slab_destroy(): cache `victim': " +
        'start of a freed object was overwritten',
      "slab error in slab_destroy(): cache `victim': " +
        'end of a freed object was overwritten',
    ]);
  });

  test('giving it to another cache', () => {
    const other = create('other', 20);
    alloc(other);
    expect(saidBy(() => kmem_cache_free(other, objp))).toEqual([
      `mismatch in kmem_cache_free: expected cache ${hex(victim.addr)}, ` +
        `got ${hex(other.addr)}`,
      `${hex(other.addr)} is other.`,
      `${hex(victim.addr)} is victim.`,
      'Badness in cache_free_debugcheck at mm/slab.c:1900',
    ]);
  });
});

describe('a BUG stops the kernel', () => {
  test('a pointer into the middle of an object', () => {
    const panic = panicOf(() => kmem_cache_free(victim, objp + 4));
    expect(panic.message).toBe('kernel BUG at mm/slab.c:1920!');
    expect(panic.facts.call).toBe(`kmem_cache_free(victim, 0x${hex(objp + 4)})`);
  });

  test('a pointer in front of all objects of the slab', () => {
    const { s_mem } = slabOf(objp)!;
    const { message } = panicOf(() => kmem_cache_free(victim, s_mem - 28));
    expect(message).toBe('kernel BUG at mm/slab.c:1919!');
  });

  test('a page that is no slab, and an address without memory', () => {
    const [page] = [victim, create('c', 4096)].map(alloc);
    kmem_cache_shrink(victim);
    let message = '';
    const free = (addr: number) =>
      saidBy(() => (message = panicOf(() => kfree(addr)).message));
    expect(free(PAGE_OFFSET + 0x1000)).toEqual([
      'kfree_debugcheck: bad ptr c0001000h.',
    ]);
    expect(message).toBe('kernel BUG at mm/slab.c:1881!');
    expect(free(0x10)).toEqual(['kfree_debugcheck: out of range ptr 10h.']);
    expect(message).toBe('kernel BUG at mm/slab.c:1876!');
    expect(page).not.toBe(0);
  });

  test('an object that reaches its slab twice', () => {
    kmem_cache_free(victim, objp);
    kmem_cache_free(victim, objp);
    let message = '';
    const said = saidBy(() => {
      message = panicOf(() => kmem_cache_shrink(victim)).message;
    });
    expect(said).toEqual([
      `slab: double free detected in cache 'victim', objp ${hex(objp - 4)}.`,
    ]);
    expect(message).toBe('kernel BUG at mm/slab.c:2185!');
  });

  test('bufctls that somebody wrote over, with a dump of the descriptor', () => {
    const c = create('c', 400); // 9 a slab
    const addr = alloc(c);
    const slabp = slabOf(addr)!;
    const next = slabp.free;
    expect(next).toBe(0xffff); // all nine are in the array
    kmem_cache_shrink(c);
    // Eight are on the chain. Their bufctls lie behind the descriptor.
    write(slabp.addr + 24 + 2 * slabp.free, [0x34, 0x12]);
    let message = '';
    const said = saidBy(() => (message = panicOf(() => alloc(c)).message));
    expect(message).toBe('kernel BUG at mm/slab.c:1974!');
    expect(said[0]).toBe(
      "slab: Internal list corruption detected in cache 'c'(9), " +
        `slabp ${hex(slabp.addr)}(1). Hexdump:`,
    );
    // list.next and list.prev are the head of slabs_partial, in the cache.
    const head = c.addr + 12;
    const word = (n: number) =>
      hex(n).padStart(8, '0').match(/../g)!.reverse().join(' ');
    expect(said.slice(1)).toEqual([
      '',
      `000: ${word(head)} ${word(head)} ${word(slabp.colouroff)} ` +
        word(slabp.s_mem),
      expect.stringMatching(/^010: 01 00 00 00 /),
    ]);
  });
});

describe('constructors and destructors of poisoned objects', () => {
  test('run at each allocation and each free, not with the slab', () => {
    const events: string[] = [];
    const c = create('c', 100, {
      ctor: (addr, _, flags) => void events.push(`ctor ${hex(addr)} ${flags}`),
      dtor: (addr) => void events.push(`dtor ${hex(addr)}`),
    });
    const addr = kmem_cache_alloc(c, GFP_ATOMIC);
    kmem_cache_free(c, addr);
    expect(alloc(c)).toBe(addr);
    const at = hex(addr);
    expect(events).toEqual([`ctor ${at} 3`, `dtor ${at}`, `ctor ${at} 1`]);
  });

  test('SLAB_DEBUG_INITIAL lets the constructor verify what comes back', () => {
    const flags: number[] = [];
    const c = create('c', 100, {
      flags: SLAB_DEBUG_INITIAL,
      ctor: (_, __, flag) => void flags.push(flag),
    });
    kmem_cache_free(c, alloc(c));
    expect(flags).toEqual([1, 5]);
  });

  test('without poison the constructor runs with the slab, and is checked', () => {
    const c = create('c', 100, {
      flags: SLAB_DESTROY_BY_RCU,
      ctor: (addr) => write(addr + 99, [1, 2]),
    });
    const said = saidBy(() => void alloc(c));
    expect(said[0]).toBe(
      "slab error in cache_init_objs(): cache `c': " +
        'constructor overwrote the end of an object',
    );
  });
});

describe('what kmem_cache_create remarks', () => {
  test('a name with a space, which confuses readers of slabinfo', () => {
    expect(saidBy(() => void kmem_cache_create('my cache', 100))).toEqual([
      'Badness in kmem_cache_create at mm/slab.c:1208',
    ]);
  });

  test('a wish to verify, and nothing to verify with', () => {
    const call = () => void kmem_cache_create('c', 100, 0, SLAB_DEBUG_INITIAL);
    expect(saidBy(call)).toEqual([
      'kmem_cache_create: No con, but init state check requested - c',
    ]);
  });
});

test('kmalloc: ksize is what the owner may use, not the frame', () => {
  const addr = kmalloc(50, GFP_KERNEL);
  expect(ksize(addr)).toBe(64);
  write(addr + 64, [1]);
  expect(saidBy(() => kfree(addr))[0]).toBe(overwritten('size-64', inFree));
});
