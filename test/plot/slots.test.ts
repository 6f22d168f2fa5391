import { describe, expect, it } from 'vitest';
import { mfree, newMap } from '../../lib/bsd/malloc.js';
import { palette } from '../../lib/plot/palette.js';
import { slots, state, type State } from '../../lib/plot/slots.js';

interface Cell {
  row: number;
  look: string;
  edge: string;
}
const cellsOf = (states: State[], length: number): Cell[] =>
  (
    slots({ title: 'A finding', slots: length, states }) as unknown as {
      data: { values: Cell[] };
    }
  ).data.values;

const word = (n: number) => ({ m_size: n, m_addr: n });

describe('slots', () => {
  const mp = newMap(4, [word(7777), word(8888), word(0), word(0)]);
  const states = [state('at first', mp, 7)];
  for (const a of [10, 20, 30, 40, 50]) {
    mfree(mp, 1, a);
    states.push(state(`mfree(mp, 1, ${a})`, mp, 7));
  }
  const cells = cellsOf(states, 4);
  const looks = (row: number) =>
    cells.filter((cell) => cell.row === row).map(({ look }) => look);

  it('tells entries, the delimiter, and what is not read', () => {
    expect(looks(2)).toEqual([
      'entry',
      'entry',
      'delimiter',
      ...Array<string>(4).fill('not read'),
    ]);
  });

  it('shows that the fourth free reads on behind the array', () => {
    expect(looks(4)).toEqual([...Array<string>(6).fill('entry'), 'delimiter']);
  });

  it('shows that the fifth free writes there', () => {
    expect(looks(5)).toEqual([
      ...Array<string>(4).fill('entry'),
      ...Array<string>(3).fill('overwritten'),
    ]);
    expect(
      slots({ title: 'A finding', slots: 4, states }).description,
    ).toContain('Overwritten at the end: 3');
  });

  it('outlines what is not of the array', () => {
    const outside = cells.filter(({ edge }) => edge === palette.guard);
    expect(outside.length).toBe(3 * states.length);
  });

  it('state copies the words, so that later calls do not change it', () => {
    const before = state('', mp, 7);
    const copy = structuredClone(before);
    mfree(mp, 1, 5);
    expect(before).toEqual(copy);
    expect(state('', mp, 7)).not.toEqual(copy);
  });
});
