// Find the leak.
// Kind: bug. Minutes: 45.
//
// The driver of a network card has three caches: conn, one object for each
// open connection; packet and note, one each for each packet that waits.
// The card has room for 8 packets, of all connections together.
//
//   ['open']         opens a connection; returns its number, 1, 2, 3, ...
//   ['send', id, n]  lets n more packets wait; true, or false if id is not
//                    open or there is no room for all n (then none waits)
//   ['ack', id]      the oldest packet of id has arrived: it is freed; true,
//                    or false if there is none
//   ['close', id]    closes it, and frees its packets; true, or false
//
// A machine with this driver has run for an hour. Four times its caches
// were shrunk, and /proc/slabinfo was read (cut here after 6 columns):
//
//         # name <active_objs> <num_objs> <objsize> <objperslab> <pages...>
//   20 minutes  note               40     96     40   96    1
//               packet              0      0    256   15    1
//               conn              200    200    200   20    1
//   30 minutes  note               68     96     40   96    1
//               packet              8     15    256   15    1
//               conn              200    200    200   20    1
//   50 minutes  note              100    192     40   96    1
//               packet              0      0    256   15    1
//               conn              200    200    200   20    1
//   60 minutes  note              128    192     40   96    1
//               packet              8     15    256   15    1
//               conn              200    200    200   20    1
//
// 1. suspect() says which cache leaks, how many objects an hour, and how
//    many pages a day (24 hours) that costs, full ones only.
// 2. leaking() returns a list of at most ten calls after which this driver
//    has leaked an object. For one point more it is as short as can be.
// 3. Repair the driver. What its calls return stays as it is.
//
// run makes a list of calls, closes what is open, and shrinks the caches.
// left has active_objs of each cache then. The kernel is one that looks:
// what it says (an object freed twice, for instance) is in log.
import { GFP_KERNEL } from '../../lib/linux/gfp.js';
import { bootMemory } from '../../lib/linux/page_alloc_boot.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../lib/linux/slab_alloc.js';
import { kmem_cache_create, kmem_cache_init } from '../../lib/linux/slab_create.js';
import { slabinfo } from '../../lib/linux/slab_info.js';
import { configure, type kmem_cache_t } from '../../lib/linux/slab_layout.js';
import { kmem_cache_shrink } from '../../lib/linux/slab_reap.js';
import { dmesg } from '../../lib/sys/cons.js';
import { reboot } from '../../lib/sys/reboot.js';

type Op = ['open'] | ['send', number, number] | ['ack', number] | ['close', number];

/** A packet that waits, and the note on when to send it again. */
interface Waiting { packet: number; note: number }

interface Driver {
  conn: kmem_cache_t;
  packet: kmem_cache_t;
  note: kmem_cache_t;
  room: number; // for so many packets more
  open: Map<number, { addr: number; queue: Waiting[] }>;
}

/** What the text above says. */
export function suspect(): {
  cache: string;
  anHour: number;
  pagesADay: number;
} {
  throw new Error('TODO: a cache, objects an hour, full pages a day');
}

/** Calls after which this driver has leaked. */
export function leaking(): Op[] {
  throw new Error('TODO: a list of calls');
}

/** What the calls returned, what is left, and what the kernel said. */
export function run(ops: Op[]): {
  returned: (number | boolean)[];
  left: { conn: number; packet: number; note: number };
  log: string[];
} {
  reboot();
  bootMemory({ zones: [1024, 1024, 0] });
  configure({ CONFIG_DEBUG_SLAB: true });
  kmem_cache_init();
  const d: Driver = {
    conn: kmem_cache_create('conn', 200)!,
    packet: kmem_cache_create('packet', 256)!,
    note: kmem_cache_create('note', 40)!,
    room: 8,
    open: new Map(),
  };
  let ids = 0;
  const returned = ops.map((op) => {
    if (op[0] === 'send') return send(d, op[1], op[2]);
    if (op[0] === 'ack') return ack(d, op[1]);
    if (op[0] === 'close') return close(d, op[1]);
    d.open.set(++ids, { addr: kmem_cache_alloc(d.conn, GFP_KERNEL), queue: [] });
    return ids;
  });
  for (const id of [...d.open.keys()]) close(d, id);
  const active = (cachep: kmem_cache_t): number => {
    kmem_cache_shrink(cachep);
    const lines = slabinfo().split('\n').map((line) => line.split(/\s+/));
    return Number(lines.find(([name]) => name === cachep.name)![1]);
  };
  const left = { conn: active(d.conn), packet: active(d.packet), note: active(d.note) };
  return { returned, left, log: [...dmesg()] };
}

/** Lets n packets wait. @returns whether there was room for all */
function send(d: Driver, id: number, n: number): boolean {
  const connection = d.open.get(id);
  if (connection === undefined) return false;
  const fresh: Waiting[] = [];
  for (let i = 0; i < n; i++) {
    const note = kmem_cache_alloc(d.note, GFP_KERNEL);
    if (d.room === 0) {
      for (const waiting of fresh) release(d, waiting);
      return false;
    }
    d.room--;
    fresh.push({ packet: kmem_cache_alloc(d.packet, GFP_KERNEL), note });
  }
  connection.queue.push(...fresh);
  return true;
}

/** Frees a packet and its note. */
function release(d: Driver, { packet, note }: Waiting): void {
  kmem_cache_free(d.packet, packet);
  kmem_cache_free(d.note, note);
  d.room++;
}

/** The oldest packet has arrived. @returns whether there was one */
function ack(d: Driver, id: number): boolean {
  const oldest = d.open.get(id)?.queue.shift();
  if (oldest === undefined) return false;
  release(d, oldest);
  return true;
}

/** Closes a connection. @returns whether it was open */
function close(d: Driver, id: number): boolean {
  const connection = d.open.get(id);
  if (connection === undefined) return false;
  d.open.delete(id);
  for (const waiting of connection.queue) release(d, waiting);
  kmem_cache_free(d.conn, connection.addr);
  return true;
}
