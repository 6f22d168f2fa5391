// Powers of two: rounding, remainders and bit positions.
//
// Follows illumos usr/src/uts/common/sys/sysmacros.h (the P2 macros) and
// sys/bitmap.h (highbit, lowbit). Idea: when the divisor is 2^k, division
// and remainder are a shift and a mask, and "round up" is one addition
// and one mask.
//
// A block is [i * align, (i + 1) * align) for a whole i. The macros say
// where x lies in its block, in units of whatever x counts.
//
// 1. Every align is a power of two, at least 1.
// 2. Every x, y and phase is an integer from 0 to 2^53 - 1.
// 3. Every result is such an integer too; one that is not is a
//    RangeError, never a rounded number.
//
// Left out: the _TYPED forms (they settle the width of a C type; a number
// here has one), macros that no allocator of ours asks for (P2END,
// P2BOUNDARY, roundup and others), and wrap-around at 2^64, which 3 replaces.

/** 2^32: from it on a number does not fit into the 32-bit operators. */
const TWO32 = 0x100000000;

/** @throws RangeError when a result has left the exact integers (3) */
function fits(result: number, call: string): number {
  if (result > Number.MAX_SAFE_INTEGER) {
    throw new RangeError(`${call}: the result needs more than 53 bits`);
  }
  return result;
}

/**
 * Position of the highest set bit, counted from 1; 0 when x is 0.
 * For x > 0: 2^(highbit(x) - 1) <= x < 2^highbit(x).
 */
export function highbit(x: number): number {
  return x < TWO32 ? 32 - Math.clz32(x) : 64 - Math.clz32(x / TWO32);
}

/** Position of the lowest set bit, counted from 1; 0 when x is 0. */
export function lowbit(x: number): number {
  // x & -x keeps the lowest set bit alone, if it is among the low 32.
  const low = x & -x;
  if (low !== 0) return 32 - Math.clz32(low);
  return x === 0 ? 0 : 32 + lowbit(Math.floor(x / TWO32));
}

/** How far x lies above the start of its block: 0 to align - 1. */
export function P2PHASE(x: number, align: number): number {
  // A mask of at most 31 bits extracts the low bits of any x. A longer one
  // would be read as negative, so there the division has to do it.
  return align <= 0x80000000 ? x & (align - 1) : x % align;
}

/** Start of the block that x lies in: the greatest multiple <= x. */
export function P2ALIGN(x: number, align: number): number {
  return x - P2PHASE(x, align);
}

/** How far it is from x up to the next multiple; 0 when x is one. */
export function P2NPHASE(x: number, align: number): number {
  return P2PHASE(align - P2PHASE(x, align), align);
}

/** The least multiple of align that is >= x. */
export function P2ROUNDUP(x: number, align: number): number {
  const r = (x + align - 1) & -align;
  // Beyond 31 bits the mask gives something smaller than x.
  if (r >= x) return r;
  return fits(x + P2NPHASE(x, align), `P2ROUNDUP(${x}, ${align})`);
}

/** The least y >= x that lies phase above a multiple of align. */
export function P2PHASEUP(x: number, align: number, phase: number): number {
  const up = P2PHASE(phase, align) + P2NPHASE(x, align);
  const y = x + P2PHASE(up, align);
  return fits(y, `P2PHASEUP(${x}, ${align}, ${phase})`);
}

/** Do x and y lie in different blocks? */
export function P2CROSS(x: number, y: number, align: number): boolean {
  return P2ALIGN(x, align) !== P2ALIGN(y, align);
}

/** Have x and y the same highest set bit? False when both are 0. */
export function P2SAMEHIGHBIT(x: number, y: number): boolean {
  return x !== 0 && highbit(x) === highbit(y);
}
