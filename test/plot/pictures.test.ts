// What holds for every picture, whatever it shows.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { compile, type TopLevelSpec } from 'vega-lite';
import * as vega from 'vega';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { examples } from './examples.js';

const schema = JSON.parse(
  readFileSync(
    join(process.cwd(), 'node_modules/vega-lite/build/vega-lite-schema.json'),
    'utf8',
  ),
);
const valid = new Ajv({ strict: false, validateFormats: false }).compile(schema);

/** All values of a key, anywhere in a spec. */
function all(value: unknown, key: string): unknown[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([k, v]) => [
    ...(k === key ? [v] : []),
    ...all(v, key),
  ]);
}

/** Of long data a snapshot keeps the start, and a hash of the rest. */
function shorten(key: string, value: unknown): unknown {
  if (key !== 'values' || !Array.isArray(value) || value.length < 100) {
    return value;
  }
  const rest = JSON.stringify(value.slice(20));
  const hash = createHash('sha256').update(rest).digest('hex');
  return [...value.slice(0, 20), `${value.length - 20} more, ${hash}`];
}

const svgOf = async (spec: TopLevelSpec, config: object = {}) => {
  const copy = structuredClone(spec); // Vega marks the data it is given
  const runtime = vega.parse(compile(copy, { config }).spec);
  const svg = await new vega.View(runtime, { renderer: 'none' }).toSVG();
  return svg.replace(/(clip|gradient_)\d+/g, '$1');
};

/** What JupyterLab's renderer lays under a spec on a dark page. */
const dark = {
  background: '#333',
  view: { stroke: '#888' },
  title: { color: '#fff', subtitleColor: '#fff' },
  style: { 'guide-label': { fill: '#fff' }, 'guide-title': { fill: '#fff' } },
  axis: { domainColor: '#fff', gridColor: '#888', tickColor: '#fff' },
};

afterEach(() => vi.restoreAllMocks());

describe.each(Object.entries(examples))('%s', (name, spec) => {
  const description = spec.description as string;
  const { text } = spec.title as { text: string[] };
  const title = text.join(' ');

  it('is the picture that was looked at', async () => {
    const json = `${JSON.stringify(spec, shorten, 1)}\n`;
    await expect(json).toMatchFileSnapshot(`snapshots/${name}.json`);
  });

  it('is a valid Vega-Lite 5 spec, and plain data', () => {
    expect(valid(spec), JSON.stringify(valid.errors?.slice(0, 3))).toBe(true);
    expect(spec.$schema).toMatch(/vega-lite\/v5/);
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
  });

  it('draws without a warning', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await svgOf(spec);
    expect(warn.mock.calls).toEqual([]);
  });

  it('has an alt text of at most 250 characters with finding and number', () => {
    expect(description.length).toBeLessThanOrEqual(250);
    expect(description).toContain(title);
    expect(description.replace(title, '')).toMatch(/\d/);
    expect(description).toMatch(/\.$/);
  });

  it('holds its data once, at top level', () => {
    const [top, ...others] = all(spec, 'values').filter(
      (values) => Array.isArray(values) && typeof values[0] === 'object',
    ) as object[][];
    expect(top.length).toBeGreaterThan(0);
    for (const values of others) expect(values).toEqual([{}]);
  });

  it('has fonts of 12 pixels or more, a white ground, silent marks', () => {
    const sizes = [...all(spec, 'fontSize'), ...all(spec, 'labelFontSize')];
    expect(Math.min(...(sizes as number[]))).toBe(12);
    expect(spec.background).toBe('white');
    expect(spec.config?.aria).toBe(false);
  });

  it('looks the same on a dark page', async () => {
    expect(await svgOf(spec, dark)).toBe(await svgOf(spec));
  });

  it('titles its axes with units', () => {
    const titles = (all(spec, 'axis') as ({ title?: unknown } | null)[])
      .map((axis) => axis?.title)
      .filter((axisTitle) => typeof axisTitle === 'string');
    expect(titles.length).toBeGreaterThan(0);
    for (const axisTitle of titles) expect(axisTitle).toMatch(/\(.+\)/);
  });
});
