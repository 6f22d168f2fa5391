// KMEM's layers: slabs below, magazines above, and the depot between.
//
// Follows OpenSolaris common/os/kmem.c of 2007, kmem_slab_create to
// kmem_cache_free. The functions of this file call each other in a circle:
// to make a slab takes a kmem_slab_t and bufctls, which are objects of
// caches, whose slabs have to be made. Idea: the circle ends at caches
// without a hash table, whose slabs hold all that they need themselves.
//
// 1. cache_lock is held while slabs are read or changed, and not while the
//    arena or another cache is asked; whoever got it again looks again.
// 2. Objects in magazines are constructed, buffers in slabs are not: an
//    object is constructed when it leaves the slab layer, and unmade when
//    it gets there.
// 3. A slab with no buffer out is destroyed at once. It is the depot that
//    keeps what may be needed again.
// 4. After the depot was asked, one magazine of the CPU is full and the
//    other empty: M allocations or M frees pass before it is asked again.
// 5. kmem_cache_alloc never makes a magazine, and never fills one from
//    slabs; kmem_cache_free makes one when the depot has no empty one.
//
// Left out: nothing of these functions.
import { CPU } from '../sys/cpu.js';
import { mutex_enter, mutex_exit, mutex_tryenter } from '../sys/mutex.js';
import { P2ALIGN } from '../sys/sysmacros.js';
import {
  KM_NOSLEEP, KM_VMFLAGS, KMC_NOTOUCH, KMF_AUDIT, KMF_BUFTAG, KMF_HASH,
  sizeofSlab,
} from './kmem.js';
import {
  destruct, isUntouched, kmem_cache_alloc_debug, kmem_cache_free_debug,
  tagFresh,
} from './kmem_debug.js';
import {
  kmem_error, KMEM_UNINITIALIZED_PATTERN, KMERR_BADADDR,
} from './kmem_error.js';
import {
  KMEM_BUF, KMEM_BUFCTL, kmem_bufctl_audit_t, kmem_bufctl_t,
  type kmem_cache_t, type kmem_cpu_cache_t, KMEM_HASH, kmem_magazine_t,
  type kmem_maglist_t, KMEM_SLAB, KMEM_SLAB_MEMBER, kmem_slab_t, statics,
} from './kmem_impl.js';
import { KMEM_AUDIT, kmem_log_event } from './kmem_log.js';
import { copy_pattern, loadPointer, storePointer } from './memory.js';
import { vmem_alloc, vmem_free } from './vmem_alloc.js';

/** The next colour: how far the first buffer is from the slab's start. */
function nextColor(cp: kmem_cache_t): number {
  let color = cp.cache_color + cp.cache_align;
  if (color > cp.cache_maxcolor) color = cp.cache_mincolor;
  cp.cache_color = color;
  return color;
}

/** A kmem_slab_t: from its own cache, or at the end of the slab. */
function newSlab(
  cp: kmem_cache_t,
  slab: number,
  kmflag: number,
): kmem_slab_t | null {
  if ((cp.cache_flags & KMF_HASH) !== 0) {
    const at = kmem_cache_alloc(statics.kmem_slab_cache!, kmflag);
    return at === null ? null : new kmem_slab_t(at);
  }
  const sp = new kmem_slab_t(KMEM_SLAB(cp, slab));
  statics.slabAt.set(sp.at, sp);
  return sp;
}

/** A bufctl for the buffer at buf. @returns null: there is no memory */
function newBufctl(
  cp: kmem_cache_t,
  sp: kmem_slab_t,
  buf: number,
  kmflag: number,
): kmem_bufctl_t | null {
  const at = kmem_cache_alloc(cp.cache_bufctl_cache!, kmflag);
  if (at === null) return null;
  let bcp: kmem_bufctl_t;
  if ((cp.cache_flags & KMF_AUDIT) !== 0) {
    const bcap = new kmem_bufctl_audit_t(at);
    bcap.bc_cache = cp;
    bcp = bcap;
  } else {
    bcp = new kmem_bufctl_t(at);
  }
  bcp.bc_addr = buf;
  bcp.bc_slab = sp;
  if ((cp.cache_flags & KMF_BUFTAG) !== 0) statics.bufctlAt.set(at, bcp);
  return bcp;
}

/** Gives back the bufctls of a slab's free buffers, then its kmem_slab_t. */
function discard(cp: kmem_cache_t, sp: kmem_slab_t): void {
  if ((cp.cache_flags & KMF_HASH) === 0) {
    statics.slabAt.delete(sp.at);
    return;
  }
  for (let bcp = sp.slab_head; bcp !== null; bcp = sp.slab_head) {
    sp.slab_head = bcp.bc_next;
    statics.bufctlAt.delete(bcp.at);
    kmem_cache_free(cp.cache_bufctl_cache!, bcp.at);
  }
  kmem_cache_free(statics.kmem_slab_cache!, sp.at);
}

/**
 * Puts a fresh buffer before the free ones of its slab.
 * @returns false if it needs a bufctl, and there is no memory for one
 */
function addBuffer(
  cp: kmem_cache_t,
  sp: kmem_slab_t,
  buf: number,
  kmflag: number,
): boolean {
  const { cache_flags } = cp;
  if ((cache_flags & KMF_HASH) !== 0) {
    const bcp = newBufctl(cp, sp, buf, kmflag);
    if (bcp === null) return false;
    if ((cache_flags & KMF_BUFTAG) !== 0) tagFresh(cp, buf, bcp.at);
    bcp.bc_next = sp.slab_head;
    sp.slab_head = bcp;
    return true;
  }
  const link = KMEM_BUFCTL(cp, buf);
  if ((cache_flags & KMF_BUFTAG) !== 0) tagFresh(cp, buf, link);
  storePointer(link, sp.firstLink); // in the tag, that is bt_redzone
  sp.firstLink = link;
  return true;
}

/**
 * Makes a slab, of which no buffer is out.
 * @returns null if there is no memory, and kmflag allows to fail
 * @internal static in kmem.c
 */
export function kmem_slab_create(
  cp: kmem_cache_t,
  kmflag: number,
): kmem_slab_t | null {
  const { cache_slabsize, cache_chunksize, cache_arena } = cp;
  const color = nextColor(cp);
  const slab = vmem_alloc(cache_arena, cache_slabsize, kmflag & KM_VMFLAGS);
  if (slab === null) return noSlab(cp);
  if ((cp.cache_cflags & KMC_NOTOUCH) === 0) {
    copy_pattern(KMEM_UNINITIALIZED_PATTERN, slab, cache_slabsize);
  }

  const sp = newSlab(cp, slab, kmflag);
  if (sp === null) {
    vmem_free(cache_arena, slab, cache_slabsize);
    return noSlab(cp);
  }
  const hash = (cp.cache_flags & KMF_HASH) !== 0;
  const room = cache_slabsize - color - (hash ? 0 : sizeofSlab);
  sp.slab_cache = cp;
  sp.slab_base = slab + color;
  sp.slab_chunks = Math.floor(room / cache_chunksize);

  // Each goes before the others: so the last of the slab is given out
  // first.
  for (let i = 0; i < sp.slab_chunks; i++) {
    const buf = sp.slab_base + i * cache_chunksize;
    if (addBuffer(cp, sp, buf, kmflag)) continue;
    discard(cp, sp);
    vmem_free(cache_arena, slab, cache_slabsize);
    return noSlab(cp);
  }
  kmem_log_event(statics.kmem_slab_log, cp, sp, slab);
  return sp;
}

/** Notes that there is no memory. */
function noSlab(cp: kmem_cache_t): null {
  kmem_log_event(statics.kmem_failure_log, cp, null, 0);
  cp.cache_alloc_fail++;
  return null;
}

/** Gives a slab back to the arena. */
function kmem_slab_destroy(cp: kmem_cache_t, sp: kmem_slab_t): void {
  const { cache_arena, cache_slabsize } = cp;
  const slab = P2ALIGN(sp.slab_base, cache_arena.vm_quantum);
  discard(cp, sp);
  vmem_free(cache_arena, slab, cache_slabsize);
}

/** Puts a slab before the first one with a free buffer: it is that now. */
function insertSlab(cp: kmem_cache_t, sp: kmem_slab_t): void {
  const next = cp.cache_freelist;
  sp.slab_next = next;
  sp.slab_prev = next.slab_prev;
  next.slab_prev.slab_next = sp;
  next.slab_prev = sp;
  cp.cache_freelist = sp;
}

/** Takes a slab out of the ring. */
function unlinkSlab({ slab_next, slab_prev }: kmem_slab_t): void {
  slab_next.slab_prev = slab_prev;
  slab_prev.slab_next = slab_next;
}

/** Has the slab no free buffer? cache_nullslab never has one. */
function isAllUsed(sp: kmem_slab_t): boolean {
  return sp.slab_head === null && sp.firstLink === 0;
}

/** Makes a slab and puts it in the ring; gives up cache_lock meanwhile. */
function addSlab(cp: kmem_cache_t, kmflag: number): kmem_slab_t | null {
  mutex_exit(cp.cache_lock);
  const sp = kmem_slab_create(cp, kmflag);
  if (sp === null) return null;
  mutex_enter(cp.cache_lock);
  cp.cache_slab_create++;
  cp.cache_buftotal += sp.slab_chunks;
  if (cp.cache_buftotal > cp.cache_bufmax) cp.cache_bufmax = cp.cache_buftotal;
  insertSlab(cp, sp);
  return sp;
}

/** Enters a buffer that goes out in the hash table. */
function hashInsert(cp: kmem_cache_t, bcp: kmem_bufctl_t): void {
  const bucket = KMEM_HASH(cp, bcp.bc_addr);
  const table = cp.cache_hash_table!;
  bcp.bc_next = table[bucket];
  table[bucket] = bcp;
  if ((cp.cache_flags & (KMF_AUDIT | KMF_BUFTAG)) === KMF_AUDIT) {
    KMEM_AUDIT(statics.kmem_transaction_log, bcp as kmem_bufctl_audit_t);
  }
}

/**
 * Allocates a raw buffer from a slab: the one that was freed last there.
 * @internal static in kmem.c
 */
export function kmem_slab_alloc(
  cp: kmem_cache_t,
  kmflag: number,
): number | null {
  mutex_enter(cp.cache_lock);
  cp.cache_slab_alloc++;
  let sp: kmem_slab_t | null = cp.cache_freelist;
  if (isAllUsed(sp)) {
    sp = addSlab(cp, kmflag);
    if (sp === null) return null;
  }

  sp.slab_refcnt++;
  let buf: number;
  if ((cp.cache_flags & KMF_HASH) !== 0) {
    const bcp = sp.slab_head!;
    sp.slab_head = bcp.bc_next;
    buf = bcp.bc_addr;
    hashInsert(cp, bcp);
  } else {
    const link = sp.firstLink;
    sp.firstLink = loadPointer(link);
    buf = KMEM_BUF(cp, link);
  }
  if (isAllUsed(sp)) cp.cache_freelist = sp.slab_next;
  mutex_exit(cp.cache_lock);
  return buf;
}

/** Takes a buffer that comes back out of the hash table. */
function hashDelete(cp: kmem_cache_t, buf: number): kmem_bufctl_t | null {
  const table = cp.cache_hash_table!;
  const bucket = KMEM_HASH(cp, buf);
  let prev: kmem_bufctl_t | null = null;
  for (let bcp = table[bucket]; bcp !== null; bcp = bcp.bc_next) {
    if (bcp.bc_addr === buf) {
      if (prev === null) table[bucket] = bcp.bc_next;
      else prev.bc_next = bcp.bc_next;
      return bcp;
    }
    cp.cache_lookup_depth++;
    prev = bcp;
  }
  return null;
}

/**
 * Frees a raw buffer to its slab.
 * @internal static in kmem.c
 */
export function kmem_slab_free(cp: kmem_cache_t, buf: number): void {
  mutex_enter(cp.cache_lock);
  cp.cache_slab_free++;
  let bcp: kmem_bufctl_t | null = null;
  let sp: kmem_slab_t | undefined;
  if ((cp.cache_flags & KMF_HASH) !== 0) {
    bcp = hashDelete(cp, buf);
    sp = bcp?.bc_slab;
  } else {
    sp = statics.slabAt.get(KMEM_SLAB(cp, buf));
  }
  if (sp === undefined || sp.slab_cache !== cp || !KMEM_SLAB_MEMBER(sp, buf)) {
    mutex_exit(cp.cache_lock);
    kmem_error(KMERR_BADADDR, cp, buf);
    return;
  }

  if (isAllUsed(sp)) {
    unlinkSlab(sp);
    insertSlab(cp, sp);
  }
  if (bcp !== null) {
    bcp.bc_next = sp.slab_head;
    sp.slab_head = bcp;
  } else {
    const link = KMEM_BUFCTL(cp, buf);
    storePointer(link, sp.firstLink);
    sp.firstLink = link;
  }

  if (--sp.slab_refcnt === 0) {
    unlinkSlab(sp);
    if (sp === cp.cache_freelist) cp.cache_freelist = sp.slab_next;
    cp.cache_slab_destroy++;
    cp.cache_buftotal -= sp.slab_chunks;
    mutex_exit(cp.cache_lock);
    kmem_slab_destroy(cp, sp);
    return;
  }
  mutex_exit(cp.cache_lock);
}

/**
 * Takes a magazine out of the depot. A lock that has to be waited for is
 * counted: kmem_cache_update makes magazines longer for it.
 * @internal static in kmem.c
 */
export function kmem_depot_alloc(
  cp: kmem_cache_t,
  mlp: kmem_maglist_t,
): kmem_magazine_t | null {
  if (!mutex_tryenter(cp.cache_depot_lock)) {
    mutex_enter(cp.cache_depot_lock);
    cp.cache_depot_contention++;
  }
  const mp = mlp.ml_list;
  if (mp !== null) {
    mlp.ml_list = mp.mag_next;
    mlp.ml_total--;
    if (mlp.ml_total < mlp.ml_min) mlp.ml_min = mlp.ml_total;
    mlp.ml_alloc++;
  }
  mutex_exit(cp.cache_depot_lock);
  return mp;
}

/** Puts a magazine into the depot. */
function kmem_depot_free(
  cp: kmem_cache_t,
  mlp: kmem_maglist_t,
  mp: kmem_magazine_t,
): void {
  mutex_enter(cp.cache_depot_lock);
  mp.mag_next = mlp.ml_list;
  mlp.ml_list = mp;
  mlp.ml_total++;
  mutex_exit(cp.cache_depot_lock);
}

/** Past the magazines: an object made a buffer again, for its slab. */
function freeConstructed(cp: kmem_cache_t, buf: number): void {
  destruct(cp, buf);
  kmem_slab_free(cp, buf);
}

/**
 * Frees the first nrounds objects of a magazine to their slabs, and the
 * magazine.
 * @internal static in kmem.c
 */
export function kmem_magazine_destroy(
  cp: kmem_cache_t,
  mp: kmem_magazine_t,
  nrounds: number,
): void {
  for (let round = 0; round < nrounds; round++) {
    const buf = mp.mag_round[round];
    if (isUntouched(cp, buf)) freeConstructed(cp, buf);
  }
  kmem_cache_free(cp.cache_magtype.mt_cache, mp.at);
}

/** Loads a magazine; what was loaded is the previous one now. */
function kmem_cpu_reload(
  ccp: kmem_cpu_cache_t,
  mp: kmem_magazine_t | null,
  rounds: number,
): void {
  ccp.cc_ploaded = ccp.cc_loaded;
  ccp.cc_prounds = ccp.cc_rounds;
  ccp.cc_loaded = mp;
  ccp.cc_rounds = rounds;
}

/** Gets a magazine with rounds to take: the previous one, or the depot's. */
function loadFull(cp: kmem_cache_t, ccp: kmem_cpu_cache_t): boolean {
  if (ccp.cc_prounds > 0) {
    kmem_cpu_reload(ccp, ccp.cc_ploaded, ccp.cc_prounds);
    return true;
  }
  if (ccp.cc_magsize === 0) return false;
  const fmp = kmem_depot_alloc(cp, cp.cache_full);
  if (fmp === null) return false;
  const { cc_ploaded } = ccp;
  if (cc_ploaded !== null) kmem_depot_free(cp, cp.cache_empty, cc_ploaded);
  kmem_cpu_reload(ccp, fmp, ccp.cc_magsize);
  return true;
}

/** Past the magazines: a buffer from a slab, made an object. */
function allocConstructed(cp: kmem_cache_t, kmflag: number): number | null {
  const buf = kmem_slab_alloc(cp, kmflag);
  if (buf === null) return null;
  if ((cp.cache_flags & KMF_BUFTAG) !== 0) {
    if (checkOut(cp, buf, kmflag, true)) return buf;
    // It was damaged, or not constructed: fail, or try with another one.
    if ((kmflag & KM_NOSLEEP) !== 0) return null;
    return kmem_cache_alloc(cp, kmflag);
  }
  if (
    cp.cache_constructor !== null &&
    cp.cache_constructor(buf, cp.cache_private, kmflag) !== 0
  ) {
    cp.cache_alloc_fail++;
    kmem_slab_free(cp, buf);
    return null;
  }
  return buf;
}

/** The checks of a debugging kernel before a buffer goes out. */
function checkOut(
  cp: kmem_cache_t,
  buf: number,
  kmflag: number,
  construct: boolean,
): boolean {
  const result = kmem_cache_alloc_debug(cp, buf, kmflag, construct);
  if (result > 0) kmem_slab_free(cp, buf);
  return result === 0;
}

/**
 * Allocates a constructed object.
 * @returns its address; null if there is no memory, and kmflag allows to
 *   fail, or if the constructor failed
 */
export function kmem_cache_alloc(
  cp: kmem_cache_t,
  kmflag: number,
): number | null {
  const ccp = cp.cache_cpu[CPU.cpu_seqid];
  mutex_enter(ccp.cc_lock);
  while (ccp.cc_rounds > 0 || loadFull(cp, ccp)) {
    const buf = ccp.cc_loaded!.mag_round[--ccp.cc_rounds];
    ccp.cc_alloc++;
    mutex_exit(ccp.cc_lock);
    if ((ccp.cc_flags & KMF_BUFTAG) === 0) return buf;
    if (checkOut(cp, buf, kmflag, false)) return buf;
    if ((kmflag & KM_NOSLEEP) !== 0) return null;
    mutex_enter(ccp.cc_lock);
  }
  mutex_exit(ccp.cc_lock);
  return allocConstructed(cp, kmflag);
}

/** Gets a magazine with room: the previous one, the depot's, a new one. */
function loadEmpty(cp: kmem_cache_t, ccp: kmem_cpu_cache_t): boolean {
  if (ccp.cc_prounds === 0) {
    kmem_cpu_reload(ccp, ccp.cc_ploaded, ccp.cc_prounds);
    return true;
  }
  if (ccp.cc_magsize === 0) return false;
  const emp = kmem_depot_alloc(cp, cp.cache_empty);
  if (emp === null) return addMagazine(cp, ccp);
  const { cc_ploaded } = ccp;
  if (cc_ploaded !== null) kmem_depot_free(cp, cp.cache_full, cc_ploaded);
  kmem_cpu_reload(ccp, emp, 0);
  return true;
}

/** Makes an empty magazine for the depot; gives up cc_lock meanwhile. */
function addMagazine(cp: kmem_cache_t, ccp: kmem_cpu_cache_t): boolean {
  const { mt_cache, mt_magsize } = cp.cache_magtype;
  mutex_exit(ccp.cc_lock);
  const at = kmem_cache_alloc(mt_cache, KM_NOSLEEP);
  mutex_enter(ccp.cc_lock);
  if (at === null) return false;
  if (ccp.cc_magsize === mt_magsize) {
    kmem_depot_free(cp, cp.cache_empty, new kmem_magazine_t(at, mt_magsize));
  } else {
    // Magazines are of another length now, or are not used any more.
    mutex_exit(ccp.cc_lock);
    kmem_cache_free(mt_cache, at);
    mutex_enter(ccp.cc_lock);
  }
  return true;
}

/** Frees an object; it must be as the constructor left it. */
export function kmem_cache_free(cp: kmem_cache_t, buf: number): void {
  const ccp = cp.cache_cpu[CPU.cpu_seqid];
  if (
    (ccp.cc_flags & KMF_BUFTAG) !== 0 &&
    kmem_cache_free_debug(cp, buf) !== 0
  ) {
    return;
  }
  mutex_enter(ccp.cc_lock);
  do {
    const rounds = ccp.cc_rounds;
    if (rounds >= 0 && rounds < ccp.cc_magsize) {
      ccp.cc_loaded!.mag_round[rounds] = buf;
      ccp.cc_rounds = rounds + 1;
      ccp.cc_free++;
      mutex_exit(ccp.cc_lock);
      return;
    }
  } while (loadEmpty(cp, ccp));
  mutex_exit(ccp.cc_lock);
  freeConstructed(cp, buf);
}
