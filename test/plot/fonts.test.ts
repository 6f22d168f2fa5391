import { Resvg } from '@resvg/resvg-js';
import { describe, expect, it } from 'vitest';
import { fontFiles, textWidth } from '../../lib/plot/fonts.js';
import { fits } from '../../lib/plot/frame.js';

/** The width of a text between two bars, as the PNG renderer lays it. */
function drawnWidth(text: string, weight: string): number {
  const parts = (middle: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="2000" height="50">` +
    `<text x="10" y="30" font-family="DejaVu Sans" font-size="20" ` +
    `font-weight="${weight}" xml:space="preserve">|${middle}|</text></svg>`;
  const font = { fontFiles: fontFiles(), loadSystemFonts: false };
  const [full, none] = [text, ''].map(
    (middle) => new Resvg(parts(middle), { font }).getBBox()!.width,
  );
  return full - none;
}

describe('textWidth', () => {
  const texts = ['0123456789', 'malloc(mp, 8) → 41', 'm_size', '– · … ×'];
  it.each(texts)('(%s) is what the renderer needs', (text) => {
    expect(textWidth(text, 20)).toBeCloseTo(drawnWidth(text, 'normal'), 0);
    expect(textWidth(text, 20, true)).toBeCloseTo(drawnWidth(text, 'bold'), 0);
  });

  it('takes a letter that the font lacks for its empty box', () => {
    expect(textWidth('\u{1F600}', 10)).toBeCloseTo(textWidth('\uFFFE', 10));
  });
});

describe('fits', () => {
  it('has room for the digits of a length', () => {
    for (const text of ['1', '10', '1,024', '0x1040', '1,000,000']) {
      expect(fits(text, textWidth(text, 12) - 1), text).toBe(false);
      expect(fits(text, textWidth(text, 12) + 20), text).toBe(true);
    }
  });
});
