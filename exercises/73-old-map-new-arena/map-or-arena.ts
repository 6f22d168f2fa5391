// Map or arena.
// Kind: predict. Minutes: 20.
//
// The same calls, once with lib/bsd/rmap.ts (the map of Solaris 7, first
// fit) and once with lib/opensolaris/rmap.ts (an arena, instant fit). Take a
// pencil: the map's entries on one side, the arena's freelists on the other.
//
// mp = rmallocmap(10); rmfree(mp, 60, 1); then rmalloc of 16, 10 and 16
// units. Both return 1, 17 and 27. Then rmfree(mp, 10, 17). What return
//
//   map9, arena9      rmalloc(mp, 9)
//   map10, arena10    and after it rmalloc(mp, 10)
//
// Others, each with a fresh mp, in the arena alone:
//   span    rmfree(mp, 30, 1); rmfree(mp, 30, 31); what returns
//           rmalloc(mp, 40)?
//   part    rmfree(mp, 60, 1); addr = rmalloc(mp, 16); what comes of
//           rmfree(mp, 8, addr)? 'fine' or 'panic'
// And in the map alone:
//   full    mp = rmallocmap(2), two slots for entries; five units each are
//           freed at 10, 20, 30 and 40. How many rmalloc(mp, 5) succeed then?
//
// Return { map9: 0, arena9: '?', ... }; '?' is no answer yet.

type Answer = number | '?';

/** Six numbers and a word. */
export function predict(): {
  map9: Answer;
  arena9: Answer;
  map10: Answer;
  arena10: Answer;
  span: Answer;
  part: 'fine' | 'panic' | '?';
  full: Answer;
} {
  throw new Error('TODO: six numbers and a word');
}
