// Atomic context: who is in it, and what is said of those who may sleep.
import { beforeEach, describe, expect, test } from 'vitest';
import { lbolt } from '../../lib/sys/clock.js';
import { dmesg } from '../../lib/sys/cons.js';
import { onCpu, startCpus } from '../../lib/sys/cpu.js';
import { reboot } from '../../lib/sys/reboot.js';
import { run, thread } from '../../lib/sys/threads.js';
import {
  BUG, get_current, HZ, in_atomic, in_interrupt, interrupt, irqs_disabled,
  local_irq_restore, local_irq_save, might_sleep, preempt_count, rt_task,
  schedule_timeout, softirq, spin_lock, spin_lock_irqsave, spin_unlock,
  spin_unlock_irqrestore, spinlock_t,
} from '../../lib/linux/sched.js';
import { panicOf } from './machine.js';

beforeEach(reboot);

const complaint = (numbers: string) => [
  'Debug: sleeping function called from invalid context at mm/slab.c',
  numbers,
];

describe('atomic context', () => {
  test('a task is in none', () => {
    expect([in_atomic(), in_interrupt(), irqs_disabled()]).toEqual([
      false, false, false,
    ]);
    might_sleep('mm/slab.c');
    expect(dmesg()).toEqual([]);
  });

  test('interrupt(f) runs f in one, also when f throws', () => {
    const seen = interrupt(() => [preempt_count(), in_interrupt()]);
    expect(seen).toEqual([0x10000, true]);
    expect(softirq(preempt_count)).toBe(0x100);
    expect(() => interrupt(() => JSON.parse('?'))).toThrow();
    expect(preempt_count()).toBe(0);
  });

  test('a spin lock is one, but no interrupt', () => {
    const lock = new spinlock_t('lock');
    spin_lock(lock);
    expect([in_atomic(), in_interrupt()]).toEqual([true, false]);
    might_sleep('mm/slab.c');
    spin_unlock(lock);
    expect(in_atomic()).toBe(false);
    expect(dmesg()).toEqual(complaint('in_atomic():1, irqs_disabled():0'));
  });

  test('saves of interrupts nest', () => {
    const outer = local_irq_save();
    const inner = local_irq_save();
    local_irq_restore(inner);
    expect(irqs_disabled()).toBe(true);
    might_sleep('mm/slab.c');
    local_irq_restore(outer);
    expect(irqs_disabled()).toBe(false);
    expect(dmesg()).toEqual(complaint('in_atomic():0, irqs_disabled():1'));
  });

  test('each CPU has its own', () => {
    startCpus(2);
    const other = interrupt(() => onCpu(1, in_interrupt));
    expect(other).toBe(false);
  });

  test('a lock that is taken stops who wants it, and counts who got it', () => {
    const lock = new spinlock_t('zone->lock');
    const flags = spin_lock_irqsave(lock);
    const { message } = panicOf(() => spin_lock(lock));
    expect(message).toBe('spin_lock(zone->lock) already locked');
    spin_unlock_irqrestore(lock, flags);
    spin_lock(lock);
    expect(lock.taken).toBe(2);
  });
});

describe('tasks', () => {
  test('each thread is one, with a name, and main is one too', () => {
    const seen: [string, number][] = [];
    const see = () => seen.push([get_current().comm, get_current().pid]);
    see();
    thread('kswapd0', see);
    thread('cp', see);
    run();
    see();
    expect(seen).toEqual([['main', 0], ['kswapd0', 1], ['cp', 2], ['main', 0]]);
  });

  test('rt_task(p) is p.prio < 100', () => {
    const task = get_current();
    expect(rt_task(task)).toBe(false);
    task.prio = 99;
    expect(rt_task(task)).toBe(true);
  });

  test('schedule_timeout(HZ / 50) lets 20 ms pass', () => {
    schedule_timeout(HZ / 50);
    expect(lbolt).toBe(2);
    expect(dmesg()).toEqual([]);
  });

  test('schedule_timeout in an interrupt is complained of', () => {
    interrupt(() => schedule_timeout(1));
    expect(dmesg()).toEqual(['scheduling while atomic: main/0x00010000/0']);
  });
});

test('BUG(where, check, facts) panics with the line', () => {
  const bug = panicOf(() => BUG('mm/slab.c:1754', 'flags', { call: 'f()' }));
  expect(bug.message).toBe('kernel BUG at mm/slab.c:1754!');
  expect(bug.facts).toEqual({ call: 'f()', check: 'flags' });
});
