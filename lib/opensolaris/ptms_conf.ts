// Minor numbers of pseudo-terminals: an arena of ids.
//
// Follows illumos common/io/ptms_conf.c (2009). A window of a shell is a
// pseudo-terminal, and each has a number, its minor. Idea: an id is an
// integer that nobody else has, and an arena gives out just that. Nothing
// lies at address 5; there is a terminal number 5.
//
// The arena starts as [1, 17), the minors of 16 slots. When all are taken,
// ptms_grow adds the next ones as another span:
//
//   16 | 16 | 32 | 64 | 128 | 128 | ...     so 16, 32, 64, 128, 256, 384
//
// 1. The minors are 1 to ptms_nslots, and each is in the arena once.
// 2. Minor m belongs to slot m - 1; a slot is null if and only if its
//    minor is free.
// 3. 0 is no minor: vmem_alloc returns it, NULL, when there is none.
// 4. ptms_inuse is the number of slots that are not null.
// 5. At most the lesser of pt_max_pty and ptms_ptymax are in use, unless
//    pt_cnt asks for more.
//
// Closing twice breaks 2 and 4.
//
// Left out: what a terminal does (streams, owners, zones, the lock of its
// own); the cache pty_map, from which the structures come, and with it the
// failure to get one; the memory of the slots.
import {
  kmutex_t,
  mutex_enter,
  mutex_exit,
  MUTEX_HELD,
} from '../sys/mutex.js';
import { ASSERT } from '../sys/panic.js';
import { onReboot } from '../sys/reboot.js';
import { highbit } from '../sys/sysmacros.js';
import { memory, PAGESIZE } from './vm_page.js';
import { vmem_alloc, vmem_free } from './vmem_alloc.js';
import { vmem_create } from './vmem_create.js';
import {
  VM_NOSLEEP,
  VM_SLEEP,
  VMC_IDENTIFIER,
  type vmem_t,
} from './vmem_impl.js';
import { vmem_add } from './vmem_walk.js';

export const NPTY_INITIAL = 16; // slots to begin with
export const NPTY_PERCENT = 5; // of memory that terminals may take
export const PTY_MAXDELTA = 128; // slots that are added at once, at most

// Who has it open: bits of pt_state.
export const PTLOCK = 0x01; // the slave may not be opened yet
export const PTMOPEN = 0x02; // the master's side
export const PTSOPEN = 0x04; // the slave's side

/** What a terminal takes: structure, slot, and a message. Ours: about. */
export const PTY_SIZE = 256;

/** A pseudo-terminal. */
export interface pt_ttys {
  pt_minor: number; // its number
  pt_state: number; // PTLOCK, PTMOPEN, PTSOPEN
}

/** What an administrator can set; and the statics of ptms_conf.c. */
const powerOn = () => ({
  pt_cnt: 0, // so many there are in any case
  pt_max_pty: 0, // no more than these; 0: as many as ptms_ptymax
  pt_init_cnt: NPTY_INITIAL,
  pt_pctofmem: NPTY_PERCENT,
  pt_maxdelta: PTY_MAXDELTA,
  ptms_lock: new kmutex_t('ptms_lock'), // guards what follows
  ptms_slots: null as (pt_ttys | null)[] | null,
  ptms_nslots: 0,
  ptms_ptymax: 0, // as many as memory allows
  ptms_inuse: 0,
  ptms_minor_arena: null as vmem_t | null,
});

export const ptms = powerOn();

onReboot(() => {
  Object.assign(ptms, powerOn());
});

/** The next power of 2, x itself if it is one. */
function ptms_roundup(x: number): number {
  if (x <= 2) return x;
  const truncated = 2 ** (highbit(x) - 1);
  return truncated === x ? x : truncated * 2;
}

/** Makes slots and arena, the first time that it is called. */
export function ptms_init(): void {
  mutex_enter(ptms.ptms_lock);
  if (ptms.ptms_slots === null) {
    ptms.ptms_nslots = ptms.pt_init_cnt;
    ptms.ptms_slots = Array.from({ length: ptms.ptms_nslots }, () => null);

    // In C the base is (void *)1: vmem_create takes an address, and a cast
    // is what makes one of a number.
    ptms.ptms_minor_arena = vmem_create(
      'ptms_minor', 1, ptms.ptms_nslots, 1, null, null, null, 0,
      VM_SLEEP | VMC_IDENTIFIER,
    );

    // As many as fit into 5 % of memory; in C of kmem_maxavail().
    const bytes = memory.availrmem * PAGESIZE;
    const affordable = (ptms.pt_pctofmem * bytes) / (100 * PTY_SIZE);
    ptms.ptms_ptymax = ptms_roundup(Math.floor(affordable));
  }
  mutex_exit(ptms.ptms_lock);
}

/** Is there room for one more, by the rules? */
function mayOpen(): boolean {
  const { ptms_inuse, pt_cnt, pt_max_pty, ptms_ptymax } = ptms;
  if (ptms_inuse < pt_cnt) return true;
  const user_max = pt_max_pty === 0 ? ptms_ptymax : pt_max_pty;
  return ptms_inuse < Math.min(ptms_ptymax, user_max);
}

/**
 * Doubles the slots, by pt_maxdelta at most, and adds their minors.
 * @returns one of these, or 0
 */
function ptms_grow(): number {
  ASSERT(MUTEX_HELD(ptms.ptms_lock), 'MUTEX_HELD(&ptms_lock)');
  const old_size = ptms.ptms_nslots;
  const delta = Math.min(ptms.pt_maxdelta, old_size);
  const arena = ptms.ptms_minor_arena!;
  if (vmem_add(arena, old_size + 1, delta, VM_NOSLEEP) === null) return 0;

  ptms.ptms_nslots = old_size + delta;
  const added = Array.from({ length: delta }, () => null);
  ptms.ptms_slots = [...ptms.ptms_slots!, ...added];
  return vmem_alloc(arena, 1, VM_NOSLEEP) ?? 0;
}

/**
 * Opens a new terminal. It does not wait for a minor: who opens one wants
 * to be told.
 * @returns null if there are as many as there may be
 */
export function pt_ttys_alloc(): pt_ttys | null {
  mutex_enter(ptms.ptms_lock);
  let pt: pt_ttys | null = null;
  if (mayOpen()) {
    let dminor = vmem_alloc(ptms.ptms_minor_arena!, 1, VM_NOSLEEP) ?? 0;
    if (dminor === 0) dminor = ptms_grow();
    if (dminor !== 0) {
      ptms.ptms_inuse++;
      pt = { pt_minor: dminor, pt_state: PTMOPEN | PTLOCK };
      ptms.ptms_slots![dminor - 1] = pt;
    }
  }
  mutex_exit(ptms.ptms_lock);
  return pt;
}

/** The terminal with this minor, or null. The caller has ptms_lock. */
export function ptms_minor2ptty(dminor: number): pt_ttys | null {
  const { ptms_lock, ptms_nslots, ptms_slots } = ptms;
  ASSERT(MUTEX_HELD(ptms_lock), 'mutex_owned(&ptms_lock)');
  if (!(dminor >= 1 && dminor <= ptms_nslots)) return null;
  return ptms_slots?.[dminor - 1] ?? null;
}

/** Is there a terminal with this minor? */
export function ptms_minor_exists(dminor: number): boolean {
  mutex_enter(ptms.ptms_lock);
  const pt = ptms_minor2ptty(dminor);
  mutex_exit(ptms.ptms_lock);
  return pt !== null;
}

/**
 * Closes a side, or both; when none is open, the minor is free again. Who
 * closes a terminal a second time takes the minor from its next owner, and
 * only a DEBUG kernel sees that.
 * @throws Panic "bad free" if it has no next owner
 */
export function ptms_close(pt: pt_ttys, flags_to_clear: number): void {
  mutex_enter(ptms.ptms_lock);
  try {
    pt.pt_state &= ~flags_to_clear;
    if ((pt.pt_state & (PTMOPEN | PTSOPEN)) !== 0) return;

    const { pt_minor } = pt;
    const mine = ptms.ptms_slots![pt_minor - 1] === pt;
    ASSERT(mine, 'ptms_slots[pt->pt_minor - 1] == pt');
    ptms.ptms_inuse--;
    ptms.ptms_slots![pt_minor - 1] = null;
    vmem_free(ptms.ptms_minor_arena!, pt_minor, 1);
  } finally {
    mutex_exit(ptms.ptms_lock);
  }
}
