// KMEM: a cache is made.
//
// Follows OpenSolaris common/os/kmem.c of 2007, kmem_cache_create and
// kmem_cache_magazine_enable. Idea: all that depends on the size and the
// flags is decided once, here, so that allocating and freeing need not ask
// again. No memory is taken for objects: the first one brings the first
// slab.
//
// 1. All caches stand in a ring through kmem_null_cache, oldest first.
// 2. The structure and the hash table are taken from kmem_cache and
//    kmem_hash, arenas of vmem: kmem cannot allocate itself.
// 3. Before kmem_ready all magazines are off: they come from caches too.
//
// Left out: kstat_create (kmem_impl.ts); strident_canon, which makes a
// valid name of any name.
import { max_ncpus } from '../sys/cpu.js';
import { mutex_enter, mutex_exit } from '../sys/mutex.js';
import { ASSERT, debug, panic } from '../sys/panic.js';
import { highbit } from '../sys/sysmacros.js';
import {
  type Constructor, type Destructor, KMC_NOHASH, KMC_NOTOUCH, KMEM_ALIGN,
  KMEM_CACHE_NAMELEN, KMEM_CACHE_SIZE, KMEM_CPU_CACHE_SIZE, KMEM_HASH_INITIAL,
  KMF_AUDIT, KMF_FIREWALL, KMF_HASH, KMF_NOMAGAZINE, KMF_RANDOM,
  KMF_RANDOMIZE, type Reclaim,
} from './kmem.js';
import {
  kmem_cache_t, kmem_cpu_cache_t, statics, tunables,
} from './kmem_impl.js';
import { geometry, type Wanted } from './kmem_sizes.js';
import { vmem_alloc, vmem_xalloc } from './vmem_alloc.js';
import { sizeofPointer, VM_SLEEP, type vmem_t } from './vmem_impl.js';

/**
 * Switches the magazines of all CPUs on.
 * @internal static in kmem.c
 */
export function kmem_cache_magazine_enable(cp: kmem_cache_t): void {
  if ((cp.cache_flags & KMF_NOMAGAZINE) !== 0) return;
  for (const ccp of cp.cache_cpu) {
    mutex_enter(ccp.cc_lock);
    ccp.cc_magsize = cp.cache_magtype.mt_magsize;
    mutex_exit(ccp.cc_lock);
  }
}

/** With KMF_RANDOMIZE: counts on through all sets of debugging flags. */
function randomizeFlags(): void {
  mutex_enter(statics.kmem_flags_lock);
  const { kmem_flags } = tunables;
  if ((kmem_flags & KMF_RANDOMIZE) !== 0) {
    const next = ((kmem_flags | ~KMF_RANDOM) + 1) & KMF_RANDOM;
    tunables.kmem_flags = next | KMF_RANDOMIZE;
  }
  mutex_exit(statics.kmem_flags_lock);
}

/** An alignment that can be kept. @throws Panic for any other */
function checkAlign(name: string, align: number, vmp: vmem_t): void {
  if ((align & (align - 1)) === 0 && align <= vmp.vm_quantum) return;
  panic(`kmem_cache_create: bad alignment ${align}`, {
    call: `kmem_cache_create(${name})`,
    align,
    arena: vmp.vm_name,
    quantum: vmp.vm_quantum,
  });
}

/** Numbers that no C caller could pass, or that C does not survive. */
function checkSize(name: string, bufsize: number, align: number): void {
  const sizes = [bufsize, align];
  if (sizes.every((x) => Number.isSafeInteger(x) && x >= 0) && bufsize > 0) {
    return;
  }
  throw new RangeError(
    `kmem_cache_create(${name}): bufsize ${bufsize}, align ${align}: ` +
      'want whole numbers, and a size of 1 or more',
  );
}

/** The structure, with room for all CPUs, each in lines of its own. */
function newCache(name: string, bufsize: number): kmem_cache_t {
  const at = vmem_xalloc(
    statics.kmem_cache_arena!, KMEM_CACHE_SIZE(max_ncpus),
    KMEM_CPU_CACHE_SIZE, 0, 0, null, null, VM_SLEEP,
  )!;
  return new kmem_cache_t(name.slice(0, KMEM_CACHE_NAMELEN), bufsize, at);
}

/** An empty hash table. */
function createHash(cp: kmem_cache_t): void {
  const bytes = KMEM_HASH_INITIAL * sizeofPointer;
  cp.hashAt = vmem_alloc(statics.kmem_hash_arena!, bytes, VM_SLEEP)!;
  cp.cache_hash_table = Array.from({ length: KMEM_HASH_INITIAL }, () => null);
  cp.cache_hash_mask = KMEM_HASH_INITIAL - 1;
  cp.cache_hash_shift = highbit(cp.cache_chunksize) - 1;
  cp.cache_bufctl_cache =
    (cp.cache_flags & KMF_AUDIT) !== 0
      ? statics.kmem_bufctl_audit_cache
      : statics.kmem_bufctl_cache;
}

/** Puts the cache behind the last one. */
function enlist(cp: kmem_cache_t): void {
  mutex_enter(statics.kmem_cache_lock);
  const head = statics.kmem_null_cache!;
  const prev = head.cache_prev!;
  cp.cache_next = head;
  cp.cache_prev = prev;
  prev.cache_next = cp;
  head.cache_prev = cp;
  mutex_exit(statics.kmem_cache_lock);
}

/** @throws RangeError when kmem has not started */
function checkStarted(name: string): void {
  if (statics.kmem_cache_arena !== null) return;
  throw new RangeError(
    `kmem_cache_create(${name}): kmem has not started; call kmem_init first`,
  );
}

/**
 * Makes a cache of objects.
 * @param bufsize bytes of an object
 * @param align a power of 2, at most the arena's quantum; 0: 8
 * @param constructor makes a buffer an object; null: it is one
 * @param destructor makes it a buffer again
 * @param reclaim asks the owner for objects that he can do without
 * @param cache_private what these three are told
 * @param vmp where slabs come from; null: kmem_default
 * @param cflags KMC_ flags
 * @throws Panic "kmem_cache_create: bad alignment …"
 */
export function kmem_cache_create(
  name: string,
  bufsize: number,
  align: number,
  constructor: Constructor | null = null,
  destructor: Destructor | null = null,
  reclaim: Reclaim | null = null,
  cache_private: unknown = null,
  vmp: vmem_t | null = null,
  cflags = 0,
): kmem_cache_t {
  checkStarted(name);
  checkSize(name, bufsize, align);
  const arena = vmp ?? statics.kmem_default_arena!;
  const wanted: Wanted = {
    bufsize,
    align: align === 0 ? KMEM_ALIGN : align,
    cflags: align !== 0 && align < KMEM_ALIGN ? cflags | KMC_NOTOUCH : cflags,
    quantum: arena.vm_quantum,
    qcache_max: arena.vm_qcache_max,
    firewall:
      arena === statics.kmem_default_arena &&
      statics.kmem_firewall_arena !== null,
  };
  checkAlign(name, wanted.align, arena);
  if (debug) {
    const both = KMC_NOHASH | KMC_NOTOUCH;
    const ok = (wanted.cflags & both) !== both;
    ASSERT(ok, '!(cflags & KMC_NOHASH) || !(cflags & KMC_NOTOUCH)');
  }
  const cp = newCache(name, bufsize);
  randomizeFlags();

  cp.cache_align = wanted.align;
  cp.cache_constructor = constructor;
  cp.cache_destructor = destructor;
  cp.cache_reclaim = reclaim;
  cp.cache_private = cache_private;
  cp.cache_cflags = wanted.cflags;
  const { hash, ...layout } = geometry(wanted);
  Object.assign(cp, layout);
  cp.cache_color = cp.cache_mincolor;
  const firewall = (cp.cache_flags & KMF_FIREWALL) !== 0;
  cp.cache_arena = firewall ? statics.kmem_firewall_arena! : arena;
  if (hash) createHash(cp);
  if (debug) {
    const is = (cp.cache_flags & KMF_HASH) !== 0;
    ASSERT(is === hash, '(cp->cache_flags & KMF_HASH) is hash');
  }

  // Small buffers start with long magazines.
  const { kmem_magtype } = statics;
  const { cache_chunksize } = cp;
  cp.cache_magtype = kmem_magtype.find(
    ({ mt_minbuf }) => cache_chunksize > mt_minbuf,
  )!;
  for (let i = 0; i < max_ncpus; i++) {
    const cc_lock = `${cp.cache_name} cc_lock ${i}`;
    cp.cache_cpu.push(new kmem_cpu_cache_t(cc_lock, cp.cache_flags));
  }

  enlist(cp);
  if (statics.kmem_ready) kmem_cache_magazine_enable(cp);
  return cp;
}
