// The wrong end.
// Kind: bug. Minutes: 30.
//
// When an array is full, a batch goes one layer down: into the shared array
// as far as there is room, but to the slabs if there is none at all. Which
// objects go, and where: flush says that, and does it wrong. Two tasks:
//
// 1. failing() returns calls that show the bug, made one after the other on
//    a new cache: one slab of four objects, numbered from 0; an array with
//    room for two, a batch of 1, nothing shared. A take must return another
//    object than the kernel's. 'take' takes one; a number gives that object
//    back. For instance, this list shows nothing:
//
//      return ['take', 'take', 1, 'take'];
//
//    At most 14 calls, never more than four objects in use, and only what
//    is in use may be given back. For the last point, find the shortest.
//
// 2. Repair flush. `entry` are the objects in the array, the oldest first;
//    `room` is what the shared array can still take.

type Call = 'take' | number;

/** Calls on which this flush and the kernel's differ. */
export function failing(): Call[] {
  throw new Error('TODO: a list of calls');
}

/** What leaves a full array, in order, and what stays. */
export function flush(
  entry: number[],
  batchcount: number,
  room: number,
): { toShared: number[]; toSlabs: number[]; left: number[] } {
  const n = room > 0 ? Math.min(batchcount, room) : batchcount;
  const gone = entry.slice(entry.length - n);
  const left = entry.slice(0, entry.length - n);
  return room > 0
    ? { toShared: gone, toSlabs: [], left }
    : { toShared: [], toSlabs: gone, left };
}
