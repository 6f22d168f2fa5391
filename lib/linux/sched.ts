// Who runs here, and may it sleep?
//
// Follows Linux 2.6.11 include/linux/sched.h (task_struct, current),
// linux/hardirq.h (preempt_count), linux/spinlock.h, and kernel/sched.c
// (__might_sleep, schedule). Idea: code that was called by an interrupt, or
// that holds a spin lock, must not sleep: the interrupted task would sleep
// with it, and whoever spins on the lock would spin for ever. The kernel
// cannot forbid it. It counts, and complains.
//
// preempt_count is one word a CPU, in three fields:
//   bits 0-7 spin locks held, 8-15 softirqs, 16-27 hardware interrupts.
//
// 1. in_interrupt() holds exactly while a field above bit 7 is not 0.
// 2. in_atomic() holds exactly while preempt_count is not 0.
// 3. irqs_disabled() holds from the first local_irq_save() to its restore.
// 4. get_current() is one task for each thread of lib/sys/threads.ts.
//
// Left out: the scheduler (threads.ts runs who is next); CONFIG_PREEMPT's
// preemption, but not its counting, so that a sleep under a spin lock is
// seen also on one CPU; spinning, for here nobody else runs meanwhile; the
// limit of one complaint a second; line numbers in complaints.
import { CPU, max_ncpus } from '../sys/cpu.js';
import { delay, hz } from '../sys/clock.js';
import { printf } from '../sys/cons.js';
import { panic, type Facts } from '../sys/panic.js';
import { onReboot } from '../sys/reboot.js';
import { curthread, type kthread_t } from '../sys/threads.js';

/** Jiffies a second: Linux's own tick, ten times as fine as sys/clock's. */
export const HZ = 1000;

/** A task below this is a real-time task; ordinary ones are at 100-139. */
export const MAX_RT_PRIO = 100;

/** In task.flags: it is freeing memory, give it whatever is left. */
export const PF_MEMALLOC = 0x00000800;

/** In task.threadFlags: it is being killed to free its memory. */
export const TIF_MEMDIE = 17;

/** What the allocators ask of the task that called them. */
export class task_struct {
  flags = 0; // PF_ bits
  threadFlags = 0; // TIF_ bits, by number
  prio = 120; // nice 0

  constructor(
    readonly pid: number,
    public comm: string, // its command's name, for messages
  ) {}
}

let tasks = new WeakMap<kthread_t, task_struct>();
let pids = 0;

/** The task that runs: `current`, which in C is a macro for this call. */
export function get_current(): task_struct {
  let task = tasks.get(curthread);
  if (task === undefined) {
    task = new task_struct(pids++, curthread.name);
    tasks.set(curthread, task);
  }
  return task;
}

/** Has the task a real-time policy? */
export const rt_task = (p: task_struct): boolean => p.prio < MAX_RT_PRIO;

/** Is flag number `flag` set in the running task's thread_info? */
export function test_thread_flag(flag: number): boolean {
  return (get_current().threadFlags & (1 << flag)) !== 0;
}

const PREEMPT_OFFSET = 1 << 0;
const SOFTIRQ_OFFSET = 1 << 8;
const HARDIRQ_OFFSET = 1 << 16;
const IRQ_MASK = 0x0fffff00; // both interrupt fields

const mostCpus = 255;
const counts = new Int32Array(mostCpus); // preempt_count, by CPU
const irqsOff = new Int32Array(mostCpus); // 1: interrupts are disabled

onReboot(() => {
  tasks = new WeakMap();
  pids = 0;
  counts.fill(0);
  irqsOff.fill(0);
});

/** The number of the CPU that runs this. */
export const smp_processor_id = (): number => CPU.cpu_seqid;

/** How many CPUs the kernel was built for. */
export const NR_CPUS = (): number => max_ncpus;

/** Locks held and interrupts nested, on this CPU. */
export const preempt_count = (): number => counts[CPU.cpu_seqid];

/** Are we in an interrupt handler, hard or soft? */
export const in_interrupt = (): boolean => (preempt_count() & IRQ_MASK) !== 0;

/** Are we where sleeping is forbidden, interrupts disabled apart? */
export const in_atomic = (): boolean => preempt_count() !== 0;

/** Are interrupts disabled on this CPU? */
export const irqs_disabled = (): boolean => irqsOff[CPU.cpu_seqid] !== 0;

/** Disables interrupts here. @returns what local_irq_restore needs */
export function local_irq_save(): number {
  const here = CPU.cpu_seqid;
  const flags = irqsOff[here];
  irqsOff[here] = 1;
  return flags;
}

/** Puts interrupts back to what they were at the matching save. */
export function local_irq_restore(flags: number): void {
  irqsOff[CPU.cpu_seqid] = flags;
}

/** A lock that is waited for awake. */
export class spinlock_t {
  locked = false;
  taken = 0; // how often; ours, for counting what a design saves

  constructor(readonly name: string) {}
}

/**
 * Takes the lock. @throws Panic when it is taken: who else could be, on
 * one stack, but a caller below us, that will never give it back?
 */
export function spin_lock(lock: spinlock_t): void {
  if (lock.locked) {
    const call = `spin_lock(${lock.name})`;
    panic(`spin_lock(${lock.name}) already locked`, { call });
  }
  counts[CPU.cpu_seqid] += PREEMPT_OFFSET;
  lock.locked = true;
  lock.taken++;
}

/** Gives the lock back. */
export function spin_unlock(lock: spinlock_t): void {
  lock.locked = false;
  counts[CPU.cpu_seqid] -= PREEMPT_OFFSET;
}

/** Takes a lock that an interrupt handler takes too: disables them first. */
export function spin_lock_irqsave(lock: spinlock_t): number {
  const flags = local_irq_save();
  spin_lock(lock);
  return flags;
}

export function spin_unlock_irqrestore(lock: spinlock_t, flags: number): void {
  spin_unlock(lock);
  local_irq_restore(flags);
}

/** Runs f as the handler of a hardware interrupt on this CPU. */
export function interrupt<T>(f: () => T): T {
  return counted(HARDIRQ_OFFSET, f);
}

/** Runs f as a softirq or tasklet: deferred work, but still no task. */
export function softirq<T>(f: () => T): T {
  return counted(SOFTIRQ_OFFSET, f);
}

/** Runs f with offset added to preempt_count; takes back what f left. */
function counted<T>(offset: number, f: () => T): T {
  const here = CPU.cpu_seqid;
  const before = counts[here];
  counts[here] += offset;
  try {
    return f();
  } finally {
    counts[here] = before;
  }
}

/**
 * Says that the caller might sleep. Where that is forbidden the kernel
 * complains, whether it will sleep this time or not, and goes on.
 * @param file the caller's source file, as the complaint names it
 * @see kernel/sched.c, __might_sleep (CONFIG_DEBUG_SPINLOCK_SLEEP)
 */
export function might_sleep(file: string): void {
  const atomic = in_atomic();
  const disabled = irqs_disabled();
  if (!atomic && !disabled) return;
  printf(`Debug: sleeping function called from invalid context at ${file}`);
  printf(`in_atomic():${+atomic}, irqs_disabled():${+disabled}`);
}

/**
 * What schedule() does first: the caller is going to sleep. Where that is
 * forbidden the kernel complains, and goes on: it has no choice any more.
 */
export function goesToSleep(): void {
  if (!in_atomic()) return;
  const { comm, pid } = get_current();
  const count = preempt_count().toString(16).padStart(8, '0');
  printf(`scheduling while atomic: ${comm}/0x${count}/${pid}`);
}

/** Sleeps for some jiffies of simulated time; others run meanwhile. */
export function schedule_timeout(timeout: number): void {
  goesToSleep();
  delay(Math.ceil((timeout * hz) / HZ));
}

/**
 * Stops the kernel at a line that must not be reached.
 * @param where the original's file, and the line if it is known
 * @param check the condition that held, as the original has it
 */
export function BUG(where: string, check: string, facts: Facts): never {
  return panic(`kernel BUG at ${where}!`, { ...facts, check });
}
