// Mind the guard.
//
// The decision: the guard is a page of addresses, so it belongs to the size
// before anything is compared. Two areas side by side show that it is
// missing; one area never does. The loop looks behind each area, so the hole
// that it passes over is the one before the first: two calls to take, one to
// free the lower area, one to take again. The end is asked for last, when
// the place is known, whether an area was passed or not.

const PAGE = 4096;

interface Area {
  addr: number;
  size: number;
}

type Call = { take: number } | { free: number };

export function noGuard(): Call[] {
  return [{ take: 1 }, { take: 1 }];
}

export function noHole(): Call[] {
  return [{ take: 1 }, { take: 1 }, { free: 0 }, { take: 1 }];
}

export function place(
  taken: Area[],
  bytes: number,
  start: number,
  end: number,
): number {
  const size = Math.ceil(bytes / PAGE) * PAGE + PAGE;
  let addr = start;
  for (const area of taken) {
    if (addr + size <= area.addr) break;
    addr = area.addr + area.size;
  }
  return addr + size <= end ? addr : 0;
}
