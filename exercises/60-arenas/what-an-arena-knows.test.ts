import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { segments } from '../../lib/opensolaris/vmem_check.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import {
  VM_NOSLEEP,
  VM_SLEEP,
  VMEM_ALLOC,
  VMEM_FREE,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import { vmem_add, vmem_size } from '../../lib/opensolaris/vmem_walk.js';
import { reboot } from '../../lib/sys/reboot.js';
import { predict } from './what-an-arena-knows.js';

const SIZES = [100, 64, 300];

function fresh(base: number, size: number, quantum: number): vmem_t {
  reboot();
  vmem_init();
  return vmem_create('a', base, size, quantum, null, null, null, 0, VM_SLEEP)!;
}

const takes = (vmp: vmem_t, sizes: number[]): (number | null)[] =>
  sizes.map((size) => vmem_alloc(vmp, size, VM_NOSLEEP));

/** Arena a with the three pieces, and their addresses. */
function three(base = 0x4000) {
  const a = fresh(base, 4096, 64);
  return { a, at: takes(a, SIZES) };
}

const CALLS = SIZES.map((size) => `vmem_alloc(a, ${size})`);

function ask(name: keyof ReturnType<typeof predict>, call: string,
  is: number | null, beliefs: Belief[], after: string[] = CALLS): void {
  predicted(predict, name, { call, is, beliefs, after });
}

it('says where the third piece begins [1 point]', () => {
  ask('third', CALLS[2], three().at[2], [
    { if: 16548, then: 'Each piece is rounded up to the quantum, so the '
      + 'second does not begin at 100.' },
    { if: 192, then: 'That is how far behind the base it is. The question is '
      + 'the address.' },
    { if: 16640, then: 'The second piece is 64 already. It needs no rounding.' },
    { if: 0x4000, then: 'Three clients cannot have the same range.' },
  ], CALLS.slice(0, 2));
});

it('says what is in use [1 point]', () => {
  ask('inuse', 'vmem_size(a, VMEM_ALLOC)', vmem_size(three().a, VMEM_ALLOC), [
    { if: 512, then: 'That is what the pieces occupy. The counter has what '
      + 'was asked for.' },
    { if: 3, then: 'It is a size, not a number of pieces.' },
  ]);
});

it('says what counts as free [1 point]', () => {
  ask('free', 'vmem_size(a, VMEM_FREE)', vmem_size(three().a, VMEM_FREE), [
    { if: 3584, then: 'That is what can still be given out. vmem_size counts '
      + 'the total less what was asked for.' },
    { if: 4096, then: 'What clients have is not free.' },
    { if: 1, then: 'It is a size, not a number of segments.' },
  ]);
});

it('says how many tags there are after a free [1 point]', () => {
  const { a, at } = three();
  vmem_free(a, at[1]!, 64);
  const is = segments(a).filter((s) => s.type === 'alloc' || s.type === 'free');
  ask('tags', 'segments of the span', is.length, [
    { if: 2, then: 'That counts the allocated ones, or the free ones. Tags '
      + 'cover the whole span.' },
    { if: 3, then: 'What was freed is a segment, and the large rest at the '
      + 'end is one too. They do not touch.' },
    { if: 5, then: 'The marker of the span is no segment of it, and the '
      + 'rounding at the end of a piece has no tag of its own.' },
  ], [...CALLS, 'vmem_free of the second']);
});

it('says what a shift of the base changes [1 point]', () => {
  ask('shifted', 'the third address less the base', three(0x4040).at[2]! - 0x4040, [
    { if: 16640, then: 'That is the address. The question is how far behind '
      + 'the base it is.' },
    { if: 128, then: 'The base moves, and all pieces move with it.' },
    { if: 256, then: 'The base moves, and all pieces move with it.' },
    { if: 164, then: 'Each piece is rounded up to the quantum.' },
  ]);
});

it('says which id the third client gets [1 point]', () => {
  const is = takes(fresh(1, 10, 1), [1, 1, 1])[2];
  ask('ids', 'vmem_alloc(ids, 1)', is, [
    { if: 2, then: 'Ids begin with 1 here: 0 can be in no arena.' },
    { if: 129, then: 'The quantum is 1 here, not 64.' },
    { if: 192, then: 'The quantum is 1 here, not 64.' },
    { if: 4, then: 'The first client gets the base itself.' },
  ], ['vmem_alloc(ids, 1)', 'vmem_alloc(ids, 1)']);
});

it('says whether two spans serve one request [1 point]', () => {
  const vmp = fresh(4096, 4096, 64);
  vmem_add(vmp, 12288, 4096, VM_SLEEP);
  const is = vmem_alloc(vmp, 6000, VM_NOSLEEP);
  ask('spans', 'vmem_alloc(two, 6000)', is, [
    { if: 4096, then: '8192 are free in sum, but a segment lies in one span, '
      + 'and no span is so long.' },
    { if: 12288, then: 'That span has 4096. A request of 6000 needs one '
      + 'segment of that size.' },
    { if: 0, then: 'Ours says null where C says NULL.' },
  ], []);
});
