// The ledger: is what an allocator gives out really free to be given?
//
// Apparatus; the rules are mdriver's, the judge of Bryant and O'Hallaron's
// malloc exercise: every piece is aligned, lies inside the memory that
// there is, and overlaps no other piece alive. Idea: pieces alive do not
// overlap, so the one that begins last below a new piece's end is the only
// one that can reach into it. Finding it takes O(log n) in a B+ tree.
import BTree from 'sorted-btree';

/** A piece that must not be where it is. All in the ledger's units. */
export class Misplaced extends Error {
  readonly exit: number = 1;

  constructor(
    message: string,
    readonly facts: { [name: string]: number },
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/** A piece that shares units with a piece alive: its [other, otherEnd). */
export class Overlap extends Misplaced {}

/** What is alive, by address. */
export class Ledger {
  private readonly ends = new BTree<number, number>(undefined, (a, b) => a - b);
  private readonly found: [start: number, end: number] = [0, 0];

  /**
   * @param start the first unit that may be given out
   * @param align every address is a multiple of it
   */
  constructor(
    private readonly start: number,
    private readonly align = 1,
  ) {}

  /** Pieces alive. */
  get size(): number {
    return this.ends.size;
  }

  /**
   * Enters the piece [addr, addr + size).
   * @param limit the first unit that does not exist
   * @throws Misplaced, Overlap
   */
  add(addr: number, size: number, limit: number): void {
    if (!Number.isSafeInteger(addr) || !(size > 0)) {
      const what = `${size} units at ${addr} are no piece`;
      throw new Misplaced(what, { addr, size });
    }
    const { start, align } = this;
    const end = addr + size;
    const piece = at(addr, end);
    if (addr % align !== 0) {
      const what = `${piece} does not begin at a multiple of ${align}`;
      throw new Misplaced(what, { addr, end, align });
    }
    if (addr < start || end > limit) {
      const what = `${piece} is not inside ${at(start, limit)}`;
      throw new Misplaced(what, { addr, end, start, limit });
    }
    const below = this.ends.nextLowerPair(end, this.found);
    if (below !== undefined && below[1] > addr) {
      const [other, otherEnd] = below;
      const what = `${piece} overlaps ${at(other, otherEnd)}, which is alive`;
      throw new Overlap(what, { addr, end, other, otherEnd });
    }
    this.ends.set(addr, end);
  }

  /** Strikes out the piece at addr. @throws Misplaced if none is alive */
  remove(addr: number): void {
    if (this.ends.delete(addr)) return;
    throw new Misplaced(`no piece at ${addr} is alive`, { addr });
  }
}

const at = (start: number, end: number): string => `[${start}, ${end})`;
