// A notebook's Markdown as HTML, for a handout.
//
// markdown-it does the reading; what is added here is what a printed
// lecture needs: headings one can link to, callouts, MathML in place of a
// formula's source, and quotations with the line numbers of the file they
// come from. Idea: the page is made from the same text as the notebook, in
// one pass, so that footnotes and headings number through.
import MarkdownIt, { type MarkdownIt as Reader } from 'markdown-it';
import anchor from 'markdown-it-anchor';
import footnote from 'markdown-it-footnote';
import texmath from 'markdown-it-texmath';
import temml from 'temml';
import { escapeHtml, listing, quotation, verbatim } from './listing.js';

/** A heading, for the list of contents. */
export interface Heading {
  level: number;
  id: string;
  text: string;
}

export interface Page {
  html: string;
  headings: Heading[];
  /** What cannot be set, by the text that it stands in. */
  faults: { text: string; fact: string }[];
}

/** What a page must be told about the world around it. */
export interface Surroundings {
  /** Where a quotation stands in its file: its first line, from 1. */
  locate(file: string, text: string): number | null;
  /** Has this notebook ("10-first-fit-map") a page to link to? */
  linked(name: string): boolean;
  /** A picture's file as an element that needs no file; null: not there. */
  picture(src: string, alt: string): string | null;
}

/** "10. Title" → "10-title", and so on: letters, digits and hyphens. */
export const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

/** A blockquote that begins "**Left out.**" becomes a note of that class. */
function callouts(md: Reader): void {
  md.core.ruler.push('callouts', ({ tokens }) => {
    tokens.forEach((open, i) => {
      if (open.type !== 'blockquote_open') return;
      const first = tokens[i + 2]?.content ?? '';
      const word = /^\*\*([A-Z][a-z ]+)[.:]\*\*/.exec(first)?.[1];
      if (word === undefined) return;
      const close = tokens.find(
        ({ type, level }, j) =>
          j > i && type === 'blockquote_close' && level === open.level,
      );
      open.tag = 'div';
      if (close) close.tag = 'div';
      open.attrSet('class', `callout ${slug(word)}`);
      open.attrSet('role', 'note');
    });
  });
}

/** A link to a notebook, and to a heading in it as Jupyter names them. */
const toNotebook = /^(?:\.\/)?(\d\d-[a-z0-9-]+)\.(?:ipynb|md)(?:#(.*))?$/;
/** What a link may point to besides: the world, or a place on the page. */
const stays = /^(https?:|mailto:|#)/;

/** Where a link leads on a handout; null if nowhere. */
function target(href: string, { linked }: Surroundings): string | null {
  const notebook = toNotebook.exec(href);
  if (notebook === null) return stays.test(href) ? href : null;
  const [, name, heading] = notebook;
  if (!linked(name)) return null;
  if (heading === undefined) return `${name}.html`;
  return `${name}.html#${slug(decodeURIComponent(heading))}`;
}

/**
 * Links between notebooks become links between handouts. What has no page
 * here stays as text: a page is mailed without the folder it was in.
 */
function links(md: Reader, around: Surroundings): void {
  md.core.ruler.push('notebook-links', ({ tokens }) => {
    for (const { children } of tokens) {
      let dead = false;
      for (const token of children ?? []) {
        if (token.type === 'link_open') {
          const href = target(String(token.attrGet('href')), around);
          dead = href === null;
          if (href !== null) token.attrSet('href', href);
          else token.attrs = null;
        }
        if (dead && /^link_(open|close)$/.test(token.type)) token.tag = 'span';
      }
    }
  });
}

/** Letters of a cell whose text stays on one line, as a date does. */
const BRIEF = 12;

/** Tables may be wider than a small screen: each scrolls by itself. */
function tables(md: Reader): void {
  md.core.ruler.push('cells', ({ tokens }) => {
    tokens.forEach((token, i) => {
      if (token.type !== 'td_open' && token.type !== 'th_open') return;
      const { length } = tokens[i + 1].content;
      // An empty cell heads nothing.
      if (length === 0) token.tag = tokens[i + 2].tag = 'td';
      else if (length <= BRIEF) token.attrSet('class', 'brief');
    });
  });
  const { rules } = md.renderer;
  rules.table_open = () =>
    '<div class="table" role="group" aria-label="Table" tabindex="0"><table>\n';
  rules.table_close = () => '</table></div>\n';
}

/** Formulas as MathML, which needs no fonts and no script. */
function formulas(md: Reader, faults: Page['faults']): void {
  md.use(texmath, { engine: temml, delimiters: 'dollars' });
  const set = (text: string, displayMode: boolean): string => {
    try {
      return temml.renderToString(text, { displayMode, throwOnError: true });
    } catch (error) {
      const [fact] = (error as Error).message.split('\n');
      faults.push({ text, fact: `has a formula that cannot be set (${fact})` });
      return escapeHtml(text);
    }
  };
  const { rules } = md.renderer;
  rules.math_inline = (tokens, i) => set(tokens[i].content, false);
  const block = (tokens: { content: string }[], i: number): string =>
    '<div class="formula" role="group" aria-label="Formula" tabindex="0">' +
    `${set(tokens[i].content, true)}</div>\n`;
  rules.math_inline_double = block;
  rules.math_block = block;
  rules.math_block_eqno = block;
}

/** Code, quotations and drawings made of letters. */
function fences(md: Reader, { locate }: Surroundings): void {
  const { rules } = md.renderer;
  rules.fence = (tokens, i) => {
    const { info, content } = tokens[i];
    const [language, file, ...name] = info.trim().split(/\s+/);
    if (language === 'ts' && file !== undefined) {
      return quotation(file, name.join(' '), content, locate(file, content));
    }
    return /^(ts|typescript)$/.test(language)
      ? listing('code', content)
      : verbatim('text', content, 'Text');
  };
  rules.code_block = (tokens, i) =>
    verbatim('text', tokens[i].content, 'Text');
}

/** Pictures become part of the page. */
function pictures(
  md: Reader,
  around: Surroundings,
  faults: Page['faults'],
): void {
  md.renderer.rules.image = (tokens, i) => {
    const { content: alt } = tokens[i];
    const src = decodeURIComponent(String(tokens[i].attrGet('src')));
    const picture = around.picture(src, alt);
    if (picture !== null) return picture;
    const fact = `shows ${src}; there is no such file beside it`;
    faults.push({ text: src, fact });
    return escapeHtml(alt);
  };
}

/** Markdown to HTML, and the headings in it. */
export function renderPage(markdown: string, around: Surroundings): Page {
  const page: Page = { html: '', headings: [], faults: [] };
  const md = new MarkdownIt({ html: true, linkify: false, typographer: false });
  md.use(anchor, {
    slugify: slug,
    tabIndex: false,
    callback: (token, { slug: id, title: text }) => {
      page.headings.push({ level: Number(token.tag.slice(1)), id, text });
    },
  });
  md.use(footnote);
  callouts(md);
  links(md, around);
  tables(md);
  formulas(md, page.faults);
  fences(md, around);
  pictures(md, around, page.faults);
  page.html = md.render(markdown);
  return page;
}
