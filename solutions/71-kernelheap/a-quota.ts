// A quota.
//
// The decision: the count is a variable of quota, so each call encloses its
// own, and both functions see the same. It is compared before anything is
// taken, and changed only after segkmem_alloc has succeeded: so a refusal
// has nothing to undo. Pages are counted, since size comes in whole pages.
import { segkmem_alloc, segkmem_free } from '../../lib/opensolaris/seg_kmem.js';
import * as seg_kmem from '../../lib/opensolaris/seg_kmem.js';
import { kvm_init, startup_kmem } from '../../lib/opensolaris/startup.js';
import {
  isMapped, kvp, PAGESIZE, setPhysmem,
} from '../../lib/opensolaris/vm_page.js';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import {
  VM_NOSLEEP,
  VM_SLEEP,
  VMEM_ALLOC,
  type vmem_alloc_t,
  type vmem_free_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_size } from '../../lib/opensolaris/vmem_walk.js';
import { reboot } from '../../lib/sys/reboot.js';

/** Driver number d allocates size bytes, or frees its i-th piece. */
type Op = ['alloc', d: number, size: number] | ['free', d: number, i: number];

/** An import closure that holds at most limit pages. */
function quota(limit: number): {
  afunc: vmem_alloc_t;
  ffunc: vmem_free_t;
  pages: () => number;
} {
  let held = 0;
  return {
    afunc(source, size, vmflag) {
      const more = size / PAGESIZE;
      if (held + more > limit) return null;
      const addr = segkmem_alloc(source, size, vmflag);
      if (addr !== null) held += more;
      return addr;
    },
    ffunc(source, addr, size) {
      segkmem_free(source, addr, size);
      held -= size / PAGESIZE;
    },
    pages: () => held,
  };
}

/**
 * Boots a machine of physmem pages, and makes a driver's arena for each
 * limit. You need not change it.
 * @returns of each operation what it returned, and, after it: the pages that
 *   each driver says it holds, the bytes allocated in the heap and the pages
 *   of memory used, both since the drivers were made, and whether all that
 *   was returned may be touched
 */
export function run(limits: number[], ops: Op[], physmem: number): {
  returned: number | boolean | null;
  held: number[];
  heap: number;
  memory: number;
  mapped: boolean;
}[] {
  reboot();
  setPhysmem(physmem);
  startup_kmem();
  kvm_init();
  const heap = seg_kmem.heap_arena;
  const drivers = limits.map((limit, d) => {
    const { afunc, ffunc, pages } = quota(limit);
    const arena = vmem_create(
      `driver ${d}`, null, 0, 64, afunc, ffunc, heap, 0, VM_SLEEP,
    )!;
    return { arena, pages, pieces: [] as [addr: number, size: number][] };
  });
  const before = vmem_size(heap, VMEM_ALLOC);
  const used = kvp.size;

  return ops.map(([name, d, n]) => {
    const { arena, pieces } = drivers[d];
    let returned: number | boolean | null = true;
    if (name === 'alloc') {
      const addr = vmem_alloc(arena, n, VM_NOSLEEP);
      if (addr !== null) pieces.push([addr, n]);
      returned = addr;
    } else {
      vmem_free(arena, ...pieces.splice(n, 1)[0]);
    }
    return {
      returned,
      held: drivers.map((driver) => driver.pages()),
      heap: vmem_size(heap, VMEM_ALLOC) - before,
      memory: kvp.size - used,
      mapped: drivers.every((driver) =>
        driver.pieces.every(([addr]) => isMapped(addr))),
    };
  });
}
