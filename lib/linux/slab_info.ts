// Slabs: /proc/slabinfo, what all caches hold.
//
// Follows Linux 2.6.11 mm/slab.c (s_start, s_show, slabinfo_write), format
// 2.1. Idea to carry away: a leak is read here. A cache whose <active_objs>
// only ever grow has a client that does not free.
//
// Two things mislead. What lies in the arrays of the CPUs counts as active:
// a cache may have 60 active objects and no client at all. And the newest
// cache comes first.
//
// Left out: the limit of 128 bytes on what may be written, and the page
// that is read at a time.
import { printf } from '../sys/cons.js';
import { spin_lock, spin_unlock } from './sched.js';
import { do_tune_cpucache } from './slab_cpucache.js';
import {
  cache_chain, DEBUG, type kmem_cache_t, type slab,
} from './slab_layout.js';

/** A number as %Nu prints it. */
const u = (n: number, width: number): string => `${n}`.padStart(width);

/** The two lines at the top. */
function s_start(): string {
  const stats = DEBUG
    ? ' : globalstat <listallocs> <maxobjs> <grown> <reaped> <error>' +
      ' <maxfreeable> <freelimit> <nodeallocs>' +
      ' : cpustat <allochit> <allocmiss> <freehit> <freemiss>'
    : '';
  return (
    `slabinfo - version: 2.1${DEBUG ? ' (statistics)' : ''}\n` +
    '# name            <active_objs> <num_objs> <objsize> <objperslab>' +
    ' <pagesperslab> : tunables <limit> <batchcount> <sharedfactor>' +
    ` : slabdata <active_slabs> <num_slabs> <sharedavail>${stats}\n`
  );
}

/** Slabs and objects of a cache, and what is wrong with them, if anything. */
function count(cachep: kmem_cache_t) {
  const { num, lists } = cachep;
  let error = '';
  let active_objs = 0;
  let active_slabs = 0;
  let num_slabs = 0;
  const blame = (wrong: boolean, text: string) => {
    if (wrong && error === '') error = `${text} error`;
  };
  const each = (head: slab, see: (inuse: number) => void) => {
    for (let s = head.next; s !== head; s = s.next) see(s.inuse);
  };

  each(lists.slabs_full, (inuse) => {
    blame(inuse !== num, 'slabs_full accounting');
    active_objs += num;
    active_slabs++;
  });
  each(lists.slabs_partial, (inuse) => {
    blame(inuse === num, 'slabs_partial inuse accounting');
    blame(inuse === 0, 'slabs_partial/inuse accounting');
    active_objs += inuse;
    active_slabs++;
  });
  each(lists.slabs_free, (inuse) => {
    blame(inuse !== 0, 'slabs_free/inuse accounting');
    num_slabs++;
  });
  num_slabs += active_slabs;
  const num_objs = num_slabs * num;
  const free = num_objs - active_objs;
  blame(free !== lists.free_objects, 'free_objects accounting');
  return { error, active_objs, num_objs, active_slabs, num_slabs };
}

/** One line: one cache. */
function s_show(cachep: kmem_cache_t): string {
  spin_lock(cachep.spinlock);
  const c = count(cachep);
  spin_unlock(cachep.spinlock);
  const { name, objsize, num, gfporder, limit, batchcount } = cachep;
  if (c.error !== '') printf(`slab: cache ${name} error: ${c.error}`);
  const shared = cachep.lists.shared!;
  const factor = Math.floor(shared.limit / batchcount);
  const columns = [
    name.padEnd(17), u(c.active_objs, 6), u(c.num_objs, 6), u(objsize, 6),
    u(num, 4), u(1 << gfporder, 4),
    ': tunables', u(limit, 4), u(batchcount, 4), u(factor, 4),
    ': slabdata', u(c.active_slabs, 6), u(c.num_slabs, 6), u(shared.avail, 6),
  ];
  if (DEBUG) {
    columns.push(
      ': globalstat', u(cachep.num_allocations, 7), u(cachep.high_mark, 6),
      u(cachep.grown, 5), u(cachep.reaped, 4), u(cachep.errors, 4),
      u(cachep.max_freeable, 4), u(cachep.free_limit, 4),
      u(cachep.node_allocs, 4),
      ': cpustat', u(cachep.allochit, 6), u(cachep.allocmiss, 6),
      u(cachep.freehit, 6), u(cachep.freemiss, 6),
    );
  }
  return `${columns.join(' ')}\n`;
}

/** Ours: all of /proc/slabinfo. */
export function slabinfo(): string {
  return s_start() + cache_chain.map(s_show).join('');
}

/** What a write that makes no sense gets. */
const EINVAL = 22;

/**
 * Writing "NAME LIMIT BATCHCOUNT SHARED" gives a cache other arrays.
 * @returns the characters written, or -EINVAL, or -ENOMEM
 * @see Linux 2.6.11 mm/slab.c, slabinfo_write
 */
export function slabinfo_write(buffer: string): number {
  const words = /^([^ ]*) \s*(-?\d+)\s+(-?\d+)\s+(-?\d+)/.exec(buffer);
  if (words === null) return -EINVAL;
  const cachep = cache_chain.find(({ name }) => name === words[1]);
  const [limit, batchcount, shared] = words.slice(2).map(Number);
  if (cachep === undefined) return -EINVAL;
  if (limit < 1 || batchcount < 1 || batchcount > limit || shared < 0) {
    return -EINVAL;
  }
  const res = do_tune_cpucache(cachep, limit, batchcount, shared);
  return res < 0 ? res : buffer.length;
}
