// What the map says.
// Kind: predict. Minutes: 20.
//
// Six questions on 4.3BSD's map. In all calls the size comes first; a piece
// is written [size, address]. '?' stands for no answer yet.
//
// A map has room for three entries (mapsize 5). Four pieces come back, and
// none touches another:
//
//   rmfree(map, 2, 10)  rmfree(map, 9, 40)  rmfree(map, 3, 60)
//   rmfree(map, 5, 20)
//
//   lost       the piece that the map loses at the fourth call
//
// Another map has room enough. Free are [10, 20) and [40, 50); all that lies
// around them was given out. Each of these calls meets the map in that
// state:
//
//   1  rmfree(map, 5, 20)       5  rmfree(map, 5, 25)
//   2  rmfree(map, 5, 18)       6  rmalloc(map, 11)
//   3  rmfree(map, 20, 20)      7  rmalloc(map, 0)
//   4  rmfree(map, 12, 30)      8  rmfree(map, 5, 0)
//
//   panics     the numbers of the calls that panic, as an array
//
// The same two pieces are free once more. A call panics, somebody catches
// the panic, and the kernel goes on. What are the entries, if that call was
//
//   afterLeft  rmfree(map, 15, 18)?
//   afterRight rmfree(map, 25, 20)?
//
// After the second of these, two clients call rmalloc(map, 35) and
// rmalloc(map, 8), in this order.
//
//   given      the two addresses that come back, as an array
//   twice      how many units belong to both clients now?
//
// Return { lost: '?', panics: '?', afterLeft: '?', … } with your answers.

type Piece = [size: number, addr: number];

export function predict(): {
  lost: Piece | '?';
  panics: number[] | '?';
  afterLeft: Piece[] | '?';
  afterRight: Piece[] | '?';
  given: number[] | '?';
  twice: number | '?';
} {
  throw new Error('TODO: six answers');
}
