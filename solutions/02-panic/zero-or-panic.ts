// Zero or panic.
//
// The decision: ask who is to blame. Too little space is nobody's fault,
// and the caller can act: 0. A broken contract is a programmer's fault:
// panic, if the system looks. A full map is not the caller's fault either,
// but rmfree returns nothing, so it can only say what it lost. V7 does not
// look: it writes down two units that were free already a second time, and
// 5 units are at least 0, so the first entry serves a request for none.

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
  return {
    tooMuch: 'zero',
    noUnits: 'panic',
    freeAlready: 'panic',
    touching: 'nothing',
    noSlot: 'nothing',
    v7FreeAlready: 'nothing',
    v7NoUnits: 'address',
  };
}
