// Quotations by name: what a fence should hold now.
//
// Idea: a quotation is remembered by the names it declares. After a change
// in lib the same names are looked up again, from the first to the last of
// them, so that what was inserted between comes along and nobody retypes.
//
// 1. The parts of a statement (2/5) are refreshed together: their joined
//    text is one quotation, cut again into as many parts.
// 2. Refreshing loses nothing: a statement that no fence names is left to
//    the check, which says that it is quoted nowhere.
import type { Quote } from './markdown.js';
import {
  bare,
  headKey,
  importKey,
  isName,
  nextInk,
  quoteLines,
  readSource,
  tailKey,
  type Region,
  type Source,
} from './source.js';

/** Quotations that are refreshed together: one, or all parts of a name. */
export interface Group {
  name: string;
  head: boolean; // does it open the file?
  parts: Quote[];
}

/** The quotations of one file, in reading order, as groups. */
export function groupsOf(quotes: Quote[]): Group[] {
  const groups: Group[] = [];
  for (const quote of quotes) {
    const open = groups.at(-1);
    const before = open?.parts.at(-1);
    const goesOn =
      before?.part &&
      quote.part &&
      before.name === quote.name &&
      before.part.n === quote.part.n &&
      before.part.k < quote.part.k;
    if (goesOn) open!.parts.push(quote);
    else
      groups.push({
        name: quote.name,
        head: groups.length === 0 && quote.name === 'head',
        parts: [quote],
      });
  }
  return groups;
}

/** Lines [from, to] of a source. */
export interface Span {
  from: number;
  to: number;
}

const declares = ({ keys }: Region, name: string): boolean =>
  keys.some((key) => isName(key) && bare(key) === name);

/**
 * Where the quotation belongs today: from the first to the last region
 * that declares one of its names, with the imports and calls that stood
 * beside them.
 * @returns null when the name that the fence goes by is declared no more
 */
export function spanOf(source: Source, group: Group): Span | null {
  const keys = keysOf(group);
  const { regions } = source;
  if (regions.length === 0) return null;
  const has =
    (wanted: (key: string) => boolean) =>
    (region: Region): boolean =>
      region.keys.some((key) => keys.has(key) && wanted(key));

  let core = indexes(regions, has(isName));
  if (group.head) core.push(0);
  else if (!core.some((i) => declares(regions[i], group.name)))
    core = calls(source, group);
  if (core.length === 0) return null;
  let [lo, hi] = [Math.min(...core), Math.max(...core)];
  // As many calls as it had, so that a neighbour's are left to that one.
  for (let i = lo; i <= hi; i++)
    regions[i].keys.forEach((key) => spend(keys, key));
  const beside = has((key) => !isName(key));
  while (hi < regions.length - 1 && beside(regions[hi + 1]))
    regions[++hi].keys.forEach((key) => spend(keys, key));
  while (lo > 0 && beside(regions[lo - 1]))
    regions[--lo].keys.forEach((key) => spend(keys, key));
  return { from: regions[lo].from, to: regions[hi].to };
}

function spend(keys: Map<string, number>, key: string): void {
  const left = (keys.get(key) ?? 0) - 1;
  if (left > 0) keys.set(key, left);
  else keys.delete(key);
}

/** What the quotation declares as it stands, if its name is among that. */
function keysOf(group: Group): Map<string, number> {
  const text = group.parts.map((part) => part.text).join('\n\n');
  const keys = new Map<string, number>(); // and how often
  for (const key of readSource('quotation.ts', text).regions.flatMap(
    (region) => region.keys,
  )) {
    keys.set(key, (keys.get(key) ?? 0) + 1);
  }
  // A comment alone opens or closes a file; only the opening has imports,
  // and what looks like it elsewhere is the comment above a statement.
  if (keys.size === 2 && keys.has(headKey))
    keys.delete(group.head ? tailKey : headKey);
  if (group.head) {
    if (keys.size === 0 || keys.has(importKey)) keys.set(importKey, Infinity);
    return keys;
  }
  [headKey, importKey].forEach((key) => keys.delete(key));
  // An empty fence, or one that was given another name, is that name's.
  if ([...keys.keys()].some((key) => bare(key) === group.name)) return keys;
  return new Map([
    [group.name, 1],
    [`type ${group.name}`, 1],
  ]);
}

/** A quotation of calls only: the same text again, or the same callee. */
function calls({ regions, lines }: Source, { name, parts }: Group): number[] {
  const called = indexes(regions, ({ keys }) =>
    keys.some((key) => !isName(key) && bare(key) === name),
  );
  const same = called.filter((i) =>
    parts[0].text.includes(lines[regions[i].from - 1]),
  );
  return [...same, ...called].slice(0, 1);
}

const indexes = (
  regions: Region[],
  wanted: (region: Region) => boolean,
): number[] => regions.flatMap((region, i) => (wanted(region) ? [i] : []));

/** The texts that a group's fences should hold, or why there are none. */
export function refresh(
  source: Source,
  group: Group,
): string[] | { fact: string } {
  const span = spanOf(source, group);
  if (!span) {
    return {
      fact: `quotes "${group.name}" of ${source.path}, which declares no such name`,
    };
  }
  const { n } = group.parts[0].part ?? { n: 1 };
  if (group.parts.length !== n) {
    return {
      fact: `has ${group.parts.length} of the ${n} parts of "${group.name}"`,
    };
  }
  const cuts = split(source, span, group.parts);
  if (!cuts) {
    return {
      fact: `cuts "${group.name}" into ${n} parts; ${source.path} has no room for ${n - 1} cuts there`,
    };
  }
  return slices(source, span, cuts);
}

/** The span as text, cut after each of the given lines. */
export function slices(
  { lines }: Source,
  { from, to }: Span,
  cuts: number[],
): string[] {
  const ends = [...cuts, to];
  return ends.map((end, i) => {
    const begin = nextInk(lines, i === 0 ? from : ends[i - 1] + 1);
    return lines.slice(begin - 1, end).join('\n');
  });
}

/** Lines after which the span may be cut, the last line not among them. */
export const cutsIn = ({ ends }: Source, { from, to }: Span): number[] =>
  [...ends].filter((line) => line >= from && line < to).sort((a, b) => a - b);

/**
 * Cuts a span into as many parts as there are fences: before the line with
 * which a part began until now, else at the place nearest to the old one
 * that keeps the parts short.
 * @returns null when there are not enough places
 */
function split(source: Source, span: Span, parts: Quote[]): number[] | null {
  const places = cutsIn(source, span);
  const cuts = parts.length - 1;
  if (places.length < cuts) return null;
  const sizes = parts.map(({ text }) => text.split('\n').length + 1);
  const total = sizes.reduce((a, b) => a + b);
  const after = (end: number): number => nextInk(source.lines, end + 1);

  const chosen: number[] = [];
  let begin = span.from;
  let size = 0;
  for (let i = 0; i < cuts; i++) {
    size += sizes[i];
    const target = span.from - 1 + (size * (span.to - span.from + 2)) / total;
    // Places are left for the cuts that follow.
    const free = places
      .slice(0, places.length - (cuts - 1 - i))
      .filter((end) => end >= begin);
    const anchored = free.filter(
      (end) =>
        source.lines[after(end) - 1] === parts[i + 1].text.split('\n')[0],
    );
    const short = free.filter(
      (end) =>
        end - begin < quoteLines &&
        (i < cuts - 1 || span.to - after(end) < quoteLines),
    );
    const best = [anchored, short, free].find((list) => list.length > 0)!;
    chosen.push(
      best.reduce((a, b) =>
        Math.abs(b - target) < Math.abs(a - target) ? b : a,
      ),
    );
    begin = after(chosen[i]);
  }
  return chosen;
}
