import { describe, expect, it } from 'vitest';
import { arenaTree, type Tree } from '../../lib/plot/arenas.js';
import { booted, booting } from './examples.js';

interface Value {
  at: number;
  x: number;
  x2: number;
  y: number;
  y2: number;
  kind?: string;
  look?: string;
  label?: string;
  centred?: boolean;
  now?: string;
}

/** What is drawn at a moment. */
function drawn(moments: Tree['moments'], moment: number): Value[] {
  const spec = arenaTree({ title: 'A finding', moments, moment });
  const { data } = spec as unknown as { data: { values: Value[] } };
  return data.values.filter(({ at }) => at === moment);
}

/** Names of rows from top to bottom, each with its source's before it. */
function rows(values: Value[]): string[] {
  const names = values.filter((v) => v.label && !v.centred)
    .filter((v) => v.label !== 'no span')
    .sort((a, b) => a.y - b.y);
  return names.map(({ label, x }, i) => {
    const above = names.slice(0, i).filter((one) => one.x < x).pop();
    return x === 0 ? label! : `${above!.label} > ${label}`;
  });
}

const boot = booting();
const later = booted();

describe('the finished boot', () => {
  const values = drawn(boot, boot.length - 1);

  it('names every arena below its source', () => {
    expect(rows(values)).toEqual([
      'heap',
      'heap > vmem_metadata',
      'vmem_metadata > vmem_seg',
      'vmem_metadata > vmem_hash',
      'vmem_metadata > vmem_vmem',
      'heap > static',
      'static > static_alloc',
      'heap > hat_memload',
      'heap_core',
      'heap_core > heaptext',
    ]);
  });

  it('has a span for each that brought a range, and none for the others', () => {
    const of = (name: string) =>
      values.find(({ label }) => label === name)!.y;
    const given = values.filter(({ look }) => look === 'given');
    expect(given.map(({ y }) => y + 12)).toEqual(
      ['heap', 'vmem_vmem', 'heap_core', 'heaptext'].map(of));
    const bare = values.filter(({ label }) => label === 'no span');
    expect(bare.map(({ y }) => y)).toEqual(
      ['vmem_metadata', 'vmem_seg', 'vmem_hash', 'static', 'static_alloc',
        'hat_memload'].map(of));
    expect(values.some(({ look }) => look === 'imported')).toBe(false);
  });

  it('shows that heaptext has its source in name only', () => {
    const dotted = values.filter(({ look }) => look === 'in name only');
    const { y } = values.find(({ label }) => label === 'heaptext')!;
    expect(dotted.map(({ y2 }) => y2)).toEqual([y, y]);
  });

  it('shows ten pieces of vmem_vmem, side by side, in order', () => {
    const { y } = values.find(({ label }) => label === 'vmem_vmem')!;
    const pieces = values.filter((v) => v.kind && v.y === y - 9);
    expect(pieces.map(({ kind }) => kind)).toEqual(
      Array<string>(10).fill('allocated'));
    pieces.slice(1).forEach(({ x }, i) => expect(x).toBe(pieces[i].x2));
  });
});

describe('a tree', () => {
  it('grows: an arena has a row from its creation on', () => {
    const rowsAt = boot.map((_, moment) => rows(drawn(boot, moment)).length);
    expect(rowsAt).toEqual([5, 6, 6, 7, 8, 9, 10]);
  });

  it('draws each imported span below an allocated piece of its source', () => {
    let imported = 0;
    later.forEach((_, moment) => {
      const values = drawn(later, moment);
      const pieces = values.filter(({ kind }) => kind === 'allocated');
      const spans = values.filter(({ look }) => look === 'imported');
      imported += spans.length;
      for (const { x, x2, y } of spans) {
        const links = values.filter((v) =>
          v.look === 'link' && v.y2 === y && (v.x === x || v.x === x2));
        expect(links).toHaveLength(2);
        const from = pieces.filter((p) => p.x === x && p.x2 === x2);
        expect(from.some((p) => p.y2 === links[0].y)).toBe(true);
      }
    });
    expect(imported).toBe(2 + 4 + 5);
  });

  it('keeps the order of addresses, and one place for an address', () => {
    const addresses = later.flatMap(({ arenas }) =>
      arenas.flatMap((a) => a.held.map(({ start }) => start)));
    const xs = later.flatMap((_, moment) =>
      drawn(later, moment).filter(({ kind }) => kind === 'allocated')
        .map(({ x }) => x));
    expect(xs).toHaveLength(addresses.length);
    addresses.forEach((a, i) => addresses.forEach((b, j) => {
      expect(Math.sign(xs[i] - xs[j])).toBe(Math.sign(a - b));
    }));
  });

  it('draws what an arena holds and nothing else', () => {
    later.forEach(({ arenas, name }, moment) => {
      const values = drawn(later, moment);
      const count = (kind: string) =>
        values.filter((value) => value.kind === kind).length;
      const sum = (of: 'held' | 'holes') =>
        arenas.reduce((all, arena) => all + arena[of].length, 0);
      expect([count('allocated'), count('free')]).toEqual(
        [sum('held'), sum('holes')]);
      expect(values.find(({ now }) => now)!.now).toBe(name);
    });
  });

  it('has a slider over its moments, and starts at the telling one', () => {
    const { params, description } = arenaTree(
      { title: 'A finding', moments: later, moment: 8 });
    expect(params).toEqual([{
      name: 'moment',
      value: 8,
      bind: { input: 'range', min: 0, max: 9, step: 1 },
    }]);
    expect(description).toContain('11 arenas, 4 without a span');
  });

  it('can be of one arena with nothing in it', () => {
    const arenas = [{
      name: 'bare', source: null, imports: false, spans: [], held: [], holes: [],
    }];
    const values = drawn([{ name: 'now', arenas }], 0);
    expect(values.map(({ label, now }) => label ?? now)).toEqual(
      ['now', 'bare', 'no span']);
  });

  it('stays far below 300 KB for a boot', () => {
    const spec = arenaTree({ title: 'A finding', moments: later, moment: 9 });
    expect(JSON.stringify(spec).length).toBeLessThan(60_000);
  });
});
