import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { freelists } from '../../lib/opensolaris/vmem_check.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import {
  VM_BESTFIT,
  VM_NEXTFIT,
  VM_NOSLEEP,
  VM_SLEEP,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import { reboot } from '../../lib/sys/reboot.js';
import { predict } from './choose-the-freelist.js';

type Name = keyof ReturnType<typeof predict>;

const SIZES = [20, 30, 200, 500, 1500];

/** The arena of the task. */
function arena(): vmem_t {
  reboot();
  vmem_init();
  const units = SIZES.reduce((sum, n) => sum + n + 1, 0);
  const vmp = vmem_create(
    'task', 1000, units, 1, null, null, null, 0, VM_SLEEP,
  )!;
  const at = SIZES.map((size) => {
    const addr = vmem_alloc(vmp, size, VM_NOSLEEP)!;
    // Behind the 200, the rotor is put.
    vmem_alloc(vmp, 1, VM_NOSLEEP | (size === 200 ? VM_NEXTFIT : 0));
    return addr;
  });
  SIZES.forEach((size, i) => vmem_free(vmp, at[i], size));
  return vmp;
}

interface Found { n: number; start: number; end: number }

/** The free segments, each with its list. */
const free = (vmp: vmem_t): Found[] =>
  freelists(vmp).flatMap(({ n, pieces }) =>
    pieces.map(({ start, end }) => ({ n, start, end })));

/** The list that a request is cut from, and the one that has the rest. */
function lists(size: number, flag: number) {
  const vmp = arena();
  const before = free(vmp);
  const addr = vmem_alloc(vmp, size, VM_NOSLEEP | flag);
  const from = before.find(({ start, end }) =>
    addr !== null && start <= addr && addr < end);
  const rest = from && free(vmp).find(({ end }) => end === from.end);
  return { from: from?.n ?? null, rest: rest?.n ?? null };
}

/** The lists as they are, a line each. */
function drawn(): string[] {
  return freelists(arena()).map(({ n, pieces }) => {
    const sizes = pieces.map(({ start, end }) => end - start).join(', ');
    return `  list ${`${n}`.padStart(2)}  ${2 ** n} to ${2 ** (n + 1) - 1}: ${sizes}`;
  });
}

function ask(name: Name, size: number, flag: number, beliefs: Belief[]): void {
  const { from, rest } = lists(size, flag);
  const named = flag === VM_BESTFIT ? ', VM_BESTFIT'
    : flag === VM_NEXTFIT ? ', VM_NEXTFIT' : '';
  const what = name === 'rest' ? 'list of the rest after' : 'list for';
  predicted(predict, name, {
    call: `${what} vmem_alloc of ${size}${named}`,
    is: name === 'rest' ? rest : from,
    beliefs: [...beliefs, ...general(from)],
    drawn: drawn(),
  });
}

/** What may be believed of any request. */
function general(from: number | null): Belief[] {
  const there = freelists(arena()).map(({ n }) => n);
  return [
    { if: from !== null && from + 1,
      then: 'That is flist, which is one more than the number of the list.' },
    { if: (n: unknown) => typeof n === 'number' && !there.includes(n),
      then: 'Nothing is on that list. Which one comes next that is not empty?' },
    { if: (n: unknown) => typeof n === 'number' && SIZES.includes(n),
      then: 'That is a size. The number of its list is asked for.' },
    { if: null, then: 'A free segment is large enough, and it is found.' },
  ];
}

it('says which list serves a power of two [1 point]', () => {
  ask('power', 16, 0, [
    { if: 5, then: 'All on list 4 have 16 units or more, so it will do.' },
    { if: 7, then: 'All on list 4 have 16 units or more, so it will do.' },
  ]);
});

it('says which list serves a size between two powers [1 point]', () => {
  ask('within', 17, 0, [
    { if: 4, then: 'The 20 and the 30 fit, but list 4 may have a 16 as well: '
      + 'instant fit does not look at its members.' },
    { if: 5, then: 'All on list 5 would fit, but it is empty.' },
  ]);
});

it('says where best fit begins [1 point]', () => {
  ask('best', 17, VM_BESTFIT, [
    { if: 7, then: 'Best fit searches, so it may begin one list lower.' },
    { if: 5, then: 'Best fit searches, so it may begin one list lower.' },
  ]);
});

it('says what next fit takes [1 point]', () => {
  ask('next', 17, VM_NEXTFIT, [
    { if: 4, then: 'Next fit looks at no freelist: it takes what comes next '
      + 'behind the rotor.' },
    { if: 7, then: 'Next fit looks at no freelist, and the 200 lie before the '
      + 'rotor.' },
  ]);
});

it('says which list serves a large request [1 point]', () => {
  ask('large', 400, 0, [
    { if: 8, then: 'The 500 would do, but list 8 has sizes from 256: instant '
      + 'fit does not look at its members.' },
    { if: 9, then: 'All on list 9 would fit, but it is empty.' },
  ]);
});

it('says what happens if no list is sure to fit [1 point]', () => {
  ask('fallback', 1200, 0, [
    { if: 11, then: 'List 11 and those above it are empty. Then vmem_xalloc '
      + 'searches one list lower.' },
    { if: null, then: 'Instant fit finds no list, but then vmem_xalloc '
      + 'searches one list lower, where 1500 units are.' },
  ]);
});

it('says what happens if nothing is large enough [1 point]', () => {
  ask('refused', 1501, 0, [
    { if: 10, then: 'vmem_xalloc searches list 10, and its only member has '
      + '1500 units.' },
    { if: 0, then: 'Nothing is found, and the answer to that is null.' },
    { if: 11, then: 'All on list 11 would fit, but it is empty.' },
  ]);
});

it('says where the rest stands [1 point]', () => {
  ask('rest', 400, 0, [
    { if: 6, then: 'That would be the rest of the 500. From which list does '
      + 'the request come?' },
    { if: null, then: 'The segment is larger than 400, so a rest is left.' },
  ]);
});
