// Every line is read: what departs from that is caught, with its place,
// the fact and the remedy.
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPage } from '../../lib/book/markdown.js';
import { placeQuotes } from '../../lib/book/place.js';
import { checkFile } from '../../lib/book/quotes.js';
import { scaffold } from '../../lib/book/scaffold.js';
import { readSource } from '../../lib/book/source.js';
import {
  faultsOf,
  pageOf,
  sample,
  sampleFences,
  samplePath,
} from './fixture.js';

const page = 'notebooks/10-map.md';
const fences = sampleFences();
/** Where in sample the line stands that begins so. */
const lib = (text: string): number =>
  sample.split('\n').findIndex((line) => line.startsWith(text)) + 1;
/** Where in the page it does. */
const at = (markdown: string, text: string): number =>
  markdown.split('\n').findIndex((line) => line.startsWith(text)) + 1;
const info = (name: string): string => `\`\`\`ts ${samplePath} ${name}`;
const named = (name: string): number =>
  fences.findIndex((one) => one.startsWith(`${info(name)}\n`));
const without = (name: string): string[] =>
  fences.filter((_, i) => i !== named(name));

describe('a file that is quoted whole', () => {
  it('the sample has a quotation of each kind', () => {
    expect(
      fences.map((one) => one.split('\n')[0].slice(info('').length)),
    ).toEqual([
      'head',
      'LIMIT',
      'counter',
      'reset',
      'take',
      'walk 1/2',
      'walk 2/2',
      'give',
    ]);
  });

  it('checkFile finds no fault', () => {
    expect(faultsOf(pageOf(fences))).toEqual([]);
  });

  it('blank lines between and around quotations do not matter', () => {
    const spaced = fences.map((one) =>
      one.replace('\n', '\n\n').replace(/\n```$/, '\n\n\n```'),
    );
    expect(faultsOf(pageOf(spaced))).toEqual([]);
  });

  it('several statements may be one quotation', () => {
    const joined =
      fences[3].replace(/\n```$/, '\n\n') +
      fences[4].split('\n').slice(1).join('\n');
    expect(
      faultsOf(pageOf([...fences.slice(0, 3), joined, ...fences.slice(5)])),
    ).toEqual([]);
  });
});

describe('what is caught', () => {
  it('a function that is dropped', () => {
    const markdown = pageOf(without('take'));
    const above = at(markdown, info('reset'));
    expect(faultsOf(markdown)).toEqual([
      `${samplePath}:${lib('/** Takes')}-${lib('/** Does') - 2} (take) is quoted nowhere. ` +
        `Quote it after ${page}:${above}; "npm run weave -- --quote ${samplePath}" prints the fences.`,
    ]);
  });

  it('a constant that is altered', () => {
    const markdown = pageOf(fences).replace('LIMIT = 50', 'LIMIT = 51');
    expect(faultsOf(markdown)).toEqual([
      `${page}:${at(markdown, 'export const LIMIT')} departs from ${samplePath}:${lib('export const LIMIT')} (LIMIT). ` +
        'Run "npm run weave" and read the diff.',
    ]);
  });

  it('a blank line that is missing inside a quotation', () => {
    const markdown = pageOf(fences).replace(
      '  counter++;\n\n',
      '  counter++;\n',
    );
    expect(faultsOf(markdown)).toEqual([
      `${page}:${at(markdown, '  if (size < 0) panic')} departs from ${samplePath}:${lib('  counter++') + 1} (take). ` +
        'Run "npm run weave" and read the diff.',
    ]);
  });

  it('a statement left out of the middle of a quotation', () => {
    const markdown = pageOf(fences).replace('export const LIMIT = 50;\n', '');
    expect(faultsOf(markdown)[0]).toBe(
      `${page}:${at(markdown, 'export const STEP')} departs from ${samplePath}:${lib('export const LIMIT')} (LIMIT). ` +
        'Run "npm run weave" and read the diff.',
    );
  });

  it('two quotations in the wrong order', () => {
    const swapped = [...fences];
    [swapped[3], swapped[4]] = [swapped[4], swapped[3]];
    const markdown = pageOf(swapped);
    expect(faultsOf(markdown)).toEqual([
      `${page}:${at(markdown, info('reset'))} quotes ${samplePath}:${lib('/** Starts')} (reset) ` +
        `after ${page}:${at(markdown, info('take'))}, which quotes what stands below it. Quote in the order of the file.`,
    ]);
  });

  it('a tail that is cut off', () => {
    const markdown = pageOf(fences.slice(0, -1));
    expect(faultsOf(markdown)).toEqual([
      `${samplePath}:${lib('/** Gives')} and after (give) is quoted nowhere. ` +
        `Quote it after ${page}:${at(markdown, info('walk 2/2'))}; "npm run weave -- --quote ${samplePath}" prints the fences.`,
    ]);
  });

  it('the last line of a quotation cut off', () => {
    const markdown = pageOf(fences).replace(
      '  return size - STEP;\n}\n',
      '  return size - STEP;\n',
    );
    const place = `${page}:${at(markdown, info('give'))}`;
    const end = lib('  return size - STEP') + 1;
    expect(faultsOf(markdown)).toEqual([
      `${samplePath}:${end} (give) is quoted nowhere. Quote it after ${place}; "npm run weave -- --quote ${samplePath}" prints the fences.`,
      `${place} ends in the middle of ${samplePath}:${end - 1} (give). ` +
        'Cut after a statement, or at a blank line in one of more than 40 lines.',
    ]);
  });

  it('something that is quoted twice', () => {
    const markdown = pageOf([...fences, fences[named('take')]]);
    const [first, second] = markdown
      .split('\n')
      .flatMap((line, i) => (line === info('take') ? [i + 1] : []));
    expect(faultsOf(markdown)).toEqual([
      `${page}:${second} quotes ${samplePath}:${lib('/** Takes')}-${lib('/** Does') - 2} (take) again; ${page}:${first} has it already. ` +
        'Take one of the two out.',
    ]);
  });

  it('two quotations with no paragraph between them', () => {
    const markdown = pageOf(fences).replace(
      'Prose 3.\n\n',
      '## A heading is no paragraph\n\n',
    );
    expect(faultsOf(markdown)).toEqual([
      `${page}:${at(markdown, info('reset'))} quotes ${samplePath} (reset) with no paragraph since the quotation before. ` +
        'Say there what the reader should see.',
    ]);
  });

  it('a code cell between them is no paragraph, a list is', () => {
    const cell = pageOf(fences).replace(
      'Prose 3.',
      '```typescript\n1 + 1\n```',
    );
    expect(faultsOf(cell)).toHaveLength(1);
    expect(
      faultsOf(pageOf(fences).replace('Prose 3.', '- Look at this.')),
    ).toEqual([]);
  });

  it('a cut in the middle of a statement', () => {
    const [head, ...rest] = fences[named('take')].split('\n');
    const halves = [
      [head.replace('take', 'take 1/2'), ...rest.slice(0, 2), '```'].join('\n'),
      [head.replace('take', 'take 2/2'), ...rest.slice(2)].join('\n'),
    ];
    const markdown = pageOf(
      fences.flatMap((one, i) => (i === named('take') ? halves : [one])),
    );
    const remedy =
      'Cut after a statement, or at a blank line in one of more than 40 lines.';
    const line = lib('export function take');
    expect(faultsOf(markdown)).toEqual([
      `${page}:${at(markdown, info('take 1/2'))} ends in the middle of ${samplePath}:${line} (take). ${remedy}`,
      `${page}:${at(markdown, info('take 2/2'))} begins in the middle of ${samplePath}:${line + 1} (take). ${remedy}`,
    ]);
  });

  it('a cut at a blank line of a statement that is not long', () => {
    const [head, ...rest] = fences[named('take')].split('\n');
    const blank = rest.indexOf('');
    const halves = [
      [head.replace('take', 'take 1/2'), ...rest.slice(0, blank), '```'].join(
        '\n',
      ),
      [head.replace('take', 'take 2/2'), ...rest.slice(blank + 1)].join('\n'),
    ];
    const markdown = pageOf(
      fences.flatMap((one, i) => (i === named('take') ? halves : [one])),
    );
    expect(
      faultsOf(markdown).map((fault) => fault.includes('in the middle of')),
    ).toEqual([true, true]);
  });

  it('a quotation of more than 40 lines that can be cut', () => {
    const one =
      fences[named('walk 1/2')].replace(' 1/2', '').replace(/\n```$/, '\n\n') +
      fences[named('walk 2/2')].split('\n').slice(1).join('\n');
    const markdown = pageOf([...fences.slice(0, 5), one, fences[7]]);
    expect(faultsOf(markdown)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^${page}:${at(markdown, info('walk'))} quotes 74 lines of ${samplePath}, more than 40\\. It may be cut, after ${samplePath}:\\d+ \\(walk\\) for one\\.$`,
        ),
      ),
    ]);
  });

  it('more than 40 lines without a blank line cannot be cut, and pass', () => {
    const text = `// A table.\n\nexport const table = [\n${'  1,\n'.repeat(60)}];\n`;
    expect(faultsOf(pageOf(sampleFences(text)), text)).toEqual([]);
  });

  it('a quotation under a wrong name', () => {
    const markdown = pageOf(fences).replace(info('take'), info('reset'));
    expect(faultsOf(markdown)).toEqual([
      expect.stringMatching(
        /calls "reset" what is .* \(take\)\. Name it after one of: take\.$/,
      ),
    ]);
  });

  it('a quotation of a name that is gone', () => {
    const text = sample.replaceAll('take(', 'grab(');
    const markdown = pageOf(fences);
    expect(faultsOf(markdown, text)[0]).toBe(
      `${page}:${at(markdown, info('take'))} quotes "take" of ${samplePath}, which declares no such name. ` +
        'Rename the quotation, or take it out.',
    );
  });

  it('a part that is missing, or not named as a part', () => {
    expect(faultsOf(pageOf(without('walk 2/2'))).join()).toContain(
      'begins "walk" in 2 parts, of which 1/2 follow one another',
    );
    const unnamed = pageOf(fences)
      .replace('walk 1/2', 'walk')
      .replace('walk 2/2', 'walk');
    expect(faultsOf(unnamed)).toHaveLength(2);
    expect(faultsOf(unnamed)[0]).toContain('calls "walk" a part of');
  });
});

describe('for any file and any edit', () => {
  const root = resolve(__dirname, '../..');
  const files = readdirSync(join(root, 'lib'), {
    recursive: true,
    encoding: 'utf8',
  })
    .filter((name) => name.endsWith('.ts'))
    .sort();

  it.each(files)('lib/%s: its own fences are without fault', (name) => {
    const text = readFileSync(join(root, 'lib', name), 'utf8');
    expect(faultsOf(pageOf(sampleFences(text)), text)).toEqual([]);
  });

  it('whatever is done to a quotation that adds or takes ink is a fault', () => {
    const source = readSource(samplePath, sample);
    const whole = scaffold(source).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(
        fc.nat(whole.length - 1),
        fc.nat(whole.length - 1),
        fc.nat(1000),
        fc.constantFrom('drop', 'swap', 'twice', 'line', 'ink'),
        (i, j, n, how) => {
          const list = [...whole];
          const lines = list[i].split('\n');
          const k = 1 + (n % (lines.length - 2));
          fc.pre(how !== 'swap' || i !== j);
          fc.pre(how !== 'line' || lines[k].trim() !== '');
          if (how === 'drop') list.splice(i, 1);
          if (how === 'swap') [list[i], list[j]] = [list[j], list[i]];
          if (how === 'twice') list.splice(j, 0, list[i]);
          if (how === 'line')
            list[i] = lines.filter((_, at) => at !== k).join('\n');
          if (how === 'ink')
            list[i] = lines
              .map((line, at) => (at === k ? `${line}x` : line))
              .join('\n');
          expect(faultsOf(pageOf(list)).length).toBeGreaterThan(0);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it('placeQuotes(source, quotes) says which lines each one is', () => {
    const { quotes } = readPage(pageOf(fences), page);
    const placed = placeQuotes(readSource(samplePath, sample), quotes);
    expect(placed.map(({ at: span }) => span)).toEqual(
      quotes.map(({ text }) => {
        const from = sample.split(text)[0].split('\n').length;
        return { from, to: from + text.split('\n').length - 1 };
      }),
    );
  });

  it('checkFile of a page without quotations names the whole file', () => {
    const faults = checkFile(readSource(samplePath, sample), []);
    expect(faults.map(({ place }) => place)).toEqual([
      `${samplePath}:1 and after`,
    ]);
  });
});
