import { it } from 'vitest';
import {
  arranged, attempt, Finding, judge, type Belief,
} from '../../lib/grade/judge.js';
import {
  KMC_NOTOUCH, KMEM_CACHE_SIZE, KMEM_CPU_CACHE_SIZE, KMEM_HASH_INITIAL,
  KMF_FIREWALL, KMF_HASH,
} from '../../lib/opensolaris/kmem.js';
import {
  kmem_cache_create, kmem_cache_magazine_enable,
} from '../../lib/opensolaris/kmem_create.js';
import {
  kmem_cache_t, kmem_cpu_cache_t, type kmem_magtype_t, statics, tunables,
} from '../../lib/opensolaris/kmem_impl.js';
import { kmem_init } from '../../lib/opensolaris/kmem_init.js';
import { geometry } from '../../lib/opensolaris/kmem_sizes.js';
import {
  vmem_alloc, vmem_free, vmem_xalloc,
} from '../../lib/opensolaris/vmem_alloc.js';
import { VM_SLEEP, VMEM_ALLOC } from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import { vmem_size } from '../../lib/opensolaris/vmem_walk.js';
import { max_ncpus } from '../../lib/sys/cpu.js';
import { panic } from '../../lib/sys/panic.js';
import { reboot } from '../../lib/sys/reboot.js';
import { highbit } from '../../lib/sys/sysmacros.js';
import { order } from './order-the-birth.js';

/** What the steps work on. */
interface Machine {
  bufsize: number;
  align: number;
  cflags: number;
  cp?: kmem_cache_t;
  seen?: Look; // what another CPU sees as the cache enters the ring
}

function cpOf({ cp }: Machine): kmem_cache_t {
  if (cp === undefined) throw new Error('cp has no value yet');
  return cp;
}

function magtypeOf(size: number): kmem_magtype_t {
  const found = statics.kmem_magtype.find(({ mt_minbuf }) => size > mt_minbuf);
  if (found === undefined) throw new Error(`no magazines for size ${size}`);
  return found;
}

/** Is said how long the magazines are? */
function needMagtype({ cache_magtype }: kmem_cache_t): void {
  if (cache_magtype === null) throw new Error('cache_magtype has no value yet');
}

function enlist(m: Machine): void {
  const cp = cpOf(m);
  const head = statics.kmem_null_cache!;
  const prev = head.cache_prev!;
  cp.cache_next = head;
  cp.cache_prev = prev;
  prev.cache_next = cp;
  head.cache_prev = cp;
  m.seen = look(cp);
}

function layout(m: Machine): void {
  const { bufsize, align, cflags } = m;
  const arena = statics.kmem_default_arena!;
  const { hash: _, ...fields } = geometry({
    bufsize, align, cflags, quantum: arena.vm_quantum,
    qcache_max: arena.vm_qcache_max, firewall: true,
  });
  const cp = cpOf(m);
  Object.assign(cp, fields, { cache_align: align, cache_cflags: cflags });
}

function createHash(m: Machine): void {
  const cp = cpOf(m);
  if ((cp.cache_flags & KMF_HASH) === 0) return;
  cp.hashAt = vmem_alloc(
    statics.kmem_hash_arena!, KMEM_HASH_INITIAL * 8, VM_SLEEP,
  )!;
  cp.cache_hash_table = Array.from({ length: KMEM_HASH_INITIAL }, () => null);
  cp.cache_hash_mask = KMEM_HASH_INITIAL - 1;
  cp.cache_hash_shift = highbit(cp.cache_chunksize) - 1;
}

const steps: Record<string, (m: Machine) => void> = {
  A: enlist,
  B: (m) => void (cpOf(m).cache_magtype = magtypeOf(m.bufsize)),
  C: (m) => {
    const at = vmem_xalloc(
      statics.kmem_cache_arena!, KMEM_CACHE_SIZE(max_ncpus),
      KMEM_CPU_CACHE_SIZE, 0, 0, null, null, VM_SLEEP,
    )!;
    m.cp = new kmem_cache_t('mine', m.bufsize, at);
  },
  D: (m) => {
    const cp = cpOf(m);
    needMagtype(cp);
    for (const ccp of cp.cache_cpu) {
      ccp.cc_magsize = cp.cache_magtype.mt_magsize;
    }
  },
  E: (m) => {
    if (m.align === 0) m.align = 8;
    if (m.align < 8) m.cflags |= KMC_NOTOUCH;
  },
  F: (m) => {
    const cp = cpOf(m);
    cp.cache_arena = (cp.cache_flags & KMF_FIREWALL) !== 0
      ? statics.kmem_firewall_arena! : statics.kmem_default_arena!;
  },
  G: (m) => {
    const cp = cpOf(m);
    for (let i = 0; i < max_ncpus; i++) {
      cp.cache_cpu.push(new kmem_cpu_cache_t(`cc_lock ${i}`, cp.cache_flags));
    }
  },
  H: (m) => void (cpOf(m).cache_color = cpOf(m).cache_mincolor),
  I: ({ align }) => {
    const fits = align <= statics.kmem_default_arena!.vm_quantum;
    if ((align & (align - 1)) === 0 && fits) return;
    panic(`kmem_cache_create: bad alignment ${align}`, { call: 'step I' });
  },
  J: (m) => {
    const cp = cpOf(m);
    cp.cache_magtype = magtypeOf(cp.cache_chunksize);
  },
  K: (m) => {
    if (!statics.kmem_ready) return;
    needMagtype(cpOf(m));
    kmem_cache_magazine_enable(cpOf(m));
  },
  L: layout,
  M: createHash,
  N: (m) => void (cpOf(m).cache_color = 0),
};

/** The fields that count. */
interface Look {
  layout: (string | number)[];
  colors: number[];
  arena: string;
  hash: number[];
  M: number;
  cpus: [flags: number, magsize: number][];
}

function look(cp: kmem_cache_t): Look {
  return {
    layout: [cp.cache_align, cp.cache_cflags, cp.cache_flags,
      cp.cache_chunksize, cp.cache_slabsize],
    colors: [cp.cache_color, cp.cache_mincolor, cp.cache_maxcolor],
    arena: cp.cache_arena?.vm_name ?? 'none',
    hash: [cp.cache_hash_table?.length ?? 0, cp.cache_hash_shift],
    M: cp.cache_magtype?.mt_magsize ?? 0,
    cpus: cp.cache_cpu.map(({ cc_flags, cc_magsize }) => [cc_flags, cc_magsize]),
  };
}

/** The student's letters, if they can be steps at all. */
const program = (): string[] =>
  arranged(order, { what: 'step', labels: Object.keys(steps) });

interface Wish { bufsize: number; align: number; kmem_flags: number; early?: true }

/** A machine on which f is called: when KMEM is ready, or before that. */
function on<T>({ kmem_flags, early }: Wish, f: () => T): T {
  reboot();
  const heap = vmem_init('heap', 0x20000000, 0x20000000, 4096);
  const results: T[] = [];
  kmem_init(() => {
    if (early) results.push(f());
    tunables.kmem_flags = kmem_flags;
  }, heap, vmem_alloc, vmem_free);
  if (!early) results.push(f());
  return results[0];
}

/** Wrong orders and wrong steps, and what one must believe to write them. */
function strange(letters: string[]): [holds: boolean, then: string][] {
  const has = (letter: string): boolean => letters.includes(letter);
  const at = (letter: string): number => letters.indexOf(letter);
  const swapped = (first: string, second: string): boolean =>
    has(first) && has(second) && at(second) < at(first);
  const all = Object.keys(steps);
  const needCp = all.filter((letter) => !'CEI'.includes(letter));
  return [
    [!has('C') || needCp.some((letter) => swapped('C', letter)),
      'Only step C gives cp a value. What reads or writes one of its fields '
        + 'comes behind it.'],
    [swapped('E', 'L'), 'Step L reads align and cflags. Step E, behind it, '
      + 'comes too late: alignment 0 stands for 8.'],
    [!has('E'), 'Step E is missing: alignment 0 stands for 8, and less than 8 '
      + 'leaves no room for a link in a free buffer.'],
    [!has('L'), 'Step L is missing: nobody says how large a chunk and a slab '
      + 'are.'],
    [swapped('L', 'H'), 'Step H reads cache_mincolor, which step L writes.'],
    [swapped('L', 'F'), 'Step F reads cache_flags, which step L writes. A new '
      + 'cache has no flags, so there seems to be no firewall.'],
    [swapped('L', 'M'), 'Step M reads cache_flags and cache_chunksize, which '
      + 'step L writes.'],
    [swapped('L', 'J'), 'Step J reads cache_chunksize, which step L writes.'],
    [swapped('L', 'G'), 'Step G copies cache_flags into the structure of each '
      + 'CPU. Step L, behind it, writes them.'],
    [swapped('G', 'K') || swapped('G', 'D'), 'The magazines of all CPUs are '
      + 'switched on before step G has made a structure for any.'],
    [swapped('J', 'K') || swapped('B', 'K'), 'Step K reads cache_magtype, '
      + 'which has no value yet.'],
    [has('D'), 'Step D asks neither whether KMEM has started, nor whether '
      + 'this cache may have magazines at all. Magazines come from caches too.'],
    [has('N'), 'Step N sets the colour to 0. With a firewall the least colour '
      + 'is not 0: the object must end where its page ends.'],
    [has('B'), 'Step B asks how large an object is. But a tag belongs to the '
      + 'chunk, and it is chunks that a magazine holds back.'],
    [!has('H') && !has('N'), 'No step gives cache_color its first value.'],
    [!has('F'), 'Step F is missing: the slabs come from no arena.'],
    [!has('M'), 'Step M is missing: a large chunk has no hash table.'],
    [!has('J') && !has('B'), 'No step says how long the magazines are.'],
    [!has('G'), 'Step G is missing: no CPU has a place for its magazines.'],
    [!has('K') && !has('D'), 'Step K is missing: the magazines stay off.'],
    [!has('A'), 'Step A is missing: the reaper never finds the cache.'],
  ];
}

/** Creates such a cache by both functions, and compares these parts. */
function create(wish: Wish, parts: (keyof Look)[], inRing = false): void {
  const letters = program();
  const { bufsize, align } = wish;
  const is = on(wish, () => look(kmem_cache_create('mine', bufsize, align)));
  const wrong = strange(letters);
  const call = `your steps with bufsize ${bufsize}, align ${align}, kmem_flags `
    + `${wish.kmem_flags}${wish.early ? ', before KMEM has started' : ''}`;
  const m: Machine = { bufsize, align, cflags: 0 };
  let have: Look;
  try {
    have = attempt(call, () => on(wish, () => {
      for (const letter of letters) steps[letter](m);
      return look(cpOf(m));
    }));
  } catch (error) {
    const then = wrong.find(([holds]) => holds)?.[1];
    if (!(error instanceof Finding) || then === undefined) throw error;
    throw new Finding(`${error.message}\n${then}`);
  }
  const beliefs: Belief[] = wrong.map(([holds, then]) => ({ if: () => holds, then }));
  const names: Record<keyof Look, string> = {
    layout: '[cache_align, cache_cflags, cache_flags, cache_chunksize, cache_slabsize]',
    colors: '[cache_color, cache_mincolor, cache_maxcolor]',
    arena: 'cache_arena',
    hash: '[buckets, cache_hash_shift]',
    M: 'M of cache_magtype',
    cpus: '[cc_flags, cc_magsize] of each CPU',
  };
  for (const part of parts) {
    judge({ call: `${call}: ${names[part]}`, have: have[part], is: is[part], beliefs });
  }
  if (!inRing) return;
  if (m.seen === undefined) {
    throw new Finding(`${call}: the cache is not in the ring.\n`
      + 'Step A is missing: the reaper never finds the cache.');
  }
  // The magazines may be off when the cache enters the ring, no more.
  for (const part of parts.filter((name) => name !== 'cpus')) {
    judge({
      call: `${call}: ${names[part]}, as the cache enters the ring`,
      have: m.seen[part], is: is[part],
      beliefs: [{ if: () => true, then: 'Who walks through the ring sees a '
        + 'cache that is not complete. Which steps must come before A?' }],
    });
  }
  judge({
    call: `${call}: CPUs with a structure, as the cache enters the ring`,
    have: m.seen.cpus.length, is: is.cpus.length,
    beliefs: [{ if: 0, then: 'The reaper purges the magazines of all CPUs of '
      + 'each cache in the ring. Here no CPU has a structure yet.' }],
  });
}

const plain: Wish = { bufsize: 24, align: 0, kmem_flags: 0 };
const large: Wish = { bufsize: 3000, align: 0, kmem_flags: 0 };

it('lays out a small cache [1 point]', () => {
  create(plain, ['layout', 'arena']);
  create({ bufsize: 12, align: 4, kmem_flags: 0 }, ['layout']);
  create({ bufsize: 200, align: 64, kmem_flags: 0 }, ['layout', 'arena']);
});

it('gives a large cache its hash table [1 point]', () => {
  create(large, ['layout', 'hash']);
  create({ bufsize: 4096, align: 4096, kmem_flags: 0 }, ['hash']);
});

it('chooses magazines by the chunk [1 point]', () => {
  create(plain, ['M']);
  create({ bufsize: 240, align: 0, kmem_flags: 4 }, ['M']);
});

it('starts the colours of a cache with a firewall [1 point]', () => {
  create({ bufsize: 3000, align: 0, kmem_flags: 15 }, ['arena', 'colors']);
});

it('switches the magazines on where it may [1 point]', () => {
  create(plain, ['cpus']);
  create({ bufsize: 3000, align: 0, kmem_flags: 15 }, ['cpus']);
});

it('leaves the magazines off before KMEM has started [1 point]', () => {
  create({ ...plain, early: true }, ['layout', 'cpus']);
});

it('shows nobody a cache that is not complete [1 point]', () => {
  create(large, ['layout', 'colors', 'arena', 'hash', 'M', 'cpus'], true);
});

it('takes nothing before the alignment is checked [1 point]', () => {
  const letters = program();
  for (const align of [3, 48, 8192]) {
    const wish: Wish = { bufsize: 24, align, kmem_flags: 0 };
    const [panics, taken] = on(wish, () => {
      const m: Machine = { bufsize: 24, align, cflags: 0 };
      const used = (): number => vmem_size(statics.kmem_cache_arena!, VMEM_ALLOC);
      const before = used();
      try {
        for (const letter of letters) steps[letter](m);
      } catch (error) {
        return [(error as Error).name === 'Panic', used() - before];
      }
      return [false, used() - before];
    });
    const call = `your steps with bufsize 24, align ${align}`;
    judge({ call: `${call}: is there a panic`, have: panics, is: true,
      beliefs: [{ if: false, then: 'An alignment that cannot be kept stops the '
        + 'machine: a power of 2, at most the quantum. Which step asks that?' }] });
    judge({ call: `${call}: bytes taken from kmem_cache`, have: taken, is: 0,
      beliefs: [{ if: () => true, then: 'The panic leaves a structure behind. '
        + 'First check, then take.' }] });
  }
});
