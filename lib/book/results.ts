// What a cell printed, as HTML for a handout.
//
// Idea: of the many forms of one output a page takes the best that is
// still whole without a network: a plot's SVG, with its alternative text,
// and below it the numbers that it shows.
import { createHash } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';
import type { DisplayData, Output } from '../jupyter/outputs.js';
import { escapeHtml, verbatim } from './listing.js';
import { numbersHtml, numbersOf } from './numbers.js';

/** Text is kept as a string or as lines. */
const textOf = (value: unknown): string =>
  Array.isArray(value) ? value.join('') : String(value ?? '');

const VEGALITE = 'application/vnd.vegalite.v5+json';

/**
 * An SVG for the inside of a page. Two plots of a page may use the same
 * ids, or be the same plot: the place of this one is put before each id.
 * @param alt said in its place, where it has no name of its own
 */
export function inlineSvg(svg: string, place: string, alt: string): string {
  const hash = createHash('sha256').update(place).digest('hex').slice(0, 8);
  const named = (ids: string): string =>
    ids
      .split(/\s+/)
      .map((id) => `p${hash}-${id}`)
      .join(' ');
  const inPlace = (tag: string): string =>
    tag
      .replace(/(\sid)="([^"]+)"/g, (_, key, id) => `${key}="${named(id)}"`)
      .replace(/url\(#([^)]+)\)/g, (_, id) => `url(#${named(id)})`)
      .replace(
        /(\s(?:xlink:)?href)="#([^"]+)"/g,
        (_, key, id) => `${key}="#${named(id)}"`,
      )
      .replace(
        /(\saria-(?:labelledby|describedby))="([^"]+)"/g,
        (_, key, ids) => `${key}="${named(ids)}"`,
      );
  const label = `role="img" aria-label="${escapeHtml(alt)}"`;
  return svg
    .replace(/^[\s\S]*?(?=<svg)/, '') // declaration, document type
    .replace(/<[^>]*>/g, inPlace)
    .replace(/^<svg(?![^>]*\srole=)/, `<svg ${label}`);
}

/** A plot, or whatever else was shown. */
function shown({ data }: DisplayData, place: string): string {
  const text = textOf(data['text/plain']);
  const svg = textOf(data['image/svg+xml']);
  if (svg === '') return verbatim('output', text, 'Output');
  const numbers = numbersOf(data[VEGALITE]);
  return (
    '<div class="plot">' +
    '<div class="picture" role="group" aria-label="Plot" tabindex="0">' +
    `${inlineSvg(svg, place, text)}</div>` +
    `${numbers === null ? '' : numbersHtml(numbers)}</div>`
  );
}

/** One output. Of an error its name and message; its stack is no lesson. */
function result(output: Output, place: string): string {
  switch (output.output_type) {
    case 'stream':
      return verbatim('output', textOf(output.text), 'Output');
    case 'error': {
      const { ename, evalue } = output;
      const text = stripVTControlCharacters(`${ename}: ${evalue}`);
      return verbatim('output fault', text, 'Error');
    }
    case 'display_data':
      return shown(output, place);
  }
}

/** Is there a plot among what a cell printed? */
export const hasPlot = (outputs: readonly Output[]): boolean =>
  outputs.some(
    (output) =>
      output.output_type === 'display_data' && 'image/svg+xml' in output.data,
  );

/** All that a cell printed. @param place names the cell on its page */
export const results = (outputs: readonly Output[], place: string): string =>
  outputs.map((output, i) => result(output, `${place}-${i}`)).join('\n');
