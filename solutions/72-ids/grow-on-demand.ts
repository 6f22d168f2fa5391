// Grow on demand.
//
// The decision: ask first, grow after a no. What may be added is the least
// of three numbers: as many as there are, the step, and what the limit has
// left. If that is 0, vmem_add would panic, so the answer is null before.
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { segments } from '../../lib/opensolaris/vmem_check.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import {
  VM_NOSLEEP,
  VM_SLEEP,
  VMC_IDENTIFIER,
  VMEM_ALLOC,
  VMEM_FREE,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import { vmem_add, vmem_size } from '../../lib/opensolaris/vmem_walk.js';
import { reboot } from '../../lib/sys/reboot.js';

type Op = ['open'] | ['close', number];

/** An id, or null when there is none and the limit is reached. */
function open(ids: vmem_t, step: number, limit: number): number | null {
  const id = vmem_alloc(ids, 1, VM_NOSLEEP);
  if (id !== null) return id;
  const had = vmem_size(ids, VMEM_ALLOC | VMEM_FREE);
  const more = Math.min(had, step, limit - had);
  if (more <= 0) return null;
  if (vmem_add(ids, had + 1, more, VM_NOSLEEP) === null) return null;
  return vmem_alloc(ids, 1, VM_NOSLEEP);
}

/** What the opens returned, and the spans, as [first id, end]. */
export function run(
  first: number,
  step: number,
  limit: number,
  ops: Op[],
): { returned: (number | null)[]; spans: [number, number][] } {
  reboot();
  vmem_init();
  const ids = vmem_create(
    'ids', 1, first, 1, null, null, null, 0, VM_SLEEP | VMC_IDENTIFIER,
  )!;
  const returned: (number | null)[] = [];
  for (const op of ops) {
    if (op[0] === 'open') returned.push(open(ids, step, limit));
    else vmem_free(ids, op[1], 1);
  }
  const spans = segments(ids)
    .filter(({ type }) => type === 'span')
    .map(({ start, end }): [number, number] => [start, end]);
  return { returned, spans };
}
