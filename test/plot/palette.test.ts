import { describe, expect, it } from 'vitest';
import {
  fillByKind,
  inkOf,
  kinds,
  lineOf,
  lines,
  outline,
  palette,
  type Kind,
} from '../../lib/plot/palette.js';

/** Red, green and blue of a colour, as light from 0 to 1. */
const light = (hex: string): number[] =>
  [1, 3, 5].map((at) => {
    const c = parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });

const luminance = (hex: string): number => {
  const [r, g, b] = light(hex);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

/** CIE lightness from 0 to 100: what a grey print keeps of a colour. */
const lightness = (hex: string): number => {
  const y = luminance(hex);
  return y > 0.008856 ? 116 * Math.cbrt(y) - 16 : 903.3 * y;
};

/** Contrast as WCAG counts it, from 1 to 21. */
const contrast = (a: string, b: string): number => {
  const [dark, pale] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (pale + 0.05) / (dark + 0.05);
};

describe('palette', () => {
  it('has the seven fixed fills, from pale to dark', () => {
    expect(palette).toEqual({
      free: '#F0F3F5',
      offset: '#EFD097',
      cached: '#91B8F1',
      waste: '#B48300',
      allocated: '#4C60DD',
      guard: '#8F1D63',
      tag: '#111111',
    });
  });

  it('falls in lightness by 10 or more from fill to fill', () => {
    const steps = kinds.map((kind) => lightness(palette[kind]));
    for (let i = 1; i < steps.length; i++) {
      expect(steps[i - 1] - steps[i], kinds[i]).toBeGreaterThan(10);
    }
  });

  it.each(kinds)('text on %s has a contrast of 5 or more', (kind) => {
    expect(contrast(inkOf(kind), palette[kind])).toBeGreaterThan(5);
  });

  it.each(kinds)('the edge of %s is seen on white', (kind) => {
    const seen = Math.max(
      contrast(palette[kind], '#FFFFFF'),
      contrast(lineOf(kind), '#FFFFFF'),
    );
    expect(seen).toBeGreaterThan(3);
  });

  it('parts dark neighbours by a line of 3:1 or more', () => {
    const dark = kinds.filter((kind) => lineOf(kind) === '#FFFFFF');
    expect(dark).toEqual(['waste', 'allocated', 'guard', 'tag']);
    for (const kind of dark) {
      expect(contrast(palette[kind], '#FFFFFF'), kind).toBeGreaterThan(3);
    }
    expect(contrast(outline, '#FFFFFF')).toBeGreaterThan(4.5);
  });
});

describe('lines', () => {
  it('differ by dash, but for two that are never alike in colour', () => {
    const dashes = Object.values(lines).map(({ dash }) => dash.join());
    expect(new Set(dashes).size).toBe(4);
    expect(lines.first.dash).toEqual(lines.instant.dash);
    const gap = lightness(lines.first.color) - lightness(lines.instant.color);
    expect(gap).toBeGreaterThan(30);
  });

  it.each(Object.entries(lines))('%s is seen on white', (_, { color }) => {
    expect(contrast(color, '#FFFFFF')).toBeGreaterThan(3);
  });
});

describe('fillByKind', () => {
  it('lists the kinds of a picture once, in the order of the palette', () => {
    const used: Kind[] = ['allocated', 'free', 'allocated'];
    const { fill, stroke } = fillByKind(used);
    expect(fill.scale).toEqual({
      domain: ['free', 'allocated'],
      range: [palette.free, palette.allocated],
    });
    expect(stroke.scale.range).toEqual([outline, '#FFFFFF']);
  });
});
