import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import {
  __GFP_NORETRY,
  __GFP_NOWARN,
  GFP_ATOMIC,
  GFP_DMA,
  GFP_KERNEL,
} from '../../lib/linux/gfp.js';
import { contig_page_data } from '../../lib/linux/mmzone.js';
import { alloc_pages } from '../../lib/linux/page_alloc.js';
import { bootMemory } from '../../lib/linux/page_alloc_boot.js';
import { init_per_zone_pages_min } from '../../lib/linux/page_alloc_marks.js';
import { get_current, interrupt, PF_MEMALLOC } from '../../lib/linux/sched.js';
import { reclaim } from '../../lib/linux/vmscan.js';
import { reboot } from '../../lib/sys/reboot.js';
import { predict } from './down-to-which-mark.js';

type Name = keyof ReturnType<typeof predict>;

interface Question {
  call: string;
  zone: 0 | 1; // DMA, Normal
  mask: number;
  order?: number;
  memalloc?: boolean; // the task frees memory
  handler?: boolean; // asked in an interrupt
  woken?: boolean; // when kswapd is woken, not at the end
}

const names = ['DMA', 'Normal'];

/** What is free in the zone that is asked for. */
function run(q: Question): number {
  reboot();
  bootMemory({ zones: [4096, 8192, 0] });
  init_per_zone_pages_min();
  const { node_zones } = contig_page_data;
  let woken: number | null = null;
  reclaim.wakeup_kswapd = () => {
    woken ??= node_zones[q.zone].free_pages;
  };
  if (q.memalloc) get_current().flags |= PF_MEMALLOC;
  const mask = q.mask | __GFP_NORETRY | __GFP_NOWARN;
  const drain = (): void => {
    while (alloc_pages(mask, q.order ?? 0) !== null);
  };
  if (q.handler) interrupt(drain);
  else drain();
  return q.woken ? woken! : node_zones[q.zone].free_pages;
}

function ask(name: Name, q: Question, beliefs: Belief[]): void {
  const at = q.woken ? 'when kswapd is woken' : 'at the end';
  predicted(predict, name, {
    call: `${name}: ${q.call}, free in ${names[q.zone]} ${at}`,
    is: run(q),
    beliefs: [...beliefs, ...general(q)],
  });
}

/** What may be believed of any requester. */
const general = ({ zone }: Question): Belief[] => [
  { if: zone === 1 ? 220 : 109,
    then: 'pages_high is where kswapd stops. No request is held up there.' },
  { if: (n: unknown) => zone === 1 && typeof n === 'number' && n % 2 !== 0,
    then: 'Pages leave Normal two at a time, so the number is even.' },
  { if: (n: unknown) => n === 4096 || n === 8192,
    then: 'Pages are taken from this zone too.' },
];

it('says what GFP_KERNEL leaves in Normal [1 point]', () => {
  ask('kernel', { call: 'GFP_KERNEL', zone: 1, mask: GFP_KERNEL }, [
    { if: (n: unknown) => n === 182 || n === 183 || n === 184,
      then: 'Below pages_low a request wakes kswapd, and is still granted.' },
    { if: 148, then: '148 is more than 147, so two more are taken.' },
  ]);
});

it('says what GFP_ATOMIC leaves in Normal [1 point]', () => {
  ask('atomic', { call: 'GFP_ATOMIC', zone: 1, mask: GFP_ATOMIC }, [
    { if: 0, then: 'GFP_ATOMIC goes deeper than others, but it has a floor.' },
    { if: 74, then: 'Half is open to __GFP_HIGH, and then a quarter of the rest '
      + 'to those who cannot wait.' },
    { if: 54, then: 'Halves are rounded down when they are taken away: 147 less '
      + '73, and then less 18.' },
    { if: 146, then: 'GFP_ATOMIC has two privileges against the mark.' },
    { if: 110, then: 'That is for the mask 0. GFP_ATOMIC has __GFP_HIGH too.' },
  ]);
});

it('says what GFP_ATOMIC leaves in DMA [1 point]', () => {
  ask('atomicInDma', { call: 'GFP_ATOMIC', zone: 0, mask: GFP_ATOMIC }, [
    { if: 28, then: 'The request was meant for Normal, so the reserve counts.' },
    { if: 40, then: 'The mark is cut; the reserve is added whole, after that.' },
    { if: 105, then: 'GFP_ATOMIC may go below pages_min in DMA as well.' },
    { if: 73, then: 'The mark is cut for GFP_ATOMIC, and the reserve is added.' },
  ]);
});

it('says what a request for DMA leaves there [1 point]', () => {
  const mask = GFP_KERNEL | GFP_DMA;
  ask('dmaOnly', { call: 'GFP_KERNEL | GFP_DMA', zone: 0, mask }, [
    { if: 105, then: 'The reserve is against those who could have gone to '
      + 'Normal. This one cannot.' },
    { if: 72, then: '73 free pages are not more than 73.' },
    { if: 91, then: 'pages_low only wakes kswapd.' },
  ]);
});

it('says what an interrupt has of the task that it stopped [1 point]', () => {
  ask('interrupt', {
    call: 'GFP_ATOMIC in an interrupt', zone: 1, mask: GFP_ATOMIC,
    memalloc: true, handler: true,
  }, [
    { if: 0, then: 'PF_MEMALLOC belongs to the task. An interrupt asks for '
      + 'itself.' },
    { if: 146, then: 'The mask keeps its own privileges in an interrupt.' },
  ]);
});

it('says what is left by a task that frees memory [1 point]', () => {
  ask('freeing', {
    call: 'GFP_KERNEL with PF_MEMALLOC', zone: 0, mask: GFP_KERNEL,
    memalloc: true,
  }, [
    { if: 105, then: 'Step 4 looks at no mark, and at no reserve.' },
    { if: 32, then: 'Step 4 looks at no mark, and at no reserve.' },
    { if: 73, then: 'Step 4 looks at no mark, and at no reserve.' },
  ]);
});

it('says what requests for blocks leave [1 point]', () => {
  ask('blocks', {
    call: 'GFP_KERNEL for 4 pages', zone: 1, mask: GFP_KERNEL, order: 2,
  }, [
    { if: 146, then: 'Four pages leave at once, so the number is a multiple of 4.' },
    { if: 144, then: 'The last block would leave fewer than pages_min.' },
    { if: 152, then: 'From 152, 148 would stay: enough, so it is granted.' },
  ]);
});

it('says how full Normal is when kswapd is woken [1 point]', () => {
  ask('wokenNormal', {
    call: 'GFP_KERNEL', zone: 1, mask: GFP_KERNEL, woken: true,
  }, [
    { if: 184, then: '184 is more than 183, so step 1 takes two more.' },
    { if: 146, then: 'kswapd is woken earlier: as soon as step 1 finds nothing.' },
  ]);
});

it('says how full DMA is when kswapd is woken [1 point]', () => {
  ask('wokenDma', {
    call: 'GFP_KERNEL', zone: 0, mask: GFP_KERNEL, woken: true,
  }, [
    { if: 4096, then: 'Step 1 tries every zone of the list, and only then is '
      + 'kswapd woken.' },
    { if: 91, then: 'The request was meant for Normal: low and reserve.' },
    { if: 105, then: 'Step 1 compares with pages_low, not with pages_min.' },
  ]);
});
