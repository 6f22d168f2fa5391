import { parse, View } from 'vega';
import { compile } from 'vega-lite';
import { describe, expect, it } from 'vitest';
import { bins, Grid } from '../../lib/plot/bins.js';
import { binnedAfter, lifetimes } from '../../lib/plot/lifetimes.js';
import { render } from '../../lib/plot/render.js';
import { uniform } from '../../lib/trace/random.js';
import { load } from './examples.js';

interface Drawn {
  data: { values: { from: number; to: number; label?: string }[] };
  params: { bind: { min: number; max: number }; value: number }[];
}

const base = {
  title: 'A finding',
  unit: 'clicks',
  range: [0, 100] as const,
  operations: 50,
};
const draw = (lives: Parameters<typeof lifetimes>[0]['lifetimes'], moment = 9) =>
  lifetimes({ ...base, lifetimes: lives, moment });

describe('lifetimes', () => {
  it('draws what was never freed to the end', () => {
    const spec = draw([
      { addr: 0, end: 10, from: 3, to: 9 },
      { addr: 10, end: 30, from: 4 },
    ]) as unknown as Drawn;
    expect(spec.data.values.map(({ to }) => to)).toEqual([9, 50]);
  });

  it('counts what is allocated after the moment, freed pieces not', () => {
    const lives = [
      { addr: 0, end: 10, from: 3, to: 9 },
      { addr: 10, end: 30, from: 9 },
      { addr: 30, end: 60, from: 10 },
    ];
    expect(draw(lives, 8).description).toContain('10 allocated after');
    expect(draw(lives, 9).description).toContain('20 allocated after');
    expect(draw(lives, 10).description).toContain('50 allocated after');
  });

  it('starts at the moment that tells, and lets the reader move', () => {
    const spec = draw([], 17) as unknown as Drawn;
    expect(spec.params[0]).toMatchObject({
      value: 17,
      bind: { min: 0, max: 49 },
    });
  });

  it('draws a label only where it fits', () => {
    const spec = draw([
      { addr: 0, end: 50, from: 0, label: '50' },
      { addr: 50, end: 52, from: 0, label: '2' },
      { addr: 60, end: 90, from: 0, to: 1, label: '30' },
    ]) as unknown as Drawn;
    expect(spec.data.values.map(({ label }) => label)).toEqual([
      '50',
      undefined,
      undefined,
    ]);
  });
});

describe('the slider', () => {
  const lives = [
    { addr: 0, end: 10, from: 3, to: 9 },
    { addr: 10, end: 30, from: 9 },
  ];

  it('shows the same frame on the way back as on the way there', async () => {
    const { spec } = compile(draw(lives, 5));
    const view = new View(parse(spec), { renderer: 'none' });
    const frame = async (moment: number) => {
      await view.signal('moment', moment).runAsync();
      return (await view.toSVG()).replace(/(clip|gradient_)\d+/g, '$1');
    };
    const there = [await frame(2), await frame(5), await frame(20)];
    const back = [await frame(20), await frame(5), await frame(2)];
    expect(back.reverse()).toEqual(there);
    expect(new Set(there).size).toBe(3);
    expect(there[1]).toContain('after 5');
    // The same frame as when the picture starts there.
    const other = compile(draw(lives, 20)).spec;
    const start = await new View(parse(other), { renderer: 'none' }).toSVG();
    expect(there[2]).toBe(start.replace(/(clip|gradient_)\d+/g, '$1'));
  });
});

describe('bins', () => {
  const area = { addr: 0, end: 360, from: 0, to: 600 };

  it('give the share that is covered, and leave out what is empty', () => {
    const half = { addr: 0, end: 5, from: 0, to: 10 };
    const whole = { addr: 10, end: 20, from: 10, to: 20 };
    expect(bins([half, whole], area)).toEqual([
      { addr: 0, end: 10, from: 0, to: 10, share: 0.5 },
      { addr: 10, end: 20, from: 10, to: 20, share: 1 },
    ]);
  });

  it('keep the sum of space and time', () => {
    const run = load(360, {
      seed: 3,
      operations: 600,
      live: 20,
      sizes: uniform(1, 25),
    });
    const sum = run.lifetimes.reduce(
      (s, { addr, end, from, to }) => s + (end - addr) * (to - from),
      0,
    );
    const binnedAfter = bins(run.lifetimes, { ...area, addr: 1, end: 361 });
    const again = binnedAfter.reduce((s, { share }) => s + share * 100, 0);
    expect(again / sum).toBeCloseTo(1, 2);
  });
});

describe('a grid', () => {
  const area = { addr: 1, end: 361, from: 0, to: 600 };

  it('gets piece by piece what bins get at once', () => {
    const { lifetimes: all } = load(360, {
      seed: 3,
      operations: 600,
      live: 20,
      sizes: uniform(1, 25),
    });
    const grid = new Grid(area);
    for (const life of all) grid.add(life);
    const slow = (addr: number, end: number, from: number, to: number) =>
      all.reduce((sum, r) => {
        const time = Math.min(r.to, to) - Math.max(r.from, from);
        const space = Math.min(r.end, end) - Math.max(r.addr, addr);
        return sum + Math.max(time, 0) * Math.max(space, 0);
      }, 0) / ((end - addr) * (to - from));
    const got = grid.bins();
    expect(got.length).toBeGreaterThan(500);
    for (const { addr, end, from, to, share } of got) {
      expect(share).toBeCloseTo(slow(addr, end, from, to), 1.9);
    }
  });

  it('cuts what sticks out, and forgets what lies outside', () => {
    const grid = new Grid({ addr: 0, end: 36, from: 0, to: 60 });
    grid.add({ addr: -5, end: 1, from: -5, to: 1 });
    grid.add({ addr: 35, end: 90, from: 59, to: 90 });
    grid.add({ addr: 40, end: 90, from: 0, to: 60 });
    grid.add({ addr: 0, end: 36, from: 60, to: 70 });
    expect(grid.bins().map(({ addr, from, share }) => [addr, from, share]))
      .toEqual([[0, 0, 1], [35, 59, 1]]);
  });

  it('of a run without a known end tells the same, in wider columns', () => {
    const { lifetimes: all, operations } = load(360, {
      seed: 3,
      operations: 10_001,
      live: 20,
      sizes: uniform(1, 25),
    });
    const grid = new Grid({ addr: 1, end: 361, from: 0 });
    const ended = [...all].sort((a, b) => a.to - b.to); // as a run tells them
    for (const life of ended) grid.add(life);
    const got = grid.bins();
    const columns = new Set(got.map(({ from }) => from)).size;
    expect(columns).toBeGreaterThan(40);
    expect(columns).toBeLessThanOrEqual(60);
    expect(Math.max(...got.map(({ to }) => to))).toBe(operations);

    const size = (r: { addr: number; end: number; from: number; to: number }) =>
      (r.end - r.addr) * (r.to - r.from);
    const exact = all.reduce((sum, life) => sum + size(life), 0);
    const told = got.reduce((sum, bin) => sum + size(bin) * bin.share, 0);
    expect(told / exact).toBeCloseTo(1, 2);
    for (const bin of got.filter((_, i) => i % 50 === 0)) {
      const inside = all.map((life) => ({
        addr: Math.max(life.addr, bin.addr),
        end: Math.max(Math.min(life.end, bin.end), Math.max(life.addr, bin.addr)),
        from: Math.max(life.from, bin.from),
        to: Math.max(Math.min(life.to, bin.to), Math.max(life.from, bin.from)),
      }));
      const share = inside.reduce((sum, life) => sum + size(life), 0) / size(bin);
      expect(bin.share).toBeCloseTo(share, 1.9);
    }
  });

  it('puts neighbours together for a narrow picture', () => {
    const grid = new Grid({ addr: 0, end: 36, from: 0, to: 60 });
    grid.add({ addr: 0, end: 1, from: 0, to: 3 });
    expect(grid.bins(15)).toEqual([
      { addr: 0, end: 1, from: 0, to: 4, share: 0.75 },
    ]);
    const open = new Grid({ addr: 0, end: 36, from: 0 });
    expect(open.bins()).toEqual([]);
    open.add({ addr: 0, end: 36, from: 0, to: 2 });
    expect(open.bins(1)[0]).toEqual({ addr: 0, end: 1, from: 0, to: 2, share: 1 });
  });

  it('shows a million operations in under 300 KB and 2 seconds', async () => {
    // What is timed is the picture: the grid, the spec, and its drawing.
    const operations = 1_000_000;
    const { lifetimes: all } = load(40_000, {
      seed: 1,
      operations,
      live: 150,
      sizes: uniform(1, 400),
    });
    expect(all.length).toBeGreaterThan(499_000);
    const start = process.cpuUsage();
    const grid = new Grid({ addr: 1, end: 40_001, from: 0, to: operations });
    for (const life of all) grid.add(life);
    const spec = lifetimes({
      ...base,
      range: [1, 40_001],
      operations,
      lifetimes: grid,
      moment: 700_000,
    });
    const { svg, png } = await render(spec);
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1e6).toBeLessThan(2 * 2); // a slow machine
    expect(JSON.stringify(spec).length).toBeLessThan(300_000);
    expect(svg.length).toBeLessThan(300_000);
    expect(png.toString('base64').length).toBeLessThan(300_000);

    // The number in the alt text is what the lifetimes say.
    const exact = all
      .filter(({ from, to }) => from <= 700_000 && 700_000 < to)
      .reduce((sum, { addr, end }) => sum + end - addr, 0);
    const said = /([\d,]+) allocated after/.exec(spec.description as string)![1];
    expect(Number(said.replace(/,/g, '')) / exact).toBeCloseTo(1, 1);
  }, 60_000);
});

describe('a long run', () => {
  it.each([binnedAfter, binnedAfter + 1, 20_000])(
    'of %i operations stays under 300 KB in every form',
    async (operations) => {
      const run = load(4000, {
        seed: 7,
        operations,
        live: 110,
        sizes: uniform(1, 60),
      });
      const spec = lifetimes({
        ...base,
        ...run,
        range: [1, 4001],
        moment: operations >> 1,
      });
      const { svg, png } = await render(spec);
      expect(JSON.stringify(spec).length).toBeLessThan(300_000);
      expect(svg.length).toBeLessThan(300_000);
      expect(png.toString('base64').length).toBeLessThan(300_000);
    },
  );
});
