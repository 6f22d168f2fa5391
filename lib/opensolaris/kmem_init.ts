// KMEM starts: twice.
//
// Follows OpenSolaris common/os/kmem.c of 2007: kmem_cache_init,
// kmem_maxavail, kmem_init, kmem_thread_init, kmem_mp_init. Idea: what
// debugging there is to be stands in a file, /etc/system; to read a file
// takes memory. So all caches are made, the file is read with their help,
// all are destroyed, and all are made again as the file says.
//
//   heap <- kmem_metadata <- kmem_msb, kmem_cache, kmem_hash
//        <- kmem_log
//        <- kmem_firewall_va <- kmem_firewall, kmem_oversize
//        <- kmem_va <- kmem_default
//
// 1. What KMEM needs itself (magazines, slabs, bufctls) comes from kmem_msb,
//    so that no error in what is given out can hurt it.
// 2. In the first pass kmem_alloc's caches live there too.
// 3. Magazines are switched on last, for all caches at once.
//
// Left out: STREAMS' and scheduling classes' caches, which kmem_init makes
// too; large pages; segkp.
import { max_ncpus, startCpus } from '../sys/cpu.js';
import { P2ROUNDUP } from '../sys/sysmacros.js';
import {
  KMC_KMEM_ALLOC, KMC_NOHASH, KMEM_ALIGN, KMEM_ALIGN_SHIFT, KMF_AUDIT,
  KMF_CONTENTS, KMF_RANDOMIZE, KMF_STICKY, sizeofBufctl, sizeofBufctlAudit,
  sizeofSlab,
} from './kmem.js';
import {
  kmem_cache_create, kmem_cache_magazine_enable,
} from './kmem_create.js';
import { kmem_cache_destroy } from './kmem_depot.js';
import { kmem_cache_t, statics, tunables } from './kmem_impl.js';
import { kmem_log_init } from './kmem_log.js';
import { joinVmem } from './kmem_qcache.js';
import { kmem_cache_applyall, kmem_update_timeout } from './kmem_reap.js';
import { allocAlign, kmem_alloc_sizes } from './kmem_sizes.js';
import { heap_arena, segkmem_alloc, segkmem_free } from './seg_kmem.js';
import { taskq_create } from './taskq.js';
import { memory, PAGESIZE } from './vm_page.js';
import { vmem_alloc, vmem_free } from './vmem_alloc.js';
import { vmem_create, vmem_destroy } from './vmem_create.js';
import {
  sizeofPointer, statics as vmem, VM_NEXTFIT, VM_SLEEP, VMC_NO_QCACHE,
  type vmem_alloc_t, VMEM_FREE, type vmem_free_t, type vmem_t,
} from './vmem_impl.js';
import { vmem_init } from './vmem_init.js';
import { vmem_size } from './vmem_walk.js';

/** An arena without a span of its own. */
function importing(
  name: string,
  quantum: number,
  afunc: vmem_alloc_t,
  ffunc: vmem_free_t,
  source: vmem_t,
  qcache_max = 0,
  vmflag = VM_SLEEP,
): vmem_t {
  return vmem_create(
    name, null, 0, quantum, afunc, ffunc, source, qcache_max, vmflag,
  )!;
}

/** The magazines of each length come from a cache. */
function createMagazineCaches(): void {
  for (const mtp of statics.kmem_magtype) {
    const name = `kmem_magazine_${mtp.mt_magsize}`;
    const size = (mtp.mt_magsize + 1) * sizeofPointer;
    mtp.mt_cache = metadataCache(name, size, mtp.mt_align);
  }
}

/** A cache for what kmem needs itself. */
function metadataCache(name: string, size: number, align = 0): kmem_cache_t {
  return kmem_cache_create(
    name, size, align, null, null, null, null, statics.kmem_msb_arena,
    KMC_NOHASH,
  );
}

/** The caches behind kmem_alloc, and the table that leads to them. */
function createAllocCaches(): void {
  const { PAGESIZE: page, kmem_alloc_table } = statics;
  let size = KMEM_ALIGN;
  for (const cache_size of kmem_alloc_sizes) {
    const cp = kmem_cache_create(
      `kmem_alloc_${cache_size}`, cache_size, allocAlign(cache_size, page),
      null, null, null, null, null, KMC_KMEM_ALLOC,
    );
    for (; size <= cache_size; size += KMEM_ALIGN) {
      kmem_alloc_table[(size - 1) >> KMEM_ALIGN_SHIFT] = cp;
    }
  }
}

/** Where the heap and its memory come from. */
interface Heap {
  heap: vmem_t;
  alloc: vmem_alloc_t;
  free: vmem_free_t;
}

/** Makes all caches. In pass 2 those for others have arenas of their own. */
function kmem_cache_init(pass: number, { heap, alloc, free }: Heap): void {
  const { PAGESIZE: page } = statics;
  createMagazineCaches();
  statics.kmem_slab_cache = metadataCache('kmem_slab_cache', sizeofSlab);
  statics.kmem_bufctl_cache = metadataCache('kmem_bufctl_cache', sizeofBufctl);
  statics.kmem_bufctl_audit_cache = metadataCache(
    'kmem_bufctl_audit_cache', sizeofBufctlAudit,
  );
  if (pass === 2) {
    const va = importing(
      'kmem_va', page, vmem_alloc, vmem_free, heap, 8 * page,
    );
    statics.kmem_va_arena = va;
    statics.kmem_default_arena = importing(
      'kmem_default', page, alloc, free, va,
    );
  } else {
    statics.kmem_default_arena = statics.kmem_msb_arena;
  }
  createAllocCaches();
}

/** Addresses, and one page more that stays empty; each further on. */
const kmem_firewall_va_alloc: vmem_alloc_t = (vmp, size, vmflag) =>
  vmem_alloc(vmp, size + vmp.vm_quantum, vmflag | VM_NEXTFIT);

/** Gives both back. */
const kmem_firewall_va_free: vmem_free_t = (vmp, addr, size) =>
  vmem_free(vmp, addr, size + vmp.vm_quantum);

/** The arenas that both passes share. */
function createArenas({ heap, alloc, free }: Heap): void {
  const { PAGESIZE: page } = statics;
  const meta = importing(
    'kmem_metadata', page, vmem_alloc, vmem_free, heap,
    8 * page, VM_SLEEP | VMC_NO_QCACHE,
  );
  statics.kmem_metadata_arena = meta;
  statics.kmem_msb_arena = importing('kmem_msb', page, alloc, free, meta);
  statics.kmem_cache_arena = importing(
    'kmem_cache', KMEM_ALIGN, alloc, free, meta,
  );
  statics.kmem_hash_arena = importing(
    'kmem_hash', KMEM_ALIGN, alloc, free, meta,
  );
  statics.kmem_log_arena = importing('kmem_log', KMEM_ALIGN, alloc, free, heap);
  statics.kmem_firewall_va_arena = importing(
    'kmem_firewall_va', page, kmem_firewall_va_alloc, kmem_firewall_va_free,
    heap,
  );
  statics.kmem_firewall_arena = importing(
    'kmem_firewall', page, alloc, free, statics.kmem_firewall_va_arena,
  );
}

/** Bytes that kmem could still get: of pages, and of addresses. */
export function kmem_maxavail(heap: vmem_t = heap_arena): number {
  const { availrmem, t_minarmem } = memory;
  const addresses = Math.floor(vmem_size(heap, VMEM_FREE) / PAGESIZE);
  return Math.max(Math.min(availrmem - t_minarmem, addresses), 0) * PAGESIZE;
}

/** The logs: of transactions and contents only with debugging. */
function createLogs(heap: vmem_t): void {
  const { kmem_flags } = tunables;
  const share = Math.floor(kmem_maxavail(heap) / 50);
  if ((kmem_flags & (KMF_AUDIT | KMF_RANDOMIZE)) !== 0) {
    const size = tunables.kmem_transaction_log_size || share;
    statics.kmem_transaction_log = kmem_log_init(size);
  }
  if ((kmem_flags & (KMF_CONTENTS | KMF_RANDOMIZE)) !== 0) {
    const size = tunables.kmem_content_log_size || share;
    statics.kmem_content_log = kmem_log_init(size);
  }
  statics.kmem_failure_log = kmem_log_init(tunables.kmem_failure_log_size);
  statics.kmem_slab_log = kmem_log_init(tunables.kmem_slab_log_size);
}

/**
 * Starts KMEM on a heap.
 * @param mod_read_system_file reads /etc/system: sets tunables
 * @param heap where addresses come from; its quantum is the size of a page
 * @param alloc imports, and puts pages behind the addresses; vmem_alloc
 *   would not
 * @throws RangeError if there is no heap
 */
export function kmem_init(
  mod_read_system_file: () => void = () => {},
  heap: vmem_t = heap_arena,
  alloc: vmem_alloc_t = segkmem_alloc,
  free: vmem_free_t = segkmem_free,
): void {
  if (heap === null) {
    throw new RangeError(
      'kmem_init(): there is no heap; call startup_kmem, which calls ' +
        'kmem_init, or bootKmem',
    );
  }
  const from = { heap, alloc, free };
  statics.PAGESIZE = heap.vm_quantum;
  const head = new kmem_cache_t('', 0, 0);
  head.cache_next = head.cache_prev = head;
  statics.kmem_null_cache = head;
  const old_kmem_flags = tunables.kmem_flags;
  createArenas(from);
  joinVmem();

  // The first pass, for whoever reads the file.
  const { PAGESIZE: page } = statics;
  const oversize = importing('kmem_oversize', page, alloc, free, heap);
  statics.kmem_oversize_arena = oversize;
  kmem_cache_init(1, from);
  mod_read_system_file();
  while (head.cache_prev !== head) kmem_cache_destroy(head.cache_prev);
  vmem_destroy(oversize);

  if ((old_kmem_flags & KMF_STICKY) !== 0) tunables.kmem_flags = old_kmem_flags;
  const audit = (tunables.kmem_flags & KMF_AUDIT) !== 0;
  if (!audit) vmem.vmem_seg_size = plainSegSize;

  // The second, as the file says.
  statics.kmem_oversize_arena = importing(
    'kmem_oversize', page, alloc, free, statics.kmem_firewall_va_arena!,
  );
  kmem_cache_init(2, from);
  createLogs(heap);
  kmem_cache_applyall(kmem_cache_magazine_enable, null);
  statics.kmem_ready = true;
}

/** vmem_seg_t without the fields that only auditing uses. */
const plainSegSize = 56;

/** Threads can run: from now on the slow things are done by one. */
export function kmem_thread_init(): void {
  statics.kmem_taskq = taskq_create('kmem_taskq');
}

/** The clock runs: from now on KMEM looks after itself. */
export function kmem_mp_init(): void {
  kmem_update_timeout(null);
}

/** A machine, as tests and cells want it. */
export interface Machine {
  cpus?: number; // 1
  kmem_flags?: number; // 0; 0xf in a DEBUG kernel
  page?: number; // 4096
  heap_start?: number;
  heap_size?: number;
}

/**
 * Ours: starts VMEM and KMEM, with a thread for kmem_taskq, on a heap of
 * addresses alone. Call reboot() first. The clock's updates come with
 * kmem_mp_init.
 * @returns the heap
 */
export function bootKmem({
  cpus = 1,
  kmem_flags = 0,
  page = 4096,
  heap_start = 0x20000000,
  heap_size = 0x20000000,
}: Machine = {}): vmem_t {
  if (max_ncpus !== cpus) startCpus(cpus);
  const size = P2ROUNDUP(heap_size, page);
  const heap = vmem_init('heap', heap_start, size, page);
  const readSystem = (): void => {
    tunables.kmem_flags = kmem_flags;
  };
  kmem_init(readSystem, heap, vmem_alloc, vmem_free);
  kmem_thread_init();
  return heap;
}
