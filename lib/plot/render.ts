// The renderer: a Vega-Lite spec to SVG and PNG, the same bytes everywhere.
//
// Idea to carry away: what a picture says in words belongs to the picture.
// Vega's SVG drops the description, so it is put back here, and the same
// text stands where no picture can be shown.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import type { TopLevelSpec } from 'vega-lite';
import { fontFiles, textWidth } from './fonts.js';

// What we use of vega, vega-lite and resvg. Their own types would cost a
// kernel a quarter of a second at its first import.
interface Text {
  fontSize?: number;
  fontWeight?: string | number;
  limit?: number;
}
interface Vega {
  textMetrics: { width: (item: Text, text: unknown) => number };
  parse(spec: object): object;
  View: new (
    runtime: object,
    options: { renderer: 'none' },
  ) => { toSVG(): Promise<string>; finalize(): void };
}
interface VegaLite {
  compile(spec: TopLevelSpec): { spec: object };
}
interface ResvgJs {
  Resvg: new (
    svg: string,
    options: object,
  ) => { render(): { asPng(): Buffer } };
}

export interface Rendered {
  spec: TopLevelSpec;
  svg: string;
  png: Buffer; // two pixels for each of the SVG
  alt: string;
  width: number; // of the SVG
  height: number;
}

/** Loads at the first picture; a cell without one starts fast. */
const load = createRequire(__filename);

/** Vega, told how wide our fonts are; itself it would ask or guess. */
function loadVega(): Vega {
  const vega: Vega = load('vega');
  vega.textMetrics.width = (item, text) => {
    const bold = item.fontWeight === 'bold' || Number(item.fontWeight) >= 600;
    const width = textWidth(String(text ?? ''), item.fontSize ?? 11, bold);
    return item.limit ? Math.min(width, item.limit) : width;
  };
  return vega;
}

/** The title as one line. */
function titleOf({ title }: TopLevelSpec): string {
  const text: unknown =
    typeof title === 'object' && title && 'text' in title ? title.text : title;
  return [text ?? 'Plot'].flat().join(' ');
}

/**
 * Makes an SVG small, and fit to stand beside others. Vega counts its ids
 * through the life of the process: they are named anew, in order of
 * appearance. Coordinates are cut to hundredths of a pixel. The parts lose
 * their roles: the picture as a whole is what is read out.
 */
function tidy(svg: string, prefix: string): string {
  const names = new Map<string, string>();
  const name = (id: string): string => {
    if (!names.has(id)) names.set(id, `${prefix}-${names.size}`);
    return names.get(id)!;
  };
  return svg.replace(/<[^>]*>/g, (tag) =>
    tag
      .replace(/ (role|aria-[a-z]+)="[^"]*"/g, '')
      .replace(/ id="([^"]*)"/g, (_, id) => ` id="${name(id)}"`)
      .replace(/url\(#([^)]*)\)/g, (_, id) => `url(#${name(id)})`)
      .replace(/\d+\.\d{3,}(e-\d+)?/g, (n) => String(+Number(n).toFixed(2))),
  );
}

const escape = (text: string): string =>
  text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');

/** Gives the root its role, label, title and description. */
const describe = (svg: string, title: string, alt: string): string =>
  svg.replace(
    /^<svg ([^>]*)>/,
    (_, attributes) =>
      `<svg role="img" aria-label="${escape(alt)}" ${attributes}>` +
      `<title>${escape(title)}</title><desc>${escape(alt)}</desc>`,
  );

/** SVG to PNG, with the fonts of the pictures and no others. */
function toPng(svg: string): Buffer {
  const { Resvg }: ResvgJs = load('@resvg/resvg-js');
  const font = {
    fontFiles: fontFiles(),
    loadSystemFonts: false,
    defaultFontFamily: 'DejaVu Sans',
  };
  const fitTo = { mode: 'zoom', value: 2 };
  return new Resvg(svg, { background: 'white', fitTo, font }).render().asPng();
}

/** Draws a spec. */
export async function render(spec: TopLevelSpec): Promise<Rendered> {
  const vega = loadVega();
  const lite: VegaLite = load('vega-lite');
  const json = JSON.stringify(spec);
  const copy = JSON.parse(json); // Vega leaves marks on the data it is given
  const runtime = vega.parse(lite.compile(copy).spec);
  const view = new vega.View(runtime, { renderer: 'none' });
  const drawn = await view.toSVG();
  view.finalize();

  const hash = createHash('sha256').update(json).digest('hex');
  const title = titleOf(spec);
  const alt = typeof spec.description === 'string' ? spec.description : title;
  const svg = describe(tidy(drawn, `plot-${hash.slice(0, 8)}`), title, alt);
  const [, width, height] = /width="([\d.]+)" height="([\d.]+)"/.exec(svg)!;
  return {
    spec,
    svg,
    png: toPng(svg),
    alt,
    width: Math.ceil(Number(width)),
    height: Math.ceil(Number(height)),
  };
}
