// Answers: folded on the screen, at the end on paper.
//
// A fold cannot be opened on paper, and an answer that stands below its
// question is read with it. So paper gets them as a book does, numbered, on
// the last page; a screen gets the fold, and does not show that page.
import MarkdownIt from 'markdown-it';

const reader = new MarkdownIt('commonmark', { html: true });

/**
 * Prose that follows a comparison opens by saying what came out: its first
 * paragraph is folded, with the `plot` directly below it, if any. One that
 * leads up to a quotation does not look back, and stays.
 */
export function foldFirst(markdown: string, plot: string | null): {
  markdown: string;
  withPlot: boolean;
} {
  const [first, next] = reader
    .parse(markdown, {})
    .filter(({ level, nesting }) => level === 0 && nesting >= 0);
  const lines = markdown.split('\n');
  if (first?.type !== 'paragraph_open' || next?.type === 'fence') {
    return { markdown, withPlot: false };
  }
  const end = first.map![1];
  const rest = lines.slice(end).join('\n').trim();
  const withPlot = plot !== null && rest === '';
  return {
    markdown: [
      '<details><summary>After your prediction</summary>',
      lines.slice(0, end).join('\n'),
      ...(withPlot ? [plot] : []),
      '</details>',
      rest,
    ]
      .join('\n\n')
      .trimEnd(),
    withPlot,
  };
}

/** Text of the last heading of level 2 or 3 in it; '' if there is none. */
function lastHeading(html: string): string {
  const all = [...html.matchAll(/<h[23][^>]*>([\s\S]*?)<\/h[23]>/g)];
  return all.at(-1)?.[1] ?? '';
}

/** A second copy on the page: without ids, and its holes marked. */
const again = (html: string): string =>
  html
    .replace(/ id="[^"]*"/g, '')
    .replace(/<div data-cell="([^"]*)">/g, '<div data-cell="$1" data-again>');

const whole =
  /^<details\b[^>]*>\s*<summary>([\s\S]*?)<\/summary>([\s\S]*)<\/details>$/;

/** Numbers all folds; returns the page, and their answers for its end. */
export function numberFolds(html: string): { html: string; answers: string } {
  const answers: string[] = [];
  let page = '';
  let depth = 0;
  let start = 0;
  let from = 0; // what lies before is in `page`
  for (const tag of html.matchAll(/<details\b[^>]*>|<\/details>/g)) {
    if (tag[0] !== '</details>') {
      if (depth++ === 0) start = tag.index;
      continue;
    }
    if (--depth > 0) continue;
    const end = tag.index + tag[0].length;
    const fold = whole.exec(html.slice(start, end));
    page += html.slice(from, start);
    from = end;
    if (fold === null) {
      page += html.slice(start, end);
      continue;
    }
    const [, summary, body] = fold;
    const heading = lastHeading(page);
    const about = heading === '' ? 'At the beginning' : heading;
    answers.push(`<li><p class="about">${about}</p>${again(body)}</li>`);
    const where = `(answer ${answers.length}, at the end)`;
    page +=
      `<details class="answer"><summary>${summary}` +
      `<span class="paper"> ${where}</span></summary>${body}</details>`;
  }
  page += html.slice(from);
  if (answers.length === 0) return { html: page, answers: '' };
  const list = `<h2>Answers</h2>\n<ol>${answers.join('\n')}</ol>`;
  return {
    html: page,
    answers: `<section class="answers paper">${list}</section>`,
  };
}
