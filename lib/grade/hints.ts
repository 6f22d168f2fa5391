// Hints: three levels an exercise, one a call.
//
// Idea: a hint is a question first, then the example, then the outline,
// and never the code. Each call gives the next level, so that nobody reads
// the last one by accident. How far someone has come is kept in .freelist/,
// which is theirs alone.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import MarkdownIt from 'markdown-it';
import { type Exercise, ExerciseFault } from './exercises.js';

const LEVELS = 3;

export interface Hint {
  level: number; // 1 to 3
  title: string;
  text: string;
}

/** The hints of one file: a `##` heading each, and the text below it. */
export function parseHints(markdown: string): Omit<Hint, 'level'>[] {
  const lines = markdown.split('\n');
  const tokens = new MarkdownIt().parse(markdown, {});
  const heads = tokens.flatMap((token, i) =>
    token.type === 'heading_open' && token.tag === 'h2' && token.map !== null
      ? [{ line: token.map[0], title: tokens[i + 1].content }]
      : [],
  );
  return heads.map(({ line, title }, i) => ({
    title,
    text: lines.slice(line + 1, heads[i + 1]?.line).join('\n').trim(),
  }));
}

/** All hints of an exercise. @throws ExerciseFault unless there are three */
export function hintsOf(root: string, exercise: Exercise): Hint[] {
  const file = join(root, exercise.hints);
  if (!existsSync(file)) throw new ExerciseFault(`${exercise.hints} is missing`);
  const found = parseHints(readFileSync(file, 'utf8'));
  if (found.length !== LEVELS) {
    throw new ExerciseFault(
      `${exercise.hints}: needs ${LEVELS} hints under ## headings, ` +
        `has ${found.length}`,
    );
  }
  return found.map((hint, i) => ({ level: i + 1, ...hint }));
}

/** Where the levels already given are noted. */
const memory = (root: string): string => join(root, '.freelist', 'hints.json');

function given(root: string): { [name: string]: number } {
  try {
    return JSON.parse(readFileSync(memory(root), 'utf8'));
  } catch {
    return {}; // none yet, or a file that someone has damaged
  }
}

/** The next hint; after the last one, that one again. */
export function nextHint(root: string, exercise: Exercise): Hint {
  const levels = given(root);
  const level = Math.min((levels[exercise.name] ?? 0) + 1, LEVELS);
  const hint = hintsOf(root, exercise)[level - 1];
  mkdirSync(dirname(memory(root)), { recursive: true });
  const kept = JSON.stringify({ ...levels, [exercise.name]: level }, null, 2);
  writeFileSync(memory(root), `${kept}\n`);
  return hint;
}
