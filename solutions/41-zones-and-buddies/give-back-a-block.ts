// Give back a block.
//
// The decision: the loop carries a block and its order, and each round
// makes one larger block of two. The buddy is looked for on the list of the
// same order alone, so a piece of the buddy that is free cannot be mistaken
// for it. The kernel does not search the list, it asks the page; here the
// list is all there is.

export function buddyOf(block: number, order: number): number {
  return block ^ (1 << order);
}

export function giveBack(lists: number[][], block: number, order: number): void {
  while (order < lists.length - 1) {
    const buddy = buddyOf(block, order);
    const at = lists[order].indexOf(buddy);
    if (at < 0) break;
    lists[order].splice(at, 1);
    block &= buddy;
    order++;
  }
  lists[order].unshift(block);
}
