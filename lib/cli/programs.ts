// The half of `freelist replay` that replays recorded programs.
import type { Setting, System } from '../trace/adapters/systems.js';
import { readRep } from '../trace/rep.js';
import { replay, type Replay } from '../trace/replay.js';
import { linesOf } from './lines.js';
import { startBar } from './progress.js';

const LONG = 50_000; // operations from which a program earns a progress bar
const STEP = 1000; // operations between two looks at the bar

/** What came of one program: its result, or why there is none. */
type Outcome =
  | { result: Replay; failed: number }
  | { error: string; exit: number };

/**
 * Replays files on a system, and prints what came of each.
 * @returns the exit code
 */
export function replayAll(
  files: readonly string[],
  system: System,
  options: Setting['options'],
  json = false,
): number {
  let exit = 0;
  for (const file of files) {
    const outcome = replayOne(file, system, options);
    if ('error' in outcome) exit = Math.max(exit, outcome.exit);
    if (json) {
      const line = 'error' in outcome ? { file, ...outcome } : outcome.result;
      const named = files.length > 1 ? { file, ...line } : line;
      console.log(JSON.stringify(named));
    } else if ('error' in outcome) {
      process.stderr.write(`freelist: ${outcome.error}\n`);
    } else {
      console.log(report(file, system, outcome));
    }
  }
  return exit;
}

function replayOne(
  file: string,
  system: System,
  options: Setting['options'],
): Outcome {
  let bar: ReturnType<typeof startBar> = null;
  try {
    const { header, requests } = readRep(linesOf(file), file);
    const { ids, operations } = header;
    if (operations >= LONG) {
      bar = startBar(`${file} {bar} {value}/{total}`, operations);
    }
    const { failed, ...result } = replay(
      requests,
      system.make({ ids, options }),
      (done) => {
        if (done % STEP === 0) bar?.update(done);
      },
    );
    return { result, failed };
  } catch (error) {
    const { exit, message } = error as { exit?: unknown; message: string };
    if (typeof exit !== 'number') throw error;
    const placed = message.startsWith(file);
    return { error: placed ? message : `${file}: ${message}`, exit };
  } finally {
    bar?.stop();
  }
}

function report(
  file: string,
  { name }: System,
  { result, failed }: { result: Replay; failed: number },
): string {
  const { operations, peak_payload, max_brk, util } = result;
  const { offsets_fnv1a32, search_mean, search_max } = result;
  const failures = failed === 0 ? '' : `, ${failed} allocations failed`;
  return [
    `${file} on ${name}: ${operations} operations${failures}`,
    `  peak payload  ${peak_payload} bytes`,
    `  peak memory   ${max_brk} bytes`,
    `  utilisation   ${util.toFixed(4)}`,
    `  search        ${search_mean.toFixed(2)} records, ${search_max} at worst`,
    `  digest        ${offsets_fnv1a32}`,
  ].join('\n');
}

const WIDTH = 78;
const INDENT = ' '.repeat(11);

/** The systems and how each is set up, for the help of the verb. */
export function about(known: readonly System[]): string {
  return known
    .map(({ name, about, options }) => {
      const flags = options.map(({ flags }) => flags).join(', ');
      const text = flags === '' ? about : `${about} Options: ${flags}.`;
      return `  ${name}`.padEnd(INDENT.length) + wrapped(text);
    })
    .join('\n');
}

/** Words in lines, all but the first of them indented. */
function wrapped(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    const longer = lines[last] === '' ? word : `${lines[last]} ${word}`;
    if (longer.length <= WIDTH - INDENT.length) lines[last] = longer;
    else lines.push(word);
  }
  return lines.join(`\n${INDENT}`);
}
