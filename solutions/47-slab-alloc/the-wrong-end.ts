// The wrong end.
//
// The decision: an array is a stack for its user, and a queue for the flush.
// The top is what the processor's cache holds, so it must stay. To show the
// bug, the array must be full when one more comes back: three are in use, so
// three takes and three gives. The next take returns what was given last, in
// both kernels; only the one after it differs.

type Call = 'take' | number;

export function failing(): Call[] {
  return ['take', 'take', 'take', 0, 1, 2, 'take', 'take'];
}

export function flush(
  entry: number[],
  batchcount: number,
  room: number,
): { toShared: number[]; toSlabs: number[]; left: number[] } {
  const n = room > 0 ? Math.min(batchcount, room) : batchcount;
  const gone = entry.slice(0, n);
  const left = entry.slice(n);
  return room > 0
    ? { toShared: gone, toSlabs: [], left }
    : { toShared: [], toSlabs: gone, left };
}
