import { describe, expect, it } from 'vitest';
import { textWidth } from '../../lib/plot/fonts.js';
import { render } from '../../lib/plot/render.js';
import { steps, type Series } from '../../lib/plot/steps.js';

interface Name {
  name: string;
  x: number;
  pixel: number;
}
const draw = (series: Series[], log = false) =>
  steps({ title: 'A finding', x: 'entries (n)', y: 'steps (n)', series, log });
const namesOf = (series: Series[], log = false): Name[] =>
  (draw(series, log) as unknown as { data: { values: Name[] } }).data.values
    .filter((value) => 'name' in value)
    .sort((a, b) => a.pixel - b.pixel);

describe('steps', () => {
  it('names a series at its last point', () => {
    const names = namesOf([{ name: 'first fit', points: [[10, 5], [40, 20]] }]);
    expect(names).toEqual([{ name: 'first fit', x: 40, pixel: 0 }]);
  });

  it('keeps names apart, in the order of their values', () => {
    const ends = [20, 19.9, 19.8, 1, 0];
    const names = namesOf(
      ends.map((y) => ({ name: `to ${y}`, line: [[0, 0], [40, y]] })),
    );
    expect(names.map(({ name }) => name)).toEqual(ends.map((y) => `to ${y}`));
    for (let i = 1; i < names.length; i++) {
      expect(names[i].pixel - names[i - 1].pixel).toBeGreaterThanOrEqual(16);
    }
  });

  it('leaves out what a logarithmic axis has no place for, and says so', () => {
    const points: [number, number][] = [[0, 0], [10, 0], [10, 5], [100, 40]];
    const spec = draw([{ name: 'a', points }], true);
    expect(JSON.stringify(spec)).toContain('Left out, because of a 0: 2.');
    expect(JSON.stringify(spec)).not.toContain('"domain":[0');
    const { values } = spec.data as { values: { mark?: string }[] };
    expect(values.filter(({ mark }) => mark === 'point')).toHaveLength(2);
    expect(namesOf([{ name: 'none', points: [[0, 0]] }], true)).toEqual([]);
  });

  it('draws one of the points that lie on each other, where they are many', () => {
    const points = Array.from({ length: 100_000 }, (_, i): [number, number] => [
      1 + (i % 997),
      1 + ((i * 7) % 991),
    ]);
    for (const log of [false, true]) {
      const spec = draw([{ name: 'a', points }], log);
      expect(JSON.stringify(spec).length).toBeLessThan(450_000);
      const few = draw([{ name: 'a', points: points.slice(0, 500) }], log);
      const { values } = few.data as { values: { mark?: string }[] };
      expect(values.filter(({ mark }) => mark === 'point')).toHaveLength(500);
    }
  });

  it('names a cloud at its right, where no point lies', () => {
    const points: [number, number][] = [[10, 5], [40, 20], [30, 9]];
    expect(namesOf([{ name: 'a', points, line: [[0, 0], [20, 20]] }])[0].x).toBe(40);
  });

  it('keeps the labels of an axis apart', async () => {
    const points: [number, number][] = [[100, 50], [2000, 1000]];
    const { svg } = await render(draw([{ name: 'a', points }]));
    const label = /text-anchor="(\w+)" transform="translate\(([\d.]+),[\d.]+\)"[^>]*>([\d,]+)</g;
    const [left, right] = [...svg.matchAll(label)]
      .filter(([, , , text]) => ['1,800', '2,000'].includes(text))
      .map(([, anchor, x, text]) => {
        const wide = textWidth(text, 12);
        const before = { start: 0, middle: wide / 2, end: wide }[anchor]!;
        return { from: Number(x) - before, to: Number(x) - before + wide };
      });
    expect(right.from - left.to).toBeGreaterThan(8);
  });

  it('counts in powers of ten on logarithmic axes', () => {
    const spec = draw([{ name: 'a', points: [[10, 1], [10_000, 100]] }], true);
    const text = JSON.stringify(spec);
    expect(text).toContain('"values":[10,100,1000,10000]');
    expect(text).toContain('"values":[1,10,100]');
    expect(text).toContain('"type":"log"');
  });

  it('gives each series its own dash and shape', () => {
    const text = JSON.stringify(
      draw([
        { name: 'a', line: [[1, 1], [2, 2]] },
        { name: 'b', line: [[1, 1], [2, 3]] },
        { name: 'c', line: [[1, 1], [2, 4]], look: 'instant' },
      ]),
    );
    expect(text).toContain('"range":[[1,0],[6,3],[1,0]]');
    expect(text).toContain('"range":["#4C60DD","#B48300","#111111"]');
  });

  it('says the last measured value of the first series', () => {
    const spec = draw([
      { name: 'first fit', points: [[10, 5], [4000, 2000]] },
      { name: 'other', points: [[10, 5]] },
    ]);
    expect(spec.description).toContain('first fit: 2,000 at 4,000.');
  });
});
