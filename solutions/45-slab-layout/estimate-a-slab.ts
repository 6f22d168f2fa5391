// Estimate a slab.
//
// The decision: one sum, for any number of objects, and a loop that counts.
// A division would have to guess how the rounding comes out, for one more
// object moves the first object by nothing, or by a whole align. The second
// function begins with the same sum: where the first object is.

const rounded = (bytes: number, align: number): number =>
  Math.ceil(bytes / align) * align;

const descriptor = (num: number, align: number): number =>
  rounded(24 + 2 * num, align);

export function estimate(
  bytes: number,
  size: number,
  align: number,
  onSlab: boolean,
): { num: number; left_over: number } {
  const used = (i: number): number =>
    i * size + (onSlab ? descriptor(i, align) : 0);
  let num = 0;
  while (used(num + 1) <= bytes) num++;
  return { num, left_over: bytes - used(num) };
}

export function whereIs(
  offset: number,
  colour: number,
  size: number,
  align: number,
  num: number,
): number {
  const first = colour + descriptor(num, align);
  const number = Math.floor((offset - first) / size);
  return number >= 0 && number < num ? number : -1;
}
