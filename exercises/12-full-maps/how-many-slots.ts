// Count the slots.
// Kind: choose. Minutes: 30.
//
// V7's map does not notice when its array is full, so the array must be
// long enough. In a system there are at most k processes at a time (k is 2
// or more), and each has one piece of core, from V7's malloc. Before the
// first of them comes, all core is one free piece. Three loads:
//
//   'stack'      who came last goes first, and gives back his whole piece
//   'whole'      they go in any order, and give back whole pieces
//   'shrinking'  as 'whole', and at any time a process may give back the
//                upper part of its piece and keep the lower (V7's expand)
//
// slots(load, k) is the least number of slots, the delimiter's among them,
// with which no list of calls in that load ever fills the array.
//
// fullest(load, k) proves that no fewer will do: a list of calls within the
// load, after which the map has an entry in every slot but one. It begins
// with the units 1 to 1000 free. At most 200 calls; a malloc must find
// something. For instance, within 'whole' and for k = 2:
//
//   return [['malloc', 5], ['malloc', 7], ['mfree', 5, 1]];

type Load = 'stack' | 'whole' | 'shrinking';
type Op = ['malloc', number] | ['mfree', number, number];

/** The least number of slots that is always enough. */
export function slots(load: Load, k: number): number {
  throw new Error(`TODO: slots for ${load} and ${k}`);
}

/** Calls that need all of these slots; for the loads other than 'stack'. */
export function fullest(load: Load, k: number): Op[] {
  throw new Error(`TODO: calls for ${load} and ${k}`);
}
