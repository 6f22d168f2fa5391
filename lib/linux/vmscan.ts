// What the page allocator expects of page replacement.
//
// In Linux 2.6.11 these functions are in mm/vmscan.c, mm/oom_kill.c and
// drivers/block/ll_rw_blk.c. They find pages that somebody can do without:
// in the page cache, in processes, in caches of the file system. Here are
// none of those. Idea: the page allocator calls, and does not care how it
// is done; so what a machine can free is handed in.
//
// 1. After reboot() there is nothing to free: kswapd does nothing, reclaim
//    gets nowhere, and there is no process to kill.
//
// Left out: page replacement itself.
import { panic } from '../sys/panic.js';
import { onReboot } from '../sys/reboot.js';
import type { zone } from './mmzone.js';
import { schedule_timeout } from './sched.js';

/** For blk_congestion_wait: the queue of writes. */
export const WRITE = 1;

/** What page replacement does for the page allocator. */
export interface Reclaim {
  /** Tells a zone's kswapd that a block of this order was not there. */
  wakeup_kswapd(z: zone, order: number): void;
  /** Frees pages, as far as the mask allows. @returns how many, roughly */
  try_to_free_pages(
    zones: readonly zone[],
    gfp_mask: number,
    order: number,
  ): number;
  /** Kills a process for its memory. */
  out_of_memory(gfp_mask: number): void;
  /** Waits until a disk has caught up, at most for some jiffies. */
  blk_congestion_wait(rw: number, timeout: number): void;
}

/** A machine without page cache, swap and processes: nothing to free. */
const nothingToFree: Reclaim = {
  wakeup_kswapd() {},
  try_to_free_pages: () => 0,
  out_of_memory(gfp_mask) {
    const why = 'Out of memory and no killable processes...';
    const call = `out_of_memory(0x${gfp_mask.toString(16)})`;
    panic(`Kernel panic - not syncing: ${why}`, { call });
  },
  blk_congestion_wait: (_, timeout) => schedule_timeout(timeout),
};

/** Assign to its parts what this machine can do. */
export const reclaim: Reclaim = { ...nothingToFree };

onReboot(() => {
  Object.assign(reclaim, nothingToFree);
});
