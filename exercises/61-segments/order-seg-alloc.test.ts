import { it } from 'vitest';
import {
  arranged,
  attempt,
  drawMaps,
  Finding,
  judge,
  same,
  write,
  type Belief,
} from '../../lib/grade/judge.js';
import { vmem_free, vmem_xalloc } from '../../lib/opensolaris/vmem_alloc.js';
import { buckets, freelists, segments } from '../../lib/opensolaris/vmem_check.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import {
  VM_SLEEP,
  VMEM_FREE,
  type vmem_seg_t,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import {
  vmem_freelist_delete,
  vmem_freelist_insert,
  vmem_hash_insert,
} from '../../lib/opensolaris/vmem_lists.js';
import { vmem_seg_alloc, vmem_seg_create }
  from '../../lib/opensolaris/vmem_seg.js';
import { mutex_enter } from '../../lib/sys/mutex.js';
import { reboot } from '../../lib/sys/reboot.js';
import { P2ROUNDUP, P2SAMEHIGHBIT } from '../../lib/sys/sysmacros.js';
import { order } from './order-seg-alloc.js';

const quantum = 4;

type Piece = [size: number, addr: number];

type Name = 'vs_start' | 'vs_end' | 'vs_size' | 'realsize' | 'addr_end';

/** What the steps work on; a name has no value before a step gives it one. */
interface Machine {
  vmp: vmem_t;
  vsp: vmem_seg_t;
  addr: number;
  size: number;
  names: Partial<Record<Name, number>>;
}

/** A step acts, opens a block, goes on with the other branch, or closes. */
type Step =
  | { does: (m: Machine) => void }
  | { opens: (m: Machine) => boolean }
  | { orElse: true }
  | { closes: true };

function value({ names }: Machine, name: Name): number {
  const is = names[name];
  if (is === undefined) throw new Error(`${name} has no value yet`);
  return is;
}

const round = (realsize: (size: number) => number): Step => ({
  does: (m) => {
    m.names.realsize = realsize(m.size);
    m.names.addr_end = m.addr + m.names.realsize;
  },
});

const rest = (m: Machine, at: vmem_seg_t, start: number, end: number): void =>
  vmem_freelist_insert(m.vmp, vmem_seg_create(m.vmp, at, start, end));

const steps: Record<string, Step> = {
  A: { orElse: true },
  B: { opens: (m) => m.addr === value(m, 'vs_start') &&
    value(m, 'realsize') < value(m, 'vs_size') },
  C: { does: ({ vmp, vsp }) => vmem_hash_insert(vmp, vsp) },
  D: round((size) => size),
  E: round((size) => P2ROUNDUP(size, quantum)),
  F: { does: (m) => {
    const start = value(m, 'vs_start');
    if (start !== m.addr) rest(m, m.vsp.vs_aprev, start, m.addr);
  } },
  G: { does: (m) => {
    const [end, addr_end] = [value(m, 'vs_end'), value(m, 'addr_end')];
    if (end !== addr_end) rest(m, m.vsp, addr_end, end);
  } },
  H: { does: ({ vmp, vsp }) => vmem_freelist_delete(vmp, vsp) },
  I: { closes: true },
  J: { does: (m) => void (m.vsp.vs_start = value(m, 'addr_end')) },
  K: { does: (m) => {
    const { vmp, vsp, addr, size } = m;
    m.vsp = vmem_seg_create(vmp, vsp.vs_aprev, addr, addr + size);
  } },
  L: { opens: (m) => {
    const [size, realsize] = [value(m, 'vs_size'), value(m, 'realsize')];
    return m.addr === value(m, 'vs_start') && P2SAMEHIGHBIT(size, size - realsize);
  } },
  M: { does: ({ vsp, addr, size }) => {
    vsp.vs_start = addr;
    vsp.vs_end = addr + size;
  } },
  N: { does: (m) => {
    m.vsp.vs_start = m.addr;
    m.vsp.vs_end = value(m, 'addr_end');
  } },
  O: { does: (m) => {
    const { vs_start, vs_end } = m.vsp;
    Object.assign(m.names, { vs_start, vs_end, vs_size: vs_end - vs_start });
  } },
};

/** The student's letters, if they can be a function at all. */
function program(): string[] {
  const open: { letter: string; last: boolean }[] = [];
  const labels = Object.keys(steps);
  const have = arranged(order, { what: 'step', labels, each(letter, at) {
    const step = steps[letter];
    if ('opens' in step) open.push({ letter, last: false });
    if ('orElse' in step || 'closes' in step) {
      const block = open.at(-1);
      if (block === undefined) {
        throw new Finding(`${at}: step ${letter} needs an open if before it.`);
      }
      if ('closes' in step) open.pop();
      else block.last = true;
    }
  } });
  if (open.length > 0) {
    const { letter } = open[open.length - 1];
    throw new Finding(`order(): no } closes the block that step ${letter} opens.`);
  }
  return have;
}

/** Runs the steps one after another; what a condition forbids is skipped. */
function run(letters: string[], m: Machine): void {
  const blocks: { outer: boolean; holds: boolean }[] = [];
  for (const letter of letters) {
    const step = steps[letter];
    const runs = blocks.at(-1)?.holds ?? true;
    if ('does' in step) {
      if (runs) step.does(m);
    } else if ('opens' in step) {
      blocks.push({ outer: runs, holds: runs && step.opens(m) });
    } else if ('orElse' in step) {
      const block = blocks[blocks.length - 1];
      block.holds = block.outer && !block.holds;
    } else {
      blocks.pop();
    }
  }
}

/** An arena with these free pieces, freed in this order. They never touch. */
function arenaOf(pieces: Piece[]): vmem_t {
  reboot();
  vmem_init();
  const sorted = [...pieces].sort(([, a], [, b]) => a - b);
  const [size, addr] = sorted[sorted.length - 1];
  const [base, end] = [sorted[0][1], addr + size];
  const a = vmem_create(
    'a', base, end - base, quantum, null, null, null, 0, VM_SLEEP,
  )!;
  let from = base;
  const take = (to: number): void => {
    if (from < to) vmem_xalloc(a, to - from, quantum, 0, 0, from, to, VM_SLEEP);
    from = to;
  };
  for (const [s, at] of sorted) {
    take(at);
    take(at + s);
  }
  for (const [s, at] of pieces) vmem_free(a, at, s);
  mutex_enter(a.vm_lock);
  return a;
}

/** All that vmem_seg_alloc may change. */
function look(a: vmem_t) {
  const all = segments(a).filter(({ type }) => type !== 'span' && type !== 'rotor');
  const free = all.filter(({ type }) => type === 'free');
  return {
    byAddress: all.map(({ type, start, end }) => [type ?? 'none', start, end]),
    byList: freelists(a).flatMap(({ n, pieces }) =>
      pieces.map(({ start }) => [n, start])),
    bits: [...Array(32).keys()].filter((n) => (a.vm_freemap[0] >> n & 1) === 1),
    hash: buckets(a).flatMap((starts, n) => starts.map((start) => [n, start])),
    counts: [a.vm_kstat.vk_alloc, a.vm_kstat.vk_mem_inuse],
    free: free.map(({ start, end }): Piece => [end - start, start])
      .filter(([size]) => size > 0),
  };
}

/** The free segment at addr. */
function segmentOf({ vm_seg0 }: vmem_t, addr: number): vmem_seg_t {
  let vsp = vm_seg0.vs_anext;
  while (vsp.vs_type !== VMEM_FREE || vsp.vs_end <= addr) vsp = vsp.vs_anext;
  return vsp;
}

/** A cut: what is left on both sides, and how the right function takes it. */
interface Cut { low: number; high: number; stays: boolean; odd: boolean }

/** Wrong orders and wrong steps, and what one must believe to write them. */
function strange(letters: string[], cut: Cut): [holds: boolean, then: string][] {
  const has = (letter: string): boolean => letters.includes(letter);
  const at = (letter: string): number => letters.indexOf(letter);
  /** Are both there, the second one first? */
  const swapped = (first: string, second: string): boolean =>
    has(first) && has(second) && at(second) < at(first);
  const { low, high, stays, odd } = cut;
  const opens = has('L') ? 'L' : 'B';
  const readers = ['B', 'L', 'G', 'F'].filter(has);
  const inIf = (letter: string): boolean => has(letter) && has(opens) &&
    at(opens) < at(letter) && at(letter) < at(has('A') ? 'A' : 'I');
  const inElse = (letter: string): boolean => has(letter) && has('A') &&
    at('A') < at(letter) && at(letter) < at('I');
  const bothOn = (n: number): number => 32 - Math.clz32(n);
  return [
    [!has('C'), 'Step C is missing: who frees the piece finds it by its '
      + 'address, in the allocation hash.'],
    [stays ? inElse('C') : inIf('C'),
      'Step C stands inside one branch, so the other one records nothing.'],
    [['J', 'K', 'M', 'N'].some((letter) => swapped('O', letter)),
      'Step O notes where the segment begins and ends. That must happen '
        + 'before another step changes it.'],
    [readers.some((letter) => swapped('O', letter) || !has('O')), 'Step O '
      + 'gives three names their values. What reads one of them comes behind it.'],
    [readers.some((letter) => swapped(has('E') ? 'E' : 'D', letter) ||
      (!has('E') && !has('D'))), 'realsize and addr_end have no value before '
      + 'the size is rounded. What reads one of them comes behind that.'],
    [stays && swapped('J', 'K'), 'After step K the name vsp stands for the '
      + 'new segment. Step J, behind it, moves that one and not the free one.'],
    [stays && has('J') !== has('K'), 'The short way has two steps: the free '
      + 'segment shrinks, and a new segment stands before it.'],
    [stays && swapped('K', 'C'), 'Step C records vsp, and before step K vsp '
      + 'is still the free segment.'],
    [inElse('J') || inElse('K'), 'Steps J and K are the short way: the free '
      + 'segment stays on its list and shrinks. What follows else is for the rest.'],
    [!stays && (swapped('H', 'C')), 'Step C uses vs_knext for the hash '
      + 'chain. Step H, behind it, takes the segment out by that very link.'],
    [!stays && !has('H'), 'Step H is missing: the segment is allocated, and '
      + 'stands on its freelist all the same.'],
    [!stays && (swapped('M', 'C') || swapped('N', 'C')), 'Step C reads both '
      + 'ends: it chooses the bucket by vs_start, and counts the size.'],
    [odd && has('D'), 'Step D does not round. A segment begins at a multiple '
      + 'of the quantum, so what follows the piece must begin at one too.'],
    [odd && has('N'), 'Step N notes the rounded end. vs_end of an allocated '
      + 'segment is as it was asked for; it is rounded when it is freed.'],
    [has('B') && low === 0 && high > 0 && !stays, 'Step B keeps every rest in '
      + 'its place. But this one is too small for the list, and must move to '
      + 'another.'],
    [low > 0 && high > 0 && bothOn(low) === bothOn(high) && swapped('G', 'F'),
      'Of two rests on one list the left one is put in last, so that it is '
        + 'found first.'],
    [high > 0 && !stays && !has('G'), 'Step G is missing: nobody has the '
      + 'rest behind the piece.'],
    [low > 0 && !has('F'), 'Step F is missing: nobody has the rest before '
      + 'the piece.'],
    [stays && !has('L') && !has('B'), 'What is left belongs to the same list, '
      + 'so it keeps its place there: take it neither out nor in.'],
    [!stays && !has('M') && !has('N'), 'The segment itself becomes the '
      + 'allocated one. Which step gives it its new ends?'],
    [['H', 'G', 'F', 'M', 'N'].some(inIf), 'Steps H, G, F and M are for the '
      + 'cases in which the free segment leaves its list.'],
    [['J', 'K'].some((letter) => has(letter) && !inIf(letter)),
      'Steps J and K are for one case only: the low end is taken, and the '
        + 'rest stays on its list. Which if asks that?'],
    [has(opens) && !has('A'), 'Without step A both ways are gone, one after '
      + 'the other.'],
  ];
}

/** Cuts size at addr from one of these free pieces, by both functions. */
function cut(pieces: Piece[], addr: number, size: number): void {
  const letters = program();
  const right = arenaOf(pieces);
  const before = look(right);
  const vsp = segmentOf(right, addr);
  const { vs_start, vs_end } = vsp;
  const realsize = P2ROUNDUP(size, quantum);
  const [low, high] = [addr - vs_start, vs_end - addr - realsize];
  const stays = low === 0 && P2SAMEHIGHBIT(vs_end - vs_start, high);
  vmem_seg_alloc(right, vsp, addr, size);
  const is = look(right);

  const yours = arenaOf(pieces);
  const call = `your steps on [${vs_start}, ${vs_end}), quantum ${quantum}, `
    + `lists ${write(before.byList)}, addr ${addr}, size ${size}`;
  const wrong = strange(letters, { low, high, stays, odd: size !== realsize });
  try {
    attempt(call, () => run(letters, {
      vmp: yours, vsp: segmentOf(yours, addr), addr, size, names: {},
    }));
  } catch (error) {
    const then = wrong.find(([holds]) => holds)?.[1];
    if (!(error instanceof Finding) || then === undefined) throw error;
    const drawn = drawMaps([{ name: 'before', pieces: before.free }]);
    throw new Finding([error.message, then, ...drawn].join('\n'));
  }
  const have = look(yours);
  const drawn = drawMaps([
    { name: 'before', pieces: before.free },
    { name: 'yours', pieces: have.free },
    { name: 'it is', pieces: is.free },
  ]);
  const general: Belief[] = wrong.map(([holds, then]) => ({ if: () => holds, then }));
  const nothing: Belief = { if: () => same(have, before),
    then: 'No step of yours has changed the arena in this case.' };
  const ask = (
    name: 'byAddress' | 'byList' | 'bits' | 'hash' | 'counts',
    what: string,
    then: string,
  ): void => judge({
    call: `${call}: ${what}`, have: have[name], is: is[name], drawn,
    beliefs: [nothing, ...general, { if: () => true, then }],
  });
  ask('byAddress', 'segments as [type, start, end)',
    'Segments tile their span, and each is free or allocated. Which step '
      + 'made the one that differs?');
  ask('byList', 'free segments as [list, start]',
    'Each free segment stands on the list of its size, the last one that was '
      + 'put in first.');
  ask('bits', 'bits of the freemap',
    'Bit n is set if list n is not empty. Which step takes from a list?');
  ask('hash', 'allocated segments as [bucket, start]',
    'Each allocated segment is recorded once, under its own address.');
  ask('counts', '[vk_alloc, vk_mem_inuse]',
    'An allocation is counted once, with the size that was asked for.');
}

it('takes a whole segment [1 point]', () => {
  cut([[8, 64]], 64, 8);
  cut([[8, 64], [8, 80]], 64, 8);
  cut([[8, 64], [12, 80], [8, 100]], 80, 12);
});

it('leaves a rest behind, on another list [1 point]', () => {
  cut([[8, 64]], 64, 4);
  cut([[16, 64], [8, 84]], 64, 4);
  cut([[8, 64], [16, 76], [4, 96]], 76, 12);
});

it('leaves a rest before [1 point]', () => {
  cut([[8, 64]], 68, 4);
  cut([[12, 64], [8, 80]], 72, 4);
  cut([[8, 64], [16, 76]], 84, 8);
});

it('leaves a rest on both sides [2 points]', () => {
  cut([[12, 64]], 68, 4);
  cut([[20, 64], [8, 88]], 72, 4);
  cut([[8, 64], [28, 76]], 80, 8);
});

it('leaves a rest that keeps its place on the list [2 points]', () => {
  cut([[12, 64]], 64, 4);
  cut([[12, 64], [8, 80]], 64, 4);
  cut([[24, 64], [28, 92], [16, 124]], 92, 8);
});

it('takes a size that is no multiple of the quantum [1 point]', () => {
  cut([[8, 64]], 64, 5);
  cut([[12, 64], [8, 80]], 64, 3);
  cut([[20, 64], [8, 88]], 72, 2);
});
