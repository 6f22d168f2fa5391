// Find an arena's leak.
// Kind: bug. Minutes: 40.
//
// A driver has connections. Each has a number, from the arena conn_id with
// ids 1 to 8, and a buffer, from the arena conn_buf, which imports from
// `pages`: four pages, [0x10000, 0x14000). run makes a list of calls and
// then stops the driver: what is open is closed, both arenas are destroyed.
//
//   ['open', size]       opens a connection with a buffer of size bytes;
//                        returns its number, or null if it cannot
//   ['grow', id, size]   gives it a buffer of size bytes in place of the
//                        old one; true, or false if it cannot (then it
//                        keeps the old one)
//   ['close', id]        closes it; true, or false if it is not open
//
// It has two bugs: in one case it leaks identifiers, in another bytes. In
// the kernel's log that reads "!vmem_destroy('conn_id'): leaked ...".
//
// 1. leaking(what) returns a list of at most ten calls after which this
//    driver leaks 'identifiers', or 'bytes', and not the other. For the
//    last point, both lists are as short as can be.
// 2. Repair the driver. What its calls return stays as it is, as far as no
//    leak has caused it.
import {
  vmem_alloc,
  vmem_free,
} from '../../lib/opensolaris/vmem_alloc.js';
import { vmem_create, vmem_destroy } from '../../lib/opensolaris/vmem_create.js';
import {
  VM_NOSLEEP,
  VM_SLEEP,
  VMC_IDENTIFIER,
  VMEM_ALLOC,
  type vmem_t,
} from '../../lib/opensolaris/vmem_impl.js';
import { vmem_init } from '../../lib/opensolaris/vmem_init.js';
import { vmem_size } from '../../lib/opensolaris/vmem_walk.js';
import { dmesg } from '../../lib/sys/cons.js';
import { reboot } from '../../lib/sys/reboot.js';

type Op = ['open', number] | ['grow', number, number] | ['close', number];

interface Driver {
  ids: vmem_t;
  buffers: vmem_t;
  connections: Map<number, { addr: number; size: number }>; // by number
}

/** Calls after which the driver leaks this, and not the other. */
export function leaking(what: 'identifiers' | 'bytes'): Op[] {
  throw new Error(`TODO: a list of calls that leaks ${what}`);
}

/** What the calls returned, the log, and what `pages` has allocated then. */
export function run(ops: Op[]): {
  returned: (number | boolean | null)[];
  log: string[];
  held: number;
} {
  reboot();
  vmem_init();
  const pages = vmem_create(
    'pages', 0x10000, 0x4000, 4096, null, null, null, 0, VM_SLEEP,
  )!;
  const ids = vmem_create(
    'conn_id', 1, 8, 1, null, null, null, 0, VM_SLEEP | VMC_IDENTIFIER,
  )!;
  const buffers = vmem_create(
    'conn_buf', null, 0, 64, vmem_alloc, vmem_free, pages, 0, VM_SLEEP,
  )!;
  const driver: Driver = { ids, buffers, connections: new Map() };

  const returned = ops.map((op) => {
    if (op[0] === 'open') return open(driver, op[1]);
    if (op[0] === 'grow') return grow(driver, op[1], op[2]);
    return close(driver, op[1]);
  });
  for (const id of [...driver.connections.keys()]) close(driver, id);
  vmem_destroy(buffers);
  vmem_destroy(ids);
  return { returned, log: [...dmesg()], held: vmem_size(pages, VMEM_ALLOC) };
}

/** Opens a connection. @returns its number, or null */
function open(d: Driver, size: number): number | null {
  const id = vmem_alloc(d.ids, 1, VM_NOSLEEP);
  if (id === null) return null;
  const addr = vmem_alloc(d.buffers, size, VM_NOSLEEP);
  if (addr === null) return null;
  d.connections.set(id, { addr, size });
  return id;
}

/** Gives a connection another buffer. @returns whether it has */
function grow(d: Driver, id: number, size: number): boolean {
  const connection = d.connections.get(id);
  if (connection === undefined) return false;
  const addr = vmem_alloc(d.buffers, size, VM_NOSLEEP);
  if (addr === null) return false;
  d.connections.set(id, { addr, size });
  return true;
}

/** Closes a connection. @returns whether it was open */
function close(d: Driver, id: number): boolean {
  const connection = d.connections.get(id);
  if (connection === undefined) return false;
  d.connections.delete(id);
  vmem_free(d.buffers, connection.addr, connection.size);
  vmem_free(d.ids, id, 1);
  return true;
}
