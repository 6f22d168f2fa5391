// Every line is read: do a file's quotations add up to the file?
//
// Idea: each quotation is looked up as exact text, and the file's lines
// are then counted. A line that no quotation has, or two have, or that
// comes too early, is a fault with a place; so is a quotation whose text
// stands nowhere. In the end a plain walk over all the text decides, and
// it trusts neither the counting nor the syntax tree.
//
// 1. Exact and complete: the quotations in reading order, blank lines
//    between them ignored, are the file.
// 2. Well cut: each begins and ends at a region's edge, or inside a long
//    region where it may be cut; it has at most quoteLines, if it can.
// 3. Explained: a paragraph stands between two quotations.
// 4. Named: by a symbol that it declares, or "head"; parts are complete.
import type { Fault } from './fault.js';
import type { Quote } from './markdown.js';
import { inked, placeQuotes, type Placed } from './place.js';
import { groupsOf, spanOf, type Group, type Span } from './refresh.js';
import {
  bare,
  headKey,
  lastInk,
  mayBegin,
  nameOf,
  nextInk,
  quoteLines,
  regionsIn,
  type Source,
} from './source.js';

/** All faults of one file's quotations, which stand in reading order. */
export function checkFile(source: Source, quotes: Quote[]): Fault[] {
  const placed = placeQuotes(source, quotes);
  const faults = [
    ...checkTiling(source, placed),
    ...placed.flatMap((one) => checkCut(source, one)),
    ...checkNames(source, placed),
    ...quotes.filter((quote) => !quote.prose).map(unexplained),
  ];
  if (faults.length > 0 || walk(source, quotes)) return faults;
  return [
    {
      place: source.path,
      fact: 'is not what its quotations add up to',
      remedy: 'Run "npm run weave" and read the diff.',
    },
  ];
}

/** The plain walk: are the texts, blank lines aside, the file? */
function walk({ lines }: Source, quotes: Quote[]): boolean {
  let next = nextInk(lines, 1);
  for (const quote of quotes) {
    for (const line of inked(quote).lines) {
      if (lines[next - 1] !== line) return false;
      next++;
    }
    next = nextInk(lines, next);
  }
  return next > lines.length;
}

const where = ({ notebook, line }: Quote): string => `${notebook}:${line}`;
const READ = 'Run "npm run weave" and read the diff.';

function unexplained(quote: Quote): Fault {
  return {
    place: where(quote),
    fact: `quotes ${quote.path} (${quote.name}) with no paragraph since the quotation before`,
    remedy: 'Say there what the reader should see.',
  };
}

/** The code at these lines, for a message: "lib/…:88 (vmem_hash_delete)". */
function code(source: Source, from: number, to = from): string {
  const names = nameOf(
    regionsIn(source, from, to).flatMap((region) => region.keys),
  );
  return `${source.path}:${from === to ? from : `${from}-${to}`}${names && ` (${names})`}`;
}

function checkTiling(source: Source, placed: Placed[]): Fault[] {
  const faults: Fault[] = [];
  const owner: (Quote | undefined)[] = []; // by line
  let last: Placed | undefined; // with the highest line until now
  for (const one of placed) {
    const { quote, at } = one;
    if (!at) continue;
    const twice = owner
      .slice(at.from, at.to + 1)
      .find((other) => other !== undefined);
    if (twice) {
      faults.push({
        place: where(quote),
        fact: `quotes ${code(source, at.from, at.to)} again; ${where(twice)} has it already`,
        remedy: 'Take one of the two out.',
      });
    } else if (last && at.from < last.at!.from) {
      faults.push({
        place: where(quote),
        fact: `quotes ${code(source, at.from)} after ${where(last.quote)}, which quotes what stands below it`,
        remedy: `Quote in the order of the file.`,
      });
    }
    for (let line = at.from; line <= at.to; line++) owner[line] ??= quote;
    if (!last || at.from > last.at!.from) last = one;
  }
  const { departed, presumed } = departures(source, placed);
  return [...faults, ...departed, ...gaps(source, owner, presumed)];
}

/** Quotations whose text stands nowhere, compared with what they name. */
function departures(
  source: Source,
  placed: Placed[],
): { departed: Fault[]; presumed: Set<number> } {
  const departed: Fault[] = [];
  const presumed = new Set<number>(); // lines that such a quotation means
  const groups = groupsOf(placed.map((one) => one.quote));
  placed.forEach(({ quote, at }, i) => {
    if (at) return;
    const group = groups.find(({ parts }) => parts.includes(quote))!;
    const span = spanOf(source, group);
    if (!span) {
      departed.push({
        place: where(quote),
        fact: `quotes "${quote.name}" of ${source.path}, which declares no such name`,
        remedy: 'Rename the quotation, or take it out.',
      });
      return;
    }
    const before = placed[i - 1]?.at;
    const goesOn = before && group.parts.indexOf(quote) > 0;
    const start = goesOn ? nextInk(source.lines, before.to + 1) : span.from;
    departed.push(departure(source, quote, start));
    for (let line = start; line <= span.to; line++) presumed.add(line);
  });
  return { departed, presumed };
}

/** The first line in which the quotation differs from lib. */
function departure(source: Source, quote: Quote, start: number): Fault {
  const { lines, skipped } = inked(quote);
  const j = lines.findIndex((line, k) => source.lines[start - 1 + k] !== line);
  const there = Math.min(start + Math.max(j, 0), source.lines.length);
  return {
    place: `${quote.notebook}:${quote.line + 1 + skipped + Math.max(j, 0)}`,
    fact: `departs from ${code(source, there)}`,
    remedy: READ,
  };
}

/** Runs of lines that nobody quotes. */
function gaps(
  source: Source,
  owner: (Quote | undefined)[],
  presumed: Set<number>,
): Fault[] {
  const faults: Fault[] = [];
  const { lines, path } = source;
  const open = (line: number): boolean => !owner[line] && !presumed.has(line);
  for (
    let from = nextInk(lines, 1);
    from <= lines.length;
    from = nextInk(lines, from + 1)
  ) {
    if (!open(from)) continue;
    let to = from;
    for (
      let line = from;
      line <= lines.length && (open(line) || lines[line - 1].trim() === '');
      line++
    ) {
      if (lines[line - 1].trim() !== '') to = line;
    }
    const rest =
      to === lastInk(lines, lines.length)
        ? `${path}:${from} and after`
        : `${path}:${from}-${to}`;
    const names = nameOf(
      regionsIn(source, from, to).flatMap((region) => region.keys),
    );
    const above = owner
      .slice(0, from)
      .filter((quote) => quote !== undefined)
      .at(-1);
    faults.push({
      place: to === from ? `${path}:${from}` : rest,
      fact: `(${names}) is quoted nowhere`,
      remedy: `Quote it${above ? ` after ${where(above)}` : ''}; "npm run weave -- --quote ${path}" prints the fences.`,
    });
    from = to;
  }
  return faults;
}

function checkCut(source: Source, { quote, at }: Placed): Fault[] {
  if (!at) return [];
  const { ends } = source;
  const faults: Fault[] = [];
  const remedy = `Cut after a statement, or at a blank line in one of more than ${quoteLines} lines.`;
  if (!mayBegin(source, at.from)) {
    faults.push({
      place: where(quote),
      fact: `begins in the middle of ${code(source, at.from)}`,
      remedy,
    });
  }
  if (!ends.has(at.to)) {
    faults.push({
      place: where(quote),
      fact: `ends in the middle of ${code(source, at.to)}`,
      remedy,
    });
  }
  const size = at.to - at.from + 1;
  const place = [...ends].find((line) => line >= at.from && line < at.to);
  if (size > quoteLines && place !== undefined) {
    faults.push({
      place: where(quote),
      fact: `quotes ${size} lines of ${source.path}, more than ${quoteLines}`,
      remedy: `It may be cut, after ${code(source, place)} for one.`,
    });
  }
  return faults;
}

/** Names say what is quoted; of a statement in parts, all are there. */
function checkNames(source: Source, placed: Placed[]): Fault[] {
  const at = new Map(placed.map((one) => [one.quote, one.at]));
  return groupsOf(placed.map((one) => one.quote)).flatMap((group) => {
    const spans = group.parts.map((part) => at.get(part)!);
    const fact = spans.some((span) => !span)
      ? incomplete(group)
      : misnamed(source, group, spans);
    return fact === null ? [] : [{ place: where(group.parts[0]), ...fact }];
  });
}

type Told = Omit<Fault, 'place'> | null;

function incomplete({ name, parts }: Group): Told {
  const n = parts[0].part?.n ?? 1;
  if (parts.length === n) return null;
  const there = parts.map((part) => `${part.part!.k}/${n}`).join(', ');
  return {
    fact: `begins "${name}" in ${n} parts, of which ${there} follow one another`,
    remedy: 'Quote all parts in a row, or count them anew.',
  };
}

function misnamed(source: Source, group: Group, spans: Span[]): Told {
  const missing = incomplete(group);
  if (missing) return missing;
  const { name, head, parts } = group;
  const [from, to] = [spans[0].from, spans.at(-1)!.to];
  const regions = regionsIn(source, from, to);
  const keys = regions.flatMap((region) => region.keys);
  const fits = head
    ? from === nextInk(source.lines, 1)
    : keys.some((key) => bare(key) === name);
  if (!fits) {
    const better = nameOf(keys.filter((key) => key !== headKey)) || 'head';
    return {
      fact: `calls "${name}" what is ${code(source, from, to)}`,
      remedy: `Name it after one of: ${better}.`,
    };
  }
  const wellCut = mayBegin(source, from) && source.ends.has(to);
  const whole = regions[0]?.from === from && regions.at(-1)?.to === to;
  if (whole || !wellCut || parts.length > 1) return null;
  return {
    fact: `calls "${name}" a part of ${code(source, from, to)}`,
    remedy: `Name the parts "${name} 1/2", "${name} 2/2".`,
  };
}
