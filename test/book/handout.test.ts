// Handouts: a page says what its notebook says, and no more than it should.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { questionsIn, withoutAnswer } from '../../lib/book/asked.js';
import { loadBook, type Book } from '../../lib/book/book.js';
import { BookError } from '../../lib/book/fault.js';
import { foldFirst, numberFolds } from '../../lib/book/folds.js';
import { handout, handoutIndex } from '../../lib/book/handout.js';
import { highlightLines, listing, verbatim } from '../../lib/book/listing.js';
import { numbersHtml, numbersOf } from '../../lib/book/numbers.js';
import { renderPage, type Surroundings } from '../../lib/book/page.js';
import { inlineSvg, results } from '../../lib/book/results.js';
import { toNotebook, weavePage } from '../../lib/book/weave.js';
import type { Notebook, Output } from '../../lib/jupyter/outputs.js';
import { lifetimes } from '../../lib/plot/lifetimes.js';
import { slots, state } from '../../lib/plot/slots.js';
import { steps, type Series } from '../../lib/plot/steps.js';
import { strip } from '../../lib/plot/strip.js';
import { contents, project, sample, sampleFences, samplePath } from './fixture.js';

/** HTML as it is read: tags away, entities back. */
const read = (html: string): string =>
  html
    .replace(/<[^>]*>/g, '')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#x27;/g, "'")
    .replace(/&amp;/g, '&');

/** The texts of all elements `<tag … class="name …">`, tags inside kept. */
const parts = (html: string, tag: string, name: string): string[] =>
  [...html.matchAll(new RegExp(`<${tag} class="${name}\\b[\\s\\S]*?</${tag}>`, 'g'))].map(
    ([part]) => part,
  );

describe('highlightLines(code)', () => {
  const code = [
    '/**',
    ' * A comment of <two> lines & more.',
    ' */',
    "export const a: string = `x",
    "  ${'y'} z`; // end",
  ].join('\n');

  it('closes a colour at the end of a line and opens it on the next', () => {
    const [first, second, third] = highlightLines(code);
    const comment = '<span class="hljs-comment">';
    expect(first).toBe(`${comment}/**</span>`);
    expect(second).toBe(
      `${comment} * A comment of &lt;two&gt; lines &amp; more.</span>`,
    );
    expect(third).toBe(`${comment} */</span>`);
  });

  const room = resolve(__dirname, '../../lib/bsd');
  const files = readdirSync(room).map((name) => join(room, name));
  it.each(files)('loses and adds nothing: %s', (file) => {
    const text = readFileSync(file, 'utf8');
    const lines = highlightLines(text);
    expect(lines.map(read)).toEqual(text.split('\n'));
    for (const line of lines) {
      expect(line.match(/<span/g)?.length).toBe(line.match(/<\/span>/g)?.length);
    }
  });
});

describe('listing and verbatim', () => {
  it('number the lines from the one given', () => {
    const html = listing('quoted', 'a;\n\nb;\n', 9);
    expect([...html.matchAll(/data-n="(\d+)"/g)].map(([, n]) => n)).toEqual([
      '9', '10', '11',
    ]);
    expect(read(html)).toBe('a;\n\nb;');
    expect(listing('code', 'a;')).not.toContain('data-n');
  });

  it('say where a line that may be folded begins', () => {
    const long = `const ${'a'.repeat(40)} = 1;`;
    const html = listing('code', `    ${long}\n    x;\n${long}`);
    expect([...html.matchAll(/class="(line[^"]*)"/g)].map(([, c]) => c)).toEqual([
      'line i4', 'line', 'line',
    ]);
  });

  it('keep a drawing of letters, and let a wide one be scrolled', () => {
    expect(read(verbatim('text', 'a  <b>\n', 'Text'))).toBe('a  <b>');
    expect(verbatim('text', 'a', 'Text')).not.toContain('tabindex');
    expect(verbatim('text', 'a'.repeat(60), 'Text')).toContain('tabindex="0"');
  });
});

describe('what a cell printed', () => {
  const svg =
    '<?xml version="1.0"?>\n<!DOCTYPE svg>\n' +
    '<svg width="9" aria-labelledby="t d"><title id="t">id="no"</title>' +
    '<defs><clipPath id="c"/></defs><g clip-path="url(#c)" style="fill:url(#c)">' +
    '<use href="#c" xlink:href="#c"/><text id="d">url(#c)</text></g></svg>';

  it('an id of a picture is put after its place, and so are its uses', () => {
    const inline = inlineSvg(svg, '10-003-0', 'A strip.');
    const [, prefix] = /<title id="(p[0-9a-f]{8})-t"/.exec(inline)!;
    expect(inline).toBe(
      '<svg role="img" aria-label="A strip." width="9" ' +
        `aria-labelledby="${prefix}-t ${prefix}-d"><title id="${prefix}-t">id="no"</title>` +
        `<defs><clipPath id="${prefix}-c"/></defs>` +
        `<g clip-path="url(#${prefix}-c)" style="fill:url(#${prefix}-c)">` +
        `<use href="#${prefix}-c" xlink:href="#${prefix}-c"/>` +
        `<text id="${prefix}-d">url(#c)</text></g></svg>`,
    );
  });

  it('one picture at two places shares no id', () => {
    const ids = (html: string) => [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    const one = ids(inlineSvg(svg, '10-003-0', ''));
    const two = ids(inlineSvg(svg, '10-003-1', ''));
    expect(one).toHaveLength(3);
    expect(one.filter((id) => two.includes(id))).toEqual([]);
  });

  it('a picture that has a name keeps it', () => {
    const named = '<svg role="img" aria-label="Own." width="9"></svg>';
    expect(inlineSvg(named, 'x', 'Other.')).toBe(named);
  });

  it('of an error its name and message, without colour and stack', () => {
    const error: Output = {
      output_type: 'error',
      ename: 'Panic',
      evalue: '\u001b[31mbad rmfree <1>\u001b[0m',
      traceback: ['Panic: bad rmfree', '    at rmfree (lib/bsd/x.ts:1:1)'],
    };
    expect(read(results([error], 'x'))).toBe('Panic: bad rmfree <1>');
    expect(results([error], 'x')).toContain('class="output fault');
  });

  it('a display without a picture is its text', () => {
    const data = { 'text/plain': ['two\n', 'lines'], 'image/png': 'AAAA' };
    const shown: Output = { output_type: 'display_data', data, metadata: {} };
    expect(read(results([shown], 'x'))).toBe('two\nlines');
  });
});

describe('withoutAnswer(source)', () => {
  it('is null for a cell that does not compare', () => {
    expect(withoutAnswer("const compare = 'compare(1)'; // compare(2)")).toBeNull();
  });

  it('keeps what is computed, and leaves the comparison out', () => {
    const source =
      'const two = mapOf();\n// What is it?\nconst got = [malloc(two, 4)];\n\n' +
      "compare(said, got, [\n  { i: 0, said: 200, belief: 'Best fit.' },\n]);";
    expect(withoutAnswer(source)).toBe(
      'const two = mapOf();\n// What is it?\nconst got = [malloc(two, 4)];',
    );
  });

  it.each([
    "compare(said, ['wrong', 'ok'])",
    'if (said) { compare(said, [17]); }',
    'const f = () => compare(said, [17]); f',
    'await Promise.resolve(compare(said, [17]))',
  ])('shows nothing of %s', (source) => {
    expect(withoutAnswer(source)).not.toMatch(/17|wrong|compare/);
  });

  it('leaves out a list of beliefs by itself', () => {
    const source =
      "const beliefs = [{ i: 0, said: 3, belief: 'No.' }];\ncompare(said, [1], beliefs);";
    expect(withoutAnswer(source)).toBe('');
  });

  it('questionsIn counts the answers that a cell asks for', () => {
    expect(questionsIn("const said = predict(['?', null, [1, 2]]);")).toBe(3);
    expect(questionsIn('const said = predict(list);')).toBeNull();
    expect(questionsIn("'predict([1])'")).toBeNull();
  });
});

const nowhere: Surroundings = {
  locate: () => null,
  linked: () => false,
  picture: () => null,
};

describe('renderPage(markdown)', () => {
  const html = (markdown: string, around: Partial<Surroundings> = {}): string =>
    renderPage(markdown, { ...nowhere, ...around }).html;

  it.each([
    ['> **Predict.** What?', 'callout predict'],
    ['> **Correction.** No.', 'callout correction'],
    ['> **Left out.** Much.', 'callout left-out'],
  ])('%s is a note', (markdown, name) => {
    const note = html(`${markdown}\n>\n> > A quotation.\n\nAfter.`);
    expect(note).toMatch(new RegExp(`^<div class="${name}" role="note">`));
    expect(note).toMatch(/<\/blockquote>\n<\/div>\n<p>After/);
  });

  it('a blockquote that names nothing stays one', () => {
    expect(html('> Said by **Lions.** Once.')).toMatch(/^<blockquote>/);
  });

  it('a link to a notebook that has a page leads there', () => {
    const linked = (name: string) => name === '10-map';
    expect(html('[a](10-map.ipynb)', { linked })).toContain('href="10-map.html"');
    expect(html('[a](10-map.md)', { linked })).toContain('href="10-map.html"');
    expect(
      html("[a](10-map.ipynb#Closing-a-gap,-and-the-=-in-the-test)", { linked }),
    ).toContain('href="10-map.html#closing-a-gap-and-the-in-the-test"');
    expect(html('[a](#here) [b](https://lwn.net/)', { linked })).toMatch(
      /href="#here".*href="https:\/\/lwn\.net\/"/,
    );
  });

  it.each(['11-other.ipynb', '../exercises/10-map/', 'lib/bsd/malloc.ts'])(
    'a link to %s, which the page cannot reach, is text',
    (href) => {
      const text = html(`[*a*](${href}) [b](https://lwn.net/)`);
      expect(text).toContain('<span><em>a</em></span>');
      expect(text.match(/<a /g)).toHaveLength(1);
    },
  );

  it('a table scrolls by itself, and an empty cell heads nothing', () => {
    const table = html('| | V7 |\n|---|---|\n| asks | before the entry is in |\n');
    expect(table).toMatch(/^<div class="table" [^>]*tabindex="0"><table>[\s\S]*<\/table><\/div>\n$/);
    expect(table).toContain('<td></td>\n<th class="brief">V7</th>');
    expect(table).toContain('<td class="brief">asks</td>\n<td>before the entry is in</td>');
  });

  it('formulas become MathML', () => {
    const text = html('A block is $2^k$ long.\n\n$$\n\\frac{a}{b} < 1\n$$\n');
    expect(text).toMatch(/<math[^>]*>.*<msup><mi>k?2?<\/mi>|<msup><mn>2<\/mn><mi>k<\/mi><\/msup>/);
    expect(text).toContain('<mfrac>');
    expect(text).not.toContain('$');
  });

  it('a formula that cannot be set is a fault', () => {
    const { faults } = renderPage('So $\\frac{a}$ is.', nowhere);
    expect(faults).toMatchObject([
      { text: '\\frac{a}', fact: expect.stringMatching(/^has a formula that cannot be set/) },
    ]);
  });

  it('a picture becomes part of the page, and is a fault if it is missing', () => {
    const picture = (src: string, alt: string) => (src === 'a.svg' ? `[${alt}]` : null);
    expect(html('![An arrow](a.svg)', { picture })).toBe('<p>[An arrow]</p>\n');
    const { faults } = renderPage('![x](b.png)', { ...nowhere, picture });
    expect(faults).toEqual([
      { text: 'b.png', fact: 'shows b.png; there is no such file beside it' },
    ]);
  });

  it('two equal headings have two places, and both are listed', () => {
    const { headings } = renderPage('## Predict\n\n## Predict\n', nowhere);
    expect(headings.map(({ id }) => id)).toEqual(['predict', 'predict-1']);
  });
});

describe('folds', () => {
  it('the first paragraph after a comparison, with the plot below it', () => {
    expect(foldFirst('It is\n41.\n\nNow more.', 'PLOT')).toMatchObject({
      markdown: expect.stringMatching(
        /^<details><summary>.*<\/summary>\n\nIt is\n41\.\n\n<\/details>\n\nNow more\.$/,
      ),
      withPlot: false,
    });
    expect(foldFirst('It is 41.', 'PLOT')).toMatchObject({
      markdown: expect.stringMatching(/It is 41\.\n\nPLOT\n\n<\/details>$/),
      withPlot: true,
    });
  });

  it.each(['## Next\n\nA paragraph.', '> **Left out.** More.', 'Need:\n\n```ts lib/a.ts f\n1;\n```'])(
    'nothing of %j',
    (markdown) => {
      expect(foldFirst(markdown, 'PLOT')).toEqual({ markdown, withPlot: false });
    },
  );

  it('answers are copied to the end, under the heading they belong to', () => {
    const fold = (name: string, text: string) =>
      `<details><summary>${name}</summary>${text}</details>`;
    const inner = fold('Deeper', '<p id="x">4</p>');
    const { html, answers } = numberFolds(
      `<h1>T</h1>${fold('Answers', '<p id="y">3</p>')}<h2 id="p">Predict</h2>${fold('Then', inner)}`,
    );
    expect(html.match(/<details class="answer">/g)).toHaveLength(2);
    expect(html).toContain('(answer 2, at the end)');
    expect(html).toContain('<p id="y">3</p>');
    expect(answers).toContain('<li><p class="about">At the beginning</p><p>3</p></li>');
    expect(answers).toContain(`<li><p class="about">Predict</p>${fold('Deeper', '<p>4</p>')}</li>`);
    expect(numberFolds('<p>a</p>')).toEqual({ html: '<p>a</p>', answers: '' });
  });
});

describe('numbersOf(spec)', () => {
  it('a strip: a row for each piece, in the order of its addresses', () => {
    const rows = [
      {
        name: 'start',
        segments: [
          { start: 100, end: 1110, kind: 'free' as const },
          { start: 90, end: 100, kind: 'allocated' as const, label: 'disk 0' },
        ],
        focus: { start: 90, end: 100 },
      },
    ];
    expect(numbersOf(strip({ title: 'T', unit: 'clicks', rows }))).toEqual({
      head: ['', 'address (clicks): from', 'to', 'kind'],
      rows: [
        ['start', '90', '100', 'allocated'],
        ['start', '100', '1,110', 'free'],
      ],
      note: '',
    });
    const [row] = rows;
    const wide = { ...row, name: '', segments: [{ ...row.segments[1], end: 2000 }] };
    expect(numbersOf(strip({ title: 'T', unit: 'u', hex: true, rows: [wide] }))).toEqual({
      head: ['address (u): from', 'to', 'kind', 'label'],
      rows: [['0x5a', '0x7d0', 'allocated', 'disk 0']],
      note: '',
    });
  });

  it('a search length: a row for each x, a column for each series', () => {
    const series: Series[] = [
      { name: 'first', points: [[1, 2.5], [1000, 4]] },
      { name: 'best', line: [[1, 9], [1000, 8]] },
    ];
    expect(numbersOf(steps({ title: 'T', x: 'entries', y: 'slots read', series }))).toEqual({
      head: ['entries', 'first', 'best'],
      rows: [['1', '2.5', '9'], ['1,000', '4', '8']],
      note: 'slots read',
    });
    series[1] = { name: 'best', points: [[2, 9]] };
    expect(numbersOf(steps({ title: 'T', x: 'entries', y: 'slots', series }))).toEqual({
      head: ['series', 'entries', 'slots'],
      rows: [['first', '1', '2.5'], ['first', '1,000', '4'], ['best', '2', '9']],
      note: '',
    });
  });

  it('raw slots: the grid as it is drawn', () => {
    const words = [{ m_size: 3, m_addr: 10 }, { m_size: 0, m_addr: 0 }];
    const states = [state('start', words, 2)];
    expect(numbersOf(slots({ title: 'T', slots: 2, states }))).toEqual({
      head: ['', 'slot 0', 'slot 1'],
      rows: [['start', '3 at 10 entry', '0 at 0 delimiter']],
      note: '',
    });
  });

  it('lifetimes: from where to where, from when to when', () => {
    const life = { addr: 1, end: 5, from: 0, to: 2 };
    const p = { title: 'T', unit: 'units', range: [1, 9] as const, moment: 1 };
    const spec = lifetimes({ ...p, operations: 4, lifetimes: [life] });
    expect(numbersOf(spec)).toEqual({
      head: ['address (units): from', 'to', 'operation: from', 'to', 'kind'],
      rows: [['1', '5', '0', '2', 'allocated']],
      note: '',
    });
  });

  it('more than 20 rows are no table', () => {
    const points = (n: number) =>
      Array.from({ length: n }, (_, i): [number, number] => [i, i]);
    const of = (n: number) =>
      numbersOf(steps({ title: 'T', x: 'x', y: 'y', series: [{ name: 'a', points: points(n) }] }));
    expect(of(20)?.rows).toHaveLength(20);
    expect(of(21)).toBeNull();
    expect(numbersOf({ data: { url: 'x.csv' } })).toBeNull();
    expect(numbersOf(undefined)).toBeNull();
  });

  it('as HTML: heads for rows and columns, what is unsafe escaped', () => {
    const html = numbersHtml({ head: ['', 'a<b'], rows: [['r', '1,000']], note: 'n' });
    expect(html).toContain('<caption>n</caption>');
    expect(html).toContain('<td></td><th scope="col">a&lt;b</th>');
    expect(html).toContain('<th scope="row">r</th><td class="number">1,000</td>');
  });
});

// A course of one notebook that has everything a page may meet.
const fence = (text: string, info = 'typescript'): string =>
  `\`\`\`${info}\n${text}\n\`\`\``;
const title = 'What is a "map" <here>?';
const markdown = (extra = ''): string =>
  [
    `# 10. ${title}`,
    '**Recall.** What was it?',
    '<details><summary>Answers</summary>\n\nIt was **seven**.\n\n</details>',
    '## The code',
    ...sampleFences().flatMap((one, i) => [`Need ${i}.`, one]),
    '## Predict: how long?',
    '> **Predict.** What comes?',
    fence("const said = predict(['?', '?', '?']);"),
    fence("const got = f();\ncompare(said, got, [{ i: 0, said: 23, belief: 'It grows.' }]);"),
    'The discussion tells it.',
    fence('await show(picture);'),
    'Afterwards.',
    fence("panic('x');", 'typescript tags=["raises-exception"]'),
    extra,
  ].join('\n\n') + '\n';

const plotted = '<svg role="img" aria-label="Alt." width="9"><g id="a"/></svg>';
const outputs: Output[][] = [
  [],
  [{ output_type: 'stream', name: 'stdout', text: ['1 you said – · it is 4242\n'] }],
  [{ output_type: 'display_data', data: { 'image/svg+xml': plotted }, metadata: {} }],
  [{ output_type: 'error', ename: 'Panic', evalue: 'x', traceback: ['at lib/x.ts'] }],
];

function course(extra = ''): { book: Book; executed: Notebook } {
  const root = project({
    'notebooks/contents.json': contents([samplePath]).replace(
      'What is a map?',
      title.replaceAll('"', '\\"'),
    ),
    'notebooks/10-map.md': markdown(extra),
    'notebooks/arrow.svg': '<svg width="9"><g id="a"/></svg>',
    [samplePath]: sample,
  });
  const book = loadBook(root);
  const page = book.pages.get('notebooks/10-map.md')!;
  const executed: Notebook = JSON.parse(toNotebook(weavePage(page, '10')));
  const codes = executed.cells.filter((cell) => cell.cell_type === 'code');
  codes.forEach((cell, i) => (cell.outputs = outputs[i] ?? []));
  return { book, executed };
}

function made(extra = ''): string {
  const { book, executed } = course(extra);
  return handout(book, book.contents.notebooks[0], executed);
}

describe('handout(book, entry, executed)', () => {
  const html = made();

  it('the line numbers are those of the file', () => {
    const lines = sample.split('\n');
    const numbered = [
      ...html.matchAll(/<span class="line[^"]*" data-n="(\d+)">(.*?\n?)<\/span>(?=<span class="line|<\/code>)/gs),
    ].map(([, n, text]) => [Number(n), read(text).replace(/\n$/, '')]);
    expect(numbered.length).toBeGreaterThan(60);
    for (const [n, text] of numbered) {
      expect(text, `line ${n}`).toBe(lines[Number(n) - 1]);
    }
    const from = lines.indexOf('/** Takes a piece. */') + 1;
    const caption = `take · lines ${from}–${from + 6}`;
    expect(parts(html, 'figure', 'quotation').map(read).join('\n')).toContain(
      `lib/bsd/sample.ts · ${caption}`,
    );
  });

  it('of a comparison only the question is on the page', () => {
    const page = read(html.slice(html.indexOf('<main')));
    const telling = ['4242', 'you said', 'It grows', '23', 'compare'];
    expect(telling.filter((told) => page.includes(told))).toEqual([]);
    expect(read(html)).toContain('const got = f();');
    expect(parts(html, 'span', 'blank').map(read)).toEqual(['1', '2', '3']);
  });

  it('what tells the answer is folded, and comes last on paper', () => {
    const [recall, told] = parts(html, 'details', 'answer');
    expect(recall).toContain('seven');
    expect(told).toContain('The discussion tells it.');
    expect(told).toContain('<svg');
    expect(told).not.toContain('Afterwards.');
    const answers = html.slice(html.indexOf('<section class="answers paper">'));
    expect(answers).toContain('seven');
    expect(answers).toContain('Predict: how long?');
    expect(html.match(/The discussion tells it/g)).toHaveLength(2);
    expect(html).not.toContain('data-cell');
  });

  it('no id stands twice, and every place on the page exists', () => {
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids).toEqual([...new Set(ids)]);
    const places = [...html.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(places).toContain('predict-how-long');
    expect(places.filter((place) => !ids.includes(place))).toEqual([]);
  });

  it('the contents list names the headings', () => {
    const nav = html.slice(html.indexOf('<nav'), html.indexOf('</nav>'));
    expect(nav.match(/<li>.*?<\/li>/g)?.map(read)).toEqual([
      'The code',
      'Predict: how long?',
    ]);
  });

  it('an error that was to come shows its name and message', () => {
    expect(parts(html, 'pre', 'output fault').map(read)).toEqual(['Panic: x']);
    expect(html).not.toContain('at lib/x.ts');
  });

  it('a title is safe in HTML and in CSS', () => {
    expect(html).toContain('<title>10. What is a &quot;map&quot; &lt;here&gt;?</title>');
    expect(html).toContain('content: "10. What is a \\22 map\\22  \\3c here>?"');
  });

  it('nothing can be loaded or run', () => {
    expect(html).toContain("content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\"");
    expect(html).not.toMatch(/<(script|iframe|object|embed|img)\b|@import|\burl\((?!#)/);
  });

  it('is the same to the byte when it is made again', () => {
    expect(made()).toBe(html);
  });

  it('a picture beside the notebook is in the page', () => {
    expect(made('![An arrow](arrow.svg)')).toContain('<svg role="img" aria-label="An arrow"');
  });

  it.each([
    ['![x](gone.svg)', /^notebooks\/10-map\.md:\d+ shows gone\.svg; there is no such file/],
    ['![x](../lib/bsd/sample.svg)', /shows \.\.\/lib\/bsd\/sample\.svg; there is no such file/],
    ['So $\\frac{a}$ is.', /^notebooks\/10-map\.md:\d+ has a formula that cannot be set/],
  ])('%s stops it, with its place', (extra, sentence) => {
    let error: unknown;
    try {
      made(extra);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(BookError);
    const { exit, message } = error as BookError;
    expect(exit).toBe(1);
    expect(message).toMatch(sentence);
    const line = Number(/:(\d+) /.exec(message)![1]);
    expect(markdown(extra).split('\n')[line - 1]).toBe(extra);
  });
});

describe('handoutIndex(contents, exported)', () => {
  it('lists what is there, by part, with minutes', () => {
    const { book } = course();
    const index = handoutIndex(book.contents, book.contents.notebooks);
    expect(index).toContain('<h2>Start</h2>');
    expect(index).toContain('<a href="10-map.html">10. What is a &quot;map&quot; &lt;here&gt;?</a>');
    expect(index).toContain('30 minutes');
    expect(handoutIndex(book.contents, [])).not.toContain('<h2>');
  });
});
