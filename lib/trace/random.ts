// Chance that can be repeated, and sizes drawn by chance.
//
// A workload needs sizes and victims that nobody has chosen, and it needs
// the same ones tomorrow. Idea: a generator of random numbers is a formula
// with a state. Start it from the same number, the seed, and it says the
// same numbers again. A distribution of sizes is then a function that
// turns one such number into a size.
//
// 1. The same seed gives the same numbers on every machine. So nothing is
//    used here but + - * / and Math.sqrt, whose last bit the standard
//    fixes; it does not fix that of Math.log and Math.pow.
// 2. A draw takes exactly one number from the generator. So with another
//    distribution a workload has other sizes, but the same victims.
// 3. A size is a whole number in [1, most], in the allocator's units.
//
// Left out: sizes that depend on earlier sizes, or on the lifetime. Real
// programs have them. Most evaluations of allocators before 1995 drew
// sizes and lifetimes independently, and were misled (P. R. Wilson and
// others, Dynamic Storage Allocation: A Survey and Critical Review, 1995).
// Here that is the simple case to start from; recorded programs follow.

/** Turns random numbers in [0, 1) into sizes, one number a size. */
export type Sizes = (next: () => number) => number;

/** What was asked for makes no sense: wrong use, exit 2. */
export class WrongLoad extends RangeError {
  readonly exit = 2;
}

/** @throws WrongLoad unless `value` is whole, and in [least, most] */
export function mustBeWhole(
  name: string,
  value: number,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const limit = most < Number.MAX_SAFE_INTEGER ? ` and at most ${most}` : '';
  throw new WrongLoad(
    `${name} is ${value}. Give a whole number, at least ${least}${limit}.`,
  );
}

/**
 * Random numbers in [0, 1) from a seed: mulberry32 (T. Ettinger, 2017),
 * 32 bits of state, good enough to choose sizes and victims.
 */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 0x100000000;
  };
}

/**
 * One size only, in units. Real programs come near: they ask for a few
 * sizes over and over (M. S. Johnstone and P. R. Wilson, The Memory
 * Fragmentation Problem: Solved?, 1998). The number drawn is not used.
 */
export function fixed(size: number): Sizes {
  mustBeWhole('size', size, 1);
  return (next) => {
    next();
    return size;
  };
}

/**
 * Every size from `least` to `most` units equally likely: what the early
 * simulations drew, and what no program does (Wilson and others, 1995).
 */
export function uniform(least: number, most: number): Sizes {
  mustBeWhole('least', least, 1);
  mustBeWhole('most', most, least);
  return (next) => least + Math.floor(next() * (most - least + 1));
}

/** The largest size that halving and doubling can reach here. */
const LARGEST = 2 ** 30;

/**
 * Small sizes often, large ones ever more rarely: each unit more is as
 * unlikely as the one before it. This is the exponential distribution in
 * whole units, the other one that simulations drew (Wilson and others,
 * 1995). `mean` is their mean in units, and may be a fraction. A size
 * above `most` becomes `most`; if that is not given, it is so large that
 * the mean stays what it is.
 */
export function exponential(
  mean: number,
  most = Math.ceil(32 * mean),
): Sizes {
  if (!(mean >= 1)) {
    throw new WrongLoad(`mean is ${mean}. Give a number, at least 1.`);
  }
  mustBeWhole('most', most, 1, LARGEST);

  // grows[k]: the chance that a size has 2^k units more than are certain.
  const grows = [1 - 1 / mean];
  for (let k = 1; 1 << k < most; k++) grows[k] = grows[k - 1] * grows[k - 1];

  // The size is above n with chance grows[0]^n. Found is the largest n
  // whose chance is above the number drawn, in steps of 2^k.
  return (next) => {
    const drawn = next();
    let size = 1;
    let chance = 1;
    for (let k = grows.length - 1; k >= 0; k--) {
      if (drawn >= chance * grows[k]) continue;
      chance *= grows[k];
      size += 1 << k;
    }
    return Math.min(size, most);
  };
}

/**
 * The powers of two from `least` to `most` units, each equally likely: the
 * only sizes that a buddy system gives out without waste.
 */
export function powersOfTwo(least: number, most: number): Sizes {
  mustBeWhole('least', least, 1, LARGEST);
  mustBeWhole('most', most, least, LARGEST);
  for (const size of [least, most]) {
    if ((size & (size - 1)) === 0) continue;
    throw new WrongLoad(`${size} is no power of two. Give 1, 2, 4, 8 …`);
  }
  const powers = [least];
  while (powers[powers.length - 1] < most) {
    powers.push(powers[powers.length - 1] * 2);
  }
  return (next) => powers[Math.floor(next() * powers.length)];
}

/**
 * From `least` to `most` units, every doubling equally likely: as many
 * sizes in [16, 32) as in [1024, 2048). So small and large meet in one
 * workload, which a uniform draw does not bring about: of the sizes from 1
 * to 4096 it draws below 64 once in 65 times.
 */
export function logUniform(least: number, most: number): Sizes {
  mustBeWhole('least', least, 1);
  mustBeWhole('most', most, least);

  // The size is least * ratio^u, with u the number drawn. u is a sum of
  // 1/2, 1/4, 1/8 … (32 bits), so ratio^u is a product of these roots.
  const roots = [Math.sqrt((most + 1) / least)];
  while (roots.length < 32) roots.push(Math.sqrt(roots[roots.length - 1]));

  return (next) => {
    let rest = next();
    let size = least;
    for (let i = 0; rest > 0; i++) {
      rest *= 2;
      if (rest < 1) continue;
      rest -= 1;
      size *= roots[i];
    }
    return Math.min(Math.floor(size), most);
  };
}
