// What the checks of the book report: place, fact, remedy.
//
// Idea: a fault is data until it is printed, so that a test can ask for
// its place, and a reader always gets the command that mends it.

export interface Fault {
  place: string; // "notebooks/61-segments.md:212"
  fact: string; // "departs from lib/…:88 (vmem_hash_delete)", no full stop
  remedy: string; // 'Run "npm run weave" and read the diff.'
}

/** The fault as one line. */
export const sentence = ({ place, fact, remedy }: Fault): string =>
  `${place} ${fact}. ${remedy}`;

/** Faults that end a command: 1 something differs, 2 not readable. */
export class BookError extends Error {
  constructor(
    readonly faults: Fault[],
    readonly exit: 1 | 2 = 1,
  ) {
    super(faults.map(sentence).join('\n'));
    this.name = 'BookError';
  }
}
