// Kernels for the tests of the slab level, and what is asked of them.
import { init_per_zone_pages_min } from '../../lib/linux/page_alloc_marks.js';
import { kmem_cache_create, kmem_cache_init } from '../../lib/linux/slab_create.js';
import {
  type Build, configure, type Ctor, type kmem_cache_t,
} from '../../lib/linux/slab_layout.js';
import { dmesg, printed } from '../../lib/sys/cons.js';
import { boot } from './machine.js';

/** Boots 64 MB and the slab caches: i386, cache lines of 32, no debugging. */
export function bootSlabs(build: Partial<Build> = {}, cpus = 1): void {
  boot({ zones: [4096, 12288, 0] }, { cpus, marks: false });
  configure(build);
  kmem_cache_init();
  init_per_zone_pages_min();
}

export const debugging: Partial<Build> = { CONFIG_DEBUG_SLAB: true };

/** A cache that must come to be. */
export function create(
  name: string,
  size: number,
  { align = 0, flags = 0, ctor = null, dtor = null }: {
    align?: number;
    flags?: number;
    ctor?: Ctor | null;
    dtor?: Ctor | null;
  } = {},
): kmem_cache_t {
  return kmem_cache_create(name, size, align, flags, ctor, dtor)!;
}

/** Runs f. @returns what the kernel said meanwhile, line by line */
export function saidBy(f: () => void): string[] {
  const before = printed;
  f();
  const said = printed - before;
  return dmesg().slice(dmesg().length - said);
}
