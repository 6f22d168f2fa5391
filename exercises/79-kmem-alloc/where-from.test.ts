import { it } from 'vitest';
import { attempt, Finding, judge, write, type Belief } from '../../lib/grade/judge.js';
import { KM_SLEEP } from '../../lib/opensolaris/kmem.js';
import { kmem_alloc, kmem_free } from '../../lib/opensolaris/kmem_alloc.js';
import { statics } from '../../lib/opensolaris/kmem_impl.js';
import { bootKmem } from '../../lib/opensolaris/kmem_init.js';
import { VMEM_ALLOC } from '../../lib/opensolaris/vmem_impl.js';
import { vmem_size } from '../../lib/opensolaris/vmem_walk.js';
import { reboot } from '../../lib/sys/reboot.js';
import { trace } from './where-from.js';

type From = 'magazine' | 'slab' | 'arena' | 'none';
interface Row { from: From; room: number }
interface Asked extends Row { call: string; size: number; magazine: number }

const power = (size: number): number => 2 ** Math.ceil(Math.log2(size));

/** Makes all calls, and looks at the counters around each request. */
function run(): Asked[] {
  reboot();
  bootKmem();
  const rows: Asked[] = [];
  const held = new Map<string, number>();
  const pages = (): number => vmem_size(statics.kmem_firewall_va_arena!, VMEM_ALLOC);
  const take = (name: string, size: number): void => {
    const cp = size > 0 && size <= 32768
      ? statics.kmem_alloc_table[(size - 1) >> 3] : null;
    const ready = cp?.cache_cpu[0];
    const magazine = Math.max(0, ready?.cc_rounds ?? 0)
      + Math.max(0, ready?.cc_prounds ?? 0);
    const before = [ready?.cc_alloc, cp?.cache_slab_alloc, pages()];
    const buf = kmem_alloc(size, KM_SLEEP);
    if (buf !== null) held.set(name, buf);
    const row = { call: `${name} = kmem_alloc(${size}, KM_SLEEP)`, size, magazine };
    const bufsize = cp?.cache_bufsize ?? 0;
    if (ready?.cc_alloc !== before[0]) {
      rows.push({ ...row, from: 'magazine', room: bufsize });
    } else if (cp?.cache_slab_alloc !== before[1]) {
      rows.push({ ...row, from: 'slab', room: bufsize });
    } else if (pages() !== before[2]) {
      rows.push({ ...row, from: 'arena', room: pages() - before[2]! });
    } else {
      rows.push({ ...row, from: 'none', room: 0 });
    }
  };
  const give = (name: string, size: number): void => {
    kmem_free(held.get(name)!, size);
  };
  take('a', 100);
  take('b', 113);
  give('b', 113);
  give('a', 100);
  take('c', 104);
  take('d', 96);
  take('e', 897);
  take('f', 0);
  take('g', 40000);
  give('d', 96);
  give('c', 112);
  take('h', 112);
  return rows;
}

/** The student's row i; '?' and what is missing are open. */
function rowOf(i: number, call: string): Row {
  const have: unknown = attempt('trace()', trace);
  if (!Array.isArray(have)) throw new Finding('trace(): it returns an array of rows.');
  const row: unknown = have[i];
  if (typeof row !== 'object' || row === null) {
    throw new Finding(`row ${i + 1}, ${call}: you have ${write(row)}, a row `
      + 'looks like { from: \'slab\', room: 8 }.');
  }
  const { from, room } = row as Partial<Row>;
  if ([from, room].some((x) => x === undefined || (x as unknown) === '?')) {
    throw new Finding(`row ${i + 1}, ${call}: it is still open.`);
  }
  return row as Row;
}

function judgeRow(i: number): void {
  const is = run()[i];
  const have = rowOf(i, is.call);
  const { size } = is;
  const call = `row ${i + 1}, ${is.call}`;
  const small = size > 0 && size <= 32768;
  const rooms: Belief[] = [
    { if: small && is.room !== power(size) ? power(size) : NaN,
      then: 'That is the next power of two. kmem_alloc has finer classes: four '
        + 'a power of two from 64 to 896, and above 896 others.' },
    { if: size, then: size === 40000
      ? 'An arena gives out whole quanta: pages of 4,096 bytes.'
      : 'That is what was asked for. The buffer is as large as its class.' },
    { if: (room: number) => small && room < size,
      then: 'A buffer is never smaller than the request: round up.' },
    { if: 8, then: 'For no bytes there is no buffer. Size 0 - 1 is a large '
      + 'number, so no cache is asked.' },
    { if: (room: number) => small && room % 8 === 0 && room - size < 8,
      then: 'Multiples of 8 are all there up to 64 bytes only. Then the '
        + 'classes are 16 apart, from 128 on 32, and so on.' },
    { if: 45056, then: 'The page that stays empty behind it is not part of '
      + 'the buffer.' },
    { if: (room: number) => small && room > is.room,
      then: 'There is a smaller class that is large enough.' },
  ];
  judge({ call: `${call}: room`, have: have.room, is: is.room, beliefs: rooms });
  const froms: Belief[] = [
    { if: () => is.from === 'slab' && have.from === 'magazine',
      then: 'Nothing of this class was freed before. What lies in the '
        + 'magazine of another cache does not help.' },
    { if: () => is.from === 'magazine' && have.from === 'slab',
      then: `A buffer of this class was freed before, so ${is.magazine} of `
        + 'them waits in the magazine. It goes out first.' },
    { if: () => size > 32768,
      then: 'Above 32,768 bytes there is no cache, so no slab and no magazine.' },
    { if: () => size === 0, then: 'Nobody is asked for 0 bytes.' },
    { if: 'arena', then: 'A slab comes from an arena. But the buffer comes '
      + 'from the slab, and the arena asked here is not kmem_oversize.' },
  ];
  judge({ call: `${call}: from`, have: have.from, is: is.from, beliefs: froms });
}

it('row 1 is a request for 100 bytes on a fresh machine [1 point]', () => {
  judgeRow(0);
});

it('row 2 is a request for 113 bytes [1 point]', () => {
  judgeRow(1);
});

it('row 3 is a request for 104 bytes after two frees [1 point]', () => {
  judgeRow(2);
});

it('row 4 is a request for 96 bytes [1 point]', () => {
  judgeRow(3);
});

it('row 5 is a request for 897 bytes [1 point]', () => {
  judgeRow(4);
});

it('row 6 is a request for no bytes [1 point]', () => {
  judgeRow(5);
});

it('row 7 is a request for 40000 bytes [1 point]', () => {
  judgeRow(6);
});

it('row 8 is a request for 112 bytes after two more frees [1 point]', () => {
  judgeRow(7);
});
