import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import {
  __GFP_NORETRY,
  __GFP_NOWARN,
  __GFP_WAIT,
  GFP_ATOMIC,
  GFP_KERNEL,
  GFP_USER,
} from '../../lib/linux/gfp.js';
import { contig_page_data } from '../../lib/linux/mmzone.js';
import { alloc_page } from '../../lib/linux/page_alloc.js';
import { bootMemory } from '../../lib/linux/page_alloc_boot.js';
import {
  init_per_zone_pages_min,
  min_free_kbytes_sysctl_handler,
} from '../../lib/linux/page_alloc_marks.js';
import { get_current, PF_MEMALLOC } from '../../lib/linux/sched.js';
import { reboot } from '../../lib/sys/reboot.js';
import { predict } from './how-deep.js';

const nothing = (): void => {};

/** Pages left when a mask gets no more; `rank` changes the task before. */
function left(mask: number, rank: () => void = nothing): number {
  reboot();
  bootMemory({ zones: [0, 1024, 0] });
  init_per_zone_pages_min();
  min_free_kbytes_sysctl_handler(400); // 100 pages
  rank();
  // Neither changes how deep a request may go.
  const quiet = mask | __GFP_NORETRY | __GFP_NOWARN;
  while (alloc_page(quiet) !== null);
  return contig_page_data.node_zones[1].free_pages;
}

const WHOLE: Belief = {
  if: 100,
  then: 'That is pages_min itself. Has this request one of the two keys?',
};
const GIVEN: Belief = {
  if: (n: unknown) => typeof n === 'number' && n > 500,
  then: 'That many are given out. The question is how many are left.',
};

function ask(name: keyof ReturnType<typeof predict>, call: string, is: number,
  beliefs: Belief[]): void {
  const rest = is === 100 ? [GIVEN] : [WHOLE, GIVEN];
  predicted(predict, name, {
    call: `pages left by ${call}`, is, beliefs: [...beliefs, ...rest],
  });
}

it('says what GFP_KERNEL must leave [1 point]', () => {
  ask('kernel', 'GFP_KERNEL', left(GFP_KERNEL), [
    { if: 0, then: 'An ordinary request leaves the watermark.' },
    { if: 101, then: 'With 101 free, more is free than must stay: one more '
      + 'request is granted.' },
    { if: 75, then: 'It may wait, so it gets no quarter.' },
    { if: 50, then: 'It has no __GFP_HIGH, so it gets no half.' },
  ]);
});

it('says what GFP_USER must leave [1 point]', () => {
  ask('user', 'GFP_USER', left(GFP_USER), [
    { if: (n: unknown) => typeof n === 'number' && n < 500,
      then: 'Compare its value with that of GFP_KERNEL.' },
  ]);
});

it('says what GFP_ATOMIC must leave [1 point]', () => {
  ask('atomic', 'GFP_ATOMIC', left(GFP_ATOMIC), [
    { if: 0, then: 'It goes deep, but something stays for those who free.' },
    { if: 37, then: 'A quarter of 50 is 12, rounded down: take away that.' },
    { if: 37.5, then: 'The kernel computes in whole numbers.' },
    { if: 25, then: 'The quarter is one of what is left after the half, and '
      + 'not of all.' },
    { if: 50, then: 'It has __GFP_HIGH. And what else does it not have?' },
    { if: 75, then: 'It lacks __GFP_WAIT. And what else does it have?' },
  ]);
});

it('says what is left without __GFP_WAIT [1 point]', () => {
  ask('noWait', 'GFP_KERNEL & ~__GFP_WAIT', left(GFP_KERNEL & ~__GFP_WAIT), [
    { if: 50, then: 'The half is for __GFP_HIGH. This mask only cannot wait.' },
    { if: 25, then: 'A quarter less must stay, and not a quarter.' },
    { if: 38, then: 'The half is for __GFP_HIGH. This mask only cannot wait.' },
  ]);
});

it('says what a mixed mask must leave [1 point]', () => {
  ask('mixed', 'GFP_ATOMIC | __GFP_WAIT', left(GFP_ATOMIC | __GFP_WAIT), [
    { if: 38, then: 'ATOMIC is no bit of its own. With __GFP_WAIT the request '
      + 'can wait, so it gets no quarter.' },
    { if: 75, then: '__GFP_HIGH opens the half.' },
  ]);
});

it('says what a real-time task must leave [1 point]', () => {
  const is = left(GFP_KERNEL, () => {
    get_current().prio = 10;
  });
  ask('realtime', 'GFP_KERNEL of a real-time task', is, [
    { if: 0, then: 'A real-time task does not free memory. Only who does may '
      + 'take all.' },
    { if: 50, then: 'Its rank counts as the want of __GFP_WAIT does, not as '
      + '__GFP_HIGH.' },
    { if: 38, then: 'Its rank counts as the want of __GFP_WAIT does, not as '
      + '__GFP_HIGH.' },
    { if: 25, then: 'A quarter less must stay, and not a quarter.' },
  ]);
});

it('says what a task that frees memory must leave [1 point]', () => {
  const is = left(GFP_KERNEL, () => {
    get_current().flags |= PF_MEMALLOC;
  });
  ask('freeing', 'GFP_KERNEL of a task with PF_MEMALLOC', is, [
    { if: 38, then: 'It is no rank among others: whoever frees memory must '
      + 'not fail for lack of it.' },
    { if: 50, then: 'It is no rank among others: whoever frees memory must '
      + 'not fail for lack of it.' },
    { if: 75, then: 'It is no rank among others: whoever frees memory must '
      + 'not fail for lack of it.' },
  ]);
});
