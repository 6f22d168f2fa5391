// Spelling tells provenance: names of the originals, and ours.
//
// Idea: a name that an original has keeps its spelling (m_addr, P2ALIGN),
// and one of ours is camelCase, so a student may search the real source
// for any snake_case word. names.json lists the originals' names by file.
//
// 1. What lib exports in snake_case or in capitals stands in the list of
//    its file; in sys and the allocators, so do the fields of what it
//    exports.
// 2. What a list has is declared in its file.
// 3. A lib file with an underscore in its name is an original's file.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { z } from 'zod';
import { quotedRooms } from './book.js';
import { BookError, type Fault } from './fault.js';
import { libFiles } from './imports.js';

export const namesPath = 'lib/book/names.json';

const schema = z.record(
  z.string(),
  z.strictObject({
    /** The original: "UNIX V7 usr/sys/sys/malloc.c". */
    from: z.string().min(1),
    names: z.array(z.string().min(1)).min(1),
  }),
);

export type Names = z.infer<typeof schema>;

/** @throws BookError (exit 2) when the list cannot be read */
export function loadNames(root: string): Names {
  const unreadable = (fact: string): BookError =>
    new BookError(
      [
        {
          place: namesPath,
          fact,
          remedy: 'Mend it; lib/book/names.ts has its form.',
        },
      ],
      2,
    );
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(join(root, namesPath), 'utf8'));
  } catch (error) {
    throw unreadable(`cannot be read (${(error as Error).message})`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unreadable(`is wrong at ${issue.path.join(' ')}: ${issue.message}`);
}

/** snake_case, or capitals: the spelling of an original. */
export function looksOriginal(name: string): boolean {
  const inner = name.replace(/^_+|_+$/g, '');
  return inner.includes('_') || /^[A-Z][A-Z0-9]+$/.test(inner);
}

/** Is every such name in the list of its file, and the list true? */
export function checkNames(root: string, names: Names): Fault[] {
  const files = libFiles(root).filter(
    (path) => path.endsWith('.ts') && !path.endsWith('.d.ts'),
  );
  const faults = files.flatMap((path) =>
    checkFile(path, readFileSync(join(root, path), 'utf8'), names[path]),
  );
  for (const path of Object.keys(names)) {
    if (existsSync(join(root, path))) continue;
    faults.push({
      place: namesPath,
      fact: `lists names of ${path}; there is no such file`,
      remedy: 'Correct the path.',
    });
  }
  return faults;
}

function checkFile(
  path: string,
  text: string,
  entry: Names[string] | undefined,
): Fault[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const listed = new Set(entry?.names);
  const { shown, declared } = namesIn(
    file,
    quotedRooms.includes(path.split('/')[1]),
  );
  const faults: Fault[] = [];
  for (const [name, line] of shown) {
    if (!looksOriginal(name) || listed.has(name)) continue;
    faults.push({
      place: `${path}:${line}`,
      fact: `names something "${name}", as an original would, and ${namesPath} does not list it`,
      remedy: 'Write it in camelCase; if an original has it, add it there.',
    });
  }
  for (const name of listed) {
    if (declared.has(name)) continue;
    faults.push({
      place: path,
      fact: `declares no "${name}", which ${namesPath} lists for it`,
      remedy:
        'Keep the spelling of the original, or take the name out of the list.',
    });
  }
  if (path.split('/').at(-1)!.includes('_') && !entry) {
    faults.push({
      place: path,
      fact: `has a name like an original's file, and no entry in ${namesPath}`,
      remedy: 'Rename it, or list the original.',
    });
  }
  return faults;
}

interface Found {
  shown: Map<string, number>; // exported, or a field of that, with its line
  declared: Set<string>; // anything that the file gives a name
}

function namesIn(file: ts.SourceFile, withFields: boolean): Found {
  const shown = new Map<string, number>();
  const declared = new Set<string>();
  const show = (name: ts.Node): void => {
    const line = file.getLineAndCharacterOfPosition(name.getStart()).line + 1;
    if (!shown.has(name.getText())) shown.set(name.getText(), line);
  };
  const visit = (node: ts.Node, exported: boolean): void => {
    const { name } = node as Partial<ts.NamedDeclaration>;
    if (name && isDeclaration(node)) {
      declared.add(name.getText());
      if (exported) show(name);
    }
    const below = exported && passesDown(node, withFields);
    ts.forEachChild(node, (child) => visit(child, below));
  };
  ts.forEachChild(file, (statement) => visit(statement, isExported(statement)));
  for (const statement of file.statements) {
    if (!ts.isExportDeclaration(statement) || !statement.exportClause) continue;
    if (ts.isNamedExports(statement.exportClause))
      statement.exportClause.elements.forEach(({ name }) => show(name));
  }
  return { shown, declared };
}

const isExported = (node: ts.Node): boolean =>
  ts.canHaveModifiers(node) &&
  (ts.getModifiers(node) ?? []).some(
    ({ kind }) => kind === ts.SyntaxKind.ExportKeyword,
  );

/** Names that a reader of the file meets as declared here. */
function isDeclaration(node: ts.Node): boolean {
  return (
    ts.isVariableDeclaration(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isEnumDeclaration(node) ||
    ts.isModuleDeclaration(node) ||
    isField(node)
  );
}

function isField(node: ts.Node): boolean {
  return (
    ts.isPropertySignature(node) ||
    ts.isMethodSignature(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isGetAccessor(node) ||
    ts.isPropertyAssignment(node) ||
    ts.isShorthandPropertyAssignment(node) ||
    ts.isEnumMember(node)
  );
}

/** Are the names inside an exported thing exported with it? */
function passesDown(node: ts.Node, withFields: boolean): boolean {
  if (ts.isVariableStatement(node) || ts.isVariableDeclarationList(node))
    return true;
  if (!withFields) return false;
  return (
    ts.isInterfaceDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isTypeLiteralNode(node) ||
    ts.isVariableDeclaration(node) ||
    ts.isObjectLiteralExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isEnumDeclaration(node) ||
    ts.isPropertySignature(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isPropertyAssignment(node)
  );
}
