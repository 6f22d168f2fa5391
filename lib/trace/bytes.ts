// An allocator of larger units, asked in bytes.
//
// Programs ask for bytes; a map counts units of 16, 64 or 512 of them. A
// request takes the units that it needs, at least one, and an address is
// that of the unit's first byte. What rounding costs is then in `given`.
import type { Allocator, Piece } from './allocator.js';

/** @param unit the bytes of one unit of the allocator */
export function inBytes(allocator: Allocator, unit: number): Allocator {
  const units = (size: number) => Math.max(1, Math.ceil(size / unit));
  const piece = ({ start, end }: Piece) => ({
    start: start * unit,
    end: end * unit,
  });
  const [start, end] = allocator.range;
  return {
    name: allocator.name,
    unit: 'bytes',
    range: [start * unit, end * unit],
    alloc(size) {
      const addr = allocator.alloc(units(size));
      return addr === null ? null : addr * unit;
    },
    free: (addr, size) => allocator.free(addr / unit, units(size)),
    given: (addr, size) => allocator.given(addr / unit, units(size)) * unit,
    holes: () => allocator.holes().map(piece),
    lists: () =>
      allocator
        .lists()
        .map(({ name, pieces }) => ({ name, pieces: pieces.map(piece) })),
    taken: () => allocator.taken() * unit,
    steps: () => allocator.steps(),
  };
}
