// A lib file as the book sees it: regions, and the places to cut.
//
// Idea: TypeScript's syntax tree tiles a file without loss. Every line
// that is not blank lies in exactly one region: the header comment, or one
// top-level statement with the comments above it. A quotation is a run of
// regions; a region of more than quoteLines may be cut inside.
//
// 1. A statement's region ends at the end of the line on which it ends: a
//    trailing comment belongs to the next statement for TypeScript, and to
//    this one for a reader.
// 2. A long region may be cut at a blank line; in the comment above the
//    code also at an empty comment line, which stays with the upper part.
import ts from 'typescript';
import { linesOf } from './markdown.js';

/** A quotation has no more lines than this, if it can be cut. */
export const quoteLines = 40;

/** What a region holds that has no name. No symbol begins with #. */
export const headKey = '#head';
export const importKey = '#import';
export const tailKey = '#tail';

export interface Region {
  keys: string[]; // "f", "type t" for a type, "f()" for a call; or as above
  from: number; // first line, from 1, not blank
  to: number; // last line, not blank
}

export interface Source {
  path: string;
  lines: string[];
  regions: Region[];
  /** Lines after which a quotation may end: ends of regions, inner cuts. */
  ends: Set<number>;
}

const blank = (line: string): boolean => line.trim() === '';
const emptyComment = (line: string): boolean => /^\s*(\/\/+|\*)\s*$/.test(line);

export function readSource(path: string, text: string): Source {
  const lines = linesOf(text);
  const file = ts.createSourceFile(
    path,
    lines.join('\n'),
    ts.ScriptTarget.ES2022,
    true,
  );
  const source: Source = { path, lines, regions: [], ends: new Set() };
  const lineAt = (pos: number): number =>
    file.getLineAndCharacterOfPosition(pos).line + 1;

  const { regions } = source;
  const codes: number[] = []; // where each region's comments end
  const add = (keys: string[], end: number, code: number): void => {
    const last = regions.at(-1);
    // A second statement on the same line, or the next overload.
    if (
      last &&
      (end <= last.to || (keys[0] === last.keys[0] && isName(keys[0])))
    ) {
      last.keys.push(...keys);
      last.to = Math.max(last.to, end);
    } else {
      regions.push({
        keys,
        from: nextInk(lines, (last?.to ?? 0) + 1),
        to: end,
      });
      codes.push(code);
    }
  };

  const header = headerEnd(file, lineAt);
  if (header > 0) add([headKey], header, header + 1);
  for (const statement of file.statements) {
    add(keysOf(statement), lineAt(statement.end), lineAt(statement.getStart()));
  }
  const ink = lastInk(lines, lines.length);
  if (ink > (regions.at(-1)?.to ?? 0)) {
    add(regions.length === 0 ? [headKey, tailKey] : [tailKey], ink, ink + 1);
  }
  regions.forEach((region, i) => {
    for (const line of innerCuts(source, region, codes[i], file))
      source.ends.add(line);
    source.ends.add(region.to);
  });
  return source;
}

/** Does the key stand for something that is declared? */
export const isName = (key: string): boolean => !/^#|\(\)$/.test(key);

/** The first line at or after `line` that is not blank. */
export function nextInk(lines: string[], line: number): number {
  while (line <= lines.length && blank(lines[line - 1])) line++;
  return line;
}

/** The last line at or before `line` that is not blank; 0 if none is. */
export function lastInk(lines: string[], line: number): number {
  while (line > 0 && blank(lines[line - 1])) line--;
  return line;
}

/**
 * Last line of the comment that opens the file, 0 when there is none. A
 * comment that touches a declaration is that declaration's own.
 */
function headerEnd(
  file: ts.SourceFile,
  lineAt: (pos: number) => number,
): number {
  const first = file.statements.at(0);
  if (!first) return 0;
  const comments = ts.getLeadingCommentRanges(file.text, 0) ?? [];
  const code = lineAt(first.getStart());
  const ends = comments.map((comment) => lineAt(comment.end));
  const starts = [
    ...comments.slice(1).map((comment) => lineAt(comment.pos)),
    code,
  ];
  if (ends.length > 0 && ts.isImportDeclaration(first)) return ends.at(-1)!;
  return ends.filter((end, i) => starts[i] > end + 1).at(-1) ?? 0;
}

/** The names that a statement declares, or what stands in for them. */
function keysOf(statement: ts.Statement): string[] {
  if (
    ts.isImportDeclaration(statement) ||
    ts.isImportEqualsDeclaration(statement)
  )
    return [importKey];
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) =>
      namesOf(name),
    );
  }
  const { name } = statement as Partial<ts.DeclarationStatement>;
  const isType =
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement);
  if (name) return [isType ? `type ${name.text}` : name.text];
  if (
    ts.isExpressionStatement(statement) &&
    ts.isCallExpression(statement.expression)
  ) {
    return [
      `${/^[\w.]*/.exec(statement.expression.expression.getText())![0]}()`,
    ];
  }
  return [`${ts.SyntaxKind[statement.kind]}()`];
}

function namesOf(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((item) =>
    ts.isBindingElement(item) ? namesOf(item.name) : [],
  );
}

/** Lines inside a long region after which it may be cut (2). */
function innerCuts(
  source: Source,
  { from, to }: Region,
  code: number,
  file: ts.SourceFile,
): number[] {
  if (to - from + 1 <= quoteLines) return [];
  const inTemplate = templateLines(file);
  const cuts: number[] = [];
  for (let line = from; line < to; line++) {
    const text = source.lines[line - 1];
    if (blank(text) && !inTemplate.has(line))
      cuts.push(lastInk(source.lines, line));
    if (line < code && emptyComment(text)) cuts.push(line);
  }
  return cuts;
}

/** Lines that begin inside a template string: blank ones are its text. */
function templateLines(file: ts.SourceFile): Set<number> {
  const found = new Set<number>();
  const visit = (node: ts.Node): void => {
    if (
      node.kind >= ts.SyntaxKind.FirstTemplateToken &&
      node.kind <= ts.SyntaxKind.LastTemplateToken
    ) {
      const from = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      const to = file.getLineAndCharacterOfPosition(node.end).line + 1;
      for (let line = from + 1; line <= to; line++) found.add(line);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** May a quotation begin at this line? */
export function mayBegin({ lines, ends }: Source, line: number): boolean {
  const before = lastInk(lines, line - 1);
  return before === 0 || ends.has(before);
}

/** The regions that share a line with [from, to]. */
export const regionsIn = (
  { regions }: Source,
  from: number,
  to: number,
): Region[] =>
  regions.filter((region) => region.from <= to && region.to >= from);

/** The name of what a key stands for, as a quotation's fence has it. */
export const bare = (key: string): string =>
  key.replace(/^#|^type |\(\)$/g, '');

/** What a message calls a region's content. */
export const nameOf = (keys: string[]): string =>
  [...new Set(keys.map(bare))].join(', ');
