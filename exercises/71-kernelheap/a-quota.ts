// A quota.
// Kind: change. Minutes: 40.
//
// Each driver gets an arena of its own, which imports from the heap. Until
// now its import function was segkmem_alloc, so one driver could take all
// memory of the machine. Write an import closure with a quota: a pair of
// functions that together enclose a count of pages.
//
//   afunc(source, size, vmflag)
//     gets [address, address + size) from source, with memory behind it. If
//     the arena would then hold more than `limit` pages, or if segkmem_alloc
//     has none, it returns null, and nothing has changed.
//   ffunc(source, addr, size)
//     gives back what afunc got.
//   pages()
//     how many pages the arena holds now.
//
// VMEM calls them: size is a multiple of a page. Each call of quota encloses
// a count of its own. What is allocated inside the arena does not matter,
// only what it has imported.
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
  const use = [limit, PAGESIZE, segkmem_alloc, segkmem_free];
  throw new Error(`TODO: a pair of functions, with ${use.length} things`);
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
