// Bars and curves side by side: do they stand where they must?
import type { TopLevelSpec } from 'vega-lite';
import { describe, expect, it } from 'vitest';
import { comparison } from '../../lib/plot/compare.js';
import { sideBySide } from './examples.js';

type Datum = { [name: string]: number | string };

const values = (spec: TopLevelSpec): Datum[] =>
  (spec.data as { values: Datum[] }).values;

const measures = [
  { name: 'a', unit: '%', values: [0, 50] },
  { name: 'b', unit: 'steps', values: [0.126, 1234], digits: 2 },
];
const over = {
  name: 'memory',
  unit: 'KB',
  rows: [[[1, 10], [2, 40]], [[1, 0], [2, 20]]] as [number, number][][],
  line: [[1, 10], [2, 10]] as [number, number][],
};
const rows = ['one', 'two'];

describe('compare', () => {
  it('has a bar and its number for each measure of each system', () => {
    const bars = values(comparison({ title: 'T', rows, measures }))
      .filter(({ bar }) => bar !== undefined);
    expect(bars.map(({ column, bar, text }) => [column, bar, text])).toEqual([
      [0, 0, '0'], [0, 50, '50'], [1, 0.126, '0.13'], [1, 1234, '1,234.00'],
    ]);
    expect(bars[1].y).toBe(+bars[0].y + 38);
  });

  it('draws sizes as high as they are, from the lower edge of their row', () => {
    const areas = values(comparison({ title: 'T', rows, measures, over }))
      .filter(({ area }) => area !== undefined);
    expect(areas.map(({ y, y2 }) => +y2 - +y)).toEqual([7, 28, 0, 14]);
    expect(areas[2].y2).toBe(+areas[0].y2 + 38);
  });

  it('draws in each row what was asked for', () => {
    const lines = values(comparison({ title: 'T', rows, measures, over }))
      .filter(({ line }) => line !== undefined);
    expect(lines.map(({ line, x }) => [line, x])).toEqual([
      [0, 1], [0, 2], [1, 1], [1, 2],
    ]);
  });

  it('cuts off what is more than the most, and says how much that is', () => {
    const spec = comparison({
      title: 'T', rows, measures, over: { ...over, most: 20 },
    });
    const heights = values(spec)
      .filter(({ area }) => area !== undefined)
      .map(({ y, y2 }) => +y2 - +y);
    expect(heights).toEqual([14, 28, 0, 28]);
    expect(JSON.stringify(spec.title)).toContain('20 KB high');
  });

  it('stays under 300 KB with seven systems and 200 samples', () => {
    const { over: small } = sideBySide();
    const long = Array.from({ length: 200 }, (_, i) => [i, 12.345678 * i] as const);
    const seven = Array.from({ length: 7 }, (_, i) => `system ${i}`);
    const spec = comparison({
      title: 'T',
      rows: seven,
      measures: [{ name: 'a', unit: '%', values: seven.map((_, i) => i) }],
      over: { ...small, rows: seven.map(() => long), line: long },
    });
    expect(JSON.stringify(spec).length).toBeLessThan(300_000);
  });
});
