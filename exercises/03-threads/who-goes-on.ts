// Who goes on.
// Kind: trace. Minutes: 20.
//
// Five small programs. All threads of a program are queued before it runs,
// A first. They share a number of free units, which is 0 in the beginning:
//
//   take(n)   while (free < n) sleep('space');
//             free -= n;
//   give(n)   free += n;
//             wakeup('space');
//
//   twice    A: take(2)  B: give(1)           C: give(1)
//   nested   A: take(1)  B: take(2)           C: give(3)
//   taken    A: take(2)  B: give(2), take(1)  C: take(2)  D: give(3)
//   buried   A: take(1)  B: take(3)           C: give(1)  D: take(1)
//   lost     A: wakeup('door')  B: sleep('door')  C: wakeup('window')
//
// For each, write down what run() does: who 'runs', 'sleeps', 'wakes' and
// 'ends', in order. If nobody can go on before all have ended, the last
// event is 'deadlock'. For instance, the log of a program in which A gives
// a unit and B takes it, and of one in which A takes and nobody gives:
//
//   ['A runs', 'A ends', 'B runs', 'B ends']
//   ['A runs', 'A sleeps', 'deadlock']
//
// Keep the stack beside your log, as the notebook does. [] stands for no
// answer yet.

interface Logs {
  twice: string[];
  nested: string[];
  taken: string[];
  buried: string[];
  lost: string[];
}

export function trace(): Logs {
  throw new Error('TODO: five logs');
}
