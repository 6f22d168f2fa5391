// The Node runner on a notebook that fails in every way there is.
import { describe, expect, test } from 'vitest';
import { runNotebook } from '../../lib/jupyter/runner';
import { cellOf, pick, printed } from './fixtures/failing';

const ways = ['compile', 'throw', 'rejected-await', 'timer', 'rejection'];
const follow = (way: string) => `${way}-after`;

// A kernel takes two seconds to start: what can go side by side does.
describe.concurrent('a tagged cell', { timeout: 60_000 }, () => {
  test('may raise in each way, and the cells after it run', async () => {
    const given = pick('intro', ...ways.flatMap((way) => [`${way}!`, follow(way)]));
    const before = structuredClone(given);
    const seen: string[] = [];
    const { notebook, faults } = await runNotebook(given, {
      onCell: ({ id }) => seen.push(id),
    });
    expect(faults).toEqual([]);
    expect(given).toEqual(before);
    expect(seen).toEqual(given.cells.slice(1).map(({ id }) => id));
    for (const way of ways) {
      const error = cellOf(notebook, way).outputs?.at(-1);
      expect(error?.output_type, way).toBe('error');
      expect(printed(cellOf(notebook, follow(way)))).toBe(`after ${way}\n`);
    }
    const counts = notebook.cells.slice(1).map((cell) => cell.execution_count);
    expect(counts).toEqual(counts.map((_, i) => i + 1));
    expect(cellOf(notebook, 'timer').outputs).toMatchObject([
      { output_type: 'stream', name: 'stdout', text: ['ran\n'] },
      { output_type: 'error', ename: 'Error', evalue: 'in a timer' },
    ]);
  });

  test('that raises nothing is a fault', async () => {
    const { faults } = await runNotebook(pick('quiet!'));
    expect(faults).toMatchObject([{ kind: 'quiet', id: 'quiet', index: 0 }]);
  });

  test('is not excused for output that it did not await', async () => {
    const { faults } = await runNotebook(pick('output!', follow('output')));
    expect(faults).toMatchObject([{ kind: 'output' }, { kind: 'quiet' }]);
  });
});

describe.concurrent('a failing cell stops it', { timeout: 60_000 }, () => {
  test.each([
    ['throw', 'throw', 'CarveError', 'piece is too small'],
    ['output', 'output', 'UnawaitedOutput', /put await before/],
    ['exit', 'died', 'KernelDied', /died while this cell ran \(exit code 3\)/],
    ['loop', 'timeout', 'Timeout', /^not done after 2 s; .* interrupted$/],
    ['never', 'timeout', 'Timeout', /^not done after 2 s; .* interrupted$/],
    ['stuck', 'timeout', 'Timeout', /the kernel was killed$/],
  ])('%s', async (way, kind, ename, evalue) => {
    const given = pick('quiet', way, follow(way));
    const { notebook, faults } = await runNotebook(given, { timeout: 2000 });
    expect(faults).toMatchObject([{ kind, id: way, index: 1, ename }]);
    expect(faults[0].evalue).toMatch(evalue);
    expect(cellOf(notebook, 'quiet').execution_count).toBe(1);
    // The fault is to be seen in the notebook, too.
    const error = cellOf(notebook, way).outputs?.at(-1);
    expect(error?.output_type).toBe('error');
    if (way === 'exit') {
      expect(printed(cellOf(notebook, way))).toBe('before the end\n');
    }
    const after = cellOf(notebook, follow(way));
    expect(after).toMatchObject({ outputs: [], execution_count: null });
  });
});

describe.concurrent('what a cell leaves', { timeout: 60_000 }, () => {
  test('is its fault, also after the last cell', async () => {
    const { notebook, faults } = await runNotebook(pick('quiet', 'late'));
    expect(faults).toMatchObject([
      { kind: 'uncaught', id: 'late', index: 1, ename: 'Error' },
      { kind: 'output', id: 'late', index: 1, ename: 'UnawaitedOutput' },
    ]);
    const late = cellOf(notebook, 'late');
    expect(printed(late)).toBe('in time\ntoo late\n');
    expect(late.outputs).toContainEqual(
      expect.objectContaining({ output_type: 'error', evalue: 'long after' }),
    );
  });
});

describe.concurrent('twice', { timeout: 60_000 }, () => {
  test('finds the cell that prints something else', async () => {
    const { faults } = await runNotebook(
      pick('throw!', 'quiet', 'changing', 'compile-after'),
      { twice: true },
    );
    expect(faults).toMatchObject([{ kind: 'differs', id: 'changing', index: 2 }]);
    expect(faults[0].evalue).toMatch(/round 1.*round 2/s);
  });
});
