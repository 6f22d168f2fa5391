// Arenas for tests: VMEM started anew, and short ways to make and read them.
import { freelists, segments } from '../../lib/opensolaris/vmem_check.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import {
  VM_NOSLEEP,
  VM_SLEEP,
  type vmem_alloc_t,
  type vmem_free_t,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import { setDebug } from '../../lib/sys/panic.js';
import { reboot } from '../../lib/sys/reboot.js';
export { panicOf } from '../caught.js';

/** Powers on, and starts VMEM. @returns the heap */
export function boot(): vmem_t {
  reboot();
  setDebug(false);
  return vmem_init();
}

/** An arena with the span [base, base + size). */
export function arena(
  name: string,
  base: number,
  size: number,
  quantum = 16,
  flags = VM_SLEEP,
): vmem_t {
  return vmem_create(name, base, size, quantum, null, null, null, 0, flags)!;
}

/** An arena that imports from another one, by the plain functions. */
export function child(
  name: string,
  source: vmem_t,
  quantum = 16,
  flags = VM_SLEEP,
  afunc: vmem_alloc_t = vmem_alloc,
  ffunc: vmem_free_t | null = vmem_free,
): vmem_t {
  return vmem_create(name, null, 0, quantum, afunc, ffunc, source, 0, flags)!;
}

/** Allocates each size in turn. */
export function allocAll(
  vmp: vmem_t,
  sizes: number[],
  flags = VM_NOSLEEP,
): (number | null)[] {
  return sizes.map((size) => vmem_alloc(vmp, size, flags));
}

/** The arena list as text: "r s4096+1024 a4096+128 f4224+896". */
export function listing(vmp: vmem_t): string {
  const one = { alloc: 'a', free: 'f', span: 's', rotor: 'r', walker: 'w' };
  return segments(vmp)
    .map(({ type, start, end, imported }) => {
      const letter = imported ? 'i' : one[type];
      const marker = type === 'rotor' || type === 'walker';
      return marker ? letter : `${letter}${start}+${end - start}`;
    })
    .join(' ');
}

/** The freelists as text: "5: 4096 4160; 9: 8192". */
export function freeText(vmp: vmem_t): string {
  return freelists(vmp)
    .map(({ n, pieces }) => `${n}: ${pieces.map((p) => p.start).join(' ')}`)
    .join('; ');
}

