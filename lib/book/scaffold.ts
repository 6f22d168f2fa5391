// Fences for a lib file that has none yet.
//
// Idea: a file falls into quotations by itself, along its blank lines. What
// an author begins with is complete and well cut, and wants only prose.
import { cutsIn, slices, type Span } from './refresh.js';
import {
  bare,
  importKey,
  isName,
  lastInk,
  nextInk,
  quoteLines,
  type Source,
} from './source.js';

/** A fence longer than any run of backticks at the start of a line in it. */
export function fence(text: string, info: string): string[] {
  const runs = text.match(/^ *`{3,}/gm)?.map((run) => run.trim().length) ?? [];
  const ticks = '`'.repeat(Math.max(2, ...runs) + 1);
  return [`${ticks}${info}`, ...(text === '' ? [] : text.split('\n')), ticks];
}

/** All fences of a file, well cut, named, in order: an author's start. */
export function scaffold(source: Source): string[][] {
  return paragraphs(source).flatMap(({ name, from, to }) => {
    const cuts = fill(source, { from, to });
    const texts = slices(source, { from, to }, cuts);
    return texts.map((text, i) => {
      const part = texts.length > 1 ? ` ${i + 1}/${texts.length}` : '';
      return fence(text, `ts ${source.path} ${name}${part}`);
    });
  });
}

/**
 * Regions that belong together: the opening with its imports, statements
 * with no blank line between them, and a call with what stands above it.
 */
function paragraphs({ regions, lines }: Source): (Span & { name: string })[] {
  const found: (Span & { name: string })[] = [];
  for (const { keys, from, to } of regions) {
    const last = found.at(-1);
    const own = keys.find(isName);
    const touches = last !== undefined && lastInk(lines, from - 1) === from - 1;
    const opens =
      last === undefined ||
      (found.length === 1 && last.name === 'head' && !own);
    const fits = last !== undefined && to - last.from < quoteLines;
    const joins =
      opens ||
      !own ||
      (touches && !keys.includes(importKey) && last.name !== 'head');
    if (last && joins && (fits || !own)) last.to = to;
    else found.push({ name: last ? bare(own ?? keys[0]) : 'head', from, to });
  }
  return found;
}

/** Cuts after as much as fits, again and again. */
function fill(source: Source, { from, to }: Span): number[] {
  const cuts: number[] = [];
  let begin = from;
  while (to - begin >= quoteLines) {
    const places = cutsIn(source, { from: begin, to });
    if (places.length === 0) break;
    const fitting = places.filter((end) => end - begin < quoteLines);
    cuts.push(fitting.at(-1) ?? places[0]);
    begin = nextInk(source.lines, cuts.at(-1)! + 1);
  }
  return cuts;
}
