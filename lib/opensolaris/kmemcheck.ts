// KMEM: what a cache looks like inside, and whether it is sound.
//
// There is no such file in the original: kmem_error finds what a caller has
// done, not what kmem has. Idea: what must hold stands in kmem_impl.ts and
// kmem_debug.ts, with numbers, so a program can look at every slab and
// every magazine, and say which of them fails.
//
// 1. Each fault begins with the number of the invariant that is broken,
//    and names the cache.
// 2. Nothing is changed, and no lock is taken. A chain is followed no
//    further than it can be long, so that a ring ends here too.
//
// Left out: caches in the middle of an operation; there 2 and 3 do not
// hold.
import { KMF_BUFTAG, KMF_DEADBEEF, KMF_HASH } from './kmem.js';
import {
  bxstatIs, KMEM_BUFTAG_ALLOC, KMEM_BUFTAG_FREE, KMEM_FREE_PATTERN,
} from './kmem_error.js';
import {
  KMEM_BUF, KMEM_BUFTAG, type kmem_cache_t, type kmem_cpu_cache_t, KMEM_HASH,
  type kmem_magazine_t, type kmem_maglist_t, type kmem_slab_t,
} from './kmem_impl.js';
import { caches } from './kmem_reap.js';
import { loadPointer, verify_pattern } from './memory.js';

/** More than a list can have: then it is a ring without its head. */
const tooMany = 1 << 20;

const hex = (addr: number): string => `0x${addr.toString(16)}`;

/** The slabs of a cache, first to last. */
export function slabs({ cache_nullslab }: kmem_cache_t): kmem_slab_t[] {
  const found: kmem_slab_t[] = [];
  let sp = cache_nullslab.slab_next;
  while (sp !== cache_nullslab && found.length < tooMany) {
    found.push(sp);
    sp = sp.slab_next;
  }
  return found;
}

/** How far the first buffer of a slab is from its start. */
export function colorOf({ slab_base, slab_cache }: kmem_slab_t): number {
  return slab_base % slab_cache.cache_arena.vm_quantum;
}

/** The free buffers of a slab, in the order in which they are given out. */
export function freeBuffers(sp: kmem_slab_t): number[] {
  const free: number[] = [];
  const most = sp.slab_chunks;
  for (let bcp = sp.slab_head; bcp !== null; bcp = bcp.bc_next) {
    if (free.push(bcp.bc_addr) > most) return free;
  }
  for (let link = sp.firstLink; link !== 0; link = loadPointer(link)) {
    if (free.push(KMEM_BUF(sp.slab_cache, link)) > most) return free;
  }
  return free;
}

/** The first `rounds` objects of a magazine, the next one to go out first. */
const roundsOf = (mp: kmem_magazine_t | null, rounds: number): number[] =>
  mp === null ? [] : mp.mag_round.slice(0, Math.max(rounds, 0)).reverse();

/** What each CPU has; null: no magazine. */
export function cpuMagazines(
  { cache_cpu }: kmem_cache_t,
): { loaded: number[] | null; previous: number[] | null }[] {
  return cache_cpu.map(({ cc_loaded, cc_ploaded, cc_rounds, cc_prounds }) => ({
    loaded: cc_rounds < 0 ? null : roundsOf(cc_loaded, cc_rounds),
    previous: cc_prounds < 0 ? null : roundsOf(cc_ploaded, cc_prounds),
  }));
}

/** The magazines of a list in the depot, the next one to be taken first. */
export function depotMagazines({ ml_list }: kmem_maglist_t): kmem_magazine_t[] {
  const found: kmem_magazine_t[] = [];
  for (let mp = ml_list; mp !== null && found.length < tooMany; ) {
    found.push(mp);
    mp = mp.mag_next;
  }
  return found;
}

/** All objects in magazines: of the CPUs, then of the depot. */
export function cached(cp: kmem_cache_t): number[] {
  const inCpus = cpuMagazines(cp).flatMap(({ loaded, previous }) => [
    ...(loaded ?? []),
    ...(previous ?? []),
  ]);
  const inDepot = depotMagazines(cp.cache_full).flatMap((mp) =>
    roundsOf(mp, mp.mag_round.length),
  );
  return [...inCpus, ...inDepot];
}

/** Objects in callers' hands, by address. */
export function held(cp: kmem_cache_t): number[] {
  const waiting = new Set(cached(cp));
  const found: number[] = [];
  for (const sp of slabs(cp)) {
    const free = new Set(freeBuffers(sp));
    for (let i = 0; i < sp.slab_chunks; i++) {
      const buf = sp.slab_base + i * cp.cache_chunksize;
      if (!free.has(buf) && !waiting.has(buf)) found.push(buf);
    }
  }
  return found.sort((a, b) => a - b);
}

/** What is wrong with one cache. */
class Inspection {
  readonly faults: string[] = [];
  private readonly owner = new Map<number, kmem_slab_t>(); // of each buffer
  private readonly free = new Set<number>(); // in slabs
  private readonly idle = new Set<number>(); // in magazines
  private out = 0; // sum of slab_refcnt

  constructor(private readonly cp: kmem_cache_t) {}

  private fault(number: number, text: string): void {
    this.faults.push(`${number}: ${this.cp.cache_name}: ${text}`);
  }

  /** The ring, and every slab in it. */
  slabs(): void {
    const { cp } = this;
    let first: kmem_slab_t | null = null;
    let total = 0;
    for (const sp of slabs(cp)) {
      const where = `the slab at ${hex(sp.slab_base)}`;
      if (sp.slab_next.slab_prev !== sp || sp.slab_prev.slab_next !== sp) {
        this.fault(1, `${where} is badly linked`);
      }
      const free = freeBuffers(sp);
      if (free.length > 0) first ??= sp;
      else if (first !== null) this.fault(1, `${where} is behind a free one`);
      this.slab(sp, where, free);
      total += sp.slab_chunks;
      this.out += sp.slab_refcnt;
    }
    if (cp.cache_freelist !== (first ?? cp.cache_nullslab)) {
      this.fault(1, 'cache_freelist is not the first slab with a free buffer');
    }
    const { cache_buftotal, cache_slab_alloc, cache_slab_free } = cp;
    if (cache_buftotal !== total) {
      this.fault(3, `cache_buftotal is ${cache_buftotal}; there are ${total}`);
    }
    const vain = cache_slab_alloc - cache_slab_free - this.out;
    if (vain < 0 || vain > cp.cache_alloc_fail) {
      const count = `${cache_slab_alloc} taken, ${cache_slab_free} given back`;
      this.fault(3, `${count}, ${this.out} out`);
    }
  }

  private slab(sp: kmem_slab_t, where: string, free: number[]): void {
    const { cache_chunksize, cache_mincolor, cache_maxcolor } = this.cp;
    const { slab_chunks, slab_refcnt, slab_base } = sp;
    if (slab_refcnt !== slab_chunks - free.length || slab_refcnt <= 0) {
      const count = `${free.length} of ${slab_chunks} free`;
      this.fault(2, `${where}: refcnt ${slab_refcnt}, ${count}`);
    }
    for (let i = 0; i < slab_chunks; i++) {
      this.owner.set(slab_base + i * cache_chunksize, sp);
    }
    for (const buf of free) {
      if (this.owner.get(buf) !== sp) {
        this.fault(4, `${where} has ${hex(buf)} as a free buffer`);
      }
      if (this.free.has(buf)) this.fault(4, `${hex(buf)} is free twice`);
      this.free.add(buf);
    }
    const color = colorOf(sp);
    const odd = (color - cache_mincolor) % this.cp.cache_align !== 0;
    if (odd || color < cache_mincolor || color > cache_maxcolor) {
      this.fault(9, `${where} has colour ${color}`);
    }
  }

  hash(): void {
    const { cp } = this;
    const { cache_hash_table: table, cache_hash_mask: mask } = cp;
    const has = (cp.cache_flags & KMF_HASH) !== 0;
    if (has !== (table !== null)) {
      this.fault(10, 'KMF_HASH and the hash table do not agree');
    }
    if (table === null) return;
    const size = mask + 1;
    if (table.length !== size || size < 64 || (size & mask) !== 0) {
      this.fault(10, `a table of ${table.length}, mask ${mask}`);
    }
    const seen = new Set<number>();
    table.forEach((bucket, i) => {
      let bcp = bucket;
      for (let n = 0; bcp !== null && n < tooMany; n++, bcp = bcp.bc_next) {
        const buf = bcp.bc_addr;
        const where = `${hex(buf)} in bucket ${i}`;
        if (KMEM_HASH(cp, buf) !== i) this.fault(5, `${where} is misplaced`);
        if (this.owner.get(buf) !== bcp.bc_slab || this.free.has(buf)) {
          this.fault(5, `${where} is not out of its slab`);
        }
        if (seen.has(buf)) this.fault(5, `${where} is there twice`);
        seen.add(buf);
      }
    });
    if (seen.size !== this.out) {
      this.fault(5, `${seen.size} buffers in the table, ${this.out} are out`);
    }
  }

  /** Magazines of the CPUs. */
  cpus(): void {
    this.cp.cache_cpu.forEach((ccp, i) => this.cpu(ccp, `CPU ${i}`));
  }

  private cpu(ccp: kmem_cpu_cache_t, cpu: string): void {
    const { cc_loaded, cc_ploaded, cc_rounds, cc_prounds, cc_magsize } = ccp;
    const pairs = [
      [cc_loaded, cc_rounds, 'loaded'],
      [cc_ploaded, cc_prounds, 'previous'],
    ] as const;
    for (const [mp, rounds, name] of pairs) {
      const least = mp === null ? -1 : 0;
      const most = mp === null ? -1 : cc_magsize;
      const fits = rounds >= least && rounds <= most;
      if (!fits) this.fault(7, `${cpu}: ${rounds} rounds ${name}`);
      if (mp !== null && mp.mag_round.length !== cc_magsize) {
        this.fault(7, `${cpu}: ${name} has room for ${mp.mag_round.length}`);
      }
      for (const buf of roundsOf(mp, rounds)) this.round(buf, cpu);
    }
    if (cc_prounds > 0 && cc_prounds < cc_magsize) {
      this.fault(7, `${cpu}: previous is neither full nor empty`);
    }
  }

  private round(buf: number, where: string): void {
    if (!this.owner.has(buf) || this.free.has(buf)) {
      this.fault(6, `${where} has ${hex(buf)}, which is not out of a slab`);
    }
    if (this.idle.has(buf)) this.fault(6, `${hex(buf)} is in magazines twice`);
    this.idle.add(buf);
  }

  depot(): void {
    const { cache_full, cache_empty, cache_magtype } = this.cp;
    for (const mlp of [cache_full, cache_empty]) {
      const name = mlp === cache_full ? 'cache_full' : 'cache_empty';
      const found = depotMagazines(mlp);
      if (found.length !== mlp.ml_total || mlp.ml_min > mlp.ml_total) {
        const count = `total ${mlp.ml_total}, min ${mlp.ml_min}`;
        this.fault(8, `${name}: ${found.length} magazines, ${count}`);
      }
      for (const mp of found) {
        if (mp.mag_round.length !== cache_magtype.mt_magsize) {
          this.fault(8, `${name} has a magazine of ${mp.mag_round.length}`);
        }
        if (mlp !== cache_full) continue;
        for (const buf of mp.mag_round) this.round(buf, name);
      }
    }
  }

  /** What a debugging kernel keeps in and behind buffers. */
  tags(): void {
    const { cp } = this;
    const { cache_flags, cache_verify } = cp;
    if ((cache_flags & KMF_BUFTAG) === 0) return;
    for (const buf of this.owner.keys()) {
      const free = this.free.has(buf) || this.idle.has(buf);
      const state = free ? KMEM_BUFTAG_FREE : KMEM_BUFTAG_ALLOC;
      if (!bxstatIs(KMEM_BUFTAG(cp, buf), state)) {
        this.fault(11, `the tag of ${hex(buf)} does not say ${hex(state)}`);
      }
      if (!free || (cache_flags & KMF_DEADBEEF) === 0) continue;
      const departs = verify_pattern(KMEM_FREE_PATTERN, buf, cache_verify);
      if (departs !== null) {
        this.fault(13, `${hex(buf)} is free, and changed at ${hex(departs)}`);
      }
    }
  }
}

/** Which invariants does this cache break? Sound caches give []. */
export function checkCache(cp: kmem_cache_t): string[] {
  const inspection = new Inspection(cp);
  inspection.slabs();
  inspection.hash();
  inspection.cpus();
  inspection.depot();
  inspection.tags();
  return inspection.faults;
}

/** Which invariants does any cache break? */
export const checkCaches = (): string[] => caches().flatMap(checkCache);
