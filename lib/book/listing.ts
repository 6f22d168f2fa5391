// Code and text that keep their lines, as HTML for a handout.
//
// Idea: each line is an element of its own. So it can carry the number it
// has in its file, and a long one can be folded under its own beginning:
// no part of a line is hidden on a small screen, or cut off on paper.
import hljs from 'highlight.js/lib/core';
import typescript from 'highlight.js/lib/languages/typescript';

hljs.registerLanguage('typescript', typescript);

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Text for HTML, in an element or an attribute. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (letter) => entities[letter]);

/** TypeScript, coloured. */
const highlight = (code: string): string =>
  hljs.highlight(code, { language: 'typescript' }).value;

/**
 * Coloured code, line by line. A colour that goes on over a line's end, as
 * in a long comment, is closed there and opened again.
 */
export function highlightLines(code: string): string[] {
  const open: string[] = [];
  return highlight(code)
    .split('\n')
    .map((line) => {
      const before = open.join('');
      for (const [tag] of line.matchAll(/<span[^>]*>|<\/span>/g)) {
        if (tag === '</span>') open.pop();
        else open.push(tag);
      }
      return before + line + '</span>'.repeat(open.length);
    });
}

/** Lines up to here stay whole, at a page's end too. */
const SHORT = 14;
/** Letters of a line that a small screen holds, and a sheet of paper. */
const NARROW = 36;
const WIDE = 92;

/**
 * A folded line goes on below its own first letter; `i4` says that this
 * one begins in column 4. Only a line that may be folded needs it.
 */
function indent(line: string): string {
  const columns = line.length - line.trimStart().length;
  const even = Math.min(columns - (columns % 2), 20);
  return line.length > NARROW && even > 0 ? ` i${even}` : '';
}

/** Code as a block. @param first the number of its first line in its file */
export function listing(
  kind: string,
  code: string,
  first: number | null = null,
): string {
  const plain = code.replace(/\n$/, '').split('\n');
  const lines = highlightLines(plain.join('\n')).map((line, i) => {
    const number = first === null ? '' : ` data-n="${first + i}"`;
    const end = i < plain.length - 1 ? '\n' : '';
    const open = `<span class="line${indent(plain[i])}"${number}>`;
    return `${open}${line}${end}</span>`;
  });
  const short = plain.length <= SHORT ? ' short' : '';
  return `<pre class="${kind}${short}"><code>${lines.join('')}</code></pre>`;
}

/**
 * Text as it is, a drawing made of letters perhaps: its lines are never
 * folded on a screen. Where one may be too long it can be scrolled, by
 * keyboard too.
 */
export function verbatim(kind: string, text: string, name: string): string {
  const lines = text.replace(/\n$/, '').split('\n');
  const longest = Math.max(...lines.map((line) => line.length));
  const size =
    (lines.length <= SHORT ? ' short' : '') + (longest > WIDE ? ' wide' : '');
  const focus = longest > NARROW ? ' tabindex="0"' : '';
  return (
    `<pre class="${kind}${size}" role="group" aria-label="${name}"${focus}>` +
    `<code>${escapeHtml(lines.join('\n'))}</code></pre>`
  );
}

/** A quotation: file, name and lines, and each line with its number. */
export function quotation(
  file: string,
  name: string,
  text: string,
  first: number | null,
): string {
  const last = (first ?? 1) + text.replace(/\n$/, '').split('\n').length - 1;
  const where =
    first === null
      ? ''
      : first === last
        ? ` · line ${first}`
        : ` · lines ${first}–${last}`;
  return (
    '<figure class="quotation"><figcaption>' +
    `<code>${escapeHtml(file)}</code> · ${escapeHtml(name)}${where}` +
    `</figcaption>${listing('quoted', text, first)}</figure>\n`
  );
}
