// Predict the picture.
// Kind: predict. Minutes: 15.
//
// A map of 20 units, free is [1, 21); first fit. Eight operations:
//
//   0  A asks for 5
//   1  B asks for 3
//   2  C asks for 4
//   3  A gives back
//   4  D asks for 2
//   5  E asks for 6
//   6  C gives back
//   7  F asks for 5
//
// Then pictures are drawn. They are data, so say the data. A piece of paper
// with 8 columns helps.
//
//   bars      the lifetime map: how many bars has it in its large part?
//   barC      C's bar, as [addr, end, from, to]
//   barE      E's bar, as [addr, end, from, to]
//   narrow    the narrow strip with the slider at 6: how many pieces in
//             use are drawn in it?
//   unknown   the strip after operation 5, drawn by fromMap from the map
//             alone: how many rectangles, free and in use together?
//   known     the same, with the ends of all bars as cuts
//   free      the alt text of the strip after operation 7: units free
//   largest   the same alt text: the largest free piece
//
// Return { bars: '?', barC: '?', … } with your answers; '?' stands for no
// answer yet.

type Bar = number[] | '?';

export function predict(): {
  bars: number | '?';
  barC: Bar;
  barE: Bar;
  narrow: number | '?';
  unknown: number | '?';
  known: number | '?';
  free: number | '?';
  largest: number | '?';
} {
  throw new Error('TODO: six numbers and two bars');
}
