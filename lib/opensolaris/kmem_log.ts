// KMEM: logs, and who called.
//
// Follows OpenSolaris common/os/kmem.c of 2007, kmem_log_init to
// kmem_log_event. Idea: what happened last is worth keeping, but not for
// ever. A log is a ring of pieces of memory; each CPU writes into one of
// its own, without asking the others, and when it is full takes the one
// that has lain longest. So the log forgets, and never stops.
//
// 1. lh_free is the ring of pieces that no CPU writes into.
// 2. A record is whole: it never crosses from one piece to the next.
// 3. Nothing is logged from the moment that an error was found, so that
//    the log shows what led to it.
//
// Left out: what is wrong with a stack that has no frames. Who calls is
// said by callFrom; in C it stands on the stack.
import { gethrtime } from '../sys/clock.js';
import { CPU, max_ncpus } from '../sys/cpu.js';
import { kmutex_t, mutex_enter, mutex_exit } from '../sys/mutex.js';
import { onReboot } from '../sys/reboot.js';
import { P2NPHASE, P2ROUNDUP } from '../sys/sysmacros.js';
import { curthread } from '../sys/threads.js';
import { KMEM_ALIGN, KMEM_STACK_DEPTH, sizeofBufctlAudit } from './kmem.js';
import {
  kmem_bufctl_audit_t, type kmem_cache_t, type kmem_slab_t, statics,
} from './kmem_impl.js';
import { bcopy } from './memory.js';
import { vmem_alloc, vmem_xalloc } from './vmem_alloc.js';
import { VM_SLEEP } from './vmem_impl.js';

/** What a CPU has of a log. */
export class kmem_cpu_log_header_t {
  clh_current = 0; // where the next record goes
  clh_avail = 0; // bytes from there to the end of the piece
  clh_hits = 0; // records written
  readonly clh_lock: kmutex_t;

  constructor(
    name: string,
    public clh_chunk: number, // the piece
  ) {
    this.clh_lock = new kmutex_t(name);
  }
}

/** A log. */
export class kmem_log_header_t {
  readonly lh_lock = new kmutex_t('lh_lock');
  lh_free: number[] = []; // a ring of pieces
  lh_head = 0; // in lh_free: the next one to take
  lh_tail = 0; // in lh_free: where the next one comes back
  lh_hits = 0; // pieces taken
  readonly lh_cpu: kmem_cpu_log_header_t[] = [];
  readonly records = new Map<number, kmem_bufctl_audit_t>(); // ours

  constructor(
    readonly lh_base: number,
    readonly lh_chunksize: number,
    readonly lh_nchunks: number,
  ) {}
}

// In C, what these take.
const sizeofLog = 64;
const sizeofCpuLog = 64;

/** Makes a log of at least so many bytes, four pieces a CPU. */
export function kmem_log_init(logsize: number): kmem_log_header_t {
  const arena = statics.kmem_log_arena!;
  const nchunks = 4 * max_ncpus;
  const lhsize = P2ROUNDUP(sizeofLog + max_ncpus * sizeofCpuLog, KMEM_ALIGN);
  vmem_xalloc(
    arena, lhsize, 64, P2NPHASE(lhsize, 64), 0, null, null, VM_SLEEP,
  );
  const least = Math.floor(logsize / nchunks) + 1;
  const chunksize = P2ROUNDUP(least, statics.PAGESIZE);
  const base = vmem_alloc(arena, chunksize * nchunks, VM_SLEEP)!;
  vmem_alloc(arena, nchunks * 4, VM_SLEEP);

  // The first pieces are the CPUs', but not begun: avail is 0.
  const lhp = new kmem_log_header_t(base, chunksize, nchunks);
  for (let i = 0; i < max_ncpus; i++) {
    lhp.lh_cpu.push(new kmem_cpu_log_header_t(`clh_lock ${i}`, i));
  }
  for (let i = 0; i < nchunks; i++) lhp.lh_free.push(i);
  lhp.lh_head = max_ncpus;
  return lhp;
}

/** Gives the CPU the piece that has lain longest. */
function takePiece(lhp: kmem_log_header_t, clhp: kmem_cpu_log_header_t): void {
  mutex_enter(lhp.lh_lock);
  lhp.lh_hits++;
  lhp.lh_free[lhp.lh_tail] = clhp.clh_chunk;
  lhp.lh_tail = (lhp.lh_tail + 1) % lhp.lh_nchunks;
  clhp.clh_chunk = lhp.lh_free[lhp.lh_head];
  lhp.lh_head = (lhp.lh_head + 1) % lhp.lh_nchunks;
  clhp.clh_current = lhp.lh_base + clhp.clh_chunk * lhp.lh_chunksize;
  clhp.clh_avail = lhp.lh_chunksize;
  const end = clhp.clh_current + lhp.lh_chunksize;
  for (const at of lhp.records.keys()) {
    if (clhp.clh_current <= at && at < end) lhp.records.delete(at);
  }
  mutex_exit(lhp.lh_lock);
}

/**
 * Writes to a log: a copy of a record, or of the `size` bytes at data.
 * @returns where it lies now; null if nothing is logged
 */
export function kmem_log_enter(
  lhp: kmem_log_header_t | null,
  data: kmem_bufctl_audit_t | number,
  size: number,
): number | null {
  if (lhp === null || !statics.kmem_logging) return null;
  const clhp = lhp.lh_cpu[CPU.cpu_seqid];
  mutex_enter(clhp.clh_lock);
  clhp.clh_hits++;
  if (size > clhp.clh_avail) takePiece(lhp, clhp);
  const logspace = clhp.clh_current;
  clhp.clh_current += size;
  clhp.clh_avail -= size;
  if (typeof data === 'number') {
    bcopy(data, logspace, size);
  } else {
    const copy = new kmem_bufctl_audit_t(logspace);
    Object.assign(copy, data, { at: logspace, bc_stack: [...data.bc_stack] });
    lhp.records.set(logspace, copy);
  }
  mutex_exit(clhp.clh_lock);
  return logspace;
}

let pcstack: readonly string[] = [];
let symbols: string[] = []; // the callers that have been written to memory

onReboot(() => {
  pcstack = [];
  symbols = [];
});

/** Ours: the calls that follow are made from here, innermost first. */
export function callFrom(...callers: string[]): void {
  pcstack = callers;
}

/** Notes the callers. @returns how many */
export function getpcstack(bc_stack: string[]): number {
  const seen = pcstack.slice(0, KMEM_STACK_DEPTH);
  bc_stack.splice(0, bc_stack.length, ...seen);
  return seen.length;
}

/** The address of the innermost caller, as KMF_LITE writes it; 0: none. */
export function caller(): number {
  if (pcstack.length === 0) return 0;
  const [pc] = pcstack;
  if (!symbols.includes(pc)) symbols.push(pc);
  return 0xfb800000 + 16 * symbols.indexOf(pc);
}

/** Whose address is that? */
export function kobj_getsymname(pc: number): string | undefined {
  return symbols[(pc - 0xfb800000) / 16];
}

/** Notes in bcp who does something with its buffer, now, and logs it. */
export function KMEM_AUDIT(
  lp: kmem_log_header_t | null,
  bcp: kmem_bufctl_audit_t,
): void {
  bcp.bc_timestamp = gethrtime();
  bcp.bc_thread = curthread.name;
  bcp.bc_depth = getpcstack(bcp.bc_stack);
  bcp.bc_lastlog = kmem_log_enter(lp, bcp, sizeofBufctlAudit);
}

/** Logs what is no transaction on a buffer: a slab, a failure. */
export function kmem_log_event(
  lp: kmem_log_header_t | null,
  cp: kmem_cache_t | null,
  sp: kmem_slab_t | null,
  addr: number,
): void {
  if (lp === null) return;
  const bca = new kmem_bufctl_audit_t(0);
  bca.bc_addr = addr;
  bca.bc_slab = sp!;
  bca.bc_cache = cp;
  KMEM_AUDIT(lp, bca);
}
