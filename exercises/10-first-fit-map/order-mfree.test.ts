import { it } from 'vitest';
import { entries, newMap, type map } from '../../lib/bsd/malloc.js';
import { arranged, attempt, drawMaps, Finding, judge, write, type Belief }
  from '../../lib/grade/judge.js';
import { order } from './order-mfree.js';

type Piece = [size: number, addr: number];

/** What the lines work on. */
interface Machine { mp: map[]; bp: number; size: number; addr: number }

/** A line acts, opens a block, goes on with another branch, or closes. */
type Line =
  | { does: (m: Machine) => void }
  | { opens: (m: Machine) => boolean }
  | { orElse: (m: Machine) => boolean; last?: boolean }
  | { closes: true };

function closeUp(mp: map[], bp: number): void {
  do {
    mp[bp].m_addr = mp[bp + 1].m_addr;
    mp[bp].m_size = mp[bp + 1].m_size;
  } while (mp[bp++].m_size !== 0);
}

function openUp(mp: map[], bp: number, piece: Piece): void {
  for (let [size, addr] = piece; size !== 0; bp++) {
    const { m_size, m_addr } = mp[bp];
    Object.assign(mp[bp], { m_size: size, m_addr: addr });
    [size, addr] = [m_size, m_addr];
  }
}

const above = ({ mp, bp }: Machine): map => mp[bp];
const below = ({ mp, bp }: Machine): map => {
  if (bp === 0) throw new Error('bp is 0 here, there is no mp[bp - 1]');
  return mp[bp - 1];
};
const end = ({ m_addr, m_size }: map): number => m_addr + m_size;

const lines: Record<number, Line> = {
  1: { does: (m) => void (below(m).m_size += above(m).m_size) },
  2: { orElse: () => true, last: true },
  3: { does: (m) => void (below(m), closeUp(m.mp, m.bp - 1)) },
  4: { does: (m) => closeUp(m.mp, m.bp) },
  5: { does: (m) => {
    while (above(m).m_size !== 0 && above(m).m_addr <= m.addr) m.bp++;
  } },
  6: { does: (m) => {
    while (above(m).m_size !== 0 && above(m).m_size < m.size) m.bp++;
  } },
  7: { opens: (m) => end(below(m)) === above(m).m_addr },
  8: { does: (m) => {
    above(m).m_addr -= m.size;
    above(m).m_size += m.size;
  } },
  9: { does: (m) => {
    above(m).m_addr += m.size;
    above(m).m_size += m.size;
  } },
  10: { does: (m) => openUp(m.mp, m.bp, [m.size, m.addr]) },
  11: { opens: (m) => m.bp > 0 && end(below(m)) === m.addr },
  12: { orElse: (m) =>
    above(m).m_size !== 0 && m.addr + m.size === above(m).m_addr },
  13: { does: (m) => void (below(m).m_size += m.size) },
  14: { closes: true },
};

/** The student's numbers, if they can be a function at all. */
function program(): number[] {
  const open: { line: number; last: boolean }[] = [];
  const labels = Object.keys(lines).map(Number);
  const have = arranged(order, { what: 'line', labels, often: [14], each(n, at) {
    const line = lines[n];
    if ('opens' in line) open.push({ line: n, last: false });
    if ('orElse' in line || 'closes' in line) {
      const block = open.at(-1);
      if (block === undefined || ('orElse' in line && block.last)) {
        throw new Finding(`${at}: line ${n} needs an open if before it.`);
      }
      if ('closes' in line) open.pop();
      else block.last = line.last === true;
    }
  } });
  if (open.length > 0) {
    const { line } = open[open.length - 1];
    throw new Finding(`order(): no } closes the block that line ${line} opens.`);
  }
  return have;
}

/** Runs the lines one after another; what a condition forbids is skipped. */
function run(numbers: number[], m: Machine): void {
  const blocks: { runs: boolean; done: boolean }[] = [];
  const runs = (): boolean => blocks.every((block) => block.runs);
  for (const n of numbers) {
    const line = lines[n];
    if ('does' in line) {
      if (runs()) line.does(m);
    } else if ('opens' in line) {
      const holds = runs() && line.opens(m);
      blocks.push({ runs: holds, done: holds });
    } else if ('orElse' in line) {
      const block = blocks[blocks.length - 1];
      block.runs = !block.done;
      if (runs()) block.runs = line.orElse(m);
      block.done ||= block.runs;
    } else {
      blocks.pop();
    }
  }
}

const total = (pieces: Piece[]): number => pieces.reduce((sum, [s]) => sum + s, 0);

/** Lines that are wrong, and what one must believe to take them. */
const strange: [line: number, then: string][] = [
  [6, 'Line 6 looks for a size, as malloc does. mfree looks for a place.'],
  [3, 'Line 3 closes up the entry that has just grown. The other one goes.'],
  [9, 'Line 9 moves the start up, as malloc does. Giving back moves it down.'],
];

/** Frees a piece into free ones; they touch each other nowhere. */
function free(pieces: Piece[], piece: Piece): void {
  const numbers = program();
  const [size, addr] = piece;
  const mp = newMap(16);
  pieces.forEach(([m_size, m_addr], i) => Object.assign(mp[i], { m_size, m_addr }));
  const is = [...pieces, piece]
    .sort(([, a], [, b]) => a - b)
    .reduce<Piece[]>((out, [s, a]) => {
      const last = out.at(-1);
      if (last === undefined || last[0] + last[1] !== a) return [...out, [s, a]];
      return [...out.slice(0, -1), [last[0] + s, last[1]]];
    }, []);
  const call = `your lines on ${write(pieces)}, mfree(mp, ${size}, ${addr})`;
  attempt(call, () => run(numbers, { mp, bp: 0, size, addr }));
  const have = entries(mp);
  const beliefs: Belief[] = [
    ...strange.map(([line, then]) =>
      ({ if: () => numbers.includes(line), then })),
    { if: pieces, then: 'No line of yours has changed the map in this case.' },
    { if: (left: Piece[]) => left.length > is.length,
      then: 'Pieces that touch must become one entry (invariant 2).' },
    { if: (left: Piece[]) => left.length < is.length,
      then: 'An entry is lost. Which lines run, and should one of them not?' },
    { if: (left: Piece[]) => left.some(([, a], i) => a < left[i - 1]?.[1]),
      then: 'Entries stand in ascending order (invariant 1). Does bp name the '
        + 'right slot when the piece is put down?' },
    { if: (left: Piece[]) => total(left) !== total(is),
      then: 'The sum of the sizes is not right. Is a size added before the '
        + 'slot that it stands in has changed?' },
  ];
  const drawn = drawMaps([
    { name: 'before', pieces },
    { name: 'yours', pieces: have },
    { name: 'it is', pieces: is },
  ]);
  judge({ call, have, is, beliefs, drawn });
}

it('makes an entry of a piece that touches nothing [1 point]', () => {
  free([], [4, 10]);
  free([[4, 10]], [4, 20]);
  free([[4, 20]], [4, 10]);
  free([[2, 10], [2, 20], [9, 30]], [4, 14]);
});

it('joins the entry below [1 point]', () => {
  free([[4, 10]], [3, 14]);
  free([[4, 10], [9, 30]], [3, 14]);
  free([[4, 10], [4, 20], [9, 30]], [3, 24]);
});

it('joins the entry above [1 point]', () => {
  free([[4, 14]], [3, 11]);
  free([[4, 10], [4, 20], [9, 30]], [3, 17]);
});

it('joins on both sides, and closes up what follows [2 points]', () => {
  free([[10, 100], [10, 130]], [20, 110]);
  free([[2, 10], [4, 20], [3, 28], [2, 40], [5, 50]], [4, 24]);
});
