// The table of exercises in exercises/README.md, made from the exercises.
import type { Exercise } from './exercises.js';

/** A row an exercise: title, kind, points, notebook, minutes. */
export function exerciseTable(all: readonly Exercise[]): string {
  const rows = all.map(
    ({ title, kind, possible, name, notebook, minutes }) =>
      `| [${title}](${name}.ts) | ${kind} | ${possible} | ` +
      `[${notebook}](../notebooks/${notebook}.ipynb) | ${minutes} |`,
  );
  const points = all.reduce((sum, { possible }) => sum + possible, 0);
  const minutes = all.reduce((sum, exercise) => sum + exercise.minutes, 0);
  return [
    '| Exercise | Kind | Points | Notebook | Minutes |',
    '|---|---|---:|---|---:|',
    ...rows,
    `| **${all.length} exercises** | | **${points}** | | **${minutes}** |`,
  ].join('\n');
}
