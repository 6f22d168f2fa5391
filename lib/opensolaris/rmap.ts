// The old map, on the new arena.
//
// Follows illumos common/os/rmap.c (1999). Drivers had called rmalloc and
// rmfree for twenty years, and were not to be changed when the array behind
// these was. So the names stayed, and an arena took the array's place.
// Idea: an old interface can be kept over something new as long as callers
// kept to what was promised. What only happened to work is a panic now.
//
// 1. A map is an arena with quantum 1 and no source, empty at first.
// 2. rmfree does two things, by what the arena knows: a range in one of
//    its spans is given back, any other is new and becomes a span.
// 3. An arena cannot be full: there are no slots, and nothing is lost.
//
// What the map of 4.3BSD and Solaris 7 (room bsd) did, and this does not:
// - first fit by address: instant fit takes from a list of large enough
//   pieces, so addresses differ;
// - pieces that touch are one: spans that were freed in one by one stay
//   apart, and no request crosses from one to the next;
// - a piece may go back in parts, or two pieces as one: here a range must
//   be what was allocated, or it is a panic;
// - a range that is half free, half new, is a "bad rmfree": here it is a
//   span over a span, and its units can be given out twice.
//
// Left out: nothing.
import { printf } from '../sys/cons.js';
import { vmem_alloc, vmem_free } from './vmem_alloc.js';
import { vmem_create, vmem_destroy } from './vmem_create.js';
import { VM_NOSLEEP, VM_SLEEP, type vmem_t } from './vmem_impl.js';
import { vmem_add, vmem_contains } from './vmem_walk.js';

/** An empty map, if need be after a wait: vmflag says. */
const newMap = (vmflag: number): vmem_t | null =>
  vmem_create('rmap', null, 0, 1, null, null, null, 0, vmflag);

/**
 * A map with nothing free in it.
 * @param _mapsize slots that it would have had; no longer of use
 * @returns null if there is no memory for it
 */
export function rmallocmap(_mapsize: number): vmem_t | null {
  return newMap(VM_NOSLEEP);
}

/** The same, and waits for memory. */
export function rmallocmap_wait(_mapsize: number): vmem_t {
  return newMap(VM_SLEEP)!;
}

/** The end of a map. What is allocated in it is not given back. */
export function rmfreemap(mp: vmem_t): void {
  vmem_destroy(mp);
}

/** Allocates size units. @returns the first, or 0 when there are none */
export function rmalloc(mp: vmem_t, size: number): number {
  return vmem_alloc(mp, size, VM_NOSLEEP) ?? 0;
}

/** The same, and waits until there are some. */
export function rmalloc_wait(mp: vmem_t, size: number): number {
  return vmem_alloc(mp, size, VM_SLEEP)!;
}

/**
 * Frees [addr, addr + size), or makes it known: a map is filled by freeing
 * what was never allocated.
 * @throws Panic of vmem_free for a range of the map that is not an
 *   allocation as a whole; of vmem_add for address or size 0
 */
export function rmfree(mp: vmem_t, size: number, addr: number): void {
  if (vmem_contains(mp, addr, size)) {
    vmem_free(mp, addr, size);
  } else if (vmem_add(mp, addr, size, VM_NOSLEEP) === null) {
    const call = `rmfree(${mp.vm_name}, ${size}, ${addr})`;
    printf(`WARNING: ${call}: cannot add segment`);
  }
}
