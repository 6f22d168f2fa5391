import { it } from 'vitest';
import { attempt, Finding, write } from '../../lib/grade/judge.js';
import {
  __GFP_FS,
  __GFP_HIGH,
  __GFP_IO,
  __GFP_WAIT,
  bitNames,
  GFP_ATOMIC,
  GFP_DMA,
  GFP_HIGHUSER,
  GFP_KERNEL,
  GFP_NOFS,
  GFP_NOIO,
  GFP_ZONEMASK,
  reach,
} from '../../lib/linux/gfp.js';
import { alloc_page } from '../../lib/linux/page_alloc.js';
import { bootMemory } from '../../lib/linux/page_alloc_boot.js';
import {
  interrupt,
  softirq,
  spin_lock,
  spin_unlock,
  spinlock_t,
} from '../../lib/linux/sched.js';
import { dmesg } from '../../lib/sys/cons.js';
import { reboot } from '../../lib/sys/reboot.js';
import { choose, harm } from './which-flag.js';

type Name = Parameters<typeof choose>[0];

/** What a place allows, and how code gets there. */
interface Place {
  sleep: boolean;
  io: boolean;
  fs: boolean;
  zone: 'HighMem' | 'Normal' | 'DMA'; // the first that will do
  run: (f: () => void) => void;
}

const task: Place = {
  sleep: true, io: true, fs: true, zone: 'Normal', run: (f) => f(),
};
const never = { sleep: false, io: false, fs: false };

function underLock(f: () => void): void {
  const lock = new spinlock_t('lock');
  spin_lock(lock);
  f();
  spin_unlock(lock);
}

const places: Record<Name, Place> = {
  read: task,
  packet: { ...task, ...never, run: (f) => interrupt(f) },
  lock: { ...task, ...never, run: underLock },
  file: { ...task, fs: false },
  queue: { ...task, io: false, fs: false },
  fault: { ...task, zone: 'HighMem' },
  sound: { ...task, zone: 'DMA' },
  timer: { ...task, ...never, zone: 'DMA', run: (f) => softirq(f) },
};

const names = [GFP_ATOMIC, GFP_NOIO, GFP_NOFS, GFP_KERNEL];
const sums = [...names, GFP_HIGHUSER, ...names.map((mask) => mask | GFP_DMA)];

/** Does a mask permit something that the place forbids? */
function forbidden(mask: number, { sleep, io, fs }: Place): boolean {
  const { mayBlock, mayStartIO, mayEnterFS } = reach(mask);
  return (mayBlock && !sleep) || (mayStartIO && !io) || (mayEnterFS && !fs);
}

/** How much it permits: bits, and for who cannot wait, the reserve. */
function worth(mask: number): number {
  const { mayBlock, mayStartIO, mayEnterFS, reserve } = reach(mask);
  return [mayBlock, mayStartIO, mayEnterFS].filter(Boolean).length * 2 - reserve;
}

/** The best of the sums for a place. */
function best(place: Place): number {
  const fit = sums.filter((mask) =>
    reach(mask).zones[0] === place.zone && !forbidden(mask, place));
  return fit.reduce((a, b) => (worth(b) > worth(a) ? b : a));
}

/** What the kernel says of a mask there. */
function saidOf(mask: number, { run }: Place): string | undefined {
  reboot();
  bootMemory({ zones: [32, 32, 32] });
  const before = dmesg().length;
  run(() => void alloc_page(mask));
  return dmesg()[before];
}

const inHex = (mask: number): string => {
  const bits = bitNames(mask).join(' | ');
  return `0x${mask.toString(16)}${bits === '' ? '' : ` (${bits})`}`;
};

/** Why a mask is not the one for a place. It names no right mask. */
function fault(mask: number, place: Place): string {
  if (mask !== (mask & 0xff) || (mask & GFP_ZONEMASK) === 3) {
    return 'It is no sum of one GFP_ name and, perhaps, GFP_DMA.';
  }
  const { mayBlock, mayStartIO, mayEnterFS, zones } = reach(mask);
  if (mayBlock && !place.sleep) {
    return 'This code must not sleep, and the mask has the bit to wait. The '
      + `kernel says: "${saidOf(mask, place)}".`;
  }
  if (mayStartIO && !place.io) {
    return 'Reclaim may start disk I/O for it. This queue is what that I/O '
      + 'would need.';
  }
  if (mayEnterFS && !place.fs) {
    return 'Reclaim may call the file system for it, which may want what this '
      + 'code holds.';
  }
  if (mayBlock && (mask & __GFP_HIGH) !== 0) {
    return 'It takes from the reserve, which is kept for code that cannot wait.';
  }
  if (zones[0] === 'DMA' && place.zone !== 'DMA') {
    return 'It takes pages of the scarcest zone, and no old card needs them.';
  }
  if (zones[0] === 'HighMem' && place.zone !== 'HighMem') {
    return 'A page of high memory has no kernel address, and somebody here '
      + 'needs one.';
  }
  if (place.zone === 'DMA' && zones[0] !== 'DMA') {
    return 'The card reaches the first 16 MB only. Does the mask say so?';
  }
  if (!mayBlock && place.sleep) {
    return 'It harms nobody, but it fails sooner than it must: this code may '
      + 'sleep.';
  }
  if (place.zone === 'HighMem') {
    return 'It harms nobody, but takes a page with a kernel address, which '
      + 'nobody here needs.';
  }
  if (!mayBlock) {
    return 'It may not wait, and has no key to the reserve that is kept for '
      + 'such code.';
  }
  return 'It harms nobody, but it permits less than this place allows.';
}

function askMask(...asked: Name[]): void {
  for (const name of asked) {
    const call = `choose('${name}')`;
    const have: unknown = attempt(call, () => choose(name));
    if (typeof have !== 'number' || !Number.isInteger(have) || have < 0) {
      throw new Finding(`${call}: you have ${write(have)}, it is a mask, a number.`);
    }
    if (have === best(places[name])) continue;
    const why = fault(have, places[name]);
    throw new Finding(`${call}: you have ${inHex(have)}.\n${why}`);
  }
}

/** The least bits of GFP_KERNEL without which it does no harm there. */
function least(place: Place): number {
  // Who may sleep is not to be forbidden it.
  const parts = place.sleep
    ? [__GFP_IO, __GFP_FS] : [__GFP_WAIT, __GFP_IO, __GFP_FS];
  const sets = Array.from({ length: 2 ** parts.length }, (_, set) =>
    parts.filter((_, i) => ((set >> i) & 1) === 1));
  sets.sort((a, b) => a.length - b.length);
  const found = sets.find((set) =>
    !forbidden(GFP_KERNEL & ~set.reduce((a, b) => a | b, 0), place))!;
  return found.reduce((a, b) => a | b, 0);
}

function askHarm(...asked: Name[]): void {
  for (const name of asked) {
    const call = `harm('${name}')`;
    const have: unknown = attempt(call, () => harm(name));
    const is = least(places[name]);
    if (have === is) continue;
    if (typeof have !== 'number' || !Number.isInteger(have) || have < 0) {
      throw new Finding(`${call}: you have ${write(have)}, it is a sum of bits.`);
    }
    let why = 'Does each of these bits do harm here, and no other?';
    if ((have & GFP_KERNEL) !== have) {
      why = 'Only bits of GFP_KERNEL are asked for.';
    } else if (is === 0) {
      why = 'This code may sleep, and holds nothing that reclaim needs.';
    } else if (forbidden(GFP_KERNEL & ~have, places[name])) {
      why = `Without these bits ${inHex(GFP_KERNEL & ~have)} is left, and `
        + 'that still does harm here.';
    } else if (!places[name].sleep) {
      why = 'Without the bit to wait, the others have no effect.';
    } else if ((have & __GFP_WAIT) !== 0) {
      why = 'This code may sleep.';
    }
    throw new Finding(`${call}: you have ${inHex(have)}.\n${why}`);
  }
}

it('chooses for a system call and an interrupt [1 point]', () => {
  askMask('read', 'packet');
});

it('chooses for a spin lock and a softirq [2 points]', () => {
  askMask('lock', 'timer');
});

it('chooses for a file system and a disk [2 points]', () => {
  askMask('file', 'queue');
});

it('chooses by the place of the pages [1 point]', () => {
  askMask('fault', 'sound');
});

it('names the harm where code must not sleep, and where it may [1 point]', () => {
  askHarm('packet', 'read', 'lock');
});

it('names the harm where reclaim would come back [1 point]', () => {
  askHarm('file', 'queue');
});
