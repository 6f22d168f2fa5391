// Give back a block.
// Kind: change. Minutes: 30.
//
// Write two functions of the page allocator on plain lists. lists[k] has
// the free blocks of order k, each by its first page, first to last. Pages
// are counted from the start of the zone. lists.length - 1 is the largest
// order that a block can have.
//
// 1. buddyOf(block, order) is the buddy of the block of this order.
//
// 2. giveBack(lists, block, order) frees the block that starts at page
//    `block`: it joins it with its buddy as long as that one is free, and
//    puts what comes of it at the front of its list. It changes `lists` and
//    returns nothing.
//
// The block that is given back is in no list before, and its order is right:
// both need no test.

/** The first page of the buddy. */
export function buddyOf(block: number, order: number): number {
  throw new Error(`TODO: the buddy of ${block}, order ${order}`);
}

/** Frees a block. */
export function giveBack(lists: number[][], block: number, order: number): void {
  throw new Error(`TODO: give back ${block}, order ${order} of ${lists.length}`);
}
