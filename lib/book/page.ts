// A notebook's Markdown as HTML, for a handout.
//
// markdown-it does the reading; what is added here is what a printed
// lecture needs: headings one can link to, callouts, MathML in place of a
// formula's source, and quotations with the line numbers of the file they
// come from. Idea: the page is made from the same text as the notebook, in
// one pass, so that footnotes and headings number through.
import hljs from 'highlight.js/lib/core';
import typescript from 'highlight.js/lib/languages/typescript';
import MarkdownIt, { type MarkdownIt as Reader } from 'markdown-it';
import anchor from 'markdown-it-anchor';
import footnote from 'markdown-it-footnote';
import texmath from 'markdown-it-texmath';
import temml from 'temml';

hljs.registerLanguage('typescript', typescript);

/** A heading, for the list of contents. */
export interface Heading {
  level: number;
  id: string;
  text: string;
}

export interface Page {
  html: string;
  headings: Heading[];
}

/** Where a quotation stands in its file: its first line, from 1. */
export type Locate = (file: string, text: string) => number | null;

/** Text for HTML, in an element or an attribute. */
export const escapeHtml = (text: string): string =>
  new MarkdownIt().utils.escapeHtml(text);

/** TypeScript, coloured. */
export const highlight = (code: string): string =>
  hljs.highlight(code, { language: 'typescript' }).value;

/**
 * Coloured code as one span a line. A colour that goes on over a line's
 * end, as in a long comment, is closed there and opened again.
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

/** "10. Title" → "10-title", and so on: letters, digits and hyphens. */
const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

/** A quotation: caption, and each line with its number. */
function quotation(
  file: string,
  name: string,
  text: string,
  first: number | null,
): string {
  const code = text.replace(/\n$/, '');
  const lines = highlightLines(code);
  const number = (i: number): string =>
    first === null ? '' : ` data-n="${first + i}"`;
  const body = lines
    .map((line, i) => `<span class="line"${number(i)}>${line}</span>`)
    .join('\n');
  const where =
    first === null ? '' : ` · lines ${first}–${first + lines.length - 1}`;
  const label = escapeHtml(`${file} · ${name}${where}`);
  return (
    `<figure class="quotation"><figcaption>${label}</figcaption>` +
    `<pre tabindex="0" aria-label="${label}"><code>${body}</code></pre></figure>\n`
  );
}

/** Gives a blockquote that begins "**Predict.**" the class "predict". */
function callouts(md: Reader): void {
  md.core.ruler.push('callouts', (state) => {
    state.tokens.forEach((token, i) => {
      if (token.type !== 'blockquote_open') return;
      const inline = state.tokens[i + 2];
      const word = /^\*\*([A-Z][a-z ]+)[.:]\*\*/.exec(inline?.content ?? '')?.[1];
      if (word === undefined) return;
      token.attrSet('class', `callout ${slug(word)}`);
    });
  });
}

/** A link to a notebook, and to a heading in it as Jupyter names them. */
const toNotebook = /^(?:\.\/)?(\d\d-[a-z0-9-]+)\.(?:ipynb|md)(?:#(.*))?$/;

/** Links between notebooks become links between handouts. */
function links(md: Reader): void {
  md.core.ruler.push('notebook-links', (state) => {
    for (const { children } of state.tokens) {
      for (const token of children ?? []) {
        if (token.type !== 'link_open') continue;
        const found = toNotebook.exec(String(token.attrGet('href')));
        if (found === null) continue;
        const [, name, heading] = found;
        const place =
          heading === undefined ? '' : `#${slug(decodeURIComponent(heading))}`;
        token.attrSet('href', `${name}.html${place}`);
      }
    }
  });
}

/** Tables may be wider than a small screen: each scrolls by itself. */
function tables(md: Reader): void {
  const { rules } = md.renderer;
  rules.table_open = () => '<div class="table" tabindex="0"><table>\n';
  rules.table_close = () => '</table></div>\n';
}

/** The reader with all that it needs, and a place for the headings. */
function reader(locate: Locate, headings: Heading[]): Reader {
  const md = new MarkdownIt({ html: true, linkify: false, typographer: false });
  md.use(anchor, {
    slugify: slug,
    tabIndex: false,
    callback: (token, { slug: id, title: text }) =>
      headings.push({ level: Number(token.tag.slice(1)), id, text }),
  });
  md.use(footnote);
  md.use(texmath, { engine: temml, delimiters: 'dollars' });
  md.use(callouts);
  md.use(links);
  md.use(tables);
  md.renderer.rules.fence = (tokens, i) => {
    const { info, content } = tokens[i];
    const [language, file, ...name] = info.trim().split(/\s+/);
    if (language === 'ts' && file !== undefined) {
      return quotation(file, name.join(' '), content, locate(file, content));
    }
    const code = /^(ts|typescript)$/.test(language)
      ? highlight(content)
      : escapeHtml(content);
    return `<pre tabindex="0"><code>${code}</code></pre>\n`;
  };
  md.renderer.rules.code_block = (tokens, i) =>
    `<pre tabindex="0"><code>${escapeHtml(tokens[i].content)}</code></pre>\n`;
  return md;
}

/** Markdown to HTML, and the headings in it. */
export function renderPage(markdown: string, locate: Locate): Page {
  const headings: Heading[] = [];
  const html = reader(locate, headings).render(markdown);
  return { html, headings };
}
