// Drift, histograms, multiples and travel: what is drawn of what happened.
import { compile, type TopLevelSpec } from 'vega-lite';
import { parse, View } from 'vega';
import { describe, expect, it } from 'vitest';
import { Grid } from '../../lib/plot/bins.js';
import { drift, thinned } from '../../lib/plot/drift.js';
import { classOf, histogram } from '../../lib/plot/histogram.js';
import { multiples } from '../../lib/plot/multiples.js';
import type { Kind } from '../../lib/plot/palette.js';
import { mostFrames, stays, travel } from '../../lib/plot/travel.js';
import { drifting, panel, stripRows } from './examples.js';

const values = (spec: TopLevelSpec): Record<string, unknown>[] =>
  (spec.data as { values: Record<string, unknown>[] }).values;

describe('drift', () => {
  it('keeps what sticks out of a long run, and drops the rest', () => {
    const samples = Array.from({ length: 100_000 }, (_, operation) => ({
      operation,
      free: 100,
      largest: operation === 77_777 ? 1 : 50,
    }));
    const thin = thinned(samples, ['free', 'largest']);
    expect(thin.length).toBeLessThan(800);
    expect(thin).toContainEqual(samples[77_777]);
    expect(thin[0]).toBe(samples[0]);
    expect(thin.at(-1)).toBe(samples.at(-1));
    const order = thin.map(({ operation }) => operation);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  it('draws a million samples in under 300 KB', () => {
    const some = drifting(3000);
    const samples = Array.from({ length: 1_000_000 }, (_, operation) => ({
      ...some[operation % some.length],
      operation,
    }));
    const spec = drift({ title: 'Long', unit: 'units', samples });
    expect(JSON.stringify(spec).length).toBeLessThan(300_000);
  });

  it('draws one sample as a line, one operation long', () => {
    const spec = drift({ title: 'One', unit: 'units', samples: drifting(1) });
    const [first, last, ...names] = values(spec);
    expect([first.operation, last.operation]).toEqual([1, 2]);
    expect(last).toMatchObject({ free: first.free, largest: first.largest });
    expect(names).toHaveLength(2);
  });

  it('names its lines beside the plot, not above it', () => {
    const level = { free: 9, largest: 9, live: 9, taken: 9 };
    const samples = [1, 2, 3].map((operation) => ({ operation, ...level }));
    const lines = ['free', 'largest', 'live', 'taken'] as const;
    const spec = drift({ title: 'T', unit: 'units', samples, lines });
    const pixels = values(spec).flatMap(({ pixel }) => (pixel as number) ?? []);
    expect(pixels.sort((a, b) => a - b)).toEqual([0, 16, 32, 48]);
  });

  it('puts no tick between two operations', async () => {
    const samples = drifting(4);
    const spec = drift({ title: 'T', unit: 'units', samples });
    const view = new View(parse(compile(spec).spec), { renderer: 'none' });
    expect(await view.toSVG()).not.toMatch(/>\d\.\d</);
  });
});

describe('histogram', () => {
  it.each([[1, '1'], [2, '2–3'], [8, '8–15'], [1024, '1,024–2,047'], [2 ** 20, 'from 2^20']])(
    'calls the pieces of %i units and up %s',
    (from, name) => expect(classOf(from)).toBe(name),
  );

  it('has a bar for each power of two between the outermost ones', () => {
    const rows = [
      { name: 'a', bars: [{ from: 4, count: 3 }] },
      { name: 'b', bars: [{ from: 1, count: 0 }, { from: 32, count: 1 }] },
    ];
    const bars = values(histogram({ title: 'T', unit: 'units', rows }));
    const of = (row: number) =>
      bars.filter((b) => b.row === row).map((b) => [b.size, b.pieces]);
    expect(of(0)).toEqual([['4–7', 3], ['8–15', 0], ['16–31', 0], ['32–63', 0]]);
    expect(of(1)).toEqual([['4–7', 0], ['8–15', 0], ['16–31', 0], ['32–63', 1]]);
  });
});

describe('the labels of a histogram', () => {
  const bars = (first: number, count: number, pieces: number) =>
    Array.from({ length: count }, (_, i) => ({
      from: 2 ** (first + i),
      count: pieces,
    }));
  const svg = (rows: ReturnType<typeof bars>) => {
    const spec = histogram({ title: 'T', unit: 'u', rows: [{ name: '', bars: rows }] });
    const view = new View(parse(compile(spec).spec), { renderer: 'none' });
    return view.toSVG();
  };

  it('lie flat where they fit, and lean where they do not', async () => {
    expect(await svg(bars(0, 8, 1))).not.toContain('rotate(310)');
    expect(await svg(bars(14, 6, 1))).toContain('rotate(310)');
  });

  it('tell a number only where it is no wider than its bar', async () => {
    expect(await svg(bars(0, 6, 1_234_567))).toContain('>1,234,567<');
    expect(await svg(bars(0, 20, 1_234_567))).not.toContain('>1,234,567<');
  });

  it('add up units where they are asked to', () => {
    const units = [{ from: 4, count: 2, units: 11 }];
    const rows = [{ name: '', bars: units }];
    const spec = histogram({ title: 'T', unit: 'bytes', by: 'units', rows });
    expect(values(spec)).toEqual([{ row: 0, size: '4–7', pieces: 11 }]);
    expect(spec.description).toContain('11 in all');
    expect(JSON.stringify(spec)).toContain('"together (bytes)"');
  });
});

describe('multiples', () => {
  const draw = (operations: number) =>
    multiples({
      title: 'T',
      unit: 'units',
      range: [1, 1001],
      operations,
      panels: [panel('first', operations), panel('next', operations)],
    });

  it.each([600, 30_000])('of %i operations stay under 300 KB', (operations) => {
    expect(JSON.stringify(draw(operations)).length).toBeLessThan(300_000);
  });

  it('of four grids stay under 300 KB, too', () => {
    const area = { addr: 0, end: 1e9, from: 0, to: 1e6 };
    const names = ['first', 'best', 'next', 'worst'];
    const panels = names.map((name) => {
      const grid = new Grid(area);
      for (let i = 0; i < 10_000; i++) {
        grid.add({ addr: i * 1e5, end: i * 1e5 + 7e4, from: 100 * i, to: 1e6 });
        grid.add({ addr: i * 1e5, end: i * 1e5 + 7e4, from: 0, to: 90 * i });
      }
      return { name, lifetimes: grid };
    });
    const spec = multiples({
      title: 'T',
      unit: 'bytes',
      hex: true,
      range: [0, 1e9],
      operations: 1e6,
      panels,
    });
    expect(values(spec).length).toBeGreaterThan(1500);
    expect(JSON.stringify(spec).length).toBeLessThan(300_000);
  });

  it('draw each lifetime in the panel of its allocator', () => {
    const { lifetimes } = panel('next', 600);
    const drawn = values(draw(600)).filter((v) => v.panel === 1 && 'from' in v);
    expect(drawn).toHaveLength((lifetimes as unknown[]).length);
  });
});

describe('travel', () => {
  const kind: Kind = 'free';

  it('keeps a piece once, for the frames in which it is there', () => {
    const a = { start: 0, end: 4, kind };
    const b = { start: 4, end: 8, kind };
    const frames = [[a], [a, b], [b], [a, b]].map((segments) => ({
      name: '',
      segments,
    }));
    expect(stays(frames)).toEqual([
      { ...a, from: 0, to: 2 },
      { ...b, from: 1, to: 4 },
      { ...a, from: 3, to: 4 },
    ]);
  });

  const frames = stripRows();
  const at = async (frame: number, steps: number[] = []): Promise<string> => {
    const spec = travel({ title: 'T', unit: 'clicks', frames, frame });
    const view = new View(parse(compile(spec).spec), { renderer: 'none' });
    for (const step of steps) await view.signal('frame', step).runAsync();
    return (await view.toSVG()).replace(/(clip|gradient_)\d+/g, '$1');
  };

  it('shows the same frame whether one steps forward or back', async () => {
    const straight = await at(0, [3]);
    expect(await at(0, [7, 5, 3])).toBe(straight);
    expect(await at(0, [7])).not.toBe(straight);
  });

  it('keeps the telling frame of a long run, under 300 KB', () => {
    const long = Array.from({ length: 5000 }, (_, i) => ({
      name: `frame ${i}`,
      segments: Array.from({ length: 8 }, (_, k) => ({
        start: k * 100 + (i % 50),
        end: k * 100 + 50 + (i % 50),
        kind,
      })),
    }));
    const spec = travel({ title: 'T', unit: 'units', frames: long, frame: 1234 });
    const kept = values(spec).filter((v) => 'at' in v);
    expect(kept.length).toBeLessThanOrEqual(mostFrames + 2);
    const [{ value }] = spec.params as unknown as { value: number }[];
    expect(kept.find((v) => v.at === value)!.name).toBe('frame 1234');
    expect(JSON.stringify(spec).length).toBeLessThan(300_000);
  });

  it('drops more frames when each holds many new pieces', () => {
    const busy = Array.from({ length: 200 }, (_, i) => ({
      name: `frame ${i}`,
      segments: Array.from({ length: 300 }, (_, k) => ({
        start: k * 1000 + i,
        end: k * 1000 + i + 500,
        kind,
      })),
    }));
    const spec = travel({ title: 'T', unit: 'units', frames: busy, frame: 77 });
    const kept = values(spec).filter((v) => 'at' in v);
    const [{ value }] = spec.params as unknown as { value: number }[];
    expect(kept.length).toBeGreaterThan(3);
    expect(kept.find((v) => v.at === value)!.name).toBe('frame 77');
    expect(JSON.stringify(spec).length).toBeLessThan(300_000);
  });

  it('has round addresses on its axis, in hexadecimal', () => {
    const segments = [{ start: 4096, end: 8000, kind }];
    const spec = travel({
      title: 'T',
      unit: 'bytes',
      hex: true,
      frames: [{ name: '', segments }],
      frame: 0,
    });
    const ticks = [4096, 4608, 5120, 5632, 6144, 6656, 7168, 7680];
    expect(JSON.stringify(spec)).toContain(`"values":${JSON.stringify(ticks)}`);
  });
});
