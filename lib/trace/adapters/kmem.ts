// KMEM behind the golden traces of the system "kmem".
//
// A line is a whole scenario, and every kind of file has its own; the lines
// are described in test/golden/kmem/README.md. The machine is booted anew
// for each of them, except where a line only asks what a cache would look
// like. What differs is shown by the first part of a line that does.
import { isDeepStrictEqual } from 'node:util';
import { dmesg, printed } from '../../sys/cons.js';
import { onCpu } from '../../sys/cpu.js';
import { contend } from '../../sys/mutex.js';
import { Panic } from '../../sys/panic.js';
import { reboot } from '../../sys/reboot.js';
import {
  KM_SLEEP, KMC_IDENTIFIER, KMC_KMEM_ALLOC, KMC_NODEBUG, KMC_NOHASH,
  KMC_NOMAGAZINE, KMC_NOTOUCH, KMC_QCACHE, KMEM_MAXBUF, KMF_HASH, sizeofSlab,
} from '../../opensolaris/kmem.js';
import { colorOf, slabs } from '../../opensolaris/kmemcheck.js';
import { kmem_cache_create } from '../../opensolaris/kmem_create.js';
import {
  kmem_cache_destroy, kmem_cache_magazine_purge, kmem_cache_magazine_resize,
} from '../../opensolaris/kmem_depot.js';
import {
  type kmem_cache_t, type kmem_maglist_t, type kmem_slab_t, statics,
} from '../../opensolaris/kmem_impl.js';
import { bootKmem } from '../../opensolaris/kmem_init.js';
import {
  kmem_cache_alloc, kmem_cache_free,
} from '../../opensolaris/kmem_layers.js';
import {
  caches, kmem_cache_reap, kmem_cache_reap_now, kmem_cache_update,
} from '../../opensolaris/kmem_reap.js';
import { taskq_wait } from '../../opensolaris/taskq.js';
import { arenas } from '../../opensolaris/vmem_check.js';
import { vmem_create } from '../../opensolaris/vmem_create.js';
import { VM_SLEEP, VMC_IDENTIFIER } from '../../opensolaris/vmem_impl.js';
import {
  MalformedTrace, type Header, type Outcome, type Replayer,
} from '../golden.js';
import { scenario } from './kmemdebug.js';
import { asLine, isRecord, type Line, natural } from './linux.js';

const cflagNames: { [name: string]: number } = {
  KMC_NOTOUCH, KMC_NODEBUG, KMC_NOMAGAZINE, KMC_NOHASH, KMC_QCACHE,
  KMC_KMEM_ALLOC, KMC_IDENTIFIER,
};

/** A list of a line. */
function listOf(line: Line, name: string): unknown[] {
  const value = line[name];
  if (Array.isArray(value)) return value;
  throw new MalformedTrace(`"${name}" is ${JSON.stringify(value)}`);
}

/** KMC_ flags by their names. */
function cflagsOf(line: Line): number {
  let cflags = 0;
  for (const name of listOf(line, 'cflags')) {
    const flag = cflagNames[String(name)];
    if (flag === undefined) {
      throw new MalformedTrace(`there is no flag ${JSON.stringify(name)}`);
    }
    cflags |= flag;
  }
  return cflags;
}

/** The names of KMC_ flags. */
const namesOf = (cflags: number): string[] =>
  Object.keys(cflagNames).filter((name) => (cflags & cflagNames[name]) !== 0);

/** What kmem_cache_create chose, as the files have it. */
function shapeOf(cp: kmem_cache_t): Line {
  const hash = (cp.cache_flags & KMF_HASH) !== 0;
  const room = cp.cache_slabsize - cp.cache_mincolor - (hash ? 0 : sizeofSlab);
  return {
    chunksize: cp.cache_chunksize,
    slabsize: cp.cache_slabsize,
    hash,
    mincolor: cp.cache_mincolor,
    maxcolor: cp.cache_maxcolor,
    chunks: Math.floor(room / cp.cache_chunksize),
    align: cp.cache_align,
    bufctl: cp.cache_bufctl,
    buftag: cp.cache_buftag,
    verify: cp.cache_verify,
    contents: cp.cache_contents,
    magsize: cp.cache_magtype.mt_magsize,
    mag_maxbuf_resizable: cp.cache_chunksize < cp.cache_magtype.mt_maxbuf,
    cache_flags: cp.cache_flags,
    ...(hash
      ? { hash_shift: cp.cache_hash_shift, hash_mask: cp.cache_hash_mask }
      : {}),
  };
}

/** The fields of a line that are answers: all but those that ask. */
function answers(line: Line, asks: readonly string[]): Line {
  const rest = Object.entries(line).filter(([name]) => !asks.includes(name));
  return Object.fromEntries(rest);
}

const outcome = (call: string, expected: unknown, got: unknown): Outcome => ({
  kind: 'operation',
  call,
  expected,
  got,
});

/** One outcome a line: the first answer that differs, or all of them. */
function compare(call: string, expected: Line, got: Line): Outcome {
  const names = new Set([...Object.keys(expected), ...Object.keys(got)]);
  for (const name of names) {
    if (isDeepStrictEqual(expected[name], got[name])) continue;
    const where = `${call}: ${name}`;
    return outcome(where, expected[name], got[name]);
  }
  return outcome(call, expected, got);
}

const mostCpus = 64;

/** Powers a machine on. @throws MalformedTrace if there is no such one */
function boot(page: number, kmem_flags: number, cpus: number): void {
  if (![4096, 8192, 16384, 65536].includes(page)) {
    throw new MalformedTrace(`"page" is ${page}, want 4096 to 65536`);
  }
  if (cpus < 1 || cpus > mostCpus) {
    throw new MalformedTrace(`"ncpus" is ${cpus}, want 1 to ${mostCpus}`);
  }
  reboot();
  bootKmem({ page, kmem_flags, cpus });
}

/** A replayer that takes for malformed what kmem itself refuses. */
class Guarded implements Replayer {
  constructor(private readonly replayer: Replayer) {}

  line(value: unknown): Outcome {
    try {
      return this.replayer.line(value);
    } catch (error) {
      if (!(error instanceof Panic) && !(error instanceof RangeError)) {
        throw error;
      }
      throw new MalformedTrace(`it cannot be played: ${error.message}`);
    }
  }
}

/** The slab of a buffer, and which of its chunks it is. */
function placeOf(cp: kmem_cache_t, buf: number): [kmem_slab_t, number] {
  for (const sp of slabs(cp)) {
    const chunk = (buf - sp.slab_base) / cp.cache_chunksize;
    if (chunk >= 0 && chunk < sp.slab_chunks) return [sp, chunk];
  }
  throw new RangeError(`0x${buf.toString(16)} is not in ${cp.cache_name}`);
}

/** geometry.jsonl: one cache a line. */
class GeometryReplayer implements Replayer {
  private booted = '';

  line(value: unknown): Outcome {
    const line = asLine(value);
    const page = natural(line, 'page');
    const kmem_flags = natural(line, 'kmem_flags');
    const machine = `${page} ${kmem_flags}`;
    if (machine !== this.booted) boot(page, kmem_flags, 1);
    this.booted = machine;

    const bufsize = natural(line, 'bufsize');
    const align = natural(line, 'req_align');
    const cp = kmem_cache_create(
      'geometry', bufsize, align, null, null, null, null, null, cflagsOf(line),
    );
    const got = {
      ...shapeOf(cp),
      arena: cp.cache_arena.vm_name,
      ...firstSlabs(cp, listOf(line, 'colors').length),
    };
    const asks = [
      'kind', 'page', 'kmem_flags', 'bufsize', 'req_align', 'cflags',
    ];
    const call = `kmem_cache_create(${bufsize}, ${align}), flags ${kmem_flags}`;
    return compare(call, answers(line, asks), got);
  }
}

/** Fills n slabs: their colours, and which chunks came first. */
function firstSlabs(cp: kmem_cache_t, n: number): Line {
  const colors: number[] = [];
  const held: number[] = [];
  const order: number[] = [];
  const known = new Set<kmem_slab_t>();
  while (colors.length < n) {
    const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
    held.push(buf);
    const [sp, chunk] = placeOf(cp, buf);
    if (!known.has(sp)) colors.push(colorOf(sp));
    known.add(sp);
    if (order.length < 6) order.push(chunk);
  }
  while (held.length > 0) kmem_cache_free(cp, held.pop()!);
  const before = printed;
  kmem_cache_destroy(cp);
  return { colors, slab0_first_chunks: order, leaked: printed !== before };
}

/** What was acquired of a cache's locks. */
interface Locks {
  cpu: number;
  depot: number;
  slab: number;
}

function locksOf(cp: kmem_cache_t): Locks {
  return {
    cpu: cp.cache_cpu.reduce((sum, { cc_lock }) => sum + cc_lock.entered, 0),
    depot: cp.cache_depot_lock.entered,
    slab: cp.cache_lock.entered,
  };
}

const ml = (list: kmem_maglist_t): number[] => {
  const { ml_total, ml_min, ml_reaplimit, ml_alloc } = list;
  return [ml_total, ml_min, ml_reaplimit, ml_alloc];
};

/** One scenario of traces.jsonl. */
class Scenario {
  private readonly cp: kmem_cache_t;
  private readonly numbers = new Map<kmem_slab_t, number>();
  private readonly bufs = new Map<number, number>(); // by handle
  private readonly locks: Locks = { cpu: 0, depot: 0, slab: 0 };
  private calls = 0; // of the constructor
  private ctor = 0;
  private dtor = 0;

  constructor(private readonly spec: Line) {
    const ncpus = natural(spec, 'ncpus');
    boot(natural(spec, 'page'), natural(spec, 'kmem_flags'), ncpus);
    const every = natural(spec, 'ctor_fail_every');
    const construct = (): number => {
      this.calls++;
      if (every > 0 && this.calls % every === 0) return -1;
      this.ctor++;
      return 0;
    };
    const destruct = (): void => {
      this.dtor++;
    };
    const constructs = spec.ctor === true;
    this.cp = kmem_cache_create(
      String(spec.name),
      natural(spec, 'bufsize'),
      natural(spec, 'req_align'),
      constructs ? construct : null,
      constructs ? destruct : null,
      null, null, null, cflagsOf(spec),
    );
  }

  run(): Outcome {
    const { spec } = this;
    const name = `trace ${String(spec.name)}`;
    const ops = listOf(spec, 'ops');
    const { geometry } = spec;
    if (!isRecord(geometry)) throw new MalformedTrace('there is no "geometry"');
    const shape = compare(name, geometry, shapeOf(this.cp));
    if (differs(shape)) return shape;
    for (const [i, op] of ops.entries()) {
      if (!Array.isArray(op)) {
        throw new MalformedTrace(`operation ${i} is no list`);
      }
      const got = this.step(op as unknown[]);
      if (isDeepStrictEqual(op, got)) continue;
      return outcome(`${name}: operation ${i}`, op, got);
    }
    const leaks = spec.name === 'destroy-with-leak';
    const { locks, final, after_destroy } = spec;
    return compare(name, { locks, final, after_destroy }, {
      locks: this.locks,
      final: this.state(),
      after_destroy: this.destroy(leaks),
    });
  }

  /** Runs one operation. @returns it, as the recorder would write it */
  private step(op: unknown[]): unknown[] {
    const [kind, first, handle] = op;
    const { cp } = this;
    switch (kind) {
      case 'a':
      case 'f': {
        const cpu = Number(first);
        if (cp.cache_cpu[cpu] === undefined) {
          throw new MalformedTrace(`there is no CPU ${String(first)}`);
        }
        const before = locksOf(cp);
        const got = onCpu(cpu, () =>
          kind === 'a' ? this.alloc(cpu, handle) : this.free(cpu, handle),
        );
        const after = locksOf(cp);
        this.locks.cpu += after.cpu - before.cpu;
        this.locks.depot += after.depot - before.depot;
        this.locks.slab += after.slab - before.slab;
        return got;
      }
      case 's':
        return ['s', this.state()];
      case 'u':
        kmem_cache_update(cp);
        taskq_wait(statics.kmem_taskq!);
        return ['u', this.state()];
      case 'r':
        kmem_cache_reap(cp);
        return ['r', this.state()];
      case 'n':
        kmem_cache_reap_now(cp);
        return ['n', this.state()];
      case 'p':
        kmem_cache_magazine_purge(cp);
        return ['p', this.state()];
      case 'k':
        this.contend(natural({ n: first }, 'n'));
        return op;
      default:
        throw new MalformedTrace(`unknown operation ${JSON.stringify(kind)}`);
    }
  }

  /**
   * The next n times that a magazine is taken, another CPU has the depot.
   * Whoever puts one back does not ask whether it has: so others meet it
   * too, but only these n are counted, and then it leaves.
   */
  private contend(n: number): void {
    if (n === 0) return;
    const { cp } = this;
    const lock = cp.cache_depot_lock;
    let counted = cp.cache_depot_contention;
    const last = counted + n;
    contend(lock, Number.MAX_SAFE_INTEGER);
    Object.defineProperty(cp, 'cache_depot_contention', {
      configurable: true,
      get: () => counted,
      set: (now: number) => {
        counted = now;
        if (now < last) return;
        lock.meetings = 0;
        lock.next = null; // it is held now, and free after that
      },
    });
  }

  private alloc(cpu: number, handle: unknown): unknown[] {
    const { cp } = this;
    const { cc_rounds, cc_prounds } = cp.cache_cpu[cpu];
    const { ml_alloc } = cp.cache_full;
    const { cache_slab_create: created } = cp;
    const buf = kmem_cache_alloc(cp, KM_SLEEP);
    let path = 'S';
    if (cc_rounds > 0) path = 'L';
    else if (cc_prounds > 0) path = 'P';
    else if (cp.cache_full.ml_alloc > ml_alloc) path = 'D';
    else if (cp.cache_slab_create > created) path = 'N';
    if (buf === null) return ['a', cpu, null, path];
    const [sp, chunk] = placeOf(cp, buf);
    if (!this.numbers.has(sp)) this.numbers.set(sp, cp.cache_slab_create - 1);
    this.bufs.set(Number(handle), buf);
    return ['a', cpu, handle, path, this.numbers.get(sp), chunk];
  }

  private free(cpu: number, handle: unknown): unknown[] {
    const { cp, bufs } = this;
    const { cc_rounds, cc_prounds, cc_magsize } = cp.cache_cpu[cpu];
    const { ml_alloc, ml_total } = cp.cache_empty;
    const buf = bufs.get(Number(handle));
    if (buf === undefined) {
      throw new MalformedTrace(`nobody has object ${String(handle)}`);
    }
    bufs.delete(Number(handle));
    kmem_cache_free(cp, buf);
    let path = 'S';
    if (cc_rounds >= 0 && cc_rounds < cc_magsize) path = 'L';
    else if (cc_prounds === 0) path = 'P';
    else if (cp.cache_empty.ml_alloc > ml_alloc) {
      path = ml_total > 0 ? 'D' : 'E';
    }
    return ['f', cpu, handle, path];
  }

  private state(): Line {
    const { cp } = this;
    const { cache_freelist, cache_nullslab } = cp;
    const first = cache_freelist === cache_nullslab ? null : cache_freelist;
    return {
      cpu: cp.cache_cpu.map(({ cc_rounds, cc_prounds }) => [
        cc_rounds, cc_prounds,
      ]),
      full: ml(cp.cache_full),
      empty: ml(cp.cache_empty),
      mag: cp.cache_cpu[0].cc_magsize,
      contention: cp.cache_depot_contention,
      slab: [
        cp.cache_slab_create, cp.cache_slab_destroy, cp.cache_slab_alloc,
        cp.cache_slab_free, cp.cache_buftotal, cp.cache_bufmax,
      ],
      ctor: this.ctor,
      dtor: this.dtor,
      fail: cp.cache_alloc_fail,
      slabs: slabs(cp).map((sp) => [
        this.numbers.get(sp), sp.slab_refcnt, colorOf(sp),
      ]),
      freelist: first === null ? null : this.numbers.get(first),
    };
  }

  /** The end: all is freed, newest first, unless the trace leaks. */
  private destroy(leaks: boolean): Line {
    const { cp, bufs } = this;
    const left = [...bufs].sort(([a], [b]) => b - a);
    if (!leaks) for (const [, buf] of left) kmem_cache_free(cp, buf);
    const before = printed;
    kmem_cache_destroy(cp);
    const said = dmesg().slice(-1)[0] ?? '';
    const warned = printed > before && said.includes('not empty');
    return { ctor: this.ctor, dtor: this.dtor, warned };
  }
}

const differs = ({ expected, got }: Outcome): boolean =>
  !isDeepStrictEqual(expected, got);

/** square-wave.jsonl: A allocations, then A frees, again and again. */
function squareWave(line: Line): Outcome {
  boot(natural(line, 'page'), 0, 1);
  const bufsize = natural(line, 'bufsize');
  const M = natural(line, 'M');
  const amplitude = natural(line, 'amplitude');
  const cp = kmem_cache_create('wave', bufsize, 0);
  while (cp.cache_magtype.mt_magsize < M) {
    const { mt_magsize } = cp.cache_magtype;
    kmem_cache_magazine_resize(cp);
    if (cp.cache_magtype.mt_magsize === mt_magsize) break;
  }
  if (cp.cache_magtype.mt_magsize !== M) {
    throw new MalformedTrace(`no magazines of ${M} for ${bufsize} bytes`);
  }
  const cycle = (): void => {
    const held: number[] = [];
    for (let i = 0; i < amplitude; i++) {
      held.push(kmem_cache_alloc(cp, KM_SLEEP)!);
    }
    while (held.length > 0) kmem_cache_free(cp, held.pop()!);
  };
  for (let i = 0; i < natural(line, 'warmup_cycles'); i++) cycle();
  const counts = (): number[] => {
    const { cpu, depot, slab } = locksOf(cp);
    return [
      cpu, depot, slab, cp.cache_full.ml_alloc, cp.cache_empty.ml_alloc,
    ];
  };
  const before = counts();
  const cycles = natural(line, 'cycles');
  for (let i = 0; i < cycles; i++) cycle();
  const [cpu, depot, slab, full, empty] = counts().map((n, i) => n - before[i]);
  const asks = [
    'kind', 'page', 'bufsize', 'M', 'amplitude', 'warmup_cycles', 'cycles',
  ];
  const call = `square wave of ${amplitude}, ${bufsize} bytes, M ${M}`;
  return compare(call, answers(line, asks), {
    ops: 2 * amplitude * cycles,
    cpu_locks: cpu,
    depot_locks: depot,
    slab_locks: slab,
    depot_full_loads: full,
    depot_empty_loads: empty,
  });
}

/** qcaches.jsonl: the quantum caches of an arena. */
function quantumCaches(line: Line): Outcome {
  boot(natural(line, 'page'), 0, 1);
  const quantum = natural(line, 'quantum');
  const qcache_max = natural(line, 'qcache_max');
  const ids = line.identifier === true;
  const vmp = vmem_create(
    'qc', quantum, 2 ** 20 * quantum, quantum, null, null, null, qcache_max,
    VM_SLEEP | (ids ? VMC_IDENTIFIER : 0),
  )!;
  const got = (vmp.vm_qcache as kmem_cache_t[]).map((cp) => ({
    name: cp.cache_name,
    bufsize: cp.cache_bufsize,
    ...shapeOf(cp),
    cflags: namesOf(cp.cache_cflags),
  }));
  const { qcaches } = line;
  const call = `vmem_create, quantum ${quantum}, qcache_max ${qcache_max}`;
  if (!Array.isArray(qcaches)) throw new MalformedTrace('no "qcaches"');
  return compare(call, { ...(qcaches as Line[]) }, { ...got });
}

/** boot.jsonl: what there is after kmem_init, item by item. */
class BootReplayer implements Replayer {
  private booted = '';
  private arenas: Line[] = [];
  private caches: Line[] = [];

  line(value: unknown): Outcome {
    const line = asLine(value);
    const { kind, note, ...rest } = line;
    if (kind === 'kmem-alloc-map') return this.map(rest);
    const page = natural(line, 'page');
    const kmem_flags = natural(line, 'kmem_flags');
    if (this.booted !== `${page} ${kmem_flags}`) this.boot(page, kmem_flags);
    const next =
      kind === 'arena'
        ? this.arenas.find(({ name }) => name === line.name)
        : this.caches.shift();
    const machine = `page ${page}, flags ${kmem_flags}`;
    const call = `boot, ${machine}: ${String(line.name)}`;
    const asks = ['kind', 'page', 'kmem_flags'];
    return compare(call, answers(line, asks), next ?? {});
  }

  private boot(page: number, kmem_flags: number): void {
    boot(page, kmem_flags, 1);
    this.booted = `${page} ${kmem_flags}`;
    this.arenas = arenas()
      .filter(({ vm_name }) => /^(heap$|kmem_)/.test(vm_name))
      .map((vmp) => ({
        name: vmp.vm_name,
        source: vmp.vm_source?.vm_name ?? null,
        quantum: vmp.vm_quantum,
        qcache_max: vmp.vm_qcache_max,
      }));
    this.caches = caches().map((cp) => ({
      name: cp.cache_name,
      bufsize: cp.cache_bufsize,
      cflags: namesOf(cp.cache_cflags),
      ...shapeOf(cp),
      arena: cp.cache_arena.vm_name,
    }));
  }

  /** [largest size, size of its cache] of all that have a cache. */
  private map(line: Line): Outcome {
    boot(natural(line, 'page'), 0, 1);
    this.booted = '';
    const map: [number, number][] = [];
    for (let size = 8; size <= KMEM_MAXBUF; size += 8) {
      const { cache_bufsize } = statics.kmem_alloc_table[(size - 1) >> 3];
      if (cache_bufsize === size) map.push([size, cache_bufsize]);
      if (cache_bufsize < size) throw new RangeError(`${size} does not fit`);
    }
    return compare('kmem_alloc_table', { map: line.map }, { map });
  }
}

/** A replayer whose lines do not depend on each other. */
const each = (line: (line: Line) => Outcome): Replayer => ({
  line: (value) => line(asLine(value)),
});

const debugLine = (line: Line): Outcome => {
  const page = natural(line, 'page');
  const name = String(line.name);
  const kmem_flags = natural(line, 'kmem_flags');
  boot(page, kmem_flags, 1);
  const size = natural(line, 'objsize');
  const got = scenario(name, size, line, shapeOf);
  if (got === null) throw new MalformedTrace(`no scenario "${name}"`);
  const asks = ['kind', 'objsize', 'name', 'page', 'kmem_flags'];
  const call = `debug ${name}, ${size} bytes, flags ${kmem_flags}`;
  const { expected, answer } = got;
  return compare(call, answers(expected, asks), answer);
};

/** The replayer for files of such a content. @throws MalformedTrace */
function replayerOf(content: unknown): Replayer {
  switch (content) {
    case 'geometry':
      return new GeometryReplayer();
    case 'traces':
      return each((line) => new Scenario(line).run());
    case 'square-wave':
      return each(squareWave);
    case 'qcaches':
      return each(quantumCaches);
    case 'debug':
      return each(debugLine);
    case 'boot':
      return new BootReplayer();
    default:
      throw new MalformedTrace(`"content" is ${JSON.stringify(content)}`);
  }
}

/** The replayer for a trace of kmem; null for other systems. */
export function makeKmemReplayer(header: Header): Replayer | null {
  if (header.system !== 'kmem') return null;
  return new Guarded(replayerOf(header.content));
}
