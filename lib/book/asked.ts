// Predict cells: what of them a handout may show.
//
// A class votes before it discusses, so the page must not answer. Idea: the
// call of compare is left out, with its list of typical wrong answers,
// which tells nearly as much as the right one; what is computed before it
// is printed, because it states the question precisely.
import ts from 'typescript';

const parse = (source: string): ts.SourceFile =>
  ts.createSourceFile('cell.ts', source, ts.ScriptTarget.ES2022, true);

/** All nodes below one, itself included, in the order of the text. */
function* nodesIn(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of node.getChildren()) yield* nodesIn(child);
}

/** The first call of `name` in it. */
function callOf(name: string, within: ts.Node): ts.CallExpression | null {
  for (const node of nodesIn(within)) {
    if (!ts.isCallExpression(node)) continue;
    if (ts.isIdentifier(node.expression) && node.expression.text === name) {
      return node;
    }
  }
  return null;
}

/** Does it hold a wrong answer with the belief behind it? */
function hasBelief(within: ts.Node): boolean {
  for (const node of nodesIn(within)) {
    if (ts.isPropertyAssignment(node) && node.name.getText() === 'belief') {
      return true;
    }
  }
  return false;
}

/** What a cell that compares may show of itself; null if it does not. */
export function withoutAnswer(source: string): string | null {
  const cell = parse(source);
  if (callOf('compare', cell) === null) return null;
  const shown = cell.statements.filter(
    (part) => callOf('compare', part) === null && !hasBelief(part),
  );
  return shown
    .map((part) => part.getFullText())
    .join('')
    .trim();
}

/** How many answers a cell asks for; null if it asks for none. */
export function questionsIn(source: string): number | null {
  const list = callOf('predict', parse(source))?.arguments[0];
  if (list === undefined) return null;
  return ts.isArrayLiteralExpression(list) ? list.elements.length : null;
}
