// Estimate a slab.
// Kind: change. Minutes: 25.
//
// A slab of so many bytes is cut up: its descriptor, and behind it objects.
// The descriptor takes 24 bytes, and 2 bytes more for each object. It is
// rounded up, so that the first object begins at a multiple of align, a
// power of two. When the descriptor is not on the slab, objects begin at 0.
//
// 1. estimate says how many objects fit, and how many bytes are left over.
//    `size` is a multiple of align already. If none fits, num is 0; then
//    left over is what the descriptor leaves. At most 65,533 objects are
//    asked for.
//
// 2. whereIs says which object a byte of a slab belongs to: its number, or
//    -1 if the byte is in no object. `offset` counts from the start of the
//    slab. Before the descriptor, which is on the slab, lie `colour` bytes
//    that are a multiple of align; the slab has `num` objects.

/** How many objects of size bytes fit into a slab. */
export function estimate(
  bytes: number,
  size: number,
  align: number,
  onSlab: boolean,
): { num: number; left_over: number } {
  throw new Error(`TODO: ${size} in ${bytes}, ${align}, ${onSlab}`);
}

/** The number of the object that a byte is in, or -1. */
export function whereIs(
  offset: number,
  colour: number,
  size: number,
  align: number,
  num: number,
): number {
  throw new Error(`TODO: byte ${offset}, ${colour}, ${size}, ${align}, ${num}`);
}
