// Shape a slab.
//
// The decision: first whether the descriptor is counted, then the orders
// from 0 up, then the descriptor again. 200: 20 objects and 64 bytes of
// descriptor leave 32. 900: four leave 496, which is under 512, and 32 move
// in. 1,100: three leave 796, too much; seven leave 492 of two pages, and
// 40 move in: 452 are 14 lines. 1,364: three leave 4, and 30 bytes go to
// size-32. 2,200: three leave 1,592 of two pages, and order 1 is the stop.

type Count = number | '?';

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
  return {
    smallNum: 20,
    smallColours: 1,
    midOrder: 0,
    midWhere: 'in',
    pairOrder: 1,
    pairNum: 7,
    pairColours: 14,
    tightHolder: 'size-32',
    largeLost: 1592,
    lowNum: 3,
  };
}
