// Grow on demand.
// Kind: change. Minutes: 30.
//
// An arena of ids starts with the ids 1 to `first`. It grows like that of
// the terminals, with a limit of its own:
//
// - As long as an id is free, it does not grow.
// - When none is free, it becomes twice as large, but not by more than
//   `step` ids at once. What is added follows on what is there: the ids
//   are always 1 to the number of ids, without a gap.
// - It never has more than `limit` ids. If doubling or `step` would go
//   beyond it, exactly as many are added as the limit still allows.
// - When none is free and the limit is reached, open returns null.
//
// Write open. The arena keeps all that you need to know: how many ids it
// has is vmem_size(ids, VMEM_ALLOC | VMEM_FREE). No variable is needed.
//
// run makes an arena, then a list of calls, ['open'] or ['close', id], and
// tells what the opens returned and which spans the arena has in the end.
// first, step and limit are 1 or more; limit is not below first.
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
  // These may serve you.
  void [vmem_add, vmem_alloc, vmem_size, VM_NOSLEEP, VMEM_ALLOC, VMEM_FREE];
  throw new Error(`TODO: an id of ${ids.vm_name}, by ${step}, up to ${limit}`);
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
