import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import {
  VM_NEXTFIT,
  VM_NOSLEEP,
  VM_SLEEP,
  VMC_IDENTIFIER,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import { reboot } from '../../lib/sys/reboot.js';
import { predict } from './which-is-next.js';

const CALLS = ['close 2', 'close 4', 'close 5', 'open', 'open', 'close 1',
  'open', 'open'];

/** What the four opens return. */
function opens(flag: number): number[] {
  reboot();
  vmem_init();
  const ids = vmem_create(
    'ids', 1, 8, 1, null, null, null, 0, VM_SLEEP | VMC_IDENTIFIER,
  )!;
  const open = (): number => vmem_alloc(ids, 1, VM_NOSLEEP | flag)!;
  for (let i = 0; i < 6; i++) open();
  return CALLS.flatMap((call) => {
    if (call === 'open') return [open()];
    vmem_free(ids, Number(call.slice(6)), 1);
    return [];
  });
}

/** Judges the n-th open, counted from 1, under a policy. */
function ask(policy: 'i' | 'n', n: 1 | 2 | 3 | 4, beliefs: Belief[]): void {
  const flag = policy === 'i' ? 0 : VM_NEXTFIT;
  const at = CALLS.flatMap((call, i) => (call === 'open' ? [i] : []))[n - 1];
  predicted(predict, `${policy}${n}`, {
    call: `the open by ${policy === 'i' ? 'instant' : 'next'} fit`,
    is: opens(flag)[n - 1],
    beliefs,
    after: ['1 to 6', ...CALLS.slice(0, at)],
  });
}

it('says the first open by instant fit [1 point]', () => {
  ask('i', 1, [
    { if: 5, then: 'What was closed last is given out first, within one '
      + 'list. On which list is 5, once it is joined to 4?' },
    { if: 4, then: '4 and 5 are one free segment now. Which list is looked '
      + 'at first for one id?' },
    { if: 7, then: 'Instant fit begins at the list of single ids.' },
  ]);
});

it('says the second open by instant fit [1 point]', () => {
  ask('i', 2, [
    { if: 5, then: 'A segment is cut from its start.' },
    { if: 7, then: 'Two segments are on list 1. Which came to it last?' },
    { if: 2, then: '2 has just been given out.' },
    { if: 1, then: '1 is closed later.' },
  ]);
});

it('says the third open by instant fit [1 point]', () => {
  ask('i', 3, [
    { if: 5, then: '5 has been on list 0 since the open before. What came '
      + 'to the list after it?' },
    { if: 7, then: 'There are single ids, and their list comes first.' },
    { if: 2, then: '2 is taken since the first open.' },
  ]);
});

it('says the fourth open by instant fit [1 point]', () => {
  ask('i', 4, [
    { if: 7, then: 'The rest of [4, 6) is still there, on list 0.' },
    { if: 2, then: '2 is taken since the first open.' },
    { if: 4, then: '4 is taken since the second open.' },
  ]);
});

it('says the first open by next fit [1 point]', () => {
  ask('n', 1, [
    { if: 2, then: 'Next fit does not begin with the lowest id, but behind '
      + 'the last one.' },
    { if: 5, then: 'That is the last that was closed. Next fit goes on '
      + 'behind the last that was opened.' },
    { if: 4, then: 'Next fit goes on behind the last that was opened.' },
  ]);
});

it('says the second open by next fit [1 point]', () => {
  ask('n', 2, [
    { if: 2, then: 'Behind the last one is still a free id.' },
    { if: 4, then: 'Behind the last one is still a free id.' },
  ]);
});

it('says the third open by next fit [1 point]', () => {
  ask('n', 3, [
    { if: 9, then: 'The arena ends at 8. Where does the search go on?' },
    { if: 2, then: 'The search comes round to the lowest ids. Which was '
      + 'closed in the meantime?' },
  ]);
});

it('says the fourth open by next fit [1 point]', () => {
  ask('n', 4, [
    { if: 1, then: '1 has just been given out.' },
    { if: 4, then: 'A lower id is free, and it comes first behind the last '
      + 'one.' },
    { if: 5, then: 'Next fit looks at no freelist: it goes on by number.' },
    { if: 9, then: 'The arena ends at 8.' },
  ]);
});
