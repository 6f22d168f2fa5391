// Who goes on.
//
// The decision: after each event ask the thread on top, and no other. Does
// it run? Then it runs until it sleeps or ends, whoever has been called
// meanwhile. Does it sleep? If it has been called, it wakes and looks again;
// if not, the next queued thread starts on top of it. If there is none, that
// is the deadlock, also when somebody below has been called.

interface Logs {
  twice: string[];
  nested: string[];
  taken: string[];
  buried: string[];
  lost: string[];
}

export function trace(): Logs {
  return {
    twice: [
      'A runs', 'A sleeps', 'B runs', 'B ends', 'A wakes',
      'A sleeps', 'C runs', 'C ends', 'A wakes', 'A ends',
    ],
    nested: [
      'A runs', 'A sleeps', 'B runs', 'B sleeps', 'C runs', 'C ends',
      'B wakes', 'B ends', 'A wakes', 'A ends',
    ],
    taken: [
      'A runs', 'A sleeps', 'B runs', 'B ends', 'A wakes', 'A sleeps',
      'C runs', 'C sleeps', 'D runs', 'D ends',
      'C wakes', 'C ends', 'A wakes', 'A ends',
    ],
    buried: [
      'A runs', 'A sleeps', 'B runs', 'B sleeps', 'C runs', 'C ends',
      'B wakes', 'B sleeps', 'D runs', 'D ends', 'deadlock',
    ],
    lost: [
      'A runs', 'A ends', 'B runs', 'B sleeps', 'C runs', 'C ends', 'deadlock',
    ],
  };
}
