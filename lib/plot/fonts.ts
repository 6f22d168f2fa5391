// The fonts of the pictures: two files of DejaVu, and how wide their text is.
//
// Vega asks a canvas for the width of a text, or guesses 0.8 of its height
// for each letter. The widths stand in the font file; read from there they
// are right, and the same on every machine.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const load = createRequire(__filename);
const path = (name: string): string =>
  load.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`);

/** The font files; no other font is looked for. */
export const fontFiles = (): string[] => [
  path('DejaVuSans'),
  path('DejaVuSans-Bold'),
];

/** Width of a letter, as a share of the font's size. */
type Width = (letter: string) => number;

/**
 * Reads the widths out of a TrueType file. Its tables: `head` says how
 * many units an em has, `cmap` which glyph draws a letter (format 4: in
 * segments of code points), `hmtx` how many units a glyph moves the pen.
 */
function widthsOf(file: string): Width {
  const font = readFileSync(file);
  const u16 = (at: number) => font.readUInt16BE(at);
  const u32 = (at: number) => font.readUInt32BE(at);
  const table = (tag: string): number => {
    let at = 12;
    while (font.toString('latin1', at, at + 4) !== tag) at += 16;
    return u32(at + 8);
  };
  const unitsPerEm = u16(table('head') + 18);
  const wide = u16(table('hhea') + 34); // glyphs with a width of their own
  const hmtx = table('hmtx');

  const cmap = table('cmap');
  let record = cmap + 4;
  while (u32(record) !== 0x30001) record += 8; // Windows, Unicode
  const map = cmap + u32(record + 4);
  const bytes = u16(map + 6); // of each of the four arrays of segments
  const glyph = (code: number): number => {
    let end = map + 14;
    while (u16(end) < code) end += 2;
    const start = end + bytes + 2;
    if (u16(start) > code) return 0;
    const delta = start + bytes;
    const offset = delta + bytes;
    if (u16(offset) === 0) return (code + u16(delta)) & 0xffff;
    const at = offset + u16(offset) + 2 * (code - u16(start));
    return u16(at) === 0 ? 0 : (u16(at) + u16(delta)) & 0xffff;
  };
  const advance = (id: number) => u16(hmtx + 4 * Math.min(id, wide - 1));

  const known = new Map<string, number>();
  return (letter) => {
    let width = known.get(letter);
    if (width === undefined) {
      const code = letter.codePointAt(0) ?? 0;
      width = advance(code > 0xffff ? 0 : glyph(code)) / unitsPerEm;
      known.set(letter, width);
    }
    return width;
  };
}

const letters: Width[] = [];

/** Width of a text in pixels. */
export function textWidth(text: string, size: number, bold = false): number {
  if (letters.length === 0) letters.push(...fontFiles().map(widthsOf));
  const width = letters[bold ? 1 : 0];
  let sum = 0;
  for (const letter of text) sum += width(letter);
  return sum * size;
}
