// The progress bar of the verbs.
//
// It goes to standard error, so that standard output stays what a program
// can read, and it goes away when it is done. Where nobody watches there
// is none: the verb's own lines must do.
import { SingleBar } from 'cli-progress';

/**
 * Starts a bar on a terminal; null elsewhere.
 * @param words what the format names besides {bar}, {value} and {total}
 */
export function startBar(
  format: string,
  total: number,
  words: { [name: string]: string } = {},
): SingleBar | null {
  if (!process.stderr.isTTY) return null;
  const bar = new SingleBar({ format, clearOnComplete: true });
  bar.start(total, 0, words);
  return bar;
}
