// Map or arena.
//
// The decision: free are [17, 27) and [43, 61), 10 and 18 units. The map
// comes to 17 first, and one unit is left there: the 10 units are at 43.
// The arena wants a list where all have 9: list 4, so 43. Then 9 units are
// left there, and both segments are on list 3. No list is sure to have 10,
// so list 3 is searched: 9 are too few, and [17, 27) has 10. Spans stay
// apart; a part is a wrong size; two slots hold two pieces.

type Answer = number | '?';

export function predict(): {
  map9: Answer;
  arena9: Answer;
  map10: Answer;
  arena10: Answer;
  span: Answer;
  part: 'fine' | 'panic' | '?';
  full: Answer;
} {
  return {
    map9: 17,
    arena9: 43,
    map10: 43,
    arena10: 17,
    span: 0,
    part: 'panic',
    full: 2,
  };
}
