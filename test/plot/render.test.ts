import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import type { TopLevelSpec } from 'vega-lite';
import { beforeAll, describe, expect, it } from 'vitest';
import { fontFiles } from '../../lib/plot/fonts.js';
import { render, type Rendered } from '../../lib/plot/render.js';
import { digests, telling } from './digest.js';
import { examples } from './examples.js';

const names = Object.keys(examples);
const sha = (data: string | Buffer) =>
  createHash('sha256').update(data).digest('hex');

/** A plot whose only text is a mark in a font of its own. */
const inFont = (font: string): TopLevelSpec => ({
  data: { values: [{}] },
  mark: { type: 'text', text: 'mfree(mp, 8, 11)', font, fontSize: 20 },
});

describe('render', () => {
  it('gives the same bytes in any order', async () => {
    const once = await digests(telling);
    expect(await digests([...telling].reverse())).toBe(once);
  });

  it('gives the same bytes in another process, place and language', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'plot-'));
    try {
      const script = join(process.cwd(), 'test/plot/digest.ts');
      const tsx = join(process.cwd(), 'node_modules/tsx/dist/cjs/index.cjs');
      const printed = execFileSync(
        process.execPath,
        ['--require', tsx, script, 'print'],
        {
          cwd,
          encoding: 'utf8',
          env: {
            PATH: process.env.PATH,
            HOME: cwd,
            LANG: 'de_DE.UTF-8',
            TZ: 'Asia/Tokyo',
          },
        },
      );
      expect(printed.trim()).toBe(await digests(telling));
    } finally {
      rmSync(cwd, { recursive: true });
    }
  });

  it('gives the same bytes to pictures drawn at the same time', async () => {
    const alone = await render(examples.bins);
    const both = await Promise.all([
      render(examples.lifetimes),
      render(examples.bins),
    ]);
    expect(both[1].svg).toBe(alone.svg);
  });

  it('leaves the spec as it was', async () => {
    const spec = structuredClone(examples.slots);
    const drawn = await render(spec);
    expect(drawn.spec).toBe(spec);
    expect(spec).toEqual(examples.slots);
    const { values } = spec.data as { values: object[] };
    const marks = values.flatMap((value) => Object.getOwnPropertySymbols(value));
    expect(marks).toEqual([]);
  });
});

describe.each(names)('the SVG of %s', (name) => {
  const spec = examples[name as keyof typeof examples];
  let drawn: Rendered;
  beforeAll(async () => {
    drawn = await render(spec);
  });

  it('says once what it shows', () => {
    const { svg, alt } = drawn;
    expect(alt).toBe(spec.description);
    expect(svg).toMatch(/^<svg role="img" aria-label="[^"]+" /);
    expect(svg).toContain(`<desc>${alt}</desc>`);
    expect(svg.match(/ (role|aria-[a-z]+)=/g)).toHaveLength(2);
  });

  it('names its ids by the spec, and refers to none but its own', () => {
    const { svg } = drawn;
    const ids = [...svg.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    const refs = [...svg.matchAll(/url\(#([^)]*)\)/g)].map(([, id]) => id);
    const prefix = `plot-${sha(JSON.stringify(spec)).slice(0, 8)}-`;
    for (const id of ids) expect(id.startsWith(prefix), id).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of refs) expect(ids).toContain(id);
  });

  it('is not clipped at its edges', () => {
    // The same drawing without its ground on a sheet with a margin of 100.
    const root = /width="([\d.]+)" height="([\d.]+)" viewBox="[^"]*"/;
    const [, width, height] = root.exec(drawn.svg)!.map(Number);
    const [w, h] = [width + 200, height + 200];
    const sheet = drawn.svg
      .replace(root, `width="${w}" height="${h}" viewBox="0 0 ${w} ${h}"`)
      .replace(/<rect width="[^"]*" height="[^"]*" fill="white"\/>/, '')
      .replace('</desc>', '</desc><g transform="translate(100,100)">')
      .replace(/<\/svg>$/, '</g></svg>');
    const font = { fontFiles: fontFiles(), loadSystemFonts: false };
    const box = new Resvg(sheet, { font }).innerBBox()!;
    expect(box.x).toBeGreaterThanOrEqual(100);
    expect(box.y).toBeGreaterThanOrEqual(100);
    expect(box.x + box.width).toBeLessThanOrEqual(100 + width);
    expect(box.y + box.height).toBeLessThanOrEqual(100 + height);
  });

  it('has a PNG of twice its size', () => {
    const { png, width, height } = drawn;
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(Math.abs(png.readUInt32BE(16) - 2 * width)).toBeLessThanOrEqual(2);
    expect(Math.abs(png.readUInt32BE(20) - 2 * height)).toBeLessThanOrEqual(2);
  });
});

describe('any spec', () => {
  it('two pictures on a page share no id', async () => {
    const idsOf = async (spec: TopLevelSpec) => {
      const { svg } = await render(spec);
      return [...svg.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    };
    const clipped = (title: string): TopLevelSpec => ({
      title,
      data: { values: [{ x: 1 }] },
      mark: { type: 'point', clip: true },
      encoding: { x: { field: 'x', type: 'quantitative' } },
    });
    const [a, b] = [await idsOf(clipped('a')), await idsOf(clipped('b'))];
    expect(a.length).toBeGreaterThan(0);
    expect(a.filter((id) => b.includes(id))).toEqual([]);
  });

  it('without a description speaks by its title, escaped', async () => {
    const title = 'malloc(mp, n) & "first fit": n < 8';
    const { svg, alt } = await render({ ...inFont('serif'), title });
    expect(alt).toBe(title);
    expect(svg).toContain(
      '<title>malloc(mp, n) &amp; &quot;first fit&quot;: n &lt; 8</title>',
    );
  });

  it('leaves letters that look like an id alone', async () => {
    const { svg } = await render({
      ...inFont('serif'),
      mark: { type: 'text', text: 'url(#clip0) id="clip0" 3.14159' },
    });
    expect(svg).toContain('3.14159');
    expect(svg).toContain('url(#clip0)');
  });

  it('is drawn with our fonts, whatever the machine has', async () => {
    const ours = await render(inFont('DejaVu Sans'));
    for (const font of ['DejaVu Sans Mono', 'Liberation Serif', 'Nonesuch']) {
      const other = await render(inFont(font));
      expect(sha(other.png), font).toBe(sha(ours.png));
    }
    const blank = await render({ ...inFont('x'), mark: 'text' });
    expect(sha(blank.png)).not.toBe(sha(ours.png));
  });
});
