// Machines for the tests of lib/linux, and what is asked of them.
import { dmesg } from '../../lib/sys/cons.js';
import { startCpus } from '../../lib/sys/cpu.js';
import { reboot } from '../../lib/sys/reboot.js';
import type { page } from '../../lib/linux/mm.js';
import { contig_page_data, type zone } from '../../lib/linux/mmzone.js';
import { bootMemory, type Memory } from '../../lib/linux/page_alloc_boot.js';
import { init_per_zone_pages_min } from '../../lib/linux/page_alloc_marks.js';
import { get_current } from '../../lib/linux/sched.js';
export { panicOf } from '../caught.js';

/** 48 MB, as in the golden file buddy-watermarks-48mb. */
export const mb48: Memory = { zones: [4096, 8192, 0] };

/** Turns a machine on; its task is called test. */
export function boot(memory: Memory, { cpus = 1, marks = true } = {}): void {
  reboot();
  startCpus(cpus);
  get_current().comm = 'test';
  bootMemory(memory);
  if (marks) init_per_zone_pages_min();
}

/** One zone of so many pages, without watermarks. */
export function bootTiny(pages: number): zone {
  boot({ zones: [0, pages, 0] }, { marks: false });
  return contig_page_data.node_zones[1];
}

/** What the kernel has said since it booted, as one text. */
export const console = (): string => dmesg().join('\n');

export const pfnOf = (p: page | null): number | null => p && p.pfn;

/** How many blocks f gives before it says null. */
export function blocksUntilNull(f: () => page | null): number {
  let blocks = 0;
  while (f() !== null) blocks++;
  return blocks;
}
