// vmalloc and mempool behind the golden traces of the systems
// "linux-vmalloc" and "linux-mempool".
//
// Both stand on a whole kernel: pages, slab caches, kmalloc. The lines are
// described in test/golden/linux/README.md.
import {
  type mempool_t, mempool_alloc, mempool_create, mempool_destroy,
  mempool_free, mempool_resize, writeback,
} from '../../linux/mempool.js';
import { PAGE_SIZE } from '../../linux/mm.js';
import { virt_to_page } from '../../linux/mmzone.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../linux/slab_alloc.js';
import { kmem_cache_create } from '../../linux/slab_create.js';
import {
  CFLGS_OFF_SLAB, type kmem_cache_t, watch,
} from '../../linux/slab_layout.js';
import { vfree, vmalloc, vunmap } from '../../linux/vmalloc.js';
import {
  areas, get_vm_area, limitVmalloc, VM_IOREMAP, VMALLOC_END, VMALLOC_START,
} from '../../linux/vmalloc_area.js';
import { Panic } from '../../sys/panic.js';
import { Deadlock } from '../../sys/threads.js';
import { MalformedTrace, type Header, type Outcome } from '../golden.js';
import type { Replayer } from '../golden.js';
import {
  address, asLine, bootKernel, configOf, hex, type Line, natural, saidBy,
} from './linux.js';

const operation = (call: string, expected: unknown, got: unknown): Outcome => ({
  kind: 'operation',
  call,
  expected,
  got,
});

/** An address as the traces write it: null for none. */
const orNull = (addr: number): string | null => (addr === 0 ? null : hex(addr));

class VmallocReplayer implements Replayer {
  line(value: unknown): Outcome {
    const line = asLine(value);
    const { op, addr } = line;
    switch (op) {
      case 'vmalloc_space':
        return this.space(line);
      case 'vmalloc': {
        const size = natural(line, 'size');
        return operation(`vmalloc(${size})`, addr, orNull(vmalloc(size)));
      }
      case 'get_vm_area(VM_IOREMAP)': {
        const size = natural(line, 'size');
        const got = get_vm_area(size, VM_IOREMAP)?.addr ?? 0;
        return operation(`get_vm_area(${size})`, addr, orNull(got));
      }
      case 'vfree':
      case 'vunmap': {
        const free = op === 'vfree' ? vfree : vunmap;
        const log = saidBy(() => free(address(addr)));
        return operation(`${op}(${String(addr)})`, line.log ?? '', log);
      }
      case 'vfree_bad': {
        if (!Array.isArray(line.addrs)) throw new MalformedTrace('no "addrs"');
        const addrs = line.addrs.map(address);
        const log = saidBy(() => addrs.forEach(vfree));
        return operation(`vfree(${addrs.map(hex).join(', ')})`, line.log, log);
      }
      case 'vmlist': {
        const got = areas().map(([start, size]) => [hex(start), size]);
        const { areas: expected } = line;
        return { kind: 'checkpoint', call: 'vmlist', expected, got };
      }
      default:
        throw new MalformedTrace(`unknown operation ${String(op)}`);
    }
  }

  /** How long the space is, is the recorder's choice; not where it is. */
  private space({ VMALLOC_START: start, VMALLOC_END: end }: Line): Outcome {
    limitVmalloc(address(end) - VMALLOC_START());
    const got = [hex(VMALLOC_START()), hex(VMALLOC_END())];
    const call = 'the space';
    return { kind: 'checkpoint', call, expected: [start, end], got };
  }
}

/** The fields of a mempool trace's line that ask. */
const asks: { [op: string]: string[] } = {
  kmem_cache_create: ['name', 'size', 'align', 'create_flags', 'ctor', 'dtor'],
  mempool_create: [],
  mempool_alloc: ['gfp', 'fail'],
  mempool_free: [],
  mempool_resize: [],
  mempool_destroy: [],
};

class MempoolReplayer implements Replayer {
  private cachep: kmem_cache_t | null = null;
  private pool: mempool_t<kmem_cache_t> | null = null;
  private held: number[] = []; // elements in use
  private events: unknown[] = []; // of the line
  private failing = false; // does the allocator fail?
  private slabs = 0; // of the cache, so far

  constructor() {
    writeback.wakeup_bdflush = () => {
      this.events.push('wakeup_bdflush');
    };
    watch.getpages = (cachep, addr) => {
      if (cachep !== this.cachep) return;
      this.events.push({
        grow: cachep.name,
        slab: this.slabs++,
        pfn: virt_to_page(addr).pfn,
        colour_next: cachep.colour_next,
      });
    };
  }

  line(value: unknown): Outcome {
    const line = asLine(value);
    const asked = asks[String(line.op)];
    if (asked === undefined) {
      throw new MalformedTrace(`unknown operation ${String(line.op)}`);
    }
    this.events = [];
    const { answer, outcome, log } = this.attempt(line);
    const got: Line = { ...answer };
    if (this.pool !== null) {
      got.min_nr = this.pool.min_nr;
      got.curr_nr = this.pool.curr_nr;
    }
    if (this.events.length > 0) got.events = this.events;
    if (outcome !== null) got.outcome = outcome;
    if (log !== '') got.log = log;
    const expected = { ...line };
    for (const name of ['i', 'op', ...asked]) delete expected[name];
    return operation(`${String(line.op)} (i ${line.i})`, expected, got);
  }

  /** One call, to its end or to where it stops. */
  private attempt(line: Line) {
    let answer: Line = line.op === 'mempool_alloc' ? { result: null } : {};
    let outcome: string | null = null;
    let log = saidBy(() => {
      try {
        answer = this.call(line);
      } catch (error) {
        if (error instanceof Deadlock) {
          this.events.push('io_schedule');
          outcome = 'sleeps';
        } else if (error instanceof Panic) {
          outcome = error.message;
        } else {
          throw error;
        }
      }
    });
    if (outcome !== null && outcome !== 'sleeps') {
      log += `${outcome as string}\n`;
      outcome = 'BUG';
    }
    return { answer, outcome: outcome as string | null, log };
  }

  private call(line: Line): Line {
    const { pool } = this;
    this.failing = line.fail === true;
    if (line.op === 'kmem_cache_create') return this.createCache(line);
    if (line.op === 'mempool_create') {
      return this.create(natural(line, 'min_nr'));
    }
    if (pool === null) throw new MalformedTrace('there is no pool yet');
    switch (line.op) {
      case 'mempool_alloc': {
        const element = mempool_alloc(pool, natural(line, 'gfp'));
        if (element !== 0) this.held.push(element);
        return { result: element === 0 ? null : 'element' };
      }
      case 'mempool_free': {
        const element = this.held.pop();
        if (element === undefined) throw new MalformedTrace('nothing to free');
        mempool_free(element, pool);
        return {};
      }
      case 'mempool_resize':
        return { ret: mempool_resize(pool, natural(line, 'min_nr'), 0xd0) };
      default:
        mempool_destroy(pool);
        this.pool = null;
        return {};
    }
  }

  private createCache(line: Line): Line {
    const size = natural(line, 'size');
    const flags = address(line.create_flags);
    const align = natural(line, 'align');
    const cachep = kmem_cache_create(String(line.name), size, align, flags);
    this.cachep = cachep;
    if (cachep === null) return { result: null };
    const {
      objsize, gfporder, num, slab_size, colour, colour_off, limit, batchcount,
      free_limit, lists,
    } = cachep;
    const off_slab = (cachep.flags & CFLGS_OFF_SLAB) !== 0;
    const used = num * objsize + (off_slab ? 0 : slab_size);
    const result = {
      objsize, gfporder, num, slab_size, off_slab,
      left_over: PAGE_SIZE * 2 ** gfporder - used,
      colour, colour_off, flags: hex(cachep.flags), limit, batchcount,
      shared: Math.floor((lists.shared?.limit ?? 0) / batchcount),
      free_limit,
      next_reap: lists.next_reap,
    };
    return { result };
  }

  private create(min_nr: number): Line {
    const { cachep } = this;
    if (cachep === null) throw new MalformedTrace('there is no cache yet');
    this.pool = mempool_create(
      min_nr,
      (gfp, c) => this.alloc(gfp, c),
      (element, c) => {
        this.events.push('free_fn');
        kmem_cache_free(c, element);
      },
      cachep,
    );
    return {};
  }

  /** The allocator below the pool; the trace says when it fails. */
  private alloc(gfp: number, cachep: kmem_cache_t): number {
    const element = this.failing ? 0 : kmem_cache_alloc(cachep, gfp);
    const result = element === 0 ? null : 'element';
    this.events.push({ alloc_fn: gfp, result });
    return element;
  }
}

/** The replayer for one of these traces; null for other systems. */
export function makePoolsReplayer(header: Header): Replayer | null {
  const { system } = header;
  if (system !== 'linux-vmalloc' && system !== 'linux-mempool') return null;
  bootKernel(configOf(header));
  return system === 'linux-vmalloc'
    ? new VmallocReplayer()
    : new MempoolReplayer();
}
