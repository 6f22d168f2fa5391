// What a cell printed, as HTML for a handout.
//
// Idea: of the many forms of one output a page takes the best that is
// still whole without a network: a plot's SVG, with its alternative text.
import { createHash } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';
import type { Output } from '../jupyter/outputs.js';
import { escapeHtml } from './page.js';

/** Text is kept as a string or as lines. */
const textOf = (value: unknown): string =>
  Array.isArray(value) ? value.join('') : String(value ?? '');

const pre = (kind: string, text: string): string =>
  `<pre class="${kind}" tabindex="0" aria-label="Output">` +
  `<code>${escapeHtml(text.replace(/\n$/, ''))}</code></pre>`;

/**
 * An SVG for the inside of a page. Two plots of a page may use the same
 * ids, or be the same plot: the place of this one is put before each id.
 */
export function inlineSvg(svg: string, place: string): string {
  const prefix = `p${createHash('sha256').update(place).digest('hex').slice(0, 8)}`;
  return svg
    .replace(/^<\?xml[^>]*>\s*/, '')
    .replace(/^<!DOCTYPE[^>]*>\s*/, '')
    .replace(/\bid="([^"]+)"/g, `id="${prefix}-$1"`)
    .replace(/url\(#([^)]+)\)/g, `url(#${prefix}-$1)`)
    .replace(/\b((?:xlink:)?href)="#([^"]+)"/g, `$1="#${prefix}-$2"`)
    .replace(/\b(aria-labelledby|aria-describedby)="([^"]+)"/g,
      (_, name: string, ids: string) =>
        `${name}="${ids.split(/\s+/).map((id) => `${prefix}-${id}`).join(' ')}"`);
}

/** One output. */
function result(output: Output, place: string): string {
  switch (output.output_type) {
    case 'stream':
      return pre('output', textOf(output.text));
    case 'error': {
      const { ename, evalue } = output;
      return pre('output fault', stripVTControlCharacters(`${ename}: ${evalue}`));
    }
    case 'display_data': {
      const { data } = output;
      const svg = textOf(data['image/svg+xml']);
      if (svg !== '') return `<div class="plot">${inlineSvg(svg, place)}</div>`;
      return pre('output', textOf(data['text/plain']));
    }
  }
}

/** All that a cell printed. @param place names the cell on its page */
export function results(outputs: readonly Output[], place: string): string {
  return outputs.map((output, i) => result(output, `${place}-${i}`)).join('\n');
}
