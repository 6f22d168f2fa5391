import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  compare,
  predict,
  setDisplay,
  show,
  table,
  type Bundle,
} from '../../lib/jupyter/cells.js';
import { steps } from '../../lib/plot/steps.js';

const printed: unknown[][] = [];
beforeEach(() => {
  printed.length = 0;
  vi.spyOn(console, 'log').mockImplementation((...args) => {
    printed.push(args);
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  setDisplay(null);
});

/** What was printed: one string in one call, or the test fails. */
function text(): string {
  expect(printed).toHaveLength(1);
  expect(printed[0]).toHaveLength(1);
  return printed[0][0] as string;
}

describe('predict', () => {
  it('gives the answers back, and keeps its own copy', () => {
    const answers = [1, null, '?', [2, 3]];
    const said = predict(answers);
    answers[0] = 9;
    expect(said).toEqual([1, null, '?', [2, 3]]);
  });

  it('says how to write what is not an array', () => {
    expect(() => predict(4 as never)).toThrow(
      'You typed 4: make it predict([4]).',
    );
    expect(() => predict('?' as never)).toThrow("make it predict(['?'])");
  });
});

describe('compare', () => {
  it('prints what was said beside what it is, and the belief', () => {
    compare(predict([2, 4, '?']), [2, -1, 12], [
      { i: 1, said: 4, belief: 'Blocks 5 and 6 went to the second request.' },
      { i: 1, said: 7, belief: 'Another belief.' },
      { i: 2, said: '?', belief: 'No belief stands behind no answer.' },
    ]);
    expect(text()).toMatchInlineSnapshot(`
      "1 you said 2 · it is  2
      2 you said 4 · it is -1
         Blocks 5 and 6 went to the second request.
      3 you said – · it is 12
      1 of 3"
    `);
  });

  it('prints no belief for a right answer, or for one it does not know', () => {
    const beliefs = [{ i: 0, said: 3, belief: 'A belief.' }];
    compare([3], [3], beliefs);
    compare([4], [3], beliefs);
    expect(printed).toEqual([
      ['1 you said 3 · it is 3\n1 of 1'],
      ['1 you said 4 · it is 3\n0 of 1'],
    ]);
  });

  it('counts nothing when nothing was answered', () => {
    compare(predict(['?', '?']), [8, null]);
    expect(text()).toMatchInlineSnapshot(`
      "1 you said – · it is    8
      2 you said – · it is null"
    `);
  });

  it('takes null for an answer, and looks into arrays and objects', () => {
    compare(
      [null, [1, [2]], { m_size: 3, m_addr: 4 }, 'panic', '4', [1, 2], 0, null],
      [null, [1, [2]], { m_addr: 4, m_size: 3 }, 'panic', 4, [1, 3], null, {}],
    );
    expect(text()).toMatchInlineSnapshot(`
      "1 you said null                     · it is null
      2 you said [1, [2]]                 · it is [1, [2]]
      3 you said { m_size: 3, m_addr: 4 } · it is { m_addr: 4, m_size: 3 }
      4 you said 'panic'                  · it is 'panic'
      5 you said '4'                      · it is 4
      6 you said [1, 2]                   · it is [1, 3]
      7 you said 0                        · it is null
      8 you said null                     · it is {}
      4 of 8"
    `);
  });

  it('tells a typed undefined from a field that is not there', () => {
    compare([{ a: undefined }], [{ b: undefined }]);
    expect(text()).toMatch(/0 of 1$/);
  });

  it('asks for a place for each question', () => {
    compare([1], [1, 2]);
    expect(text()).toMatch(/^Questions: 2, answers: 1\. Give each/);
  });

  it('fails when the notebook itself counts wrong', () => {
    expect(() => compare(['?'], [1, 2])).toThrow('Questions: 2');
  });
});

describe('table', () => {
  it('lines up texts on the left and numbers on the right', () => {
    table(
      [
        ['malloc(mp, 8)', 11, '?'],
        ['mfree(mp, 128, 11)', undefined, '[1, 101)'],
        ['malloc(mp, 200)', null, [1, 2]],
      ],
      ['call', 'returned', 'map after'],
    );
    expect(text()).toMatchInlineSnapshot(`
      "call                returned  map after
      ---------------------------------------
      malloc(mp, 8)             11  ?
      mfree(mp, 128, 11)            [1, 101)
      malloc(mp, 200)         null  [1, 2]"
    `);
  });

  it('needs no head, and no rows', () => {
    table([['a', 1], ['bb', 22, 'c']]);
    table([]);
    expect(printed).toEqual([['a    1\nbb  22  c'], ['']]);
  });
});

describe('show', () => {
  const spec = steps({
    title: 'Steps grow with the entries',
    x: 'entries (number)',
    y: 'steps (number)',
    series: [{ name: 'first fit', points: [[10, 5], [20, 10]] }],
  });
  const pending = () =>
    (globalThis as Record<symbol, Set<object> | undefined>)[
      Symbol.for('freelist.pending') as never
    ] ?? new Set();

  it('sends one bundle in four forms', async () => {
    const sent: Bundle[] = [];
    setDisplay((bundle) => sent.push(bundle));
    await show(spec);
    expect(sent).toHaveLength(1);
    const { data, metadata, transient } = sent[0];
    expect(data['application/vnd.vegalite.v5+json']).toEqual(spec);
    expect(data['image/svg+xml']).toMatch(/^<svg role="img"/);
    expect(data['image/png']).toMatch(/^iVBORw0KGgo/);
    expect(data['text/plain']).toBe(spec.description);
    const png = Buffer.from(data['image/png'] as string, 'base64');
    const { width } = metadata['image/png'] as { width: number };
    expect(Math.abs(png.readUInt32BE(16) - 2 * width)).toBeLessThanOrEqual(2);
    expect(transient).toEqual({});
  });

  it('sends the same bytes twice', async () => {
    const sent: string[] = [];
    setDisplay((bundle) => sent.push(JSON.stringify(bundle)));
    await show(spec);
    await show(spec);
    expect(sent[0]).toBe(sent[1]);
  });

  it('is under way until its picture was sent', async () => {
    const order: string[] = [];
    setDisplay(() => order.push('sent'));
    const promise = show(spec);
    expect([...pending()]).toEqual([promise]);
    expect(promise).toHaveProperty('helper', 'show');
    await promise;
    expect(order).toEqual(['sent']);
    expect(pending().size).toBe(0);
  });

  it('is no more under way when it failed', async () => {
    setDisplay(() => {});
    const promise = show(undefined as never);
    expect(pending().size).toBe(1);
    await expect(promise).rejects.toThrow('show takes a picture');
    expect(pending().size).toBe(0);
  });

  it('sends to the display of the moment it was called', async () => {
    const sent: string[] = [];
    setDisplay(() => sent.push('first'));
    const promise = show(spec);
    setDisplay(() => sent.push('second'));
    await promise;
    expect(sent).toEqual(['first']);
  });

  it('prints the text where there is no Jupyter', async () => {
    await show(spec);
    expect(text()).toBe(spec.description);
  });
});
