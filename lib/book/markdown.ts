// A notebook's source: Markdown in jupytext's dialect, taken apart.
//
// Idea: markdown-it says where each block begins and ends, and the page is
// cut between lines only. So all cells together are the whole page, with
// nothing reworded: what the reader sees is what the author typed.
//
// 1. A ```typescript fence at the margin is a code cell; after the word
//    may stand tags=["raises-exception"].
// 2. A ```ts lib/room/file.ts name fence is a quotation: it stays in the
//    prose. The name may be cut into parts: vmem_xalloc 2/5.
// 3. Prose between code cells is one cell, but each heading of level 1 or
//    2 begins a new one.
// 4. A YAML header (jupytext's, between two --- lines) is passed over.
import MarkdownIt, { type MarkdownIt as Reader } from 'markdown-it';
import type { Fault } from './fault.js';

export interface Quote {
  notebook: string; // the .md it stands in
  line: number; // of its opening fence, from 1
  end: number; // of its closing fence
  path: string; // lib file
  name: string; // symbol, or "head"
  part: { k: number; n: number } | null;
  text: string; // without the newline at its end
  prose: boolean; // does a paragraph stand between it and the last one?
}

/** Cells as line ranges [line, end], both from 1. */
export type RawCell =
  | { type: 'code'; line: number; end: number; source: string; tags: string[] }
  | { type: 'markdown'; line: number; end: number };

export interface Page {
  file: string;
  lines: string[];
  title: { line: number; text: string } | null;
  cells: RawCell[];
  quotes: Quote[];
  faults: Fault[];
}

type Token = ReturnType<Reader['parse']>[number];

const parser = new MarkdownIt('commonmark');

/** The text's lines; line ends of Windows are read as ours. */
export const linesOf = (text: string): string[] =>
  text.replace(/\r\n/g, '\n').replace(/\n$/, '').split('\n');

/** Takes a notebook's source apart. Faults are collected, none is thrown. */
export function readPage(markdown: string, file: string): Page {
  const lines = linesOf(markdown);
  const page: Page = {
    file,
    lines,
    title: null,
    cells: [],
    quotes: [],
    faults: [],
  };
  const first = headerEnd(lines);
  // Blank lines in place of the header keep every line number.
  const body = lines.map((line, i) => (i < first ? '' : line));
  const tokens = parser.parse(body.join('\n'), {});

  let start = first; // where the prose that is being collected begins
  const endProse = (end: number): void => {
    let [from, to] = [start, end];
    while (from < to && body[from].trim() === '') from++;
    while (from < to && body[to - 1].trim() === '') to--;
    if (from < to)
      page.cells.push({ type: 'markdown', line: from + 1, end: to });
    start = end;
  };

  let prose = true;
  tokens.forEach((token, i) => {
    if (token.type === 'inline' && tokens[i - 1].type === 'paragraph_open') {
      prose ||= /[\p{L}\p{N}]/u.test(token.content);
    }
    if (token.type === 'heading_open' && token.level === 0) {
      if (token.tag === 'h1' && !page.title) {
        page.title = { line: token.map![0] + 1, text: tokens[i + 1].content };
      }
      if (token.tag === 'h1' || token.tag === 'h2') endProse(token.map![0]);
    }
    if (token.type !== 'fence') return;
    const kind = kindOf(token);
    if (kind === 'plain' || !sound(page, token)) return;
    if (kind === 'code') {
      endProse(token.map![0]);
      page.cells.push(codeCell(page, token));
      start = token.map![1];
    } else {
      const quote = quotation(page, token, prose);
      if (quote) page.quotes.push(quote);
      prose = false;
    }
  });
  endProse(lines.length);
  for (const cell of page.cells) checkFolds(page, cell, tokens);
  return page;
}

/** Lines of the YAML header; 0 when there is none. */
function headerEnd(lines: string[]): number {
  if (lines[0] !== '---') return 0;
  const end = lines.indexOf('---', 1) + 1;
  // Without one of its keys it is a rule, and the prose below it counts.
  const yaml = lines
    .slice(1, end)
    .some((line) => /^jupy(ter|text):/.test(line));
  return yaml ? end : 0;
}

const words = (token: Token): string[] => token.info.trim().split(/\s+/);

function kindOf(token: Token): 'code' | 'quote' | 'plain' {
  const [language, ...rest] = words(token);
  if (language === 'typescript') return 'code';
  return language === 'ts' && rest.length > 0 ? 'quote' : 'plain';
}

function say(page: Page, line: number, fact: string, remedy: string): void {
  page.faults.push({ place: `${page.file}:${line}`, fact, remedy });
}

/** Cells and quotations stand at the margin and are closed. */
function sound(page: Page, token: Token): boolean {
  const [from, to] = token.map!;
  if (token.level > 0) {
    say(
      page,
      from + 1,
      'has a cell or a quotation inside a list or a block quote',
      'Move it to the margin.',
    );
    return false;
  }
  // markdown-it closes an open fence at the end of the page, silently.
  const last = page.lines[to - 1].trim();
  if (
    to - from < 2 ||
    !last.startsWith(token.markup) ||
    last.replaceAll(token.markup[0], '') !== ''
  ) {
    say(
      page,
      from + 1,
      'opens a fence that is never closed',
      `Close it with ${token.markup}.`,
    );
    return false;
  }
  return true;
}

function codeCell(page: Page, token: Token): RawCell {
  const [from, to] = token.map!;
  const rest = token.info.trim().slice('typescript'.length).trim();
  let tags: string[] = [];
  if (rest !== '') {
    const list = readTags(rest);
    if (list) tags = list;
    else
      say(
        page,
        from + 1,
        `says "${rest}" after typescript`,
        'Only tags=["…"] may stand there.',
      );
  }
  return {
    type: 'code',
    line: from + 1,
    end: to,
    source: token.content.replace(/\n$/, ''),
    tags,
  };
}

/** tags=["a", "b"]; null when it is anything else. */
function readTags(text: string): string[] | null {
  const match = /^tags=(\[.*\])$/.exec(text);
  if (!match) return null;
  try {
    const list: unknown = JSON.parse(match[1]);
    const good = (tag: unknown): boolean =>
      typeof tag === 'string' && tag !== '';
    return Array.isArray(list) && list.every(good) ? list : null;
  } catch {
    return null;
  }
}

function quotation(page: Page, token: Token, prose: boolean): Quote | null {
  const [from, to] = token.map!;
  const [, path, name, fraction, ...more] = words(token);
  const form =
    'Write ```ts lib/room/file.ts name, or name 2/5; to show code that is in no file, ```ts alone.';
  if (!/^lib\/.+\.ts$/.test(path) || name === undefined || more.length > 0) {
    say(
      page,
      from + 1,
      `has a quotation "${token.info.trim()}" that names no file and symbol`,
      form,
    );
    return null;
  }
  let part: Quote['part'] = null;
  if (fraction !== undefined) {
    const [k, n] = fraction.split('/').map(Number);
    if (!/^\d+\/\d+$/.test(fraction) || k < 1 || k > n || n < 2) {
      say(page, from + 1, `counts its parts as "${fraction}"`, form);
      return null;
    }
    part = { k, n };
  }
  const text = token.content.replace(/\n$/, '');
  return {
    notebook: page.file,
    line: from + 1,
    end: to,
    path,
    name,
    part,
    text,
    prose,
  };
}

/** A fold that opens in one cell and closes in another shows as neither. */
function checkFolds(page: Page, cell: RawCell, tokens: Token[]): void {
  if (cell.type !== 'markdown') return;
  const html = tokens
    .filter(
      (token) =>
        token.map && token.map[0] + 1 >= cell.line && token.map[1] <= cell.end,
    )
    .flatMap((token) => [token, ...(token.children ?? [])])
    .map((token) => (token.type.startsWith('html_') ? token.content : ''))
    .join('');
  const count = (tag: RegExp): number => html.match(tag)?.length ?? 0;
  if (count(/<details\b/gi) !== count(/<\/details\b/gi)) {
    say(
      page,
      cell.line,
      'begins a cell in which <details> and </details> do not pair',
      'Keep a fold inside one cell: no code cell and no heading of level 1 or 2 in it.',
    );
  }
}
