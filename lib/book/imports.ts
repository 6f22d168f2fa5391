// What each file of lib imports.
//
// Idea: found by TypeScript's parser, in every form in which one file can
// name another, with the question whether the compiler takes it out.
import { readFileSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';

export interface Import {
  line: number;
  to: string; // as written
  typeOnly: boolean;
}

export interface Module {
  path: string;
  imports: Import[];
  barrel: boolean; // does it do nothing but pass on?
}

/** Every file of code in lib, sorted by path. */
export function libFiles(root: string): string[] {
  return readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .map((name) => `lib/${name.replaceAll('\\', '/')}`)
    .filter((path) => /\.([cm]?ts|[cm]?js)$/.test(path))
    .sort();
}

/** Every file of code in lib, with its imports. */
export function modulesOf(root: string): Module[] {
  return libFiles(root).map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
    const passesOn = (statement: ts.Statement): boolean =>
      ts.isExportDeclaration(statement) &&
      statement.moduleSpecifier !== undefined;
    const barrel =
      file.statements.length > 0 && file.statements.every(passesOn);
    return { path, imports: importsOf(file), barrel };
  });
}

/** Every form in which one file names another. */
function importsOf(file: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (
    node: ts.Node,
    to: ts.Node | undefined,
    typeOnly: boolean,
  ): void => {
    if (!to || !ts.isStringLiteralLike(to)) return;
    const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    found.push({ line, to: to.text, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      add(node, node.moduleSpecifier, erased(node.importClause));
    else if (ts.isExportDeclaration(node))
      add(
        node,
        node.moduleSpecifier,
        node.isTypeOnly || allTypes(node.exportClause),
      );
    else if (ts.isExternalModuleReference(node))
      add(node, node.expression, false);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node, node.argument.literal, true);
    else if (ts.isCallExpression(node) && loads(node.expression))
      add(node, node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** import(…), require(…), require.resolve(…). */
function loads(callee: ts.Expression): boolean {
  return (
    callee.kind === ts.SyntaxKind.ImportKeyword ||
    /^require(\.resolve)?$/.test(callee.getText())
  );
}

/** Does the compiler take this import out, because it is of types only? */
function erased(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false;
  return clause.isTypeOnly || (!clause.name && allTypes(clause.namedBindings));
}

function allTypes(
  bindings: ts.NamedImportBindings | ts.NamedExportBindings | undefined,
): boolean {
  if (
    !bindings ||
    !(ts.isNamedImports(bindings) || ts.isNamedExports(bindings))
  )
    return false;
  return (
    bindings.elements.length > 0 &&
    [...bindings.elements].every((element) => element.isTypeOnly)
  );
}

/** The file that a relative specifier means, as a path from the root. */
export function resolve(
  from: string,
  to: string,
  exists: (path: string) => boolean,
): string {
  const path = posix.join(posix.dirname(from), to);
  const bare = path.replace(/\.([cm]?)js$/, '.$1ts');
  return [bare, `${path}.ts`, `${path}/index.ts`, path].find(exists) ?? path;
}
