import { it } from 'vitest';
import { attempt, Finding, judge, write, type Belief }
  from '../../lib/grade/judge.js';
import {
  segkmem_alloc, segkmem_free,
} from '../../lib/opensolaris/seg_kmem.js';
import * as seg_kmem from '../../lib/opensolaris/seg_kmem.js';
import { kvm_init, startup_kmem } from '../../lib/opensolaris/startup.js';
import { kvp, setPhysmem } from '../../lib/opensolaris/vm_page.js';
import { vmem_alloc, vmem_free } from '../../lib/opensolaris/vmem_alloc.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import {
  VM_NOSLEEP, VM_SLEEP, VMEM_ALLOC, type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_size } from '../../lib/opensolaris/vmem_walk.js';
import { reboot } from '../../lib/sys/reboot.js';
import { run } from './a-quota.js';

type Op = ['alloc', number, number] | ['free', number, number];
type State = ReturnType<typeof run>[number];

/** What each operation leads to, by a driver of the test's own. */
function expected(limits: number[], ops: Op[], physmem: number): State[] {
  reboot();
  setPhysmem(physmem);
  startup_kmem();
  kvm_init();
  const heap = seg_kmem.heap_arena;
  const held = limits.map(() => 0);
  const arenas = limits.map((limit, d) => {
    const afunc = (source: vmem_t, size: number, vmflag: number) => {
      if (held[d] + size / 4096 > limit) return null;
      const addr = segkmem_alloc(source, size, vmflag);
      held[d] += addr === null ? 0 : size / 4096;
      return addr;
    };
    const ffunc = (source: vmem_t, addr: number, size: number): void => {
      held[d] -= size / 4096;
      segkmem_free(source, addr, size);
    };
    return vmem_create(
      `driver ${d}`, null, 0, 64, afunc, ffunc, heap, 0, VM_SLEEP,
    )!;
  });
  const pieces: [number, number][][] = limits.map(() => []);
  const before = vmem_size(heap, VMEM_ALLOC);
  const used = kvp.size;
  return ops.map(([name, d, n]) => {
    let returned: number | boolean | null = true;
    if (name === 'alloc') {
      returned = vmem_alloc(arenas[d], n, VM_NOSLEEP);
      if (returned !== null) pieces[d].push([returned, n]);
    } else {
      vmem_free(arenas[d], ...pieces[d].splice(n, 1)[0]);
    }
    return {
      returned,
      held: [...held],
      heap: vmem_size(heap, VMEM_ALLOC) - before,
      memory: kvp.size - used,
      mapped: true,
    };
  });
}

const text = ([name, d, n]: Op): string => name === 'alloc'
  ? `driver ${d} allocates ${n} bytes`
  : `driver ${d} frees its piece ${n}`;

type Beliefs = { [name in keyof State]?: Belief[] };

/** What a wrong value shows, whatever the list. */
const always: Required<Beliefs> = {
  returned: [
    { if: null, then: 'The driver is still within its limit. Does the count '
      + 'go down when pages go back, and is the limit itself allowed?' },
    { if: (n: unknown) => typeof n === 'number',
      then: 'It holds more than its limit now, or addresses were lost.' },
  ],
  held: [
    { if: (n: unknown) => write(n).includes('4096') || write(n).includes('8192'),
      then: 'Pages are counted, and size is in bytes.' },
    { if: (n: unknown) => Array.isArray(n) && n.some((one) => one < 0),
      then: 'More is counted down than was counted up.' },
  ],
  heap: [
    { if: (n: number) => n > 0,
      then: 'Addresses of the heap stay allocated that nobody holds.' },
  ],
  memory: [
    { if: 0, then: 'No page is behind the addresses: plain vmem_alloc gives '
      + 'addresses only.' },
    { if: (n: number) => n > 0,
      then: 'Pages are still behind addresses that have gone back.' },
  ],
  mapped: [
    { if: false, then: 'There is no memory behind an address that the driver '
      + 'was given.' },
  ],
};

/** Judges a list, operation by operation; the first difference counts. */
function check(limits: number[], ops: Op[], told: Beliefs = {},
  physmem = 1000): void {
  const lists = `limits ${write(limits)}`;
  const have: unknown = attempt(
    `run, ${lists}`, () => run(limits, ops, physmem), ops.map(text));
  const is = expected(limits, ops, physmem);
  if (!Array.isArray(have) || have.length !== ops.length) {
    throw new Finding(`run, ${lists}: it returns a state for each operation.`);
  }
  is.forEach((state, i) => {
    const more = (n: unknown): boolean =>
      Array.isArray(n) && n.some((one, d) => one > state.held[d]);
    const now: Beliefs = {
      returned: i > 0 ? [] : [{ if: null, then: 'The first request is within '
        + 'the limit. Is a number of bytes compared with a number of pages?' }],
      held: [...always.held, { if: more, then: i === 0
        ? 'The count does not begin at 0: where is it declared?'
        : 'More is counted than the arena holds. What was refused, and what '
          + 'has gone back, does not count.' }],
    };
    const names = ['returned', 'held', 'memory', 'heap', 'mapped'] as const;
    for (const name of names) {
      judge({
        call: `${name}, when ${text(ops[i])} (${lists})`,
        have: have[i]?.[name],
        is: state[name],
        after: ops.slice(0, i).map(text),
        beliefs: [
          ...(told[name] ?? []), ...(now[name] ?? []), ...always[name],
        ],
      });
    }
  });
}

it('an import has memory behind it, and its pages are counted [2 points]', () => {
  check([10], [['alloc', 0, 100]], { held: [
    { if: [0], then: 'afunc has brought a page, and the count says nothing '
      + 'of it.' },
  ] });
  check([10], [['alloc', 0, 5000], ['alloc', 0, 64], ['alloc', 0, 9000]], {
    held: [
      { if: [1], then: 'Not calls are counted, but pages: this import has '
        + 'two.' },
      { if: [2], then: 'Not calls are counted, but pages.' },
    ],
  });
});

it('what goes back is counted down, pages and addresses too [2 points]', () => {
  check([10], [['alloc', 0, 100], ['free', 0, 0]], { held: [
    { if: [1], then: 'The page has gone back: ffunc counts it down.' },
  ] });
  check([10], [['alloc', 0, 9000], ['alloc', 0, 4096], ['free', 0, 0],
    ['alloc', 0, 64], ['free', 0, 0], ['free', 0, 0]], { held: [
    { if: [3], then: 'Not calls are counted down, but pages.' },
  ] });
});

it('the limit may be reached and not passed [2 points]', () => {
  check([1], [['alloc', 0, 100], ['alloc', 0, 4096], ['alloc', 0, 64]], {
    returned: [
      { if: null, then: 'With a limit of 1 page, one page may be held.' },
      { if: (n: unknown) => typeof n === 'number',
        then: 'A second page is one more than the limit.' },
    ],
  });
  check([3], [['alloc', 0, 5000], ['alloc', 0, 8192], ['alloc', 0, 4096],
    ['alloc', 0, 4096]], { returned: [
    { if: (n: unknown) => typeof n === 'number',
      then: 'Two pages are held, and two more would be four. The import is '
        + 'to be judged as a whole.' },
    { if: null, then: 'A request that was refused must not be counted.' },
  ] });
  check([2], [['alloc', 0, 8192], ['alloc', 0, 64], ['free', 0, 0],
    ['alloc', 0, 100], ['alloc', 0, 5000], ['alloc', 0, 4096]]);
});

it('each driver has a count of its own [1 point]', () => {
  check([2, 2], [['alloc', 0, 8192], ['alloc', 1, 8192], ['alloc', 0, 64],
    ['free', 1, 0]], {
    returned: [
      { if: null, then: 'The other driver has taken pages, not this one. '
        + 'Where is the count declared?' },
    ],
    held: [
      { if: (n: unknown) => write(n) !== '[2, 0]' && Array.isArray(n)
          && n[0] === n[1],
        then: 'Both say the same. Each call of quota encloses a count of its '
          + 'own.' },
    ],
  });
  check([1, 5], [['alloc', 1, 9000], ['alloc', 0, 64], ['alloc', 0, 4096],
    ['alloc', 1, 8192], ['alloc', 1, 64], ['free', 1, 0], ['alloc', 1, 4096]]);
});

it('a request that finds no memory is not counted [2 points]', () => {
  const told: Beliefs = { held: [
    { if: (n: unknown) => Array.isArray(n) && n[0] > 5,
      then: 'segkmem_alloc returned null, so nothing was imported: count '
        + 'only what came.' },
  ] };
  // 40 pages: 25 are never reserved, and one holds the arena.
  check([100], [['alloc', 0, 20 * 4096], ['alloc', 0, 4096]], told, 40);
  check([20], [['alloc', 0, 16 * 4096], ['alloc', 0, 10 * 4096],
    ['alloc', 0, 10 * 4096], ['free', 0, 0], ['alloc', 0, 12 * 4096]], {
    returned: [{ if: null, then: 'There is memory for it, and it is within '
      + 'the limit: was something counted that never came?' }],
    ...told,
  }, 40);
});
