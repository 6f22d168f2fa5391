// Prints a hash of every picture's bytes; run in a process of its own.
import { createHash } from 'node:crypto';
import { render } from '../../lib/plot/render.js';
import { examples } from './examples.js';

/** Pictures of every make: bins, rows, cells, points, panels, text. */
export const telling = [
  'bins', 'histograms', 'multiples', 'slots', 'steps', 'strips',
];

/** The pictures' hashes by name, drawn in the given order. */
export async function digests(names: string[]): Promise<string> {
  const lines: string[] = [];
  for (const name of names) {
    const { svg, png } = await render(examples[name as keyof typeof examples]);
    const hash = createHash('sha256').update(svg).update(png).digest('hex');
    lines.push(`${name} ${hash}`);
  }
  return lines.sort().join('\n');
}

if (process.argv[2] === 'print') {
  void digests(telling).then((text) => console.log(text));
}
