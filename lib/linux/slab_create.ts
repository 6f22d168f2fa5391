// Slabs: making a cache, and making the first ones.
//
// Follows Linux 2.6.11 mm/slab.c: kmem_cache_create, kmem_cache_init. Idea
// to carry away: what a cache will ever cost is settled here, once. How far
// to round an object up, how many pages a slab has, where its descriptor
// lies, how many colours are left: from then on allocating and freeing only
// add and subtract.
//
// The choice of gfporder: the least order at which
//
// 1. at least one object fits, and
// 2. at most 1/8 of the slab is left over; but 2 is given up from order
//    slab_break_gfp_order on, for large blocks are hard to get.
//
// And afterwards:
//
// 3. slab_size <= left over, for a cache off slab: it moves on slab.
// 4. colour * colour_off <= left over: a slab may start with any colour.
// 5. cache_chain has no name twice.
//
// Left out: the semaphore that guards cache_chain; a name that has vanished
// with the module that owned it.
import { hz, lbolt } from '../sys/clock.js';
import { printf } from '../sys/cons.js';
import { CPU } from '../sys/cpu.js';
import { panic } from '../sys/panic.js';
import { onReboot } from '../sys/reboot.js';
import { highbit } from '../sys/sysmacros.js';
import { __GFP_DMA, GFP_KERNEL } from './gfp.js';
import {
  declareSizes, kmalloc, kmem_find_general_cachep, malloc_sizes,
} from './kmalloc.js';
import { PAGE_SIZE } from './mm.js';
import { num_physpages } from './mmzone.js';
import { BUG, HZ, in_interrupt } from './sched.js';
import { kmem_cache_alloc, kmem_cache_free } from './slab_alloc.js';
import { enable_cpucache, setFreeLimit } from './slab_cpucache.js';
import {
  ALIGN, array_cache, BYTES_PER_WORD, cache_cache, cache_chain,
  cache_estimate, CFLGS_OFF_SLAB, type Ctor, DEBUG, forgetCaches,
  kmem_cache_t, L1_CACHE_BYTES, MAX_GFP_ORDER, MAX_OBJ_ORDER,
  sizeofArrayCache, sizeofBufctl, sizeofCache, sizeofSlab,
  SLAB_CACHE_DMA, SLAB_DEBUG_INITIAL, SLAB_DESTROY_BY_RCU,
  SLAB_HWCACHE_ALIGN, SLAB_MUST_HWCACHE_ALIGN, SLAB_NO_REAP, SLAB_PANIC,
  SLAB_POISON, SLAB_RECLAIM_ACCOUNT, SLAB_RED_ZONE, SLAB_STORE_USER,
} from './slab_layout.js';

/** Linux' ticks since boot. */
export const jiffies = (): number => lbolt * (HZ / hz);

/** How long slabs_free is left alone after a reap, in jiffies. */
export const REAPTIMEOUT_LIST3 = 4 * HZ;

/** Entries of the arrays that the first caches start with. */
const BOOT_CPUCACHE_ENTRIES = 1;

/** What kmalloc's caches are made with. */
const ARCH_KMALLOC_FLAGS = SLAB_HWCACHE_ALIGN;

// Both are static in slab.c; here they can be looked at.
/** More left over is accepted from this order on: 1 above 32 MB, else 0. */
export let slab_break_gfp_order = 0;

/** Bufctls that fit into the largest general cache that is on slab. */
export let offslab_limit = 0;

/** How far the arrays are: the caches that they come from need arrays. */
let g_cpucache_up: 'NONE' | 'PARTIAL' | 'FULL' = 'NONE';

/** As the statics are before kmem_cache_init. */
function powerOn(): void {
  slab_break_gfp_order = 0;
  offslab_limit = 0;
  g_cpucache_up = 'NONE';
}

onReboot(powerOn);

/** What may be asked for; more of it in a debugging kernel. */
const CREATE_MASK =
  SLAB_HWCACHE_ALIGN | SLAB_NO_REAP | SLAB_CACHE_DMA |
  SLAB_MUST_HWCACHE_ALIGN | SLAB_RECLAIM_ACCOUNT | SLAB_PANIC |
  SLAB_DESTROY_BY_RCU;
const CREATE_MASK_DEBUG =
  CREATE_MASK | SLAB_DEBUG_INITIAL | SLAB_RED_ZONE | SLAB_POISON |
  SLAB_STORE_USER;

/** A caller that cannot be helped. @throws Panic BUG */
function earlyError(name: string | null, size: number): never {
  printf(`kmem_cache_create: Early error in slab ${name ?? '<NULL>'}`);
  const call = `kmem_cache_create(${name}, ${size})`;
  const check = '!name || in_interrupt() || size || (dtor && !ctor)';
  return BUG('mm/slab.c:1204', check, { call });
}

/** The flags that a debugging kernel makes of the caller's. */
function debugFlags(
  name: string,
  size: number,
  flags: number,
  ctor: Ctor | null,
): number {
  if (name.includes(' ')) {
    printf('Badness in kmem_cache_create at mm/slab.c:1208');
  }
  if ((flags & SLAB_DEBUG_INITIAL) !== 0 && ctor === null) {
    printf(
      'kmem_cache_create: No con, but init state check requested - ' + name,
    );
    flags &= ~SLAB_DEBUG_INITIAL;
  }
  // A large object gets no frame if that took it past a power of two: the
  // page allocator would have to find twice as much.
  const framed = size - 1 + 3 * BYTES_PER_WORD;
  if (size < 4096 || highbit(size - 1) === highbit(framed)) {
    flags |= SLAB_RED_ZONE | SLAB_STORE_USER;
  }
  // What readers may still look at must not be poisoned.
  if ((flags & SLAB_DESTROY_BY_RCU) === 0) flags |= SLAB_POISON;
  else if ((flags & SLAB_POISON) !== 0) {
    const call = `kmem_cache_create(${name})`;
    BUG('mm/slab.c:1229', 'flags & SLAB_POISON', { call });
  }
  return flags;
}

/** A cache line, or less: several small objects share one. */
function hwcacheAlign(size: number): number {
  let ralign = L1_CACHE_BYTES;
  while (size <= ralign / 2) ralign /= 2;
  return ralign;
}

/** Pages of a slab, objects in it, bytes left over. */
interface Shape {
  gfporder: number;
  num: number;
  left_over: number;
}

/** Chooses the order: see 1 and 2 at the top of this file. */
function chooseOrder(size: number, align: number, flags: number): Shape {
  const shape = (gfporder: number): Shape => ({
    gfporder,
    ...cache_estimate(gfporder, size, align, flags),
  });
  // What can be freed under pressure should not need a large block.
  const reclaim = (flags & SLAB_RECLAIM_ACCOUNT) !== 0;
  if (reclaim && size <= PAGE_SIZE) return shape(0);

  const offSlab = (flags & CFLGS_OFF_SLAB) !== 0;
  for (let gfporder = 0; ; gfporder++) {
    const s = shape(gfporder);
    if (gfporder >= MAX_GFP_ORDER) return s;
    if (s.num === 0) continue;
    // So many bufctls would need a descriptor that is off slab itself.
    if (offSlab && s.num > offslab_limit) return shape(gfporder - 1);
    if (gfporder >= slab_break_gfp_order) return s;
    if (s.left_over * 8 <= PAGE_SIZE * 2 ** gfporder) return s;
  }
}

/** An array of one entry, as caches have before there is a size-32. */
function bootArray(cachep: kmem_cache_t): void {
  let addr = 0; // the first one lies in the kernel's own data
  if (g_cpucache_up === 'NONE') g_cpucache_up = 'PARTIAL';
  else {
    const memsize = sizeofArrayCache + BOOT_CPUCACHE_ENTRIES * BYTES_PER_WORD;
    addr = kmalloc(memsize, GFP_KERNEL);
    if (addr === 0) {
      const call = `kmem_cache_create(${cachep.name})`;
      BUG('mm/slab.c:1435', '!ac_data(cachep)', { call });
    }
  }
  const ac = new array_cache(BOOT_CPUCACHE_ENTRIES, 1, addr);
  cachep.array[CPU.cpu_seqid] = ac;
  cachep.batchcount = 1;
  cachep.limit = BOOT_CPUCACHE_ENTRIES;
  setFreeLimit(cachep);
}

/** A cache that was asked for under a name that there is. @throws Panic BUG */
function duplicate(name: string): never {
  printf(`kmem_cache_create: duplicate cache ${name}`);
  const call = `kmem_cache_create(${name})`;
  return BUG('mm/slab.c:1472', '!strcmp(pc->name,name)', { call });
}

/**
 * Makes a cache of objects of size bytes. Object addresses are multiples
 * of align, if that is more than the flags ask for anyway.
 * @param ctor run on each object when its slab is made
 * @param dtor run on each object before its slab goes
 * @returns the cache, or null when there is none
 * @throws Panic BUG for a size, a name or flags that cannot be; with
 *   SLAB_PANIC, in place of null
 * @see Linux 2.6.11 mm/slab.c, kmem_cache_create
 */
export function kmem_cache_create(
  name: string | null,
  size: number,
  align = 0,
  flags = 0,
  ctor: Ctor | null = null,
  dtor: Ctor | null = null,
): kmem_cache_t | null {
  if (
    name === null || in_interrupt() || size < BYTES_PER_WORD ||
    size > PAGE_SIZE << MAX_OBJ_ORDER || (dtor !== null && ctor === null)
  ) {
    earlyError(name, size);
  }
  if (DEBUG) flags = debugFlags(name, size, flags, ctor);
  const call = `kmem_cache_create(${name}, ${size})`;
  if ((flags & SLAB_DESTROY_BY_RCU) !== 0 && dtor !== null) {
    BUG('mm/slab.c:1232', 'dtor', { call });
  }
  if ((flags & ~(DEBUG ? CREATE_MASK_DEBUG : CREATE_MASK)) !== 0) {
    const hex = `0x${flags.toString(16)}`;
    BUG('mm/slab.c:1239', 'flags & ~CREATE_MASK', { call, flags: hex });
  }

  // Whole words. A greater alignment leaves no room for guard words.
  size = ALIGN(size, BYTES_PER_WORD);
  const hwcache = (flags & SLAB_HWCACHE_ALIGN) !== 0;
  let ralign = hwcache ? hwcacheAlign(size) : BYTES_PER_WORD;
  if (ralign < align) {
    ralign = align;
    if (ralign > BYTES_PER_WORD) flags &= ~(SLAB_RED_ZONE | SLAB_STORE_USER);
  }

  const addr = kmem_cache_alloc(cache_cache, GFP_KERNEL);
  if (addr === 0) return failed(name, flags);
  const cachep = new kmem_cache_t(name, addr);

  // The frame of a debugging kernel (slab_frame.ts).
  cachep.reallen = size;
  if ((flags & SLAB_RED_ZONE) !== 0) {
    ralign = BYTES_PER_WORD;
    cachep.dbghead = BYTES_PER_WORD;
    size += 2 * BYTES_PER_WORD;
  }
  if ((flags & SLAB_STORE_USER) !== 0) {
    ralign = BYTES_PER_WORD;
    size += BYTES_PER_WORD;
  }

  // Of large objects a page holds eight or fewer: with a descriptor in it,
  // often one fewer.
  if (size >= PAGE_SIZE >> 3) flags |= CFLGS_OFF_SLAB;
  size = ALIGN(size, ralign);
  const { gfporder, num, left_over } = chooseOrder(size, ralign, flags);
  if (num === 0) {
    printf(`kmem_cache_create: couldn't create cache ${name}.`);
    kmem_cache_free(cache_cache, addr);
    return failed(name, flags);
  }

  // If the descriptor fits into what is left over, it may have it (3).
  let slab_size = sizeofSlab + num * sizeofBufctl;
  const aligned = ALIGN(slab_size, ralign);
  let spare = left_over;
  if ((flags & CFLGS_OFF_SLAB) !== 0 && spare >= aligned) {
    flags &= ~CFLGS_OFF_SLAB;
    spare -= aligned;
  }
  if ((flags & CFLGS_OFF_SLAB) === 0) slab_size = aligned;
  else cachep.slabp_cache = kmem_find_general_cachep(slab_size, 0);

  cachep.objsize = size;
  cachep.flags = flags >>> 0;
  cachep.gfpflags = (flags & SLAB_CACHE_DMA) !== 0 ? __GFP_DMA : 0;
  cachep.num = num;
  cachep.gfporder = gfporder;
  cachep.slab_size = slab_size;
  cachep.colour_off = Math.max(L1_CACHE_BYTES, ralign);
  cachep.colour = Math.floor(spare / cachep.colour_off);
  cachep.ctor = ctor;
  cachep.dtor = dtor;

  if (g_cpucache_up === 'FULL') enable_cpucache(cachep);
  else bootArray(cachep);

  // Not all caches at the same tick.
  const { lists } = cachep;
  lists.next_reap = jiffies() + REAPTIMEOUT_LIST3 + (addr % REAPTIMEOUT_LIST3);
  if (cache_chain.some((pc) => pc.name === name)) duplicate(name);
  cache_chain.unshift(cachep);
  return cachep;
}

/** No cache. @returns null @throws Panic when the caller cannot do without */
function failed(name: string, flags: number): null {
  if ((flags & SLAB_PANIC) === 0) return null;
  const why = `kmem_cache_create(): failed to create slab \`${name}'`;
  return panic(`Kernel panic - not syncing: ${why}`, {
    call: `kmem_cache_create(${name})`,
  });
}

/** Moves an array out of the kernel's own data into a general cache. */
function moveArray(cachep: kmem_cache_t): void {
  const boot = cachep.array[CPU.cpu_seqid]!;
  const memsize = sizeofArrayCache + BOOT_CPUCACHE_ENTRIES * BYTES_PER_WORD;
  const addr = kmalloc(memsize, GFP_KERNEL);
  const ac = new array_cache(boot.limit, boot.batchcount, addr);
  ac.avail = boot.avail;
  ac.touched = boot.touched;
  ac.entry.set(boot.entry);
  cachep.array[CPU.cpu_seqid] = ac;
}

/**
 * Makes the first caches: that of the descriptors, and kmalloc's. Each
 * needs some of the others: so they start with arrays of one entry.
 * Pages must be there; configure() has to be called before, if at all.
 * @see Linux 2.6.11 mm/slab.c, kmem_cache_init
 */
export function kmem_cache_init(): void {
  powerOn();
  forgetCaches();

  // Where memory is short, large blocks are the first to be gone.
  if (num_physpages > (32 << 20) / PAGE_SIZE) slab_break_gfp_order = 1;

  // 1) cache_cache: a static, with a static array.
  cache_chain.unshift(cache_cache);
  const size = ALIGN(sizeofCache(), L1_CACHE_BYTES);
  const { num, left_over } = cache_estimate(0, size, L1_CACHE_BYTES, 0);
  cache_cache.objsize = size;
  cache_cache.reallen = sizeofCache();
  cache_cache.flags = SLAB_NO_REAP;
  cache_cache.batchcount = 1;
  cache_cache.limit = BOOT_CPUCACHE_ENTRIES;
  cache_cache.num = num;
  cache_cache.colour_off = L1_CACHE_BYTES;
  cache_cache.colour = Math.floor(left_over / L1_CACHE_BYTES);
  cache_cache.slab_size = ALIGN(
    num * sizeofBufctl + sizeofSlab, L1_CACHE_BYTES,
  );
  const boot = new array_cache(BOOT_CPUCACHE_ENTRIES, 1, 0);
  cache_cache.array[CPU.cpu_seqid] = boot;

  // 2, 3) kmalloc's caches, smallest first: the first one's array is a
  // static too, all others' come from it.
  const flags = ARCH_KMALLOC_FLAGS | SLAB_PANIC;
  declareSizes();
  for (const sizes of malloc_sizes) {
    const { cs_size } = sizes;
    const name = `size-${cs_size}`;
    sizes.cs_cachep = kmem_cache_create(name, cs_size, 0, flags);
    // A descriptor must not need a cache whose descriptors need it.
    if ((sizes.cs_cachep!.flags & CFLGS_OFF_SLAB) === 0) {
      offslab_limit = Math.floor((cs_size - sizeofSlab) / sizeofBufctl);
    }
    sizes.cs_dmacachep = kmem_cache_create(
      `${name}(DMA)`, cs_size, 0, flags | SLAB_CACHE_DMA,
    );
  }

  // 4) The two static arrays are needed no longer.
  moveArray(cache_cache);
  moveArray(malloc_sizes[0].cs_cachep!);

  // 5) All arrays to their full size.
  for (const cachep of cache_chain) enable_cpucache(cachep);
  g_cpucache_up = 'FULL';
}
