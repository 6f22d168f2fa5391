import { describe, expect, it } from 'vitest';
import { map32, map64 } from '../../lib/opensolaris/startup.js';
import { areas, lengthOf, type Area } from '../../lib/plot/areas.js';
import { looked } from './examples.js';

interface Value {
  kind?: string;
  look?: string;
  left?: string;
  right?: string;
  x: number;
  y: number;
  y2: number;
}

function valuesOf(map: Area[]): Value[] {
  const spec = areas({ title: 'A finding', areas: map });
  return (spec as unknown as { data: { values: Value[] } }).data.values;
}

describe.each([
  ['64 bits', looked(map64(2 ** 20))],
  ['32 bits', looked(map32(2 ** 20))],
])('the map of %s', (_, map) => {
  const values = valuesOf(map);
  const bars = (x: 'scaled' | 'rows') =>
    values.filter((v) => v.kind && (v.x === 0) === (x === 'scaled'));
  const { height } = areas({ title: '', areas: map }) as { height: number };

  it('is drawn to scale without a gap', () => {
    const scaled = bars('scaled');
    const size = Number(map[map.length - 1].end);
    expect(scaled).toHaveLength(map.length);
    scaled.forEach(({ y, y2 }, i) => {
      const share = Number(map[i].end - map[i].start) / size;
      expect((y - y2) / height).toBeCloseTo(share, 3);
      expect(y).toBe(i === 0 ? height : scaled[i - 1].y2);
    });
    expect(scaled[scaled.length - 1].y2).toBe(0);
  });

  it('is drawn with equal heights, lower addresses below', () => {
    const rows = bars('rows');
    rows.forEach(({ y, y2 }, i) => {
      expect(y - y2).toBe(24);
      expect(y).toBe(i === 0 ? height : rows[i - 1].y2);
    });
  });

  it('writes the start, the name, what it is and how long', () => {
    const texts = values.flatMap(({ left, right }) => left ?? right ?? []);
    for (const { start, end, name, what } of map) {
      expect(texts).toContain(`0x${start.toString(16)} ${name}`);
      expect(texts).toContain(what);
      expect(texts).toContain(lengthOf(Number(end - start)));
    }
  });

  it('marks the borders that float, at both ends of their line', () => {
    const floats = values.filter(({ look }) => look === 'floats');
    expect(floats).toHaveLength(2 * map.filter((a) => a.floats).length);
    expect(floats.length).toBeGreaterThan(0);
  });
});

describe('lengthOf', () => {
  it.each([
    [24, '24'],
    [3640, '3,640'],
    [4096, '4 KB'],
    [131072, '128 KB'],
    [880 * 2 ** 20, '880 MB'],
    [2 ** 36, '64 GB'],
    [2 ** 36 - 4096, '~64 GB'],
    [2 ** 43, '8 TB'],
    [2 ** 64 - 2 ** 48, '~16 EB'],
  ])('%d is written %s', (bytes, text) => {
    expect(lengthOf(bytes)).toBe(text);
  });
});
