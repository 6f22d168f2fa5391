// Shape a slab.
// Kind: predict. Minutes: 20.
//
// A machine with one CPU, words of 4 bytes, cache lines of 32, and 64 MB of
// memory makes five caches without any flag:
//
//   cache    size of an object
//   small      200 bytes
//   mid        900 bytes
//   pair     1,100 bytes
//   tight    1,364 bytes
//   large    2,200 bytes
//
// A descriptor has 24 bytes, and 2 more for each object. Questions:
//
//   smallNum      objects in a slab of small
//   smallColours  colours of small
//   midOrder      order of a slab of mid
//   midWhere      where its descriptor is: 'in' (the slab) or 'out'
//   pairOrder     order of a slab of pair
//   pairNum       objects in it
//   pairColours   colours of pair
//   tightHolder   the cache that a descriptor of tight is an object of:
//                 'size-32', say, or 'none' if it is in the slab
//   largeLost     bytes of a slab of large that are in no object
//   lowNum        objects in a slab of pair on a machine of 24 MB
//
// Return { smallNum: 7, smallColours: '?', ... }; '?' is no answer yet.

type Count = number | '?';

/** Ten answers. */
export function predict(): {
  smallNum: Count;
  smallColours: Count;
  midOrder: Count;
  midWhere: string;
  pairOrder: Count;
  pairNum: Count;
  pairColours: Count;
  tightHolder: string;
  largeLost: Count;
  lowNum: Count;
} {
  throw new Error('TODO: ten answers');
}
