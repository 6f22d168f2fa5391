// freelist weave: notebooks/NN-slug.md → the .ipynb beside it.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { sentence } from '../book/fault.js';
import { fencesFor, pressAll } from '../book/press.js';
import { refreshGenerated } from './generated.js';

const root = resolve(__dirname, '../..');

interface Options {
  force?: boolean;
  quote?: string;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('weave')
    .argument('[NN...]', 'notebooks; all of them when none is named')
    .description('refresh quotations, tables and the .ipynb of each .md')
    .option('--force', 'also overwrite an .ipynb that was edited by hand')
    .option('--quote <file>', 'print all quotations of a lib file, to paste')
    .option('--json', 'one line of JSON on standard output')
    .addHelpText(
      'after',
      '\nOutputs of an executed notebook are dropped; its sources are never' +
        '\noverwritten unseen. Exit codes: 0 woven, 1 a notebook was left as it' +
        '\nwas, 2 no such notebook or file, or contents.json is unreadable.',
    )
    .action(weave);
}

async function weave(numbers: string[], options: Options): Promise<void> {
  if (options.quote !== undefined) {
    console.log(fencesFor(root, options.quote));
    return;
  }
  const { done, faults } = pressAll(root, numbers, options.force);
  const generated = await refreshGenerated(root);
  if (options.json) {
    console.log(JSON.stringify({ done, generated, faults }));
  } else {
    for (const { md, ipynb, cells, quotations, refreshed, written } of done) {
      for (const { line, path, name } of refreshed) {
        console.log(`${md}:${line} quotes ${path} (${name}) anew`);
      }
      const what = written ? 'written' : 'as it was';
      console.log(
        `${ipynb}: ${cells} cells, ${quotations} quotations, ${what}`,
      );
    }
    for (const file of generated) console.log(`${file}: generated anew`);
    for (const fault of faults)
      process.stderr.write(`freelist: ${sentence(fault)}\n`);
  }
  process.exitCode = faults.length > 0 ? 1 : 0;
}
