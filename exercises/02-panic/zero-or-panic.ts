// Zero or panic.
// Kind: predict. Minutes: 10.
//
// An allocator has several ways to answer. What comes back from each of the
// seven calls?
//
//   'address'  the number of the first unit
//   'zero'     the number 0
//   'nothing'  the function returns nothing, and the kernel goes on
//   'panic'    the kernel stops
//
// The calls on 4.3BSD's map have a contract. rmalloc: the size is positive.
// rmfree: size and address are positive, and no unit of the range is free
// already. V7's malloc and mfree are older and test no argument at all:
// malloc walks to the first entry whose size is at least the size asked for.
//
// In each line, the units [100, 105) are free and no others; all that lies
// around them is in use. Each call meets a fresh map.
//
//   tooMuch        4.3BSD: rmalloc(map, 8)
//   noUnits        4.3BSD: rmalloc(map, 0)
//   freeAlready    4.3BSD: rmfree(map, 2, 102)
//   touching       4.3BSD: rmfree(map, 5, 105)
//   noSlot         4.3BSD: rmfree(map, 5, 300), in a map of three slots:
//                  one for the header, one for [100, 105), one for the end
//   v7FreeAlready  V7: mfree(map, 2, 102)
//   v7NoUnits      V7: malloc(map, 0)
//
// Return { tooMuch: '?', noUnits: '?', … } with your answers; '?' stands
// for no answer yet.

type Answer = 'address' | 'zero' | 'nothing' | 'panic' | '?';

export function predict(): {
  tooMuch: Answer;
  noUnits: Answer;
  freeAlready: Answer;
  touching: Answer;
  noSlot: Answer;
  v7FreeAlready: Answer;
  v7NoUnits: Answer;
} {
  throw new Error('TODO: seven answers');
}
