import { describe, expect, it } from 'vitest';
import { mfree, newMap } from '../../lib/bsd/malloc.js';
import { fromMap, strip, type Segment } from '../../lib/plot/strip.js';

interface Piece {
  start: number;
  end: number;
  kind?: string;
  label?: string;
  focus?: boolean;
}
const piecesOf = (segments: Segment[], focus?: { start: number; end: number }) =>
  (
    strip({
      title: 'A finding',
      unit: 'clicks',
      rows: [{ name: '', segments, focus }],
    }) as unknown as { data: { values: Piece[] } }
  ).data.values;

describe('fromMap', () => {
  it('takes for allocated what the map does not list', () => {
    const mp = newMap(8);
    mfree(mp, 10, 21);
    mfree(mp, 5, 41);
    expect(fromMap(mp, [1, 51])).toEqual([
      { start: 1, end: 21, kind: 'allocated' },
      { start: 21, end: 31, kind: 'free' },
      { start: 31, end: 41, kind: 'allocated' },
      { start: 41, end: 46, kind: 'free' },
      { start: 46, end: 51, kind: 'allocated' },
    ]);
  });

  it('shows an empty map as one piece, and a full one as free', () => {
    const mp = newMap(8);
    expect(fromMap(mp, [1, 9])).toEqual([
      { start: 1, end: 9, kind: 'allocated' },
    ]);
    mfree(mp, 8, 1);
    expect(fromMap(mp, [1, 9])).toEqual([{ start: 1, end: 9, kind: 'free' }]);
  });

  it('cuts what is allocated, not what is free', () => {
    const mp = newMap(8);
    mfree(mp, 10, 21);
    expect(fromMap(mp, [1, 31], [25, 11, 6])).toEqual([
      { start: 1, end: 6, kind: 'allocated' },
      { start: 6, end: 11, kind: 'allocated' },
      { start: 11, end: 21, kind: 'allocated' },
      { start: 21, end: 31, kind: 'free' },
    ]);
  });
});

describe('strip', () => {
  it('writes a length where it fits, or the label in its place', () => {
    const pieces = piecesOf([
      { start: 0, end: 4000, kind: 'free' },
      { start: 4000, end: 4010, kind: 'free' },
      { start: 4010, end: 8000, kind: 'free', label: 'kernel' },
    ]);
    expect(pieces.map((piece) => piece.label)).toEqual([
      '4,000',
      undefined,
      'kernel',
    ]);
  });

  it('draws pale pieces over dark ones, and the focus by itself', () => {
    const pieces = piecesOf(
      [
        { start: 0, end: 10, kind: 'free' },
        { start: 10, end: 20, kind: 'allocated' },
        { start: 20, end: 30, kind: 'tag' },
      ],
      { start: 10, end: 20 },
    );
    expect(pieces.map(({ kind, focus }) => kind ?? focus)).toEqual([
      'tag',
      'allocated',
      'free',
      true,
    ]);
  });

  it('keeps rows of the same name apart', () => {
    const segments: Segment[] = [{ start: 0, end: 8, kind: 'free' }];
    const spec = strip({
      title: 'A finding',
      unit: 'clicks',
      rows: [
        { name: 'malloc(mp, 0)', segments },
        { name: 'malloc(mp, 0)', segments },
      ],
    });
    expect(spec.description).toMatch(/^2 strips/);
    expect(JSON.stringify(spec)).toContain('"row":1');
  });
});
