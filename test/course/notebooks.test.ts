// The course runs: every notebook from a fresh kernel, every cell twice in
// a row with the same output, every plot in all its forms.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ipynbOf, loadContents, partOf } from '../../lib/book/contents.js';
import { writeKernelspec } from '../../lib/cli/kernelspec.mjs';
import { runWithNbclient } from '../../lib/jupyter/nbclient.js';
import type { DisplayData } from '../../lib/jupyter/outputs.js';
import { runNotebook, type Notebook } from '../../lib/jupyter/runner.js';
import { needJupyter } from '../need.js';

const root = resolve(__dirname, '../..');
const contents = loadContents(root);
const { notebooks } = contents;

const read = (file: string): Notebook =>
  JSON.parse(readFileSync(join(root, file), 'utf8'));

const displays = ({ cells }: Notebook): DisplayData[] =>
  cells
    .flatMap(({ outputs }) => outputs ?? [])
    .filter((output) => output.output_type === 'display_data');

/** Every form that a front end may ask for (tooling: one bundle for all). */
const forms = [
  'application/vnd.vegalite.v5+json',
  'image/png',
  'image/svg+xml',
  'text/plain',
];

/** What our runner got, for the comparison with nbclient: by notebook. */
const ours = new Map<string, unknown[]>();

/**
 * The outputs of each cell, as they would stand in the file. A traceback
 * names cells by their counts, and ours were executed twice.
 */
const outputsOf = ({ cells }: Notebook): unknown[] =>
  JSON.parse(
    JSON.stringify(cells.map(({ id, outputs }) => ({ id, outputs }))).replace(
      /cell \[\d+\]/g,
      'cell [n]',
    ),
  );

describe.concurrent('the Node runner', () => {
  it.each(notebooks)(
    'runs notebook $nn, each cell twice with the same output',
    async (entry) => {
      const given = read(ipynbOf(entry));
      const { notebook, faults } = await runNotebook(given, { twice: true });
      ours.set(entry.nn, outputsOf(notebook));
      expect(faults).toEqual([]);

      const code = notebook.cells.filter((cell) => cell.cell_type === 'code');
      expect(code.length).toBeGreaterThan(0);
      expect(code.every(({ execution_count: n }) => n !== null)).toBe(true);
      const stderr = code
        .flatMap(({ outputs }) => outputs ?? [])
        .filter((o) => o.output_type === 'stream' && o.name === 'stderr');
      expect(stderr).toEqual([]);

      const plots = displays(notebook);
      expect(plots.length).toBeGreaterThan(0);
      for (const { data } of plots) {
        expect(Object.keys(data).sort()).toEqual(forms);
        expect(JSON.stringify(data[forms[0]]).length).toBeLessThan(300_000);
      }
    },
    400_000, // several run at once, each twice
  );
});

const { python, skip } = needJupyter();
if (skip) console.warn(`nbclient is passed over: ${skip}`);

/** The last notebook of each part that has one. */
const oneEach = notebooks.filter(
  ({ nn }, i) =>
    partOf(contents, nn) !== partOf(contents, notebooks[i + 1]?.nn ?? '99')
    || i === notebooks.length - 1,
);

// After the other runner, not beside it: tests that wait for its outputs would
// take the places of the tests that they wait for.
describe.skipIf(skip)('nbclient', () => {
  it.concurrent.each(oneEach)(
    'runs notebook $nn and gets what our runner gets',
    async (entry) => {
      const jupyterPath = writeKernelspec(root);
      const options = { root, python, jupyterPath };
      const { notebook, faults } = await runWithNbclient(
        read(ipynbOf(entry)),
        options,
      );
      expect(faults).toEqual([]);
      expect(outputsOf(notebook)).toEqual(ours.get(entry.nn));
    },
    400_000, // several run at once
  );
});
