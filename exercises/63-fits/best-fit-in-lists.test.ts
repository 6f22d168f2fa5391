import { it } from 'vitest';
import {
  attempt,
  drawMaps,
  judge,
  type Belief,
} from '../../lib/grade/judge.js';
import {
  vmem_alloc,
  vmem_free,
  vmem_xalloc,
} from '../../lib/opensolaris/vmem_alloc.js';
import { freelists, segments } from '../../lib/opensolaris/vmem_check.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import {
  VM_BESTFIT,
  VM_NOSLEEP,
  VM_SLEEP,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import { reboot } from '../../lib/sys/reboot.js';
import { bestFit } from './best-fit-in-lists.js';

type Hole = [size: number, addr: number];
type Lists = Parameters<typeof bestFit>[0];
type Piece = Lists[number]['pieces'][number];

/** An arena in which these are free, and were freed in this order. */
function withHoles(holes: Hole[]): vmem_t {
  reboot();
  vmem_init();
  const end = Math.max(...holes.map(([size, addr]) => addr + size)) + 1;
  const vmp = vmem_create(
    'arena', 1000, end - 1000, 1, null, null, null, 0, VM_SLEEP,
  )!;
  const take = ([size, addr]: Hole): void => {
    const flag = VM_NOSLEEP | VM_BESTFIT;
    vmem_xalloc(vmp, size, 1, 0, 0, addr, addr + size, flag);
  };
  holes.forEach(take);
  segments(vmp)
    .filter(({ type }) => type === 'free')
    .forEach(({ start, end: to }) => take([to - start, start]));
  holes.forEach(([size, addr]) => vmem_free(vmp, addr, size));
  return vmp;
}

const plain = (vmp: vmem_t): Lists =>
  freelists(vmp).map(({ n, pieces }) => ({
    n,
    pieces: pieces.map(({ start, end }) => ({ start, end })),
  }));

/** "list 6: 120@1300 100@1500" */
const written = (lists: Lists): string[] =>
  lists.map(({ n, pieces }) => {
    const all = pieces.map(({ start, end }) => `${end - start}@${start}`);
    return `  list ${n}: ${all.join(' ')}`;
  });

/** Typical wrong answers: where else a search would take it from. */
function beliefsOf(lists: Lists, size: number): Belief[] {
  const chain = lists.flatMap(({ pieces }) => pieces);
  const long = ({ start, end }: Piece): number => end - start;
  const large = chain.filter((p) => long(p) >= size);
  const by = (order: (a: Piece, b: Piece) => number) =>
    [...large].sort(order)[0]?.start;
  const least = Math.min(...large.map(long));
  const equal = large.filter((p) => long(p) === least);
  const sure = lists.find(({ n }) => 2 ** n >= size)?.pieces[0]?.start;
  return [
    { if: undefined, then: 'The result is an object with addr and steps.' },
    { if: by((a, b) => long(a) - long(b) || a.start - b.start),
      then: 'Of equals take the first of the list, not the lowest address.' },
    { if: equal.at(-1)?.start,
      then: 'Of equals take the first of the list: an equal one does not '
        + 'replace what you have.' },
    { if: large[0]?.start,
      then: 'That is the first in the chain that is large enough. A later '
        + 'one of the list may be smaller.' },
    { if: sure,
      then: 'That is instant fit, from a list where all fit. Best fit starts '
        + 'at the list below.' },
    { if: by((a, b) => long(b) - long(a)),
      then: 'That is the largest. Best fit leaves the smallest rest.' },
    { if: null,
      then: 'There is one that is large enough. Do you start at the list '
        + 'below, and go on to the next when none of a list is?' },
    { if: chain.find((p) => long(p) < size)?.start,
      then: 'That segment is too small.' },
  ];
}

/** Asks once; judges the address, or the steps. */
function ask(holes: Hole[], size: number, what: 'addr' | 'steps'): void {
  const lists = plain(withHoles(holes));
  const call = `bestFit(lists, ${size})`;
  const result = attempt(call, () => bestFit(plain(withHoles(holes)), size));
  const have: unknown = Object(result)[what];

  const vmp = withHoles(holes);
  const before = vmp.vm_kstat.vk_search;
  const addr = vmem_alloc(vmp, size, VM_BESTFIT | VM_NOSLEEP);
  const steps = vmp.vm_kstat.vk_search - before;
  const drawn = [
    ...written(lists),
    ...drawMaps([{ name: 'free', pieces: holes }]),
  ];
  if (what === 'addr') {
    const beliefs = addr === null
      ? [{ if: (x: unknown) => x === 0 || x === -1 || x === undefined,
          then: 'That nothing fits is said by null.' }]
      : beliefsOf(lists, size);
    judge({ call: `the addr of ${call}`, have, is: addr, beliefs, drawn });
    return;
  }
  const nodes = (from: number): number =>
    lists.filter(({ n }) => n >= from)
      .reduce((sum, { pieces }) => sum + pieces.length, 0);
  const first = Math.floor(Math.log2(size));
  const exact = holes.some(([length]) => length === size);
  judge({
    call: `the steps of ${call}`,
    have,
    is: steps,
    beliefs: [
      { if: (x: unknown) => exact && x !== nodes(0) + lists.length
          && typeof x === 'number' && x > steps,
        then: 'An exact fit ends the search: no other leaves less.' },
      { if: nodes(0) + lists.length,
        then: 'All lists were searched. Which can have a segment that is '
          + 'large enough, and which of these the smallest?' },
      { if: nodes(first) + lists.filter(({ n }) => n >= first).length,
        then: 'The lists behind the first that has one have only larger '
          + 'ones: end there.' },
      { if: (x: unknown) => typeof x === 'number' && x === steps - 1,
        then: 'One too few: is the end of a list counted?' },
      { if: (x: unknown) => typeof x === 'number' && x > steps,
        then: 'Too many: are the lists of smaller sizes skipped?' },
      { if: (x: unknown) => typeof x === 'number' && x < steps,
        then: 'Too few: the best of a list is known at its end only; and '
          + 'when none is large enough, the next list is searched too.' },
    ],
    drawn,
  });
}

it('takes the smallest of a list that is large enough [2 points]', () => {
  ask([[100, 1500], [120, 1300]], 90, 'addr');
  ask([[72, 1000], [110, 1100], [100, 1500], [120, 1300]], 90, 'addr');
});

it('takes the first of equals in the order of the list [1 point]', () => {
  ask([[100, 1300], [100, 1100]], 90, 'addr');
  ask([[100, 1100], [100, 1300], [120, 1500]], 90, 'addr');
});

it('starts below the list where all fit, and goes up if it must [2 points]', () => {
  ask([[100, 1000], [200, 1200]], 90, 'addr');
  ask([[72, 1000], [200, 1200]], 90, 'addr');
  ask([[72, 1000], [300, 1100], [260, 1500]], 90, 'addr');
});

it('looks no further than the end of a list, or an exact fit [2 points]', () => {
  ask([[100, 1000], [120, 1200]], 90, 'steps');
  ask([[100, 1000], [120, 1200], [200, 1400]], 90, 'steps');
  ask([[20, 1000], [40, 1100], [100, 1200]], 90, 'steps');
  ask([[20, 1500], [72, 1000], [100, 1100], [110, 1300]], 100, 'steps');
  ask([[72, 1000], [200, 1200], [300, 1500]], 90, 'steps');
});

it('returns null when none is large enough, after a success [1 point]', () => {
  ask([[72, 1000], [100, 1200]], 80, 'addr');
  ask([[72, 1000], [100, 1200]], 101, 'addr');
  ask([[72, 1000], [100, 1200]], 500, 'addr');
});
