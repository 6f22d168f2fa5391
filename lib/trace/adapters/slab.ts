// Linux' slab caches and kmalloc behind the golden traces of the systems
// "linux-slab", "linux-slab-boot", "linux-slab-debug" and "linux-kmalloc".
//
// A header describes a machine, and every header boots one: a file may
// hold several sections. What happened inside a call is compared as well:
// slabs that came and went, constructors that ran, messages, a BUG. The
// lines are described in test/golden/linux/README.md.
import { isDeepStrictEqual } from 'node:util';
import { advance, hz, lbolt } from '../../sys/clock.js';
import { dmesg, printed } from '../../sys/cons.js';
import { ncpus, onCpu } from '../../sys/cpu.js';
import { Panic } from '../../sys/panic.js';
import { GFP_KERNEL } from '../../linux/gfp.js';
import {
  kcalloc, kfree, kmalloc, ksize, malloc_sizes,
} from '../../linux/kmalloc.js';
import { read, write } from '../../linux/memory.js';
import { PAGE_SIZE } from '../../linux/mm.js';
import { virt_to_page } from '../../linux/mmzone.js';
import { init_per_zone_pages_min } from '../../linux/page_alloc_marks.js';
import { HZ, spin_unlock } from '../../linux/sched.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../linux/slab_alloc.js';
import {
  kmem_cache_create, kmem_cache_init, offslab_limit,
  slab_break_gfp_order,
} from '../../linux/slab_create.js';
import { RED_ACTIVE, setRedzones } from '../../linux/slab_frame.js';
import { slabinfo } from '../../linux/slab_info.js';
import {
  type array_cache, BUFCTL_END, cache_cache, cache_chain, CFLGS_OFF_SLAB,
  configure, type Ctor, DEBUG, GET_PAGE_CACHE, type kmem_cache_t,
  sizeofArrayCache, sizeofBufctl, sizeofCache, sizeofSlab,
  type slab, slabOf, watch,
} from '../../linux/slab_layout.js';
import {
  cache_reap, kmem_cache_destroy, kmem_cache_shrink,
} from '../../linux/slab_reap.js';
import { listed } from '../../linux/zonecheck.js';
import { MalformedTrace, type Header, type Outcome } from '../golden.js';
import type { Replayer } from '../golden.js';
import {
  address, asLine, bootPages, configOf, hex, isRecord, type Line, natural,
  pageMachine, presentZones,
} from './linux.js';

const systems = [
  'linux-slab', 'linux-slab-boot', 'linux-slab-debug', 'linux-kmalloc',
];

/** A field that must be a text. */
function text(line: Line, name: string): string {
  const value = line[name];
  if (typeof value === 'string') return value;
  throw new MalformedTrace(`"${name}" is ${JSON.stringify(value)}`);
}

/** A field that must be an address; null is none. */
const addressOf = (line: Line, name: string): number =>
  line[name] === null ? 0 : address(line[name]);

/** The fields of a line that ask; what is left are the answers. */
const asks: { [op: string]: readonly string[] } = {
  kmem_cache_init: [],
  malloc_sizes: [],
  boot_cache: [],
  slabinfo: [],
  check: ['cache'],
  kmem_cache_create: ['name', 'size', 'align', 'create_flags', 'ctor', 'dtor'],
  kmem_cache_alloc: ['cache', 'gfp'],
  kmem_cache_free: ['cache', 'addr'],
  kmem_cache_shrink: ['cache'],
  kmem_cache_destroy: ['cache'],
  cache_reap: ['jiffies'],
  kmalloc: ['size', 'gfp'],
  kcalloc: ['n', 'size', 'gfp'],
  kfree: ['addr'],
  ksize: ['addr'],
  read: ['addr'],
  write: ['addr', 'byte'],
  note: ['what'],
};

const checkpoints = [
  'malloc_sizes', 'boot_cache', 'slabinfo', 'check', 'read',
];

/** What the recorder writes when the call has not returned. */
const noAnswer: { [op: string]: Line } = {
  kmem_cache_create: { result: null },
  kmem_cache_alloc: { addr: null },
  kmem_cache_shrink: { ret: 0 },
  kmem_cache_destroy: { ret: 0 },
};

/** The slabs that there are, numbered by cache from 0 on. */
class Slabs {
  private readonly numbers = new Map<number, number>(); // by address
  private readonly grown = new Map<kmem_cache_t, number>();

  add(cachep: kmem_cache_t, addr: number): number {
    const n = this.grown.get(cachep) ?? 0;
    this.grown.set(cachep, n + 1);
    this.numbers.set(addr, n);
    return n;
  }

  remove(addr: number): number | undefined {
    const n = this.numbers.get(addr);
    this.numbers.delete(addr);
    return n;
  }

  of({ s_mem, colouroff }: slab): number | undefined {
    return this.numbers.get(s_mem - colouroff);
  }
}

/** How a cache is laid out. */
function shapeOf(cachep: kmem_cache_t): Line {
  const {
    objsize, gfporder, num, slab_size, flags, colour, colour_off, limit,
    batchcount, free_limit, slabp_cache, dbghead, reallen, lists,
  } = cachep;
  const off_slab = (flags & CFLGS_OFF_SLAB) !== 0;
  const used = num * objsize + (off_slab ? 0 : slab_size);
  return {
    objsize, gfporder, num, slab_size, off_slab,
    left_over: PAGE_SIZE * 2 ** gfporder - used,
    colour, colour_off, flags: hex(flags), limit, batchcount,
    shared: Math.floor((lists.shared?.limit ?? 0) / batchcount),
    free_limit,
    ...(off_slab ? { slabp_cache: slabp_cache!.name } : {}),
    ...(DEBUG ? { dbghead, reallen } : {}),
  };
}

/** The slabs of a list, from its head on. */
function slabsOf(head: slab, slabs: Slabs): Line[] {
  const seen: Line[] = [];
  for (let slabp = head.next; slabp !== head; slabp = slabp.next) {
    const free: number[] = [];
    let i = slabp.free;
    for (; i !== BUFCTL_END && free.length < 6; i = slabp.bufctl[i]) {
      free.push(i);
    }
    seen.push({ slab: slabs.of(slabp), inuse: slabp.inuse, free });
  }
  return seen;
}

/** An array of objects, the bottom first; -1: of another cache. */
function arrayOf(
  cachep: kmem_cache_t,
  ac: array_cache | null | undefined,
  slabs: Slabs,
): Line | null {
  if (ac == null) return null;
  const { avail, limit, touched } = ac;
  const entries = Array.from(ac.entry.subarray(0, avail), (objp) => {
    const own = GET_PAGE_CACHE(virt_to_page(objp)) === cachep;
    const slabp = slabOf(objp)!;
    const obj = Math.floor((objp - slabp.s_mem) / cachep.objsize);
    return [own ? slabs.of(slabp) : -1, obj];
  });
  return { avail, limit, touched, entries };
}

/** All that a cache has: its slabs and its arrays. */
function stateOf(cachep: kmem_cache_t, slabs: Slabs): Line {
  const { lists, colour_next, array } = cachep;
  const { free_objects, free_touched } = lists;
  return {
    free_objects, free_touched, colour_next,
    full: slabsOf(lists.slabs_full, slabs),
    partial: slabsOf(lists.slabs_partial, slabs),
    freelist: slabsOf(lists.slabs_free, slabs),
    array_cache: array.map((ac) => arrayOf(cachep, ac, slabs)),
    shared: arrayOf(cachep, lists.shared, slabs),
  };
}

/** Where an object is: in which slab, which one, how far in. */
function placeOf(objp: number, slabs: Slabs): Line {
  if (objp === 0) return { addr: null };
  const { dbghead, objsize } = GET_PAGE_CACHE(virt_to_page(objp));
  const frame = objp - dbghead;
  const slabp = slabOf(frame)!;
  return {
    slab: slabs.of(slabp),
    obj: Math.floor((frame - slabp.s_mem) / objsize),
    off: frame - (slabp.s_mem - slabp.colouroff),
    addr: hex(objp),
  };
}

/** The zones, with the lists in full where the line has them in full. */
function zonesLike(expected: unknown): Line[] {
  const [wanted] = Array.isArray(expected) ? (expected as unknown[]) : [];
  const full = isRecord(wanted) && 'free_list' in wanted;
  return presentZones().map(({ name, free_pages, free_area, pageset }) => ({
    name,
    free_pages,
    nr_free: free_area.map(({ nr_free }) => nr_free),
    pcp: pageset.map(({ pcp: [hot, cold] }) => ({
      hot: hot.count,
      cold: cold.count,
    })),
    ...(full
      ? {
          free_list: free_area.map(({ free_list }) => listed(free_list)),
          pcp_list: pageset.map(({ pcp }) =>
            pcp.map(({ list }) => listed(list)),
          ),
        }
      : {}),
  }));
}

/** Boots the machine of a header, up to the slab caches. */
function bootMachine(config: Line): void {
  const line = natural(config, 'L1_CACHE_BYTES');
  if (![16, 32, 64, 128].includes(line)) {
    throw new MalformedTrace(`"L1_CACHE_BYTES" is ${line}`);
  }
  const { dma_pages, normal_pages } = config;
  const zones = [
    { name: 'DMA', present_pages: dma_pages },
    { name: 'Normal', present_pages: normal_pages },
  ];
  bootPages(pageMachine({ ...config, zones }), address(config.PAGE_OFFSET));
  configure({
    BITS_PER_LONG: config.arch === 'x86_64' ? 64 : 32,
    L1_CACHE_BYTES: line,
    CONFIG_DEBUG_SLAB: config.debug_slab === true,
  });
}

/** What the header says of our structures, and what they are. */
function facts(config: Line): Outcome {
  const got: Line = {
    slab_break_gfp_order,
    offslab_limit,
    sizeof_struct_slab: sizeofSlab,
    sizeof_kmem_bufctl_t: sizeofBufctl,
    sizeof_array_cache: sizeofArrayCache,
    sizeof_kmem_cache_t: sizeofCache(),
  };
  const expected = Object.fromEntries(
    Object.keys(got).map((name) => [name, config[name] ?? got[name]]),
  );
  return { kind: 'checkpoint', call: 'boot', expected, got };
}

/** The replayer for a trace of the slab level; null for other systems. */
export function makeSlabReplayer(header: Header): Replayer | null {
  if (!systems.includes(String(header.system))) return null;
  return new SlabReplayer(header);
}

class SlabReplayer implements Replayer {
  private slabs = new Slabs();
  private events: Line[] = [];
  private bootEvents: Line[] = [];
  private bootCaches: kmem_cache_t[] = [];
  private system = '';
  private shapesOnly = false; // each cache is destroyed as soon as it is made
  private boot: Outcome | null = null; // to be told with the first line
  private firstFreed: number | null = null;

  constructor(header: Header) {
    this.start(header);
  }

  /** Boots the machine of a header. */
  private start(header: Header): void {
    const config = configOf(header);
    this.system = String(header.system);
    this.shapesOnly = String(header.title).startsWith('kmem_cache_create');
    this.firstFreed = null;
    bootMachine(config);
    this.listen();
    kmem_cache_init();
    init_per_zone_pages_min();
    advanceTo(natural(config, 'jiffies'));
    this.bootEvents = this.events;
    this.bootCaches = [...cache_chain];
    this.boot = facts(config);
  }

  /** Notes, from now on, which slabs come and go. */
  private listen(): void {
    const slabs = new Slabs();
    this.slabs = slabs;
    this.events = [];
    watch.getpages = (cachep, addr) => {
      const { name, colour_next } = cachep;
      const slab = slabs.add(cachep, addr);
      const { pfn } = virt_to_page(addr);
      this.events.push({ grow: name, slab, pfn, colour_next });
    };
    watch.freepages = ({ name }, addr) => {
      const slab = slabs.remove(addr);
      const { pfn } = virt_to_page(addr);
      this.events.push({ destroy_slab: name, slab, pfn });
    };
  }

  line(line: unknown): Outcome {
    const value = asLine(line);
    if ('format' in value) {
      this.start(value);
      return { kind: 'other', call: 'boot', expected: null, got: null };
    }
    const { boot } = this;
    this.boot = null;
    if (boot !== null && !isDeepStrictEqual(boot.got, boot.expected)) {
      return boot;
    }
    const op = text(value, 'op');
    if (!Object.hasOwn(asks, op)) {
      throw new MalformedTrace(`unknown operation "${op}"`);
    }
    const { i: _i, op: _op, cpu: _cpu, ...rest } = value;
    const asked: Line = {};
    const expected: Line = {};
    for (const [name, field] of Object.entries(rest)) {
      (asks[op].includes(name) ? asked : expected)[name] = field;
    }
    const got = this.attempt(op, value);
    const call = `${op}(${JSON.stringify(asked)})`;
    const kind = checkpoints.includes(op) ? 'checkpoint' : 'operation';
    return { kind, call, expected, got };
  }

  /** Runs one line: its answer, and whatever else came of it. */
  private attempt(op: string, line: Line): Line {
    const cpu = line.cpu === undefined ? 0 : natural(line, 'cpu');
    if (cpu >= ncpus) throw new MalformedTrace(`there is no CPU ${cpu}`);
    this.events = [];
    const said = printed;
    let got: Line;
    let stopped: Line = {};
    let last = '';
    try {
      got = { ...onCpu(cpu, () => this.run(op, line)) };
    } catch (error) {
      if (!(error instanceof Panic)) throw error;
      last = `${error.message}\n`;
      const bug = error.message.startsWith('kernel BUG');
      stopped = { outcome: bug ? 'BUG' : 'panic' };
      got = { ...noAnswer[op] };
      // The recorder's locks were none: nobody waits for one now.
      onCpu(cpu, releaseAll);
    }
    const news = printed - said;
    const log = dmesg().slice(dmesg().length - news).map((row) => `${row}\n`);
    if (this.events.length > 0 && this.system !== 'linux-kmalloc') {
      got.events = this.events;
    }
    Object.assign(got, stopped);
    if (news > 0 || last !== '') got.log = log.join('') + last;
    return got;
  }

  private run(op: string, line: Line): Line {
    const gfp = line.gfp === undefined ? GFP_KERNEL : natural(line, 'gfp');
    switch (op) {
      case 'kmem_cache_init':
        this.events = this.bootEvents;
        return {};
      case 'malloc_sizes':
        return { sizes: malloc_sizes.map(({ cs_size }) => cs_size) };
      case 'boot_cache':
        return this.nextBootCache('kmem_cache_t' in line);
      case 'slabinfo':
        return { text: slabinfo() };
      case 'check':
        if ('zones' in line) return { zones: zonesLike(line.zones) };
        return stateOf(this.cache(line), this.slabs);
      case 'kmem_cache_create':
        return this.create(line);
      case 'kmem_cache_alloc':
        return placeOf(kmem_cache_alloc(this.cache(line), gfp), this.slabs);
      case 'kmem_cache_free': {
        const objp = addressOf(line, 'addr');
        this.firstFreed ??= objp;
        kmem_cache_free(this.cache(line), objp);
        return {};
      }
      case 'kmem_cache_shrink':
        return { ret: kmem_cache_shrink(this.cache(line)) };
      case 'kmem_cache_destroy':
        return { ret: kmem_cache_destroy(this.cache(line)) };
      case 'cache_reap':
        advanceTo(natural(line, 'jiffies'));
        cache_reap();
        return {};
      case 'kmalloc':
        return this.bySize(kmalloc(natural(line, 'size'), gfp));
      case 'kcalloc':
        return zeroed(natural(line, 'n'), natural(line, 'size'), gfp);
      case 'kfree':
        kfree(addressOf(line, 'addr'));
        return {};
      case 'ksize':
        return { ksize: ksize(addressOf(line, 'addr')) };
      case 'read': {
        const n = text(line, 'bytes').length / 2;
        const bytes = read(addressOf(line, 'addr'), n);
        return { bytes: Buffer.from(bytes).toString('hex') };
      }
      case 'write':
        write(addressOf(line, 'addr'), [natural(line, 'byte')]);
        return {};
      default:
        return this.note(text(line, 'what'));
    }
  }

  /** A cache by its name. */
  private cache(line: Line): kmem_cache_t {
    const wanted = text(line, 'cache');
    const found = cache_chain.find(({ name }) => name === wanted);
    if (found === undefined) {
      throw new MalformedTrace(`there is no cache "${wanted}"`);
    }
    return found;
  }

  private nextBootCache(withAddress: boolean): Line {
    const cachep = this.bootCaches.shift();
    if (cachep === undefined) throw new MalformedTrace('no cache is left');
    const at = cachep === cache_cache ? 'static' : hex(cachep.addr);
    return {
      name: cachep.name,
      ...(withAddress ? { kmem_cache_t: at } : {}),
      ...shapeOf(cachep),
    };
  }

  private create(line: Line): Line {
    const ctor: Ctor = (objp, _, flags) => {
      this.events.push({ ctor: hex(objp), flags });
    };
    const dtor: Ctor = (objp) => {
      this.events.push({ dtor: hex(objp) });
    };
    const cachep = kmem_cache_create(
      text(line, 'name'),
      natural(line, 'size'),
      natural(line, 'align'),
      addressOf(line, 'create_flags'),
      line.ctor === true ? ctor : null,
      line.dtor === true ? dtor : null,
    );
    if (cachep === null) return { result: null };
    const result = { ...shapeOf(cachep), next_reap: cachep.lists.next_reap };
    if (this.shapesOnly) {
      const made = this.events;
      this.events = [];
      kmem_cache_destroy(cachep);
      this.events = made;
    }
    return { result };
  }

  /** The cache that kmalloc took it from, and where it is. */
  private bySize(objp: number): Line {
    if (objp === 0) return { cache: null, result: null };
    const { name } = GET_PAGE_CACHE(virt_to_page(objp));
    const place =
      this.system === 'linux-kmalloc' ? {} : placeOf(objp, this.slabs);
    return { cache: name, ksize: ksize(objp), ...place };
  }

  /** Most notes are for the reader; one says what the recorder did. */
  private note(what: string): Line {
    const repaired = 'red zones of the first freed object set back';
    if (what.startsWith(repaired) && this.firstFreed !== null) {
      const cachep = GET_PAGE_CACHE(virt_to_page(this.firstFreed));
      setRedzones(cachep, this.firstFreed - cachep.dbghead, RED_ACTIVE);
    }
    return {};
  }
}

/** Turns the clock to a tick of Linux'. */
function advanceTo(tick: number): void {
  advance((tick * hz) / HZ - lbolt);
}

/** Gives back what a call that was stopped has left locked. */
function releaseAll(): void {
  for (const { spinlock } of cache_chain) {
    if (spinlock.locked) spin_unlock(spinlock);
  }
}

/** kcalloc, and whether it kept its promise. */
function zeroed(n: number, size: number, gfp: number): Line {
  const objp = kcalloc(n, size, gfp);
  if (objp === 0) return { result: null };
  const zero = read(objp, n * size).every((byte) => byte === 0);
  return { result: zero ? 'zeroed memory' : 'old bytes', ksize: ksize(objp) };
}
