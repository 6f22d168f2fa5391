// Robson by hand.
//
// The decision: compare two halves of what counted before. In row 1 seven
// pieces lie at odd addresses and one at an even one, so the rest becomes
// 1; seven units stay, and no piece of 2 may come. In row 2 the rest 1
// gains 4 times 3 and the rest 3 gains 3 times 3. In row 3 both halves gain
// 4, and equal means: the rest stays as it was, 0. In row 4 the pieces of 2
// units, at 8 and at 11, hold 8 and 12, so the rest 0 gains 3 + 2 + 2 with
// the piece at 4; the rest 2 gains 3 times 3, and wins.

interface Row {
  kept: number[] | '?';
  asks: number | '?';
}

export function trace(): Row[] {
  return [
    { kept: [1, 3, 5, 7, 9, 11, 13], asks: 0 },
    { kept: [1, 5, 9, 13], asks: 1 },
    { kept: [2, 4, 6, 10], asks: 2 },
    { kept: [2, 6, 10], asks: 1 },
  ];
}
