import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { buckets } from '../../lib/opensolaris/vmem_check.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import { VM_SLEEP } from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init, vmem_update } from '../../lib/opensolaris/vmem_init.js';
import { advance, hz } from '../../lib/sys/clock.js';
import { reboot } from '../../lib/sys/reboot.js';
import { predict } from './when-it-grows.js';

const STEPS = [
  '41 ids allocated, 15 seconds',
  'one more, 15 seconds',
  '300 more',
  '15 seconds',
  'all but 100 freed, 15 seconds',
];

/** The number of buckets after each step. */
function moments(): number[] {
  reboot();
  vmem_init();
  vmem_update(null);
  const arena = vmem_create(
    'ids', 1, 10000, 1, null, null, null, 0, VM_SLEEP,
  )!;
  const held: number[] = [];
  const take = (n: number): void => {
    for (let i = 0; i < n; i++) held.push(vmem_alloc(arena, 1, VM_SLEEP)!);
  };
  const wait = (): void => advance(15 * hz);
  const drop = (): void => {
    while (held.length > 100) vmem_free(arena, held.pop()!, 1);
  };
  const steps = [
    () => { take(41); wait(); },
    () => { take(1); wait(); },
    () => take(300),
    wait,
    () => { drop(); wait(); },
  ];
  return steps.map((step) => {
    step();
    return buckets(arena).length;
  });
}

function ask(i: number, name: keyof ReturnType<typeof predict>,
  beliefs: Belief[]): void {
  const call = `buckets after ${STEPS[i]}`;
  const after = STEPS.slice(0, i);
  predicted(predict, name, { call, is: moments()[i], beliefs, after });
}

it('knows when a table is still left alone [1 point]', () => {
  ask(0, 'first', [
    { if: 32, then: 'That would be the better size. But up to a factor of 2 '
      + 'the table is left alone.' },
    { if: 64, then: 'Compute 3 * 41 + 4, and its highest bit.' },
  ]);
});

it('knows what one more segment does [1 point]', () => {
  ask(1, 'second', [
    { if: 16, then: 'Compute 3 * 42 + 4. Is the wanted size still within a '
      + 'factor of 2 of the old one?' },
    { if: 32, then: 'The table gets the size that is wanted at once; it does '
      + 'not double step by step.' },
  ]);
});

it('knows what allocations alone do to a table [1 point]', () => {
  ask(2, 'third', [
    { if: 256, then: 'No allocation resizes a table; vmem_update does.' },
    { if: 512, then: 'No allocation resizes a table; vmem_update does.' },
  ]);
});

it('knows the size after a large step [1 point]', () => {
  ask(3, 'fourth', [
    { if: 64, then: 'It is off by more than a factor of 2 now.' },
    { if: 128, then: 'It gets the wanted size at once, however far that is.' },
    { if: 256, then: 'Compute 3 * 342 + 4. Is its highest bit 512 or 1024?' },
  ]);
});

it('knows whether a table shrinks [1 point]', () => {
  ask(4, 'fifth', [
    { if: 64, then: 'Compute 3 * 100 + 4 first.' },
    { if: 256, then: 'It gets the wanted size at once; it does not halve step '
      + 'by step.' },
    { if: 512, then: 'A table shrinks too, when it is more than twice what is '
      + 'wanted.' },
  ]);
});
