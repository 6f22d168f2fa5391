// Best fit within the freelists.
//
// The decision: list highbit(size) - 1 is the first that can have a segment
// of this size; what stands below is too small without a look. Each list
// has only larger segments than the one before, so the first list with one
// that fits has the best one, and its end is the end of the search. `<` and
// not `<=` keeps the first of equals, and nothing beats an exact fit.
import { highbit } from '../../lib/sys/sysmacros.js';

interface List {
  n: number;
  pieces: { start: number; end: number }[];
}

export function bestFit(
  lists: List[],
  size: number,
): { addr: number | null; steps: number } {
  let steps = 0;
  for (const { n, pieces } of lists) {
    if (n < highbit(size) - 1) continue;
    let addr: number | null = null;
    let least = Infinity;
    for (const { start, end } of pieces) {
      steps++;
      const length = end - start;
      if (length < size || length >= least) continue;
      addr = start;
      least = length;
      if (length === size) return { addr, steps };
    }
    steps++; // the head of the next list
    if (addr !== null) return { addr, steps };
  }
  return { addr: null, steps };
}
