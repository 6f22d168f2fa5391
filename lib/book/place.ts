// Where in lib a quotation stands.
//
// Idea: it is looked up as text, to the letter and with no help from its
// name. A quotation that has one letter wrong stands nowhere.
import type { Quote } from './markdown.js';
import type { Span } from './refresh.js';
import { lastInk, nextInk, type Source } from './source.js';

/** A quotation and the lines it is, null when its text stands nowhere. */
export interface Placed {
  quote: Quote;
  at: Span | null;
}

/** Looks up each quotation: where the last one ended, else anywhere. */
export function placeQuotes(source: Source, quotes: Quote[]): Placed[] {
  let next = 1;
  return quotes.map((quote) => {
    const { lines } = inked(quote);
    const found = lines.length === 0 ? [] : occurrences(source.lines, lines);
    const due = nextInk(source.lines, next);
    const from = found.find((line) => line >= due) ?? found.at(0);
    if (from === undefined) return { quote, at: null };
    next = from + lines.length;
    return { quote, at: { from, to: next - 1 } };
  });
}

/** The quotation without blank lines at its ends. */
export function inked({ text }: Quote): { lines: string[]; skipped: number } {
  const lines = text.split('\n');
  const first = nextInk(lines, 1);
  return {
    lines: lines.slice(first - 1, lastInk(lines, lines.length)),
    skipped: first - 1,
  };
}

/** Lines of `text` at which all of `part` stands. */
function occurrences(text: string[], part: string[]): number[] {
  const found: number[] = [];
  for (let i = 0; i + part.length <= text.length; i++) {
    if (part.every((line, j) => text[i + j] === line)) found.push(i + 1);
  }
  return found;
}
